//! Sections read in pages, each when it is first needed.
//!
//! Few addresses need little of a table, and it is the whole of it that takes the time and the memory: of 60 MiB of debug
//! information, some hundred KiB.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::fmt;

use gimli::{Error, LittleEndian, Reader, ReaderOffsetId};

use super::{ElfFile, Section};
use crate::little_endian::{index, size, size_of_slice};

/// As the cache of the system has them.
const PAGE: usize = 4096;

type Page = OnceCell<Option<Box<[u8]>>>;

/// A section of a file.
pub(crate) struct PagedSection<'a> {
    elf: &'a ElfFile,
    section: Option<&'a Section>,
    length: usize,
    /// A compressed section is one page.
    page: usize,
    pages: Box<[Page]>,
    read: &'a Cell<u64>,
}

impl<'a> PagedSection<'a> {
    /// Reads nothing yet. What is read is added to `read`.
    pub(crate) fn new(elf: &'a ElfFile, section: Option<&'a Section>, read: &'a Cell<u64>) -> Self {
        let length = section.and_then(|section| index(elf.section_size(section))).unwrap_or(0);
        let page = if section.is_some_and(|section| elf.is_compressed(section)) { length } else { PAGE };
        // Headers promise what the file does not have.
        let length = if page == PAGE { length.min(index(elf.size()).unwrap_or(0)) } else { length };
        let page = page.max(1);
        let pages = (0..length.div_ceil(page)).map(|_| Page::new()).collect();
        Self { elf, section, length, page, pages, read }
    }

    /// All of it.
    pub(crate) fn reader(&'a self) -> PagedReader<'a> {
        PagedReader { section: self, start: 0, end: self.length }
    }

    /// From here to the end of the page at most; `None` when it cannot be read.
    #[inline]
    fn bytes_from(&self, at: usize) -> Option<&[u8]> {
        let number = at / self.page;
        let page = self.pages.get(number)?.get_or_init(|| self.read_page(number));
        page.as_ref()?.get(at % self.page..)
    }

    #[cold]
    fn read_page(&self, number: usize) -> Option<Box<[u8]>> {
        let section = self.section?;
        let bytes = if self.page == PAGE {
            let start = number * PAGE;
            let length = PAGE.min(self.length - start);
            self.elf.read_within(section, size(start), size(length)).ok()?
        } else {
            self.elf.read_section(section, size(self.length)).ok()?
        };
        self.read.set(self.read.get().saturating_add(size_of_slice(&bytes)));
        Some(bytes.into())
    }
}

/// A part of a section, as DWARF is read.
#[derive(Clone, Copy)]
pub(crate) struct PagedReader<'a> {
    section: &'a PagedSection<'a>,
    start: usize,
    end: usize,
}

impl fmt::Debug for PagedReader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PagedReader({}..{})", self.start, self.end)
    }
}

impl PagedReader<'_> {
    fn check(&self, length: usize) -> Result<(), Error> {
        if length <= self.end - self.start { Ok(()) } else { Err(Error::UnexpectedEof(self.offset_id())) }
    }
}

impl Reader for PagedReader<'_> {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    fn empty(&mut self) {
        self.end = self.start;
    }

    fn truncate(&mut self, length: usize) -> Result<(), Error> {
        self.check(length)?;
        self.end = self.start + length;
        Ok(())
    }

    fn offset_from(&self, base: &Self) -> usize {
        self.start.saturating_sub(base.start)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        ReaderOffsetId(size(self.start))
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        let at = index(id.0)?;
        (self.start..=self.end).contains(&at).then(|| at - self.start)
    }

    fn find(&self, byte: u8) -> Result<usize, Error> {
        let mut at = self.start;
        while at < self.end {
            let bytes = self.section.bytes_from(at).filter(|bytes| !bytes.is_empty()).ok_or(Error::Io)?;
            let bytes = &bytes[..bytes.len().min(self.end - at)];
            if let Some(found) = memchr::memchr(byte, bytes) {
                return Ok(at + found - self.start);
            }
            at += bytes.len();
        }
        Err(Error::UnexpectedEof(self.offset_id()))
    }

    #[inline]
    fn skip(&mut self, length: usize) -> Result<(), Error> {
        self.check(length)?;
        self.start += length;
        Ok(())
    }

    fn split(&mut self, length: usize) -> Result<Self, Error> {
        self.check(length)?;
        let first = Self { end: self.start + length, ..*self };
        self.start += length;
        Ok(first)
    }

    fn to_slice(&self) -> Result<Cow<'_, [u8]>, Error> {
        if self.start == self.end {
            return Ok(Cow::Borrowed(&[]));
        }
        let first = self.section.bytes_from(self.start).ok_or(Error::Io)?;
        if let Some(bytes) = first.get(..self.end - self.start) {
            return Ok(Cow::Borrowed(bytes));
        }
        // A length is foreign: nothing is set aside before the pages are there.
        let mut all = Vec::new();
        let mut at = self.start;
        while at < self.end {
            let bytes = self.section.bytes_from(at).filter(|bytes| !bytes.is_empty()).ok_or(Error::Io)?;
            let bytes = &bytes[..bytes.len().min(self.end - at)];
            all.extend_from_slice(bytes);
            at += bytes.len();
        }
        Ok(Cow::Owned(all))
    }

    fn to_string(&self) -> Result<Cow<'_, str>, Error> {
        match self.to_slice()? {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Error::BadUtf8),
            Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| Error::BadUtf8),
        }
    }

    fn to_string_lossy(&self) -> Result<Cow<'_, str>, Error> {
        Ok(match self.to_slice()? {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    #[inline]
    fn read_slice(&mut self, into: &mut [u8]) -> Result<(), Error> {
        self.check(into.len())?;
        let mut done = 0;
        while done < into.len() {
            let bytes = self.section.bytes_from(self.start + done).ok_or(Error::Io)?;
            let length = bytes.len().min(into.len() - done);
            if length == 0 {
                return Err(Error::Io);
            }
            into[done..done + length].copy_from_slice(&bytes[..length]);
            done += length;
        }
        self.start += into.len();
        Ok(())
    }
}
