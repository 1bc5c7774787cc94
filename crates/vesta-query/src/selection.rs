//! The profiles in a scope, as the scan of samples wants them.

use crate::column::{TextColumn, TextListColumn, integers};
use crate::matcher::matches;
use crate::{Engine, QueryError, Scope};
use arrow::array::{Array, Int64Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_store::Snapshot;

/// The profiles in a scope.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// How many profiles there are.
    pub(crate) profiles: u64,
    /// The services that they belong to, sorted.
    pub(crate) services: Vec<String>,
    /// Whether these are all services there are in the time of the scope.
    pub(crate) all_services: bool,
    /// The profiles by id, sorted; `None` if they are all profiles of `services` in the time of the scope.
    pub(crate) ids: Option<Vec<i64>>,
}

/// Which of the profiles in scope count.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// Of each process the latest one that has values of this type.
    LatestWith(String),
}

#[derive(Default)]
struct Found {
    services: HashMap<String, Share, FixedState>,
    ids: Vec<i64>,
    latest: HashMap<String, Latest, FixedState>,
}

/// How many profiles of a service there are, and how many of those are in scope.
#[derive(Clone, Copy, Default)]
struct Share {
    all: u64,
    found: u64,
}

struct Latest {
    start: i64,
    id: i64,
    service: String,
}

impl Engine {
    /// Finds the profiles of `scope` that are wanted.
    pub(crate) async fn select(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        wanted: Wanted,
    ) -> Result<Selection, QueryError> {
        let columns: &[&'static str] = match wanted {
            Wanted::All => &["service"],
            Wanted::LatestWith(_) => &["service", "host", "runtime_id", "start", "value_types"],
        };
        let expr = scope.expr.clone();
        let kind = wanted.clone();
        let step = move |found: &mut Found, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            match &kind {
                Wanted::All => found.add_all(batch, mask.as_ref()),
                Wanted::LatestWith(value_type) => found.add_latest(batch, mask.as_ref(), value_type),
            }
        };
        let parts = self.fold_profiles(snapshot, scope, columns, Found::default, step).await?;
        let mut found = Found::default();
        for part in parts {
            found.merge(part);
        }
        Ok(match wanted {
            Wanted::All => found.into_selection(!scope.profiles.is_empty()),
            Wanted::LatestWith(_) => found.into_latest(),
        })
    }
}

// === impl Found ===

impl Found {
    fn add_all(&mut self, batch: &RecordBatch, mask: Option<&BooleanBuffer>) -> Result<(), QueryError> {
        let (ids, service) = (integers(batch, "profile_id")?, TextColumn::of(batch, "service")?);
        let mut shares = vec![Share::default(); service.texts().len()];
        let mut unnamed = Share::default();
        for row in 0..batch.num_rows() {
            let share = service.code(row).map_or(&mut unnamed, |code| &mut shares[code]);
            share.all += 1;
            if mask.is_none_or(|mask| mask.value(row)) {
                share.found += 1;
                self.ids.push(ids.value(row));
            }
        }
        let named = shares.iter().enumerate().map(|(code, share)| (service.texts().value(code), *share));
        for (name, share) in named.chain([("", unnamed)]).filter(|(_, share)| share.all > 0) {
            let total = self.services.entry_ref(name).or_default();
            total.all += share.all;
            total.found += share.found;
        }
        Ok(())
    }

    fn add_latest(
        &mut self,
        batch: &RecordBatch,
        mask: Option<&BooleanBuffer>,
        value_type: &str,
    ) -> Result<(), QueryError> {
        let ids = integers(batch, "profile_id")?;
        let processes = ProcessColumns::of(batch)?;
        let has_type = TextListColumn::of(batch, "value_types")?.rows_where(|name| name == value_type);
        for row in 0..batch.num_rows() {
            if !has_type.value(row) || !mask.is_none_or(|mask| mask.value(row)) {
                continue;
            }
            let latest = Latest {
                start: processes.starts.value(row),
                id: ids.value(row),
                service: processes.service.text(row).to_owned(),
            };
            processes.with_key(row, |key| self.offer(key, latest));
        }
        Ok(())
    }

    fn offer(&mut self, process: &str, candidate: Latest) {
        let current = self.latest.entry_ref(process).or_insert_with(|| Latest {
            start: i64::MIN,
            id: i64::MIN,
            service: String::new(),
        });
        if (candidate.start, candidate.id) > (current.start, current.id) {
            *current = candidate;
        }
    }

    fn merge(&mut self, other: Found) {
        for (name, share) in other.services {
            let total = self.services.entry(name).or_default();
            total.all += share.all;
            total.found += share.found;
        }
        self.ids.extend(other.ids);
        for (process, latest) in other.latest {
            self.offer(&process, latest);
        }
    }

    /// `explicit` says that the scan went over explicit ids, so that it does not know all profiles of a service.
    fn into_selection(mut self, explicit: bool) -> Selection {
        let whole =
            !explicit && self.services.values().all(|share| share.found == 0 || share.found == share.all);
        let all_services = !explicit && self.services.values().all(|share| share.found > 0);
        let mut services: Vec<String> =
            self.services.into_iter().filter(|(_, share)| share.found > 0).map(|(name, _)| name).collect();
        services.sort_unstable();
        let profiles = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        self.ids.sort_unstable();
        Selection { profiles, services, all_services, ids: (!whole).then_some(self.ids) }
    }

    fn into_latest(self) -> Selection {
        let (mut ids, mut services): (Vec<i64>, Vec<String>) =
            self.latest.into_values().map(|latest| (latest.id, latest.service)).unzip();
        ids.sort_unstable();
        services.sort_unstable();
        services.dedup();
        Selection {
            profiles: u64::try_from(ids.len()).unwrap_or(u64::MAX),
            services,
            all_services: false,
            ids: Some(ids),
        }
    }
}

/// The columns that tell processes apart and their profiles in time.
pub(crate) struct ProcessColumns {
    pub(crate) service: TextColumn,
    pub(crate) starts: Int64Array,
    host: TextColumn,
    runtime_id: TextColumn,
}

impl ProcessColumns {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, QueryError> {
        Ok(ProcessColumns {
            service: TextColumn::of(batch, "service")?,
            starts: integers(batch, "start")?,
            host: TextColumn::of(batch, "host")?,
            runtime_id: TextColumn::of(batch, "runtime_id")?,
        })
    }

    /// Calls `take` with what names the process of a row: its runtime id, else its service and host.
    pub(crate) fn with_key(&self, row: usize, take: impl FnOnce(&str)) {
        match self.runtime_id.text(row) {
            "" => take(&format!("{}\u{0}{}", self.service.text(row), self.host.text(row))),
            runtime_id => take(runtime_id),
        }
    }
}
