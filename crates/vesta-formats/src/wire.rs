//! The wire format of protocol buffers, as much of it as profiles need.

/// Where and why bytes are no protocol buffer message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// How many bytes were left in the message when it was noticed.
    pub(crate) left: usize,
    /// What is wrong.
    pub(crate) why: &'static str,
}

/// The value of one field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// A number, also one that is signed: protocol buffers write those in two's complement.
    Varint(u64),
    /// Text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// A number of 8 bytes.
    Fixed(u64),
    /// A number of 4 bytes.
    Fixed32(u32),
}

/// Reads the fields of one message, in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next field: its number and its value.
    #[inline(always)]
    pub(crate) fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let left = self.rest.len();
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            2 => {
                let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
                    return Err(Malformed { left, why: "a field is longer than what is left" });
                };
                self.rest = rest;
                Value::Bytes(bytes)
            }
            _ => self.fixed(tag, left)?,
        };
        if tag < 8 {
            return Err(Malformed { left, why: "a field has number 0" });
        }
        Ok(Some((tag >> 3, value)))
    }

    /// The next number of packed numbers.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            [low, high, rest @ ..] if *high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn fixed(&mut self, tag: u64, left: usize) -> Result<Value<'a>, Malformed> {
        let too_long = Malformed { left, why: "a field is longer than what is left" };
        match tag & 7 {
            1 => {
                let (bytes, rest) = self.rest.split_first_chunk().ok_or(too_long)?;
                self.rest = rest;
                Ok(Value::Fixed(u64::from_le_bytes(*bytes)))
            }
            5 => {
                let (bytes, rest) = self.rest.split_first_chunk().ok_or(too_long)?;
                self.rest = rest;
                Ok(Value::Fixed32(u32::from_le_bytes(*bytes)))
            }
            _ => Err(Malformed { left, why: "a field has a type that does not exist" }),
        }
    }

    /// Numbers of more than two bytes. Up to eight are taken as one word, then the continuation bits are squeezed
    /// out in three steps; timestamps take nine, negative numbers ten.
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        const CONTINUES: u64 = 0x8080_8080_8080_8080;
        let Some((head, rest)) = self.rest.split_first_chunk::<8>() else {
            return self.varint_by_byte();
        };
        let word = u64::from_le_bytes(*head);
        let stops = !word & CONTINUES;
        if stops != 0 {
            let bits = stops.trailing_zeros() + 1;
            self.rest = &self.rest[bits as usize / 8..];
            return Ok(squeeze(word & (u64::MAX >> (64 - bits))));
        }
        let low = squeeze(word);
        match rest {
            [ninth, rest @ ..] if *ninth < 0x80 => {
                self.rest = rest;
                Ok(low | u64::from(*ninth) << 56)
            }
            [ninth, tenth, rest @ ..] if *tenth < 0x80 => {
                self.rest = rest;
                Ok(low | u64::from(*ninth & 0x7f) << 56 | u64::from(*tenth) << 63)
            }
            _ => Err(self.bad_varint()),
        }
    }

    fn varint_by_byte(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for (position, byte) in self.rest.iter().enumerate().take(8) {
            number |= u64::from(byte & 0x7f) << (7 * position);
            if *byte < 0x80 {
                self.rest = &self.rest[position + 1..];
                return Ok(number);
            }
        }
        Err(self.bad_varint())
    }

    #[cold]
    fn bad_varint(&self) -> Malformed {
        Malformed { left: self.rest.len(), why: "a number does not end" }
    }
}

/// Eight groups of seven bits, moved together.
fn squeeze(word: u64) -> u64 {
    let word = word & 0x7f7f_7f7f_7f7f_7f7f;
    let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
    (word & 0x0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4
}

/// Adds a number.
pub(crate) fn write_varint(output: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        output.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    output.push(number.to_le_bytes()[0]);
}

/// Adds a number field, unless it is 0: that is what a missing one means.
pub(crate) fn write_number(output: &mut Vec<u8>, field: u64, number: u64) {
    if number != 0 {
        write_varint(output, field << 3);
        write_varint(output, number);
    }
}

/// Adds a field of a number of 8 bytes, also if it is 0.
pub(crate) fn write_fixed64(output: &mut Vec<u8>, field: u64, number: u64) {
    write_varint(output, field << 3 | 1);
    output.extend_from_slice(&number.to_le_bytes());
}

/// Adds a field as it was read.
pub(crate) fn write_field(output: &mut Vec<u8>, field: u64, value: Value<'_>) {
    match value {
        Value::Varint(number) => {
            write_varint(output, field << 3);
            write_varint(output, number);
        }
        Value::Bytes(bytes) => write_bytes(output, field, bytes),
        Value::Fixed(number) => write_fixed64(output, field, number),
        Value::Fixed32(number) => {
            write_varint(output, field << 3 | 5);
            output.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Adds a field of text, a message or packed numbers, also if it is empty.
pub(crate) fn write_bytes(output: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    write_varint(output, field << 3 | 2);
    write_varint(output, bytes.len() as u64);
    output.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_read_back_with_and_without_bytes_after_them() {
        let mut numbers = vec![0, u64::MAX, 1_795_215_616_463_117_724];
        for bits in 0..64 {
            numbers.extend([1 << bits, (1 << bits) - 1, (1 << bits) | 1]);
        }
        for number in numbers {
            for padding in [0, 1, 3, 12] {
                let mut bytes = Vec::new();
                write_varint(&mut bytes, number);
                bytes.resize(bytes.len() + padding, 0xff);
                let mut reader = Reader::new(&bytes);
                assert_eq!(reader.varint(), Ok(number), "{number:#x} before {padding} bytes");
                assert_eq!(reader.left(), padding);
            }
        }
    }

    #[test]
    fn a_number_that_does_not_end_is_an_error() {
        for length in 1..20 {
            assert!(Reader::new(&vec![0xff; length]).varint().is_err());
        }
    }
}
