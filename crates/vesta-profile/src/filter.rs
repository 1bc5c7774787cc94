//! Samples chosen by what is on them.

use crate::{Label, LabelValue, Profile, Sample, SampleTable, StringId};

/// Samples that carry a label, or that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFilter {
    /// The key of the label.
    pub key: String,
    /// What the value has to be.
    pub value: LabelMatch,
    /// Whether samples with the label are the ones to leave out.
    pub negated: bool,
}

/// What the value of a label has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelMatch {
    /// This text, or a number that reads like it. The empty text: samples without the label.
    Text(String),
    /// This number, in any unit.
    Number(i64),
}

/// Samples with a function of this name anywhere on the stack, or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameFilter {
    /// The name of the function.
    pub function: String,
    /// Whether samples with the function are the ones to leave out.
    pub negated: bool,
}

/// Rows of a [`SampleTable`], in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The rows.
    pub rows: Vec<usize>,
}

impl Selection {
    /// The samples that pass every filter.
    pub fn new(profile: &Profile, labels: &[LabelFilter], frames: &[FrameFilter]) -> Selection {
        // Few label sets and stacks stand behind many samples, so each of them is looked at once.
        let set_passes: Vec<bool> = profile
            .label_sets
            .iter()
            .map(|set| labels.iter().all(|filter| filter.passes(profile, set)))
            .collect();
        let functions: Vec<(Option<StringId>, bool)> =
            frames.iter().map(|filter| (profile.strings.find(&filter.function), filter.negated)).collect();
        let stack_passes: Vec<bool> = profile
            .stacks
            .iter()
            .map(|stack| {
                functions.iter().all(|&(function, negated)| {
                    let on_stack =
                        stack.iter().any(|&frame| Some(profile.frames.get(frame).function) == function);
                    on_stack != negated
                })
            })
            .collect();
        let passes = |table: &[bool], index: usize| table.get(index).copied().unwrap_or(false);
        let samples = &profile.samples;
        let rows = samples
            .stacks
            .iter()
            .zip(&samples.labels)
            .enumerate()
            .filter(|(_, (stack, set))| {
                passes(&stack_passes, stack.index()) && passes(&set_passes, set.index())
            })
            .map(|(row, _)| row)
            .collect();
        Selection { rows }
    }
}

impl SampleTable {
    /// The selected samples, as a table whose ids belong to the same profile.
    pub fn select(&self, selection: &Selection) -> SampleTable {
        let mut result = SampleTable::new(self.values.len());
        let mut values = vec![0; self.values.len()];
        for &row in selection.rows.iter().filter(|&&row| row < self.len()) {
            for (value, column) in values.iter_mut().zip(&self.values) {
                *value = column[row];
            }
            result.push(Sample {
                stack: self.stacks[row],
                values: &values,
                labels: self.labels[row],
                timestamp_ns: self.timestamps_ns.get(row).copied().unwrap_or(0),
                span_id: self.span_ids.get(row).copied().unwrap_or(0),
                local_root_span_id: self.local_root_span_ids.get(row).copied().unwrap_or(0),
                trace_id: self.trace_ids.get(row).copied().unwrap_or_default(),
            });
        }
        result
    }
}

impl LabelFilter {
    fn passes(&self, profile: &Profile, set: &[Label]) -> bool {
        if self.value == LabelMatch::Text(String::new()) {
            let has_key = set.iter().any(|label| profile.strings.get(label.key) == self.key);
            return has_key == self.negated;
        }
        let carries = set.iter().any(|label| {
            profile.strings.get(label.key) == self.key
                && match (&self.value, label.value) {
                    (LabelMatch::Text(text), LabelValue::Text(id)) => profile.strings.get(id) == text,
                    (LabelMatch::Text(text), LabelValue::Number(number, _)) => number.to_string() == *text,
                    (LabelMatch::Number(wanted), LabelValue::Number(number, _)) => number == *wanted,
                    (LabelMatch::Number(wanted), LabelValue::Text(id)) => {
                        profile.strings.get(id) == wanted.to_string()
                    }
                }
        });
        carries != self.negated
    }
}
