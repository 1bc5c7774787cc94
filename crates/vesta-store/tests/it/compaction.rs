//! Many files into few.

use crate::support::{Folder, count, numbered, processes, table, totals, upload};
use datafusion::common::ScalarValue;
use datafusion::physical_plan::displayable;
use datafusion::prelude::{Expr, col, lit};
use std::time::Duration;
use vesta_store::{Store, StoreConfig};

#[tokio::test(flavor = "multi_thread")]
async fn files_are_merged_sorted_and_say_the_same() {
    let folder = Folder::new();
    let store = folder.open().await;
    for round in 0..40 {
        store.append(upload("web", round, &[("main;work", 5), ("main;sleep", 7)])).await.unwrap();
        store.append(upload("db", round, &[("main;query", 3)])).await.unwrap();
        store.flush().await.unwrap();
    }
    let before = totals(&store.snapshot().await).await;
    assert!(store.status().table_files >= 3 * 40);
    store.compact().await.unwrap();
    assert_eq!(store.status().table_files, 5);
    let snapshot = store.snapshot().await;
    assert_eq!(totals(&snapshot).await, before);
    assert_eq!(count(&snapshot, "profiles").await, 80);
    assert_eq!(folder.files_ending(".parquet").len(), 5, "files that were merged are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_kept_once_per_service_and_day_however_often_it_was_written() {
    let mut folder = Folder::new();
    std::fs::create_dir(folder.root()).unwrap();
    for round in 0..3 {
        // A store forgets which stacks it has written when it stops.
        folder = folder.crash();
        let store = folder.open().await;
        store.append(numbered(round)).await.unwrap();
        store.shutdown().await.unwrap();
    }
    let store = folder.open().await;
    assert_eq!(count(&store.snapshot().await, "stacks").await, 6);
    store.compact().await.unwrap();
    assert_eq!(count(&store.snapshot().await, "stacks").await, 2);
    assert_eq!(count(&store.snapshot().await, "frames").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_reads_files_that_were_merged_away() {
    let folder = Folder::new();
    let store = folder.open().await;
    for round in 0..4 {
        store.append(numbered(round)).await.unwrap();
        store.flush().await.unwrap();
    }
    let snapshot = store.snapshot().await;
    store.compact().await.unwrap();
    assert_eq!(processes(&snapshot).await.len(), 4);
    drop(snapshot);
    store.compact().await.unwrap();
    assert_eq!(folder.files_ending(".parquet").len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_day_that_goes_on_are_merged_when_there_are_many() {
    let folder = Folder::new();
    let config = StoreConfig {
        background: true,
        compaction_files: 3,
        flush_interval: Duration::MAX,
        ..folder.config()
    };
    let store = Store::open(config).await.unwrap();
    for round in 0..6 {
        store.append(numbered(round)).await.unwrap();
        store.flush().await.unwrap();
    }
    // Waits for a state, not for a time: fails by the time limit of the test runner.
    while store.status().compactions < 5 {
        tokio::task::yield_now().await;
    }
    assert_eq!(processes(&store.snapshot().await).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_that_can_hold_an_answer_are_read() {
    let folder = Folder::new();
    let store = folder.open().await;
    for service in ["a", "b", "c"] {
        store.append(upload(service, 1, &[("main", 1)])).await.unwrap();
        store.flush().await.unwrap();
    }
    assert_eq!(files_read(&store, col("service").eq(lit("b"))).await, 1);
    let later = ScalarValue::TimestampMicrosecond(Some(1_900_000_000_000_000), Some("UTC".into()));
    assert_eq!(files_read(&store, col("time").gt(lit(later))).await, 0);
}

async fn files_read(store: &Store, filter: Expr) -> usize {
    let rows = table(&store.snapshot().await, "samples").await.filter(filter).unwrap();
    let plan = rows.create_physical_plan().await.unwrap();
    displayable(plan.as_ref()).indent(true).to_string().matches(".parquet").count()
}
