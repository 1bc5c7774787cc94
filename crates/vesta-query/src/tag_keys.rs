//! The keys of tags in a scope.

use crate::column::{PlaceMemo, TextListColumn, integers};
use crate::facets::{Counter, for_each_row};
use crate::matcher::matches;
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKeyOptions {
    /// Only keys that contain this, whatever their case; those that begin with it come first.
    pub prefix: String,
    /// The most keys. Default 50.
    pub limit: usize,
}

impl Default for TagKeyOptions {
    fn default() -> Self {
        TagKeyOptions { prefix: String::new(), limit: 50 }
    }
}

/// The keys of tags in a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagKeys {
    /// The most frequent keys, then by name.
    pub keys: Vec<TagKey>,
    /// Whether keys were left out.
    pub truncated: bool,
    /// What is in scope.
    pub basis: Basis,
}

/// The key of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKey {
    /// The key.
    pub key: String,
    /// How many profiles have a tag with it.
    pub count: u64,
}

impl Engine {
    /// The keys of tags of the profiles in scope.
    pub async fn tag_keys(&self, scope: &Scope, options: &TagKeyOptions) -> Result<TagKeys, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let expr = scope.expr.clone();
            let max_distinct = self.limits().distinct_values;
            let step = move |(counter, basis): &mut (Counter, Basis), batch: &RecordBatch| {
                let mask = matches(&expr, batch)?;
                let tags = TextListColumn::of(batch, "tags")?;
                let samples = integers(batch, "samples")?;
                let mut keys = Keys::default();
                for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                    basis.profiles += 1;
                    basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
                    keys.count(tags.texts(row));
                });
                for (name, count) in &keys.counts {
                    counter.add(name, *count);
                }
                Ok(())
            };
            let new = || (Counter::new(max_distinct), Basis::default());
            let parts = self.fold_profiles(&snapshot, scope, &["tags", "samples"], new, step).await?;
            let merged = parts.into_iter().reduce(|(mut counter, mut basis), (other, its_basis)| {
                counter.merge(other);
                basis.profiles += its_basis.profiles;
                basis.samples += its_basis.samples;
                (counter, basis)
            });
            let Some((counter, basis)) = merged else { return Ok(TagKeys::default()) };
            let (keys, _, truncated) = counter.most_frequent(&options.prefix, options.limit);
            let keys = keys.into_iter().map(|(key, count)| TagKey { key, count }).collect();
            Ok(TagKeys { keys, truncated, basis })
        })
        .await
    }
}

/// How many rows of a batch have each key.
#[derive(Default)]
struct Keys {
    counts: Vec<(String, u64)>,
    index: HashMap<String, usize, FixedState>,
    memo: PlaceMemo,
}

impl Keys {
    /// Counts one row. Its tags are sorted, so tags with the same key follow each other and count once.
    fn count<'a>(&mut self, tags: impl Iterator<Item = &'a str>) {
        let mut last = usize::MAX;
        for (place, tag) in tags.enumerate() {
            let name = tag.split_once(':').map_or(tag, |(key, _)| key);
            let (counts, index) = (&mut self.counts, &mut self.index);
            let key = self.memo.get(place, name, |name| {
                *index.entry_ref(name).or_insert_with(|| {
                    counts.push((name.to_owned(), 0));
                    counts.len() - 1
                })
            });
            if key != last {
                self.counts[key].1 += 1;
            }
            last = key;
        }
    }
}
