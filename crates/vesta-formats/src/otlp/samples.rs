//! The second pass: samples, with everything they refer to at hand.

use super::OtlpError;
use super::attributes::{AttributeReader, SampleLabels};
use super::contents::Contents;
use super::frames::{StackReader, collect};
use super::output::Output;
use super::release::{Release, profiles};
use super::resource::Resource;
use super::schema::{NONE, SampleFields, Table};
use super::value_types::{Columns, Header, columns};
use crate::wire::{Malformed, Reader, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::fmt::Write;
use vesta_profile::{LabelSetId, Sample, SampleTable, StackId, StringId, ValueType};

/// Reads all samples of all profiles.
pub(super) fn read<'a>(
    contents: &Contents<'a>,
    release: Release,
    output: &mut Output<'a, '_>,
) -> Result<(), OtlpError> {
    let of_resources: Vec<Vec<&'a [u8]>> = contents.resources.iter().map(|r| profiles(r).collect()).collect();
    let limit = output.limits.max_value_types;
    output.budget.take(of_resources.iter().map(Vec::len).sum::<usize>() * size_of::<Header>())?;
    let headers: Vec<Header> =
        of_resources.iter().flatten().map(|profile| Header::read(profile, release, limit)).collect();
    set_period(&headers, output);
    let columns = columns(&headers, release, output)?;
    if output.profile.value_types.is_empty() {
        output.profile.value_types.push(ValueType::new("samples", "count"));
    }
    let types = output.profile.value_types.len();
    let mut reader = SampleReader {
        fields: release.sample(),
        release,
        stacks: StackReader::new(output),
        attributes: AttributeReader::new(release, output),
        links: vec![None; contents.dictionary.table(Table::Links).len()],
        samples: SampleTable::new(types),
        // Profiles of one kind have nothing to be joined with.
        rows: columns.iter().any(|other| *other != columns[0]).then(HashMap::default),
        row: vec![0; types],
        values: Vec::new(),
        times: Vec::new(),
        numbers: Vec::new(),
    };
    let is_many = contents.resources.len() > 1;
    let mut columns = columns.iter();
    for (resource, profiles) in contents.resources.iter().zip(&of_resources) {
        let resource = Resource::read(resource, &contents.dictionary);
        reader.attributes.resource(&resource, is_many, output)?;
        for (profile, columns) in profiles.iter().zip(&mut columns) {
            reader.profile(profile, columns, output)?;
        }
    }
    output.profile.samples = reader.samples;
    Ok(())
}

/// From the start of the first profile to the end of the last.
fn set_period(headers: &[Header], output: &mut Output<'_, '_>) {
    let starts = headers.iter().map(|header| header.time_ns).filter(|&time| time > 0);
    let Some(start) = starts.min() else {
        let longest = headers.iter().map(|header| header.duration_ns).max().unwrap_or(0);
        output.profile.duration_ns = i64::try_from(longest).unwrap_or(0);
        return;
    };
    let ends = headers.iter().map(|header| header.time_ns.saturating_add(header.duration_ns));
    output.profile.start_ns = i64::try_from(start).unwrap_or(0);
    output.profile.duration_ns = i64::try_from(ends.max().unwrap_or(start) - start).unwrap_or(0);
}

/// What makes two samples the same but for their values.
type Key = (StackId, LabelSetId, i64, u64, u64, StringId);

/// A span and its trace.
type Link = (u64, StringId);

struct SampleReader<'a> {
    fields: SampleFields,
    release: Release,
    stacks: StackReader,
    attributes: AttributeReader<'a>,
    links: Vec<Option<Link>>,
    samples: SampleTable,
    /// The last row of each key, where samples of profiles of several value types may be the same.
    rows: Option<HashMap<Key, usize, FixedState>>,
    /// The sample at hand.
    row: Vec<i64>,
    values: Vec<i64>,
    times: Vec<u64>,
    numbers: Vec<u64>,
}

