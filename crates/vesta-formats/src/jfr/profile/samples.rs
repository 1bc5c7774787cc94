//! Samples while a recording is read.
//!
//! What a sample is worth is known late: periods are settings of the chunk, which may come after the samples, endpoints end
//! after what ran in them, and whether two kinds of events count the same thing shows at the end of the recording.

use super::sources::{Family, Measure, SOURCES, Source};
use crate::decoded::Problems;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{Label, LabelSetId, LabelValue, Profile, Sample, StackId, StringId, ValueType};

/// Samples of all chunks so far.
#[derive(Default)]
pub(super) struct Samples {
    rows: Vec<Row>,
    /// Where the rows of the chunk begin that is being read.
    chunk_start: usize,
    threads: Vec<Vec<Label>>,
    thread_ids: HashMap<Vec<Label>, u32, FixedState>,
    endpoints: HashMap<u64, Endpoint, FixedState>,
    /// What threads did when, by thread.
    spans: HashMap<u32, Vec<SpanInterval>, FixedState>,
    span_count: usize,
    /// Where the rows begin of the last chunk that has some of a source, by source.
    last_chunks: Vec<Option<usize>>,
    /// How many measures the sources have that there are so far.
    measure_count: usize,
    /// Names of events that nobody knows.
    others: Vec<String>,
    most: usize,
    /// Samples past the bound.
    left_out: u64,
}

/// A sample that is not finished.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) source: Source,
    pub(super) stack: StackId,
    pub(super) thread: u32,
    /// Labels besides those of thread and endpoint.
    pub(super) labels: LabelSetId,
    /// The end, in nanoseconds since 1970.
    pub(super) end_ns: i64,
    pub(super) span: u64,
    pub(super) root: u64,
    pub(super) trace: StringId,
    /// What the measures of the source are, in their order.
    pub(super) values: [i64; 2],
    /// Which event it was, of those that nobody knows.
    pub(super) other: u16,
}

impl Row {
    /// A sample without anything else: of no thread, without a stack, part of no span.
    pub(super) fn bare(source: Source, end_ns: i64, values: [i64; 2]) -> Row {
        Row {
            source,
            stack: StackId::EMPTY,
            thread: NO_THREAD,
            labels: LabelSetId::EMPTY,
            end_ns,
            span: 0,
            root: 0,
            trace: StringId::EMPTY,
            values,
            other: 0,
        }
    }
}

#[derive(Clone, Copy)]
struct Endpoint {
    endpoint: StringId,
    operation: StringId,
}

/// A span that a thread worked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpanInterval {
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
    pub(super) span: u64,
    pub(super) root: u64,
}

/// The thread of samples that have none.
pub(super) const NO_THREAD: u32 = 0;

/// The most spans and endpoints that are remembered: each takes some 40 bytes.
const MOST_SPANS: usize = 1 << 20;

/// The most events of no known name that become samples: each has two value types.
const MOST_OTHERS: usize = 16;

