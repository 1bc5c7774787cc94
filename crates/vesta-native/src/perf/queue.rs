//! Records of all rings, in the order of time.
//!
//! A record is in its ring soon after its time was taken, but rings are read one after another: what is younger than the
//! reorder window waits for the next round.

use super::record::time_of;

/// Records that were copied out of rings.
#[derive(Debug, Default)]
pub(super) struct Queue {
    words: Vec<u64>,
    entries: Vec<Entry>,
    /// The time of the youngest record that was handed out.
    handed_out: u64,
    /// How many records came later than younger ones that were handed out already.
    pub(super) out_of_order: u64,
    /// How many times a ring held something that is no record.
    pub(super) broken: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    time_ns: u64,
    start: usize,
    length: usize,
}

/// Room that is kept between rounds; more, after a burst, is given back.
const KEPT_WORDS: usize = 1 << 17;

impl Queue {
    /// Adds the record that `write` appends.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u64>)) {
        let start = self.words.len();
        write(&mut self.words);
        let record = self.words.get(start..).unwrap_or_default();
        match time_of(record) {
            Some(time_ns) => self.entries.push(Entry { time_ns, start, length: record.len() }),
            None => {
                self.broken += 1;
                self.words.truncate(start);
            }
        }
    }

    /// Whether a record that waits is of some kind.
    pub(super) fn any(&self, is: impl Fn(&[u64]) -> bool) -> bool {
        self.waiting().any(is)
    }

    /// Puts what waits into order, and shows it.
    pub(super) fn look_ahead(&mut self) -> impl Iterator<Item = &[u64]> {
        self.entries.sort_by_key(|entry| entry.time_ns);
        self.waiting()
    }

    /// Hands out what is not younger than `until_ns`, oldest first.
    pub(super) fn hand_out(&mut self, until_ns: u64, mut take: impl FnMut(&[u64])) {
        // Stable, so that records of the same time stay in the order of their ring; each ring is a sorted run or nearly.
        self.entries.sort_by_key(|entry| entry.time_ns);
        let ready = self.entries.partition_point(|entry| entry.time_ns <= until_ns);
        for entry in self.entries.iter().take(ready) {
            if entry.time_ns < self.handed_out {
                self.out_of_order += 1;
            }
            self.handed_out = self.handed_out.max(entry.time_ns);
            if let Some(record) = self.words.get(entry.start..entry.start + entry.length) {
                take(record);
            }
        }
        if ready == self.entries.len() {
            self.entries.clear();
            self.words.clear();
            self.words.shrink_to(KEPT_WORDS);
        } else if ready > 0 {
            self.keep_rest(ready);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &[u64]> {
        self.entries.iter().filter_map(|entry| self.words.get(entry.start..entry.start + entry.length))
    }

    fn keep_rest(&mut self, ready: usize) {
        self.entries.drain(..ready);
        let length = self.entries.iter().map(|entry| entry.length).sum();
        let mut words = Vec::with_capacity(length);
        for entry in &mut self.entries {
            let start = words.len();
            words.extend_from_slice(
                self.words.get(entry.start..entry.start + entry.length).unwrap_or_default(),
            );
            entry.start = start;
        }
        self.words.clear();
        self.words.shrink_to(KEPT_WORDS);
        self.words.append(&mut words);
    }
}
