//! The thread that writes the log.
//!
//! Uploads queue up while a sync is under way; all that queued up are written and synced together. The more come,
//! the more share a sync, and a lone upload waits for nobody.

use super::record::RecordHead;
use super::segment::{Appender, Place, SegmentInfo, SegmentList, Segments};
use crate::core::lock;
use crate::dedupe::Dedupe;
use crate::storage::{disk_space, is_disk_full};
use crate::{Ack, AppendError, ProfileId, StoreConfig, Timestamp};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use vesta_upload::Upload;

/// Bytes that are written before a sync, at the most, so that the first does not wait for too many.
const BATCH_BYTES: usize = 32 << 20;

/// An upload to be written.
pub(crate) struct Append {
    pub(crate) upload: Upload,
    pub(crate) key: u128,
    /// Room in the queue; given back when the upload is decoded.
    pub(crate) room: OwnedSemaphorePermit,
    /// The claim on the key; copies of this upload wait until it is dropped.
    pub(crate) claim: watch::Sender<()>,
    pub(crate) done: oneshot::Sender<Result<Ack, AppendError>>,
}

/// An upload that is on disk.
pub(crate) struct Stored {
    pub(crate) id: ProfileId,
    pub(crate) received_at: Timestamp,
    pub(crate) key: u128,
    pub(crate) place: Place,
    pub(crate) upload: Upload,
    /// Given back when this is dropped.
    pub(crate) _room: OwnedSemaphorePermit,
}

/// The way to the thread that writes the log.
pub(crate) struct LogWriter {
    queue: Mutex<Option<Sender<Append>>>,
    /// Its sender is the thread's, and gone when the thread has ended.
    running: watch::Receiver<()>,
}

/// The thread's own.
pub(crate) struct WriterState<F> {
    pub(crate) config: Arc<StoreConfig>,
    pub(crate) segments: Box<dyn Segments>,
    pub(crate) list: SegmentList,
    pub(crate) dedupe: Arc<Dedupe>,
    /// The latest id that was given.
    pub(crate) last_id: ProfileId,
    /// Takes over uploads that are on disk, before they are acknowledged.
    pub(crate) on_stored: F,
}

struct OpenSegment {
    first: ProfileId,
    appender: Box<dyn Appender>,
    len: u64,
}

/// An upload of the batch that is being written.
struct Written {
    append: Append,
    id: ProfileId,
    received_at: Timestamp,
    place: Place,
}

impl LogWriter {
    /// Starts the thread.
    pub(crate) fn start<F>(mut state: WriterState<F>) -> io::Result<LogWriter>
    where
        F: FnMut(Stored) + Send + 'static,
    {
        let (sender, receiver) = channel();
        let (alive, running) = watch::channel(());
        std::thread::Builder::new().name("vesta-log".to_owned()).spawn(move || {
            state.run(&receiver);
            drop(alive);
        })?;
        Ok(LogWriter { queue: Mutex::new(Some(sender)), running })
    }

    /// Queues an upload. If the writer was closed, the upload is dropped, and with it the sender of the answer.
    pub(crate) fn send(&self, append: Append) {
        if let Some(queue) = lock(&self.queue).as_ref() {
            // It fails if the thread has died, which comes to the same.
            let _ = queue.send(append);
        }
    }

    /// Takes no more uploads. What is queued will be written.
    pub(crate) fn close(&self) {
        drop(lock(&self.queue).take());
    }

    /// Waits until everything that was queued before `close` is written.
    pub(crate) async fn stopped(&self) {
        let mut running = self.running.clone();
        while running.changed().await.is_ok() {}
    }
}

impl<F: FnMut(Stored)> WriterState<F> {
    fn run(&mut self, queue: &Receiver<Append>) {
        let mut open: Option<OpenSegment> = None;
        while let Ok(first) = queue.recv() {
            let mut bytes = first.upload.body.len();
            let mut batch = vec![first];
            while bytes < BATCH_BYTES {
                let Ok(next) = queue.try_recv() else { break };
                bytes += next.upload.body.len();
                batch.push(next);
            }
            self.write_batch(&mut open, batch);
        }
    }