impl Samples {
    pub(super) fn new(most: usize) -> Self {
        Samples {
            threads: vec![Vec::new()],
            last_chunks: vec![None; SOURCES.len()],
            most,
            ..Samples::default()
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        if self.rows.len() >= self.most {
            self.left_out += 1;
            return;
        }
        if let Some(last) = self.last_chunks.get_mut(row.source.index()) {
            if last.is_none() {
                let measures = SOURCES.get(row.source.index()).map(|about| about.measures);
                self.measure_count += measures.iter().flatten().flatten().count();
            }
            *last = Some(self.chunk_start);
        }
        self.rows.push(row);
    }

    /// The number of an event of no known name; nothing if there are too many.
    pub(super) fn other(&mut self, name: &str) -> Option<u16> {
        let known = self.others.iter().position(|other| other == name);
        let number = known.unwrap_or(self.others.len());
        if number >= MOST_OTHERS {
            return None;
        }
        if known.is_none() {
            self.others.push(name.to_owned());
        }
        u16::try_from(number).ok()
    }

    /// The thread with these labels.
    pub(super) fn thread(&mut self, labels: &[Label]) -> u32 {
        if let Some(&known) = self.thread_ids.get(labels) {
            return known;
        }
        let id = u32::try_from(self.threads.len()).unwrap_or(NO_THREAD);
        self.threads.push(labels.to_vec());
        self.thread_ids.insert(labels.to_vec(), id);
        id
    }

    /// Notes what was asked for by the request whose entry span this is.
    pub(super) fn endpoint(&mut self, root: u64, endpoint: StringId, operation: StringId) {
        if root != 0 && self.endpoints.len() < MOST_SPANS {
            self.endpoints.insert(root, Endpoint { endpoint, operation });
        }
    }

    /// Notes that a thread worked for a span.
    pub(super) fn span(&mut self, thread: u32, interval: SpanInterval) {
        if thread != NO_THREAD && self.span_count < MOST_SPANS {
            self.spans.entry(thread).or_default().push(interval);
            self.span_count += 1;
        }
    }

    /// The rows of the chunk that is being read.
    pub(super) fn of_chunk(&mut self) -> &mut [Row] {
        self.rows.get_mut(self.chunk_start..).unwrap_or_default()
    }

    pub(super) fn end_chunk(&mut self) {
        self.chunk_start = self.rows.len();
    }

    /// Leaves out what was there before: chunks say what is there at their ends, or at collections, and the last time counts.
    /// Before any other row is left out.
    pub(super) fn keep_last_snapshots(&mut self) {
        let histograms = self.rows.iter().filter(|row| row.source == Source::Histogram);
        // Their only label is the number of the collection.
        let last_collection = histograms.max_by_key(|row| row.end_ns).map(|row| row.labels);
        let last_chunks = &self.last_chunks;
        let mut places = 0..;
        self.rows.retain(|row| {
            let is_last = places.next() >= last_chunks.get(row.source.index()).copied().flatten();
            match row.source {
                Source::Histogram => is_last && Some(row.labels) == last_collection,
                source => is_last || !source.is_snapshot(),
            }
        });
    }

    /// All rows.
    pub(super) fn rows(&mut self) -> &mut Vec<Row> {
        &mut self.rows
    }

    /// Bytes that it takes, and that its rows take in a profile, roughly.
    pub(super) fn heap_size(&self) -> usize {
        /// Time, spans, stack and labels of a sample.
        const PER_SAMPLE: usize = 40;
        let value_types = self.measure_count + 2 * self.others.len();
        self.rows.len() * (size_of::<Row>() + PER_SAMPLE + 8 * value_types)
            + self.threads.len() * 160
            + self.endpoints.len() * 24
            + self.span_count * size_of::<SpanInterval>()
    }

    /// Puts the samples into the profile that holds their stacks and labels.
    pub(super) fn finish(mut self, profile: &mut Profile, max_memory: usize, problems: &mut Problems) {
        if self.left_out > 0 {
            let left_out = self.left_out;
            problems.note("there are more samples than are read", || format!("{left_out} left out"));
        }
        self.find_spans();
        let Columns { value_types, of_sources, of_others } = self.columns();
        let mut values = vec![0; value_types.len()];
        profile.samples = vesta_profile::SampleTable::new(value_types.len());
        profile.value_types = value_types;
        let keys = Keys::new(profile);
        let mut label_sets: HashMap<(u32, LabelSetId, StringId, StringId), LabelSetId, FixedState> =
            HashMap::default();
        let size = self.heap_size();
        for row in &self.rows {
            let known = self.endpoints.get(&row.root).copied();
            let Endpoint { endpoint, operation } =
                known.unwrap_or(Endpoint { endpoint: StringId::EMPTY, operation: StringId::EMPTY });
            let key = (row.thread, row.labels, endpoint, operation);
            let labels = *label_sets.entry(key).or_insert_with(|| {
                if size + profile.label_sets.heap_size() + profile.strings.heap_size() > max_memory {
                    let what = "labels take more memory than allowed; threads and endpoints of some samples are left out";
                    problems.note(what, || format!("{max_memory} bytes"));
                    return row.labels;
                }
                let mut labels = self.threads.get(row.thread as usize).cloned().unwrap_or_default();
                labels.extend_from_slice(profile.label_sets.get(row.labels));
                for (name, value) in [(keys.endpoint, endpoint), (keys.operation, operation)] {
                    if value != StringId::EMPTY && !labels.iter().any(|label| label.key == name) {
                        labels.push(Label { key: name, value: LabelValue::Text(value) });
                    }
                }
                profile.label_sets.intern(&labels)
            });
            values.fill(0);
            let places = match row.source {
                Source::Other => of_others.get(usize::from(row.other)),
                source => of_sources.get(source.index()),
            };
            for (place, value) in places.copied().unwrap_or_default().into_iter().zip(row.values) {
                if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
                    *slot = value;
                }
            }
            profile.samples.push(Sample {
                stack: row.stack,
                values: &values,
                labels,
                timestamp_ns: row.end_ns.max(0),
                span_id: row.span,
                local_root_span_id: row.root,
                trace_id: row.trace,
            });
        }
    }

