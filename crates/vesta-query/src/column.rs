//! Columns of a batch, whatever their encoding.

use crate::QueryError;
use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};

/// A column of text, as codes of distinct values. An empty text counts as no value.
pub(crate) struct TextColumn {
    codes: Int32Array,
    texts: StringArray,
    values: ArrayRef,
}

/// A column of lists of texts. They are not coded: making codes of millions of tags takes longer than looking at each.
pub(crate) struct TextListColumn {
    offsets: OffsetBuffer<i32>,
    items: StringArray,
}

/// What the texts at each place of a list last stood for. Lists of neighboring rows are mostly alike, so comparing with
/// the text at the same place of the row before spares most look-ups.
#[derive(Default)]
pub(crate) struct PlaceMemo {
    last: Vec<(String, usize)>,
}

/// A column of maps from texts to numbers.
pub(crate) struct NumberMapColumn {
    offsets: OffsetBuffer<i32>,
    keys: TextColumn,
    values: Float64Array,
}

// === impl TextColumn ===

impl TextColumn {
    pub(crate) fn of(batch: &RecordBatch, name: &str) -> Result<Self, QueryError> {
        Self::from_array(column(batch, name)?)
    }

    fn from_array(array: &ArrayRef) -> Result<Self, QueryError> {
        let wanted = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let array = if *array.data_type() == wanted { array.clone() } else { cast(array, &wanted)? };
        let dictionary = array.as_dictionary::<Int32Type>();
        Ok(TextColumn {
            codes: dictionary.keys().clone(),
            texts: dictionary.values().as_string::<i32>().clone(),
            values: dictionary.values().clone(),
        })
    }

    /// The code of each row's value, `None` for null.
    pub(crate) fn code(&self, row: usize) -> Option<usize> {
        self.codes.is_valid(row).then(|| index(self.codes.value(row)))
    }

    /// The text of each row, empty for no value.
    pub(crate) fn text(&self, row: usize) -> &str {
        self.code(row).map_or("", |code| self.texts.value(code))
    }

    /// The distinct values, by code. Some may not occur.
    pub(crate) fn texts(&self) -> &StringArray {
        &self.texts
    }

    /// The distinct values, to compare with [`TextColumn::shares_codes_with`].
    pub(crate) fn values(&self) -> &ArrayRef {
        &self.values
    }

    /// Whether codes mean the same in both.
    pub(crate) fn shares_codes_with(&self, other: &ArrayRef) -> bool {
        std::ptr::addr_eq(std::sync::Arc::as_ptr(&self.values), std::sync::Arc::as_ptr(other))
    }

    /// Adds to `counts`, by code, how often each value occurs in the rows of the mask.
    pub(crate) fn count(&self, mask: Option<&BooleanBuffer>, counts: &mut [u64]) {
        let codes = self.codes.values();
        let mut add = |row: usize| {
            if let Some(count) = counts.get_mut(index(codes[row])) {
                *count += 1;
            }
        };
        let valid = self.codes.nulls().map(NullBuffer::inner);
        match (mask, valid) {
            (None, None) => (0..codes.len()).for_each(add),
            (Some(mask), None) => mask.set_indices().for_each(add),
            (None, Some(valid)) => valid.set_indices().for_each(add),
            (Some(mask), Some(valid)) => (mask & valid).set_indices().for_each(&mut add),
        }
    }

    /// Which rows have a value that passes.
    pub(crate) fn rows_where(&self, mut passes: impl FnMut(&str) -> bool) -> BooleanBuffer {
        let table: Vec<bool> =
            self.texts.iter().map(|text| text.is_some_and(|text| !text.is_empty() && passes(text))).collect();
        let codes = self.codes.values();
        let found =
            BooleanBuffer::collect_bool(codes.len(), |row| table.get(index(codes[row])) == Some(&true));
        match self.codes.nulls() {
            Some(valid) => &found & valid.inner(),
            None => found,
        }
    }
}

/// Codes are never negative.
fn index(code: i32) -> usize {
    usize::try_from(code).unwrap_or(usize::MAX)
}

// === impl TextListColumn ===