/// What a row takes besides its values.
const ROW_BYTES: usize = 36;
/// What a row takes that may be joined with others.
const JOINED_BYTES: usize = 64;

impl<'a> SampleReader<'a> {
    fn profile(
        &mut self,
        profile: &'a [u8],
        columns: &Columns,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        let locations = self.locations(profile, output)?;
        let comments = self.release.profile().comments;
        let mut reader = Reader::new(profile);
        loop {
            match reader.field() {
                Ok(None) => return Ok(()),
                Ok(Some((2, Value::Bytes(sample)))) => self.sample(sample, &locations, columns, output)?,
                Ok(Some((field, value))) if field == comments => self.comment(value, output)?,
                Ok(Some(_)) => {}
                Err(Malformed { why, .. }) => {
                    output.problems.note("a profile cannot be read to its end", || why.to_owned());
                    return Ok(());
                }
            }
        }
    }

    fn comment(&mut self, value: Value<'_>, output: &mut Output<'a, '_>) -> Result<(), OtlpError> {
        const MOST_COMMENTS: usize = 1_024;
        self.numbers.clear();
        let most = MOST_COMMENTS.saturating_sub(output.profile.comments.len());
        collect(value, most, &mut self.numbers, output);
        for &index in &self.numbers {
            let text = output.text(index)?;
            output.profile.comments.push(text);
        }
        Ok(())
    }

    /// The list of locations that samples of release 1.7 have parts of.
    fn locations(&mut self, profile: &[u8], output: &mut Output<'a, '_>) -> Result<Vec<u64>, OtlpError> {
        let mut locations = Vec::new();
        let field = self.release.profile().locations;
        if field == NONE {
            return Ok(locations);
        }
        let mut reader = Reader::new(profile);
        while let Ok(Some((found, value))) = reader.field() {
            if found == field {
                if let Value::Bytes(packed) = value {
                    output.budget.take(packed.len() * size_of::<u64>())?;
                }
                collect(value, usize::MAX, &mut locations, output);
            }
        }
        Ok(locations)
    }

