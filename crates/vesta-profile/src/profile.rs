//! A profile: samples of one process over one period, with their value types.

use crate::{
    FrameTable, LabelSetTable, MappingTable, Sample, SampleTable, StackTable, StringTable, ValueType,
};

/// Samples of one process over one period, with everything their ids refer to.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// What the value columns count, in order.
    pub value_types: Vec<ValueType>,
    /// Strings of frames and labels.
    pub strings: StringTable,
    /// Frames of stacks.
    pub frames: FrameTable,
    /// Where in memory the files of frames were, as far as it is known.
    pub mappings: MappingTable,
    /// Stacks of samples.
    pub stacks: StackTable,
    /// Label sets of samples.
    pub label_sets: LabelSetTable,
    /// The samples.
    pub samples: SampleTable,
    /// When the profile started, in nanoseconds since the Unix epoch; 0 when the file does not say.
    pub start_ns: i64,
    /// How long it took, in nanoseconds; 0 when the file does not say.
    pub duration_ns: i64,
    /// How often samples were taken, when the file says so.
    pub period: Option<Period>,
    /// Remarks of the profiler.
    pub comments: Vec<String>,
}

/// The distance between two samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// What the distance is measured in.
    pub value_type: ValueType,
    /// The distance.
    pub value: i64,
}

impl Profile {
    /// An empty profile with these value types.
    pub fn new(value_types: Vec<ValueType>) -> Self {
        Profile { samples: SampleTable::new(value_types.len()), value_types, ..Self::default() }
    }

    /// The bytes of memory that it takes, roughly.
    pub fn heap_size(&self) -> usize {
        let samples = &self.samples;
        let columns = samples.values.len() * 8 + 8;
        let times = samples.timestamps_ns.len() + samples.span_ids.len() + samples.local_root_span_ids.len();
        samples.len() * columns
            + times * 8
            + samples.trace_ids.len() * 4
            + self.strings.heap_size()
            + self.frames.len() * 64
            + self.mappings.len() * 96
            + self.stacks.heap_size()
            + self.label_sets.heap_size()
    }

    /// The profile with one of its value types alone, and the samples that have a value of it.
    pub fn of_value_type(&self, index: usize) -> Profile {
        let whole = &self.samples;
        let mut samples = SampleTable::new(1);
        let values = whole.values.get(index).map(Vec::as_slice).unwrap_or_default();
        for (row, value) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
            samples.push(Sample {
                stack: whole.stacks.get(row).copied().unwrap_or_default(),
                values: &[*value],
                labels: whole.labels.get(row).copied().unwrap_or_default(),
                timestamp_ns: whole.timestamps_ns.get(row).copied().unwrap_or_default(),
                span_id: whole.span_ids.get(row).copied().unwrap_or_default(),
                local_root_span_id: whole.local_root_span_ids.get(row).copied().unwrap_or_default(),
                trace_id: whole.trace_ids.get(row).copied().unwrap_or_default(),
            });
        }
        Profile {
            value_types: self.value_types.get(index).cloned().into_iter().collect(),
            strings: self.strings.clone(),
            frames: self.frames.clone(),
            mappings: self.mappings.clone(),
            stacks: self.stacks.clone(),
            label_sets: self.label_sets.clone(),
            samples,
            start_ns: self.start_ns,
            duration_ns: self.duration_ns,
            period: self.period.clone(),
            comments: self.comments.clone(),
        }
    }

    /// The position of the value type that `name` means, by any of its aliases.
    pub fn value_type_index(&self, name: &str) -> Option<usize> {
        let wanted = ValueType::new(name, "").canonical();
        self.value_types.iter().position(|value_type| value_type.name == name).or_else(|| {
            self.value_types.iter().position(|value_type| value_type.canonical().name == wanted.name)
        })
    }
}
