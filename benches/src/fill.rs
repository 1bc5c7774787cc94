//! Filling a store within this process.

use std::time::{Duration, Instant};
use vesta_benches::Fleet;
use vesta_store::{AppendError, Store};
use vesta_upload::{Headers, Limits, Upload};

/// Stores the upload of each service, host and end of period.
pub(crate) async fn fill(
    store: &Store,
    fleet: &Fleet,
    uploads: impl Iterator<Item = (usize, usize, jiff::Timestamp)>,
) -> anyhow::Result<()> {
    const AT_ONCE: usize = 64;
    let start = Instant::now();
    let mut stored = 0;
    let mut batch = Vec::with_capacity(AT_ONCE);
    for (service, host, end) in uploads {
        let upload = fleet.upload(service, host, end)?;
        let headers = Headers::new(upload.content_type, []);
        batch.push(Upload::parse(&headers, upload.body, &Limits::default())?);
        if batch.len() == AT_ONCE {
            stored += AT_ONCE;
            append_all(store, std::mem::take(&mut batch)).await?;
            if stored.is_multiple_of(10_000) {
                println!("filled {stored} uploads in {:.0?}", start.elapsed());
            }
        }
    }
    append_all(store, batch).await
}

async fn append_all(store: &Store, batch: Vec<Upload>) -> anyhow::Result<()> {
    let appends = batch.into_iter().map(|upload| async move {
        loop {
            match store.append(upload.clone()).await {
                Err(AppendError::Overloaded { .. }) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                done => return done,
            }
        }
    });
    for done in futures::future::join_all(appends).await {
        done?;
    }
    Ok(())
}

/// Makes Linux forget the files it has read, so that the next read is cold. Says whether it did.
pub(crate) fn drop_page_cache() -> &'static str {
    match std::fs::write("/proc/sys/vm/drop_caches", "3") {
        Ok(()) => "page cache dropped",
        Err(_) => "page cache warm: dropping it takes root",
    }
}
