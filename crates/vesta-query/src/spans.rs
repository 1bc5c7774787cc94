//! The profiles that hold a span.

use crate::column::integers;
use crate::profile_scan::within;
use crate::scope::{Expr, Field};
use crate::{Engine, QueryError, Scope};
use datafusion::logical_expr::Expr as Plan;
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

/// The keys of search terms that name a request.
const TERMS: [&str; 2] = ["span_id", "trace_id"];

impl Engine {
    /// The scope with `span_id:` and `trace_id:` among the terms of its search put into effect: only the profiles that
    /// hold the request are left. With the request, for questions about its samples.
    pub async fn resolve_spans(&self, mut scope: Scope) -> Result<(Scope, Option<SpanId>), QueryError> {
        let Some(span) = take_term(&mut scope.expr)? else { return Ok((scope, None)) };
        let mut holders = self.spans(&scope, span).await?;
        if holders.is_empty() {
            // No profile has this id: an empty list would mean all of them.
            holders.push(ProfileId::ZERO);
        }
        Ok((Scope { profiles: holders, ..scope }, Some(span)))
    }

    /// The profiles in the time of `scope`, or among its explicit ones, that have samples of a span, or below it as the
    /// entry span, in the order of their ids. The search does not count.
    pub async fn spans(&self, scope: &Scope, span: SpanId) -> Result<Vec<ProfileId>, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let batches = snapshot
                .session()
                .read_table(snapshot.spans())?
                .filter(col("span_id").eq(lit(span.0.cast_signed())).and(among(scope)))?
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

/// Rows of the profiles that a scope is about, as far as its search does not say.
fn among(scope: &Scope) -> Plan {
    match scope.profiles.as_slice() {
        [] => within("time", scope),
        ids => col("profile_id").in_list(ids.iter().map(|id| lit(id.0)).collect(), false),
    }
}

/// Takes the term that names a request out of a search. It must hold for all that is found, so it can be neither negated
/// nor one of several choices.
fn take_term(expr: &mut Expr) -> Result<Option<SpanId>, QueryError> {
    let parts = match std::mem::replace(expr, Expr::All) {
        Expr::And(parts) => parts,
        other => vec![other],
    };
    let (terms, others): (Vec<Expr>, Vec<Expr>) = parts.into_iter().partition(|part| term_of(part).is_some());
    let misplaced = |value: &str| QueryError::BadParameter {
        parameter: "term that can be negated, repeated or part of a choice",
        value: value.to_owned(),
        hint: "write it once, next to other terms: service:web span_id:1234567890".to_owned(),
    };
    let mut nested = None;
    for part in &others {
        part.for_each_term(&mut |term| match term {
            Expr::Tag { key, .. } | Expr::Exists(Field::Tag(key)) if TERMS.contains(&key.as_str()) => {
                nested = Some(key.clone());
            }
            _ => {}
        });
    }
    if let Some(key) = nested {
        return Err(misplaced(&key));
    }
    *expr = Expr::and(others);
    match terms.as_slice() {
        [] => Ok(None),
        [only] => term_of(only).map(str::parse).transpose(),
        _ => Err(misplaced("span_id")),
    }
}

/// The id in a term that names a request.
fn term_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Tag { key, pattern } if TERMS.contains(&key.as_str()) => pattern.as_literal(),
        _ => None,
    }
}
