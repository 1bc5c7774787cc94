//! `SelectSeries`: values over time.

use super::label_names::{Label, PROFILE_TYPE, with_unknown};
use super::messages::{
    Exemplar, LabelPair, Point, SelectSeriesRequest, SelectSeriesResponse, Series, StackTraceSelector,
};
use super::querier::combinations;
use super::question::{Question, range};
use crate::api::answer;
use crate::app::App;
use crate::problem::Problem;
use std::collections::BTreeMap;
use std::time::Duration;
use vesta_profile::{Kind, Unit, ValueType};
use vesta_query::scope::{Expr, Field};
use vesta_query::{Dimension, ProfileTotal, SampleScope, Series as Lines, TypeSeriesOptions};

/// Lines when the question does not say.
const USUAL_LINES: usize = 1_000;
/// Combinations of values that may be told apart by all labels but the last.
const MOST_COMBINATIONS: usize = 64;
/// What is made of several profiles in a step.
const SUM: i32 = 0;
const AVERAGE: i32 = 1;
/// Single profiles to tell along with the points.
pub(super) const PROFILES: i32 = 2;

/// Answers the call.
pub(super) async fn select(app: &App, request: SelectSeriesRequest) -> Result<SelectSeriesResponse, Problem> {
    refuse_stacks(request.stack_trace_selector.as_ref())?;
    let range = range(app, request.start, request.end)?;
    let step = step(request.step)?;
    let question =
        Question::new(app, range, Some(&request.profile_type_id), &[request.label_selector]).await?;
    let limit = limit(request.limit);
    let mut all = Vec::new();
    for group in groups(app, &question, &request.profile_type_id, request.group_by).await? {
        match request.aggregation {
            SUM => all.extend(sums(app, &group, step, limit).await?),
            AVERAGE => all.extend(averages(app, &group, step).await?),
            _ => return Err(Problem::bad_request("series are sums or averages")),
        }
        if request.exemplar_type == PROFILES {
            add_exemplars(app, &group, step, &mut all).await?;
        }
    }
    if let Some(limit) = limit {
        let total = |series: &Series| series.points.iter().map(|point| point.value).sum::<f64>();
        all.sort_by(|a, b| total(b).total_cmp(&total(a)));
        all.truncate(limit);
    }
    Ok(SelectSeriesResponse { series: all })
}

pub(super) fn step(seconds: f64) -> Result<Duration, Problem> {
    let step = Duration::try_from_secs_f64(seconds).ok().filter(|step| *step >= Duration::from_secs(1));
    step.ok_or_else(|| Problem::bad_request("`step` is a number of seconds of at least 1"))
}

/// The most series, if there is a bound.
pub(super) fn limit(limit: Option<i64>) -> Option<usize> {
    limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0)
}

/// Samples that are told apart by one label.
pub(super) struct Group {
    /// What all of them have in common.
    labels: Vec<LabelPair>,
    pub(super) samples: SampleScope,
    /// What tells them apart, and how it was asked for.
    by: Option<(Dimension, String)>,
}

