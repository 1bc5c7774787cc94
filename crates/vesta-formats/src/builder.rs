//! Profiles as they are put together, within [`Limits`].

use crate::decoded::Problems;
use crate::{Decoded, Limits};
use vesta_profile::{
    Frame, FrameId, Label, LabelSetId, LabelValue, Profile, Sample, StackId, StringId, ValueType,
};

/// A bound that a file would exceed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The file is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The file has more samples than allowed.
    #[error("more than the {limit} samples allowed")]
    TooManySamples {
        /// The most that is allowed.
        limit: usize,
    },
    /// The file has more value types than allowed.
    #[error("more than the {limit} value types allowed")]
    TooManyValueTypes {
        /// The most that is allowed.
        limit: usize,
    },
    /// The profile would take more memory than allowed.
    #[error("would take more than the {limit} bytes of memory allowed")]
    TooMuchMemory {
        /// The most that is allowed.
        limit: usize,
    },
}

/// What a new frame takes, besides its names: itself and its entry in the index.
const FRAME_BYTES: usize = size_of::<Frame>() + 16;
/// What a new stack takes, besides its frames.
const STACK_BYTES: usize = 16;
/// What a new set of labels takes, besides its labels.
const LABELS_BYTES: usize = 16;

/// A profile that grows within limits.
pub(crate) struct Builder<'a> {
    pub(crate) profile: Profile,
    pub(crate) problems: Problems,
    limits: &'a Limits,
    memory: usize,
}

impl<'a> Builder<'a> {
    /// An empty profile for the file `bytes`.
    pub(crate) fn new(bytes: &[u8], limits: &'a Limits) -> Result<Self, LimitError> {
        if bytes.len() > limits.max_bytes {
            return Err(LimitError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
        }
        Ok(Builder { profile: Profile::default(), problems: Problems::default(), limits, memory: 0 })
    }

    /// Sets memory aside for the tables of a decoder.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), LimitError> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > self.limits.max_memory {
            return Err(LimitError::TooMuchMemory { limit: self.limits.max_memory });
        }
        Ok(())
    }

    /// The position of a value type, added if it is new.
    pub(crate) fn value_type(&mut self, name: &str, unit: &str) -> Result<usize, LimitError> {
        let types = &mut self.profile.value_types;
        if let Some(known) = types.iter().position(|known| known.name == name && known.unit == unit) {
            return Ok(known);
        }
        if types.len() >= self.limits.max_value_types {
            return Err(LimitError::TooManyValueTypes { limit: self.limits.max_value_types });
        }
        types.push(ValueType::new(name, unit));
        let rows = self.profile.samples.len();
        self.profile.samples.values.push(vec![0; rows]);
        self.take(rows * 8)?;
        Ok(self.profile.value_types.len() - 1)
    }

    pub(crate) fn max_stack_depth(&self) -> usize {
        self.limits.max_stack_depth
    }

    pub(crate) fn text(&mut self, text: &str) -> Result<StringId, LimitError> {
        let before = self.profile.strings.heap_size();
        let id = self.profile.strings.intern(text);
        self.take(self.profile.strings.heap_size() - before)?;
        Ok(id)
    }

    pub(crate) fn frame(&mut self, frame: Frame) -> Result<FrameId, LimitError> {
        let before = self.profile.frames.len();
        let id = self.profile.frames.intern(frame);
        self.take((self.profile.frames.len() - before) * FRAME_BYTES)?;
        Ok(id)
    }

    /// The stack of frames, leaf first. One that is too deep keeps its leaf end, and has a frame at its root that says
    /// so; `place` tells where it is.
    pub(crate) fn stack(
        &mut self,
        frames: impl IntoIterator<Item = FrameId>,
        scratch: &mut Vec<FrameId>,
        place: impl FnOnce() -> String,
    ) -> Result<StackId, LimitError> {
        let limit = self.limits.max_stack_depth;
        scratch.clear();
        scratch.extend(frames.into_iter().take(limit.saturating_add(1)));
        if scratch.len() > limit {
            scratch.truncate(limit.saturating_sub(1));
            let function = self.text("[truncated stack]")?;
            scratch.push(self.frame(Frame { function, ..Frame::default() })?);
            self.problems.note("a stack is too deep, its root end is cut off", place);
        }
        // Also for one that is known, which a file may have a million times in other ways: it bounds the time, too.
        self.take(STACK_BYTES + scratch.len() * size_of::<FrameId>())?;
        Ok(self.profile.stacks.intern(scratch))
    }

    /// Labels with texts; those without a value are left out.
    pub(crate) fn labels(&mut self, labels: &[(&str, &str)]) -> Result<LabelSetId, LimitError> {
        let mut set = Vec::with_capacity(labels.len());
        for (key, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
            let (key, value) = (self.text(key)?, self.text(value)?);
            set.push(Label { key, value: LabelValue::Text(value) });
        }
        let before = self.profile.label_sets.len();
        let id = self.profile.label_sets.intern(&set);
        let added = self.profile.label_sets.len() - before;
        self.take(added * (LABELS_BYTES + set.len() * size_of::<Label>()))?;
        Ok(id)
    }

    /// Adds a sample with one value per value type that there is so far.
    pub(crate) fn sample(&mut self, sample: Sample<'_>) -> Result<(), LimitError> {
        if self.profile.samples.len() >= self.limits.max_samples {
            return Err(LimitError::TooManySamples { limit: self.limits.max_samples });
        }
        self.take(16 + 8 * self.profile.samples.values.len())?;
        self.profile.samples.push(sample);
        Ok(())
    }

    pub(crate) fn finish(self) -> Decoded {
        Decoded { profile: self.profile, problems: self.problems.into_vec() }
    }
}
