//! Through a file, chunk by chunk.

use super::chunk::Chunk;
use super::event::{Event, EventType, Plan};
use super::header::{HEADER_BYTES, Header, MAGIC};
use super::metadata::Metadata;
use super::pools::Pools;
use super::value::Value;
use super::walk::{CHECKPOINT, METADATA, RawEvent, Survey, chunk_header};
use super::{JfrError, Visitor};
use crate::Problem;
use crate::budget::Budget;
use crate::decoded::Problems;
use std::ops::ControlFlow;
use std::rc::Rc;

/// Reads all chunks.
pub(super) fn read(
    bytes: &[u8],
    max_memory: usize,
    visitor: &mut impl Visitor,
) -> Result<Vec<Problem>, JfrError> {
    let first = Header::read(bytes).ok_or(JfrError::NotJfr)?;
    if !first.is_known() {
        return Err(JfrError::UnknownVersion { major: first.major, minor: first.minor });
    }
    let mut reader = Reader {
        bytes,
        max_memory,
        problems: Problems::default(),
        previous: None,
        chunks: 0,
        at: 0,
        next_other: (0, 0),
    };
    while reader.at < bytes.len() {
        if reader.chunk(visitor)?.is_break() {
            break;
        }
    }
    Ok(reader.problems.into_vec())
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// What the tables of one chunk may take; those of the chunk before are gone by then.
    max_memory: usize,
    problems: Problems,
    /// The types of the chunk before, for one that ends before it says its own.
    previous: Option<Rc<Metadata>>,
    chunks: usize,
    /// Where the next chunk begins.
    at: usize,
    /// Where the next chunk begins that is not of this time, so that it is looked for once.
    next_other: (i64, usize),
}

impl<'a> Reader<'a> {
    /// Reads the chunk at `at` and goes past it.
    fn chunk(&mut self, visitor: &mut impl Visitor) -> Result<ControlFlow<()>, JfrError> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(mut header) = Header::read(rest).filter(Header::is_known) else {
            self.problems.note("bytes that are no chunk", || format!("at byte {start}"));
            self.at = next_chunk(self.bytes, start + 1, |_| true);
            return Ok(ControlFlow::Continue(()));
        };
        if !header.has_clock() {
            self.problems
                .note("a chunk without clock, taken to count nanoseconds", || format!("at byte {start}"));
        }
        let promised = usize::try_from(header.size).unwrap_or(usize::MAX);
        if header.finished && !(HEADER_BYTES..=rest.len()).contains(&promised) {
            self.problems.note("a chunk that breaks off", || format!("at byte {start}"));
            header.finished = false;
        } else if !header.finished {
            self.problems.note("a chunk that its writer did not finish", || format!("at byte {start}"));
        }
        let most = match header.finished {
            true => start + promised,
            // Its last event may say that it is longer.
            false => self.next_other(start, header.start_ns),
        };
        // Places in a chunk are kept in 32 bits.
        let end = most.min(start.saturating_add(usize::try_from(u32::MAX).unwrap_or(usize::MAX)));
        let bytes = self.bytes.get(start..end).unwrap_or_default();

