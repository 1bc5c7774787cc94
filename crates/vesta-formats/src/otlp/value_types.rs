//! What the values of each profile of a message count.

use super::OtlpError;
use super::attributes::two_numbers;
use super::output::Output;
use super::release::Release;
use crate::wire::{Reader, Value};
use vesta_profile::{Kind, Period, Unit, ValueType};

/// What a profile says of itself, besides its samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// The indices of name and unit of each value type, and whether it counts from the start of the process.
    value_types: Vec<([u64; 2], bool)>,
    pub(super) time_ns: u64,
    pub(super) duration_ns: u64,
    period_type: [u64; 2],
    period: i64,
}

/// Where the values of one profile go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// The column of each value type of the profile.
    pub(super) of_values: Vec<usize>,
    /// A column of time beside the first one, which counts samples, and the time of one sample.
    pub(super) time: Option<(usize, i64)>,
}

impl Header {
    pub(super) fn read(profile: &[u8], release: Release, limits: usize) -> Header {
        let fields = release.profile();
        let mut header = Header::default();
        let mut reader = Reader::new(profile);
        while let Ok(Some((field, value))) = reader.field() {
            match value {
                Value::Bytes(message) if field == 1 => {
                    // Of a field that is there once, the last counts, and then there is one value type.
                    if release != Release::V1_7 {
                        header.value_types.clear();
                    }
                    if header.value_types.len() <= limits {
                        header.value_types.push((two_numbers(message), is_cumulative(message)));
                    }
                }
                Value::Fixed(number) | Value::Varint(number) if field == fields.time => {
                    header.time_ns = number;
                }
                Value::Varint(number) if field == fields.duration => header.duration_ns = number,
                Value::Bytes(message) if field == fields.period_type => {
                    header.period_type = two_numbers(message);
                }
                Value::Varint(number) if field == fields.period => header.period = number.cast_signed(),
                _ => {}
            }
        }
        if header.value_types.is_empty() {
            header.value_types.push(([0; 2], false));
        }
        header
    }
}

/// Gives every value type of all profiles a column of the profile at hand, one for all of the same name.
pub(super) fn columns(
    headers: &[Header],
    release: Release,
    output: &mut Output<'_, '_>,
) -> Result<Vec<Columns>, OtlpError> {
    let mut all = Vec::with_capacity(headers.len());
    for header in headers {
        let period = period(header, output)?;
        let mut columns = Columns::default();
        for &(indices, is_cumulative) in &header.value_types {
            let value_type = value_type(indices, is_cumulative, period.as_ref(), release, output)?;
            columns.of_values.push(column(value_type, output)?);
        }
        all.push(columns);
        if output.profile.period.is_none() {
            output.profile.period = period;
        }
    }
    let sent = output.profile.value_types.len();
    for (header, columns) in headers.iter().zip(&mut all) {
        columns.time = time_column(header, &columns.of_values, sent, output)?;
    }
    Ok(all)
}

/// The column of the time that samples stand for, if they are counted and none of the `sent` columns is that time.
fn time_column(
    header: &Header,
    of_values: &[usize],
    sent: usize,
    output: &mut Output<'_, '_>,
) -> Result<Option<(usize, i64)>, OtlpError> {
    let (Some(period), [counted]) = (period(header, output)?, of_values) else { return Ok(None) };
    let time = period.value_type.canonical();
    let counts = output.profile.value_types[*counted].canonical();
    let fits = matches!(
        (counts.name.as_ref(), time.name.as_ref()),
        ("cpu-samples", "cpu-time") | ("wall-samples", "wall-time")
    );
    if !fits || period.value <= 0 {
        return Ok(None);
    }
    let types = &output.profile.value_types;
    if types.iter().take(sent).any(|known| known.canonical().name == time.name) {
        return Ok(None);
    }
    let derived = ValueType::new(time.name.as_ref(), "nanoseconds");
    Ok(Some((column(derived, output)?, time.scaled(period.value))))
}

fn period(header: &Header, output: &mut Output<'_, '_>) -> Result<Option<Period>, OtlpError> {
    let [name, unit] = header.period_type;
    if header.period == 0 && name == 0 {
        return Ok(None);
    }
    let value_type = ValueType { name: output.text(name)?, unit: output.text(unit)? };
    Ok(Some(Period { value_type, value: header.period }))
}

fn value_type(
    [name, unit]: [u64; 2],
    is_cumulative: bool,
    period: Option<&Period>,
    release: Release,
    output: &mut Output<'_, '_>,
) -> Result<ValueType, OtlpError> {
    let sent = ValueType { name: output.text(name)?, unit: output.text(unit)? };
    let canonical = sent.canonical();
    let name = match (sent.name.as_str(), &canonical.unit) {
        ("" | "sample" | "samples", Unit::Count) => {
            let period = period.map(|period| period.value_type.canonical());
            match period.as_ref().map(|period| period.name.as_ref()) {
                Some("cpu-time") => "cpu-samples".to_owned(),
                _ if sent.name.is_empty() => "samples".to_owned(),
                _ => sent.name.clone(),
            }
        }
        // The eBPF profiler called the time that threads waited so until September 2025.
        ("events", Unit::Nanoseconds) if release == Release::V1_7 => "off_cpu".to_owned(),
        (name, _) if is_cumulative && canonical.kind == Kind::Delta => format!("cumulative-{name}"),
        (name, _) => name.to_owned(),
    };
    Ok(ValueType { name, unit: sent.unit })
}

/// The column of a value type, added if it is new.
fn column(value_type: ValueType, output: &mut Output<'_, '_>) -> Result<usize, OtlpError> {
    let types = &mut output.profile.value_types;
    if let Some(known) = types.iter().position(|known| *known == value_type) {
        return Ok(known);
    }
    let limit = output.limits.max_value_types;
    if types.len() >= limit {
        return Err(OtlpError::TooMany { what: "value types", limit });
    }
    types.push(value_type);
    Ok(types.len() - 1)
}

/// Whether a value type of release 1.8 or earlier says that it counts from the start of the process.
fn is_cumulative(value_type: &[u8]) -> bool {
    const CUMULATIVE: u64 = 2;
    let mut reader = Reader::new(value_type);
    while let Ok(Some((field, value))) = reader.field() {
        if let (3, Value::Varint(CUMULATIVE)) = (field, value) {
            return true;
        }
    }
    false
}
