//! From events to a profile.
//!
//! # Problem
//!
//! A recording holds some two hundred kinds of events, of which about ninety say where a program spends time and memory, and
//! what the JVM does meanwhile. They come from the JDK, from Datadog's engine and from async-profiler, often together in one
//! file, and each says in a way of its own how much a sample stands for.
//!
//! # Design
//!
//! - `events` lists what is read of which event, `sources` which samples are made of it and what they count.
//! - Samples are finished at the end: periods, endpoints and rival sources are known only then (`samples`, `weights`).
//! - What the JVM does of itself becomes samples of the type `timeline`, as with every other runtime.
//! - Events that nobody knows become samples under their own names, if they have stacks (`other`).
//! - Labels that the program has set are attributes of events, or of the context that events name (`contexts`).
//! - Numbers become metrics, and what describes the process becomes facts, without secrets (`redaction`).
//!
//! # Non-goals
//!
//! What only Java Mission Control shows: statistics of regions of the heap, of the code cache, of phases of compilers. The
//! recording is kept and can be downloaded.

mod contexts;
mod events;
mod information;
mod labels;
mod machine;
mod metrics;
mod names;
mod other;
mod program;
mod redaction;
mod runtime;
mod samples;
mod settings;
mod sources;
mod stacks;
mod weights;

pub use contexts::{Contexts, ContextsError};
pub use information::{Fact, Section};

use super::{Chunk, Event, EventType, Interest, JfrError, Visitor};
use crate::decoded::Problems;
use crate::{Limits, Problem};
use events::NO_ATTRIBUTES;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use information::Information;
use metrics::Metrics;
use other::OtherEvent;
use runtime::Runtime;
use samples::Samples;
use settings::Settings;
use stacks::Stacks;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use vesta_profile::{LabelSetId, Period, Profile, StringId, ValueType};

/// What a recording says.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The samples.
    pub profile: Profile,
    /// Numbers about the period.
    pub metrics: Vec<(String, f64)>,
    /// What describes the process. Secrets are taken out.
    pub facts: Vec<Fact>,
    /// Requests that ended, by endpoint.
    pub endpoint_counts: BTreeMap<String, i64>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// Reads a recording: uncompressed chunks, one after the other.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Recording, JfrError> {
    decode_with(bytes, &Contexts::default(), limits)
}

/// Reads a recording whose events happened in contexts.
pub fn decode_with(bytes: &[u8], contexts: &Contexts, limits: &Limits) -> Result<Recording, JfrError> {
    let mut reading = Reading::new(contexts, limits);
    let problems = super::read(bytes, limits, &mut reading)?;
    Ok(reading.finish(problems))
}

/// A recording while it is read.
struct Reading<'l> {
    limits: &'l Limits,
    contexts: &'l Contexts,
    profile: Profile,
    samples: Samples,
    information: Information,
    metrics: Metrics,
    problems: Problems,
    endpoint_counts: BTreeMap<String, i64>,
    exceptions: Exceptions,
    end_ns: i64,
    cpu_period_ns: i64,
    chunk: ChunkState,
}

/// What holds for one chunk only.
#[derive(Default)]
struct ChunkState {
    /// Whether one is being read.
    is_open: bool,
    settings: Settings,
    stacks: Stacks,
    runtime: Runtime,
    /// Keys of attributes that the program has set, by the tags of events.
    attributes: HashMap<u32, Vec<StringId>, FixedState>,
    /// Events that nobody knows, by the tags of events.
    others: HashMap<u32, OtherEvent, FixedState>,
    /// Where events have their context among the fields that are wanted of them, by their tags.
    contexts: HashMap<u32, usize, FixedState>,
    /// Sets of labels with those of a context, by the context, the name of its span and the set without.
    in_context: HashMap<(i64, i64, LabelSetId), LabelSetId, FixedState>,
    epochs: Vec<Epoch>,
    /// Threads that are known to be deadlocked.
    deadlocked: HashSet<i64, FixedState>,
}

/// What is known of exceptions besides their samples.
#[derive(Default)]
struct Exceptions {
    /// Labels of `jdk.JavaErrorThrow`: the JDK writes `jdk.JavaExceptionThrow` for the same errors, once or twice.
    errors: HashSet<LabelSetId, FixedState>,
    /// How many of a class there were.
    counts: HashMap<StringId, i64, FixedState>,
}

/// A time in which Datadog's engine looked at the same share of the threads it could have.
#[derive(Clone, Copy)]
struct Epoch {
    start_ns: i64,
    threads: i64,
    sampled: i64,
}

