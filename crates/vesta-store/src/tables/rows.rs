//! One upload as rows of the tables.

use super::schema::{PerTable, Table, list_field};
use crate::log::segment::Place;
use crate::{ProfileId, Timestamp};
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Float64Array, Float64Builder, Int32Array, Int64Array, Int64Builder,
    ListBuilder, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder, StringDictionaryBuilder,
    TimestampMicrosecondArray,
};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::borrow::Cow;
use std::sync::Arc;
use vesta_profile::{
    ContentHash, Label, LabelValue, Profile, SampleTable, StringId, StringTable, aggregate_samples,
    frame_hashes, low_64_bits, stack_hashes,
};
use vesta_upload::{DecodedUpload, Upload};

/// Where an upload is, and under which name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) id: ProfileId,
    pub(crate) received_at: Timestamp,
    pub(crate) place: Place,
    pub(crate) key: u128,
}

/// The rows of one upload: a batch per table, none where the upload has no rows.
pub(crate) struct UploadRows {
    pub(crate) service: String,
    pub(crate) batches: PerTable<Option<RecordBatch>>,
    /// Whether something in the upload could not be read.
    pub(crate) has_problems: bool,
}

/// A value that a label may have at most this often differently in one profile before it is left out of the table:
/// what differs from sample to sample would make a row of every sample.
const MAX_LABEL_VALUES: usize = 500;
/// Labels that are about a single sample, or that repeat what the thread's name says.
const LEFT_OUT: &[&str] = &[
    "thread id",
    "thread native id",
    "os thread id",
    "thread_id",
    "task id",
    "goroutine id",
    "span id",
    "local root span id",
    "trace id",
    "end_timestamp_ns",
    "process_id",
    "bytes",
];
const THREAD_KEYS: &[&str] = &["thread name", "thread_name"];
const ENDPOINT_KEY: &str = "trace endpoint";
/// The most problems that a row keeps, and the longest.
const MAX_PROBLEMS: usize = 20;
const MAX_PROBLEM_CHARS: usize = 500;

/// Makes the rows of an upload. `is_new` says whether a stack or frame with this hash still has to be written for
/// this service.
pub(crate) fn rows(
    upload: &Upload,
    decoded: &DecodedUpload,
    origin: Origin,
    mut is_new: impl FnMut(Table, &[ContentHash]) -> Vec<bool>,
) -> Result<UploadRows, ArrowError> {
    let start = Timestamp(upload.event.start.as_microsecond());
    let service = upload.identity.service.as_str();
    let mut samples = SampleRows::default();
    let mut stacks = StackRows::default();
    let mut frames = FrameRows::default();
    let mut spans = HashSet::<i64, FixedState>::default();
    let mut totals = Totals::default();
    for (_, profile) in &decoded.profiles {
        let frame_ids = frame_hashes(&profile.strings, &profile.frames);
        let stack_ids = stack_hashes(&profile.stacks, &frame_ids);
        samples.add(profile, &profile.samples, &stack_ids, &mut totals);
        stacks.add(profile, &stack_ids, &frame_ids, &is_new(Table::Stacks, &stack_ids));
        frames.add(profile, &frame_ids, &is_new(Table::Frames, &frame_ids));
        spans.extend(profile.samples.span_ids.iter().map(|id| id.cast_signed()));
        spans.extend(profile.samples.local_root_span_ids.iter().map(|id| id.cast_signed()));
        let traces: HashSet<StringId, FixedState> = profile.samples.trace_ids.iter().copied().collect();
        let traces = traces.into_iter().filter_map(|id| low_64_bits(profile.strings.get(id)));
        spans.extend(traces.map(u64::cast_signed));
    }
    spans.remove(&0);
    let batches = PerTable([
        frames.finish(service)?,
        stacks.finish(service)?,
        span_rows(spans, origin.id, start)?,
        samples.finish(service, start, origin.id)?,
        Some(profile_row(upload, decoded, origin, &totals)?),
    ]);
    Ok(UploadRows { service: service.to_owned(), batches, has_problems: !decoded.problems.is_empty() })
}

/// The rows of table `samples` for some samples of a profile.
pub(crate) fn sample_rows(
    profile: &Profile,
    samples: &SampleTable,
    service: &str,
    start: Timestamp,
    id: ProfileId,
) -> Result<Option<RecordBatch>, ArrowError> {
    let frame_ids = frame_hashes(&profile.strings, &profile.frames);
    let stack_ids = stack_hashes(&profile.stacks, &frame_ids);
    let mut rows = SampleRows::default();
    rows.add(profile, samples, &stack_ids, &mut Totals::default());
    rows.finish(service, start, id)
}

