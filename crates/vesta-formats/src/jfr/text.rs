//! Strings as a recording holds them.

use std::borrow::Cow;

/// A string of a recording, decoded when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
    /// UTF-16 code units as compressed integers.
    CompressedChars,
    /// UTF-16 code units, big-endian.
    Chars,
}

/// A string where it stands, which may be elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm<'a> {
    Null,
    Here(Text<'a>),
    /// By its key in the pool of strings.
    Pooled(u64),
}

impl<'a> Text<'a> {
    pub(super) const EMPTY: Text<'static> = Text { bytes: &[], encoding: Encoding::Utf8 };

    pub(super) fn utf8(bytes: &'a [u8]) -> Self {
        Text { bytes, encoding: Encoding::Utf8 }
    }

    pub(super) fn latin1(bytes: &'a [u8]) -> Self {
        Text { bytes, encoding: Encoding::Latin1 }
    }

    pub(super) fn chars(bytes: &'a [u8], compressed: bool) -> Self {
        let encoding = if compressed { Encoding::CompressedChars } else { Encoding::Chars };
        Text { bytes, encoding }
    }

    /// Its first bytes as they are encoded, at most so many.
    pub(super) fn start(self, bytes: usize) -> Self {
        if self.bytes.len() <= bytes {
            return self;
        }
        // Other encodings leave out what is not whole.
        let is_whole = |end: &usize| self.bytes.get(*end).is_none_or(|&next| next & 0xc0 != 0x80);
        let end = match self.encoding {
            Encoding::Utf8 => (bytes.saturating_sub(3)..=bytes).rev().find(is_whole).unwrap_or(bytes),
            _ => bytes,
        };
        Text { bytes: self.bytes.get(..end).unwrap_or(self.bytes), encoding: self.encoding }
    }

    /// The string. What is not valid in its encoding becomes the replacement character.
    pub fn to_str(self) -> Cow<'a, str> {
        match self.encoding {
            Encoding::Utf8 => match std::str::from_utf8(self.bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => modified_utf8(self.bytes).unwrap_or_else(|| String::from_utf8_lossy(self.bytes)),
            },
            Encoding::Latin1 => match std::str::from_utf8(self.bytes) {
                Ok(text) if self.bytes.is_ascii() => Cow::Borrowed(text),
                _ => self.bytes.iter().map(|&byte| char::from(byte)).collect(),
            },
            Encoding::CompressedChars => {
                let mut cursor = super::cursor::Cursor::new(self.bytes, 0, true);
                utf16(std::iter::from_fn(|| cursor.short()))
            }
            Encoding::Chars => utf16(self.bytes.as_chunks().0.iter().map(|&unit| u16::from_be_bytes(unit))),
        }
    }
}

fn utf16(units: impl Iterator<Item = u16>) -> Cow<'static, str> {
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-8 as class files have it, and the JVM writes names: each half of a surrogate pair by itself, and a zero as two
/// bytes. `None` if it is not that.
fn modified_utf8(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let (unit, after) = match *rest {
            [] => return Some(utf16(units.into_iter())),
            [first, ref after @ ..] if first < 0x80 => (u16::from(first), after),
            [first @ 0xc0..0xe0, second @ 0x80..0xc0, ref after @ ..] => {
                (u16::from(first & 0x1f) << 6 | u16::from(second & 0x3f), after)
            }
            [first @ 0xe0..0xf0, second @ 0x80..0xc0, third @ 0x80..0xc0, ref after @ ..] => (
                u16::from(first & 0xf) << 12 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f),
                after,
            ),
            _ => return None,
        };
        units.push(unit);
        rest = after;
    }
}
