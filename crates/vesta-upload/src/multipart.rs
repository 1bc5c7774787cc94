//! A reader of `multipart/form-data` bodies that are in memory as a whole. Parts are slices of the body.
//!
//! Stricter readers refuse what real clients send. This one takes part headers in any case and order, parts without
//! a content type, a preamble and an epilogue, and lines that end in a bare line feed if the first one does. It is
//! strict about the two things that show a damaged body: the closing boundary must be there, and every part must say
//! its name.

use crate::Limits;
use crate::header_value::HeaderValue;
use bytes::Bytes;
use memchr::{memchr, memmem};
use std::fmt;
use std::ops::Range;
use vesta_formats::compression::{self, Encoding};

/// A part of a body.
#[derive(Clone, Debug)]
pub struct Part {
    /// The position within the body, starting at 1.
    pub number: usize,
    /// The name of the form field.
    pub name: String,
    /// The file name as the client wrote it: do not use it as a path.
    pub filename: Option<String>,
    /// The content type as the client wrote it. It is at times wrong.
    pub content_type: Option<String>,
    /// Where the content starts within the body.
    pub offset: usize,
    /// The content: a slice of the body.
    pub data: Bytes,
}

/// A body that is not a readable `multipart/form-data` body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct MultipartError {
    /// The part that could not be read; none if the body as a whole could not be.
    pub part: Option<PartName>,
    /// The byte of the body at which reading stopped.
    pub offset: usize,
    /// What is wrong there.
    pub reason: MultipartReason,
}

/// Which part an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartName {
    /// The position within the body, starting at 1.
    pub number: usize,
    /// The file name or else the name of the form field; empty when the headers could not be read so far.
    pub name: String,
}

/// What is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartReason {
    /// Another content type.
    #[error("the content type must be multipart/form-data, but it is `{0}`")]
    OtherContentType(String),
    /// No boundary in the content type.
    #[error("the content type has no boundary")]
    NoBoundary,
    /// A boundary longer than the 70 characters that RFC 2046 allows.
    #[error("the boundary in the content type has {0} characters, more than the 70 that are allowed")]
    LongBoundary(usize),
    /// A body above the limit.
    #[error("the body has {size} bytes, more than the {limit} that are allowed")]
    BodyTooLarge {
        /// Bytes of the body.
        size: usize,
        /// [`Limits::body`].
        limit: usize,
    },
    /// The boundary is nowhere in the body.
    #[error("no line of the body is the boundary `--{0}`")]
    BoundaryNotFound(String),
    /// More parts than the limit.
    #[error("there are more than the {0} parts that are allowed")]
    TooManyParts(usize),
    /// The body ends within the headers of a part.
    #[error("the body ends within the headers of this part; it was probably cut off")]
    HeadersCutOff,
    /// The headers of a part pass the limit.
    #[error("the headers of this part are longer than the {0} bytes that are allowed")]
    HeadersTooLong(usize),
    /// A header line that is none.
    #[error("`{0}` is not a header line")]
    BadHeaderLine(String),
    /// No content disposition, or one without a name.
    #[error("the headers of this part have no Content-Disposition with a name or filename")]
    NoName,
    /// No boundary after the part.
    #[error("the body ends without the closing boundary; it was probably cut off within this part")]
    CutOff,
}

/// Reads all parts of a body.
pub fn read(content_type: &str, body: &Bytes, limits: &Limits) -> Result<Vec<Part>, MultipartError> {
    let error = |reason| MultipartError { part: None, offset: 0, reason };
    if body.len() > limits.body {
        return Err(error(MultipartReason::BodyTooLarge { size: body.len(), limit: limits.body }));
    }
    let boundary = boundary(content_type).map_err(error)?;
    let delimiter = format!("--{boundary}");
    let mut scanner = Scanner { body, finder: memmem::Finder::new(&delimiter), bare_line_feeds: None };
    let Some(mut opening) = scanner.next(0) else {
        return Err(error(MultipartReason::BoundaryNotFound(boundary)));
    };
    let mut parts = Vec::new();
    while !opening.closing {
        let mut part = PartName { number: parts.len() + 1, name: String::new() };
        if parts.len() == limits.parts {
            let reason = MultipartReason::TooManyParts(limits.parts);
            return Err(MultipartError { part: Some(part), offset: opening.end, reason });
        }
        let head = match read_head(body, opening.end, limits.part_headers) {
            Ok(head) => head,
            Err((offset, reason)) => return Err(MultipartError { part: Some(part), offset, reason }),
        };
        let Some((name, filename)) = head.names() else {
            let reason = MultipartReason::NoName;
            return Err(MultipartError { part: Some(part), offset: opening.end, reason });
        };
        let Some(next) = scanner.next(head.end) else {
            part.name = filename.unwrap_or(name);
            return Err(MultipartError {
                part: Some(part),
                offset: body.len(),
                reason: MultipartReason::CutOff,
            });
        };
        parts.push(Part {
            number: part.number,
            name,
            filename,
            content_type: head.content_type,
            offset: head.end,
            data: body.slice(head.end..next.start),
        });
        opening = next;
    }
    Ok(parts)
}

impl Part {
    /// The file name, or the name of the form field where there is none. Attachments go by this.
    pub fn file_name(&self) -> &str {
        self.filename.as_deref().unwrap_or(&self.name)
    }

    /// How the content is compressed, or what it is if it is not: by its first bytes, as the content type is at times
    /// wrong.
    pub fn encoding(&self) -> Encoding {
        compression::sniff(&self.data)
    }

