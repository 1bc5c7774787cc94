//! What decoders answer.

use std::fmt;
use vesta_profile::Profile;

/// What could be read of a file, and what could not.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    /// What could be read.
    pub profile: Profile,
    /// What was wrong with the file, one entry per kind of fault.
    pub problems: Vec<Problem>,
}

/// A fault of a file that did not keep it from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: &'static str,
    /// Where, for the first time: `sample 12`, `line 3`.
    pub first: String,
    /// How many times.
    pub count: u64,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { what, first, count } = self;
        match count {
            0 | 1 => write!(formatter, "{what} ({first})"),
            _ => write!(formatter, "{what} ({count} times, first: {first})"),
        }
    }
}

/// Problems as they are found. What is kept is bounded by the number of kinds of faults a decoder knows.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a fault; `place` is asked only for the first of its kind.
    #[cold]
    pub(crate) fn note(&mut self, what: &'static str, place: impl FnOnce() -> String) {
        match self.0.iter_mut().find(|problem| problem.what == what) {
            Some(problem) => problem.count += 1,
            None => self.0.push(Problem { what, first: place(), count: 1 }),
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}
