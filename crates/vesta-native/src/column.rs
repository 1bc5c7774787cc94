//! The value types of native profiles.

use vesta_profile::ValueType;

/// A value type, as a column of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Column {
    CpuTime,
    CpuSamples,
    WallTime,
    OffCpuTime,
    AllocSpace,
    AllocSamples,
    InuseSpace,
    InuseObjects,
    LockWait,
    LockAcquire,
    Tracepoint,
}

impl Column {
    pub(crate) const ALL: [Column; 11] = [
        Column::CpuTime,
        Column::CpuSamples,
        Column::WallTime,
        Column::OffCpuTime,
        Column::AllocSpace,
        Column::AllocSamples,
        Column::InuseSpace,
        Column::InuseObjects,
        Column::LockWait,
        Column::LockAcquire,
        Column::Tracepoint,
    ];

    fn value_type(self) -> ValueType {
        let (name, unit) = match self {
            Column::CpuTime => ("cpu-time", "nanoseconds"),
            Column::CpuSamples => ("cpu-samples", "count"),
            Column::WallTime => ("wall-time", "nanoseconds"),
            Column::OffCpuTime => ("off-cpu-time", "nanoseconds"),
            Column::AllocSpace => ("alloc-space", "bytes"),
            Column::AllocSamples => ("alloc-samples", "count"),
            Column::InuseSpace => ("inuse-space", "bytes"),
            Column::InuseObjects => ("inuse-objects", "count"),
            Column::LockWait => ("lock-acquire-wait", "nanoseconds"),
            Column::LockAcquire => ("lock-acquire", "count"),
            Column::Tracepoint => ("tracepoint", "events"),
        };
        ValueType::new(name, unit)
    }
}

/// The columns that a session has, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    positions: [Option<u8>; Column::ALL.len()],
    count: usize,
}

impl Columns {
    pub(crate) fn new(wanted: impl Fn(Column) -> bool) -> Self {
        let mut columns = Columns::default();
        for (column, position) in Column::ALL.into_iter().zip(&mut columns.positions) {
            if wanted(column) {
                *position = u8::try_from(columns.count).ok();
                columns.count += 1;
            }
        }
        columns
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Where the values of a type are.
    pub(crate) fn position(&self, column: Column) -> Option<usize> {
        self.positions.get(column as usize).copied().flatten().map(usize::from)
    }

    pub(crate) fn has(&self, column: Column) -> bool {
        self.position(column).is_some()
    }

    pub(crate) fn value_types(&self) -> Vec<ValueType> {
        Column::ALL.into_iter().filter(|&column| self.has(column)).map(Column::value_type).collect()
    }
}

/// What a sample adds: at most three values.
pub(crate) type Values = [Option<(Column, i64)>; 3];
