//! Files of the tables: their names, what is known of them without opening them, and which of them a query needs.

use super::schema::Table;
use crate::{ProfileId, TableError, Timestamp};
use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Where the tables are, within storage.
pub(crate) const TABLES: &str = "tables";

/// The smallest and largest value of each column that is worth it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bounds(pub(crate) BTreeMap<String, (ScalarValue, ScalarValue)>);

/// A Parquet file of a table. It never changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DataFile {
    /// Its path within the folder of the table, such as `date=2026-11-21/0-0065c1d9a4b00000-1f.parquet`.
    pub(crate) path: String,
    /// The day on which its uploads were received.
    pub(crate) date: String,
    /// How many times its rows were merged.
    pub(crate) level: u32,
    /// The flush that wrote it, or the last of those that wrote what was merged into it: the id of the last profile of
    /// the flush.
    pub(crate) flush: ProfileId,
    pub(crate) size: u64,
    pub(crate) rows: u64,
    pub(crate) modified_ms: i64,
    pub(crate) bounds: Bounds,
}

/// The files of a table at one moment.
pub(crate) type FileSet = Arc<Vec<Arc<DataFile>>>;

impl DataFile {
    /// The path of a new file, within the folder of its table.
    pub(crate) fn new_path(date: &str, level: u32, flush: ProfileId, serial: u64) -> String {
        format!("{}={date}/{level}-{flush}-{serial:x}.parquet", super::schema::PARTITION)
    }

    /// Reads date, level and flush from a path.
    fn parse_path(path: &str) -> Option<(String, u32, ProfileId)> {
        let (folder, name) = path.split_once('/')?;
        let (key, date) = folder.split_once('=')?;
        let mut fields = name.strip_suffix(".parquet")?.split('-');
        let (level, flush) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (key == super::schema::PARTITION).then(|| (date.to_owned(), level, flush))
    }

    /// A file as the list of files of a table has it.
    pub(crate) fn from_listed(
        table: Table,
        path: &str,
        size: i64,
        modified_ms: i64,
        stats: Option<&str>,
    ) -> Result<DataFile, TableError> {
        let unknown = || TableError::File { table: table.name(), path: path.to_owned() };
        let (date, level, flush) = DataFile::parse_path(path).ok_or_else(unknown)?;
        let stats: Value = serde_json::from_str(stats.unwrap_or("{}")).map_err(|_| unknown())?;
        let mut bounds = Bounds::default();
        for &name in table.stats_columns() {
            let data_type = table.schema().field_with_name(name)?.data_type().clone();
            let bound = |which| scalar_from_json(stats.get(which)?.get(name)?, &data_type);
            if let (Some(min), Some(max)) = (bound("minValues"), bound("maxValues")) {
                bounds.0.insert(name.to_owned(), (min, max));
            }
        }
        let rows = stats.get("numRecords").and_then(Value::as_u64).unwrap_or(0);
        let size = u64::try_from(size).unwrap_or(0);
        Ok(DataFile { path: path.to_owned(), date, level, flush, size, rows, modified_ms, bounds })
    }

    /// The statistics as Delta Lake keeps them.
    pub(crate) fn stats_json(&self) -> String {
        let mut min = Map::new();
        let mut max = Map::new();
        let mut nulls = Map::new();
        for (name, (smallest, largest)) in &self.bounds.0 {
            min.insert(name.clone(), scalar_to_json(smallest));
            max.insert(name.clone(), scalar_to_json(largest));
            nulls.insert(name.clone(), json!(0));
        }
        json!({ "numRecords": self.rows, "minValues": min, "maxValues": max, "nullCount": nulls }).to_string()
    }

    /// Its path within storage.
    pub(crate) fn location(&self, table: Table) -> Path {
        Path::from(format!("{TABLES}/{}/{}", table.name(), self.path))
    }

