//! From an upload on disk to rows in memory.

use crate::core::{Core, count};
use crate::log::writer::Stored;
use crate::tables::rows::{Origin, UploadRows, rows};
use crate::{ProfileId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The longest that a snapshot waits for uploads that were acknowledged before it.
const MAX_WAIT: Duration = Duration::from_secs(10);

impl Core {
    /// Takes over an upload that is on disk and will be acknowledged after this.
    pub(crate) fn take_over(self: &Arc<Self>, runtime: &tokio::runtime::Handle, stored: Stored) {
        self.expect(stored.id, stored.received_at);
        count(&self.counters.appended, 1);
        count(&self.counters.received_bytes, stored.upload.body.len() as u64);
        let core = Arc::clone(self);
        runtime.spawn(async move { core.decode(stored).await });
    }

    /// Notes that an upload is on disk, and that its rows will follow.
    pub(crate) fn expect(&self, id: ProfileId, received_at: Timestamp) {
        let mut view = self.view();
        view.pending.insert(id);
        view.durable = view.durable.max(id);
        view.newest = view.newest.max(Some(received_at));
    }

    /// Decodes an upload and adds its rows.
    pub(crate) async fn decode(self: &Arc<Self>, stored: Stored) {
        // The semaphore is never closed.
        let _turn = self.decoders.acquire().await;
        let (id, received_at) = (stored.id, stored.received_at);
        let date = received_at.date().to_string();
        let core = Arc::clone(self);
        let day = date.clone();
        let rows = tokio::task::spawn_blocking(move || core.rows(&stored, &day)).await;
        let rows = match rows {
            Ok(Ok(rows)) => Some(rows),
            Ok(Err(error)) => {
                tracing::error!(profile = %id, %error, "cannot make rows of an upload; it is kept in the log");
                None
            }
            Err(error) => {
                tracing::error!(profile = %id, %error, "decoding an upload panicked; it is kept in the log");
                None
            }
        };
        self.add_rows(id, &date, rows.as_ref());
    }

    fn rows(&self, stored: &Stored, date: &str) -> Result<UploadRows, arrow::error::ArrowError> {
        let decoded = stored.upload.decode(&self.config.limits);
        let origin =
            Origin { id: stored.id, received_at: stored.received_at, place: stored.place, key: stored.key };
        let service = &stored.upload.identity.service;
        let is_new = |table, ids: &[_]| self.written().insert(service, date, table, ids);
        rows(&stored.upload, &decoded, origin, is_new)
    }

    /// Adds the rows of an upload to the generation that its place in the log belongs to.
    fn add_rows(&self, id: ProfileId, date: &str, rows: Option<&UploadRows>) {
        match rows {
            Some(rows) if rows.has_problems => count(&self.counters.decode_problems, 1),
            Some(_) => {}
            None => {
                count(&self.counters.failures, 1);
                // Stacks that count as written may have been in the rows that are lost.
                self.written().clear();
            }
        }
        let mut view = self.view();
        if let Some(rows) = rows {
            match &mut view.sealed {
                Some(sealed) if id <= sealed.upto => sealed.generation.push(date, rows),
                _ => {
                    if view.active.profiles() == 0 {
                        view.active_since = self.config.clock.uptime();
                    }
                    view.active.push(date, rows);
                }
            }
        }
        view.pending.remove(&id);
        let is_full = view.active.bytes() >= self.config.flush_bytes;
        drop(view);
        self.decoded.notify_waiters();
        if is_full {
            self.flush_wanted.notify_one();
        }
    }

    /// Waits until every upload up to this one is decoded.
    pub(crate) async fn decoded_upto(&self, id: ProfileId) {
        loop {
            let decoded = self.decoded.notified();
            tokio::pin!(decoded);
            decoded.as_mut().enable();
            if self.view().pending.first().is_none_or(|&first| first > id) {
                return;
            }
            decoded.await;
        }
    }

    /// Waits until every upload that is on disk now is decoded, but not for ever.
    pub(crate) async fn decoded_now(&self) {
        let durable = self.view().durable;
        if tokio::time::timeout(MAX_WAIT, self.decoded_upto(durable)).await.is_err() {
            tracing::warn!("uploads take long to decode; a query goes on without the latest");
        }
    }
}
