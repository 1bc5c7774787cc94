//! `GET /api/v1/timeline`: what the threads of one process did, and when.

use super::answer;
use super::graph::{Functions, Symbols};
use super::scope::{Asked, FocusParams, ScopeParams, parse_window};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_profile::{FunctionId, LaneKind, State as Doing, StringId, TimelineOptions};
use vesta_query::{ProcessTimeline, parse_filter};

/// The most events of an answer: more than anybody can see.
const MOST_EVENTS: usize = 50_000;

/// How fine the timeline is.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TimelineParams {
    /// Only samples with this label: `thread:worker-1`; `-thread:worker-1` for all others. May be repeated.
    #[param(required = false)]
    filter: Vec<String>,
    /// Into how many parts the time is cut: neighbors that are alike become one if less than one part lies between
    /// them.
    #[param(default = 2000, minimum = 1, maximum = 100_000, required = false)]
    resolution: u32,
    /// Only the events of this time, `FROM,TO` in milliseconds since the Unix epoch, with the resolution for this time alone.
    /// Lanes and the ends of the timeline stay as they are without: this is for looking closely at a part of it.
    #[param(example = "1795215616463.1,1795215617000")]
    detail: Option<String>,
}

/// What the threads of a process did, and when.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TimelineAnswer {
    /// Where the timeline starts, in milliseconds since the Unix epoch.
    from_ms: f64,
    to_ms: f64,
    profiles: u64,
    /// Samples that events were made of.
    samples: u64,
    lanes: Lanes,
    /// The states that events refer to.
    states: [&'static str; Doing::ALL.len()],
    events: Events,
    /// Strings that events and functions refer to; the first is empty.
    strings: Vec<String>,
    functions: Functions,
    /// Events that became part of a neighbor.
    merged: u64,
    /// Samples of time that do not say when they were taken.
    without_time: u64,
    /// What could not be read.
    problems: Vec<String>,
}

/// The lines of a timeline, as columns: garbage collection and the runtime first, then goroutines and threads by group and
/// by how busy they were, then operations in the background.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Lanes {
    name: Vec<String>,
    /// The pool of a thread, the first function of goroutines, or the kind of operations.
    group: Vec<String>,
    /// `thread`, `goroutine`, `gc`, `runtime` or `async`.
    kind: Vec<&'static str>,
    /// The thread or the goroutine; empty where there is none, or several.
    thread_id: Vec<String>,
    /// The time that is neither waiting nor sleeping.
    total_ms: Vec<f64>,
}

/// The events, as columns, by lane and start.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Events {
    lane: Vec<u32>,
    /// From the start of the timeline.
    start_ms: Vec<f64>,
    duration_ms: Vec<f64>,
    /// An index of `states`.
    state: Vec<u32>,
    /// The index of the function; -1 for none.
    function: Vec<i64>,
    /// The endpoint that was served, an index of strings.
    endpoint: Vec<u32>,
    /// The span that was active, in decimal; empty for none.
    span: Vec<String>,
    /// More about it (the reason of a collection, the name of a lock, the host of a connection), an index of strings.
    detail: Vec<u32>,
}

/// What the threads of one process did, and when. The scope must hold at most 10 profiles, all of one process.
#[utoipa::path(
    get, path = "/api/v1/timeline", tag = "samples", params(ScopeParams, FocusParams, TimelineParams),
    responses((status = 200, description = "The timeline", body = TimelineAnswer), QueryProblems)
)]
pub(crate) async fn timeline(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<TimelineAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let focus = FocusParams::read(&mut params)?;
    let wanted = TimelineParams {
        filter: params.all("filter"),
        resolution: params.number("resolution", 2000, 1..=100_000)?,
        detail: params.one("detail")?,
    };
    params.finish()?;
    let Asked { engine, scope, span, .. } = scope.resolve(&app).await?;
    let focus = focus.resolve(span)?;
    let filters: Vec<_> = wanted.filter.iter().map(|text| parse_filter(text)).collect::<Result<_, _>>()?;
    let detail = wanted.detail.as_deref().map(parse_window).transpose()?;
    let options = TimelineOptions { resolution: wanted.resolution, max_events: MOST_EVENTS, detail };
    let found = answer(&app, "timeline", engine.timeline(&scope, &filters, &focus, &options)).await?;
    Ok(Json(TimelineAnswer::from(&found)))
}

impl From<&ProcessTimeline> for TimelineAnswer {
    fn from(found: &ProcessTimeline) -> Self {
        let timeline = &found.timeline;
        let mut lanes = Lanes::default();
        for lane in &timeline.lanes {
            lanes.name.push(lane.name.clone());
            lanes.group.push(lane.group.clone());
            lanes.kind.push(kind(lane.kind));
            lanes.thread_id.push(lane.thread_id.clone());
            lanes.total_ms.push(millis(lane.busy_ns));
        }
        let mut symbols = Symbols::new(&found.functions);
        let mut events = Events::default();
        for event in &timeline.events {
            let text = |symbols: &mut Symbols<'_>, id: StringId| symbols.text(timeline.strings.get(id));
            events.lane.push(event.lane);
            events.start_ms.push(millis(event.start_ns.saturating_sub(found.from_ns)));
            events.duration_ms.push(millis(event.duration_ns));
            events.state.push(code(event.state));
            events.function.push(event.function.map_or(-1, |id: FunctionId| symbols.function(id)));
            events.endpoint.push(text(&mut symbols, event.endpoint));
            events.span.push(if event.span == 0 { String::new() } else { event.span.to_string() });
            events.detail.push(text(&mut symbols, event.detail));
        }
        let (functions, strings) = symbols.finish();
        TimelineAnswer {
            from_ms: millis(found.from_ns),
            to_ms: millis(found.to_ns),
            profiles: found.profiles,
            samples: timeline.samples,
            lanes,
            states: Doing::ALL.map(Doing::as_str),
            events,
            strings,
            functions,
            merged: timeline.merged,
            without_time: timeline.without_time,
            problems: found.problems.clone(),
        }
    }
}

fn kind(kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Gc => "gc",
        LaneKind::Runtime => "runtime",
        LaneKind::Goroutine => "goroutine",
        LaneKind::Thread => "thread",
        LaneKind::Async => "async",
    }
}

fn code(state: Doing) -> u32 {
    let position = Doing::ALL.iter().position(|known| *known == state);
    position.and_then(|at| u32::try_from(at).ok()).unwrap_or(0)
}

/// Milliseconds with three decimals: more is not seen, and makes the answer longer.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^53")]
fn millis(nanoseconds: i64) -> f64 {
    (nanoseconds / 1000) as f64 / 1000.0
}