    fn sample(
        &mut self,
        message: &'a [u8],
        locations: &[u64],
        columns: &Columns,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        let fields = self.fields;
        let (mut stack, mut length, mut link) = (0, 0, None);
        let mut packed: &'a [u8] = &[];
        let mut is_packed = true;
        self.values.clear();
        self.times.clear();
        self.numbers.clear();
        let mut reader = Reader::new(message);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((field, Value::Varint(number)))) if field == fields.stack => stack = number,
                Ok(Some((field, Value::Varint(number)))) if field == fields.length => length = number,
                Ok(Some((field, Value::Varint(number)))) if field == fields.link => link = Some(number),
                Ok(Some((field, value))) if field == fields.values => {
                    let most = output.limits.max_samples.saturating_sub(self.values.len());
                    numbers(value, most, |number| self.values.push(number.cast_signed()), output)?;
                }
                Ok(Some((field, value))) if field == fields.timestamps => {
                    self.timestamps(value, output)?;
                }
                Ok(Some((field, value))) if field == fields.attributes => match value {
                    Value::Bytes(bytes) if packed.is_empty() && self.numbers.is_empty() => packed = bytes,
                    value => {
                        is_packed = false;
                        let most = output.limits.max_labels_per_sample;
                        if self.numbers.is_empty() {
                            collect(Value::Bytes(packed), most, &mut self.numbers, output);
                        }
                        collect(value, most, &mut self.numbers, output);
                    }
                },
                Ok(Some(_)) => {}
                Err(Malformed { why, .. }) => {
                    output.problems.note("a sample cannot be read to its end", || why.to_owned());
                    break;
                }
            }
        }
        // Every value and every time is a row; a packed one may be a single byte.
        let taken = (self.values.len() + self.times.len() + 1) * size_of::<u64>();
        output.budget.take(taken)?;
        let stack = if fields.length == NONE {
            self.stacks.stack(stack, &self.attributes, output)?
        } else {
            self.part(locations, stack, length, output)?
        };
        let labels = if is_packed {
            self.attributes.packed(packed, output)?
        } else {
            self.attributes.loose(&self.numbers, output)?
        };
        let link = link.map_or(Ok((0, StringId::EMPTY)), |index| self.link(index, output))?;
        self.rows((stack, labels, link), columns, output)
    }

    /// Since release 1.8 numbers of 8 bytes each, before that of any length.
    fn timestamps(&mut self, value: Value<'_>, output: &mut Output<'_, '_>) -> Result<(), OtlpError> {
        match value {
            Value::Bytes(bytes) if self.release != Release::V1_7 => {
                let (times, rest) = bytes.as_chunks::<8>();
                self.times.extend(times.iter().map(|time| u64::from_le_bytes(*time)));
                if !rest.is_empty() {
                    output.problems.note("a timestamp is cut off", || format!("{} bytes", rest.len()));
                }
            }
            Value::Fixed(number) => self.times.push(number),
            value => {
                let most = output.limits.max_samples.saturating_sub(self.times.len());
                numbers(value, most, |number| self.times.push(number), output)?;
            }
        }
        Ok(())
    }

    /// A stack of release 1.7: a part of its profile's list of locations.
    fn part(
        &mut self,
        locations: &[u64],
        start: u64,
        length: u64,
        output: &mut Output<'a, '_>,
    ) -> Result<StackId, OtlpError> {
        let range = usize::try_from(start).ok().zip(usize::try_from(length).ok());
        let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
        let part = range.and_then(|range| locations.get(range));
        if part.is_none() {
            output
                .problems
                .note("a sample refers to locations that are not there", || format!("{length} from {start}"));
        }
        let part = part.unwrap_or_default();
        // Any number of samples may have the same part of the list.
        output.budget.take(part.len())?;
        self.stacks.locations(part, &self.attributes, output)
    }

    /// The span and the trace of a link.
    fn link(&mut self, index: u64, output: &mut Output<'a, '_>) -> Result<Link, OtlpError> {
        let none = (0, StringId::EMPTY);
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        match self.links.get(position) {
            Some(Some(link)) => return Ok(*link),
            Some(None) => {}
            None => {
                if index != 0 {
                    output
                        .problems
                        .note("a sample refers to a link that is not there", || format!("link {index}"));
                }
                return Ok(none);
            }
        }
        let mut link = none;
        let mut reader = Reader::new(output.dictionary.entry(Table::Links, index).unwrap_or_default());
        while let Ok(Some((field, value))) = reader.field() {
            match (field, value) {
                (1, Value::Bytes(trace)) if trace.len() == 16 && trace.iter().any(|byte| *byte != 0) => {
                    let mut text = String::with_capacity(32);
                    for byte in trace {
                        let _ = write!(text, "{byte:02x}");
                    }
                    link.1 = output.intern_text(&text)?;
                }
                (2, Value::Bytes(span)) => {
                    link.0 = span.first_chunk::<8>().map_or(0, |span| u64::from_be_bytes(*span));
                }
                _ => {}
            }
        }
        if let Some(slot) = self.links.get_mut(position) {
            *slot = Some(link);
        }
        Ok(link)
    }

    /// Adds the rows of a sample: one for each time, or one without.
    fn rows(
        &mut self,
        (stack, labels, (span, trace)): (StackId, SampleLabels, Link),
        columns: &Columns,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        let local_root = labels.local_root_span_id;
        let key = |time: u64| (stack, labels.set, i64::try_from(time).unwrap_or(0), span, local_root, trace);
        let values = std::mem::take(&mut self.values);
        let times = std::mem::take(&mut self.times);
        let several = columns.of_values.len() > 1;
        match (values.as_slice(), times.as_slice()) {
            ([], times) => {
                if times.is_empty() {
                    output
                        .problems
                        .note("a sample has neither values nor times", || format!("stack {}", stack.0));
                }
                for &time in times {
                    self.push(key(time), &[1], columns, output)?;
                }
            }
            (values, []) if several => self.push(key(0), values, columns, output)?,
            (values, []) => {
                let sum = values.iter().map(|&value| i128::from(value)).sum::<i128>();
                let sum = i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX });
                self.push(key(0), &[sum], columns, output)?;
            }
            // Release 1.7, and the eBPF profiler for some days after: the one counts for each of the times.
            ([1], times) if !several => {
                for &time in times {
                    self.push(key(time), &[1], columns, output)?;
                }
            }
            (values, times) if !several && values.len() == times.len() => {
                for (value, &time) in values.iter().zip(times) {
                    self.push(key(time), &[*value], columns, output)?;
                }
            }
            (values, times) => {
                if !several && values.len() > 1 {
                    output.problems.note("a sample has more or fewer values than times", || {
                        format!("{} values, {} times", values.len(), times.len())
                    });
                }
                let last = times.iter().copied().max().unwrap_or(0);
                if several {
                    self.push(key(last), values, columns, output)?;
                } else {
                    for value in values {
                        self.push(key(last), &[*value], columns, output)?;
                    }
                }
            }
        }
        (self.values, self.times) = (values, times);
        Ok(())
    }

    fn push(
        &mut self,
        key: Key,
        values: &[i64],
        columns: &Columns,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        self.row.fill(0);
        for (&column, &value) in columns.of_values.iter().zip(values) {
            self.row[column] = value;
        }
        if let (Some((column, period)), Some(&value)) = (columns.time, values.first()) {
            self.row[column] = value.saturating_mul(period);
        }
        if let Some(rows) = &mut self.rows {
            let row = self.samples.len();
            let last = rows.insert(key, row);
            if let Some(last) = last.filter(|&last| join(&mut self.samples, last, &self.row)) {
                rows.insert(key, last);
                return Ok(());
            }
            output.budget.take(JOINED_BYTES)?;
        }
        if self.samples.len() >= output.limits.max_samples {
            return Err(OtlpError::TooMany { what: "samples", limit: output.limits.max_samples });
        }
        output.budget.take(self.row.len() * size_of::<i64>() + ROW_BYTES)?;
        let (stack, labels, timestamp_ns, span_id, local_root_span_id, trace_id) = key;
        let values = &self.row;
        let sample = Sample { stack, values, labels, timestamp_ns, span_id, local_root_span_id, trace_id };
        self.samples.push(sample);
        Ok(())
    }
}

/// Adds values to a row where it has none; false if it has one of them.
fn join(samples: &mut SampleTable, row: usize, values: &[i64]) -> bool {
    let columns = || samples.values.iter().zip(values).filter(|(_, value)| **value != 0);
    if columns().any(|(column, _)| column[row] != 0) {
        return false;
    }
    for (column, value) in samples.values.iter_mut().zip(values).filter(|(_, value)| **value != 0) {
        column[row] = *value;
    }
    true
}

/// Numbers, packed or not, of which there may be `most`.
fn numbers(
    value: Value<'_>,
    most: usize,
    mut each: impl FnMut(u64),
    output: &mut Output<'_, '_>,
) -> Result<(), OtlpError> {
    let mut count = 0;
    match value {
        Value::Varint(number) => each(number),
        Value::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while reader.left() > 0 {
                if count >= most {
                    return Err(OtlpError::TooMany { what: "values", limit: output.limits.max_samples });
                }
                count += 1;
                match reader.varint() {
                    Ok(number) => each(number),
                    Err(malformed) => {
                        output.problems.note("values cannot be read", || malformed.why.to_owned());
                        break;
                    }
                }
            }
        }
        Value::Fixed(_) | Value::Fixed32(_) => {}
    }
    Ok(())
}
