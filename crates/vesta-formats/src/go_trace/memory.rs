//! What the decoder may still take.

/// Counts down the memory that a decoder may take.
#[derive(Debug)]
pub(super) struct Memory {
    left: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Memory { left: limit }
    }

    /// Takes `bytes` of memory before they are allocated, or says that there is not as much left. From then on there
    /// is none.
    #[must_use]
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// Gives back what is not needed any more.
    pub(super) fn give_back(&mut self, bytes: usize) {
        self.left += bytes;
    }
}
