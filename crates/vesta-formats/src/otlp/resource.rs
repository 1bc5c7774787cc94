//! Resources: what a sender says of the thing that was profiled.

use super::any_value::{AnyValue, key_value};
use super::contents::Dictionary;
use super::release::messages;

/// What is known of the thing that was profiled: attributes such as `service.name`, each key once, with values as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    attributes: Vec<(String, String)>,
}

/// The most attributes that are kept, and the longest value.
const MOST: usize = 256;
const LONGEST: usize = 4_096;

impl Resource {
    /// The value of an attribute; none if it is empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == key)?;
        Some(found.1.as_str()).filter(|value| !value.is_empty())
    }

    /// All attributes in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Adds an attribute unless it is there or there are too many.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        let is_known = self.attributes.iter().any(|(known, _)| known == key);
        if !is_known && !key.is_empty() && key.len() <= LONGEST && self.attributes.len() < MOST {
            let value = value.get(..value.floor_char_boundary(LONGEST)).unwrap_or_default();
            self.attributes.push((key.to_owned(), value.to_owned()));
        }
    }

    /// The resource of a `ResourceProfiles`.
    pub(super) fn read<'a>(resource_profiles: &'a [u8], dictionary: &Dictionary<'a>) -> Resource {
        let mut resource = Resource::default();
        for message in messages(resource_profiles, 1) {
            for attribute in messages(message, 1) {
                let (key, value) = key_value(attribute, dictionary);
                if !matches!(value, AnyValue::Empty) {
                    resource.add(&key, &value.to_text(dictionary));
                }
            }
        }
        resource
    }
}
