//! The values of tags in a scope, with counts.

use crate::column::{TextColumn, TextListColumn, integers};
use crate::matcher::{columns_of, matches, promoted_column, tag_value};
use crate::scope::{Expr, Pattern};
use crate::{Basis, Engine, QueryError, Scope};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::BooleanBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// Which values to count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetOptions {
    /// The tags. Default: env, service, version, host, runtime, language.
    pub keys: Vec<String>,
    /// Only values that contain this, whatever their case; those that begin with it come first.
    pub prefix: String,
    /// The most values of one tag. Default 20.
    pub limit: usize,
}

impl Default for FacetOptions {
    fn default() -> Self {
        let keys = ["env", "service", "version", "host", "runtime", "language"];
        FacetOptions { keys: keys.map(str::to_owned).into(), prefix: String::new(), limit: 20 }
    }
}

/// The values of tags in a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// One for each key that was asked for.
    pub facets: Vec<Facet>,
    /// What is in scope.
    pub basis: Basis,
}

/// The values of one tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facet {
    /// The tag.
    pub key: String,
    /// The most frequent values, then by name; with a prefix, those that begin with it first.
    pub values: Vec<FacetValue>,
    /// How many different values there are (with the prefix).
    pub distinct: u64,
    /// Whether values were left out.
    pub truncated: bool,
}

/// One value of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// In how many profiles, when the scope's own demands on this tag are left out.
    pub count: u64,
}

impl Engine {
    /// Counts the values of tags in a scope. What the scope demands of a tag is ignored for that tag's own counts, so
    /// that the other values can be chosen instead.
    pub async fn facets(&self, scope: &Scope, options: &FacetOptions) -> Result<Facets, QueryError> {
        self.bounded(self.count_facets(scope, options)).await
    }

    async fn count_facets(&self, scope: &Scope, options: &FacetOptions) -> Result<Facets, QueryError> {
        let snapshot = self.store().snapshot().await;
        let mut columns = vec!["samples"];
        let mut plan = Plan { exprs: vec![scope.expr.clone()], facets: Vec::new() };
        for key in &options.keys {
            let expr = scope.expr.without(key);
            columns.extend(columns_of(&expr));
            columns.push(promoted_column(key).unwrap_or("tags"));
            let mask = plan.exprs.iter().position(|known| *known == expr).unwrap_or_else(|| {
                plan.exprs.push(expr);
                plan.exprs.len() - 1
            });
            plan.facets.push(PlannedFacet { key: key.clone(), column: promoted_column(key), mask });
        }
        let plan = Arc::new(plan);
        let (facets, max_distinct) = (plan.facets.len(), self.limits().distinct_values);
        let new = || Counts {
            facets: (0..facets).map(|_| Counter::new(max_distinct)).collect(),
            basis: Basis::default(),
        };
        let step = move |counts: &mut Counts, batch: &RecordBatch| counts.add(&plan, batch);
        let parts = self.fold_profiles(&snapshot, scope, &columns, new, step).await?;
        let Some(counts) = parts.into_iter().reduce(Counts::merge) else { return Ok(Facets::default()) };
        let keys = options.keys.iter().zip(counts.facets);
        let facets =
            keys.map(|(key, counter)| counter.into_facet(key, &options.prefix, options.limit)).collect();
        Ok(Facets { facets, basis: counts.basis })
    }
}

/// What to count of each batch.
struct Plan {
    /// The different searches, the scope's own first.
    exprs: Vec<Expr>,
    facets: Vec<PlannedFacet>,
}

struct PlannedFacet {
    key: String,
    column: Option<&'static str>,
    mask: usize,
}

struct Counts {
    facets: Vec<Counter>,
    basis: Basis,
}

impl Counts {
    fn add(&mut self, plan: &Plan, batch: &RecordBatch) -> Result<(), QueryError> {
        let masks: Vec<Option<BooleanBuffer>> =
            plan.exprs.iter().map(|expr| matches(expr, batch)).collect::<Result<_, _>>()?;
        let samples = integers(batch, "samples")?;
        let own = masks.first().and_then(Option::as_ref);
        for_each_row(batch.num_rows(), own, |row| {
            self.basis.profiles += 1;
            self.basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
        });
        for (facet, counter) in plan.facets.iter().zip(&mut self.facets) {
            let mask = masks.get(facet.mask).and_then(Option::as_ref);
            match facet.column {
                Some(column) => counter.add_column(&TextColumn::of(batch, column)?, mask),
                None => counter.add_tags(&TextListColumn::of(batch, "tags")?, &facet.key, mask),
            }
        }
        Ok(())
    }

