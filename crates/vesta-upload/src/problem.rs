//! What was wrong with an upload that was kept all the same.

use std::fmt;

/// Something wrong with an upload that did not keep the rest of it from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file name of the part, if the problem is in one.
    pub part: Option<String>,
    /// What is wrong and what was done about it.
    pub message: String,
}

impl Problem {
    /// A problem within a part.
    pub fn in_part(part: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { part: Some(part.into()), message: message.into() }
    }

    /// A problem of the upload as a whole.
    pub fn general(message: impl Into<String>) -> Self {
        Problem { part: None, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Some(part) => write!(formatter, "part {part}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}
