//! The ways in which Pyroscope's older clients write stacks besides collapsed text: a stack per line, and two binary
//! trees.
//!
//! Both trees are written node by node, parents before children: the length of the name and the name, the value, how
//! many children follow; all numbers are varints. The names of a *tree* are frames. Those of a *trie* are pieces of
//! collapsed text, cut where stacks begin to differ, be it in the middle of a name.

use crate::collapsed::{CollapsedError, Stacks};
use crate::{Decoded, Limits};

/// How stacks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// A stack per line, without a number: each line is one sample.
    Lines,
    /// A tree of pieces of collapsed text.
    Trie,
    /// A tree of frames.
    Tree,
}

/// Why stacks could not be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StacksError {
    /// As for collapsed text.
    #[error(transparent)]
    Stacks(#[from] CollapsedError),
    /// The tree breaks off before anything was read.
    #[error("the tree breaks off at byte {at}")]
    CutOff {
        /// Where.
        at: usize,
    },
    /// Written out, the stacks would be too long.
    #[error("its stacks would take more than the {limit} bytes allowed when written out")]
    TooLong {
        /// The most that is allowed.
        limit: usize,
    },
}

/// Reads stacks, as a profile of `samples`/`count`.
pub fn decode(layout: Layout, bytes: &[u8], limits: &Limits) -> Result<Decoded, StacksError> {
    if bytes.len() > limits.max_bytes {
        return Err(CollapsedError::TooLarge { size: bytes.len(), limit: limits.max_bytes }.into());
    }
    match layout {
        Layout::Lines => lines(bytes, limits),
        Layout::Trie => Walk::new(bytes, "", limits).read(),
        Layout::Tree => Walk::new(bytes, ";", limits).read(),
    }
}

fn lines(bytes: &[u8], limits: &Limits) -> Result<Decoded, StacksError> {
    let mut stacks = Stacks::new(limits);
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if !line.is_empty() {
            let at = || format!("line {number}");
            let text = stacks.text(line, at);
            stacks.add(&text, 1, at)?;
        }
    }
    Ok(stacks.finish()?)
}

/// A tree as it is walked.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What stands between the names of two nodes.
    separator: &'static str,
    /// The names from the root to the node at hand.
    text: Vec<u8>,
    /// The nodes from the root to the one at hand.
    open: Vec<OpenNode>,
    /// Bytes of all stacks that were written out: a long name with many children is repeated for each of them.
    written: usize,
    limits: &'a Limits,
}

/// A node some of whose children are still to come.
struct OpenNode {
    children_left: u64,
    /// Bytes of the text without this node.
    text_before: usize,
}

impl<'a> Walk<'a> {
    fn new(bytes: &'a [u8], separator: &'static str, limits: &'a Limits) -> Self {
        Walk { bytes, at: 0, separator, text: Vec::new(), open: Vec::new(), written: 0, limits }
    }

    fn read(mut self) -> Result<Decoded, StacksError> {
        let mut stacks = Stacks::new(self.limits);
        loop {
            if self.node(&mut stacks)?.is_none() {
                let at = self.at;
                stacks.problems.note("the tree breaks off", || format!("byte {at}"));
                return stacks.finish().map_err(|error| match error {
                    CollapsedError::NoSamples => StacksError::CutOff { at },
                    error => error.into(),
                });
            }
            if self.open.is_empty() {
                return Ok(stacks.finish()?);
            }
        }
    }

    /// Reads one node; none if the bytes end within it.
    fn node(&mut self, stacks: &mut Stacks<'_>) -> Result<Option<()>, StacksError> {
        let Some((name, value, children)) = self.fields() else { return Ok(None) };
        let text_before = self.text.len();
        if !self.text.is_empty() && !name.is_empty() {
            self.text.extend_from_slice(self.separator.as_bytes());
        }
        self.text.extend_from_slice(name);
        if value > 0 {
            self.written = self.written.saturating_add(self.text.len());
            if self.written > self.limits.max_memory {
                return Err(StacksError::TooLong { limit: self.limits.max_memory });
            }
            let at = || format!("byte {}", self.at);
            let text = stacks.text(&self.text, at);
            stacks.add(&text, i64::try_from(value).unwrap_or(i64::MAX), at)?;
        }
        self.open.push(OpenNode { children_left: children, text_before });
        while let Some(node) = self.open.last_mut() {
            if node.children_left > 0 {
                node.children_left -= 1;
                break;
            }
            self.text.truncate(node.text_before);
            self.open.pop();
        }
        Ok(Some(()))
    }

    fn fields(&mut self) -> Option<(&'a [u8], u64, u64)> {
        let length = usize::try_from(self.varint()?).ok()?;
        let name = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some((name, self.varint()?, self.varint()?))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}