    fn merge(mut self, other: Counts) -> Counts {
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        for (mine, theirs) in self.facets.iter_mut().zip(other.facets) {
            mine.merge(theirs);
        }
        self
    }
}

/// Calls `take` with every row of the mask.
pub(crate) fn for_each_row(rows: usize, mask: Option<&BooleanBuffer>, take: impl FnMut(usize)) {
    match mask {
        Some(mask) => mask.set_indices().for_each(take),
        None => (0..rows).for_each(take),
    }
}

/// Counts distinct texts. Batches of one file mostly share their distinct values, so these are looked up by name
/// only when they change.
pub(crate) struct Counter {
    by_text: HashMap<String, u64, FixedState>,
    by_code: Vec<u64>,
    codes: Option<ArrayRef>,
    max_distinct: usize,
    overflown: bool,
}

impl Counter {
    pub(crate) fn new(max_distinct: usize) -> Self {
        Counter {
            by_text: HashMap::default(),
            by_code: Vec::new(),
            codes: None,
            max_distinct,
            overflown: false,
        }
    }

    fn add_column(&mut self, column: &TextColumn, mask: Option<&BooleanBuffer>) {
        if !self.codes.as_ref().is_some_and(|codes| column.shares_codes_with(codes)) {
            self.settle();
            self.codes = Some(column.values().clone());
            self.by_code.resize(column.texts().len(), 0);
        }
        column.count(mask, &mut self.by_code);
    }

    fn add_tags(&mut self, tags: &TextListColumn, key: &str, mask: Option<&BooleanBuffer>) {
        for_each_row(tags.len(), mask, |row| {
            for value in tags.texts(row).filter_map(|tag| tag_value(tag, key)) {
                if !value.is_empty() {
                    self.add(value, 1);
                }
            }
        });
    }

    pub(crate) fn add(&mut self, text: &str, count: u64) {
        if let Some(known) = self.by_text.get_mut(text) {
            *known += count;
        } else if self.by_text.len() < self.max_distinct {
            self.by_text.insert(text.to_owned(), count);
        } else {
            self.overflown = true;
        }
    }

    /// Turns counts by code into counts by text.
    fn settle(&mut self) {
        let Some(codes) = self.codes.take() else { return };
        let counts = std::mem::take(&mut self.by_code);
        let texts = arrow::array::AsArray::as_string::<i32>(&codes);
        for (code, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let text = texts.value(code);
            if !text.is_empty() {
                self.add(text, count);
            }
        }
    }

    pub(crate) fn merge(&mut self, mut other: Counter) {
        other.settle();
        self.settle();
        self.overflown |= other.overflown;
        for (text, count) in other.by_text {
            self.add(&text, count);
        }
    }

    /// The texts that begin with `prefix` and then those that contain it, most frequent first, how many there are in
    /// all, and whether some are missing.
    pub(crate) fn most_frequent(mut self, prefix: &str, limit: usize) -> (Vec<(String, u64)>, u64, bool) {
        self.settle();
        let wanted = Pattern::literal(prefix);
        let begins = |text: &str| {
            prefix.is_empty()
                || text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let mut counts: Vec<(String, u64)> =
            self.by_text.into_iter().filter(|(text, _)| wanted.is_found_in(text)).collect();
        let order = |a: &(String, u64), b: &(String, u64)| {
            let rank = |text: &str| !begins(text);
            rank(&a.0).cmp(&rank(&b.0)).then_with(|| b.1.cmp(&a.1)).then_with(|| a.0.cmp(&b.0))
        };
        let distinct = u64::try_from(counts.len()).unwrap_or(u64::MAX);
        let truncated = counts.len() > limit || self.overflown;
        if counts.len() > limit {
            counts.select_nth_unstable_by(limit, order);
            counts.truncate(limit);
        }
        counts.sort_unstable_by(order);
        (counts, distinct, truncated)
    }

    fn into_facet(self, key: &str, prefix: &str, limit: usize) -> Facet {
        let (counts, distinct, truncated) = self.most_frequent(prefix, limit);
        let values = counts.into_iter().map(|(value, count)| FacetValue { value, count }).collect();
        Facet { key: key.to_owned(), values, distinct, truncated }
    }
}
