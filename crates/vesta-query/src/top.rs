//! The functions that a scope spends most in.

use crate::engine::compute;
use crate::flame_graph::{build_tree, problems_of};
use crate::stack_sums::StackSums;
use crate::{Basis, Engine, QueryError, SampleScope};
use vesta_profile::{CanonicalType, FunctionTable, Granularity, TopBy, TopFunction};

/// Which functions to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopOptions {
    /// What is one function.
    pub granularity: Granularity,
    /// Whether functions that share a name are one row.
    pub by: TopBy,
    /// Only functions whose name or file contains this, whatever its case.
    pub search: String,
    /// The most functions. Default 100.
    pub limit: usize,
}

impl Default for TopOptions {
    fn default() -> Self {
        TopOptions {
            granularity: Granularity::Function,
            by: TopBy::Function,
            search: String::new(),
            limit: 100,
        }
    }
}

/// The functions that a scope spends most in.
#[derive(Clone, Debug)]
pub struct TopList {
    /// What the values count.
    pub value_type: CanonicalType,
    /// What rows stand for.
    pub functions: FunctionTable,
    /// Largest self value first, then largest total.
    pub rows: Vec<TopFunction>,
    /// How many rows there are without the limit.
    pub found: u64,
    /// Whether the limit left rows out.
    pub truncated: bool,
    /// The sum of the values of all samples in scope.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

impl Engine {
    /// The functions that a scope spends most in.
    pub async fn top(&self, question: &SampleScope, options: &TopOptions) -> Result<TopList, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            let options = options.clone();
            compute(move || Ok(list(sums, &options))).await
        })
        .await
    }
}

fn list(sums: StackSums, options: &TopOptions) -> TopList {
    let (functions, tree) = build_tree(&sums, options.granularity);
    let mut rows = vesta_profile::top(&tree, &functions, options.by);
    let search = options.search.to_lowercase();
    if !search.is_empty() {
        rows.retain(|row| {
            let file = functions.strings().get(functions.get(row.function).file);
            [functions.name(row.function), file].iter().any(|text| text.to_lowercase().contains(&search))
        });
    }
    let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let truncated = rows.len() > options.limit;
    rows.truncate(options.limit);
    TopList {
        problems: problems_of(&sums),
        value_type: sums.value_type,
        total: tree.total(),
        functions,
        rows,
        found,
        truncated,
        basis: sums.basis,
    }
}
