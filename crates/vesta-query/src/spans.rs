//! The profiles that hold a span.

use crate::column::integers;
use crate::profile_scan::within;
use crate::{Engine, QueryError, Scope};
use datafusion::prelude::{col, lit};
use std::str::FromStr;
use vesta_profile::low_64_bits;
use vesta_store::ProfileId;

/// The id of a span, or of the entry span of a service within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId(pub u64);

impl FromStr for SpanId {
    type Err = QueryError;

    /// Reads a decimal number, or a hexadecimal one: after `0x`, or of 16 digits. Of the 32 digits of OpenTelemetry's
    /// trace ids and the like, the lower half counts, as in Datadog's.
    fn from_str(text: &str) -> Result<Self, QueryError> {
        low_64_bits(text).map(SpanId).ok_or_else(|| QueryError::BadParameter {
            parameter: "span id",
            value: text.to_owned(),
            hint: "write it in decimal, or in hexadecimal after 0x".to_owned(),
        })
    }
}

impl Engine {
    /// The profiles in the time of `scope` that have samples of a span, or below it as the entry span, in the order of
    /// their ids. Of the scope only the time counts.
    pub async fn spans(&self, scope: &Scope, span: SpanId) -> Result<Vec<ProfileId>, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let batches = snapshot
                .session()
                .read_table(snapshot.spans())?
                .filter(col("span_id").eq(lit(span.0.cast_signed())).and(within("time", scope)))?
                .select(vec![col("profile_id")])?
                .collect()
                .await?;
            let mut ids = Vec::new();
            for batch in &batches {
                ids.extend(integers(batch, "profile_id")?.values().iter().map(|&id| ProfileId(id)));
            }
            ids.sort_unstable();
            ids.dedup();
            Ok(ids)
        })
        .await
    }
}
