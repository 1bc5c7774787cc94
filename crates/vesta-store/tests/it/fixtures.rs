//! Real uploads.

use crate::support::{Folder, fixture_uploads, table, totals};
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::{col, lit};
use std::collections::BTreeMap;
use vesta_store::Store;
use vesta_upload::build::{Compression, UploadBuilder};
use vesta_upload::{Limits, Upload};

async fn append_fixtures(store: &Store) {
    for (name, headers, body) in fixture_uploads() {
        let upload = Upload::parse(&headers, body, &Limits::default()).unwrap();
        assert!(!store.append(upload).await.unwrap().duplicate, "{name}");
    }
}

/// What each fixture should add up to, by service and value type, from the decoder.
fn expected() -> BTreeMap<(String, String), i64> {
    let mut totals = BTreeMap::new();
    for (_, headers, body) in fixture_uploads() {
        let upload = Upload::parse(&headers, body, &Limits::default()).unwrap();
        for total in upload.decode(&Limits::default()).value_types() {
            let key = (upload.identity.service.clone(), total.value_type.name.to_string());
            *totals.entry(key).or_default() += total.total;
        }
    }
    totals.retain(|_, total| *total != 0);
    totals
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_the_decoders_in_memory_in_files_after_a_restart_and_after_compaction() {
    let folder = Folder::new();
    let store = folder.open().await;
    append_fixtures(&store).await;
    let expected = expected();
    assert_eq!(totals(&store.snapshot().await).await, expected, "in memory");
    store.flush().await.unwrap();
    assert_eq!(store.status().memory_rows, 0);
    assert_eq!(totals(&store.snapshot().await).await, expected, "in files");
    store.shutdown().await.unwrap();
    drop(store);
    let store = folder.open().await;
    assert_eq!(store.status().replayed, 0);
    assert_eq!(totals(&store.snapshot().await).await, expected, "after a restart");
    store.compact().await.unwrap();
    assert_eq!(totals(&store.snapshot().await).await, expected, "after compaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_body_comes_back_byte_for_byte() {
    let folder = Folder::new();
    let store = folder.open().await;
    let mut acks = Vec::new();
    for (name, headers, body) in fixture_uploads() {
        let upload = Upload::parse(&headers, body.clone(), &Limits::default()).unwrap();
        acks.push((name, store.append(upload).await.unwrap().id, headers, body));
    }
    for round in ["in memory", "in files"] {
        for (name, id, headers, body) in &acks {
            let raw = store.raw(*id).await.unwrap().expect(name);
            assert_eq!(&raw.body, body, "{name} {round}");
            assert_eq!(&raw.headers, headers, "{name} {round}");
            assert_eq!(raw.id, *id);
        }
        store.flush().await.unwrap();
    }
    assert!(store.raw(vesta_store::ProfileId(7)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_takes_at_most_two_percent_more_than_was_received() {
    let folder = Folder::new();
    let store = folder.open().await;
    append_fixtures(&store).await;
    let status = store.status();
    let received: u64 = fixture_uploads().iter().map(|(_, _, body)| body.len() as u64).sum();
    assert_eq!(status.received_bytes, received);
    assert!(status.log_bytes * 100 <= received * 102, "{} for {received}", status.log_bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_take_at_most_a_fifth_of_what_was_received() {
    let folder = Folder::new();
    let store = folder.open().await;
    append_fixtures(&store).await;
    store.flush().await.unwrap();
    store.compact().await.unwrap();
    let status = store.status();
    assert!(
        status.table_bytes * 5 <= status.received_bytes,
        "{} bytes of tables for {} received",
        status.table_bytes,
        status.received_bytes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_cannot_be_decoded_is_kept_and_found() {
    let folder = Folder::new();
    let store = folder.open().await;
    let time = jiff::Timestamp::from_second(1_790_000_000).unwrap();
    let built = UploadBuilder::new("java", time, time)
        .service("tickets")
        .attachment("main.jfr", "no recording at all", Compression::Zstd)
        .build()
        .unwrap();
    let upload = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap();
    let id = store.append(upload).await.unwrap().id;
    let rows = table(&store.snapshot().await, "profiles").await;
    let rows = rows.filter(col("profile_id").eq(lit(id.0))).unwrap();
    let rows = rows.select_columns(&["attachments", "totals", "problems"]).unwrap().collect().await.unwrap();
    let answer = pretty_format_batches(&rows).unwrap().to_string();
    assert!(answer.contains("[main.jfr]") && answer.contains("| [] "), "{answer}");
    assert!(answer.contains("is not readable as JFR"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_recording_says_besides_its_samples_is_in_the_tables() {
    let folder = Folder::new();
    let store = folder.open().await;
    let (_, headers, body) = fixture_uploads().into_iter().find(|(name, ..)| name == "java-01").unwrap();
    let upload = Upload::parse(&headers, body, &Limits::default()).unwrap();
    store.append(upload).await.unwrap();
    let rows = table(&store.snapshot().await, "profiles").await;
    let rows = rows.select_columns(&["metrics", "endpoint_counts", "info"]).unwrap().collect().await.unwrap();
    let answer = pretty_format_batches(&rows).unwrap().to_string();
    for word in ["jvm_gc_count: 12.0", "GET /buy: 104", "OpenJDK 64-Bit Server VM"] {
        assert!(answer.contains(word), "{word} in {answer}");
    }
}
