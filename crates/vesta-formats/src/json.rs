//! JSON, read piece by piece.
//!
//! Profiles in JSON are hundreds of megabytes of small values, of which a decoder wants a few, or trees as deep as the
//! stacks of a program. So nothing is built and nothing recurses: a decoder asks for what it expects next, and what it
//! does not expect is skipped at the speed of a search. Values of another type than the one asked for count as not
//! there: whoever wrote the file meant something else.
//!
//! It is lenient where nothing is lost by it: what is skipped is not checked beyond its brackets and quotes.

use std::borrow::Cow;

/// Why JSON could not be read further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The file ends within a value.
    #[error("the file breaks off")]
    BreaksOff,
    /// Something else should be here.
    #[error("there is no {wanted} at byte {at}")]
    Unexpected {
        /// Where.
        at: usize,
        /// What should be there.
        wanted: &'static str,
    },
}

/// A place in a text of JSON.
#[derive(Clone)]
pub(crate) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Nothing was read yet of the object or array that was entered last.
    is_fresh: bool,
}

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a>(&'a [u8]);

type Result<T> = std::result::Result<T, JsonError>;

impl<'a> Json<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Json { bytes, at, is_fresh: false }
    }

    /// Where it is, in bytes from the start.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The first byte of the next value; `None` at the end of the text.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        if let Some(next) = rest.first().filter(|next| !next.is_ascii_whitespace()) {
            return Some(*next);
        }
        let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        self.at += blanks;
        rest.get(blanks).copied()
    }

    /// Enters an object. False if the next value is none; then it is skipped.
    pub(crate) fn object(&mut self) -> Result<bool> {
        self.enter(b'{')
    }

    /// Enters an array. False if the next value is none; then it is skipped.
    pub(crate) fn array(&mut self) -> Result<bool> {
        self.enter(b'[')
    }

    /// The next key of the object that was entered; `None` once it was left.
    pub(crate) fn key(&mut self) -> Result<Option<Cow<'a, str>>> {
        if !self.goes_on(b'}')? {
            return Ok(None);
        }
        if self.need()? != b'"' {
            return Err(self.unexpected("name"));
        }
        let key = self.string()?;
        if self.need()? != b':' {
            return Err(self.unexpected("colon"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Whether the array that was entered has another item, which is next then; else it was left.
    pub(crate) fn item(&mut self) -> Result<bool> {
        self.goes_on(b']')
    }

    /// The next value, if it is text.
    pub(crate) fn text(&mut self) -> Result<Option<Cow<'a, str>>> {
        if self.need()? == b'"' { self.string().map(Some) } else { self.skip().map(|()| None) }
    }

    /// The next value, if it is a number.
    pub(crate) fn number(&mut self) -> Result<Option<Number<'a>>> {
        match self.need()? {
            b'-' | b'0'..=b'9' => Ok(Some(Number(self.scalar()))),
            _ => self.skip().map(|()| None),
        }
    }

    /// The next value, if it is a whole number.
    pub(crate) fn integer(&mut self) -> Result<Option<i64>> {
        Ok(self.number()?.and_then(Number::integer))
    }

    /// The next value as text, if it is text or a number.
    pub(crate) fn text_or_number(&mut self) -> Result<Option<Cow<'a, str>>> {
        match self.need()? {
            b'-' | b'0'..=b'9' => Ok(Some(String::from_utf8_lossy(self.scalar()))),
            _ => self.text(),
        }
    }

    /// Goes past the next value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<()> {
        match self.need()? {
            b'"' => self.skip_string().map(drop),
            b'{' | b'[' => self.skip_nested(),
            b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.scalar();
                Ok(())
            }
            _ => Err(self.unexpected("value")),
        }
    }

    fn enter(&mut self, bracket: u8) -> Result<bool> {
        if self.need()? != bracket {
            return self.skip().map(|()| false);
        }
        self.at += 1;
        self.is_fresh = true;
        Ok(true)
    }

    /// Goes past a comma, or past the bracket that ends what was entered. Commas too many or too few do no harm.
    fn goes_on(&mut self, end: u8) -> Result<bool> {
        let is_fresh = std::mem::take(&mut self.is_fresh);
        let mut next = self.need()?;
        if next == b',' && !is_fresh {
            self.at += 1;
            next = self.need()?;
        }
        match next {
            _ if next == end => {
                self.at += 1;
                Ok(false)
            }
            b'}' | b']' | b',' | b':' => Err(self.unexpected("value")),
            _ => Ok(true),
        }
    }

    fn need(&mut self) -> Result<u8> {
        self.peek().ok_or(JsonError::BreaksOff)
    }

    fn unexpected(&self, wanted: &'static str) -> JsonError {
        JsonError::Unexpected { at: self.at, wanted }
    }

    /// A number or a word, up to what ends it.
    fn scalar(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Objects and arrays within each other, by counting their brackets.
    fn skip_nested(&mut self) -> Result<()> {
        let mut depth = 0_usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
        Err(JsonError::BreaksOff)
    }

    /// The text between the quotes, as it is written, and whether it has anything to replace.
    fn skip_string(&mut self) -> Result<(&'a [u8], bool)> {
        let start = self.at + 1;
        let mut at = start;
        let mut has_escapes = false;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                Some(found) if rest[found] == b'"' => {
                    self.at = at + found + 1;
                    return Ok((&self.bytes[start..at + found], has_escapes));
                }
                Some(found) => {
                    has_escapes = true;
                    at += found + 2;
                }
                None => return Err(JsonError::BreaksOff),
            }
        }
    }

    fn string(&mut self) -> Result<Cow<'a, str>> {
        let (raw, has_escapes) = self.skip_string()?;
        let text = String::from_utf8_lossy(raw);
        Ok(if has_escapes { Cow::Owned(unescape(&text)) } else { text })
    }
}