        let mut budget = Budget::new(self.max_memory);
        let survey = Survey::of(bytes, &header, &mut budget)?;
        if survey.broken {
            self.problems.note("bytes that are no event", || format!("at byte {}", start + survey.end));
        }
        let is_short = !header.finished && !survey.broken;
        self.at = if is_short { start + survey.end } else { most };
        // What the header points to may be behind a fault.
        let bytes = if is_short { bytes.get(..survey.end).unwrap_or(bytes) } else { bytes };
        self.contents(bytes, header, &survey, &mut budget, visitor)
    }

    /// Where the first chunk after `start` begins that is of another time.
    fn next_other(&mut self, start: usize, start_ns: i64) -> usize {
        match self.next_other {
            (known_ns, at) if known_ns == start_ns && at > start => at,
            _ => {
                let from = start + HEADER_BYTES;
                let at = next_chunk(self.bytes, from, |next| next.start_ns != start_ns);
                self.next_other = (start_ns, at);
                at
            }
        }
    }

    fn contents(
        &mut self,
        bytes: &'a [u8],
        header: Header,
        survey: &Survey,
        budget: &mut Budget,
        visitor: &mut impl Visitor,
    ) -> Result<ControlFlow<()>, JfrError> {
        let index = self.chunks;
        self.chunks += 1;
        let Some(metadata) = self.metadata(bytes, &header, survey, budget)? else {
            self.problems.note("a chunk that does not say what its events are", || format!("chunk {index}"));
            return Ok(ControlFlow::Continue(()));
        };
        let mut pools = Pools::new(&metadata);
        for &at in &survey.checkpoints {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            let Some(event) = RawEvent::at(bytes, at, header.compressed) else { continue };
            let mut body = event.bounded_body(bytes, header.compressed);
            if !pools.add(&mut body, &metadata, budget)? {
                self.problems.note("constants that cannot be read", || format!("chunk {index}, byte {at}"));
            }
        }
        let chunk = Chunk::new(bytes, index, header, metadata, pools);
        visitor.chunk(&chunk);
        Ok(self.events(&chunk, survey.end, visitor))
    }

    /// The description of types that the header points to; without that, the last one in the chunk; without any, that
    /// of the chunk before, since a JVM gives types the same numbers as long as it runs.
    fn metadata(
        &mut self,
        bytes: &'a [u8],
        header: &Header,
        survey: &Survey,
        budget: &mut Budget,
    ) -> Result<Option<Rc<Metadata>>, JfrError> {
        let pointed = usize::try_from(header.metadata_at).ok().filter(|&at| at >= HEADER_BYTES);
        // Of an unfinished chunk the header is older than what was last written.
        let candidates = match header.finished {
            true => [pointed, survey.metadata_at],
            false => [survey.metadata_at, pointed],
        };
        for at in candidates.into_iter().flatten() {
            let event = RawEvent::at(bytes, at, header.compressed).filter(|event| event.type_id == METADATA);
            let Some(event) = event else { continue };
            let mut body = event.bounded_body(bytes, header.compressed);
            if let Some(metadata) = Metadata::read(&mut body, header.compressed, budget)? {
                let metadata = Rc::new(metadata);
                self.previous = Some(Rc::clone(&metadata));
                return Ok(Some(metadata));
            }
        }
        // Once: tables for many types in many chunks of few bytes would take long.
        let previous = self.previous.take();
        Ok(previous.filter(|previous| !header.finished && previous.types.compressed == header.compressed))
    }

    fn events(&mut self, chunk: &Chunk<'a>, end: usize, visitor: &mut impl Visitor) -> ControlFlow<()> {
        let metadata = chunk.metadata();
        let bytes = chunk.bytes();
        let compressed = metadata.types.compressed;
        let mut plans: Vec<Option<Option<Plan>>> = Vec::new();
        plans.resize_with(metadata.types.len(), || None);
        let mut registers: Vec<Value<'_>> = Vec::new();
        let mut at = HEADER_BYTES;
        while at < end {
            let Some(event) = RawEvent::at(bytes, at, compressed) else { break };
            at = event.end;
            if matches!(event.type_id, METADATA | CHECKPOINT) {
                continue;
            }
            let index = metadata.types.index_of(event.type_id);
            let plan = index.and_then(|index| plans.get_mut(usize::try_from(index).ok()?));
            let (Some(index), Some(plan)) = (index, plan) else {
                self.problems.note("events of a type that is not described", || {
                    format!("chunk {}, type {}", chunk.index(), event.type_id)
                });
                continue;
            };
            let plan = plan.get_or_insert_with(|| {
                let event_type = EventType::new(metadata, metadata.types.get(index)?);
                let interest = visitor.event_type(chunk, &event_type)?;
                Some(Plan::new(metadata, index, &interest))
            });
            let Some(plan) = plan else { continue };
            let mut body = event.bounded_body(bytes, compressed);
            registers.clear();
            registers.resize(plan.program.registers(), Value::Absent);
            if plan.program.run(chunk, &mut body, &mut registers).is_none() {
                self.problems.note("events that are shorter than their type", || {
                    format!("chunk {}, type {}", chunk.index(), event.type_id)
                });
            }
            visitor.event(&Event { chunk, plan, registers: &registers, at: event.body.at() })?;
        }
        ControlFlow::Continue(())
    }
}

/// Where the next chunk begins, from a place on; the end of the file if there is none. While a JVM writes, its chunks hold
/// copies of their own headers: `is_wanted` tells those from others.
fn next_chunk(bytes: &[u8], from: usize, is_wanted: impl Fn(&Header) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memmem::find_iter(rest, &MAGIC)
        .find(|&at| rest.get(at..).and_then(chunk_header).is_some_and(|header| is_wanted(&header)))
        .map_or(bytes.len(), |at| from + at)
}
