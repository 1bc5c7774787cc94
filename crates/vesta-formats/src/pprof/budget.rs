//! What a decoder may still take.

use super::PprofError;

/// Counts down the memory that a decoder may take.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    limit: usize,
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Budget { left: limit, limit }
    }

    /// Takes `bytes` of memory, before they are allocated.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), PprofError> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(PprofError::TooMuchMemory { limit: self.limit }),
        }
    }
}
