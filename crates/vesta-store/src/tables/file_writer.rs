//! Writing sorted rows to Parquet files.

use super::data_file::{Bounds, DataFile, TABLES};
use super::schema::Table;
use crate::storage::Storage;
use crate::{ProfileId, TableError, Timestamp};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use datafusion::common::ScalarValue;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of a row group. Measured: queries of one service over an hour read one or two.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows of a page: what the page index can skip.
const PAGE_ROWS: usize = 16_384;
/// Texts longer than this have no bounds.
const MAX_BOUND_CHARS: usize = 256;

/// Which files to write.
#[derive(Clone, Debug)]
pub(crate) struct FileSpec {
    pub(crate) table: Table,
    pub(crate) date: String,
    pub(crate) level: u32,
    pub(crate) flush: ProfileId,
    /// Bytes after which another file is started.
    pub(crate) max_bytes: u64,
    /// The time to note as that of writing.
    pub(crate) now: Timestamp,
}

/// Writes rows, which must come sorted, to as many files as it takes.
pub(crate) struct FileWriter<'a> {
    storage: &'a Storage,
    spec: FileSpec,
    open: Option<OpenFile>,
    /// The last row that was written, for tables that are sets.
    last: Option<RecordBatch>,
    files: Vec<Arc<DataFile>>,
}

struct OpenFile {
    writer: AsyncArrowWriter<BufWriter>,
    path: String,
    rows: u64,
    bounds: Bounds,
}

impl<'a> FileWriter<'a> {
    pub(crate) fn new(storage: &'a Storage, spec: FileSpec) -> Self {
        FileWriter { storage, spec, open: None, last: None, files: Vec::new() }
    }

    /// Adds rows that sort after those before.
    pub(crate) async fn write(&mut self, rows: &RecordBatch) -> Result<(), TableError> {
        let unique;
        let rows = if self.spec.table.is_set() {
            unique = self.unique(rows)?;
            &unique
        } else {
            rows
        };
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(OpenFile::new(self.storage, &self.spec)?),
        };
        open.rows += rows.num_rows() as u64;
        widen(&mut open.bounds, self.spec.table, rows);
        open.writer.write(rows).await?;
        let bytes = open.writer.bytes_written() + open.writer.in_progress_size();
        if bytes as u64 >= self.spec.max_bytes {
            self.close().await?;
        }
        Ok(())
    }

    /// Completes the last file. All files are on disk when this returns.
    pub(crate) async fn finish(mut self) -> Result<Vec<Arc<DataFile>>, TableError> {
        self.close().await?;
        Ok(self.files)
    }

    async fn close(&mut self) -> Result<(), TableError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.writer.finish().await?;
        // A text that is too long to keep leaves its column without bounds.
        open.bounds.0.retain(|_, (min, max)| !is_long(min) && !is_long(max));
        let FileSpec { date, level, flush, now, .. } = &self.spec;
        self.files.push(Arc::new(DataFile {
            path: open.path,
            date: date.clone(),
            level: *level,
            flush: *flush,
            size: open.writer.bytes_written() as u64,
            rows: open.rows,
            modified_ms: now.0.div_euclid(1000),
            bounds: open.bounds,
        }));
        Ok(())
    }

    /// The rows that differ from the row before in a sort column.
    fn unique(&mut self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        if rows.num_rows() == 0 {
            return Ok(rows.clone());
        }
        let keys = key_columns(self.spec.table, rows)?;
        let mut firsts = Vec::with_capacity(rows.num_rows());
        for range in compute::partition(&keys)?.ranges() {
            firsts.push(
                u32::try_from(range.start).map_err(|_| ArrowError::ComputeError("too many rows".into()))?,
            );
        }
        if let Some(last) = &self.last
            && is_same_row(&key_columns(self.spec.table, last)?, &keys)?
        {
            firsts.remove(0);
        }
        self.last = Some(rows.slice(rows.num_rows() - 1, 1));
        if firsts.len() == rows.num_rows() {
            return Ok(rows.clone());
        }
        compute::take_record_batch(rows, &UInt32Array::from(firsts))
    }
}

impl OpenFile {
    fn new(storage: &Storage, spec: &FileSpec) -> Result<OpenFile, TableError> {
        static SERIAL: AtomicU64 = AtomicU64::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        // Unique also after a restart, when the serial begins again.
        let serial = spec.now.0.cast_unsigned().wrapping_mul(1 << 12).wrapping_add(serial & 0xfff);
        let path = DataFile::new_path(&spec.date, spec.level, spec.flush, serial);
        let location = Path::from(format!("{TABLES}/{}/{path}", spec.table.name()));
        let sink = BufWriter::new(Arc::clone(&storage.objects), location);
        let writer = AsyncArrowWriter::try_new(sink, spec.table.schema(), Some(properties(spec)))?;
        Ok(OpenFile { writer, path, rows: 0, bounds: Bounds::default() })
    }
}

/// The most columns by which a table is sorted.
const MAX_KEYS: usize = 5;

