//! Ways to look at a tree: what to leave out, and what to take as one.

mod fold;
mod keep;

use crate::{FlameTree, FrameKind, FunctionId, FunctionPattern, FunctionTable};

/// One change of a tree. Each says what becomes of the total of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transform {
    /// The functions become the children of the root, with what they call below them. On a stack that holds several
    /// of them the one nearest to the root counts. The total is what was spent in them and below.
    Focus(FunctionPattern),
    /// Only stacks with one of the functions stay. The total is what was spent in them and below.
    Only(FunctionPattern),
    /// Stacks with one of the functions go. The total falls by what was spent in them and below.
    Exclude(FunctionPattern),
    /// The functions go, and their callers take what was spent in them. The total stays; what has no caller goes to
    /// the root itself.
    Merge(FunctionPattern),
    /// A function that is already on the stack goes back to its first call, so that no path holds it twice: all
    /// functions, or those that are meant. The total stays.
    CollapseRecursion(Option<FunctionPattern>),
    /// Functions of a package that call each other become one node named like the package. The total stays.
    CollapseLibrary(String),
    /// Only the service's own code stays; what others spent goes to the nearest own caller, and to a node
    /// `[library code]` below the root where there is none. The total stays. If no function is known to be the
    /// service's own, those of which nothing is known count as own.
    MyCode,
}

impl Transform {
    /// The name of the node that [`Transform::MyCode`] puts what no own code called into.
    pub const LIBRARY_CODE: &'static str = "[library code]";

    /// Reads `focus:KEY`, `only:KEY`, `exclude:KEY`, `merge:KEY`, `collapse-recursion`, `collapse-recursion:KEY`,
    /// `collapse-library:PACKAGE` or `my-code`, where `KEY` is what [`FunctionPattern::parse`] reads.
    pub fn parse(text: &str) -> Option<Transform> {
        let (verb, object) = match text.split_once(':') {
            Some((verb, object)) => (verb, Some(object)),
            None => (text, None),
        };
        let pattern = object.and_then(FunctionPattern::parse);
        Some(match (verb, object) {
            ("focus", _) => Transform::Focus(pattern?),
            ("only", _) => Transform::Only(pattern?),
            ("exclude", _) => Transform::Exclude(pattern?),
            ("merge", _) => Transform::Merge(pattern?),
            ("collapse-recursion", None) => Transform::CollapseRecursion(None),
            ("collapse-recursion", Some(_)) => Transform::CollapseRecursion(Some(pattern?)),
            ("collapse-library", Some(package)) if !package.is_empty() => {
                Transform::CollapseLibrary(package.to_owned())
            }
            ("my-code", None) => Transform::MyCode,
            _ => return None,
        })
    }

    /// Whether it tells lines apart, so that nodes have to be lines when it is applied.
    pub fn needs_lines(&self) -> bool {
        match self {
            Transform::Focus(pattern)
            | Transform::Only(pattern)
            | Transform::Exclude(pattern)
            | Transform::Merge(pattern)
            | Transform::CollapseRecursion(Some(pattern)) => pattern.line.is_some(),
            Transform::CollapseRecursion(None) | Transform::CollapseLibrary(_) | Transform::MyCode => false,
        }
    }

    /// The tree after this change. Nodes that stand for several functions are added to `functions`.
    pub fn apply(&self, tree: &FlameTree, functions: &mut FunctionTable) -> FlameTree {
        match self {
            Transform::Focus(pattern) => keep::focus(tree, functions, &pattern.matches(functions)),
            Transform::Only(pattern) => keep::only(tree, functions, &pattern.matches(functions)),
            Transform::Exclude(pattern) => keep::exclude(tree, functions, &pattern.matches(functions)),
            Transform::Merge(pattern) => fold::merge(tree, functions, &pattern.matches(functions)),
            Transform::CollapseRecursion(pattern) => {
                let collapses = match pattern {
                    Some(pattern) => pattern.matches(functions),
                    None => vec![true; functions.len()],
                };
                fold::collapse_recursion(tree, functions, &collapses)
            }
            Transform::CollapseLibrary(package) => collapse_library(tree, functions, package),
            Transform::MyCode => my_code(tree, functions),
        }
    }
}

impl FlameTree {
    /// The tree with each function replaced by the one that `ids` has in its place, such as
    /// [`FunctionTable::coarsen`] tells; `functions` are the new ones. Siblings that become the same are added up. The
    /// total stays.
    pub fn renamed(&self, functions: &FunctionTable, ids: &[FunctionId]) -> FlameTree {
        fold::rename(self, functions, ids)
    }
}

fn collapse_library(tree: &FlameTree, functions: &mut FunctionTable, package: &str) -> FlameTree {
    let pattern = FunctionPattern { package: Some(package.to_owned()), ..FunctionPattern::default() };
    let mut collapses = pattern.matches(functions);
    let rows = functions.as_slice().iter().zip(&collapses);
    let kind = rows.filter(|(_, is)| **is).map(|(row, _)| row.kind).min().unwrap_or_default();
    let node = functions.add_package(package, kind);
    // The node may be an own row that was there before, as after the same change.
    collapses.resize(functions.len(), false);
    fold::collapse_runs(tree, functions, &collapses, node)
}

fn my_code(tree: &FlameTree, functions: &mut FunctionTable) -> FlameTree {
    let of_kind =
        |wanted: FrameKind| functions.as_slice().iter().map(|row| row.kind == wanted).collect::<Vec<bool>>();
    let mut own = of_kind(FrameKind::Own);
    if !own.contains(&true) {
        own = of_kind(FrameKind::Unknown);
    }
    // Whose a sample without a stack is nobody knows; it stays visible.
    if let Some(no_stack) = own.first_mut() {
        *no_stack = true;
    }
    let rest = functions.add_named(Transform::LIBRARY_CODE, FrameKind::Library);
    fold::keep_own(tree, functions, &own, rest)
}