/// Sums by value type.
#[derive(Default)]
struct Totals(HashMap<String, i64, FixedState>);

impl Totals {
    fn add(&mut self, value_type: &str, value: i64) {
        match self.0.get_mut(value_type) {
            Some(total) => *total = total.saturating_add(value),
            None => {
                self.0.insert(value_type.to_owned(), value);
            }
        }
    }

    fn get(&self, value_type: &str) -> Option<i64> {
        self.0.get(value_type).copied()
    }

    fn sorted(&self) -> Vec<(&str, i64)> {
        let mut totals: Vec<_> = self.0.iter().map(|(name, &total)| (name.as_str(), total)).collect();
        totals.sort_unstable();
        totals
    }
}

#[derive(Default)]
struct SampleRows {
    value_types: StringDictionaryBuilder<Int32Type>,
    stacks: Vec<i64>,
    values: Vec<i64>,
    counts: Vec<i64>,
    threads: StringDictionaryBuilder<Int32Type>,
    endpoints: StringDictionaryBuilder<Int32Type>,
    labels: Option<ListBuilder<StringBuilder>>,
}

/// A label set as the columns of a row.
#[derive(Default)]
struct LabelColumns {
    thread: Option<String>,
    endpoint: Option<String>,
    others: Vec<String>,
}

impl LabelColumns {
    fn new(strings: &StringTable, labels: &[Label]) -> LabelColumns {
        let mut columns = LabelColumns::default();
        for label in labels {
            let value = match label.value {
                LabelValue::Text(text) => Cow::Borrowed(strings.get(text)),
                LabelValue::Number(number, _) => Cow::Owned(number.to_string()),
            };
            if value.is_empty() {
                continue;
            }
            match strings.get(label.key) {
                key if THREAD_KEYS.contains(&key) => columns.thread = Some(value.into_owned()),
                ENDPOINT_KEY => columns.endpoint = Some(value.into_owned()),
                key => columns.others.push(format!("{key}:{value}")),
            }
        }
        columns.others.sort_unstable();
        columns.others.dedup();
        columns
    }
}

impl SampleRows {
    fn add(
        &mut self,
        profile: &Profile,
        samples: &SampleTable,
        stack_ids: &[ContentHash],
        totals: &mut Totals,
    ) {
        let rows = aggregate_samples(profile, samples, |key| !LEFT_OUT.contains(&key), MAX_LABEL_VALUES);
        let label_sets: Vec<LabelColumns> =
            rows.label_sets.iter().map(|labels| LabelColumns::new(&profile.strings, labels)).collect();
        let none = LabelColumns::default();
        let labels = self.labels.get_or_insert_with(text_list);
        for column in &rows.columns {
            for (row, &value) in column.sums.iter().enumerate() {
                if value == 0 {
                    continue;
                }
                let stack = rows.stacks.get(row).and_then(|stack| stack_ids.get(stack.index()));
                let set = rows.labels.get(row).and_then(|set| label_sets.get(set.index())).unwrap_or(&none);
                totals.add(&column.value_type.name, value);
                self.value_types.append_value(&column.value_type.name);
                self.stacks.push(stack.map_or(0, |id| id.0));
                self.values.push(value);
                self.counts.push(column.counts.get(row).map_or(0, |&count| i64::from(count)));
                self.threads.append_option(set.thread.as_deref());
                self.endpoints.append_option(set.endpoint.as_deref());
                append_texts(labels, &set.others);
            }
        }
    }

    fn finish(
        mut self,
        service: &str,
        time: Timestamp,
        id: ProfileId,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        let len = self.values.len();
        batch(
            Table::Samples,
            len,
            vec![
                words(service, len),
                Arc::new(self.value_types.finish()),
                times(time, len),
                Arc::new(Int64Array::from_value(id.0, len)),
                Arc::new(Int64Array::from(self.stacks)),
                Arc::new(Int64Array::from(self.values)),
                Arc::new(Int64Array::from(self.counts)),
                Arc::new(self.threads.finish()),
                Arc::new(self.endpoints.finish()),
                Arc::new(self.labels.unwrap_or_else(text_list).finish()),
            ],
        )
    }
}

struct StackRows {
    ids: Vec<i64>,
    frames: ListBuilder<Int64Builder>,
}