impl<'l> Reading<'l> {
    fn new(contexts: &'l Contexts, limits: &'l Limits) -> Self {
        Reading {
            limits,
            contexts,
            profile: Profile::default(),
            samples: Samples::new(limits.max_samples),
            information: Information::default(),
            metrics: Metrics::default(),
            problems: Problems::default(),
            endpoint_counts: BTreeMap::new(),
            exceptions: Exceptions::default(),
            end_ns: 0,
            cpu_period_ns: 0,
            chunk: ChunkState::default(),
        }
    }

    fn finish(mut self, mut problems: Vec<Problem>) -> Recording {
        self.end_chunk();
        self.samples.keep_last_snapshots();
        self.count_exceptions();
        let Reading { mut profile, samples, .. } = self;
        samples.finish(&mut profile, self.limits.max_memory, &mut self.problems);
        if profile.start_ns > 0 {
            profile.duration_ns = self.end_ns.saturating_sub(profile.start_ns).max(0);
        }
        if self.cpu_period_ns > 0 {
            let value_type = ValueType::new("cpu-time", "nanoseconds");
            profile.period = Some(Period { value_type, value: self.cpu_period_ns });
        }
        problems.extend(self.problems.into_vec());
        Recording {
            profile,
            metrics: self.metrics.finish(),
            facts: self.information.finish(),
            endpoint_counts: self.endpoint_counts,
            problems,
        }
    }

    fn end_chunk(&mut self) {
        if !self.chunk.is_open {
            return;
        }
        self.weigh();
        self.add_runtime();
        for (name, value) in self.chunk.settings.of_engine() {
            self.information.add(Section::ProfilerSettings, name, value);
        }
        self.samples.end_chunk();
        self.chunk = ChunkState::default();
    }

    fn is_full(&mut self) -> bool {
        let most = self.limits.max_memory;
        let in_contexts = self.chunk.in_context.len() * size_of::<(i64, i64, LabelSetId, LabelSetId)>();
        let size =
            [self.profile.heap_size(), self.samples.heap_size(), self.chunk.stacks.heap_size(), in_contexts];
        let is_full = size.into_iter().fold(0, usize::saturating_add) > most;
        if is_full {
            let what = "it takes more memory than allowed; the rest was not read";
            self.problems.note(what, || format!("{most} bytes"));
        }
        is_full
    }
}

impl Visitor for Reading<'_> {
    fn chunk(&mut self, chunk: &Chunk<'_>) {
        self.end_chunk();
        self.chunk.is_open = true;
        let start_ns = chunk.start_ns();
        if start_ns > 0 && (self.profile.start_ns == 0 || start_ns < self.profile.start_ns) {
            self.profile.start_ns = start_ns;
        }
        self.end_ns = self.end_ns.max(start_ns.saturating_add(chunk.duration_ns().max(0)));
    }

    fn event_type(&mut self, _chunk: &Chunk<'_>, event_type: &EventType<'_>) -> Option<Interest> {
        self.chunk.settings.add_event(event_type.id(), event_type.name());
        let Some((place, known)) = events::known(event_type.name()) else {
            return self.other_event(event_type);
        };
        let mut fields: Vec<String> = known.fields.iter().map(|&name| name.to_owned()).collect();
        if known.has_attributes {
            let is_attribute = |name: &str, type_name: &str| {
                let is_text = type_name.ends_with("String") || type_name.ends_with("AttributeValue");
                is_text && !NO_ATTRIBUTES.contains(&name) && !known.fields.contains(&name)
            };
            let names: Vec<String> = event_type
                .fields()
                .filter(|field| is_attribute(field.name(), field.type_name()))
                .take(self.limits.max_labels_per_sample)
                .map(|field| field.name().to_owned())
                .collect();
            let strings = &mut self.profile.strings;
            let keys = names.iter().map(|name| strings.intern(labels::attribute_key(name))).collect();
            self.chunk.attributes.insert(place, keys);
            fields.extend(names);
        }
        if event_type.fields().any(|field| field.name() == contexts::FIELDS[0]) {
            self.chunk.contexts.insert(place, fields.len());
            fields.extend(contexts::FIELDS.map(str::to_owned));
        }
        Some(Interest::new(place, fields))
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if self.is_full() {
            return ControlFlow::Break(());
        }
        match events::at(event.tag()) {
            Some(known) => self.read(event, known),
            None => self.read_other(event),
        }
        ControlFlow::Continue(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics and weights are estimates")]
fn as_f64(number: i64) -> f64 {
    number as f64
}
