//! Scopes: which profiles a question is about.

mod parse;

pub use parse::{ParseError, parse};

use std::fmt::{self, Display, Formatter, Write};
use std::ops::Bound;

/// A search, as a tree. Made by [`parse`]; [`Display`] gives the canonical text back.
///
/// Keys are in ASCII lower case. Build `And`, `Or` and `Not` with [`Expr::and`], [`Expr::or`] and [`Expr::negate`],
/// which keep the tree canonical: flat, without double negation.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Everything: the empty query.
    All,
    /// Every part holds.
    And(Vec<Expr>),
    /// At least one part holds.
    Or(Vec<Expr>),
    /// The part does not hold.
    Not(Box<Expr>),
    /// A tag (or a promoted column such as `service`) has a value like this.
    Tag {
        /// The key, in lower case.
        key: String,
        /// What one of its values must look like, from start to end.
        pattern: Pattern,
    },
    /// The tag or measure is there, whatever its value.
    Exists(Field),
    /// A measure lies within bounds.
    Measure {
        /// The name, without `@`, in lower case.
        name: String,
        /// The lower bound.
        low: Bound<f64>,
        /// The upper bound.
        high: Bound<f64>,
    },
    /// A bare word: the service, the host or the value of any tag contains it, or, if it has wildcards, is like it.
    Text(Pattern),
}

/// What a term is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// A tag, by its key in lower case.
    Tag(String),
    /// A measure (`@name`), by its name in lower case.
    Measure(String),
}

/// Text with wildcards. Compared without regard to ASCII case, because Datadog lower-cases all tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

/// A piece of a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// This text.
    Text(String),
    /// `*`: any text, also none.
    Any,
    /// `?`: any one character.
    One,
}

// === impl Expr ===

impl Expr {
    /// All of `parts`.
    pub fn and(parts: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Expr::All => {}
                Expr::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::All,
            1 => flat.remove(0),
            _ => Expr::And(flat),
        }
    }

    /// Any of `parts`. Without parts it is everything, like the empty query.
    pub fn or(parts: impl IntoIterator<Item = Expr>) -> Expr {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Expr::All => return Expr::All,
                Expr::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::All,
            1 => flat.remove(0),
            _ => Expr::Or(flat),
        }
    }

    /// The opposite of this.
    #[must_use]
    pub fn negate(self) -> Expr {
        match self {
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// A term that wants `key` to have exactly this value.
    pub fn tag(key: &str, value: &str) -> Expr {
        Expr::Tag { key: key.to_ascii_lowercase(), pattern: Pattern::literal(value) }
    }

    /// The same search without what it positively demands of the tag `key` at the top level, so that the other
    /// values of that tag can be counted.
    #[must_use]
    pub fn without(&self, key: &str) -> Expr {
        if self.demands_only(key) {
            return Expr::All;
        }
        match self {
            Expr::And(parts) => Expr::and(parts.iter().filter(|part| !part.demands_only(key)).cloned()),
            other => other.clone(),
        }
    }

    /// Calls `visit` with every term, depth first.
    pub fn for_each_term<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| part.for_each_term(visit)),
            Expr::Not(inner) => inner.for_each_term(visit),
            term => visit(term),
        }
    }

    /// Whether this is a positive demand on the tag `key` and nothing else.
    fn demands_only(&self, key: &str) -> bool {
        match self {
            Expr::Tag { key: own, .. } | Expr::Exists(Field::Tag(own)) => own.eq_ignore_ascii_case(key),
            Expr::Or(parts) => parts.iter().all(|part| part.demands_only(key)),
            _ => false,
        }
    }
}

impl Display for Expr {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All => formatter.write_char('*'),
            Expr::And(parts) => write_joined(formatter, parts, " "),
            Expr::Or(parts) => write_joined(formatter, parts, " OR "),
            Expr::Not(inner) => {
                formatter.write_char('-')?;
                write_operand(formatter, inner)
            }
            Expr::Tag { key, pattern } => {
                write_escaped(formatter, key, true)?;
                formatter.write_char(':')?;
                pattern.write(formatter, false)
            }
            Expr::Exists(Field::Tag(key)) => {
                write_escaped(formatter, key, true)?;
                formatter.write_str(":*")
            }
            Expr::Exists(Field::Measure(name)) => {
                formatter.write_char('@')?;
                write_escaped(formatter, name, true)?;
                formatter.write_str(":*")
            }
            Expr::Measure { name, low, high } => {
                formatter.write_char('@')?;
                write_escaped(formatter, name, true)?;
                formatter.write_char(':')?;
                write_bounds(formatter, *low, *high)
            }
            Expr::Text(pattern) => pattern.write(formatter, true),
        }
    }
}

fn write_joined(formatter: &mut Formatter<'_>, parts: &[Expr], separator: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            formatter.write_str(separator)?;
        }
        write_operand(formatter, part)?;
    }
    Ok(())
}

fn write_operand(formatter: &mut Formatter<'_>, part: &Expr) -> fmt::Result {
    match part {
        Expr::And(_) | Expr::Or(_) => write!(formatter, "({part})"),
        other => write!(formatter, "{other}"),
    }
}