/// What to plot: the samples of each combination of values of all labels but the last, told apart by the last.
pub(super) async fn groups(
    app: &App,
    question: &Question,
    profile_type: &str,
    group_by: Vec<String>,
) -> Result<Vec<Group>, Problem> {
    let samples = question.samples()?;
    let (constant, names): (Vec<String>, Vec<String>) =
        group_by.into_iter().partition(|name| name == PROFILE_TYPE);
    let constant: Vec<LabelPair> =
        constant.into_iter().map(|name| LabelPair { name, value: profile_type.to_owned() }).collect();
    let Some((last, others)) = names.split_last() else {
        return Ok(vec![Group { labels: constant, samples, by: None }]);
    };
    let dimension = match question.names.get(last) {
        Label::Tags(keys) => Dimension::Tag(keys.into_iter().next().unwrap_or_default()),
        Label::OfSamples(key) => Dimension::Label(key),
    };
    let by = Some((dimension, last.clone()));
    if others.is_empty() {
        return Ok(vec![Group { labels: constant, samples, by }]);
    }
    let mut keys = Vec::new();
    for name in others {
        match question.names.get(name) {
            Label::Tags(found) => keys.extend(found.into_iter().next()),
            Label::OfSamples(_) => {
                let text =
                    format!("`{name}` is a label of samples, of which only the last to group by may be one");
                return Err(Problem::bad_request(text));
            }
        }
    }
    let found = combinations(app, question, keys.clone(), false).await?;
    if found.sets.len() > MOST_COMBINATIONS {
        let text = format!("there are {} combinations of {}", found.sets.len(), others.join(", "));
        return Err(Problem::bad_request(text)
            .hint(format!("at most {MOST_COMBINATIONS} are plotted: narrow the selector")));
    }
    let groups = found.sets.into_iter().map(|set| {
        let terms = keys.iter().zip(&set.values).map(|(key, value)| match value.is_empty() {
            true => Expr::Exists(Field::Tag(key.to_ascii_lowercase())).negate(),
            false => Expr::tag(key, value),
        });
        let mut samples = samples.clone();
        samples.scope.expr = Expr::and([samples.scope.expr.clone()].into_iter().chain(terms));
        let values = others.iter().zip(set.values).filter(|(_, value)| !value.is_empty());
        let values = values.map(|(name, value)| LabelPair { name: name.clone(), value });
        Group { labels: constant.iter().cloned().chain(values).collect(), samples, by: by.clone() }
    });
    Ok(groups.collect())
}

impl Group {
    fn dimension(&self) -> Option<&Dimension> {
        self.by.as_ref().map(|(dimension, _)| dimension)
    }

    /// The labels of the samples with one value of what tells them apart.
    pub(super) fn labels_of(&self, value: &str) -> Vec<LabelPair> {
        let mut labels = self.labels.clone();
        if let Some((_, name)) = self.by.as_ref().filter(|_| !value.is_empty()) {
            labels.push(LabelPair { name: name.clone(), value: value.to_owned() });
        }
        labels
    }

    /// What single profiles add up to, by the value of what tells them apart.
    pub(super) async fn totals(&self, app: &App) -> Result<BTreeMap<String, Vec<ProfileTotal>>, Problem> {
        let totals = app.engine.profile_totals(&self.samples, self.dimension());
        let totals = answer(app, "pyroscope", with_unknown(totals)).await?.unwrap_or_default();
        let mut by_value: BTreeMap<String, Vec<ProfileTotal>> = BTreeMap::new();
        for total in totals {
            by_value.entry(total.group.clone()).or_default().push(total);
        }
        Ok(by_value)
    }
}

/// What was spent in each step.
async fn sums(
    app: &App,
    group: &Group,
    step: Duration,
    limit: Option<usize>,
) -> Result<Vec<Series>, Problem> {
    let options = TypeSeriesOptions {
        group_by: group.dimension().cloned(),
        limit: limit.unwrap_or(USUAL_LINES),
        step: Some(step),
        ..TypeSeriesOptions::default()
    };
    let plot = app.engine.type_series(&group.samples, &options);
    let lines = answer(app, "pyroscope", with_unknown(plot)).await?;
    Ok(lines.map(|lines| group.series_of(lines, limit.is_none())).unwrap_or_default())
}

/// What the profiles that begin in a step say on average.
async fn averages(app: &App, group: &Group, step: Duration) -> Result<Vec<Series>, Problem> {
    let totals = group.totals(app).await?;
    let series = totals.into_iter().map(|(value, totals)| {
        let mut steps: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
        for total in &totals {
            let (sum, count) = steps.entry(group.step_of(total, step)).or_default();
            (*sum, *count) = (*sum + as_f64(total.value), *count + 1.0);
        }
        let points = steps.into_iter().map(|(timestamp, (sum, count))| Point {
            value: sum / count,
            timestamp,
            exemplars: Vec::new(),
        });
        Series { labels: group.labels_of(&value), points: points.collect() }
    });
    Ok(series.collect())
}

