//! Build ids.

use std::fmt;

/// What identifies one build of a binary: lower-case hexadecimal digits, so that it can be the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuildId(String);

/// That a text is no build id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no build id: those have {least} to {most} hexadecimal digits", least = BuildId::LEAST_DIGITS, most = BuildId::MOST_DIGITS)]
pub struct BuildIdError {
    /// The beginning of the text.
    text: String,
}

impl BuildId {
    /// Linkers make 16 (lld's `fast`), 32 or 40 digits.
    const LEAST_DIGITS: usize = 8;
    const MOST_DIGITS: usize = 128;

    /// Reads a build id in either case.
    pub fn parse(text: &str) -> Result<BuildId, BuildIdError> {
        let fits = (Self::LEAST_DIGITS..=Self::MOST_DIGITS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match fits {
            true => Ok(BuildId(text.to_ascii_lowercase())),
            false => Err(BuildIdError {
                text: text.chars().filter(|letter| !letter.is_control()).take(Self::MOST_DIGITS).collect(),
            }),
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