impl Default for StackRows {
    fn default() -> Self {
        StackRows { ids: Vec::new(), frames: number_list() }
    }
}

impl StackRows {
    fn add(&mut self, profile: &Profile, ids: &[ContentHash], frame_ids: &[ContentHash], is_new: &[bool]) {
        for ((frames, id), _) in profile
            .stacks
            .iter()
            .zip(ids)
            .zip(is_new)
            .filter(|((frames, _), is_new)| **is_new && !frames.is_empty())
        {
            self.ids.push(id.0);
            for frame in frames {
                self.frames.values().append_value(frame_ids.get(frame.index()).map_or(0, |id| id.0));
            }
            self.frames.append(true);
        }
    }

    fn finish(mut self, service: &str) -> Result<Option<RecordBatch>, ArrowError> {
        let len = self.ids.len();
        let columns: Vec<ArrayRef> =
            vec![words(service, len), Arc::new(Int64Array::from(self.ids)), Arc::new(self.frames.finish())];
        batch(Table::Stacks, len, columns)
    }
}

#[derive(Default)]
struct FrameRows {
    ids: Vec<i64>,
    functions: StringBuilder,
    system_names: StringBuilder,
    files: StringDictionaryBuilder<Int32Type>,
    lines: Vec<i32>,
    start_lines: Vec<i32>,
    modules: StringDictionaryBuilder<Int32Type>,
    build_ids: StringDictionaryBuilder<Int32Type>,
    addresses: Vec<i64>,
    inlined: Vec<bool>,
}

impl FrameRows {
    fn add(&mut self, profile: &Profile, ids: &[ContentHash], is_new: &[bool]) {
        let strings = &profile.strings;
        for ((frame, id), _) in
            profile.frames.as_slice().iter().zip(ids).zip(is_new).filter(|(_, is_new)| **is_new)
        {
            self.ids.push(id.0);
            self.functions.append_value(strings.get(frame.function));
            self.system_names.append_value(strings.get(frame.system_name));
            self.files.append_value(strings.get(frame.file));
            self.lines.push(frame.line.cast_signed());
            self.start_lines.push(frame.start_line.cast_signed());
            self.modules.append_value(strings.get(frame.module));
            self.build_ids.append_value(strings.get(frame.build_id));
            self.addresses.push(frame.address.cast_signed());
            self.inlined.push(frame.inlined);
        }
    }

    fn finish(mut self, service: &str) -> Result<Option<RecordBatch>, ArrowError> {
        let len = self.ids.len();
        batch(
            Table::Frames,
            len,
            vec![
                words(service, len),
                Arc::new(Int64Array::from(self.ids)),
                Arc::new(self.functions.finish()),
                Arc::new(self.system_names.finish()),
                Arc::new(self.files.finish()),
                Arc::new(Int32Array::from(self.lines)),
                Arc::new(Int32Array::from(self.start_lines)),
                Arc::new(self.modules.finish()),
                Arc::new(self.build_ids.finish()),
                Arc::new(Int64Array::from(self.addresses)),
                Arc::new(BooleanArray::from(self.inlined)),
            ],
        )
    }
}

fn span_rows(
    spans: HashSet<i64, FixedState>,
    id: ProfileId,
    time: Timestamp,
) -> Result<Option<RecordBatch>, ArrowError> {
    let mut spans: Vec<i64> = spans.into_iter().collect();
    spans.sort_unstable();
    let len = spans.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(spans)),
        Arc::new(Int64Array::from_value(id.0, len)),
        times(time, len),
    ];
    batch(Table::Spans, len, columns)
}

