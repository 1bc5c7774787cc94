//! From intervals to samples.

use super::memory::Memory;
use crate::Limits;
use crate::decoded::Problems;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{Label, LabelSetId, LabelValue, Profile, Sample, StackId, StringId, ValueType};

/// What the reader writes to.
pub(super) struct Output<'l> {
    pub(super) profile: Profile,
    pub(super) memory: Memory,
    pub(super) limits: &'l Limits,
    pub(super) problems: Problems,
    /// What samples are about: until the end, the label set of a sample is a position in here, since the names of
    /// goroutines may become known late.
    subjects: Vec<Subject>,
    index: HashMap<Subject, u32, FixedState>,
    is_full: bool,
}

/// What a sample is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// What a goroutine, by its position, did.
    Goroutine { position: u32, state: StringId },
    /// A thread that ran no goroutine.
    Thread(u64),
    /// A proc that was in use.
    Proc(u64),
    /// An event of the runtime or of the program, and more about it.
    Event { event: EventName, detail: StringId },
}

/// The events that are not about one goroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum EventName {
    Mark,
    Sweep,
    StopTheWorld,
    Task,
    Region,
}

/// What the labels of a goroutine say.
#[derive(Clone, Copy, Debug)]
pub(super) struct GoroutineName {
    pub(super) id: u64,
    /// The function that it started with; empty if that is not known.
    pub(super) function: StringId,
}

/// When and where something ended, and the span that it was for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End {
    pub(super) time_ns: i64,
    pub(super) stack: StackId,
    /// 0 for none.
    pub(super) span_id: u64,
}

/// The values of a sample, in the order of [`value_types`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values {
    pub(super) cpu_samples: i64,
    pub(super) goroutine_ns: i64,
    pub(super) off_cpu_ns: i64,
    pub(super) event_ns: i64,
}

/// The time between two samples of the CPU. Traces do not say it; the rate is 100 per second unless a program changes it.
pub(super) const CPU_PERIOD_NS: i64 = 10_000_000;

/// What a sample takes: six columns of eight bytes, two of four, and what vectors have in store.
const SAMPLE_BYTES: usize = 96;
/// What a subject takes: itself twice, and its labels.
const SUBJECT_BYTES: usize = 2 * size_of::<Subject>() + 16 + 4 * size_of::<Label>();

pub(super) fn value_types() -> Vec<ValueType> {
    vec![
        ValueType::new("cpu-time", "nanoseconds"),
        ValueType::new("cpu-samples", "count"),
        ValueType::new("goroutine-time", "nanoseconds"),
        ValueType::new("off-cpu-time", "nanoseconds"),
        ValueType::new("timeline", "nanoseconds"),
    ]
}

impl<'l> Output<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Output {
            profile: Profile::new(value_types()),
            memory: Memory::new(limits.max_memory),
            limits,
            problems: Problems::default(),
            subjects: Vec::new(),
            index: HashMap::default(),
            is_full: false,
        }
    }

    /// Whether no more is taken.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Takes no more, for the reason given.
    #[cold]
    pub(super) fn stop(&mut self, why: &'static str) {
        if !self.is_full {
            let samples = self.profile.samples.len();
            self.problems.note(why, || format!("after sample {samples}"));
        }
        self.is_full = true;
    }

    /// Adds a sample.
    pub(super) fn push(&mut self, subject: Subject, end: End, values: Values) {
        if self.is_full {
            return;
        }
        if self.profile.samples.len() >= self.limits.max_samples {
            return self.stop("more samples than allowed, the rest is not read");
        }
        let known = self.index.get(&subject).copied();
        let cost = SAMPLE_BYTES + if known.is_none() { SUBJECT_BYTES } else { 0 };
        if !self.memory.take(cost) {
            return self.stop("more samples than memory allows, the rest is not read");
        }
        let labels = known.unwrap_or_else(|| {
            let position = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
            self.subjects.push(subject);
            self.index.insert(subject, position);
            position
        });
        let Values { cpu_samples, goroutine_ns, off_cpu_ns, event_ns } = values;
        self.profile.samples.push(Sample {
            stack: end.stack,
            values: &[cpu_samples * CPU_PERIOD_NS, cpu_samples, goroutine_ns, off_cpu_ns, event_ns],
            labels: LabelSetId(labels),
            timestamp_ns: end.time_ns,
            span_id: end.span_id,
            ..Sample::default()
        });
    }

    /// The profile, with the labels of its samples.
    pub(super) fn finish(mut self, name: impl Fn(u32) -> GoroutineName) -> (Profile, Problems) {
        let sets: Vec<LabelSetId> = std::mem::take(&mut self.subjects)
            .into_iter()
            .map(|subject| {
                let labels = labels(&mut self.profile, subject, &name);
                self.profile.label_sets.intern(&labels)
            })
            .collect();
        for labels in &mut self.profile.samples.labels {
            *labels = sets.get(labels.index()).copied().unwrap_or_default();
        }
        (self.profile, self.problems)
    }
}

fn labels(profile: &mut Profile, subject: Subject, name: impl Fn(u32) -> GoroutineName) -> Vec<Label> {
    let mut text = |text: &str| profile.strings.intern(text);
    let mut labels = Vec::new();
    let label = |key, value| Label { key, value };
    let number = |value: u64| LabelValue::Number(i64::try_from(value).unwrap_or(i64::MAX), StringId::EMPTY);
    match subject {
        Subject::Goroutine { position, state } => {
            let GoroutineName { id, function } = name(position);
            labels.push(label(text("goroutine id"), number(id)));
            if function != StringId::EMPTY {
                labels.push(label(text("goroutine"), LabelValue::Text(function)));
            }
            labels.push(label(text("state"), LabelValue::Text(state)));
        }
        Subject::Thread(id) => {
            labels.push(label(text("thread id"), number(id)));
            labels.push(label(text("thread name"), LabelValue::Text(text("Go runtime"))));
        }
        Subject::Proc(id) => {
            labels.push(label(text("event"), LabelValue::Text(text("proc"))));
            labels.push(label(text("proc"), number(id)));
        }
        Subject::Event { event, detail } => {
            let (event, more, key) = match event {
                EventName::Mark => ("concurrent gc", Some("mark"), "gc reason"),
                EventName::Sweep => ("concurrent gc", Some("sweep"), "gc reason"),
                EventName::StopTheWorld => ("stop_the_world", None, "gc reason"),
                EventName::Task => ("task", None, "task name"),
                EventName::Region => ("region", None, "region name"),
            };
            labels.push(label(text("event"), LabelValue::Text(text(event))));
            if let Some(more) = more {
                labels.push(label(text("gc type"), LabelValue::Text(text(more))));
            }
            if detail != StringId::EMPTY {
                labels.push(label(text(key), LabelValue::Text(detail)));
            }
        }
    }
    labels
}
