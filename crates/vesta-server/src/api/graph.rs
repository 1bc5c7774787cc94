//! Call trees on the wire: columns of nodes, and the functions and strings they refer to.

use serde::Serialize;
use std::collections::HashMap;
use vesta_profile::{FlameTree, FunctionId, FunctionTable, StringId};

/// A call tree as columns, in depth-first preorder: siblings by total, largest first; `(other)` last.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Nodes {
    /// The index of the parent; -1 for the first node.
    parent: Vec<i64>,
    /// The index of the function; -1 for the root, -2 for `(other)`: what was pruned at its parent.
    function: Vec<i64>,
    /// The value spent in the node itself.
    #[serde(rename = "self")]
    self_value: Vec<i64>,
    /// The value spent in the node and below it.
    total: Vec<i64>,
}

/// Functions as columns. All but `line` and `kind` are indexes of strings.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Functions {
    name: Vec<u32>,
    file: Vec<u32>,
    module: Vec<u32>,
    /// 0 unless nodes are lines.
    line: Vec<u32>,
    /// The package, library or program that the function is part of; empty if it is not known.
    package: Vec<u32>,
    /// Whose code it is: 0 own, 1 library, 2 standard library, 3 native, 4 kernel, 5 runtime (garbage collection,
    /// compilation, waiting for events), 6 unknown.
    kind: Vec<u8>,
}

/// Puts those functions and strings on the wire that are referred to, each once.
pub(crate) struct Symbols<'a> {
    table: &'a FunctionTable,
    functions: Functions,
    strings: Vec<String>,
    function_index: HashMap<FunctionId, i64>,
    string_index: HashMap<StringId, u32>,
    text_index: HashMap<String, u32>,
}

impl<'a> Symbols<'a> {
    pub(crate) fn new(table: &'a FunctionTable) -> Self {
        Symbols {
            table,
            functions: Functions::default(),
            strings: vec![String::new()],
            function_index: HashMap::new(),
            string_index: HashMap::from([(StringId::EMPTY, 0)]),
            text_index: HashMap::new(),
        }
    }

    /// The tree with its functions as indexes into these.
    pub(crate) fn nodes(&mut self, tree: &FlameTree) -> Nodes {
        let parents = tree.parents().iter();
        Nodes {
            parent: parents.map(|&at| if at == FlameTree::NO_PARENT { -1 } else { i64::from(at) }).collect(),
            function: tree.functions().iter().map(|&id| self.function(id)).collect(),
            self_value: tree.self_values().to_vec(),
            total: tree.totals().to_vec(),
        }
    }

    /// The index of a text that no function has.
    pub(crate) fn text(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let strings = &mut self.strings;
        *self.text_index.entry(text.to_owned()).or_insert_with(|| {
            strings.push(text.to_owned());
            u32::try_from(strings.len() - 1).unwrap_or(u32::MAX)
        })
    }

    /// The functions and strings that were referred to.
    pub(crate) fn finish(self) -> (Functions, Vec<String>) {
        (self.functions, self.strings)
    }

    /// The index of a function; negative for what is none.
    pub(crate) fn function(&mut self, id: FunctionId) -> i64 {
        match id {
            FunctionId::ROOT => return -1,
            FunctionId::OTHER => return -2,
            _ => {}
        }
        if let Some(&index) = self.function_index.get(&id) {
            return index;
        }
        let function = self.table.get(id);
        let index = i64::try_from(self.functions.name.len()).unwrap_or(i64::MAX);
        let [name, file, module, package] =
            [function.name, function.file, function.module, function.package].map(|id| self.string(id));
        self.functions.name.push(name);
        self.functions.file.push(file);
        self.functions.module.push(module);
        self.functions.line.push(function.line);
        self.functions.package.push(package);
        self.functions.kind.push(function.kind.code());
        self.function_index.insert(id, index);
        index
    }

    fn string(&mut self, id: StringId) -> u32 {
        let (table, strings) = (self.table, &mut self.strings);
        *self.string_index.entry(id).or_insert_with(|| {
            strings.push(table.strings().get(id).to_owned());
            u32::try_from(strings.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