fn profile_row(
    upload: &Upload,
    decoded: &DecodedUpload,
    origin: Origin,
    totals: &Totals,
) -> Result<RecordBatch, ArrowError> {
    let (identity, event) = (&upload.identity, &upload.event);
    let seconds = event.duration().as_secs_f64();
    let total = |value_type: &str| totals.get(value_type).map(as_f64);
    let per_second =
        |value_type: &str| total(value_type).filter(|_| seconds > 0.0).map(|value| value / seconds);
    let cores = |value_type: &str| per_second(value_type).map(|value| value / 1e9);
    let sorted = totals.sorted();
    let tags = upload.tags.to_sorted_strings();
    let metrics = decoded.metrics.iter().map(|(name, value)| (name.as_str(), *value));
    let endpoints = decoded.endpoint_counts.iter().map(|(name, &count)| (name.as_str(), count));
    let info = decoded.info.as_ref().map(ToString::to_string);
    let problems = decoded.problems.iter().take(MAX_PROBLEMS);
    let problems: Vec<String> =
        problems.map(|problem| problem.to_string().chars().take(MAX_PROBLEM_CHARS).collect()).collect();
    let number = |value: u64| -> ArrayRef { Arc::new(Int64Array::from(vec![as_i64(value)])) };
    let measure = |value: Option<f64>| -> ArrayRef { Arc::new(Float64Array::from(vec![value])) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![origin.id.0])),
        times(origin.received_at, 1),
        times(Timestamp(event.start.as_microsecond()), 1),
        times(Timestamp(event.end.as_microsecond()), 1),
        words(&identity.service, 1),
        words(&identity.env, 1),
        words(&identity.version, 1),
        words(&identity.host, 1),
        words(&identity.runtime, 1),
        words(&identity.language, 1),
        words(&identity.family, 1),
        words(&identity.runtime_id, 1),
        one_text_list(tags.iter().map(String::as_str)),
        one_text_list(sorted.iter().map(|&(name, _)| name)),
        one_number_list(sorted.iter().map(|&(_, total)| total)),
        number(decoded.samples() as u64),
        measure(cores("cpu-time")),
        measure(cores("wall-time")),
        measure(per_second("alloc-space")),
        measure(total("heap-space")),
        measure(cores("lock-acquire-wait")),
        measure(per_second("exception-samples")),
        one_map(metrics, Float64Builder::new(), Float64Builder::append_value)?,
        one_map(endpoints, Int64Builder::new(), Int64Builder::append_value)?,
        one_text_list(upload.attachments().map(vesta_upload::Part::file_name)),
        Arc::new(StringArray::from(vec![info])),
        one_text_list(problems.iter().map(String::as_str)),
        number(upload.body.len() as u64),
        Arc::new(Int64Array::from(vec![origin.place.segment.0])),
        number(origin.place.offset),
        number(origin.place.length),
        Arc::new(BinaryArray::from_vec(vec![&origin.key.to_be_bytes()])),
    ];
    RecordBatch::try_new(Table::Profiles.schema(), columns)
}

fn batch(table: Table, rows: usize, columns: Vec<ArrayRef>) -> Result<Option<RecordBatch>, ArrowError> {
    if rows == 0 { Ok(None) } else { RecordBatch::try_new(table.schema(), columns).map(Some) }
}

/// A column that holds the same text in all rows.
fn words(text: &str, len: usize) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    builder.append_values(text, len);
    Arc::new(builder.finish())
}

/// A column that holds the same time in all rows.
fn times(time: Timestamp, len: usize) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_value(time.0, len).with_timezone("UTC"))
}

fn text_list() -> ListBuilder<StringBuilder> {
    ListBuilder::new(StringBuilder::new()).with_field(list_field(arrow::datatypes::DataType::Utf8))
}

fn number_list() -> ListBuilder<Int64Builder> {
    ListBuilder::new(Int64Builder::new()).with_field(list_field(arrow::datatypes::DataType::Int64))
}

/// Adds a list of texts; null, if there is none.
fn append_texts(builder: &mut ListBuilder<StringBuilder>, texts: &[String]) {
    texts.iter().for_each(|text| builder.values().append_value(text));
    builder.append(!texts.is_empty());
}

fn one_text_list<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut builder = text_list();
    texts.for_each(|text| builder.values().append_value(text));
    builder.append(true);
    Arc::new(builder.finish())
}

fn one_number_list(numbers: impl Iterator<Item = i64>) -> ArrayRef {
    let mut builder = number_list();
    builder.values().append_slice(&numbers.collect::<Vec<_>>());
    builder.append(true);
    let list: arrow::array::ListArray = builder.finish();
    Arc::new(list)
}

fn one_map<'a, V, B: arrow::array::ArrayBuilder>(
    entries: impl Iterator<Item = (&'a str, V)>,
    values: B,
    append: impl Fn(&mut B, V),
) -> Result<ArrayRef, ArrowError> {
    let names =
        MapFieldNames { entry: "key_value".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), values);
    let mut seen = HashSet::<&str, FixedState>::default();
    for (key, value) in entries {
        if seen.insert(key) {
            builder.keys().append_value(key);
            append(builder.values(), value);
        }
    }
    builder.append(true)?;
    Ok(Arc::new(builder.finish()))
}

fn as_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a measure for people; totals keep the exact number")]
fn as_f64(value: i64) -> f64 {
    value as f64
}