    /// Finds the span of samples that do not say it, by thread and time.
    fn find_spans(&mut self) {
        for intervals in self.spans.values_mut() {
            intervals.sort_by_key(|interval| interval.start_ns);
        }
        for row in self.rows.iter_mut().filter(|row| row.root == 0 && row.span == 0) {
            let Some(intervals) = self.spans.get(&row.thread) else { continue };
            let middle = row.end_ns.saturating_sub(row.duration_ns() / 2);
            let next = intervals.partition_point(|interval| interval.start_ns <= middle);
            // Spans nest: the last one that began and has not ended is the inner one.
            let before = intervals.get(..next).unwrap_or_default().iter().rev().take(64);
            if let Some(found) = before.into_iter().find(|interval| interval.end_ns >= middle) {
                (row.span, row.root) = (found.span, found.root);
            }
        }
    }

    /// The value types. Of several sources that count the same thing, the best one that there is has the name that people
    /// know, and the others have one of their own: adding them up would count twice.
    fn columns(&self) -> Columns {
        let mut used = vec![false; SOURCES.len()];
        for row in &self.rows {
            if let Some(seen) = used.get_mut(row.source.index()) {
                *seen = true;
            }
        }
        let is_used = |source: Source| used.get(source.index()).copied().unwrap_or(false);
        let mut columns = Columns {
            value_types: Vec::new(),
            of_sources: vec![[None; 2]; SOURCES.len()],
            of_others: Vec::new(),
        };
        // Before JDK 19 old objects have no size, which is not to say that they are empty.
        let is_known = |source: Source, at: usize| {
            source != Source::OldObject
                || self
                    .rows
                    .iter()
                    .any(|row| row.source == source && row.values.get(at).is_some_and(|value| *value > 0))
        };
        for about in SOURCES.iter().filter(|about| is_used(about.source)) {
            let is_second = about.family != Family::None
                && SOURCES.iter().any(|other| {
                    other.family == about.family && other.rank < about.rank && is_used(other.source)
                });
            let mut at = 0..;
            let places = about.measures.map(|measure| {
                let measure = measure.filter(|_| at.next().is_some_and(|at| is_known(about.source, at)))?;
                let name = match is_second {
                    true => format!("{} of {}", measure.name(), about.event),
                    false => measure.name().to_owned(),
                };
                Some(columns.place(name, measure.unit()))
            });
            if let Some(slot) = columns.of_sources.get_mut(about.source.index()) {
                *slot = places;
            }
        }
        for (number, name) in (0u16..).zip(&self.others) {
            let rows = || self.rows.iter().filter(|row| row.source == Source::Other && row.other == number);
            let count = rows().next().map(|_| columns.place(name.clone(), "count"));
            let takes_time = rows().any(|row| row.values[1] > 0);
            let duration = takes_time.then(|| columns.place(format!("duration of {name}"), "nanoseconds"));
            columns.of_others.push([count, duration]);
        }
        columns
    }
}

/// The value types of a profile, and where the measures of each source, and of each event that nobody knows, go.
struct Columns {
    value_types: Vec<ValueType>,
    of_sources: Vec<[Option<usize>; 2]>,
    of_others: Vec<[Option<usize>; 2]>,
}

impl Columns {
    fn place(&mut self, name: String, unit: &'static str) -> usize {
        let known = self.value_types.iter().position(|value_type| value_type.name == name);
        known.unwrap_or_else(|| {
            self.value_types.push(ValueType::new(name, unit));
            self.value_types.len() - 1
        })
    }
}

impl Row {
    /// How long it took, for what has a duration.
    fn duration_ns(&self) -> i64 {
        let is_duration = SOURCES
            .get(self.source.index())
            .and_then(|about| about.measures.first().copied().flatten())
            .is_some_and(Measure::is_duration);
        if is_duration { self.values[0].max(0) } else { 0 }
    }
}

/// Keys of labels that are added at the end.
struct Keys {
    endpoint: StringId,
    operation: StringId,
}

impl Keys {
    fn new(profile: &mut Profile) -> Keys {
        Keys {
            endpoint: profile.strings.intern("trace endpoint"),
            operation: profile.strings.intern("trace operation"),
        }
    }
}
