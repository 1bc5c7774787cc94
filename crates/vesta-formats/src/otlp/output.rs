//! What every part of the decoder writes to.

use super::OtlpError;
use super::contents::Dictionary;
use super::schema::Table;
use crate::Limits;
use crate::budget::Budget;
use crate::decoded::Problems;
use vesta_profile::{Profile, StringId};

/// The profile as it grows, with what is needed to make it grow.
pub(super) struct Output<'a, 'd> {
    pub(super) profile: Profile,
    pub(super) limits: Limits,
    pub(super) budget: Budget,
    pub(super) problems: Problems,
    pub(super) dictionary: &'d Dictionary<'a>,
    /// The id of each string of the dictionary once it is interned, plus 1; else 0.
    interned: Vec<u32>,
}

impl<'a, 'd> Output<'a, 'd> {
    pub(super) fn new(limits: &Limits, budget: Budget, dictionary: &'d Dictionary<'a>) -> Self {
        Output {
            profile: Profile::default(),
            limits: *limits,
            budget,
            problems: Problems::default(),
            dictionary,
            interned: vec![0; dictionary.table(Table::Strings).len()],
        }
    }

    /// A string of the dictionary as a string of the profile.
    pub(super) fn intern(&mut self, index: u64) -> Result<StringId, OtlpError> {
        let known = usize::try_from(index).ok().and_then(|index| self.interned.get(index).copied());
        match known {
            Some(0) => {
                let text = self.dictionary.text(index);
                let id = self.intern_text(&text)?;
                if let Some(slot) = usize::try_from(index).ok().and_then(|index| self.interned.get_mut(index))
                {
                    *slot = id.0 + 1;
                }
                Ok(id)
            }
            Some(id) => Ok(StringId(id - 1)),
            None if index == 0 => Ok(StringId::EMPTY),
            None => {
                self.problems.note("a string is referred to that is not there", || format!("string {index}"));
                Ok(StringId::EMPTY)
            }
        }
    }

    /// Text as a string of the profile.
    pub(super) fn intern_text(&mut self, text: &str) -> Result<StringId, OtlpError> {
        let known = self.profile.strings.len();
        let id = self.profile.strings.intern(text);
        if self.profile.strings.len() > known {
            self.budget.take(text.len() + 16)?;
        }
        Ok(id)
    }

    /// Text of the dictionary; empty if it is not there.
    pub(super) fn text(&mut self, index: u64) -> Result<String, OtlpError> {
        let text = self.dictionary.text(index).into_owned();
        self.budget.take(text.len() + size_of::<String>())?;
        Ok(text)
    }
}
