//! What every part of the decoder writes to.

use super::PprofError;
use crate::Limits;
use crate::budget::Budget;
use crate::decoded::Problems;
use vesta_profile::{Profile, StringId};

/// The profile as it grows, with what is needed to make it grow.
pub(super) struct Output<'a> {
    pub(super) profile: Profile,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    pub(super) problems: Problems,
    strings: Vec<&'a [u8]>,
    /// The id of each string of the file once it is interned, plus 1; else 0. Most files hold strings that nothing
    /// refers to.
    interned: Vec<u32>,
}

impl<'a> Output<'a> {
    pub(super) fn new(limits: &Limits, budget: Budget, problems: Problems, strings: Vec<&'a [u8]>) -> Self {
        let interned = vec![0; strings.len()];
        Output { profile: Profile::default(), limits: *limits, budget, problems, strings, interned }
    }

    /// The strings of the file.
    pub(super) fn strings(&self) -> &[&'a [u8]] {
        &self.strings
    }

    /// String `index` of the file as a string of the profile.
    pub(super) fn intern(&mut self, index: u64) -> Result<StringId, PprofError> {
        let known = usize::try_from(index).ok().and_then(|index| self.interned.get(index));
        match known {
            Some(0) => self.intern_new(index),
            Some(&id) => Ok(StringId(id - 1)),
            // pprof demands that string 0 is there and empty; without it, it still means no string.
            None if index == 0 => Ok(StringId::EMPTY),
            None => {
                self.problems.note("a string is referred to that is not there", || format!("string {index}"));
                Ok(StringId::EMPTY)
            }
        }
    }

    /// String `index` of the file as text of its own; empty if it is not there.
    pub(super) fn text(&mut self, index: u64) -> Result<String, PprofError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(bytes) = self.strings.get(position) else {
            if index != 0 {
                self.problems.note("a string is referred to that is not there", || format!("string {index}"));
            }
            return Ok(String::new());
        };
        // Each bad byte becomes a replacement character of three.
        self.budget.take(bytes.len() * 3 + size_of::<String>())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    #[cold]
    fn intern_new(&mut self, index: u64) -> Result<StringId, PprofError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(bytes) = self.strings.get(position).copied() else { return Ok(StringId::EMPTY) };
        self.budget.take(bytes.len() + 16)?;
        let id = match std::str::from_utf8(bytes) {
            Ok(text) => self.profile.strings.intern(text),
            Err(_) => {
                self.problems.note("a string is not UTF-8", || format!("string {index}"));
                // Each bad byte becomes a replacement character of three.
                self.budget.take(bytes.len() * 2)?;
                self.profile.strings.intern(&String::from_utf8_lossy(bytes))
            }
        };
        self.interned[position] = id.0 + 1;
        Ok(id)
    }
}
