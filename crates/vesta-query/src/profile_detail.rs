//! All that tables know of one profile.

use crate::column::{NumberMapColumn, TextColumn, TextListColumn, integer_lists, integers, range};
use crate::profile_list::{ProfileSummary, read_summaries};
use crate::{Engine, QueryError};
use arrow::array::RecordBatch;
use datafusion::prelude::{col, lit};
use vesta_profile::{CanonicalType, ValueType};
use vesta_store::{ProfileId, Timestamp};

/// All that tables know of one profile. What only the upload knows (sizes of parts, code provenance) is
/// in [`vesta_store::Store::raw`].
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileDetail {
    /// What lists show.
    pub summary: ProfileSummary,
    /// When it was received.
    pub received: Timestamp,
    /// The family of profilers, as the upload names it.
    pub family: String,
    /// The process; empty if the upload does not say.
    pub runtime_id: String,
    /// All tags, as `key:value`, sorted.
    pub tags: Vec<String>,
    /// The value types, most useful first, also those without values.
    pub types: Vec<TypeTotal>,
    /// Metrics that came with the profile, by name.
    pub metrics: Vec<(String, f64)>,
    /// How often each endpoint was called, by endpoint.
    pub endpoint_counts: Vec<(String, i64)>,
    /// The file names of the upload's attachments.
    pub attachments: Vec<String>,
    /// What could not be read of the upload.
    pub problems: Vec<String>,
    /// What the profiler says of itself and its runtime, as JSON; empty for nothing.
    pub info: String,
}

/// The sum of one value type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeTotal {
    /// The type.
    pub value_type: CanonicalType,
    /// The sum over all samples.
    pub total: i64,
}

impl Engine {
    /// All that tables know of one profile; `None` if there is no such profile (any more).
    pub async fn profile(&self, id: ProfileId) -> Result<Option<ProfileDetail>, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let batches = snapshot
                .session()
                .read_table(snapshot.profiles())?
                .filter(col("profile_id").eq(lit(id.0)))?
                .collect()
                .await?;
            for batch in &batches {
                if let Some(summary) = read_summaries(batch)?.into_iter().next() {
                    return Ok(Some(read_detail(batch, summary)?));
                }
            }
            Ok(None)
        })
        .await
    }
}

/// The first row of a batch.
fn read_detail(batch: &RecordBatch, summary: ProfileSummary) -> Result<ProfileDetail, QueryError> {
    let batch = &batch.slice(0, 1);
    let text = |name: &str| Ok::<_, QueryError>(TextColumn::of(batch, name)?.text(0).to_owned());
    let list = |name: &str| {
        let column = TextListColumn::of(batch, name)?;
        Ok::<_, QueryError>(column.texts(0).map(str::to_owned).collect::<Vec<_>>())
    };
    let (offsets, totals) = integer_lists(batch, "totals")?;
    let mut types: Vec<TypeTotal> = list("value_types")?
        .into_iter()
        .zip(range(&offsets, 0))
        .map(|(name, position)| TypeTotal {
            value_type: ValueType::new(name, "").canonical(),
            total: totals.value(position),
        })
        .collect();
    types.sort_by_key(|total| (total.value_type.rank(), total.value_type.name.to_string()));
    let numbers = |name: &str| {
        let column = NumberMapColumn::of(batch, name)?;
        let mut entries: Vec<(String, f64)> =
            column.entries(0).map(|(name, value)| (name.to_owned(), value)).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        Ok::<_, QueryError>(entries)
    };
    Ok(ProfileDetail {
        summary,
        received: Timestamp(integers(batch, "received_at")?.value(0)),
        family: text("family")?,
        runtime_id: text("runtime_id")?,
        tags: list("tags")?,
        types,
        metrics: numbers("metrics")?,
        endpoint_counts: numbers("endpoint_counts")?
            .into_iter()
            .map(|(name, count)| (name, whole(count)))
            .collect(),
        attachments: list("attachments")?,
        problems: list("problems")?,
        info: text("info")?,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "counts of calls within a minute are far below 2^53")]
fn whole(number: f64) -> i64 {
    number as i64
}