    fn write_batch(&mut self, open: &mut Option<OpenSegment>, batch: Vec<Append>) {
        let mut batch = batch.into_iter();
        let mut written = Vec::new();
        let start = open.as_ref().map_or(0, |segment| segment.len);
        let mut failure = None;
        for append in batch.by_ref() {
            match self.write(open, &append) {
                Ok((id, received_at, place)) => written.push(Written { append, id, received_at, place }),
                Err(error) => {
                    failure = Some((append, error));
                    break;
                }
            }
        }
        let synced = match (&failure, open.as_mut()) {
            (None, Some(segment)) => segment.appender.sync(),
            _ => Ok(()),
        };
        match (failure, synced) {
            (None, Ok(())) => {
                self.finish(open, written);
            }
            (Some((append, error)), _) => {
                self.cut_off(open, start);
                self.refuse(written.into_iter().map(|written| written.append), &error);
                self.refuse(std::iter::once(append).chain(batch), &error);
            }
            (None, Err(error)) => {
                self.cut_off(open, start);
                // After a failed sync nobody knows what the disk holds of this segment; the next one starts afresh.
                *open = None;
                self.refuse(written.into_iter().map(|written| written.append), &error);
            }
        }
    }

    fn write(
        &mut self,
        open: &mut Option<OpenSegment>,
        append: &Append,
    ) -> io::Result<(ProfileId, Timestamp, Place)> {
        let body = &append.upload.body;
        let free = match self.config.probe.free_bytes() {
            Some(free) => free,
            None => disk_space(&self.config.root)?.free,
        };
        if free < self.config.free_bytes.saturating_add(body.len() as u64) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let received_at = self.config.now();
        let id = self.last_id.next(received_at.0);
        let segment = match open {
            Some(segment) => segment,
            None => {
                let appender = self.segments.create(id)?;
                self.list.insert(id, SegmentInfo { bytes: 0, last_received: received_at });
                open.insert(OpenSegment { first: id, appender, len: 0 })
            }
        };
        self.last_id = id;
        let (head, headers) = RecordHead::new(id, received_at, append.key, &append.upload.headers, body);
        let mut start = head.encode().to_vec();
        start.extend_from_slice(&headers);
        segment.appender.append(&start)?;
        segment.appender.append(body)?;
        let place = Place { segment: segment.first, offset: segment.len, length: head.record_len() };
        segment.len += head.record_len();
        Ok((id, received_at, place))
    }

    fn finish(&mut self, open: &mut Option<OpenSegment>, written: Vec<Written>) {
        let Some(segment) = open else { return };
        let last_received = written.last().map_or(Timestamp::default(), |written| written.received_at);
        self.list.insert(segment.first, SegmentInfo { bytes: segment.len, last_received });
        if segment.len >= self.config.segment_bytes {
            *open = None;
        }
        for Written { append, id, received_at, place } in written {
            let Append { upload, key, room, claim, done } = append;
            // Snapshots wait for it before a copy of it is told that it is stored.
            (self.on_stored)(Stored { id, received_at, key, place, upload, _room: room });
            self.dedupe.store(key, id, received_at);
            drop(claim);
            // Whoever waited may have gone; the upload is stored all the same.
            let _ = done.send(Ok(Ack { id, duplicate: false }));
        }
    }

    /// Removes what a failed batch has left in the segment. If that fails too, the segment is left behind: its torn
    /// end is skipped when it is read.
    fn cut_off(&mut self, open: &mut Option<OpenSegment>, len: u64) {
        let Some(segment) = open else { return };
        segment.len = len;
        if let Err(error) = segment.appender.truncate(len) {
            tracing::error!(segment = %segment.first, %error, "cannot cut off a segment of the log after an error");
            *open = None;
        }
    }

    fn refuse(&mut self, appends: impl Iterator<Item = Append>, error: &io::Error) {
        for append in appends {
            self.dedupe.abandon(append.key);
            let answer = if is_disk_full(error) {
                AppendError::DiskFull
            } else {
                AppendError::Io(io::Error::new(error.kind(), error.to_string()))
            };
            let _ = append.done.send(Err(answer));
        }
    }
}
