//! Deleting what is too old or too much.

use crate::support::{Folder, numbered, processes};
use std::time::Duration;
use vesta_store::{Retention, Store, StoreConfig};

const DAY: Duration = Duration::from_hours(24);

/// One upload a day, each in a segment of its own.
async fn days(folder: &Folder, days: i64) -> Store {
    let store = Store::open(StoreConfig { segment_bytes: 1, ..folder.config() }).await.unwrap();
    for number in 0..days {
        store.append(numbered(number)).await.unwrap();
        store.flush().await.unwrap();
        store.enforce_retention().await.unwrap();
        folder.clock.pass(DAY);
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_allowed_is_deleted_from_tables_and_log() {
    let folder = Folder::new();
    let store = days(&folder, 12).await;
    store.enforce_retention().await.unwrap();
    let left: Vec<String> = processes(&store.snapshot().await).await;
    // The fifth was received eight days ago and a moment.
    assert_eq!(left.len(), 7, "{left:?}");
    assert!(!left.contains(&"process-4".to_owned()));
    assert_eq!(folder.files_ending(".vlog").len(), 7);
    assert_eq!(folder.files_ending(".parquet").len(), 7 * 5);
    let folder = folder.crash();
    let store = folder.open().await;
    assert_eq!(processes(&store.snapshot().await).await, left, "after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_age_counts_at_once_and_is_remembered() {
    let folder = Folder::new();
    let store = days(&folder, 5).await;
    let retention = Retention { max_age: 2 * DAY + DAY / 2, ..store.retention() };
    store.set_retention(retention).await.unwrap();
    store.enforce_retention().await.unwrap();
    assert_eq!(processes(&store.snapshot().await).await, ["process-3", "process-4"]);
    drop(store);
    assert_eq!(folder.open().await.retention(), retention);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_allowed_is_deleted_oldest_first() {
    let folder = Folder::new();
    let store = days(&folder, 6).await;
    let status = store.status();
    let used = status.log_bytes + status.table_bytes;
    store.set_retention(Retention { max_bytes: Some(used / 2), ..store.retention() }).await.unwrap();
    store.enforce_retention().await.unwrap();
    let status = store.status();
    assert!(status.log_bytes + status.table_bytes <= used / 2);
    assert!(status.retired_bytes > 0);
    let left = processes(&store.snapshot().await).await;
    assert_eq!(left.last().unwrap(), "process-5");
    assert!(left.len() < 6, "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ahead_deletes_nothing_until_it_has_run_evenly() {
    let folder = Folder::new();
    let store = days(&folder, 3).await;
    folder.clock.jump(30 * 86_400_000_000);
    store.enforce_retention().await.unwrap();
    assert_eq!(processes(&store.snapshot().await).await.len(), 3);
    folder.clock.pass(Duration::from_mins(59));
    store.enforce_retention().await.unwrap();
    assert_eq!(processes(&store.snapshot().await).await.len(), 3);
    folder.clock.pass(Duration::from_mins(2));
    store.enforce_retention().await.unwrap();
    assert_eq!(processes(&store.snapshot().await).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_are_only_in_the_log_are_never_deleted() {
    let folder = Folder::new();
    let store = Store::open(StoreConfig { segment_bytes: 1, ..folder.config() }).await.unwrap();
    for number in 0..3 {
        store.append(numbered(number)).await.unwrap();
    }
    store.set_retention(Retention { max_bytes: Some(0), ..store.retention() }).await.unwrap();
    store.enforce_retention().await.unwrap();
    let crashed = folder.crash();
    let store = crashed.open().await;
    assert_eq!(processes(&store.snapshot().await).await.len(), 3);
}
