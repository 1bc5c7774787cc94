//! The same upload, more than once.

use crate::support::{Folder, count_of, numbered, processes};
use futures::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use vesta_store::{OpenError, Store, StoreConfig};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_is_acknowledged_with_the_same_id_and_stored_once() {
    let folder = Folder::new();
    let store = folder.open().await;
    let first = store.append(numbered(1)).await.unwrap();
    let again = store.append(numbered(1)).await.unwrap();
    assert_eq!((again.id, again.duplicate), (first.id, true));
    assert_eq!(processes(&store.snapshot().await).await, ["process-1"]);
    assert_eq!(store.status().duplicates, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_copies_at_the_same_time_one_is_stored() {
    let folder = Folder::new();
    let store = folder.open().await;
    let acks = join_all((0..20).map(|number| store.append(numbered(number % 2)))).await;
    let acks: Vec<_> = acks.into_iter().map(Result::unwrap).collect();
    assert_eq!(acks.iter().filter(|ack| !ack.duplicate).count(), 2);
    assert_eq!(processes(&store.snapshot().await).await, ["process-0", "process-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_is_recognized_after_a_restart_from_files_and_from_the_log() {
    let folder = Folder::new();
    let store = folder.open().await;
    let flushed = store.append(numbered(1)).await.unwrap().id;
    store.flush().await.unwrap();
    let logged = store.append(numbered(2)).await.unwrap().id;
    let folder = folder.crash();
    let store = folder.open().await;
    for (number, id) in [(1, flushed), (2, logged)] {
        let ack = store.append(numbered(number)).await.unwrap();
        assert_eq!((ack.id, ack.duplicate), (id, true));
    }
    assert_eq!(processes(&store.snapshot().await).await, ["process-1", "process-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_grow_also_when_the_clock_is_set_back_and_after_a_restart() {
    let folder = Folder::new();
    let store = folder.open().await;
    let first = store.append(numbered(1)).await.unwrap().id;
    folder.clock.jump(-3_600_000_000);
    let second = store.append(numbered(2)).await.unwrap().id;
    assert!(second > first);
    store.shutdown().await.unwrap();
    drop(store);
    let store = folder.open().await;
    assert!(store.append(numbered(3)).await.unwrap().id > second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_belongs_to_one_store() {
    let folder = Folder::new();
    let store = folder.open().await;
    let error = Store::open(folder.config()).await.err().unwrap();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    drop(store);
    folder.open().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_found_while_rows_are_flushed() {
    let folder = Folder::new();
    let config = StoreConfig {
        background: true,
        flush_interval: Duration::ZERO,
        flush_bytes: 1,
        compaction_files: 2,
        ..folder.config()
    };
    let store = Arc::new(Store::open(config).await.unwrap());
    let writers = (0..4).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..10 {
                let id = store.append(numbered(writer * 100 + number)).await.unwrap().id;
                let found = count_of(&store.snapshot().await, id).await;
                assert_eq!(found, 1);
            }
        })
    });
    join_all(writers).await.into_iter().for_each(Result::unwrap);
    assert_eq!(processes(&store.snapshot().await).await.len(), 40);
    // Waits for a state, not for a time.
    while store.status().flushes == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(processes(&store.snapshot().await).await.len(), 40);
}
