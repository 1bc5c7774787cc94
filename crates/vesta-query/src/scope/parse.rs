//! Text to [`Expr`]: a recursive descent over Datadog's query syntax.
//!
//! ```text
//! or      := and ("OR" and)*
//! and     := unary ("AND"? unary)*
//! unary   := ("NOT" | "-") unary | "(" or ")" | term
//! term    := key ":" value | "@" name ":" test | word
//! value   := word | "(" the same grammar, terms being values of key ")"
//! test    := (">" | ">=" | "<" | "<=")? number | ("[" | "{") number "TO" number ("]" | "}") | "*"
//! word    := '"' anything, with \" and \\ '"' | characters with * and ?, \ takes the next one literally
//! ```

use super::{Expr, Field, Pattern, Piece};
use std::ops::Bound;

/// The longest query, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// The deepest nesting of parentheses and negations.
const MAX_DEPTH: usize = 64;
/// The most terms.
const MAX_TERMS: usize = 1024;

/// Why a query could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at character {})", at + 1)]
pub struct ParseError {
    /// Where, counted in characters from 0.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead; empty if there is nothing to say.
    pub hint: String,
}

/// Reads a query in Datadog's syntax.
///
/// Terms next to each other must all hold; `AND`, `OR`, `NOT` are upper case; `-` negates; keys and values are
/// compared without regard to ASCII case.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    if text.len() > MAX_LENGTH {
        return Err(ParseError {
            at: 0,
            message: format!("the query is {} bytes long, {MAX_LENGTH} are allowed", text.len()),
            hint: "use wildcards or fewer terms".to_owned(),
        });
    }
    let mut parser = Parser { text, at: 0, depth: 0, terms: 0 };
    parser.skip_space();
    if parser.rest().is_empty() {
        return Ok(Expr::All);
    }
    let expr = parser.any_of(None)?;
    match parser.rest().is_empty() {
        true => Ok(expr),
        false => Err(parser.error(
            parser.at,
            "there is no opening parenthesis for this one",
            "remove it, or quote it",
        )),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    terms: usize,
}

/// A word as written.
struct Word {
    pieces: Vec<Piece>,
    quoted: bool,
}

impl<'a> Parser<'a> {
    fn any_of(&mut self, field: Option<&Field>) -> Result<Expr, ParseError> {
        let mut parts = vec![self.all_of(field)?];
        while self.take_keyword("OR") {
            parts.push(self.all_of(field)?);
        }
        Ok(Expr::or(parts))
    }

    fn all_of(&mut self, field: Option<&Field>) -> Result<Expr, ParseError> {
        let mut parts = vec![self.unary(field)?];
        loop {
            self.skip_space();
            if self.take_keyword("AND") {
                parts.push(self.unary(field)?);
            } else if self.rest().is_empty() || self.rest().starts_with(')') || self.is_keyword("OR") {
                return Ok(Expr::and(parts));
            } else {
                parts.push(self.unary(field)?);
            }
        }
    }

    fn unary(&mut self, field: Option<&Field>) -> Result<Expr, ParseError> {
        self.skip_space();
        let start = self.at;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("the query is nested more than {MAX_DEPTH} levels deep");
            return Err(self.error(start, &message, "remove parentheses that are not needed"));
        }
        let expr = if self.take_keyword("NOT") {
            self.unary(field)?.negate()
        } else if self.rest().starts_with('-') && !self.is_negative_number(field) {
            self.at += 1;
            if self.rest().starts_with(char::is_whitespace) || self.rest().is_empty() {
                return Err(self.error(
                    start,
                    "there is nothing after `-`",
                    "write the term right after it, as in -env:dev",
                ));
            }
            self.unary(field)?.negate()
        } else if self.rest().starts_with('(') {
            self.group(field)?
        } else {
            self.term(field)?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn group(&mut self, field: Option<&Field>) -> Result<Expr, ParseError> {
        let start = self.at;
        self.at += 1;
        self.skip_space();
        if self.rest().starts_with(')') {
            return Err(self.error(start, "there is nothing between the parentheses", "remove them"));
        }
        let expr = self.any_of(field)?;
        self.skip_space();
        if !self.rest().starts_with(')') {
            return Err(self.error(start, "this parenthesis is not closed", "add a `)`"));
        }
        self.at += 1;
        Ok(expr)
    }

    fn term(&mut self, field: Option<&Field>) -> Result<Expr, ParseError> {
        let start = self.at;
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("the query has more than {MAX_TERMS} terms");
            return Err(self.error(start, &message, "use wildcards"));
        }
        for operator in ["AND", "OR"] {
            if self.is_keyword(operator) {
                let message = format!("there is no term before {operator}");
                return Err(self.error(start, &message, "write it in quotes to search for the word itself"));
            }
        }
        if self.rest().is_empty() || self.rest().starts_with(')') {
            return Err(self.error(start, "a term is missing here", "write one, as in service:web"));
        }
        match field {
            Some(field) => self.value(field),
            None => match self.key()? {
                Some(field) => self.value_after_key(start, &field),
                None => self.bare_word(),
            },
        }
    }

