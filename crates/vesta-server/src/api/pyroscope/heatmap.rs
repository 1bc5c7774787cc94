//! `SelectHeatmap`: how many profiles there are of which total, over time.

use super::messages::{Exemplar, HeatmapSeries, HeatmapSlot, SelectHeatmapRequest, SelectHeatmapResponse};
use super::question::{Question, range};
use super::series::{PROFILES, as_f64, exemplar, groups, limit, step};
use crate::app::App;
use crate::problem::Problem;
use std::collections::BTreeMap;
use std::time::Duration;
use vesta_query::ProfileTotal;
use vesta_query::time::TimeRange;

/// Into how many parts values are divided.
const PARTS: u8 = 20;
/// Steps that a question may have.
const MOST_STEPS: i64 = 11_000;
/// Requests in place of profiles.
const SPANS: i32 = 2;

/// Answers the call.
pub(super) async fn select(
    app: &App,
    request: SelectHeatmapRequest,
) -> Result<SelectHeatmapResponse, Problem> {
    if request.query_type == SPANS {
        return Err(Problem::not_implemented("heatmaps are of profiles, not of spans"));
    }
    let range = range(app, request.start, request.end)?;
    let step = step(request.step)?;
    let steps = Steps::new(range, step)?;
    let question =
        Question::new(app, range, Some(&request.profile_type_id), &[request.label_selector]).await?;
    let mut found = Vec::new();
    for group in groups(app, &question, &request.profile_type_id, request.group_by).await? {
        let totals = group.totals(app).await?;
        found.extend(totals.into_iter().map(|(value, totals)| (group.labels_of(&value), totals)));
    }
    if let Some(limit) = limit(request.limit) {
        let total = |totals: &[ProfileTotal]| totals.iter().map(|total| as_f64(total.value)).sum::<f64>();
        found.sort_by(|(_, a), (_, b)| total(b).total_cmp(&total(a)));
        found.truncate(limit);
    }
    let values = || found.iter().flat_map(|(_, totals)| totals).map(|total| total.value);
    let parts = Parts::new(values().min().unwrap_or(0), values().max().unwrap_or(0));
    let with_exemplars = request.exemplar_type == PROFILES;
    let series = found.into_iter().map(|(labels, totals)| {
        let mut slots: BTreeMap<i64, Vec<Vec<&ProfileTotal>>> = BTreeMap::new();
        for total in &totals {
            let slot =
                slots.entry(steps.end_of(total)).or_insert_with(|| vec![Vec::new(); usize::from(PARTS)]);
            if let Some(part) = slot.get_mut(parts.place(total.value)) {
                part.push(total);
            }
        }
        let slots = slots.into_iter().map(|(timestamp, slot)| HeatmapSlot {
            timestamp,
            y_min: parts.starts(),
            counts: slot.iter().map(|part| i32::try_from(part.len()).unwrap_or(i32::MAX)).collect(),
            exemplars: if with_exemplars { exemplars(&slot) } else { Vec::new() },
        });
        HeatmapSeries { labels, slots: slots.collect() }
    });
    Ok(SelectHeatmapResponse { series: series.collect() })
}

/// The profile with the largest total of each part.
fn exemplars(slot: &[Vec<&ProfileTotal>]) -> Vec<Exemplar> {
    slot.iter()
        .filter_map(|part| part.iter().max_by_key(|total| total.value))
        .map(|total| exemplar(total))
        .collect()
}

/// The steps of the time, in milliseconds. Slots are named by their ends.
struct Steps {
    start: i64,
    end: i64,
    length: i64,
}

impl Steps {
    fn new(range: TimeRange, step: Duration) -> Result<Steps, Problem> {
        let length = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
        let (start, end) = (range.from.0 / 1000, range.to.0 / 1000);
        let steps = (end - start) / length;
        match steps > MOST_STEPS {
            true => Err(Problem::bad_request(format!("there are {steps} steps, more than {MOST_STEPS}"))
                .hint("choose a longer `step` or a shorter time")),
            false => Ok(Steps { start, end, length }),
        }
    }

    /// The end of the step that a profile begins in.
    fn end_of(&self, total: &ProfileTotal) -> i64 {
        let since = (total.start.0 / 1000).clamp(self.start, self.end) - self.start;
        let steps = since / self.length + i64::from(since % self.length > 0);
        // The last step may be cut short: it belongs to the one before.
        self.start + steps.min((self.end - self.start) / self.length) * self.length
    }
}

/// Equal parts of the values.
struct Parts {
    lowest: f64,
    length: f64,
}

impl Parts {
    fn new(lowest: i64, highest: i64) -> Parts {
        let (lowest, highest) = (as_f64(lowest), as_f64(highest.max(lowest.saturating_add(1))));
        Parts { lowest, length: (highest - lowest) / f64::from(PARTS) }
    }

    fn starts(&self) -> Vec<f64> {
        (0..PARTS).map(|part| self.lowest + self.length * f64::from(part)).collect()
    }

    /// The part that a value is in: the last one that starts at or below it.
    fn place(&self, value: i64) -> usize {
        let value = as_f64(value);
        self.starts().iter().rposition(|start| *start <= value).unwrap_or(0)
    }
}