    /// What an object store would say about it.
    pub(crate) fn object_meta(&self, table: Table) -> ObjectMeta {
        ObjectMeta {
            location: self.location(table),
            last_modified: std::time::UNIX_EPOCH
                .checked_add(std::time::Duration::from_millis(u64::try_from(self.modified_ms).unwrap_or(0)))
                .unwrap_or(std::time::UNIX_EPOCH)
                .into(),
            size: self.size,
            e_tag: None,
            version: None,
        }
    }

    /// When the last upload with rows in this file was received. The day bounds what the id says, which is ahead of
    /// the time after the clock was set back.
    pub(crate) fn last_received(&self) -> Timestamp {
        let end_of_day = Timestamp::end_of_date(&self.date).unwrap_or(self.flush.time());
        let known = self.bounds.0.get("received_at").and_then(|(_, max)| as_time(max));
        known.unwrap_or(self.flush.time().min(end_of_day))
    }

    /// The earliest time at which an upload with rows in this file was received, if it is known.
    pub(crate) fn first_received(&self) -> Option<Timestamp> {
        self.bounds.0.get("received_at").and_then(|(min, _)| as_time(min))
    }
}

fn as_time(value: &ScalarValue) -> Option<Timestamp> {
    match value {
        ScalarValue::TimestampMicrosecond(Some(time), _) => Some(Timestamp(*time)),
        _ => None,
    }
}

fn scalar_to_json(value: &ScalarValue) -> Value {
    match value {
        ScalarValue::Int64(Some(number)) => json!(number),
        ScalarValue::Utf8(Some(text)) => json!(text),
        ScalarValue::Dictionary(_, value) => scalar_to_json(value),
        ScalarValue::TimestampMicrosecond(Some(time), _) => {
            jiff::Timestamp::from_microsecond(*time).map_or(Value::Null, |time| json!(format!("{time:.6}")))
        }
        _ => Value::Null,
    }
}

fn scalar_from_json(value: &Value, data_type: &DataType) -> Option<ScalarValue> {
    match data_type {
        DataType::Int64 => Some(ScalarValue::Int64(Some(value.as_i64()?))),
        DataType::Utf8 => Some(ScalarValue::Utf8(Some(value.as_str()?.to_owned()))),
        DataType::Dictionary(keys, values) => {
            Some(ScalarValue::Dictionary(keys.clone(), Box::new(scalar_from_json(value, values)?)))
        }
        DataType::Timestamp(_, zone) => {
            let time: jiff::Timestamp = value.as_str()?.parse().ok()?;
            Some(ScalarValue::TimestampMicrosecond(Some(time.as_microsecond()), zone.clone()))
        }
        _ => None,
    }
}

impl Bounds {
    /// The bounds of rows of one service; none if it is not known.
    pub(crate) fn of_service(service: &str) -> Bounds {
        if service.is_empty() {
            return Bounds::default();
        }
        let word = ScalarValue::Utf8(Some(service.to_owned()));
        let word = ScalarValue::Dictionary(Box::new(DataType::Int32), Box::new(word));
        Bounds(BTreeMap::from([("service".to_owned(), (word.clone(), word))]))
    }
}

/// The bounds of files or batches, as DataFusion asks for them to rule some out.
pub(crate) struct ManyBounds<'a> {
    pub(crate) table: Table,
    pub(crate) bounds: Vec<&'a Bounds>,
    pub(crate) rows: Vec<u64>,
}

impl ManyBounds<'_> {
    fn bounds(
        &self,
        column: &Column,
        of: impl Fn(&(ScalarValue, ScalarValue)) -> ScalarValue,
    ) -> Option<ArrayRef> {
        let schema = self.table.schema();
        let data_type = schema.field_with_name(&column.name).ok()?.data_type();
        let unknown = ScalarValue::try_from(data_type).ok()?;
        let values = self.bounds.iter().map(|bounds| bounds.0.get(&column.name).map_or(unknown.clone(), &of));
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for ManyBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |(min, _)| min.clone())
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, |(_, max)| max.clone())
    }

    fn num_containers(&self) -> usize {
        self.bounds.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.rows.iter().copied())))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
