//! What a decoder may still take.

/// Counts down the memory that a decoder may take.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    limit: usize,
}

/// A decoder would take more memory than it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooMuchMemory {
    pub(crate) limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Budget { left: limit, limit }
    }

    /// Takes `bytes` of memory, before they are allocated.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), TooMuchMemory> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(TooMuchMemory { limit: self.limit }),
        }
    }
}
