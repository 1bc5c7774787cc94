//! The copy of a stack.

/// The bytes of a stack from the stack pointer up, as far as they were copied.
#[derive(Clone, Copy, Debug)]
pub struct Stack<'a> {
    /// The address of the first byte: the stack pointer when the sample was taken.
    pub start: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Why a word cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is above the copy, near enough to be of the same stack.
    AboveCopy,
    /// It is somewhere else.
    Elsewhere,
}

impl Stack<'_> {
    /// The word at an address.
    #[inline]
    pub(crate) fn word(&self, address: u64) -> Result<u64, Unread> {
        let word = usize::try_from(address.wrapping_sub(self.start))
            .ok()
            .and_then(|offset| self.bytes.get(offset..))
            .and_then(|bytes| bytes.first_chunk());
        match word {
            Some(word) => Ok(u64::from_le_bytes(*word)),
            None => Err(self.unread(address)),
        }
    }

    /// Whether an address is that of a byte of the copy.
    #[inline]
    pub(crate) fn contains(&self, address: u64) -> bool {
        address.wrapping_sub(self.start) < self.bytes.len() as u64
    }

    #[cold]
    fn unread(&self, address: u64) -> Unread {
        // Stacks are 8 MiB by default and 1 GiB where somebody raised the limit; heap and stack are further apart.
        const LARGEST: u64 = 1 << 30;
        if address >= self.start && address - self.start < LARGEST {
            Unread::AboveCopy
        } else {
            Unread::Elsewhere
        }
    }
}
