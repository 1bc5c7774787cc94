//! One profile out of several.

use crate::{
    Frame, FrameId, Label, LabelSetId, LabelValue, Mapping, Profile, Sample, StackId, StringId, ValueType,
};

impl Profile {
    /// Adds the samples of `other`, by content: equal strings, frames, stacks, label sets and value types become
    /// one. Value types are equal if their canonical names are; where their units differ in scale, the column takes
    /// the canonical unit. Types that only one side has count 0 on the other.
    ///
    /// Mappings of files are those of this profile first, and those of `other` that are not in their way.
    ///
    /// The period of time grows to hold both. Samples stay apart; see [`crate::aggregate`]. Snapshot types of
    /// different times add up here as well, so the caller decides which profiles belong together.
    pub fn merge(&mut self, other: &Profile) {
        let columns = self.merge_value_types(other);
        let strings: Vec<StringId> = other.strings.iter().map(|text| self.strings.intern(text)).collect();
        let string = |id: StringId| strings.get(id.index()).copied().unwrap_or_default();
        let frames: Vec<FrameId> = other
            .frames
            .as_slice()
            .iter()
            .map(|frame| Frame {
                function: string(frame.function),
                system_name: string(frame.system_name),
                file: string(frame.file),
                module: string(frame.module),
                build_id: string(frame.build_id),
                ..*frame
            })
            .map(|frame| self.frames.intern(frame))
            .collect();
        for mapping in other.mappings.as_slice() {
            let (module, build_id) = (string(mapping.module), string(mapping.build_id));
            self.mappings.add(Mapping { module, build_id, ..*mapping });
        }
        let mut buffer: Vec<FrameId> = Vec::new();
        let mut stacks: Vec<StackId> = Vec::with_capacity(other.stacks.len());
        for stack in other.stacks.iter() {
            buffer.clear();
            buffer.extend(stack.iter().filter_map(|frame| frames.get(frame.index())));
            stacks.push(self.stacks.intern(&buffer));
        }
        let mut labels: Vec<Label> = Vec::new();
        let mut label_sets: Vec<LabelSetId> = Vec::with_capacity(other.label_sets.len());
        for set in other.label_sets.iter() {
            labels.clear();
            labels.extend(set.iter().map(|label| Label {
                key: string(label.key),
                value: match label.value {
                    LabelValue::Text(text) => LabelValue::Text(string(text)),
                    LabelValue::Number(number, unit) => LabelValue::Number(number, string(unit)),
                },
            }));
            label_sets.push(self.label_sets.intern(&labels));
        }
        let mut values = vec![0i64; self.value_types.len()];
        for row in 0..other.samples.len() {
            let sample = &other.samples;
            for (&(to, scale), column) in columns.iter().zip(&sample.values) {
                values[to] = column.get(row).copied().unwrap_or(0).saturating_mul(scale);
            }
            self.samples.push(Sample {
                stack: sample
                    .stacks
                    .get(row)
                    .and_then(|id| stacks.get(id.index()))
                    .copied()
                    .unwrap_or_default(),
                values: &values,
                labels: sample
                    .labels
                    .get(row)
                    .and_then(|id| label_sets.get(id.index()))
                    .copied()
                    .unwrap_or_default(),
                timestamp_ns: sample.timestamps_ns.get(row).copied().unwrap_or(0),
                span_id: sample.span_ids.get(row).copied().unwrap_or(0),
                local_root_span_id: sample.local_root_span_ids.get(row).copied().unwrap_or(0),
                trace_id: sample.trace_ids.get(row).map_or(StringId::EMPTY, |&id| string(id)),
            });
        }
        self.merge_time(other);
        for comment in &other.comments {
            if !self.comments.contains(comment) {
                self.comments.push(comment.clone());
            }
        }
    }

    /// Where each value column of `other` goes, and what its values have to be multiplied with.
    fn merge_value_types(&mut self, other: &Profile) -> Vec<(usize, i64)> {
        let mut taken = vec![false; self.value_types.len()];
        let mut columns = Vec::with_capacity(other.value_types.len());
        for value_type in &other.value_types {
            let theirs = value_type.canonical();
            // A profile that has two columns of one name keeps two columns of that name.
            let found = (0..taken.len())
                .find(|&index| !taken[index] && self.value_types[index].canonical().name == theirs.name);
            let Some(index) = found else {
                columns.push((self.value_types.len(), 1));
                taken.push(true);
                self.value_types.push(value_type.clone());
                self.samples.values.push(vec![0; self.samples.len()]);
                continue;
            };
            taken[index] = true;
            let ours = self.value_types[index].canonical();
            if ours.scale == theirs.scale {
                columns.push((index, 1));
                continue;
            }
            if ours.scale != 1 {
                for value in &mut self.samples.values[index] {
                    *value = value.saturating_mul(ours.scale);
                }
            }
            let name = self.value_types[index].name.clone();
            self.value_types[index] = ValueType::new(name, ours.unit.as_str());
            columns.push((index, theirs.scale));
        }
        columns
    }

    fn merge_time(&mut self, other: &Profile) {
        let empty = self.start_ns == 0 && self.duration_ns == 0;
        if empty {
            (self.start_ns, self.duration_ns) = (other.start_ns, other.duration_ns);
            self.period.clone_from(&other.period);
            return;
        }
        if self.period != other.period {
            self.period = None;
        }
        if other.start_ns == 0 {
            self.duration_ns = self.duration_ns.max(other.duration_ns);
            return;
        }
        let end = self
            .start_ns
            .saturating_add(self.duration_ns)
            .max(other.start_ns.saturating_add(other.duration_ns));
        self.start_ns = if self.start_ns == 0 { other.start_ns } else { self.start_ns.min(other.start_ns) };
        self.duration_ns = end.saturating_sub(self.start_ns);
    }
}