/// Sorts rows the way files of this table are sorted.
///
/// Every key becomes a number first: a word its rank among the words. Sorting then compares numbers that lie side by
/// side.
pub(crate) fn sort(table: Table, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let count =
        u32::try_from(rows.num_rows()).map_err(|_| ArrowError::ComputeError("too many rows".into()))?;
    let mut keyed: Vec<([i64; MAX_KEYS], u32)> = (0..count).map(|row| ([0; MAX_KEYS], row)).collect();
    for (index, column) in key_columns(table, rows)?.iter().enumerate().take(MAX_KEYS) {
        let numbers = as_numbers(column)?;
        for ((key, _), &number) in keyed.iter_mut().zip(&*numbers) {
            key[index] = number;
        }
    }
    keyed.sort_unstable();
    compute::take_record_batch(rows, &UInt32Array::from_iter_values(keyed.into_iter().map(|(_, row)| row)))
}

/// A key column as numbers in the same order.
fn as_numbers(column: &ArrayRef) -> Result<Cow<'_, [i64]>, ArrowError> {
    match column.data_type() {
        DataType::Int64 => Ok(Cow::Borrowed(column.as_primitive::<Int64Type>().values())),
        DataType::Timestamp(..) => {
            Ok(Cow::Borrowed(column.as_primitive::<TimestampMicrosecondType>().values()))
        }
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int32Type>();
            let ranks = compute::rank(words.values(), None)?;
            let rank =
                |key: Option<usize>| key.and_then(|key| ranks.get(key)).map_or(-1, |&rank| i64::from(rank));
            Ok(Cow::Owned(words.keys_iter().map(rank).collect()))
        }
        other => Err(ArrowError::SchemaError(format!("cannot sort by {other}"))),
    }
}

fn key_columns(table: Table, rows: &RecordBatch) -> Result<Vec<ArrayRef>, ArrowError> {
    table
        .sort_columns()
        .iter()
        .map(|name| {
            let column = rows.column_by_name(name);
            column.cloned().ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))
        })
        .collect()
}

/// Whether the first rows are the same.
fn is_same_row(left: &[ArrayRef], right: &[ArrayRef]) -> Result<bool, ArrowError> {
    for (left, right) in left.iter().zip(right) {
        let compare = arrow::array::make_comparator(left, right, compute::SortOptions::default())?;
        if compare(0, 0).is_ne() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How files are written. Fresh files live for minutes and are packed lightly.
fn properties(spec: &FileSpec) -> WriterProperties {
    let level = ZstdLevel::try_new(if spec.level == 0 { 1 } else { 3 }).unwrap_or_default();
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS / 4)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("vesta".to_owned());
    // Numbers that are all different but rise: their differences are small, and a dictionary would hold each.
    let rising: &[&str] = match spec.table {
        Table::Spans => &["span_id"],
        Table::Stacks => &["stack_id"],
        Table::Frames => &["frame_id"],
        Table::Profiles => {
            &["profile_id", "received_at", "start", "end", "log_offset", "log_length", "upload_bytes"]
        }
        Table::Samples => &[],
    };
    for &name in rising {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    builder.build()
}

/// Widens bounds so that they hold these rows.
fn widen(bounds: &mut Bounds, table: Table, rows: &RecordBatch) {
    for &name in table.stats_columns() {
        let Some(column) = rows.column_by_name(name) else { continue };
        let Some((min, max)) = min_max(column) else { continue };
        match bounds.0.get_mut(name) {
            Some((smallest, largest)) => {
                if min < *smallest {
                    *smallest = min;
                }
                if max > *largest {
                    *largest = max;
                }
            }
            None => {
                bounds.0.insert(name.to_owned(), (min, max));
            }
        }
    }
}

fn is_long(value: &ScalarValue) -> bool {
    match value {
        ScalarValue::Dictionary(_, value) => is_long(value),
        ScalarValue::Utf8(Some(text)) => text.len() > MAX_BOUND_CHARS,
        _ => false,
    }
}

fn min_max(column: &ArrayRef) -> Option<(ScalarValue, ScalarValue)> {
    match column.data_type() {
        DataType::Int64 => {
            let column = column.as_primitive::<Int64Type>();
            let (min, max) = (compute::min(column)?, compute::max(column)?);
            Some((ScalarValue::Int64(Some(min)), ScalarValue::Int64(Some(max))))
        }
        DataType::Timestamp(_, zone) => {
            let column = column.as_primitive::<TimestampMicrosecondType>();
            let scalar = |time| ScalarValue::TimestampMicrosecond(Some(time), zone.clone());
            Some((scalar(compute::min(column)?), scalar(compute::max(column)?)))
        }
        // Only the first sort column is a text with bounds: the first and the last row have them.
        DataType::Dictionary(..) if !column.is_empty() => {
            let first = ScalarValue::try_from_array(column, 0).ok()?;
            let last = ScalarValue::try_from_array(column, column.len() - 1).ok()?;
            Some((first, last))
        }
        _ => None,
    }
}
