//! `/pyroscope/render` and its like: what Pyroscope's clients asked before there were calls.

use super::flamebearer::Flamebearer;
use super::label_names::with_unknown;
use super::messages::LabelValuesRequest;
use super::profile_type::ProfileType;
use super::querier;
use super::question::{Question, range};
use super::selector;
use super::series;
use crate::api::answer;
use crate::app::{App, SharedApp};
use crate::extract::Reader;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vesta_query::time::{TimeRange, parse_range};
use vesta_query::{QueryError, SampleScope, TypeSeriesOptions};

/// Points of a timeline.
const POINTS: u32 = 300;

/// A flame graph with what it shows.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rendered {
    version: u32,
    flamebearer: RenderedTree,
    metadata: Value,
    timeline: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_ticks: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right_ticks: Option<i64>,
    groups: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RenderedTree {
    names: Vec<String>,
    levels: Vec<Vec<i64>>,
    num_ticks: i64,
    max_self: i64,
}

/// The flame graph and the timeline of a query such as `process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="shop"}`.
pub(crate) async fn render(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<Rendered>, Problem> {
    let asked = Asked::read(&app, &mut params, "query", "from", "until").await?;
    let max_nodes = max_nodes(&mut params)?;
    let bearer = querier::bearer(&app, &asked.samples, Vec::new(), max_nodes).await?;
    let timeline = timeline(&app, &asked.samples).await?;
    Ok(Json(Rendered::new(bearer, &asked, "single", timeline)))
}

/// Two flame graphs side by side.
pub(crate) async fn render_diff(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<Rendered>, Problem> {
    let left = Asked::read(&app, &mut params, "leftQuery", "leftFrom", "leftUntil").await?;
    let right = Asked::read(&app, &mut params, "rightQuery", "rightFrom", "rightUntil").await?;
    let max_nodes = max_nodes(&mut params)?;
    let bearer = querier::compared(&app, &left.samples, &right.samples, Vec::new(), max_nodes).await?;
    Ok(Json(Rendered::new(bearer, &left, "double", Value::Null)))
}

/// The values of a label.
pub(crate) async fn label_values(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<Vec<String>>, Problem> {
    let name = params.required("label")?;
    let matchers = params.one("query")?.into_iter().filter(|query| !query.is_empty()).collect();
    let time = time(&app, &mut params, "from", "until")?;
    let request = LabelValuesRequest { name, matchers, start: time.from.0 / 1000, end: time.to.0 / 1000 };
    Ok(Json(querier::label_values(&app, request).await?.names))
}

/// What a query is about.
struct Asked {
    samples: SampleScope,
    profile_type: ProfileType,
    name: String,
}

impl Asked {
    async fn read(
        app: &App,
        params: &mut Params,
        query: &'static str,
        from: &'static str,
        until: &'static str,
    ) -> Result<Asked, Problem> {
        let text = params.required(query)?;
        let time = time(app, params, from, until)?;
        let name = selector::parse(&text)?.name;
        let profile_type = ProfileType::parse(&name)?;
        let question = Question::new(app, time, Some(&name), std::slice::from_ref(&text)).await?;
        Ok(Asked { samples: question.samples()?, profile_type, name: text })
    }
}

fn time(
    app: &App,
    params: &mut Params,
    from: &'static str,
    until: &'static str,
) -> Result<TimeRange, Problem> {
    let from = params.one(from)?.filter(|text| !text.is_empty());
    let until = params.one(until)?.filter(|text| !text.is_empty());
    let (Some(from), until) = (from, until.unwrap_or_else(|| "now".to_owned())) else {
        return range(app, 0, 0);
    };
    Ok(parse_range(&from, &until, app.now()).map_err(QueryError::from)?)
}

fn max_nodes(params: &mut Params) -> Result<usize, Problem> {
    for name in ["maxNodes", "max-nodes"] {
        if let Some(text) = params.one(name)?.filter(|text| !text.is_empty()) {
            let number = text.parse::<i64>();
            let number =
                number.map_err(|_| Problem::bad_request(format!("`{text}` is not a number of nodes")))?;
            return Ok(querier::nodes(Some(number)));
        }
    }
    Ok(querier::nodes(None))
}

/// What was spent within each step.
async fn timeline(app: &App, samples: &SampleScope) -> Result<Value, Problem> {
    let range = samples.scope.range;
    let step = (range.duration() / POINTS).max(Duration::from_secs(10)).as_secs();
    let options = TypeSeriesOptions { step: Some(Duration::from_secs(step)), ..TypeSeriesOptions::default() };
    let lines = answer(app, "pyroscope", with_unknown(app.engine.type_series(samples, &options))).await?;
    let start = range.from.0 / 1_000_000;
    let Some(lines) = lines else {
        return Ok(json!({ "startTime": start, "samples": [], "durationDelta": step, "watermarks": null }));
    };
    let start = lines.times.first().map_or(start, |time| time.0 / 1_000_000);
    let mut values: Vec<i64> = Vec::new();
    for point in series::points_of(samples.clone(), lines) {
        let place =
            usize::try_from(point.timestamp / 1000 - start).unwrap_or(0) / usize::try_from(step).unwrap_or(1);
        values.resize(values.len().max(place + 1), 0);
        values[place] = whole(point.value);
    }
    Ok(json!({ "startTime": start, "samples": values, "durationDelta": step, "watermarks": null }))
}

#[expect(clippy::cast_possible_truncation, reason = "sums that do not fit stop at the ends of i64")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

impl Rendered {
    fn new(bearer: Flamebearer, asked: &Asked, format: &str, timeline: Value) -> Rendered {
        let is_time = asked.profile_type.sample_unit == "nanoseconds";
        let units = match asked.profile_type.sample_unit.as_str() {
            "nanoseconds" => "samples",
            "count" => "objects",
            unit => unit,
        };
        let ticks = |side: usize| bearer.totals.get(side).copied().filter(|_| format == "double");
        Rendered {
            version: 1,
            metadata: json!({
                "format": format,
                "spyName": "",
                // Samples per second, of which one is a nanosecond.
                "sampleRate": if is_time { 1_000_000_000 } else { 100 },
                "units": units,
                "name": asked.name,
            }),
            timeline,
            left_ticks: ticks(0),
            right_ticks: ticks(1),
            groups: Map::new(),
            flamebearer: RenderedTree {
                num_ticks: bearer.totals.iter().fold(0, |sum: i64, total| sum.saturating_add(*total)),
                names: bearer.names,
                levels: bearer.levels,
                max_self: bearer.max_self,
            },
        }
    }
}
