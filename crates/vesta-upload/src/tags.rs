//! Tags: `key:value` facts about the process that was profiled.

use std::fmt;

/// Bytes of a tag that is kept. Datadog cuts tags at 200 characters.
pub(crate) const LONGEST_TAG: usize = 4_096;

/// One tag. The value of a bare tag (`canary`) is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// What is before the first colon.
    pub key: String,
    /// What is after it: it may hold colons and spaces.
    pub value: String,
}

/// Tags in the order in which they came. A key may have many values; the same key with the same value is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    tags: Vec<Tag>,
}

impl Tag {
    /// Reads `key:value` or a bare `key`; none if the key is empty.
    pub fn parse(text: &str) -> Option<Tag> {
        let (key, value) = text.split_once(':').unwrap_or((text, ""));
        let (key, value) = (key.trim(), value.trim());
        (!key.is_empty()).then(|| Tag { key: key.to_owned(), value: value.to_owned() })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.key)?;
        if self.value.is_empty() { Ok(()) } else { write!(formatter, ":{}", self.value) }
    }
}

impl Tags {
    /// No tags.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a list of tags separated by commas.
    pub fn parse(list: &str) -> Self {
        let mut tags = Tags::new();
        tags.extend_from_list(list, usize::MAX);
        tags
    }

    /// Adds a tag unless it is there.
    pub fn insert(&mut self, tag: Tag) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    /// Adds the tags of a list separated by commas, as long as there are fewer than `limit` and except those longer
    /// than [`LONGEST_TAG`]. Answers how many were left out.
    pub(crate) fn extend_from_list(&mut self, list: &str, limit: usize) -> usize {
        let mut left_out = 0;
        for tag in list.split(',').filter_map(Tag::parse) {
            if self.len() < limit && tag.key.len() + tag.value.len() <= LONGEST_TAG {
                self.insert(tag);
            } else {
                left_out += 1;
            }
        }
        left_out
    }

    /// The first value of this key. An empty one counts as none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|tag| tag.key == key && !tag.value.is_empty()).map(|tag| tag.value.as_str())
    }

    /// All values of this key.
    pub fn get_all<'a, 'key>(&'a self, key: &'key str) -> impl Iterator<Item = &'a str> + use<'a, 'key> {
        self.tags.iter().filter(move |tag| tag.key == key).map(|tag| tag.value.as_str())
    }

    /// Whether a tag has this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.tags.iter().any(|tag| tag.key == key)
    }

    /// All tags in the order in which they came.
    pub fn iter(&self) -> std::slice::Iter<'_, Tag> {
        self.tags.iter()
    }

    /// All tags as text (`key:value`), sorted: the form in which tables keep them.
    pub fn to_sorted_strings(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.tags.iter().map(Tag::to_string).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = &'a Tag;
    type IntoIter = std::slice::Iter<'a, Tag>;

    fn into_iter(self) -> Self::IntoIter {
        self.tags.iter()
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Self {
        let mut all = Tags::new();
        tags.into_iter().for_each(|tag| all.insert(tag));
        all
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, tag) in self.tags.iter().enumerate() {
            if index > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{tag}")?;
        }
        Ok(())
    }
}