/// Tells of each point which profile has most of it.
async fn add_exemplars(
    app: &App,
    group: &Group,
    step: Duration,
    series: &mut [Series],
) -> Result<(), Problem> {
    for (value, totals) in group.totals(app).await? {
        let labels = group.labels_of(&value);
        let Some(series) = series.iter_mut().find(|series| series.labels == labels) else { continue };
        let mut largest: BTreeMap<i64, &ProfileTotal> = BTreeMap::new();
        for total in &totals {
            let known = largest.entry(group.step_of(total, step)).or_insert(total);
            if total.value > known.value {
                *known = total;
            }
        }
        for point in &mut series.points {
            point.exemplars.extend(largest.get(&point.timestamp).map(|total| exemplar(total)));
        }
    }
    Ok(())
}

pub(super) fn exemplar(total: &ProfileTotal) -> Exemplar {
    Exemplar {
        timestamp: total.start.0 / 1000,
        profile_id: total.profile.to_string(),
        value: total.value,
        ..Exemplar::default()
    }
}

impl Group {
    /// The begin of the step that a profile begins in, in milliseconds.
    fn step_of(&self, total: &ProfileTotal, step: Duration) -> i64 {
        let step = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
        let start = total.start.0.max(self.samples.scope.range.from.0);
        start.div_euclid(step).saturating_mul(step) / 1000
    }

    /// Lines as series. Pyroscope's numbers are what was spent within a step, ours are rates.
    fn series_of(&self, lines: Lines, with_others: bool) -> Vec<Series> {
        let factors = factors(&self.samples, &lines);
        let others = lines.other.filter(|_| with_others).map(|values| ("(other)".to_owned(), values));
        let groups = lines.groups.into_iter().map(|line| (line.group, line.values));
        let series = groups.chain(others).map(|(group, values)| {
            let points = lines.times.iter().zip(values).zip(&factors);
            let points = points.filter_map(|((time, value), factor)| {
                Some(Point { value: value? * factor, timestamp: time.0 / 1000, exemplars: Vec::new() })
            });
            Series { labels: self.labels_of(&group), points: points.collect() }
        });
        series.collect()
    }
}

/// One line, as points.
pub(super) fn points_of(samples: SampleScope, lines: Lines) -> Vec<Point> {
    let group = Group { labels: Vec::new(), samples, by: None };
    group.series_of(lines, false).into_iter().flat_map(|series| series.points).collect()
}

/// What the numbers of each step have to be multiplied with, to be what was spent in it.
fn factors(samples: &SampleScope, lines: &Lines) -> Vec<f64> {
    let value_type = ValueType::new(samples.value_type.as_str(), "").canonical();
    let range = samples.scope.range;
    let step = i64::try_from(lines.step.as_micros()).unwrap_or(i64::MAX);
    let factor = |time: i64| {
        let seconds = as_f64(time.saturating_add(step).min(range.to.0) - time.max(range.from.0)) / 1e6;
        match (value_type.kind, &value_type.unit) {
            (Kind::Snapshot, _) => 1.0,
            (Kind::Delta, Unit::Nanoseconds) => seconds * 1e9,
            (Kind::Delta, _) => seconds,
        }
    };
    lines.times.iter().map(|time| factor(time.0)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "plots have no room for what is past 53 bits")]
pub(super) fn as_f64(number: i64) -> f64 {
    number as f64
}

fn refuse_stacks(selector: Option<&StackTraceSelector>) -> Result<(), Problem> {
    match selector.is_some_and(|selector| *selector != StackTraceSelector::default()) {
        true => Err(Problem::not_implemented("series are of all stacks")),
        false => Ok(()),
    }
}
