//! Which value types there are in a scope, and how much of each.

use crate::column::{PlaceMemo, TextListColumn, integer_lists, integers, range};
use crate::matcher::matches;
use crate::selection::ProcessColumns;
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::{Array, Int64Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use vesta_profile::{CanonicalType, Kind, ValueType};

/// The value types of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Types {
    /// Those that have values other than 0, most useful first.
    pub types: Vec<TypeSummary>,
    /// What stands behind them.
    pub basis: Basis,
    /// All that profiles in scope could have values of.
    pub(crate) declared: HashSet<String, FixedState>,
}

/// One value type of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSummary {
    /// The type.
    pub value_type: CanonicalType,
    /// The sum of its values: over profiles, or for snapshots over the latest profile of each process.
    pub total: i64,
    /// How many profiles that sum is made of.
    pub profiles: u64,
}

impl Engine {
    /// The value types of the profiles in scope.
    pub async fn types(&self, scope: &Scope) -> Result<Types, QueryError> {
        self.bounded(self.types_in_scope(scope)).await
    }

    /// [`Engine::types`] for a question that already runs.
    pub(crate) async fn types_in_scope(&self, scope: &Scope) -> Result<Types, QueryError> {
        let snapshot = self.store().snapshot().await;
        let columns = ["service", "host", "runtime_id", "start", "samples", "value_types", "totals"];
        let expr = scope.expr.clone();
        let step =
            move |tally: &mut Tally, batch: &RecordBatch| tally.add(batch, matches(&expr, batch)?.as_ref());
        let parts = self.fold_profiles(&snapshot, scope, &columns, Tally::default, step).await?;
        Ok(parts.into_iter().reduce(Tally::merge).unwrap_or_default().into_types())
    }
}

#[derive(Default)]
struct Tally {
    names: HashMap<String, usize, FixedState>,
    types: Vec<Sum>,
    /// For each process the latest value of each snapshot type.
    processes: HashMap<String, Vec<LatestValue>, FixedState>,
    basis: Basis,
    memo: PlaceMemo,
}

struct Sum {
    value_type: CanonicalType,
    total: i128,
    profiles: u64,
}

#[derive(Clone, Copy)]
struct LatestValue {
    index: usize,
    start: i64,
    id: i64,
    value: i64,
}

impl Tally {
    fn add(&mut self, batch: &RecordBatch, mask: Option<&BooleanBuffer>) -> Result<(), QueryError> {
        let names = TextListColumn::of(batch, "value_types")?;
        let (offsets, totals) = integer_lists(batch, "totals")?;
        let (ids, samples) = (integers(batch, "profile_id")?, integers(batch, "samples")?);
        let processes = ProcessColumns::of(batch)?;
        let mut memo = std::mem::take(&mut self.memo);
        let mut snapshots: Vec<LatestValue> = Vec::new();
        for row in (0..batch.num_rows()).filter(|&row| mask.is_none_or(|mask| mask.value(row))) {
            self.basis.profiles += 1;
            self.basis.samples += value_or_zero(&samples, row);
            snapshots.clear();
            for (place, (name, total)) in names.texts(row).zip(range(&offsets, row)).enumerate() {
                let index = memo.get(place, name, |name| self.index_of(name));
                let value = totals.value(total);
                let sum = &mut self.types[index];
                if sum.value_type.kind == Kind::Snapshot {
                    let (start, id) = (processes.starts.value(row), ids.value(row));
                    snapshots.push(LatestValue { index, start, id, value });
                } else if value != 0 {
                    sum.total += i128::from(value);
                    sum.profiles += 1;
                }
            }
            if !snapshots.is_empty() {
                processes.with_key(row, |process| self.offer(process, &snapshots));
            }
        }
        self.memo = memo;
        Ok(())
    }

    fn index_of(&mut self, name: &str) -> usize {
        if let Some(&index) = self.names.get(name) {
            return index;
        }
        let value_type = ValueType::new(name, "").canonical();
        self.types.push(Sum { value_type, total: 0, profiles: 0 });
        self.names.insert(name.to_owned(), self.types.len() - 1);
        self.types.len() - 1
    }

    fn offer(&mut self, process: &str, values: &[LatestValue]) {
        let latest = self.processes.entry_ref(process).or_default();
        for value in values {
            match latest.iter_mut().find(|known| known.index == value.index) {
                Some(known) if (known.start, known.id) < (value.start, value.id) => *known = *value,
                Some(_) => {}
                None => latest.push(*value),
            }
        }
    }

    fn merge(mut self, other: Tally) -> Tally {
        let indexes: Vec<usize> =
            other.types.iter().map(|sum| self.index_of(sum.value_type.name.as_ref())).collect();
        for (&index, sum) in indexes.iter().zip(&other.types) {
            self.types[index].total += sum.total;
            self.types[index].profiles += sum.profiles;
        }
        for (process, mut values) in other.processes {
            for value in &mut values {
                value.index = indexes[value.index];
            }
            self.offer(&process, &values);
        }
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        self
    }

    fn into_types(mut self) -> Types {
        for latest in self.processes.into_values().flatten().filter(|latest| latest.value != 0) {
            let sum = &mut self.types[latest.index];
            sum.total += i128::from(latest.value);
            sum.profiles += 1;
        }
        let mut types: Vec<TypeSummary> = self
            .types
            .into_iter()
            .filter(|sum| sum.profiles > 0)
            .map(|sum| TypeSummary {
                value_type: sum.value_type,
                total: i64::try_from(sum.total).unwrap_or(if sum.total < 0 { i64::MIN } else { i64::MAX }),
                profiles: sum.profiles,
            })
            .collect();
        types.sort_by(|a, b| {
            let name =
                |summary: &TypeSummary| (summary.value_type.rank(), summary.value_type.name.to_string());
            name(a).cmp(&name(b))
        });
        Types { types, basis: self.basis, declared: self.names.into_keys().collect() }
    }
}

fn value_or_zero(column: &Int64Array, row: usize) -> u64 {
    if column.is_valid(row) { u64::try_from(column.value(row)).unwrap_or(0) } else { 0 }
}
