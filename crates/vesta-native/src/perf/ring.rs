//! The memory that the kernel writes records to: one page of positions and a power of two of data pages.

#![expect(unsafe_code, reason = "memory that is shared with the kernel")]

use super::formats::Formats;
use super::queue::Queue;
use super::record::{header_fields, stack_index};
use perf_event_open_sys::bindings::{PERF_RECORD_SAMPLE, perf_event_mmap_page};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

/// The ring of one CPU.
#[derive(Debug)]
pub(super) struct Ring {
    page: NonNull<perf_event_mmap_page>,
    /// The data as words: records begin at multiples of 8 bytes.
    words: NonNull<u64>,
    /// How many words of data there are; a power of two.
    length: usize,
    mapped_bytes: usize,
}

// SAFETY: the memory is shared with the kernel only, and whoever owns the value is the only reader and the only one that
// moves the tail.
unsafe impl Send for Ring {}

impl Ring {
    /// Maps a ring of at most `bytes`, halving the size down to `least` while the kernel locks no more memory.
    pub(super) fn map(event: &OwnedFd, bytes: usize, least: usize) -> Result<Ring, (usize, io::Error)> {
        let page = page_bytes();
        let mut bytes = bytes.max(least).max(page).next_power_of_two();
        loop {
            let mapped_bytes = bytes + page;
            // SAFETY: a new mapping at a place that the kernel chooses; no memory of ours is touched.
            let address = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    mapped_bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    event.as_raw_fd(),
                    0,
                )
            };
            if address != libc::MAP_FAILED
                && let Some(start) = NonNull::new(address)
            {
                // SAFETY: the mapping is longer than a page, so the data begins within it.
                let words = unsafe { start.byte_add(page) }.cast();
                return Ok(Ring { page: start.cast(), words, length: bytes / 8, mapped_bytes });
            }
            let error = io::Error::last_os_error();
            let is_about_memory =
                matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOMEM | libc::EAGAIN));
            if !is_about_memory || bytes / 2 < least.max(page) {
                return Err((bytes, error));
            }
            bytes /= 2;
        }
    }

    /// How many bytes of records it holds.
    pub(super) fn bytes(&self) -> usize {
        self.length * 8
    }

    /// Moves all records into `queue`. Of the space for a stack only what the kernel filled is copied.
    pub(super) fn collect(&mut self, formats: &Formats, queue: &mut Queue) {
        let head = self.head().load(Ordering::Acquire);
        let start = self.tail().load(Ordering::Relaxed);
        let mut tail = start;
        while head.wrapping_sub(tail) >= 8 {
            let at = usize::try_from(tail / 8).unwrap_or_default();
            let header = self.word(at);
            let words = usize::from(u16::try_from(header >> 48).unwrap_or_default()) / 8;
            let available = usize::try_from(head.wrapping_sub(tail) / 8).unwrap_or_default();
            if words == 0 || words > available {
                // The kernel writes no such thing; without a size there is no next record.
                queue.broken += 1;
                tail = head;
                break;
            }
            self.copy(at, words, header, formats, queue);
            tail = tail.wrapping_add(u64::try_from(words).unwrap_or_default() * 8);
        }
        if tail != start {
            // Release: the copies are made before the kernel may write over what was copied.
            self.tail().store(tail, Ordering::Release);
        }
    }

    fn copy(&self, at: usize, words: usize, header: u64, formats: &Formats, queue: &mut Queue) {
        let (kind, _) = header_fields(header);
        let stack = if kind == PERF_RECORD_SAMPLE {
            let format = formats.get(self.word(at + 1)).unwrap_or_default();
            stack_index(|index| self.word(at.wrapping_add(index)), words, format)
        } else {
            None
        };
        let Some(stack) = stack else {
            queue.push(|record| self.append(at, words, record));
            return;
        };
        let size = usize::try_from(self.word(at + stack)).unwrap_or(usize::MAX).div_ceil(8);
        let filled_at = stack.saturating_add(1).saturating_add(size);
        if size == 0 || filled_at >= words {
            queue.push(|record| self.append(at, words, record));
            return;
        }
        let filled = self.word(at + filled_at);
        let filled_words = usize::try_from(filled).unwrap_or(usize::MAX).div_ceil(8).min(size);
        queue.push(|record| {
            let start = record.len();
            self.append(at, stack + 1, record);
            self.append(at + stack + 1, filled_words, record);
            record.push(filled);
            // The record stays a valid one: its size and that of the stack are those of what is left.
            let length = record.len() - start;
            if let Some(header) = record.get_mut(start) {
                *header =
                    (*header & 0x0000_ffff_ffff_ffff) | (u64::try_from(length * 8).unwrap_or_default() << 48);
            }
            if let Some(size) = record.get_mut(start + stack) {
                *size = u64::try_from(filled_words * 8).unwrap_or_default();
            }
        });
    }

    /// Appends words from a place on, around the end if need be.
    fn append(&self, at: usize, count: usize, to: &mut Vec<u64>) {
        let start = at & (self.length - 1);
        let first = count.min(self.length - start);
        for (start, count) in [(start, first), (0, (count - first).min(self.length))] {
            // SAFETY: start + count is at most the length of the data, which is mapped as long as `self` lives. The kernel
            // does not write between tail and head, and these words are there.
            to.extend_from_slice(unsafe {
                std::slice::from_raw_parts(self.words.add(start).as_ptr(), count)
            });
        }
    }

    fn word(&self, at: usize) -> u64 {
        // SAFETY: the index is less than the length of the data, which is mapped as long as `self` lives.
        unsafe { self.words.add(at & (self.length - 1)).read() }
    }

    fn head(&self) -> &AtomicU64 {
        // SAFETY: the field is an aligned u64 of memory that is mapped as long as `self` lives, and both sides access it
        // as an atomic.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.page.as_ptr()).data_head) }
    }

    fn tail(&self) -> &AtomicU64 {
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(&raw mut (*self.page.as_ptr()).data_tail) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the address and the size are those of the mapping, which nothing refers to any more.
        unsafe { libc::munmap(self.page.as_ptr().cast(), self.mapped_bytes) };
    }
}

pub(super) fn page_bytes() -> usize {
    // SAFETY: no pointers are involved.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