    /// Where the content is within the body.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.data.len()
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "part {}", self.number)?;
        if self.name.is_empty() { Ok(()) } else { write!(formatter, " ({})", Clipped(&self.name)) }
    }
}

impl fmt::Display for MultipartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Some(part) => write!(formatter, "{part}, byte {}: {}", self.offset, self.reason),
            None => write!(formatter, "{}", self.reason),
        }
    }
}

/// Text of a stranger, short enough for an error and without control characters.
pub(crate) struct Clipped<'a>(pub(crate) &'a str);

impl fmt::Display for Clipped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 80;
        for character in self.0.chars().take(LONGEST) {
            if character.is_control() {
                write!(formatter, "{}", character.escape_default())?;
            } else {
                write!(formatter, "{character}")?;
            }
        }
        if self.0.chars().nth(LONGEST).is_some() { formatter.write_str("…") } else { Ok(()) }
    }
}

fn boundary(content_type: &str) -> Result<String, MultipartReason> {
    let value = HeaderValue::parse(content_type);
    if value.word != "multipart/form-data" {
        return Err(MultipartReason::OtherContentType(Clipped(content_type).to_string()));
    }
    match value.parameter("boundary") {
        None => Err(MultipartReason::NoBoundary),
        Some(boundary) if boundary.is_empty() => Err(MultipartReason::NoBoundary),
        Some(boundary) if boundary.len() > 70 => Err(MultipartReason::LongBoundary(boundary.len())),
        Some(boundary) => Ok(boundary),
    }
}

/// A boundary line.
struct Delimiter {
    /// Where the content before it ends: the line break before the boundary belongs to the boundary.
    start: usize,
    /// Where the content after it starts.
    end: usize,
    /// Whether it is the last one.
    closing: bool,
}

struct Scanner<'a> {
    body: &'a [u8],
    finder: memmem::Finder<'a>,
    /// Whether lines end in a bare line feed, as the first boundary line shows. Taking both in one body would cut
    /// parts whose content happens to look like a boundary.
    bare_line_feeds: Option<bool>,
}

impl Scanner<'_> {
    fn next(&mut self, from: usize) -> Option<Delimiter> {
        let hits = self.finder.find_iter(&self.body[from..]);
        for at in hits.map(|hit| from + hit) {
            let Some(start) = self.line_start(from, at) else { continue };
            let after = at + self.finder.needle().len();
            let closing = self.body[after..].starts_with(b"--");
            let padding = after + if closing { 2 } else { 0 };
            let blanks =
                self.body[padding..].iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
            let rest = &self.body[padding + blanks..];
            let end = padding + blanks;
            if rest.starts_with(b"\r\n") && self.bare_line_feeds != Some(true) {
                self.bare_line_feeds.get_or_insert(false);
                return Some(Delimiter { start, end: end + 2, closing });
            }
            if rest.starts_with(b"\n") && self.bare_line_feeds != Some(false) {
                self.bare_line_feeds.get_or_insert(true);
                return Some(Delimiter { start, end: end + 1, closing });
            }
            if closing && rest.is_empty() {
                return Some(Delimiter { start, end, closing });
            }
        }
        None
    }

    /// Where the line break before `at` starts; none if `at` is in the middle of a line. Content that is empty may
    /// share its line break with the empty line after the headers.
    fn line_start(&self, from: usize, at: usize) -> Option<usize> {
        if at == from {
            return Some(from);
        }
        let before = &self.body[from..at];
        match self.bare_line_feeds {
            Some(false) => before.ends_with(b"\r\n").then(|| at - 2),
            Some(true) => before.ends_with(b"\n").then(|| at - 1),
            None => before.ends_with(b"\n").then_some(at),
        }
    }
}

struct Head {
    disposition: Option<HeaderValue>,
    content_type: Option<String>,
    end: usize,
}

impl Head {
    /// The name and the file name, if there is at least one of them.
    fn names(&self) -> Option<(String, Option<String>)> {
        let disposition = self.disposition.as_ref()?;
        let filename = disposition.parameter("filename").filter(|name| !name.is_empty());
        let name = disposition.parameter("name").filter(|name| !name.is_empty());
        Some((name.or_else(|| filename.clone())?, filename))
    }
}

fn read_head(body: &[u8], start: usize, limit: usize) -> Result<Head, (usize, MultipartReason)> {
    let mut head = Head { disposition: None, content_type: None, end: start };
    let window = &body[start..body.len().min(start.saturating_add(limit))];
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    loop {
        let Some(length) = memchr(b'\n', &window[at..]) else {
            let cut_off = start + window.len() == body.len();
            let reason =
                if cut_off { MultipartReason::HeadersCutOff } else { MultipartReason::HeadersTooLong(limit) };
            return Err((start + at, reason));
        };
        let line = &window[at..at + length];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        let line_at = start + at;
        at += length + 1;
        if line.is_empty() {
            break;
        }
        match lines.last_mut() {
            // A folded line belongs to the one before.
            Some(last) if text.starts_with([' ', '\t']) => last.push_str(&text),
            _ if text.contains(':') => lines.push(text.into_owned()),
            _ => return Err((line_at, MultipartReason::BadHeaderLine(Clipped(&text).to_string()))),
        }
    }
    for line in &lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = name.trim();
        if name.eq_ignore_ascii_case("content-disposition") && head.disposition.is_none() {
            head.disposition = Some(HeaderValue::parse(value));
        } else if name.eq_ignore_ascii_case("content-type") && head.content_type.is_none() {
            head.content_type = Some(value.trim().to_owned());
        }
    }
    head.end = start + at;
    Ok(head)
}
