//! What the tables hold. `docs/tables.md` says it for people; a test compares the two.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{ArrayType, DataType as DeltaType, MapType, PrimitiveType, StructField};
use std::sync::{Arc, LazyLock};

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Table {
    Frames,
    Stacks,
    Spans,
    Samples,
    Profiles,
}

/// One value per table.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerTable<T>(pub(crate) [T; Table::ALL.len()]);

/// The column by which files are put into folders. It is in their paths, not in the files.
pub(crate) const PARTITION: &str = "date";

impl Table {
    /// All tables, in the order in which a flush commits them: whatever a row refers to is there before the row, and
    /// profiles, whose commit says how far the tables reach, come last.
    pub(crate) const ALL: [Table; 5] =
        [Table::Frames, Table::Stacks, Table::Spans, Table::Samples, Table::Profiles];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Table::Frames => "frames",
            Table::Stacks => "stacks",
            Table::Spans => "spans",
            Table::Samples => "samples",
            Table::Profiles => "profiles",
        }
    }

    /// The columns of the rows, in memory and in files.
    pub(crate) fn schema(self) -> SchemaRef {
        static SCHEMAS: LazyLock<PerTable<SchemaRef>> =
            LazyLock::new(|| PerTable::new(|table| Arc::new(Schema::new(columns(table)))));
        Arc::clone(&SCHEMAS[self])
    }

    /// The columns by which the rows of a file are sorted.
    pub(crate) fn sort_columns(self) -> &'static [&'static str] {
        match self {
            Table::Frames => &["service", "frame_id"],
            Table::Stacks => &["service", "stack_id"],
            Table::Spans => &["span_id", "profile_id"],
            Table::Samples => &["service", "value_type", "time", "profile_id", "stack_id"],
            Table::Profiles => &["service", "start", "profile_id"],
        }
    }

    /// Whether rows with the same sort columns are the same, so that one of them is enough.
    pub(crate) fn is_set(self) -> bool {
        matches!(self, Table::Frames | Table::Stacks | Table::Spans)
    }

    /// The columns of which the list of files knows the smallest and largest value.
    pub(crate) fn stats_columns(self) -> &'static [&'static str] {
        match self {
            Table::Frames | Table::Stacks => &["service"],
            Table::Spans => &["span_id", "profile_id", "time"],
            Table::Samples => &["service", "time", "profile_id"],
            Table::Profiles => &["service", "start", "end", "profile_id", "received_at"],
        }
    }

    /// The columns as Delta Lake knows them, the partition column among them.
    pub(crate) fn delta_fields(self) -> Vec<StructField> {
        let schema = self.schema();
        let fields = schema
            .fields()
            .iter()
            .map(|field| StructField::new(field.name(), delta_type(field.data_type()), field.is_nullable()));
        fields.chain([StructField::new(PARTITION, DeltaType::DATE, true)]).collect()
    }
}

impl<T> PerTable<T> {
    pub(crate) fn new(value: impl FnMut(Table) -> T) -> Self {
        PerTable(Table::ALL.map(value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Table, &T)> {
        Table::ALL.into_iter().zip(&self.0)
    }
}

impl<T> std::ops::Index<Table> for PerTable<T> {
    type Output = T;

    fn index(&self, table: Table) -> &T {
        &self.0[table as usize]
    }
}

impl<T> std::ops::IndexMut<Table> for PerTable<T> {
    fn index_mut(&mut self, table: Table) -> &mut T {
        &mut self.0[table as usize]
    }
}

/// The type of times: microseconds, UTC.
pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of texts of which there are few.
pub(crate) fn word_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// A list, named inside as Delta Lake and Parquet do.
pub(crate) fn list_field(items: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", items, false))
}

fn columns(table: Table) -> Vec<Field> {
    let required = |name: &str, data_type: DataType| Field::new(name, data_type, false);
    let optional = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let texts = || DataType::List(list_field(DataType::Utf8));
    let numbers = || DataType::List(list_field(DataType::Int64));
    match table {
        Table::Profiles => vec![
            required("profile_id", DataType::Int64),
            required("received_at", time_type()),
            required("start", time_type()),
            required("end", time_type()),
            required("service", word_type()),
            required("env", word_type()),
            required("version", word_type()),
            required("host", word_type()),
            required("runtime", word_type()),
            required("language", word_type()),
            required("family", word_type()),
            required("runtime_id", word_type()),
            required("tags", texts()),
            required("value_types", texts()),
            required("totals", numbers()),
            required("samples", DataType::Int64),
            optional("cpu_cores", DataType::Float64),
            optional("wall_cores", DataType::Float64),
            optional("alloc_bytes_per_second", DataType::Float64),
            optional("heap_bytes", DataType::Float64),
            optional("lock_wait_cores", DataType::Float64),
            optional("exceptions_per_second", DataType::Float64),
            required("metrics", map_type(DataType::Float64)),
            required("endpoint_counts", map_type(DataType::Int64)),
            required("attachments", texts()),
            optional("info", DataType::Utf8),
            required("problems", texts()),
            required("upload_bytes", DataType::Int64),
            required("log_segment", DataType::Int64),
            required("log_offset", DataType::Int64),
            required("log_length", DataType::Int64),
            required("dedupe_key", DataType::Binary),
        ],
        Table::Samples => vec![
            required("service", word_type()),
            required("value_type", word_type()),
            required("time", time_type()),
            required("profile_id", DataType::Int64),
            required("stack_id", DataType::Int64),
            required("value", DataType::Int64),
            required("count", DataType::Int64),
            optional("thread", word_type()),
            optional("endpoint", word_type()),
            optional("labels", texts()),
        ],
        Table::Stacks => vec![
            required("service", word_type()),
            required("stack_id", DataType::Int64),
            required("frames", numbers()),
        ],
        Table::Frames => vec![
            required("service", word_type()),
            required("frame_id", DataType::Int64),
            required("function", DataType::Utf8),
            required("system_name", DataType::Utf8),
            required("file", word_type()),
            required("line", DataType::Int32),
            required("start_line", DataType::Int32),
            required("module", word_type()),
            required("build_id", word_type()),
            required("address", DataType::Int64),
            required("inlined", DataType::Boolean),
        ],
        Table::Spans => vec![
            required("span_id", DataType::Int64),
            required("profile_id", DataType::Int64),
            required("time", time_type()),
        ],
    }
}

/// A map with text keys, named inside as Delta Lake and Parquet do.
fn map_type(values: DataType) -> DataType {
    let entry = vec![Field::new("key", DataType::Utf8, false), Field::new("value", values, true)];
    DataType::Map(Arc::new(Field::new("key_value", DataType::Struct(entry.into()), false)), false)
}

fn delta_type(data_type: &DataType) -> DeltaType {
    match data_type {
        DataType::Int64 => DeltaType::LONG,
        DataType::Int32 => DeltaType::INTEGER,
        DataType::Float64 => DeltaType::DOUBLE,
        DataType::Boolean => DeltaType::BOOLEAN,
        DataType::Binary => DeltaType::BINARY,
        DataType::Timestamp(..) => DeltaType::Primitive(PrimitiveType::Timestamp),
        DataType::List(item) => {
            DeltaType::Array(Box::new(ArrayType::new(delta_type(item.data_type()), item.is_nullable())))
        }
        DataType::Map(entry, _) => match entry.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                let value = delta_type(fields[1].data_type());
                DeltaType::Map(Box::new(MapType::new(DeltaType::STRING, value, fields[1].is_nullable())))
            }
            _ => DeltaType::STRING,
        },
        _ => DeltaType::STRING,
    }
}
