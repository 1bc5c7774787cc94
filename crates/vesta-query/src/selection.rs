//! The profiles in a scope, as the scan of samples wants them.

use crate::column::{TextColumn, TextListColumn, integers};
use crate::extent::{Endpoints, Extent, ExtentColumns};
use crate::matcher::matches;
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::{Array, Int64Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_store::{ProfileId, Snapshot};

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
    /// The time and the calls of all of them.
    pub(crate) extent: Extent,
    /// Of each service the newest profile, services with most profiles first.
    pub(crate) newest: Vec<ProfileId>,
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
    extent: Extent,
}

/// How many profiles of a service there are, and how many of those are in scope.
#[derive(Clone, Copy, Default)]
struct Share {
    all: u64,
    found: u64,
    /// Start and id of the newest of those in scope.
    newest: (i64, i64),
}

struct Latest {
    start: i64,
    id: i64,
    service: String,
    extent: Extent,
}

impl Engine {
    /// Finds the profiles of `scope` that are wanted.
    pub(crate) async fn select(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        wanted: Wanted,
        endpoints: Endpoints,
    ) -> Result<Selection, QueryError> {
        let mut columns: Vec<&'static str> = match wanted {
            Wanted::All => vec!["service"],
            Wanted::LatestWith(_) => vec!["service", "host", "runtime_id", "value_types"],
        };
        columns.extend(ExtentColumns::NAMES);
        let expr = scope.expr.clone();
        let kind = wanted.clone();
        let step = move |found: &mut Found, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let extents = ExtentColumns::of(batch, &endpoints)?;
            match &kind {
                Wanted::All => found.add_all(batch, mask.as_ref(), &extents),
                Wanted::LatestWith(value_type) => {
                    found.add_latest(batch, mask.as_ref(), value_type, &extents)
                }
            }
        };
        let parts = self.fold_profiles(snapshot, scope, &columns, Found::default, step).await?;
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

// === impl Selection ===

impl Selection {
    /// What to say of an answer that so many samples of these profiles went into.
    pub(crate) fn basis(&self, scope: &Scope, samples: u64) -> Basis {
        self.extent.basis(scope, self.profiles, samples)
    }
}

// === impl Found ===

impl Found {
    fn add_all(
        &mut self,
        batch: &RecordBatch,
        mask: Option<&BooleanBuffer>,
        extents: &ExtentColumns,
    ) -> Result<(), QueryError> {
        let (ids, service) = (integers(batch, "profile_id")?, TextColumn::of(batch, "service")?);
        let mut shares = vec![Share::default(); service.texts().len()];
        let mut unnamed = Share::default();
        for row in 0..batch.num_rows() {
            let share = service.code(row).map_or(&mut unnamed, |code| &mut shares[code]);
            share.all += 1;
            if mask.is_none_or(|mask| mask.value(row)) {
                share.found += 1;
                share.newest = share.newest.max((extents.start(row), ids.value(row)));
                self.ids.push(ids.value(row));
                self.extent.merge(extents.get(row));
            }
        }
        let named = shares.iter().enumerate().map(|(code, share)| (service.texts().value(code), *share));
        for (name, share) in named.chain([("", unnamed)]).filter(|(_, share)| share.all > 0) {
            self.services.entry_ref(name).or_default().merge(share);
        }
        Ok(())
    }

    fn add_latest(
        &mut self,
        batch: &RecordBatch,
        mask: Option<&BooleanBuffer>,
        value_type: &str,
        extents: &ExtentColumns,
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
                extent: extents.get(row),
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
            extent: Extent::default(),
        });
        if (candidate.start, candidate.id) > (current.start, current.id) {
            *current = candidate;
        }
    }

    fn merge(&mut self, other: Found) {
        for (name, share) in other.services {
            self.services.entry(name).or_default().merge(share);
        }
        self.extent.merge(other.extent);
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
        let mut shares: Vec<(String, Share)> =
            self.services.into_iter().filter(|(_, share)| share.found > 0).collect();
        let newest = newest(shares.iter().map(|(_, share)| *share));
        shares.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let services = shares.into_iter().map(|(name, _)| name).collect();
        let profiles = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        self.ids.sort_unstable();
        let ids = (!whole).then_some(self.ids);
        Selection { profiles, services, all_services, ids, extent: self.extent, newest }
    }

    fn into_latest(self) -> Selection {
        let mut selection = Selection::default();
        let mut ids = Vec::with_capacity(self.latest.len());
        let mut shares: HashMap<String, Share, FixedState> = HashMap::default();
        for latest in self.latest.into_values() {
            ids.push(latest.id);
            selection.extent.merge(latest.extent);
            let share = Share { all: 1, found: 1, newest: (latest.start, latest.id) };
            shares.entry(latest.service).or_default().merge(share);
        }
        ids.sort_unstable();
        selection.newest = newest(shares.values().copied());
        selection.services = shares.into_keys().collect();
        selection.services.sort_unstable();
        selection.profiles = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        selection.ids = Some(ids);
        selection
    }
}

impl Share {
    fn merge(&mut self, other: Share) {
        self.all += other.all;
        self.found += other.found;
        self.newest = self.newest.max(other.newest);
    }
}

/// The newest profile of each service, services with most profiles first.
fn newest(shares: impl Iterator<Item = Share>) -> Vec<ProfileId> {
    let mut shares: Vec<Share> = shares.collect();
    shares.sort_unstable_by_key(|share| std::cmp::Reverse((share.found, share.newest)));
    shares.into_iter().map(|share| ProfileId(share.newest.1)).collect()
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
