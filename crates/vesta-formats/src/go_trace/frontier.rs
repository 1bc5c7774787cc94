//! The streams of a generation's threads, brought into one order.
//!
//! Clocks of threads differ, so times alone do not order events. What does are the states of goroutines and procs, and
//! the numbers that count their changes: an event that does not fit yet waits until another thread's has happened.

use super::generations::{Batch, Generation};
use super::scheduler::Scheduler;
use super::tables::{CpuSample, Tables};
use super::wire::{Bytes, Event};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The events of one thread.
struct Stream<'a> {
    /// The thread, as the scheduler knows it.
    thread: u32,
    /// Batches that were not begun, the last one first.
    batches: Vec<Batch<'a>>,
    bytes: Bytes<'a>,
    /// The event that comes next.
    event: Event,
}

/// When the next event of a stream is, and which stream that is: the earliest first.
type Next = Reverse<(u64, u32)>;

/// What a stream takes, with what the index takes.
const STREAM_BYTES: usize = size_of::<Stream<'_>>() + 64;
/// How many events may be found too early per event that happens, on average. Whole traces need a fraction of one; where
/// a trace breaks off, much of what is left waits in vain, and this bounds what that costs.
const PATIENCE: usize = 2;

/// Lets the events of a generation happen.
pub(super) fn run(generation: &Generation<'_>, tables: &Tables, scheduler: &mut Scheduler<'_>) {
    let (mut streams, taken) = streams(generation, scheduler);
    let mut heap: BinaryHeap<Next> = BinaryHeap::with_capacity(streams.len());
    for (index, stream) in (0_u32..).zip(&mut streams) {
        if advance(stream, scheduler) {
            heap.push(Reverse((stream.event.ticks, index)));
        }
    }
    let mut samples = tables.samples.iter().peekable();
    let mut early: Vec<Next> = Vec::new();
    let mut patience = streams.len() * PATIENCE;
    while let Some(&Reverse((ticks, index))) = heap.peek() {
        while let Some(sample) = samples.next_if(|sample| sample.ticks < ticks) {
            happen(sample, scheduler);
        }
        patience += PATIENCE;
        let stream = &mut streams[index as usize];
        if scheduler.is_ready(stream.thread, &stream.event) {
            scheduler.apply(stream.thread, &stream.event, tables);
            step(&mut heap, stream, index, scheduler);
        } else {
            out_of_turn(&mut heap, &mut streams, &mut early, &mut patience, tables, scheduler);
        }
        if scheduler.is_full() {
            break;
        }
    }
    samples.for_each(|sample| happen(sample, scheduler));
    scheduler.output.memory.give_back(taken);
}

fn happen(sample: &CpuSample, scheduler: &mut Scheduler<'_>) {
    scheduler.cpu_sample(sample);
}

/// Finds the earliest event that can happen although the first one cannot. If there is none, something is missing from
/// the trace, and the first one happens anyway.
fn out_of_turn(
    heap: &mut BinaryHeap<Next>,
    streams: &mut [Stream<'_>],
    early: &mut Vec<Next>,
    patience: &mut usize,
    tables: &Tables,
    scheduler: &mut Scheduler<'_>,
) {
    early.extend(heap.pop());
    let found = loop {
        let Some(&Reverse((_, index))) = heap.peek() else { break None };
        let Some(left) = patience.checked_sub(1) else { break None };
        *patience = left;
        let stream = &streams[index as usize];
        if scheduler.is_ready(stream.thread, &stream.event) {
            break Some(index);
        }
        early.extend(heap.pop());
    };
    if let Some(index) = found {
        let stream = &mut streams[index as usize];
        scheduler.apply(stream.thread, &stream.event, tables);
        step(heap, stream, index, scheduler);
    } else if let Some(&Reverse((_, index))) = early.first() {
        let stream = &mut streams[index as usize];
        scheduler.force(stream.thread, &stream.event, tables);
        match advance(stream, scheduler) {
            true => early[0] = Reverse((stream.event.ticks, index)),
            false => drop(early.swap_remove(0)),
        }
    }
    heap.extend(early.drain(..));
}

/// Puts the next event of the stream at the top in its place.
fn step(heap: &mut BinaryHeap<Next>, stream: &mut Stream<'_>, index: u32, scheduler: &mut Scheduler<'_>) {
    if advance(stream, scheduler) {
        if let Some(mut top) = heap.peek_mut() {
            *top = Reverse((stream.event.ticks, index));
        }
    } else {
        heap.pop();
    }
}

/// Reads the next event of a stream; whether there is one.
#[inline]
fn advance(stream: &mut Stream<'_>, scheduler: &mut Scheduler<'_>) -> bool {
    let mut since = stream.event.ticks;
    while stream.bytes.is_empty() {
        let Some(batch) = stream.batches.pop() else { return false };
        stream.bytes = Bytes::new(batch.data);
        since = batch.ticks;
    }
    match stream.bytes.event() {
        Some(event) => {
            stream.event = Event { ticks: since.saturating_add(event.ticks), ..event };
            true
        }
        None => {
            scheduler.unreadable_event();
            stream.bytes = Bytes::default();
            advance_past(stream, scheduler)
        }
    }
}

/// What follows a batch that is damaged.
#[cold]
fn advance_past(stream: &mut Stream<'_>, scheduler: &mut Scheduler<'_>) -> bool {
    while let Some(batch) = stream.batches.pop() {
        let mut bytes = Bytes::new(batch.data);
        if let Some(event) = bytes.event() {
            stream.bytes = bytes;
            stream.event = Event { ticks: batch.ticks.saturating_add(event.ticks), ..event };
            return true;
        }
        scheduler.unreadable_event();
    }
    false
}

/// The batches by thread, and the memory that takes.
fn streams<'a>(generation: &Generation<'a>, scheduler: &mut Scheduler<'_>) -> (Vec<Stream<'a>>, usize) {
    let mut streams: Vec<Stream<'a>> = Vec::new();
    let mut index: HashMap<u64, usize, FixedState> = HashMap::default();
    let mut taken = 0;
    for batch in generation.batches.iter().rev().filter(|batch| batch.has_events()) {
        let position = match index.get(&batch.thread) {
            Some(&position) => position,
            None => {
                if !scheduler.output.memory.take(STREAM_BYTES) {
                    continue;
                }
                taken += STREAM_BYTES;
                index.insert(batch.thread, streams.len());
                streams.push(Stream {
                    thread: scheduler.thread(batch.thread),
                    batches: Vec::new(),
                    bytes: Bytes::default(),
                    event: Event::default(),
                });
                streams.len() - 1
            }
        };
        streams[position].batches.push(*batch);
    }
    (streams, taken)
}
