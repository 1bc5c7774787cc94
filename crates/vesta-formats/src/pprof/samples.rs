//! The second pass: samples into columns.

use super::PprofError;
use super::contents::Contents;
use super::frames::FrameReader;
use super::labels::LabelReader;
use super::output::Output;
use super::stacks::StackReader;
use crate::wire::{Malformed, Reader, Value};
use vesta_profile::SampleTable;

/// Reads all samples of the file into the profile.
pub(super) fn read<'a>(
    bytes: &'a [u8],
    mut contents: Contents<'a>,
    output: &mut Output<'a>,
) -> Result<(), PprofError> {
    let rows = contents.samples;
    if rows > output.limits.max_samples {
        return Err(PprofError::TooMany { what: "samples", limit: output.limits.max_samples });
    }
    // Columns of values are as long as there are samples from the start, so that only values other than 0 have to be
    // written: of the 19 of Python, most samples have 2 or 3.
    let types = contents.value_types.len();
    output.budget.take(rows.saturating_mul(types * 8 + 8 + 28))?;
    let mut samples = SampleTable {
        stacks: Vec::with_capacity(rows),
        labels: Vec::with_capacity(rows),
        values: vec![vec![0; rows]; types],
        ..SampleTable::default()
    };

    let mut stacks = StackReader::new(FrameReader::new(&mut contents, output), rows);
    let mut labels = LabelReader::new(output);
    let mut ids = Vec::new();
    let mut reader = Reader::new(bytes.get(contents.samples_at).unwrap_or_default());
    while let Ok(Some((field, value))) = reader.field() {
        let (2, Value::Bytes(message)) = (field, value) else { continue };
        let row = samples.stacks.len();
        let mut packed: &[u8] = &[];
        let mut column = 0;
        ids.clear();
        let mut fields = Reader::new(message);
        loop {
            let start = message.len() - fields.left();
            match fields.field() {
                Ok(None) => break,
                Ok(Some((1, Value::Bytes(more)))) if packed.is_empty() && ids.is_empty() => packed = more,
                Ok(Some((1, value))) => collect_ids(&mut packed, value, &mut ids, output),
                Ok(Some((2, Value::Bytes(more)))) => set_values(&mut samples, row, &mut column, more, output),
                Ok(Some((2, Value::Varint(number)))) => {
                    set_value(&mut samples, row, column, number);
                    column += 1;
                }
                Ok(Some((3, Value::Bytes(label)))) => {
                    let place = start..message.len() - fields.left();
                    labels.read(message, place, label, output)?;
                }
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note_broken(output, row, malformed);
                    break;
                }
            }
        }
        if column != types {
            let what =
                if column < types { "a sample has too few values" } else { "a sample has too many values" };
            output.problems.note(what, || format!("sample {row}"));
        }
        let stack =
            if ids.is_empty() { stacks.packed(packed, output)? } else { stacks.loose(&ids, output)? };
        let said = labels.finish(message, output)?;
        samples.stacks.push(stack);
        samples.labels.push(said.set);
        set_optional(&mut samples.timestamps_ns, rows, row, said.timestamp_ns);
        set_optional(&mut samples.span_ids, rows, row, said.span_id);
        set_optional(&mut samples.local_root_span_ids, rows, row, said.local_root_span_id);
        set_optional(&mut samples.trace_ids, rows, row, said.trace_id);
    }
    output.profile.samples = samples;
    labels.settle(output)
}

/// Location ids that are not packed, or more of them after packed ones. Only as many are kept as a stack may be deep,
/// and one more to show that it is too deep.
fn collect_ids(packed: &mut &[u8], value: Value<'_>, ids: &mut Vec<u64>, output: &mut Output<'_>) {
    let more = match value {
        Value::Bytes(more) => more,
        _ => &[],
    };
    for bytes in [std::mem::take(packed), more] {
        let mut reader = Reader::new(bytes);
        while reader.left() > 0 && ids.len() <= output.limits.max_stack_depth {
            match reader.varint() {
                Ok(id) => ids.push(id),
                Err(malformed) => {
                    output.problems.note("a stack cannot be read", || malformed.why.to_owned());
                    break;
                }
            }
        }
    }
    if let Value::Varint(id) = value
        && ids.len() <= output.limits.max_stack_depth
    {
        ids.push(id);
    }
}

/// Packed values, from `column` on.
#[inline]
fn set_values(
    samples: &mut SampleTable,
    row: usize,
    column: &mut usize,
    mut bytes: &[u8],
    output: &mut Output<'_>,
) {
    loop {
        // Most are 0, which is one byte each; eight at a time.
        while let Some((&[0, 0, 0, 0, 0, 0, 0, 0], rest)) = bytes.split_first_chunk() {
            *column += 8;
            bytes = rest;
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        *column += zeros;
        bytes = &bytes[zeros..];
        if bytes.is_empty() {
            break;
        }
        let mut reader = Reader::new(bytes);
        match reader.varint() {
            Ok(number) => set_value(samples, row, *column, number),
            Err(malformed) => return note_broken(output, row, malformed),
        }
        *column += 1;
        bytes = &bytes[bytes.len() - reader.left()..];
    }
}

/// Values without a value type have no column.
#[inline]
fn set_value(samples: &mut SampleTable, row: usize, column: usize, number: u64) {
    if let Some(value) = samples.values.get_mut(column).and_then(|values| values.get_mut(row)) {
        *value = number.cast_signed();
    }
}

/// Writes to a column that exists only once a sample has something for it.
#[inline]
fn set_optional<T: Copy + Default + PartialEq>(column: &mut Vec<T>, rows: usize, row: usize, value: T) {
    if value != T::default() {
        if column.is_empty() {
            column.resize(rows, T::default());
        }
        column[row] = value;
    }
}

#[cold]
fn note_broken(output: &mut Output<'_>, row: usize, malformed: Malformed) {
    output.problems.note("a sample cannot be read to its end", || format!("sample {row}: {}", malformed.why));
}
