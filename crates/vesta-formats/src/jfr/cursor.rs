//! A place in a chunk, and the primitive values that are read there.

use super::text::{Text, TextForm};

/// Reads forward from a place. Nothing is read past the end: `None` says that the bytes break off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    compressed: bool,
}

/// The high bit of each byte, which says that an integer goes on.
const CONTINUES: u64 = 0x8080_8080_8080_8080;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, compressed: bool) -> Self {
        Cursor { bytes, at, compressed }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// An integer of 16 bits, sign or not: its low bits.
    pub(super) fn short(&mut self) -> Option<u16> {
        match self.compressed {
            true => self.varint().map(low_16),
            false => self.fixed().map(u16::from_be_bytes),
        }
    }

    /// An integer of 32 bits, sign or not: its low bits.
    pub(super) fn int(&mut self) -> Option<u32> {
        match self.compressed {
            true => self.varint().map(low_32),
            false => self.fixed().map(u32::from_be_bytes),
        }
    }

    pub(super) fn long(&mut self) -> Option<u64> {
        match self.compressed {
            true => self.varint(),
            false => self.fixed().map(u64::from_be_bytes),
        }
    }

    pub(super) fn float(&mut self) -> Option<f32> {
        self.fixed().map(f32::from_be_bytes)
    }

    pub(super) fn double(&mut self) -> Option<f64> {
        self.fixed().map(f64::from_be_bytes)
    }

    /// How many of something follow. A count above what the bytes can hold is refused, so nobody reserves for it.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.int()?).ok()?;
        (count <= self.remaining()).then_some(count)
    }

    /// A string in any of its encodings.
    pub(super) fn text(&mut self) -> Option<TextForm<'a>> {
        Some(match self.byte()? {
            0 => TextForm::Null,
            1 => TextForm::Here(Text::EMPTY),
            2 => TextForm::Pooled(self.long()?),
            3 => TextForm::Here(Text::utf8(self.sized()?)),
            4 => {
                let count = self.count()?;
                let start = self.at;
                match self.compressed {
                    true => self.skip_varints(count)?,
                    false => drop(self.take(count.checked_mul(2)?)?),
                }
                TextForm::Here(Text::chars(self.bytes.get(start..self.at)?, self.compressed))
            }
            5 => TextForm::Here(Text::latin1(self.sized()?)),
            _ => return None,
        })
    }

    /// Goes past `count` compressed integers, several at a time.
    pub(super) fn skip_varints(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            let Some(word) = self.word() else {
                self.varint()?;
                count -= 1;
                continue;
            };
            let mut ends = !word & CONTINUES;
            let found = usize::try_from(ends.count_ones()).ok()?;
            if found == 0 {
                // Eight bytes go on, so the ninth is the last, whatever its high bit says.
                self.take(9)?;
                count -= 1;
            } else if found < count {
                self.at += 8 - usize::try_from(ends.leading_zeros() / 8).ok()?;
                count -= found;
            } else {
                for _ in 1..count {
                    ends &= ends - 1;
                }
                self.at += usize::try_from(ends.trailing_zeros() / 8).ok()? + 1;
                count = 0;
            }
        }
        Some(())
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.take(count)
    }

    fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = self.bytes.get(self.at..)?.first_chunk()?;
        self.at += N;
        Some(*bytes)
    }

    fn word(&self) -> Option<u64> {
        self.bytes.get(self.at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// Seven bits a byte from the low end; a ninth byte holds eight.
    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let first = *self.bytes.get(self.at)?;
        if first < 0x80 {
            self.at += 1;
            return Some(u64::from(first));
        }
        let Some(word) = self.word() else { return self.varint_at_end() };
        let ends = !word & CONTINUES;
        if ends == 0 {
            let ninth = *self.bytes.get(self.at + 8)?;
            self.at += 9;
            return Some(squeeze(word) | u64::from(ninth) << 56);
        }
        let last = ends.trailing_zeros();
        self.at += usize::try_from(last / 8).ok()? + 1;
        Some(squeeze(word & (u64::MAX >> (63 - last))))
    }

    #[cold]
    fn varint_at_end(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        Some(value | u64::from(self.byte()?) << 56)
    }
}

/// The low seven bits of each byte, side by side.
fn squeeze(word: u64) -> u64 {
    let word = word & !CONTINUES;
    let word = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let word = word & 0x0000_3fff_0000_3fff | (word & 0x3fff_0000_3fff_0000) >> 2;
    word & 0x0fff_ffff | (word & 0x0fff_ffff_0000_0000) >> 4
}

fn low_16(value: u64) -> u16 {
    let [a, b, ..] = value.to_le_bytes();
    u16::from_le_bytes([a, b])
}

fn low_32(value: u64) -> u32 {
    let [a, b, c, d, ..] = value.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    /// The encoding written down again, byte by byte.
    fn write(value: u64, out: &mut Vec<u8>) {
        let mut rest = value;
        for _ in 0..8 {
            if rest < 0x80 {
                break;
            }
            out.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        out.push(u8::try_from(rest).unwrap());
    }

    /// Of all lengths alike.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::vec((any::<u64>(), 0_u32..64).prop_map(|(value, shift)| value >> shift), 0..40)
    }

    proptest! {
        #[test]
        fn compressed_integers_are_read_and_skipped(values in values(), skipped in 0_usize..40) {
            let mut bytes = Vec::new();
            values.iter().for_each(|&value| write(value, &mut bytes));
            let mut cursor = Cursor::new(&bytes, 0, true);
            for &value in &values {
                prop_assert_eq!(cursor.long(), Some(value));
            }
            prop_assert_eq!(cursor.long(), None);

            let skipped = skipped.min(values.len());
            let mut cursor = Cursor::new(&bytes, 0, true);
            prop_assert_eq!(cursor.skip_varints(skipped), Some(()));
            for &value in &values[skipped..] {
                prop_assert_eq!(cursor.long(), Some(value));
            }
            prop_assert_eq!(Cursor::new(&bytes, 0, true).skip_varints(values.len() + 1), None);
        }
    }
}
