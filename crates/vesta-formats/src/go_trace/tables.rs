//! The tables of a generation: strings, stacks, samples, and what its clock means.

use super::generations::{Batch, Generation};
use super::memory::Memory;
use super::wire::{Bytes, kind};
use crate::Limits;
use crate::decoded::Problems;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{Frame, FrameId, Profile, StackId, StringId};

/// What events of a generation refer to.
#[derive(Debug, Default)]
pub(super) struct Tables {
    strings: HashMap<u64, StringId, FixedState>,
    /// Strings of eight bytes as numbers: Datadog's tracer logs the ids of spans so.
    numbers: HashMap<u64, u64, FixedState>,
    stacks: HashMap<u64, StackId, FixedState>,
    /// Samples of the CPU, by time.
    pub(super) samples: Vec<CpuSample>,
    /// Ticks per second.
    pub(super) frequency: Option<u64>,
    /// The ticks at a moment, and which it was, in nanoseconds since the Unix epoch. Since Go 1.25.
    pub(super) moment: Option<(u64, i64)>,
    /// What all of it takes beside the profile, to be given back.
    memory: usize,
}

/// What ran on a thread at some moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuSample {
    pub(super) ticks: u64,
    pub(super) thread: u64,
    /// 0 for none.
    pub(super) goroutine: u64,
    pub(super) stack: StackId,
}

/// What the reading of tables writes to.
pub(super) struct Destination<'a> {
    pub(super) profile: &'a mut Profile,
    pub(super) memory: &'a mut Memory,
    pub(super) limits: &'a Limits,
    pub(super) problems: &'a mut Problems,
}

/// What an entry of a table takes, with what its index takes.
const ENTRY_BYTES: usize = 40;
/// What a frame takes besides its names.
const FRAME_BYTES: usize = size_of::<Frame>() + 48;

const DAMAGED: &str = "a table is damaged, its rest is not read";
const FULL: &str = "the tables are larger than memory allows, their rest is not read";

/// A place in code as the file names it: the strings of the function and of the file, and the line.
type Place = (u64, u64, u64);

impl Tables {
    pub(super) fn read(generation: &Generation<'_>, to: &mut Destination<'_>) -> Tables {
        let mut tables = Tables::default();
        for batch in of_kind(generation, kind::STRINGS) {
            let read = tables.read_strings(batch, to);
            note(read, to.problems, generation);
        }
        let mut places: HashMap<Place, FrameId, FixedState> = HashMap::default();
        for batch in of_kind(generation, kind::STACKS) {
            let read = tables.read_stacks(batch, &mut places, to);
            note(read, to.problems, generation);
        }
        to.memory.give_back(places.len() * ENTRY_BYTES);
        for batch in of_kind(generation, kind::CPU_SAMPLES) {
            let read = tables.read_samples(batch, to.memory);
            note(read, to.problems, generation);
        }
        tables.samples.sort_by_key(|sample| sample.ticks);
        let clocks = generation.batches.iter().filter(|batch| batch.is_clock());
        for batch in clocks {
            let read = tables.read_clock(batch).ok_or(DAMAGED);
            note(read, to.problems, generation);
        }
        tables
    }

    pub(super) fn string(&self, id: u64) -> StringId {
        self.strings.get(&id).copied().unwrap_or(StringId::EMPTY)
    }

    /// A string of eight bytes as a number, the lowest byte first.
    pub(super) fn number(&self, id: u64) -> Option<u64> {
        self.numbers.get(&id).copied()
    }

    #[inline]
    pub(super) fn stack(&self, id: u64) -> StackId {
        if id == 0 { StackId::EMPTY } else { self.stacks.get(&id).copied().unwrap_or(StackId::EMPTY) }
    }

    /// Gives back the memory that is not part of the profile.
    pub(super) fn finish(self, memory: &mut Memory) {
        memory.give_back(self.memory);
    }

