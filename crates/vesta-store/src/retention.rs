//! Deleting what is too old or too much.
//!
//! Segments of the log and files of the tables are deleted as a whole, the oldest first: by the time of *receipt* of
//! the newest upload in them, so that what was imported today stays, however long ago it was recorded.
//!
//! Age is measured by a clock that people and machines set. One that jumps ahead would make fresh data look old, so
//! age deletes nothing until the clock has run evenly for a while; size always does.

use crate::core::{Core, count, lock};
use crate::log::segment::{SegmentInfo, segment_path};
use crate::storage::{DiskSpace, disk_space};
use crate::tables::catalog::{Change, Reason};
use crate::tables::data_file::DataFile;
use crate::tables::schema::Table;
use crate::{ProfileId, Retention, TableError, Timestamp};
use object_store::ObjectStoreExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the clock must have run evenly after a jump.
const EVEN_TIME: Duration = Duration::from_hours(1);
/// How far the clock may drift from one look at it to the next.
const DRIFT: Duration = Duration::from_mins(2);
/// Deleting goes on to this share of the limit, so that it does not start again at once.
const TARGET_PERCENT: u64 = 95;

/// Watches whether the clock on the wall runs evenly.
#[derive(Debug, Default)]
pub(crate) struct ClockWatch(Mutex<Option<Watched>>);

#[derive(Clone, Copy, Debug)]
struct Watched {
    wall: Timestamp,
    uptime: Duration,
    /// Since when the clock has run evenly; none if it always has.
    even_since: Option<Duration>,
}

/// Something that is deleted as a whole.
struct Unit {
    last_received: Timestamp,
    bytes: u64,
    what: What,
}

enum What {
    Segment(ProfileId),
    File(Table, Arc<DataFile>),
}

/// The most bytes that a store may use on this disk.
pub(crate) fn disk_limit(retention: &Retention, disk: DiskSpace) -> u64 {
    let permille = (retention.max_disk_share.clamp(0.0, 1.0) * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let share = (disk.total / 1000).saturating_mul(permille as u64);
    share.min(retention.max_bytes.unwrap_or(u64::MAX))
}

impl ClockWatch {
    /// Whether the clock can be trusted with deleting.
    fn is_even(&self, wall: Timestamp, uptime: Duration, newest: Option<Timestamp>) -> bool {
        let mut watched = lock(&self.0);
        let even_since = match *watched {
            // At the start there is only the data to compare with. It cannot be from the future; and when it is very
            // old, either the server was off for long or the clock has jumped.
            None => {
                let is_plausible = newest
                    .is_none_or(|newest| wall >= newest && newest >= wall.before(Duration::from_hours(24)));
                if is_plausible { None } else { Some(uptime) }
            }
            Some(last) => {
                let expected = last.wall.0.saturating_add(as_micros(uptime.saturating_sub(last.uptime)));
                let is_even = wall.0.abs_diff(expected) <= as_micros(DRIFT).unsigned_abs();
                if is_even { last.even_since } else { Some(uptime) }
            }
        };
        *watched = Some(Watched { wall, uptime, even_since });
        even_since.is_none_or(|since| uptime.saturating_sub(since) >= EVEN_TIME)
    }
}

fn as_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Core {
    /// Deletes what is too old or too much.
    pub(crate) async fn enforce_retention(&self) -> Result<(), TableError> {
        let _guard = self.maintaining.lock().await;
        let retention = self.retention();
        let mut units = self.units();
        units.sort_by_key(|unit| unit.last_received);
        let mut too_old = Timestamp(i64::MIN);
        let now = self.config.now();
        let newest = self.view().newest;
        if self.clock_watch.is_even(now, self.config.clock.uptime(), newest) {
            too_old = now.before(retention.max_age);
        } else {
            tracing::warn!(
                "the clock has jumped; nothing is deleted for its age until it runs evenly for an hour"
            );
        }
        let disk = disk_space(&self.storage.root)
            .map_err(|source| TableError::Io { path: self.storage.root.to_path_buf(), source })?;
        let limit = disk_limit(&retention, disk);
        let mut used: u64 = units.iter().map(|unit| unit.bytes).sum();
        let target = if used > limit { limit / 100 * TARGET_PERCENT } else { u64::MAX };
        let mut doomed = Vec::new();
        for unit in units {
            if unit.last_received >= too_old && used <= target {
                break;
            }
            used = used.saturating_sub(unit.bytes);
            doomed.push(unit);
        }
        self.delete(doomed).await
    }

    /// Everything that can be deleted.
    fn units(&self) -> Vec<Unit> {
        let view = self.view();
        let mut units = Vec::new();
        // What the tables do not have yet must stay in the log, and the last segment may be open.
        let in_memory = view.pending.len() + view.active.profiles() > 0 || view.sealed.is_some();
        let segments = self.segments.all();
        let flushed = view.files[Table::Profiles].iter().map(|file| file.flush).max();
        for window in segments.windows(2) {
            let [(first, SegmentInfo { bytes, last_received }), (next, _)] = *window else { continue };
            if in_memory && flushed.is_none_or(|flushed| flushed.0 < next.0 - 1) {
                break;
            }
            units.push(Unit { last_received, bytes, what: What::Segment(first) });
        }
        // Stacks and frames of a day stay as long as any sample of it may need them.
        let newest_samples = |date: &str| {
            let samples = view.files[Table::Samples].iter().filter(|file| file.date == date);
            samples.map(|file| file.last_received()).max()
        };
        for (table, files) in view.files.iter() {
            for file in files.iter() {
                let last_received = match table {
                    Table::Stacks | Table::Frames => newest_samples(&file.date),
                    _ => None,
                };
                units.push(Unit {
                    last_received: last_received.unwrap_or(file.last_received()),
                    bytes: file.size,
                    what: What::File(table, Arc::clone(file)),
                });
            }
        }
        units
    }

    /// Takes files off their lists first, then deletes them.
    async fn delete(&self, units: Vec<Unit>) -> Result<(), TableError> {
        count(&self.counters.retired_bytes, units.iter().map(|unit| unit.bytes).sum());
        for table in Table::ALL.into_iter().rev() {
            let remove: Vec<_> = units
                .iter()
                .filter_map(|unit| match &unit.what {
                    What::File(of, file) if *of == table => Some(Arc::clone(file)),
                    _ => None,
                })
                .collect();
            if remove.is_empty() {
                continue;
            }
            let change = Change { add: Vec::new(), remove, reason: Reason::Deletion };
            self.catalogs[table].commit(&change, self.config.now()).await?;
            self.publish(table, &[], &change.remove);
        }
        let segments: Vec<ProfileId> = units
            .iter()
            .filter_map(|unit| if let What::Segment(first) = unit.what { Some(first) } else { None })
            .collect();
        // Files are deleted once nobody holds them.
        drop(units);
        for first in segments {
            match self.storage.objects.delete(&segment_path(first)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => self.segments.remove(first),
                Err(error) => return Err(error.into()),
            }
        }
        self.delete_unlisted().await;
        Ok(())
    }
}