    fn bare_word(&mut self) -> Result<Expr, ParseError> {
        let pattern = Pattern::new(self.word()?.pieces);
        Ok(if pattern.is_any() { Expr::All } else { Expr::Text(pattern) })
    }

    /// The key and its colon, if the next term has one.
    fn key(&mut self) -> Result<Option<Field>, ParseError> {
        let start = self.at;
        let mut key = String::new();
        let mut characters = self.rest().char_indices();
        let is_measure = self.rest().starts_with('@');
        if is_measure {
            characters.next();
        }
        while let Some((offset, character)) = characters.next() {
            match character {
                ':' => {
                    self.at = start + offset + 1;
                    if key.is_empty() {
                        return Err(self.error(
                            start,
                            "there is no key before `:`",
                            "write one, as in service:web",
                        ));
                    }
                    let key = key.to_ascii_lowercase();
                    return Ok(Some(if is_measure { Field::Measure(key) } else { Field::Tag(key) }));
                }
                '\\' => match characters.next() {
                    Some((_, escaped)) => key.push(escaped),
                    None => break,
                },
                '(' | ')' | '"' => break,
                other if other.is_whitespace() => break,
                other => key.push(other),
            }
        }
        if is_measure {
            return Err(self.error(start, "a measure needs a comparison", "write it as in @cpu_cores:>1.5"));
        }
        Ok(None)
    }

    fn value_after_key(&mut self, start: usize, field: &Field) -> Result<Expr, ParseError> {
        if self.rest().is_empty() || self.rest().starts_with(|c: char| c.is_whitespace() || c == ')') {
            return Err(self.error(
                start,
                "there is no value after `:`",
                "write one right after it; key:* means any value",
            ));
        }
        if let Field::Tag(key) = field {
            if key == "_exists_" || key == "_missing_" {
                let exists = self.existence()?;
                return Ok(if key == "_exists_" { exists } else { exists.negate() });
            }
            if key == "*" {
                return self.bare_word();
            }
        }
        match self.rest().starts_with('(') {
            true => self.group(Some(field)),
            false => self.value(field),
        }
    }

    fn existence(&mut self) -> Result<Expr, ParseError> {
        let start = self.at;
        let word = Pattern::new(self.word()?.pieces);
        match word.as_literal() {
            Some(name) => Ok(Expr::Exists(match name.strip_prefix('@') {
                Some(measure) => Field::Measure(measure.to_ascii_lowercase()),
                None => Field::Tag(name.to_ascii_lowercase()),
            })),
            None => {
                Err(self.error(start, "the key must be spelled out here", "write it as in _exists_:version"))
            }
        }
    }

    fn value(&mut self, field: &Field) -> Result<Expr, ParseError> {
        match field {
            Field::Tag(key) => self.tag_value(key),
            Field::Measure(name) => self.measure_test(name),
        }
    }

    fn tag_value(&mut self, key: &str) -> Result<Expr, ParseError> {
        let start = self.at;
        if self.rest().starts_with(['>', '<', '[', '{']) {
            let hint = format!("write @{key} if it is a number, or put the value in quotes");
            return Err(self.error(start, "tags have no order that could be compared", &hint));
        }
        let word = self.word()?;
        let pattern = Pattern::new(word.pieces);
        Ok(match pattern.is_any() {
            true => Expr::Exists(Field::Tag(key.to_owned())),
            false => Expr::Tag { key: key.to_owned(), pattern },
        })
    }

    fn measure_test(&mut self, name: &str) -> Result<Expr, ParseError> {
        let start = self.at;
        if self.rest().starts_with(['[', '{']) {
            return self.measure_range(name);
        }
        for operator in [">=", "<=", ">", "<"] {
            if !self.rest().starts_with(operator) {
                continue;
            }
            self.at += operator.len();
            let value = self.number()?;
            let (low, high) = match operator {
                ">=" => (Bound::Included(value), Bound::Unbounded),
                "<=" => (Bound::Unbounded, Bound::Included(value)),
                ">" => (Bound::Excluded(value), Bound::Unbounded),
                _ => (Bound::Unbounded, Bound::Excluded(value)),
            };
            return Ok(Expr::Measure { name: name.to_owned(), low, high });
        }
        let word = self.word()?;
        let pattern = Pattern::new(word.pieces);
        if pattern.is_any() {
            return Ok(Expr::Exists(Field::Measure(name.to_owned())));
        }
        let number = pattern.as_literal().filter(|_| !word.quoted).and_then(read_number);
        match number {
            Some(value) => Ok(Expr::Measure {
                name: name.to_owned(),
                low: Bound::Included(value),
                high: Bound::Included(value),
            }),
            // Datadog writes facets that are text with an `@` as well: they are tags here.
            None if self.at > start => Ok(Expr::Tag { key: name.to_owned(), pattern }),
            None => Err(self.error(start, "a number is missing here", "write it as in @cpu_cores:>1.5")),
        }
    }