fn write_bounds(formatter: &mut Formatter<'_>, low: Bound<f64>, high: Bound<f64>) -> fmt::Result {
    use Bound::{Excluded, Included, Unbounded};
    match (low, high) {
        (Included(low), Included(high)) if low == high => write!(formatter, "{low}"),
        (Included(low), Unbounded) => write!(formatter, ">={low}"),
        (Excluded(low), Unbounded) => write!(formatter, ">{low}"),
        (Unbounded, Included(high)) => write!(formatter, "<={high}"),
        (Unbounded, Excluded(high)) => write!(formatter, "<{high}"),
        (low, high) => {
            match low {
                Included(low) => write!(formatter, "[{low}")?,
                Excluded(low) => write!(formatter, "{{{low}")?,
                Unbounded => formatter.write_str("[*")?,
            }
            formatter.write_str(" TO ")?;
            match high {
                Included(high) => write!(formatter, "{high}]"),
                Excluded(high) => write!(formatter, "{high}}}"),
                Unbounded => formatter.write_str("*]"),
            }
        }
    }
}

// === impl Pattern ===

impl Pattern {
    /// Exactly this text.
    pub fn literal(text: &str) -> Pattern {
        Pattern::new([Piece::Text(text.to_owned())])
    }

    /// These pieces one after the other; neighboring texts and stars become one.
    pub fn new(pieces: impl IntoIterator<Item = Piece>) -> Pattern {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (Some(Piece::Any), Piece::Any) => {}
                (_, piece) => joined.push(piece),
            }
        }
        Pattern { pieces: joined }
    }

    /// The pieces.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text, if there is no wildcard in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the pattern is `*`.
    pub fn is_any(&self) -> bool {
        self.pieces == [Piece::Any]
    }

    /// Whether `text` looks like this from start to end. Time is bounded by the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        match self.as_literal() {
            Some(literal) => literal.eq_ignore_ascii_case(text),
            None => self.matches_wildcards(text),
        }
    }

    /// Whether `text` contains this, or, if there are wildcards, looks like it from start to end.
    pub fn is_found_in(&self, text: &str) -> bool {
        match self.as_literal() {
            Some(literal) => contains_ignoring_case(text.as_bytes(), literal.as_bytes()),
            None => self.matches_wildcards(text),
        }
    }

    /// Tries pieces from the left; on a mismatch the last star takes one more character.
    fn matches_wildcards(&self, text: &str) -> bool {
        let (mut rest, mut piece) = (text, 0);
        let mut star: Option<(usize, &str)> = None;
        loop {
            let stepped = match self.pieces.get(piece) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Piece::Any) => {
                    piece += 1;
                    star = Some((piece, rest));
                    continue;
                }
                Some(Piece::One) => rest.chars().next().map(char::len_utf8),
                Some(Piece::Text(wanted)) => {
                    rest.get(..wanted.len()).filter(|start| start.eq_ignore_ascii_case(wanted)).map(str::len)
                }
            };
            match (stepped, star) {
                (Some(length), _) => {
                    rest = &rest[length..];
                    piece += 1;
                }
                (None, Some((after, from))) => {
                    let Some(first) = from.chars().next() else { return false };
                    rest = &from[first.len_utf8()..];
                    star = Some((after, rest));
                    piece = after;
                }
                (None, None) => return false,
            }
        }
    }

    fn write(&self, formatter: &mut Formatter<'_>, bare: bool) -> fmt::Result {
        if let Some(literal) = self.as_literal() {
            return match is_plain(literal, bare) {
                true => formatter.write_str(literal),
                false => write_quoted(formatter, literal),
            };
        }
        for piece in &self.pieces {
            match piece {
                Piece::Any => formatter.write_char('*')?,
                Piece::One => formatter.write_char('?')?,
                Piece::Text(text) => write_escaped(formatter, text, bare)?,
            }
        }
        Ok(())
    }
}

impl Display for Pattern {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.write(formatter, false)
    }
}

fn contains_ignoring_case(text: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first().map(u8::to_ascii_lowercase) else { return true };
    let Some(last_start) = text.len().checked_sub(wanted.len()) else { return false };
    (0..=last_start).any(|start| {
        text[start].to_ascii_lowercase() == first
            && text[start..start + wanted.len()].eq_ignore_ascii_case(wanted)
    })
}

/// Whether `text` means itself when written without quotes.
fn is_plain(text: &str, bare: bool) -> bool {
    let starts_plainly = !text.starts_with(['-', '@', '>', '<', '[', '{']);
    let is_operator = matches!(text, "AND" | "OR" | "NOT");
    !text.is_empty() && starts_plainly && !is_operator && !text.chars().any(|c| is_special(c, bare))
}

fn is_special(character: char, colon: bool) -> bool {
    matches!(character, '(' | ')' | '"' | '\\' | '*' | '?')
        || character.is_whitespace()
        || (colon && character == ':')
}

fn write_quoted(formatter: &mut Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    formatter.write_char('"')
}

fn write_escaped(formatter: &mut Formatter<'_>, text: &str, colon: bool) -> fmt::Result {
    for (index, character) in text.chars().enumerate() {
        let leads = index == 0 && matches!(character, '-' | '@' | '>' | '<' | '[' | '{');
        if leads || is_special(character, colon) {
            formatter.write_char('\\')?;
        }
        formatter.write_char(character)?;
    }
    Ok(())
}