    fn read_strings(&mut self, batch: &Batch<'_>, to: &mut Destination<'_>) -> Result<(), &'static str> {
        let mut bytes = batch.section();
        while !bytes.is_empty() {
            expect(&mut bytes, kind::STRING)?;
            let id = bytes.number().ok_or(DAMAGED)?;
            let length = bytes.number().ok_or(DAMAGED)?;
            let text = bytes.take(length).ok_or(DAMAGED)?;
            if let Ok(number) = text.try_into().map(u64::from_le_bytes) {
                self.take(to.memory)?;
                self.numbers.insert(id, number);
            }
            let text = String::from_utf8_lossy(text);
            self.take(to.memory)?;
            let before = to.profile.strings.len();
            // Each bad byte becomes a replacement character of three.
            if !to.memory.take(text.len() + ENTRY_BYTES) {
                return Err(FULL);
            }
            self.strings.insert(id, to.profile.strings.intern(&text));
            if to.profile.strings.len() == before {
                to.memory.give_back(text.len() + ENTRY_BYTES);
            }
        }
        Ok(())
    }

    fn read_stacks(
        &mut self,
        batch: &Batch<'_>,
        places: &mut HashMap<Place, FrameId, FixedState>,
        to: &mut Destination<'_>,
    ) -> Result<(), &'static str> {
        let mut bytes = batch.section();
        let mut stack = Vec::new();
        while !bytes.is_empty() {
            expect(&mut bytes, kind::STACK)?;
            let id = bytes.number().ok_or(DAMAGED)?;
            let depth = bytes.number().ok_or(DAMAGED)?;
            stack.clear();
            for _ in 0..depth {
                let numbers = [bytes.number(), bytes.number(), bytes.number(), bytes.number()];
                let [Some(_), Some(function), Some(file), Some(line)] = numbers else { return Err(DAMAGED) };
                if stack.len() < to.limits.max_stack_depth {
                    stack.push(self.frame((function, file, line), places, to)?);
                }
            }
            self.take(to.memory)?;
            if !to.memory.take(stack.len() * size_of::<FrameId>() + ENTRY_BYTES) {
                return Err(FULL);
            }
            self.stacks.insert(id, to.profile.stacks.intern(&stack));
        }
        Ok(())
    }

    fn frame(
        &self,
        place: Place,
        places: &mut HashMap<Place, FrameId, FixedState>,
        to: &mut Destination<'_>,
    ) -> Result<FrameId, &'static str> {
        if let Some(&frame) = places.get(&place) {
            return Ok(frame);
        }
        if !to.memory.take(FRAME_BYTES + ENTRY_BYTES) {
            return Err(FULL);
        }
        let (function, file, line) = place;
        let frame = to.profile.frames.intern(Frame {
            function: self.string(function),
            file: self.string(file),
            line: u32::try_from(line).unwrap_or(0),
            ..Frame::default()
        });
        places.insert(place, frame);
        Ok(frame)
    }

    fn read_samples(&mut self, batch: &Batch<'_>, memory: &mut Memory) -> Result<(), &'static str> {
        let mut bytes = batch.section();
        while !bytes.is_empty() {
            expect(&mut bytes, kind::CPU_SAMPLE)?;
            let mut next = || bytes.number().ok_or(DAMAGED);
            let (ticks, thread, _proc) = (next()?, next()?, next()?);
            let (goroutine, stack) = (next()?, next()?);
            self.take(memory)?;
            self.samples.push(CpuSample { ticks, thread, goroutine, stack: self.stack(stack) });
        }
        Ok(())
    }

    /// Before Go 1.25 the frequency alone, without a section around it.
    fn read_clock(&mut self, batch: &Batch<'_>) -> Option<()> {
        let mut bytes = Bytes::new(batch.data);
        let mut ticks = batch.ticks;
        while !bytes.is_empty() {
            match bytes.byte()? {
                kind::SYNC => {}
                kind::FREQUENCY => self.frequency = Some(bytes.number()?).filter(|&frequency| frequency > 0),
                kind::CLOCK_SNAPSHOT => {
                    ticks = ticks.wrapping_add(bytes.number()?);
                    let _monotonic = bytes.number()?;
                    let (seconds, nanoseconds) = (bytes.number()?, bytes.number()?);
                    let nanoseconds = u128::from(seconds) * 1_000_000_000 + u128::from(nanoseconds);
                    self.moment = i64::try_from(nanoseconds).ok().map(|moment| (ticks, moment));
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn take(&mut self, memory: &mut Memory) -> Result<(), &'static str> {
        self.memory += ENTRY_BYTES;
        if memory.take(ENTRY_BYTES) { Ok(()) } else { Err(FULL) }
    }
}

impl<'a> Batch<'a> {
    /// What follows the number of its section.
    fn section(&self) -> Bytes<'a> {
        Bytes::new(self.data.get(1..).unwrap_or_default())
    }

    fn is_clock(&self) -> bool {
        matches!(self.data.first(), Some(&(kind::SYNC | kind::FREQUENCY)))
    }

    /// Whether it holds events of a thread, rather than a part of a table.
    pub(super) fn has_events(&self) -> bool {
        let is_table = matches!(self.data.first(), Some(&(kind::STRINGS | kind::STACKS | kind::CPU_SAMPLES)));
        !self.data.is_empty() && !is_table && !self.is_clock()
    }
}

fn of_kind<'a, 'g>(generation: &'g Generation<'a>, kind: u8) -> impl Iterator<Item = &'g Batch<'a>> {
    generation.batches.iter().filter(move |batch| batch.data.first() == Some(&kind))
}

fn expect(bytes: &mut Bytes<'_>, kind: u8) -> Result<(), &'static str> {
    if bytes.byte() == Some(kind) { Ok(()) } else { Err(DAMAGED) }
}

fn note(read: Result<(), &'static str>, problems: &mut Problems, generation: &Generation<'_>) {
    if let Err(what) = read {
        problems.note(what, || format!("generation {}", generation.number));
    }
}
