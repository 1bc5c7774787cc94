//! What stack ids stand for.

use crate::support::{Folder, table, upload};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use vesta_store::{ResolvedStacks, Snapshot, Store, StoreConfig};

pub(crate) async fn stack_ids(snapshot: &Snapshot) -> Vec<i64> {
    let rows = table(snapshot, "samples").await.select_columns(&["stack_id"]).unwrap().distinct().unwrap();
    let batches = rows.collect().await.unwrap();
    batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
}

fn names(resolved: &ResolvedStacks) -> Vec<String> {
    let mut stacks: Vec<String> = resolved
        .ids
        .iter()
        .map(|&id| {
            let frames = resolved.stacks.get(id).iter().rev();
            let names = frames.map(|&frame| resolved.strings.get(resolved.frames.get(frame).function));
            names.collect::<Vec<_>>().join(";")
        })
        .collect();
    stacks.sort();
    stacks
}

async fn check(store: &Store, services: &[String], expected: &[&str]) {
    let snapshot = store.snapshot().await;
    let ids = stack_ids(&snapshot).await;
    let resolved = store.symbols().resolve(&snapshot, services, &ids).await.unwrap();
    assert_eq!(names(&resolved), expected);
    assert_eq!(resolved.unknown, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stacks_are_found_in_memory_in_files_and_in_merged_files() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.append(upload("web", 1, &[("main;work", 1), ("main;sleep", 2)])).await.unwrap();
    check(&store, &["web".to_owned()], &["main;sleep", "main;work"]).await;
    store.flush().await.unwrap();
    store.append(upload("web", 2, &[("main;work", 1), ("main;work;deep", 2)])).await.unwrap();
    check(&store, &[], &["main;sleep", "main;work", "main;work;deep"]).await;
    store.flush().await.unwrap();
    let crashed = folder.crash();
    let store = crashed.open().await;
    store.compact().await.unwrap();
    check(&store, &["web".to_owned()], &["main;sleep", "main;work", "main;work;deep"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_without_room_still_answers() {
    let folder = Folder::new();
    let store = Store::open(StoreConfig { symbol_bytes: 0, ..folder.config() }).await.unwrap();
    for number in 0..3 {
        store.append(upload("web", number, &[(&format!("main;work-{number}"), 1)])).await.unwrap();
        store.flush().await.unwrap();
    }
    for _ in 0..2 {
        check(&store, &["web".to_owned()], &["main;work-0", "main;work-1", "main;work-2"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_in_no_table_gets_a_stack_that_says_so() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.append(upload("web", 1, &[("main", 1)])).await.unwrap();
    let resolved = store.symbols().resolve(&store.snapshot().await, &[], &[0, 4711]).await.unwrap();
    assert_eq!(names(&resolved), ["", "[unknown stack]"]);
    assert_eq!(resolved.unknown, 1);
}