impl TextListColumn {
    pub(crate) fn of(batch: &RecordBatch, name: &str) -> Result<Self, QueryError> {
        let list = cast_to_list(column(batch, name)?)?;
        let list = list.as_list::<i32>();
        let items = cast(list.values(), &DataType::Utf8)?.as_string::<i32>().clone();
        Ok(TextListColumn { offsets: list.offsets().clone(), items })
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The items of one row.
    pub(crate) fn texts(&self, row: usize) -> impl Iterator<Item = &str> {
        range(&self.offsets, row).map(|position| self.items.value(position))
    }

    /// Which rows have an item that passes.
    pub(crate) fn rows_where(&self, mut passes: impl FnMut(&str) -> bool) -> BooleanBuffer {
        BooleanBuffer::collect_bool(self.len(), |row| self.texts(row).any(&mut passes))
    }
}

// === impl PlaceMemo ===

impl PlaceMemo {
    /// What `text` stands for, which is asked of `look_up` unless the row before had the same text at this place.
    pub(crate) fn get(&mut self, place: usize, text: &str, look_up: impl FnOnce(&str) -> usize) -> usize {
        match self.last.get_mut(place) {
            Some((last, meaning)) => {
                if last != text {
                    text.clone_into(last);
                    *meaning = look_up(text);
                }
                *meaning
            }
            None => {
                let meaning = look_up(text);
                if place == self.last.len() {
                    self.last.push((text.to_owned(), meaning));
                }
                meaning
            }
        }
    }
}

// === impl NumberMapColumn ===

impl NumberMapColumn {
    pub(crate) fn of(batch: &RecordBatch, name: &str) -> Result<Self, QueryError> {
        let array = column(batch, name)?;
        let Some(map) = array.as_map_opt() else {
            return Err(unexpected(name, array.data_type()));
        };
        Ok(NumberMapColumn {
            offsets: map.offsets().clone(),
            keys: TextColumn::from_array(map.keys())?,
            values: cast(map.values(), &DataType::Float64)?.as_primitive::<Float64Type>().clone(),
        })
    }

    /// The value of `key` in a row, compared without regard to ASCII case.
    pub(crate) fn get(&self, row: usize, key: &str) -> Option<f64> {
        range(&self.offsets, row)
            .find(|&position| self.keys.text(position).eq_ignore_ascii_case(key))
            .filter(|&position| self.values.is_valid(position))
            .map(|position| self.values.value(position))
    }

    /// The sum of those values of each row whose key passes; `None` for rows without any entry.
    pub(crate) fn sums_of(&self, passes: impl Fn(&str) -> bool) -> Vec<Option<f64>> {
        let counts: Vec<bool> = self.keys.texts().iter().map(|key| key.is_some_and(&passes)).collect();
        let value = |position: usize| {
            let counts = self.keys.code(position).is_some_and(|code| counts.get(code) == Some(&true));
            if counts && self.values.is_valid(position) { self.values.value(position) } else { 0.0 }
        };
        (0..self.offsets.len().saturating_sub(1))
            .map(|row| range(&self.offsets, row))
            .map(|entries| (!entries.is_empty()).then(|| entries.map(value).sum()))
            .collect()
    }

    /// All entries of a row.
    pub(crate) fn entries(&self, row: usize) -> impl Iterator<Item = (&str, f64)> {
        range(&self.offsets, row)
            .filter(|&position| self.values.is_valid(position))
            .map(|position| (self.keys.text(position), self.values.value(position)))
    }
}

/// Whole numbers, or times in microseconds.
pub(crate) fn integers(batch: &RecordBatch, name: &str) -> Result<Int64Array, QueryError> {
    let array = column(batch, name)?;
    let array = match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().reinterpret_cast::<Int64Type>()
        }
        DataType::Timestamp(_, zone) => {
            cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?
                .as_primitive::<TimestampMicrosecondType>()
                .reinterpret_cast::<Int64Type>()
        }
        _ => cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
    };
    Ok(array)
}

/// Numbers.
pub(crate) fn floats(batch: &RecordBatch, name: &str) -> Result<Float64Array, QueryError> {
    Ok(cast(column(batch, name)?, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

/// Lists of whole numbers: where each row's begin and end, and all of them.
pub(crate) fn integer_lists(
    batch: &RecordBatch,
    name: &str,
) -> Result<(OffsetBuffer<i32>, Int64Array), QueryError> {
    let list = cast_to_list(column(batch, name)?)?;
    let list = list.as_list::<i32>();
    Ok((list.offsets().clone(), cast(list.values(), &DataType::Int64)?.as_primitive::<Int64Type>().clone()))
}

/// The value of a row, `None` if it is null.
pub(crate) fn float_at(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

/// The positions of a row's items.
pub(crate) fn range(offsets: &OffsetBuffer<i32>, row: usize) -> std::ops::Range<usize> {
    let at = |index: usize| offsets.get(index).and_then(|&offset| usize::try_from(offset).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, QueryError> {
    batch.column_by_name(name).ok_or_else(|| {
        QueryError::Storage(Box::new(arrow::error::ArrowError::SchemaError(format!(
            "there is no column {name}"
        ))))
    })
}

fn cast_to_list(array: &ArrayRef) -> Result<ArrayRef, QueryError> {
    match array.data_type() {
        DataType::List(_) => Ok(array.clone()),
        DataType::LargeList(field) => Ok(cast(array, &DataType::List(field.clone()))?),
        other => Err(unexpected("list", other)),
    }
}

fn unexpected(name: &str, found: &DataType) -> QueryError {
    let message = format!("column {name} has the unexpected type {found}");
    QueryError::Storage(Box::new(arrow::error::ArrowError::SchemaError(message)))
}