impl Number<'_> {
    /// The number, if it has no fraction.
    pub(crate) fn integer(self) -> Option<i64> {
        if let Some((integer, 0)) = self.short() {
            return Some(integer);
        }
        let parts = self.parts()?;
        let scaled = scale(parts)?;
        let is_whole = parts.exponent >= 0
            || scaled.checked_mul(power_of_ten(parts.exponent.unsigned_abs())?) == Some(parts.mantissa);
        is_whole.then(|| saturated(scaled))
    }

    /// The number times ten to the power of `digits`, rounded to the nearest whole number: microseconds with a
    /// fraction as nanoseconds, say. Exact but for digits beyond, however many digits the number has. Numbers beyond
    /// the ends of `i64` stop there.
    pub(crate) fn scaled(self, digits: i32) -> Option<i64> {
        if let Some(scaled) =
            self.short().and_then(|(digits_of, after)| short_scaled(digits_of, digits - after))
        {
            return Some(scaled);
        }
        let parts = self.parts()?;
        scale(Parts { exponent: parts.exponent.saturating_add(digits), ..parts }).map(saturated)
    }

    /// The digits as a whole number, and how many of them are after the point. `None` for what is not just digits, and for
    /// more of them than are sure to fit: most numbers are short, and quickly read.
    fn short(self) -> Option<(i64, i32)> {
        let (is_negative, text) = match self.0 {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        if text.is_empty() || text.len() > SHORT {
            return None;
        }
        let (mut number, mut point) = (0_i64, None);
        for (index, &byte) in text.iter().enumerate() {
            match byte {
                b'0'..=b'9' => number = number * 10 + i64::from(byte - b'0'),
                b'.' if point.is_none() && text.len() > 1 => point = Some(index),
                _ => return None,
            }
        }
        let after = point.map_or(0, |point| text.len() - 1 - point);
        Some((if is_negative { -number } else { number }, i32::try_from(after).ok()?))
    }

    fn parts(self) -> Option<Parts> {
        let (is_negative, digits) = match self.0 {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mut parts = Parts { mantissa: 0, exponent: 0 };
        let mut is_fraction = false;
        let mut seen = false;
        for (index, &byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    // Digits that no longer fit are far below what anything is rounded to.
                    if parts.mantissa < 10_i128.pow(30) {
                        parts.mantissa = parts.mantissa * 10 + i128::from(byte - b'0');
                        parts.exponent -= i32::from(is_fraction);
                    } else {
                        parts.exponent = parts.exponent.saturating_add(i32::from(!is_fraction));
                    }
                }
                b'.' if !is_fraction => is_fraction = true,
                b'e' | b'E' => {
                    let text = std::str::from_utf8(&digits[index + 1..]).ok()?;
                    let power: i32 = text.parse().ok()?;
                    parts.exponent = parts.exponent.saturating_add(power);
                    break;
                }
                _ => return None,
            }
        }
        if is_negative {
            parts.mantissa = -parts.mantissa;
        }
        seen.then_some(parts)
    }
}

/// Characters of a number that is read the quick way: as many digits fit, and a half of the largest divisor on top.
const SHORT: usize = 18;

