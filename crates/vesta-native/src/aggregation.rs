//! The samples of a window, added up by process, thread, stack and label.

use crate::addresses::{Address, Marker, StackIndex, Stacks};
use crate::column::{Columns, Values};
use crate::process::Program;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;
use std::sync::Arc;
use vesta_profile::{StringId, StringTable};

/// What samples have in common that are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Position in [`Aggregation::programs`].
    pub(crate) program: u32,
    pub(crate) tid: u32,
    pub(crate) thread_name: StringId,
    pub(crate) stack: StackIndex,
    /// The name of a tracepoint; empty for others.
    pub(crate) label: StringId,
}

/// Whose sample it is.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) program: Arc<Program>,
    pub(crate) tid: u32,
    pub(crate) thread_name: Arc<str>,
    /// The name of a tracepoint; empty for others.
    pub(crate) label: Arc<str>,
}

/// A sample that keeps its time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    pub(crate) row: u32,
    pub(crate) time_ns: u64,
    pub(crate) values: Values,
}

/// The samples of a window.
#[derive(Debug)]
pub(crate) struct Aggregation {
    pub(crate) columns: Columns,
    pub(crate) strings: StringTable,
    pub(crate) programs: Vec<Arc<Program>>,
    program_index: HashMap<usize, u32>,
    pub(crate) stacks: Stacks,
    pub(crate) keys: Vec<Key>,
    index: HashTable<u32>,
    hasher: FixedState,
    /// As many as there are columns for each key.
    pub(crate) values: Vec<i64>,
    pub(crate) timed: Vec<Timed>,
    maximum_timed: usize,
    /// Samples beyond `maximum_timed`.
    pub(crate) times_dropped: u64,
}

impl Aggregation {
    /// Keeps the times of this many samples.
    pub(crate) fn new(columns: Columns, maximum_timed: usize) -> Self {
        Aggregation {
            columns,
            strings: StringTable::new(),
            programs: Vec::new(),
            program_index: HashMap::new(),
            stacks: Stacks::default(),
            keys: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
            values: Vec::new(),
            timed: Vec::new(),
            maximum_timed,
            times_dropped: 0,
        }
    }

    /// Adds a sample; with its time, if there is room for it.
    pub(crate) fn add(&mut self, owner: &Owner, stack: &[Address], values: Values, time_ns: Option<u64>) {
        let row = self.row(owner, stack);
        if let Some(time_ns) = time_ns.filter(|_| self.maximum_timed > 0) {
            if self.timed.len() < self.maximum_timed {
                self.timed.push(Timed { row, time_ns, values });
                return;
            }
            self.times_dropped += 1;
        }
        let start = row as usize * self.columns.len();
        for (column, value) in values.into_iter().flatten() {
            if let Some(position) = self.columns.position(column)
                && let Some(sum) = self.values.get_mut(start + position)
            {
                *sum = sum.saturating_add(value);
            }
        }
    }

    /// The sums of a row.
    pub(crate) fn sums(&self, row: usize) -> &[i64] {
        let start = row * self.columns.len();
        self.values.get(start..start + self.columns.len()).unwrap_or_default()
    }

    fn row(&mut self, owner: &Owner, stack: &[Address]) -> u32 {
        let stack = self
            .stacks
            .intern(stack)
            .or_else(|| self.stacks.intern(&[Marker::StackLimit.address()]))
            .unwrap_or(StackIndex(0));
        let key = Key {
            program: self.program(&owner.program),
            tid: owner.tid,
            thread_name: self.strings.intern(&owner.thread_name),
            stack,
            label: self.strings.intern(&owner.label),
        };
        let (keys, hasher) = (&mut self.keys, &self.hasher);
        let hash = hasher.hash_one(key);
        if let Some(&found) = self.index.find(hash, |&row| keys[row as usize] == key) {
            return found;
        }
        let row = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        keys.push(key);
        self.index.insert_unique(hash, row, |&row| hasher.hash_one(keys[row as usize]));
        self.values.resize(self.keys.len() * self.columns.len(), 0);
        row
    }

    fn program(&mut self, program: &Arc<Program>) -> u32 {
        // The table holds the programs, so that no other gets their place in memory.
        let place = Arc::as_ptr(program).addr();
        *self.program_index.entry(place).or_insert_with(|| {
            self.programs.push(program.clone());
            u32::try_from(self.programs.len() - 1).unwrap_or(u32::MAX)
        })
    }
}
