//! Functions by what they are called and where they are.

use crate::{Function, FunctionId, FunctionTable, StringId};

/// Which functions are meant. What is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FunctionPattern {
    /// The name, as trees show it.
    pub name: Option<String>,
    /// The source file.
    pub file: Option<String>,
    /// The module.
    pub module: Option<String>,
    /// The line; matches nothing in trees whose nodes are whole functions.
    pub line: Option<u32>,
    /// The package.
    pub package: Option<String>,
}

impl FunctionPattern {
    /// Any function of this name.
    pub fn named(name: impl Into<String>) -> Self {
        FunctionPattern { name: Some(name.into()), ..Self::default() }
    }

    /// Reads name, file, module, line and package, separated by tabs. Those at the end may be missing, and an empty
    /// one, like line 0, may be anything. `None` if nothing is said at all, or the line is not a number.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('\t').map(|part| Some(part).filter(|part| !part.is_empty()));
        let mut next = || parts.next().flatten();
        let (name, file, module, line, package) = (next(), next(), next(), next(), next());
        let line = match line {
            Some(line) => Some(line.parse().ok()?).filter(|line| *line != 0),
            None => None,
        };
        let [name, file, module, package] = [name, file, module, package].map(|part| part.map(str::to_owned));
        let pattern = FunctionPattern { name, file, module, line, package };
        (pattern != Self::default() && parts.next().is_none()).then_some(pattern)
    }

    /// Which of the functions of a table are meant, by their ids.
    pub fn matches(&self, functions: &FunctionTable) -> Vec<bool> {
        // Strings are compared once each: the rows only compare ids. A text that the table does not have matches none.
        let find = |text: &Option<String>| text.as_ref().map(|text| functions.strings().find(text));
        let (name, file, module) = (find(&self.name), find(&self.file), find(&self.module));
        let package = find(&self.package);
        let is = |wanted: Option<Option<StringId>>, found: StringId| {
            wanted.is_none_or(|wanted| wanted == Some(found))
        };
        functions
            .as_slice()
            .iter()
            .map(|row: &Function| {
                is(name, row.name)
                    && is(file, row.file)
                    && is(module, row.module)
                    && is(package, row.package)
                    && self.line.is_none_or(|line| line == row.line)
            })
            .collect()
    }
}

/// A yes or no for every function, false for the root and `(other)`.
pub(crate) fn is_among(among: &[bool], function: FunctionId) -> bool {
    among.get(function.index()).copied().unwrap_or(false)
}