/// A short number times ten to the power of `exponent`, rounded as [`scale`] does it; `None` if it does not fit.
fn short_scaled(number: i64, exponent: i32) -> Option<i64> {
    let power = 10_i64.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 {
        return number.checked_mul(power);
    }
    Some((number + power / 2 * number.signum()) / power)
}

/// `mantissa` times ten to the power of `exponent`.
#[derive(Clone, Copy)]
struct Parts {
    mantissa: i128,
    exponent: i32,
}

/// Rounded to the nearest, halves away from zero. `None` if it is beyond `i128`.
fn scale(parts: Parts) -> Option<i128> {
    let Parts { mantissa, exponent } = parts;
    if mantissa == 0 {
        return Some(0);
    }
    match power_of_ten(exponent.unsigned_abs()) {
        Some(power) if exponent >= 0 => {
            Some(mantissa.checked_mul(power).unwrap_or(if mantissa < 0 { i128::MIN } else { i128::MAX }))
        }
        Some(power) => {
            let half = power / 2 * mantissa.signum();
            Some((mantissa + half) / power)
        }
        None if exponent > 0 => Some(if mantissa < 0 { i128::MIN } else { i128::MAX }),
        None => Some(0),
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

fn saturated(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

/// Text without its escapes. Those that are none stay as they are.
fn unescape(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        output.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else { break };
        rest = &rest[letter.len_utf8()..];
        match letter {
            'n' => output.push('\n'),
            't' => output.push('\t'),
            'r' => output.push('\r'),
            'b' => output.push('\u{8}'),
            'f' => output.push('\u{c}'),
            'u' => {
                let (character, length) = unicode(rest);
                output.push(character);
                rest = rest.get(length..).unwrap_or_default();
            }
            other => output.push(other),
        }
    }
    output.push_str(rest);
    output
}

/// The character of `0041` after `\u`, or of a pair of those, and how much text it takes.
fn unicode(text: &str) -> (char, usize) {
    let unit = |text: &str| text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let Some(first) = unit(text) else { return (char::REPLACEMENT_CHARACTER, 0) };
    if let Some(character) = char::from_u32(first) {
        return (character, 4);
    }
    let second = text.get(4..).and_then(|rest| rest.strip_prefix("\\u")).and_then(unit);
    match second {
        Some(second @ 0xdc00..=0xdfff) if first < 0xdc00 => {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10)
        }
        _ => (char::REPLACEMENT_CHARACTER, 4),
    }
}

/// Writes text as JSON, with its quotes.
pub(crate) fn write_text(output: &mut String, text: &str) {
    output.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\t' => "\\t",
            b'\r' => "\\r",
            0..0x20 | 0x7f => "",
            _ => continue,
        };
        output.push_str(&text[from..at]);
        from = at + 1;
        if escape.is_empty() {
            output.push_str(&format!("\\u{byte:04x}"));
        } else {
            output.push_str(escape);
        }
    }
    output.push_str(&text[from..]);
    output.push('"');
}

/// The keys of the object that a text begins with, as far as its first mebibyte tells; none if it is no object.
pub(crate) fn first_keys(bytes: &[u8]) -> Vec<String> {
    const ENOUGH: usize = 1 << 20;
    const MOST: usize = 32;
    let mut json = Json::new(bytes.get(..ENOUGH).unwrap_or(bytes));
    let mut keys = Vec::new();
    if json.peek() != Some(b'{') || json.object().is_err() {
        return keys;
    }
    while keys.len() < MOST
        && let Ok(Some(key)) = json.key()
    {
        keys.push(key.into_owned());
        if json.skip().is_err() {
            break;
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn short_numbers_are_read_as_long_ones_are() {
        let texts = [
            "0",
            "-0",
            "7",
            "-12.5",
            "0.5",
            "-0.5",
            "0.4999",
            "1234567.0004",
            "999999999999999999",
            "-99999999999999999",
            "0.0000000000000005",
            "12.",
            "-.5",
            ".5",
            "007",
            ".",
            "-",
            "",
            "1.2.3",
            "--1",
            "1-2",
        ];
        for text in texts {
            // An exponent takes the long way.
            let long = format!("{text}e0");
            let (short, long) = (Number(text.as_bytes()), Number(long.as_bytes()));
            assert_eq!(short.integer(), long.integer(), "{text}");
            for digits in [0, 3, 6, 9, 18] {
                assert_eq!(short.scaled(digits), long.scaled(digits), "{text} by {digits}");
            }
        }
    }
}