    fn measure_range(&mut self, name: &str) -> Result<Expr, ParseError> {
        let start = self.at;
        let low_included = self.rest().starts_with('[');
        let Some(length) = self.rest().find([']', '}']) else {
            return Err(self.error(start, "this range is not closed", "write it as in [1 TO 2]"));
        };
        let inside = &self.rest()[1..length];
        let high_included = self.rest()[length..].starts_with(']');
        let Some((low, high)) = inside.split_once(" TO ") else {
            return Err(self.error(start, "a range needs two ends", "write it as in [1 TO 2]"));
        };
        let low = self.range_end(start, low.trim(), low_included)?;
        let high = self.range_end(start, high.trim(), high_included)?;
        self.at += length + 1;
        self.expect_end_of_word()?;
        if let (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) =
            (low, high)
            && from > to
        {
            return Err(self.error(start, "the range ends before it starts", "swap its ends"));
        }
        match (low, high) {
            (Bound::Unbounded, Bound::Unbounded) => Ok(Expr::Exists(Field::Measure(name.to_owned()))),
            (low, high) => Ok(Expr::Measure { name: name.to_owned(), low, high }),
        }
    }

    fn range_end(&self, start: usize, text: &str, included: bool) -> Result<Bound<f64>, ParseError> {
        if text == "*" {
            return Ok(Bound::Unbounded);
        }
        match read_number(text) {
            Some(value) if included => Ok(Bound::Included(value)),
            Some(value) => Ok(Bound::Excluded(value)),
            None => Err(self.error(
                start,
                &format!("`{text}` is not a number"),
                "write it as in [1 TO 2] or [1 TO *]",
            )),
        }
    }

    fn number(&mut self) -> Result<f64, ParseError> {
        let start = self.at;
        let length = self.rest().find(|c: char| c.is_whitespace() || c == ')').unwrap_or(self.rest().len());
        let text = &self.rest()[..length];
        self.at += length;
        read_number(text).ok_or_else(|| {
            let hint = "write a number, with a unit if you like, as in 1.5, 500ms, 10MiB";
            self.error(start, &format!("`{text}` is not a number"), hint)
        })
    }

    /// A word, quoted or not, up to the next space or parenthesis.
    fn word(&mut self) -> Result<Word, ParseError> {
        let start = self.at;
        if self.rest().starts_with('"') {
            let text = self.quoted_text()?;
            self.expect_end_of_word()?;
            return Ok(Word { pieces: vec![Piece::Text(text)], quoted: true });
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        let mut length = self.rest().len();
        while let Some((offset, character)) = characters.next() {
            let wildcard = match character {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => match characters.next() {
                    Some((_, escaped)) => {
                        text.push(escaped);
                        continue;
                    }
                    None => {
                        return Err(self.error(
                            start + offset,
                            "there is nothing after `\\`",
                            "write \\\\ for one backslash",
                        ));
                    }
                },
                '(' | ')' | '"' => {
                    length = offset;
                    break;
                }
                other if other.is_whitespace() => {
                    length = offset;
                    break;
                }
                other => {
                    text.push(other);
                    continue;
                }
            };
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(wildcard);
        }
        pieces.push(Piece::Text(text));
        self.at += length;
        self.expect_end_of_word()?;
        Ok(Word { pieces, quoted: false })
    }

    fn quoted_text(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(self.error(
            start,
            "this quote is not closed",
            "add a `\"` at the end; write \\\" for a quote in the text",
        ))
    }

    fn expect_end_of_word(&self) -> Result<(), ParseError> {
        match self.rest().chars().next() {
            None | Some(')') => Ok(()),
            Some(next) if next.is_whitespace() => Ok(()),
            Some(_) => Err(self.error(
                self.at,
                "a space is missing here",
                "put text with special characters in quotes as a whole",
            )),
        }
    }

    /// Whether the `-` that comes next belongs to a number, as in `@growth:(-1 OR -2)`.
    fn is_negative_number(&self, field: Option<&Field>) -> bool {
        matches!(field, Some(Field::Measure(_))) && self.rest()[1..].starts_with(|c: char| c.is_ascii_digit())
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        self.rest().strip_prefix(keyword).is_some_and(|after| {
            after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || c == '(' || c == ')')
        })
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        self.skip_space();
        let found = self.is_keyword(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, at: usize, message: &str, hint: &str) -> ParseError {
        let at = self.text.get(..at).map_or(0, |before| before.chars().count());
        ParseError { at, message: message.to_owned(), hint: hint.to_owned() }
    }
}

/// A number, optionally with a unit of time (to seconds) or of memory (to bytes).
fn read_number(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 16] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        ("ms", 1e-3),
        ("min", 60.0),
        ("KiB", 1024.0),
        ("MiB", 1_048_576.0),
        ("GiB", 1_073_741_824.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("MB", 1e6),
        ("GB", 1e9),
        ("B", 1.0),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let (digits, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|digits| (digits, *factor)))
        .unwrap_or((text, 1.0));
    // `inf`, `nan` and the like are words, not numbers.
    let starts_as_number =
        digits.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let number = digits.parse::<f64>().ok().filter(|_| starts_as_number)? * factor;
    number.is_finite().then_some(number)
}
