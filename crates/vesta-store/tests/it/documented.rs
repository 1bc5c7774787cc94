//! What `docs/tables.md` says.

use crate::support::Folder;

/// The columns that the section of a table lists, in order.
fn documented(text: &str, table: &str) -> Vec<String> {
    let (_, section) = text.split_once(&format!("## `{table}`")).expect(table);
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next().map(str::to_owned))
        .flat_map(|cell| cell.split(", ").map(|name| name.replace('`', "")).collect::<Vec<_>>())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_have_the_columns_that_are_documented() {
    let text = include_str!("../../../../docs/tables.md");
    let folder = Folder::new();
    let snapshot = folder.open().await.snapshot().await;
    for name in ["profiles", "samples", "stacks", "frames", "spans"] {
        let schema = snapshot.session().table_provider(name).await.unwrap().schema();
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(documented(text, name), columns, "{name}");
    }
}
