//! The keys of tags in a scope.

use crate::column::{TextListColumn, integers};
use crate::facets::{Counter, for_each_row};
use crate::matcher::matches;
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKeyOptions {
    /// Only keys that begin with this, whatever their case.
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
                let keys = Keys::of(&tags);
                let mut counts = vec![0u64; keys.names.len()];
                for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                    basis.profiles += 1;
                    basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
                    // Tags are sorted, so tags with the same key follow each other and count once.
                    let mut last = usize::MAX;
                    for code in tags.range(row).filter_map(|position| tags.items().code(position)) {
                        let key = keys.of_code[code];
                        if key != last {
                            counts[key] += 1;
                        }
                        last = key;
                    }
                });
                for (name, count) in keys.names.iter().zip(counts).filter(|(_, count)| *count > 0) {
                    counter.add(name, count);
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

/// The distinct keys of the tags of a batch.
struct Keys<'a> {
    names: Vec<&'a str>,
    of_code: Vec<usize>,
}

impl<'a> Keys<'a> {
    fn of(tags: &'a TextListColumn) -> Self {
        let mut keys = Keys { names: Vec::new(), of_code: Vec::new() };
        let mut index: HashMap<&str, usize, FixedState> = HashMap::default();
        for tag in tags.items().texts() {
            let tag = tag.unwrap_or_default();
            let name = tag.split_once(':').map_or(tag, |(key, _)| key);
            let next = keys.names.len();
            let key = *index.entry(name).or_insert(next);
            if key == next {
                keys.names.push(name);
            }
            keys.of_code.push(key);
        }
        keys
    }
}
