//! Flame graphs level by level, as Pyroscope's pages read them.
//!
//! Of each node: where it begins, measured from the end of the one before it in its level, its total, its own value and
//! its name. A comparison has the first three twice. Children begin after what their parent spent itself.

use std::collections::HashMap;
use vesta_profile::{DiffTree, FlameTree, FunctionId, FunctionTable};

/// The name of the root.
const ROOT: &str = "total";
/// The name under which Pyroscope knows what was left out.
const OTHER: &str = "other";

/// A tree of which each level is a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flamebearer {
    pub(super) names: Vec<String>,
    pub(super) levels: Vec<Vec<i64>>,
    /// The total of each side.
    pub(super) totals: Vec<i64>,
    pub(super) max_self: i64,
}

impl Flamebearer {
    /// A tree, below the functions that lead to it.
    pub(super) fn new(functions: &FunctionTable, tree: &FlameTree, path: &[String]) -> Self {
        let mut nodes = Nodes { functions: tree.functions(), parents: tree.parents(), sides: Vec::new() };
        nodes.sides.push((tree.totals(), tree.self_values()));
        Self::of(functions, &nodes, path)
    }

    /// Two trees side by side.
    pub(super) fn of_diff(tree: &DiffTree) -> Self {
        let sides = [&tree.a, &tree.b].map(|side| (side.totals.as_slice(), side.self_values.as_slice()));
        let nodes = Nodes { functions: &tree.nodes, parents: &tree.parents, sides: sides.to_vec() };
        Self::of(&tree.functions, &nodes, &[])
    }

    /// Nothing at all, for one side or two.
    pub(super) fn empty(sides: usize) -> Self {
        let mut level = vec![0; 3 * sides];
        level.push(0);
        Flamebearer { names: vec![ROOT.to_owned()], levels: vec![level], totals: vec![0; sides], max_self: 0 }
    }

    fn of(functions: &FunctionTable, nodes: &Nodes<'_>, path: &[String]) -> Self {
        if nodes.parents.is_empty() {
            return Self::empty(nodes.sides.len());
        }
        let mut names = Names::default();
        let totals = nodes.sides.iter().map(|(totals, _)| totals.first().copied().unwrap_or(0)).collect();
        let mut bearer = Flamebearer { totals, ..Flamebearer::default() };
        // What leads to the tree has all of its total and nothing of its own.
        for name in [ROOT].into_iter().chain(path.iter().map(String::as_str)).take(path.len()) {
            let mut level: Vec<i64> = bearer.totals.iter().flat_map(|&total| [0, total, 0]).collect();
            level.push(names.index(name));
            bearer.levels.push(level);
        }
        let first = bearer.levels.len();
        let count = nodes.parents.len();
        // Of each node and side, where its next child begins; of each level and side, where its last node ended.
        let mut next = vec![0_i64; count * nodes.sides.len()];
        let mut ends: Vec<Vec<i64>> = Vec::new();
        let mut depths = vec![0_usize; count];
        for node in 0..count {
            let parent = nodes.parents[node] as usize;
            if node > 0 {
                depths[node] = depths.get(parent).map_or(1, |depth| depth + 1);
            }
            let depth = depths[node];
            if ends.len() <= depth {
                ends.push(vec![0; nodes.sides.len()]);
                bearer.levels.push(Vec::new());
            }
            let level = &mut bearer.levels[first + depth];
            for (side, (totals, own)) in nodes.sides.iter().enumerate() {
                let (total, own) = (totals[node], own[node]);
                let place = |node: usize| node * nodes.sides.len() + side;
                let begin = if node == 0 { 0 } else { next[place(parent)] };
                next[place(node)] = begin.saturating_add(own);
                if node > 0 {
                    next[place(parent)] = begin.saturating_add(total);
                }
                level.extend([begin.saturating_sub(ends[depth][side]), total, own]);
                ends[depth][side] = begin.saturating_add(total);
                bearer.max_self = bearer.max_self.max(own);
            }
            let name = match functions.name(nodes.functions[node]) {
                _ if node == 0 => path.last().map_or(ROOT, String::as_str),
                "(other)" => OTHER,
                name => name,
            };
            level.push(names.index(name));
        }
        bearer.names = names.list;
        bearer
    }
}

/// Nodes in the order of a walk, parents first. Of each side totals and own values.
struct Nodes<'a> {
    functions: &'a [FunctionId],
    parents: &'a [u32],
    sides: Vec<(&'a [i64], &'a [i64])>,
}

#[derive(Default)]
struct Names {
    list: Vec<String>,
    index: HashMap<String, i64>,
}

impl Names {
    fn index(&mut self, name: &str) -> i64 {
        if let Some(&index) = self.index.get(name) {
            return index;
        }
        let index = i64::try_from(self.list.len()).unwrap_or(i64::MAX);
        self.list.push(name.to_owned());
        self.index.insert(name.to_owned(), index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::Flamebearer;
    use vesta_profile::{FlameTree, Frame, FunctionTable, Granularity, Profile, ValueType};

    #[test]
    fn levels_tell_where_nodes_begin() {
        let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
        let mut stack = |names: &[&str]| {
            let frames: Vec<_> = names
                .iter()
                .rev()
                .map(|name| {
                    let function = profile.strings.intern(name);
                    profile.frames.intern(Frame { function, ..Frame::default() })
                })
                .collect();
            profile.stacks.intern(&frames)
        };
        let values =
            [(stack(&["a"]), 2), (stack(&["a", "b"]), 5), (stack(&["a", "c"]), 3), (stack(&["d", "b"]), 4)];
        let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
        let tree = FlameTree::from_stacks(&functions, &profile.stacks, values);
        let bearer = Flamebearer::new(&functions, &tree, &[]);
        assert_eq!(bearer.names, ["total", "a", "b", "c", "d"]);
        assert_eq!(bearer.totals, [14]);
        assert_eq!(bearer.max_self, 5);
        assert_eq!(
            bearer.levels,
            [
                vec![0, 14, 0, 0],
                vec![0, 10, 2, 1, 0, 4, 0, 4],
                // After what `a` spent itself, and after all of `a`.
                vec![2, 5, 5, 2, 0, 3, 3, 3, 0, 4, 4, 2],
            ]
        );
        let below = tree.subtree(&[tree.functions()[1]]);
        let bearer = below.map(|tree| Flamebearer::new(&functions, &tree, &["a".to_owned()]));
        assert_eq!(
            bearer.map(|bearer| (bearer.names, bearer.levels)),
            Some((
                ["total", "a", "b", "c"].map(str::to_owned).to_vec(),
                vec![vec![0, 10, 0, 0], vec![0, 10, 2, 1], vec![2, 5, 5, 2, 0, 3, 3, 3]]
            ))
        );
    }
}
