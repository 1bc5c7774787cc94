//! Which values of several tags occur together.

use crate::column::{TextListColumn, integers};
use crate::facets::for_each_row;
use crate::matcher::{matches, promoted_column};
use crate::profile_rows::TagColumn;
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use vesta_profile::ValueType;

/// What to tell of profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSetOptions {
    /// The keys of the tags.
    pub keys: Vec<String>,
    /// Only profiles that have values of this type, by any name that a profiler has for it.
    pub value_type: Option<String>,
    /// Whether to tell value types apart as well.
    pub types: bool,
}

/// The combinations of values that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSets {
    /// Each combination once, in order.
    pub sets: Vec<TagSet>,
    /// Whether there are more than are told apart.
    pub truncated: bool,
    /// What is in scope.
    pub basis: Basis,
}

/// A combination of values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagSet {
    /// One value for each key; empty where profiles have none. Of several the first counts.
    pub values: Vec<String>,
    /// The value type, under its canonical name; empty if types were not asked for.
    pub value_type: String,
}

#[derive(Default)]
struct Found {
    sets: HashSet<TagSet, FixedState>,
    limit: usize,
    truncated: bool,
    basis: Basis,
}

impl Engine {
    /// The combinations of values of tags of the profiles in scope.
    pub async fn tag_sets(&self, scope: &Scope, options: &TagSetOptions) -> Result<TagSets, QueryError> {
        self.bounded(self.find_tag_sets(scope, options)).await
    }

    async fn find_tag_sets(&self, scope: &Scope, options: &TagSetOptions) -> Result<TagSets, QueryError> {
        let snapshot = self.store().snapshot().await;
        let mut columns = vec!["samples", "value_types"];
        columns.extend(options.keys.iter().map(|key| promoted_column(key).unwrap_or("tags")));
        let limit = self.limits().distinct_values;
        let new = move || Found { limit, ..Found::default() };
        let (expr, options) = (scope.expr.clone(), options.clone());
        let wanted = options.value_type.as_deref();
        let wanted = wanted.map(|name| ValueType::new(name, "").canonical().name.into_owned());
        let step = move |found: &mut Found, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let samples = integers(batch, "samples")?;
            let types = TextListColumn::of(batch, "value_types")?;
            let tags = options.keys.iter().map(|key| TagColumn::of(batch, Some(key)));
            let tags: Vec<TagColumn> = tags.collect::<Result<_, _>>()?;
            let mut set = TagSet::default();
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                if wanted.as_ref().is_some_and(|wanted| !types.texts(row).any(|name| name == wanted)) {
                    return;
                }
                found.basis.profiles += 1;
                found.basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
                set.values.clear();
                set.values.extend(tags.iter().map(|column| column.at(row).to_owned()));
                if options.types {
                    for name in types.texts(row) {
                        name.clone_into(&mut set.value_type);
                        found.add(&set);
                    }
                } else {
                    found.add(&set);
                }
            });
            Ok(())
        };
        let parts = self.fold_profiles(&snapshot, scope, &columns, new, step).await?;
        let found = parts.into_iter().reduce(Found::merge).unwrap_or_default();
        let mut sets: Vec<TagSet> = found.sets.into_iter().collect();
        sets.sort_unstable();
        Ok(TagSets { sets, truncated: found.truncated, basis: found.basis })
    }
}

impl Found {
    fn add(&mut self, set: &TagSet) {
        if self.sets.contains(set) {
            return;
        }
        if self.sets.len() < self.limit {
            self.sets.insert(set.clone());
        } else {
            self.truncated = true;
        }
    }

    fn merge(mut self, other: Found) -> Found {
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        self.truncated |= other.truncated;
        for set in other.sets {
            self.add(&set);
        }
        self
    }
}
