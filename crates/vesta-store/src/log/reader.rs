//! Reading the log: one record by its place, or segments from a place on, after a crash.

use super::record::{Record, RecordHead};
use super::segment::{Place, SegmentInfo, segment_of, segment_path};
use crate::{ProfileId, Timestamp};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::ops::Range;

/// How far ahead to look for the next record after a damaged one, at a time.
const WINDOW: u64 = 1 << 20;

/// The segments in storage, the oldest first. Times are those of the files.
pub(crate) async fn list_segments(
    objects: &dyn ObjectStore,
) -> object_store::Result<Vec<(ProfileId, SegmentInfo)>> {
    let files: Vec<_> = objects.list(Some(&Path::from(super::segment::LOG))).try_collect().await?;
    let mut segments: Vec<_> = files
        .into_iter()
        .filter_map(|file| {
            let last_received = Timestamp(file.last_modified.timestamp_micros());
            Some((segment_of(&file.location)?, SegmentInfo { bytes: file.size, last_received }))
        })
        .collect();
    segments.sort_unstable_by_key(|&(first, _)| first);
    Ok(segments)
}

/// The record at this place; none if it is damaged or another one.
pub(crate) async fn read_record(
    objects: &dyn ObjectStore,
    id: ProfileId,
    place: Place,
) -> object_store::Result<Option<Record>> {
    let range = place.offset..place.offset.saturating_add(place.length);
    let bytes = objects.get_range(&segment_path(place.segment), range).await?;
    let record = RecordHead::decode(&bytes)
        .filter(|head| head.id == id && head.record_len() == bytes.len() as u64)
        .and_then(|head| Record::decode(head, &bytes.slice(RecordHead::LEN..)));
    Ok(record)
}

/// Reads the records of one segment, in order, one at a time.
pub(crate) struct SegmentReader<'a> {
    objects: &'a dyn ObjectStore,
    first: ProfileId,
    path: Path,
    size: u64,
    offset: u64,
}

/// What comes next in a segment.
#[derive(Debug)]
pub(crate) enum Next {
    /// A record, and where it is.
    Record(Record, Place),
    /// A record that was not asked for, and its head.
    Skipped(RecordHead),
    /// Bytes that are no record, with more after them.
    Damaged(Range<u64>),
    /// Bytes at the end that are no record: an upload that was being written when the machine stopped, and was not
    /// acknowledged.
    Torn(Range<u64>),
    /// Nothing.
    End,
}

impl<'a> SegmentReader<'a> {
    pub(crate) fn new(objects: &'a dyn ObjectStore, first: ProfileId, size: u64) -> Self {
        SegmentReader { objects, first, path: segment_path(first), size, offset: 0 }
    }

    /// The next record. The bodies of records with ids up to `after` are not read.
    pub(crate) async fn next(&mut self, after: ProfileId) -> object_store::Result<Next> {
        if self.offset >= self.size {
            return Ok(Next::End);
        }
        let start = self.offset;
        let Some(head) = self.head_at(start).await? else {
            let next = self.find_head(start + 1).await?;
            self.offset = next.unwrap_or(self.size);
            return Ok(self.not_a_record(start));
        };
        // A head that is whole tells where its record ends. Nothing is looked for within a body, where a client
        // could have put what looks like a record.
        self.offset = self.size.min(start.saturating_add(head.record_len()));
        if head.record_len() > self.size - start {
            return Ok(self.not_a_record(start));
        }
        if head.id <= after {
            return Ok(Next::Skipped(head));
        }
        let payload = self.read(start + RecordHead::LEN as u64..self.offset).await?;
        let place = Place { segment: self.first, offset: start, length: head.record_len() };
        match Record::decode(head, &payload) {
            Some(record) => Ok(Next::Record(record, place)),
            None => Ok(self.not_a_record(start)),
        }
    }

    /// What the bytes from `start` to the current offset are, given that they are no record.
    fn not_a_record(&self, start: u64) -> Next {
        if self.offset < self.size { Next::Damaged(start..self.offset) } else { Next::Torn(start..self.size) }
    }

    /// The head at this offset, if there is one.
    async fn head_at(&self, offset: u64) -> object_store::Result<Option<RecordHead>> {
        let end = offset + RecordHead::LEN as u64;
        if end > self.size {
            return Ok(None);
        }
        let bytes = self.read(offset..end).await?;
        Ok(RecordHead::decode(&bytes))
    }

    /// The first offset from `start` on at which a record begins.
    async fn find_head(&self, mut start: u64) -> object_store::Result<Option<u64>> {
        while start + RecordHead::LEN as u64 <= self.size {
            let end = self.size.min(start + WINDOW);
            let bytes = self.read(start..end).await?;
            for at in memchr::memmem::find_iter(&bytes, &RecordHead::MAGIC) {
                let offset = start + at as u64;
                if self.head_at(offset).await?.is_some_and(|head| head.record_len() <= self.size - offset) {
                    return Ok(Some(offset));
                }
            }
            if end == self.size {
                break;
            }
            start = end - (RecordHead::MAGIC.len() as u64 - 1);
        }
        Ok(None)
    }

    async fn read(&self, range: Range<u64>) -> object_store::Result<Bytes> {
        self.objects.get_range(&self.path, range).await
    }
}
