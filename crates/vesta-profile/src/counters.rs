//! What happened between two readings of counters that only grow.

use crate::{LabelSetId, LabelValue, Profile, Sample, StackId, StringTable, ValueType};
use crate::{frame_hashes, stack_hashes};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use xxhash_rust::xxh3::Xxh3;

/// Remembers the last reading of the counters of one process, and tells what came since.
///
/// Go counts allocations and waits from the start of the process: a reading holds all that ever happened. Which columns
/// are such counters the caller says; the others are how things are at the time of the reading, and stay so.
///
/// It keeps a hash and the counters of every stack and label set that ever counted something, as the process does.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    columns: Vec<String>,
    last: HashMap<Key, Vec<i64>, FixedState>,
}

/// A reading, as a profile of the time since another.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Counters are what was added, other columns are as they were read. Rows with nothing in any column are left out.
    pub profile: Profile,
    /// What the counters are counted from.
    pub since: Since,
}

/// What the counters of a [`Reading`] are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// There was no reading before: from the start of the process, whenever that was.
    Start,
    /// From the reading before.
    LastReading,
    /// Counters had become smaller: this is another process, or one that forgot them. From its start, which was after the
    /// reading before.
    Restart,
}

/// A stack and a label set, by content.
type Key = (i64, u64);

/// Smaller counters are no sign of a restart as long as they make up less than this part of all: they are computed from
/// samples, and may differ by the rounding.
const NOISE: i128 = 100;

impl Counters {
    /// Counters that were not read yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a reading and tells what was added since the one before.
    pub fn read(&mut self, profile: &Profile, is_counter: impl Fn(&ValueType) -> bool) -> Reading {
        let is_counter: Vec<bool> = profile.value_types.iter().map(is_counter).collect();
        let rows = Rows::of(profile, &is_counter);
        let since = self.since(profile, &rows);
        if since != Since::LastReading {
            self.last.clear();
            self.columns = profile.value_types.iter().map(|value_type| value_type.name.clone()).collect();
        }
        let mut difference = Profile {
            value_types: profile.value_types.clone(),
            strings: profile.strings.clone(),
            frames: profile.frames.clone(),
            mappings: profile.mappings.clone(),
            stacks: profile.stacks.clone(),
            label_sets: profile.label_sets.clone(),
            start_ns: profile.start_ns,
            duration_ns: profile.duration_ns,
            period: profile.period.clone(),
            comments: profile.comments.clone(),
            ..Profile::new(profile.value_types.clone())
        };
        for row in &rows.rows {
            let mut values = row.values.clone();
            if let Some(last) = self.last.get(&row.key) {
                let counters = values.iter_mut().zip(last).zip(&is_counter).filter(|(_, counter)| **counter);
                counters.for_each(|((value, last), _)| *value = value.saturating_sub(*last).max(0));
            }
            if values.iter().any(|&value| value != 0) {
                let (stack, labels) = (row.stack, row.labels);
                difference.samples.push(Sample { stack, labels, values: &values, ..Sample::default() });
            }
        }
        let counted = |row: &Row| row.values.iter().zip(&is_counter).any(|(&value, &is)| is && value != 0);
        self.last = rows.rows.into_iter().filter(counted).map(|row| (row.key, row.values)).collect();
        Reading { profile: difference, since }
    }

    fn since(&self, profile: &Profile, rows: &Rows) -> Since {
        if self.columns.is_empty() {
            return Since::Start;
        }
        let same = self.columns.iter().eq(profile.value_types.iter().map(|value_type| &value_type.name));
        let shrank = |column: usize| {
            let value = |values: &[i64]| i128::from(values.get(column).copied().unwrap_or(0));
            let before: i128 = self.last.values().map(|values| value(values)).sum();
            let mut now = 0;
            let mut grown_or_same = 0;
            for row in &rows.rows {
                now += value(&row.values);
                let last = self.last.get(&row.key).map_or(0, |values| value(values));
                grown_or_same += last.min(value(&row.values));
            }
            now < before || before - grown_or_same > before / NOISE
        };
        if same && !rows.counters.iter().any(|&column| shrank(column)) {
            Since::LastReading
        } else {
            Since::Restart
        }
    }
}

/// The samples of a reading, added up by stack and labels.
struct Rows {
    rows: Vec<Row>,
    /// The columns that are counters.
    counters: Vec<usize>,
}

struct Row {
    key: Key,
    stack: StackId,
    labels: LabelSetId,
    values: Vec<i64>,
}

impl Rows {
    fn of(profile: &Profile, is_counter: &[bool]) -> Rows {
        let stacks = stack_hashes(&profile.stacks, &frame_hashes(&profile.strings, &profile.frames));
        let sets: Vec<u64> = label_set_hashes(profile);
        let mut places: HashMap<Key, usize, FixedState> = HashMap::default();
        let mut rows: Vec<Row> = Vec::new();
        let samples = &profile.samples;
        for (index, (&stack, &labels)) in samples.stacks.iter().zip(&samples.labels).enumerate() {
            let key = (
                stacks.get(stack.index()).map_or(0, |hash| hash.0),
                sets.get(labels.index()).copied().unwrap_or(0),
            );
            let place = *places.entry(key).or_insert_with(|| {
                rows.push(Row { key, stack, labels, values: vec![0; samples.values.len()] });
                rows.len() - 1
            });
            let row = rows[place].values.iter_mut().zip(&samples.values);
            row.for_each(|(sum, column)| {
                *sum = sum.saturating_add(column.get(index).copied().unwrap_or(0));
            });
        }
        let counters = is_counter.iter().enumerate().filter(|(_, is)| **is).map(|(column, _)| column);
        Rows { rows, counters: counters.collect() }
    }
}

fn label_set_hashes(profile: &Profile) -> Vec<u64> {
    let text = |strings: &StringTable, hasher: &mut Xxh3, id| {
        let text = strings.get(id);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    let hash = |set: &[crate::Label]| {
        let mut hasher = Xxh3::new();
        for label in set {
            text(&profile.strings, &mut hasher, label.key);
            match label.value {
                LabelValue::Text(value) => text(&profile.strings, &mut hasher, value),
                LabelValue::Number(number, unit) => {
                    hasher.update(&number.to_le_bytes());
                    text(&profile.strings, &mut hasher, unit);
                }
            }
        }
        hasher.digest()
    };
    profile.label_sets.iter().map(hash).collect()
}
