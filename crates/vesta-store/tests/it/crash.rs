//! A process that stops at any moment, and the next one.

use crate::support::{Folder, copy_folder, count, numbered, processes, totals};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use vesta_store::{Probe, Store, StoreConfig};

fn names(numbers: std::ops::Range<i64>) -> Vec<String> {
    let mut names: Vec<String> = numbers.map(|number| format!("process-{number}")).collect();
    names.sort();
    names
}

fn cpu(numbers: std::ops::Range<i64>) -> BTreeMap<(String, String), i64> {
    let sum: i64 = numbers.map(|number| 10 + number + 1).sum();
    BTreeMap::from([(("web".to_owned(), "cpu-time".to_owned()), sum)])
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_were_not_flushed_are_read_from_the_log() {
    let folder = Folder::new();
    let store = folder.open().await;
    for number in 0..3 {
        store.append(numbered(number)).await.unwrap();
    }
    store.flush().await.unwrap();
    for number in 3..6 {
        store.append(numbered(number)).await.unwrap();
    }
    let crashed = folder.crash();
    let after = crashed.open().await;
    assert_eq!(after.status().replayed, 3);
    assert_eq!(processes(&after.snapshot().await).await, names(0..6));
    assert_eq!(totals(&after.snapshot().await).await, cpu(0..6));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_torn_at_any_byte_is_dropped_and_nothing_else() {
    let folder = Folder::new();
    let store = folder.open().await;
    for number in 0..2 {
        store.append(numbered(number)).await.unwrap();
    }
    let [segment] = &folder.files_ending(".vlog")[..] else { panic!("one segment") };
    let before = std::fs::metadata(segment).unwrap().len();
    store.append(numbered(2)).await.unwrap();
    let whole = std::fs::metadata(segment).unwrap().len();
    let head = before..before + 70;
    for cut in head.chain((before + 70..whole).step_by(97)).chain([whole - 1]) {
        let crashed = folder.crash();
        let [segment] = &crashed.files_ending(".vlog")[..] else { panic!("one segment") };
        std::fs::OpenOptions::new().write(true).open(segment).unwrap().set_len(cut).unwrap();
        let store = crashed.open().await;
        assert_eq!(processes(&store.snapshot().await).await, names(0..2), "cut at {cut} of {whole}");
        // What was not acknowledged is sent again.
        assert!(!store.append(numbered(2)).await.unwrap().duplicate);
        assert_eq!(processes(&store.snapshot().await).await, names(0..3), "cut at {cut} of {whole}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_middle_of_the_log_is_skipped_and_counted() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.append(numbered(0)).await.unwrap();
    let [segment] = &folder.files_ending(".vlog")[..] else { panic!("one segment") };
    let first = std::fs::metadata(segment).unwrap().len();
    for number in 1..4 {
        store.append(numbered(number)).await.unwrap();
    }
    // The head of the second upload, its headers, its body.
    for offset in [3, 70, 400] {
        let crashed = folder.crash();
        let [segment] = &crashed.files_ending(".vlog")[..] else { panic!("one segment") };
        let mut bytes = std::fs::read(segment).unwrap();
        bytes[usize::try_from(first).unwrap() + offset] ^= 0xff;
        std::fs::write(segment, bytes).unwrap();
        let store = crashed.open().await;
        assert_eq!(store.status().damaged_records, 1, "at {offset}");
        let found = processes(&store.snapshot().await).await;
        assert_eq!(found, ["process-0", "process-2", "process-3"], "at {offset}");
    }
}

/// Copies the folder of a store at every point that it passes.
struct Copier {
    root: PathBuf,
    copies: Mutex<Vec<(String, Folder)>>,
}

impl Probe for Copier {
    fn reach(&self, point: &'static str) -> io::Result<()> {
        let copy = Folder::new();
        copy_folder(&self.root, &copy.root());
        let mut copies = self.copies.lock().unwrap();
        let name = format!("{point} #{}", copies.len());
        copies.push((name, copy));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_of_a_flush_or_compaction_keeps_every_upload_once() {
    let folder = Folder::new();
    let copier = Arc::new(Copier { root: folder.root(), copies: Mutex::default() });
    let store = Store::open(StoreConfig { probe: Arc::clone(&copier) as Arc<dyn Probe>, ..folder.config() })
        .await
        .unwrap();
    let mut upto = Vec::new();
    for round in 0..2 {
        for number in round * 2..round * 2 + 2 {
            store.append(numbered(number)).await.unwrap();
        }
        let before = copier.copies.lock().unwrap().len();
        store.flush().await.unwrap();
        let after = copier.copies.lock().unwrap().len();
        upto.extend((before..after).map(|index| (index, round * 2 + 2)));
    }
    let before = copier.copies.lock().unwrap().len();
    store.compact().await.unwrap();
    let copies = std::mem::take(&mut *copier.copies.lock().unwrap());
    upto.extend((before..copies.len()).map(|index| (index, 4)));
    assert!(upto.len() > 20, "{} points", upto.len());
    for (index, uploads) in upto {
        let (point, crashed) = &copies[index];
        let store = crashed.open().await;
        let snapshot = store.snapshot().await;
        assert_eq!(processes(&snapshot).await, names(0..uploads), "{point}");
        assert_eq!(totals(&snapshot).await, cpu(0..uploads), "{point}");
        store.flush().await.unwrap();
        store.compact().await.unwrap();
        let snapshot = store.snapshot().await;
        assert_eq!(totals(&snapshot).await, cpu(0..uploads), "{point}, flushed again");
        assert_eq!(count(&snapshot, "spans").await, 2 * usize::try_from(uploads).unwrap(), "{point}");
    }
}
