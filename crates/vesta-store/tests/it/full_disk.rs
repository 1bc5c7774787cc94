//! A disk that has no room, or says no in other ways.

use crate::support::{Folder, count, numbered, processes};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use vesta_store::{AppendError, Probe, Store, StoreConfig};

/// A disk that fails at one point as long as it is told to.
struct BadDisk {
    point: &'static str,
    error: io::ErrorKind,
    fails: AtomicBool,
    free: AtomicU64,
}

impl BadDisk {
    fn at(point: &'static str, error: io::ErrorKind) -> Arc<BadDisk> {
        Arc::new(BadDisk { point, error, fails: AtomicBool::new(false), free: AtomicU64::new(u64::MAX) })
    }
}

impl Probe for BadDisk {
    fn reach(&self, point: &'static str) -> io::Result<()> {
        if point == self.point && self.fails.load(Ordering::SeqCst) { Err(self.error.into()) } else { Ok(()) }
    }

    fn free_bytes(&self) -> Option<u64> {
        Some(self.free.load(Ordering::SeqCst))
    }
}

async fn open(folder: &Folder, disk: &Arc<BadDisk>) -> Store {
    let probe = Arc::clone(disk) as Arc<dyn Probe>;
    Store::open(StoreConfig { probe, free_bytes: 1000, ..folder.config() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_uploads_and_takes_them_again_when_there_is_room() {
    for point in ["log.create", "log.append", "log.sync", "log.synced"] {
        let folder = Folder::new();
        let disk = BadDisk::at(point, io::ErrorKind::StorageFull);
        let store = open(&folder, &disk).await;
        if point != "log.create" {
            store.append(numbered(0)).await.unwrap();
        }
        disk.fails.store(true, Ordering::SeqCst);
        for _ in 0..2 {
            let error = store.append(numbered(1)).await.unwrap_err();
            assert!(matches!(error, AppendError::DiskFull), "{point}: {error}");
        }
        disk.fails.store(false, Ordering::SeqCst);
        assert!(!store.append(numbered(1)).await.unwrap().duplicate, "{point}");
        let expected: &[&str] =
            if point == "log.create" { &["process-1"] } else { &["process-0", "process-1"] };
        assert_eq!(processes(&store.snapshot().await).await, expected, "{point}");
        let crashed = folder.crash();
        let store = crashed.open().await;
        assert_eq!(processes(&store.snapshot().await).await, expected, "{point}, after a crash");
        assert_eq!(store.status().damaged_records, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_the_disk_is_left_free() {
    let folder = Folder::new();
    let disk = BadDisk::at("", io::ErrorKind::Other);
    let store = open(&folder, &disk).await;
    disk.free.store(1500, Ordering::SeqCst);
    assert!(matches!(store.append(numbered(0)).await.unwrap_err(), AppendError::DiskFull));
    disk.free.store(1_000_000, Ordering::SeqCst);
    store.append(numbered(0)).await.unwrap();
    assert_eq!(store.status().disk_full, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_fails_anywhere_is_taken_up_again_and_writes_each_row_once() {
    for point in ["flush.write", "flush.commit", "flush.committed"] {
        let folder = Folder::new();
        let disk = BadDisk::at(point, io::ErrorKind::StorageFull);
        let store = open(&folder, &disk).await;
        store.append(numbered(0)).await.unwrap();
        disk.fails.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            store.flush().await.unwrap_err();
        }
        store.append(numbered(1)).await.unwrap();
        assert_eq!(processes(&store.snapshot().await).await, ["process-0", "process-1"], "{point}");
        disk.fails.store(false, Ordering::SeqCst);
        store.flush().await.unwrap();
        assert_eq!(store.status().memory_rows, 0);
        let crashed = folder.crash();
        let store = crashed.open().await;
        assert_eq!(store.status().replayed, 0, "{point}");
        let snapshot = store.snapshot().await;
        assert_eq!(processes(&snapshot).await, ["process-0", "process-1"], "{point}");
        assert_eq!(count(&snapshot, "samples").await, 4, "{point}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_queue_holds_is_turned_away_with_a_time_to_come_again() {
    let folder = Folder::new();
    let store = Store::open(StoreConfig { memory_bytes: 0, ..folder.config() }).await.unwrap();
    let error = store.append(numbered(0)).await.unwrap_err();
    assert!(matches!(error, AppendError::Overloaded { retry_after } if !retry_after.is_zero()), "{error}");
    assert_eq!(store.status().overloaded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_shut_down_takes_nothing() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.shutdown().await.unwrap();
    assert!(matches!(store.append(numbered(0)).await.unwrap_err(), AppendError::Closed));
}
