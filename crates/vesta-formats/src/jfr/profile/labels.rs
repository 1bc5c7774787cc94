//! Labels, in the words that other languages have.

use super::Reading;
use super::events::Known;
use crate::jfr::Event;
use vesta_profile::{Label, LabelSetId, LabelValue, StringId};

impl Reading<'_> {
    /// Labels without those that say nothing.
    pub(super) fn label_set(&mut self, labels: &[(&str, StringId)]) -> LabelSetId {
        let labels: Vec<Label> =
            labels.iter().filter_map(|&(key, value)| self.id_label(key, value)).collect();
        self.profile.label_sets.intern(&labels)
    }

    /// Labels of what the runtime does.
    pub(super) fn event_labels(&mut self, event: &str, details: &[(&str, StringId)]) -> LabelSetId {
        let mut labels: Vec<Label> = self.text_label("event", event).into_iter().collect();
        labels.extend(details.iter().filter_map(|&(key, value)| self.id_label(key, value)));
        self.profile.label_sets.intern(&labels)
    }

    pub(super) fn state_labels(&mut self, state: &str) -> LabelSetId {
        let label = self.text_label("state", state);
        self.profile.label_sets.intern(label.as_slice())
    }

    pub(super) fn exception_labels(&mut self, class: StringId, message: &str) -> LabelSetId {
        /// Long messages hold data that differs every time.
        const LONGEST_MESSAGE: usize = 256;
        let end = message.char_indices().nth(LONGEST_MESSAGE).map_or(message.len(), |(at, _)| at);
        let message = self.profile.strings.intern(message.get(..end).unwrap_or_default());
        self.label_set(&[("exception type", class), ("exception message", message)])
    }

    /// These labels, and what the program has set.
    pub(super) fn attribute_labels(
        &mut self,
        event: &Event<'_>,
        known: &Known,
        labels: impl IntoIterator<Item = Label>,
    ) -> LabelSetId {
        let mut labels: Vec<Label> = labels.into_iter().collect();
        let keys = self.chunk.attributes.get(&event.tag()).map_or(&[][..], Vec::as_slice);
        for (&key, index) in keys.iter().zip(known.fields.len()..) {
            if let Some(text) = event.text(index).filter(|text| !text.is_empty()) {
                let value = LabelValue::Text(self.profile.strings.intern(&text));
                labels.push(Label { key, value });
            }
        }
        self.profile.label_sets.intern(&labels)
    }

    pub(super) fn text_label(&mut self, key: &str, value: &str) -> Option<Label> {
        let value = self.profile.strings.intern(value);
        self.id_label(key, value)
    }

    pub(super) fn id_label(&mut self, key: &str, value: StringId) -> Option<Label> {
        (value != StringId::EMPTY)
            .then(|| Label { key: self.profile.strings.intern(key), value: LabelValue::Text(value) })
    }

    pub(super) fn number_label(&mut self, key: &str, value: i64) -> Label {
        Label { key: self.profile.strings.intern(key), value: LabelValue::Number(value, StringId::EMPTY) }
    }
}

/// The key of the label for an attribute.
pub(super) fn attribute_key(name: &str) -> &str {
    match name {
        "_dd.trace.operation" => "trace operation",
        other => other,
    }
}
