//! A trace as generations: spans of a second or so, each with tables of its own.

use super::memory::Memory;
use super::wire::{Bytes, kind};

/// What happened on one thread for a while, or a part of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    pub(super) thread: u64,
    /// When it starts.
    pub(super) ticks: u64,
    pub(super) data: &'a [u8],
}

/// The batches that refer to the same tables.
#[derive(Debug, Default)]
pub(super) struct Generation<'a> {
    pub(super) number: u64,
    pub(super) batches: Vec<Batch<'a>>,
}

/// Reads one generation after the other.
pub(super) struct Generations<'a> {
    bytes: Bytes<'a>,
    /// The first batch of the next generation: before Go 1.26, only that tells that one has ended.
    ahead: Option<(u64, Batch<'a>)>,
    /// Where the trace is not readable any more, and why.
    pub(super) broken: Option<(usize, &'static str)>,
}

/// What a batch takes besides its bytes.
pub(super) const BATCH_BYTES: usize = size_of::<Batch<'_>>() * 2;

enum Piece<'a> {
    Batch(u64, Batch<'a>),
    Skipped,
    EndOfGeneration,
}

impl<'a> Generations<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Generations { bytes: Bytes::new(bytes), ahead: None, broken: None }
    }

    /// The next generation, as far as it is there.
    pub(super) fn next(&mut self, memory: &mut Memory) -> Option<Generation<'a>> {
        let mut generation = Generation::default();
        if let Some((number, batch)) = self.ahead.take() {
            generation = Generation { number, batches: vec![batch] };
        }
        while self.broken.is_none() && !self.bytes.is_empty() {
            match self.piece() {
                Ok(Piece::Batch(number, batch)) if generation.batches.is_empty() => {
                    generation = Generation { number, batches: vec![batch] };
                }
                Ok(Piece::Batch(number, batch)) if number == generation.number => {
                    if !memory.take(BATCH_BYTES) {
                        self.broken = Some((self.bytes.at(), "more batches than memory allows"));
                        break;
                    }
                    generation.batches.push(batch);
                }
                Ok(Piece::Batch(number, batch)) => {
                    self.ahead = Some((number, batch));
                    break;
                }
                Ok(Piece::EndOfGeneration) if !generation.batches.is_empty() => break,
                Ok(Piece::EndOfGeneration | Piece::Skipped) => {}
                Err(why) => self.broken = Some((self.bytes.at(), why)),
            }
        }
        (!generation.batches.is_empty()).then_some(generation)
    }

    fn piece(&mut self) -> Result<Piece<'a>, &'static str> {
        const CUT: &str = "the head of a batch is cut off";
        let bytes = &mut self.bytes;
        let experimental = match bytes.byte() {
            Some(kind::EVENT_BATCH) => false,
            Some(kind::EXPERIMENTAL_BATCH) => true,
            Some(kind::END_OF_GENERATION) => return Ok(Piece::EndOfGeneration),
            Some(_) => return Err("something other than a batch"),
            None => return Err(CUT),
        };
        if experimental {
            bytes.byte().ok_or(CUT)?;
        }
        let [number, thread, ticks, length] =
            [bytes.number(), bytes.number(), bytes.number(), bytes.number()].map(|number| number.ok_or(CUT));
        let (number, thread, ticks) = (number?, thread?, ticks?);
        let data = match bytes.take(length?) {
            Some(data) => data,
            None => {
                // What there is of it can be read.
                self.broken = Some((bytes.at(), "a batch is cut off"));
                bytes.rest()
            }
        };
        if experimental {
            return Ok(Piece::Skipped);
        }
        Ok(Piece::Batch(number, Batch { thread, ticks, data }))
    }
}
