//! `ARCHITECTURE.md` has a table of crates and of what each may import. The code has to follow it.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn crates_import_only_what_the_architecture_allows() {
    let metadata = metadata();
    let (allowed, actual) = (table(&metadata), edges(&metadata));
    let everything: BTreeSet<String> = actual.keys().cloned().collect();
    for (name, imports) in &actual {
        let listed =
            allowed.get(name).unwrap_or_else(|| panic!("ARCHITECTURE.md does not list the crate {name}"));
        let listed = if listed.contains("all") { &everything } else { listed };
        let forbidden: Vec<_> = imports.difference(listed).collect();
        assert!(
            forbidden.is_empty(),
            "{name} imports {forbidden:?}; ARCHITECTURE.md does not allow it. Move the code, or argue for the new \
             arrow there"
        );
    }
}

#[test]
fn the_architecture_lists_only_crates_that_exist() {
    let metadata = metadata();
    let (allowed, actual) = (table(&metadata), edges(&metadata));
    for (name, imports) in &allowed {
        assert!(actual.contains_key(name), "ARCHITECTURE.md lists {name}, which does not exist");
        for import in imports.iter().filter(|import| *import != "all") {
            assert!(
                actual.contains_key(import),
                "ARCHITECTURE.md lets {name} import {import}, which does not exist"
            );
        }
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

/// The arrows of the code, without those that only tests need.
fn edges(metadata: &Metadata) -> Edges {
    let members: BTreeSet<String> =
        metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let imports = |package: &cargo_metadata::Package| {
        let dependencies = package.dependencies.iter();
        let normal = dependencies.filter(|dependency| dependency.kind != DependencyKind::Development);
        normal.map(|dependency| dependency.name.clone()).filter(|name| members.contains(name)).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), imports(package))).collect()
}

/// The arrows of the table: rows of the form ``| `crate` | what it is | `import`, `import` |``.
fn table(metadata: &Metadata) -> Edges {
    let text = std::fs::read_to_string(metadata.workspace_root.join("ARCHITECTURE.md")).unwrap();
    let mut rows = Edges::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, name, _, imports, _] = cells[..] else { continue };
        let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else { continue };
        let imports = imports.split('`').skip(1).step_by(2).map(str::to_owned);
        rows.insert(name.to_owned(), imports.collect());
    }
    assert!(!rows.is_empty(), "ARCHITECTURE.md has no table of crates");
    rows
}
