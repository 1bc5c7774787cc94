//! What a value type adds up to in each profile.

use crate::column::integers;
use crate::profile_rows::ProfileQuestion;
use crate::profile_scan::{Counted, fold};
use crate::selection::Wanted;
use crate::value_sums::{LabelColumn, grouped};
use crate::{Dimension, Engine, QueryError, SampleScope};
use arrow::array::RecordBatch;
use datafusion::prelude::col;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_store::{ProfileId, Timestamp};

/// What a value type adds up to in a profile, or in the samples of a profile that carry one value of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileTotal {
    /// The profile.
    pub profile: ProfileId,
    /// When it begins.
    pub start: Timestamp,
    /// The value of the tag or label that was asked for; empty without one.
    pub group: String,
    /// The sum of its samples.
    pub value: i64,
}

impl Engine {
    /// What a value type adds up to in each profile that has samples of it, in the order of time. With a label to group
    /// by, a profile is there once for each of its values; functions are no groups here.
    pub async fn profile_totals(
        &self,
        question: &SampleScope,
        group_by: Option<&Dimension>,
    ) -> Result<Vec<ProfileTotal>, QueryError> {
        self.bounded(self.totals_of_profiles(question, group_by)).await
    }

    async fn totals_of_profiles(
        &self,
        question: &SampleScope,
        group_by: Option<&Dimension>,
    ) -> Result<Vec<ProfileTotal>, QueryError> {
        let snapshot = self.store().snapshot().await;
        let selected = self.select_samples_of(&snapshot, question, Wanted::All).await?;
        let (tag, label) = match group_by {
            Some(Dimension::Tag(key)) => (Some(key.clone()), None),
            Some(Dimension::Label(key)) => (None, Some(key.clone())),
            Some(Dimension::Frame(_)) | None => (None, None),
        };
        let mut sums: Vec<(i64, String, i64)> = Vec::new();
        if let Some(frame) = selected.frame {
            let mut columns = label.as_deref().map(LabelColumn::columns).unwrap_or_default();
            columns.push(col("profile_id"));
            let most = u64::try_from(self.limits().distinct_values).unwrap_or(u64::MAX);
            let seen = Counted::new("values of profiles", most);
            let step = move |rows: &mut Vec<(i64, String, i64)>, batch: &RecordBatch| {
                seen.add(batch)?;
                let (ids, values) = (integers(batch, "profile_id")?, integers(batch, "value")?);
                let labels = label.as_deref().map(|key| LabelColumn::of(batch, key)).transpose()?;
                rows.extend((0..batch.num_rows()).map(|row| {
                    let group = labels.as_ref().map_or("", |labels| labels.at(row));
                    (ids.value(row), group.to_owned(), values.value(row))
                }));
                Ok(())
            };
            sums = fold(grouped(frame, columns)?, Vec::new, step).await?.concat();
        }
        if sums.is_empty() {
            self.check_type(&question.scope, &selected.value_type).await?;
        }
        let wanted = ProfileQuestion { tag, value_type: None };
        let profiles = self.profile_rows(&snapshot, &question.scope, &wanted).await?;
        let rows: HashMap<i64, _, FixedState> = profiles.rows.iter().map(|row| (row.id, row)).collect();
        let totals = sums.into_iter().filter_map(|(id, label, value)| {
            let row = rows.get(&id)?;
            let group = if label.is_empty() { profiles.groups.get(row.group).to_owned() } else { label };
            Some(ProfileTotal { profile: ProfileId(id), start: Timestamp(row.start), group, value })
        });
        let mut totals: Vec<ProfileTotal> = totals.collect();
        totals.sort_unstable_by(|a, b| {
            (a.start.0, a.profile.0, &a.group).cmp(&(b.start.0, b.profile.0, &b.group))
        });
        Ok(totals)
    }
}
