//! The calls of `querier.v1.QuerierService`.

use super::flamebearer::Flamebearer;
use super::label_names::{Label, LabelNames, PROFILE_TYPE, with_unknown};
use super::messages::{
    AnalyzeQueryRequest, AnalyzeQueryResponse, DiffRequest, DiffResponse, Empty, FlameGraph, FlameGraphDiff,
    GetProfileStatsResponse, LabelNamesRequest, LabelPair, LabelValuesRequest, Labels, Level, NamesResponse,
    Pprof, PprofProfile, ProfileTypeMessage, ProfileTypesRequest, ProfileTypesResponse, QueryImpact,
    QueryScope, SelectMergeProfileRequest, SelectMergeSpanProfileRequest, SelectMergeStacktracesRequest,
    SeriesRequest, SeriesResponse, StackTraceSelector, StacksResponse,
};
use super::profile_type::ProfileType;
use super::question::{Question, range};
use super::{heatmap, receive, series};
use crate::api::answer;
use crate::app::{App, SharedApp};
use crate::connect::{self, Codec};
use crate::extract::Reader;
use crate::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use prost::Message;
use vesta_profile::{CanonicalType, FrameId, Profile, Selection, ValueType};
use vesta_query::scope::Expr;
use vesta_query::{
    CompareOptions, FlameGraphOptions, FocusOn, FunctionKey, LabelOptions, SampleScope, Scope, SpanFocus,
    SpanId, TagSetOptions, TagSets,
};

/// Nodes of a flame graph when the question does not say, and the most there may be.
const USUAL_NODES: i64 = 8_192;
const MOST_NODES: i64 = 1_000_000;
/// Values of one label.
const MOST_VALUES: usize = 10_000;
/// How stacks are to be written.
const UNSPECIFIED: i32 = 0;
const FLAME_GRAPH: i32 = 1;
const PPROF: i32 = 4;

/// Answers one call.
pub(crate) async fn call(
    reader: Result<Reader, Problem>,
    State(app): State<SharedApp>,
    Path(method): Path<String>,
    request: Request,
) -> Response {
    match serve(reader, &app, &method, request).await {
        Ok(response) => response,
        Err(problem) => connect::refuse(problem),
    }
}

async fn serve(
    reader: Result<Reader, Problem>,
    app: &App,
    method: &str,
    request: Request,
) -> Result<Response, Problem> {
    let (codec, held) = receive(reader, app, request).await?;
    let bytes = held.bytes.clone();
    Ok(match method {
        "ProfileTypes" => codec.answer(&profile_types(app, codec.decode(bytes)?).await?),
        "LabelNames" => codec.answer(&label_names(app, codec.decode(bytes)?).await?),
        "LabelValues" => codec.answer(&label_values(app, codec.decode(bytes)?).await?),
        "Series" => codec.answer(&label_sets(app, codec.decode(bytes)?).await?),
        "SelectSeries" => codec.answer(&series::select(app, codec.decode(bytes)?).await?),
        "SelectHeatmap" => codec.answer(&heatmap::select(app, codec.decode(bytes)?).await?),
        "SelectMergeStacktraces" => codec.answer(&stacks(app, codec.decode(bytes)?).await?),
        "SelectMergeSpanProfile" => codec.answer(&span_flame_graph(app, codec.decode(bytes)?).await?),
        "SelectMergeProfile" => merged_profile(app, codec, bytes).await?,
        "Diff" => codec.answer(&diff(app, codec.decode(bytes)?).await?),
        "GetProfileStats" => {
            codec.decode::<Empty>(bytes)?;
            codec.answer(&stats(app))
        }
        "AnalyzeQuery" => codec.answer(&analyze(app, codec.decode(bytes)?).await?),
        other => return Err(Problem::not_implemented(format!("the call `{other}` is not known here"))),
    })
}

async fn profile_types(app: &App, request: ProfileTypesRequest) -> Result<ProfileTypesResponse, Problem> {
    let scope = Scope::all(range(app, request.start, request.end)?);
    let found = answer(app, "pyroscope", app.engine.types(&scope)).await?;
    let types = found.types.iter().map(|summary| message(&summary.value_type));
    Ok(ProfileTypesResponse { profile_types: types.collect() })
}

fn message(value_type: &CanonicalType) -> ProfileTypeMessage {
    let profile_type = ProfileType::of(value_type);
    let id = profile_type.id();
    let ProfileType { name, sample_type, sample_unit, period_type, period_unit } = profile_type;
    ProfileTypeMessage { id, name, sample_type, sample_unit, period_type, period_unit }
}

async fn label_names(app: &App, request: LabelNamesRequest) -> Result<NamesResponse, Problem> {
    let range = range(app, request.start, request.end)?;
    let question = Question::new(app, range, None, &request.matchers).await?;
    let names = LabelNames::find(app, &app.engine, question.scope, question.value_type.as_deref()).await?;
    Ok(NamesResponse { names: names.all() })
}

pub(super) async fn label_values(app: &App, request: LabelValuesRequest) -> Result<NamesResponse, Problem> {
    let range = range(app, request.start, request.end)?;
    let question = Question::new(app, range, None, &request.matchers).await?;
    if request.name == PROFILE_TYPE {
        let found = answer(app, "pyroscope", app.engine.types(&question.scope)).await?;
        let names = found.types.iter().map(|summary| ProfileType::of(&summary.value_type).id());
        return Ok(NamesResponse { names: names.collect() });
    }
    let mut names = match question.names.get(&request.name) {
        Label::Tags(keys) => {
            let mut names = Vec::new();
            for key in keys {
                names.extend(
                    combinations(app, &question, vec![key], false)
                        .await?
                        .sets
                        .into_iter()
                        .flat_map(|set| set.values),
                );
            }
            names
        }
        Label::OfSamples(key) => {
            let samples = question.samples()?;
            let labels = app.engine.labels(&samples, &LabelOptions { limit: MOST_VALUES });
            let labels = answer(app, "pyroscope", with_unknown(labels)).await?;
            let found = labels.into_iter().flat_map(|labels| labels.labels).filter(|label| label.key == key);
            found.flat_map(|label| label.values).map(|value| value.value).collect()
        }
    };
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names.truncate(MOST_VALUES);
    Ok(NamesResponse { names })
}

pub(super) async fn combinations(
    app: &App,
    question: &Question,
    keys: Vec<String>,
    types: bool,
) -> Result<TagSets, Problem> {
    let options = TagSetOptions { keys, value_type: question.value_type.clone(), types };
    answer(app, "pyroscope", app.engine.tag_sets(&question.scope, &options)).await
}

async fn label_sets(app: &App, request: SeriesRequest) -> Result<SeriesResponse, Problem> {
    let range = range(app, request.start, request.end)?;
    let question = Question::new(app, range, None, &request.matchers).await?;
    let names = match request.label_names.is_empty() {
        true => question.names.of_tags(),
        false => request.label_names,
    };
    let wants_types = names.iter().any(|name| name == PROFILE_TYPE);
    let names: Vec<String> = names.into_iter().filter(|name| name != PROFILE_TYPE).collect();
    let keys = names.iter().map(|name| key_of(&question, name)).collect();
    let found = combinations(app, &question, keys, wants_types).await?;
    let labels_set = found.sets.into_iter().map(|set| {
        let mut labels: Vec<LabelPair> = names
            .iter()
            .zip(set.values)
            .map(|(name, value)| LabelPair { name: name.clone(), value })
            .collect();
        if wants_types {
            let value_type = ValueType::new(set.value_type, "").canonical();
            labels
                .push(LabelPair { name: PROFILE_TYPE.to_owned(), value: ProfileType::of(&value_type).id() });
        }
        labels.retain(|label| !label.value.is_empty());
        labels.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Labels { labels }
    });
    let mut labels_set: Vec<Labels> = labels_set.collect();
    labels_set.dedup();
    Ok(SeriesResponse { labels_set })
}

/// The key of a tag. Where several look the same, the first of them.
fn key_of(question: &Question, name: &str) -> String {
    match question.names.get(name) {
        Label::Tags(keys) => keys.into_iter().next().unwrap_or_default(),
        Label::OfSamples(key) => key,
    }
}

async fn stacks(app: &App, request: SelectMergeStacktracesRequest) -> Result<StacksResponse, Problem> {
    let (samples, path) = samples_of(app, &request).await?;
    Ok(match request.format {
        FLAME_GRAPH | UNSPECIFIED => {
            let bearer = bearer(app, &samples, path, nodes(request.max_nodes)).await?;
            StacksResponse { flamegraph: Some(single(bearer)), pprof: None }
        }
        PPROF => {
            let profile = Some(pprof_message(&pprof(app, &samples, &path).await?)?);
            StacksResponse { flamegraph: None, pprof: Some(PprofProfile { profile }) }
        }
        _ => return Err(Problem::not_implemented("stacks are written as flame graphs and as pprof only")),
    })
}

/// The samples that a question about stacks is about, and the functions that lead to them.
async fn samples_of(
    app: &App,
    request: &SelectMergeStacktracesRequest,
) -> Result<(SampleScope, Vec<String>), Problem> {
    let range = range(app, request.start, request.end)?;
    let selectors = [request.label_selector.clone()];
    let mut question = Question::new(app, range, Some(&request.profile_type_id), &selectors).await?;
    question.choose(&request.profile_id_selector);
    let ids = [request.span_selector.as_slice(), &request.trace_id_selector].concat();
    let samples = of_request(app, question.samples()?, &ids).await?;
    Ok((samples, path(request.stack_trace_selector.as_ref())?))
}

/// The samples of one request, if a span or a trace is named.
async fn of_request(app: &App, mut samples: SampleScope, ids: &[String]) -> Result<SampleScope, Problem> {
    let id = match ids {
        [] => return Ok(samples),
        [id] => id,
        _ => return Err(Problem::bad_request("a question is about one span or trace at a time")),
    };
    samples.scope.expr = Expr::and([samples.scope.expr, Expr::tag("span_id", id)]);
    let (scope, span) = answer(app, "pyroscope", app.engine.resolve_spans(samples.scope)).await?;
    samples.scope = scope;
    samples.focus.span = span.map(|SpanId(id)| SpanFocus { id, on: FocusOn::Children });
    Ok(samples)
}

/// The functions that lead to the stacks that are wanted, the outermost first.
fn path(selector: Option<&StackTraceSelector>) -> Result<Vec<String>, Problem> {
    let Some(selector) = selector else { return Ok(Vec::new()) };
    if selector.go_pgo.is_some() || selector.frame_filter.is_some() {
        return Err(Problem::not_implemented("stacks are chosen by the functions that lead to them only"));
    }
    Ok(selector.call_site.iter().map(|location| location.name.clone()).collect())
}

/// The flame graph of samples, as levels.
pub(super) async fn bearer(
    app: &App,
    samples: &SampleScope,
    path: Vec<String>,
    max_nodes: usize,
) -> Result<Flamebearer, Problem> {
    let keys = path.iter().map(FunctionKey::named).collect();
    let options = FlameGraphOptions { max_nodes, path: keys, ..FlameGraphOptions::default() };
    let graph = answer(app, "pyroscope", with_unknown(app.engine.flame_graph(samples, &options))).await?;
    Ok(match graph {
        Some(graph) => Flamebearer::new(&graph.functions, &graph.tree, &path),
        None => Flamebearer::empty(1),
    })
}

fn single(bearer: Flamebearer) -> FlameGraph {
    FlameGraph {
        total: bearer.totals.first().copied().unwrap_or(0),
        names: bearer.names,
        levels: bearer.levels.into_iter().map(|values| Level { values }).collect(),
        max_self: bearer.max_self,
    }
}

async fn span_flame_graph(
    app: &App,
    request: SelectMergeSpanProfileRequest,
) -> Result<StacksResponse, Problem> {
    let request = SelectMergeStacktracesRequest {
        profile_type_id: request.profile_type_id,
        label_selector: request.label_selector,
        start: request.start,
        end: request.end,
        max_nodes: request.max_nodes,
        format: request.format,
        span_selector: request.span_selector,
        ..SelectMergeStacktracesRequest::default()
    };
    stacks(app, request).await
}

/// All samples as pprof, which is the message that this call answers with.
async fn merged_profile(app: &App, codec: Codec, bytes: Bytes) -> Result<Response, Problem> {
    let request: SelectMergeProfileRequest = codec.decode(bytes)?;
    let request = SelectMergeStacktracesRequest {
        profile_type_id: request.profile_type_id,
        label_selector: request.label_selector,
        start: request.start,
        end: request.end,
        stack_trace_selector: request.stack_trace_selector,
        profile_id_selector: request.profile_id_selector,
        trace_id_selector: request.trace_id_selector,
        ..SelectMergeStacktracesRequest::default()
    };
    let (samples, path) = samples_of(app, &request).await?;
    let profile = pprof(app, &samples, &path).await?;
    Ok(match codec {
        Codec::Proto => ([(header::CONTENT_TYPE, "application/proto")], profile).into_response(),
        Codec::Json => codec.answer(&pprof_message(&profile)?),
    })
}

/// Samples as pprof, below the functions that lead to them.
async fn pprof(app: &App, samples: &SampleScope, path: &[String]) -> Result<Vec<u8>, Problem> {
    let export = answer(app, "pyroscope", with_unknown(app.engine.export(samples))).await?;
    let mut profile = export.map(|export| export.profile).unwrap_or_default();
    if let Some(value_type) = profile.value_types.first_mut() {
        let known = ProfileType::of(&value_type.canonical());
        *value_type = ValueType::new(known.sample_type, known.sample_unit);
    }
    leave_below(&mut profile, path);
    Ok(vesta_formats::pprof::encode(&profile))
}

/// Leaves the samples whose stacks begin with these functions, the outermost first.
fn leave_below(profile: &mut Profile, path: &[String]) {
    if path.is_empty() {
        return;
    }
    let begins = |stack: &[FrameId]| {
        let mut names =
            stack.iter().rev().map(|&frame| profile.strings.get(profile.frames.get(frame).function));
        path.iter().all(|name| names.next() == Some(name))
    };
    let below: Vec<bool> = profile.stacks.iter().map(begins).collect();
    let rows = profile.samples.stacks.iter().enumerate();
    let rows =
        rows.filter(|(_, stack)| below.get(stack.index()) == Some(&true)).map(|(row, _)| row).collect();
    profile.samples = profile.samples.select(&Selection { rows });
}

fn pprof_message(profile: &[u8]) -> Result<Pprof, Problem> {
    Pprof::decode(profile).map_err(|error| Problem::internal("cannot write the profile", &error))
}

async fn diff(app: &App, request: DiffRequest) -> Result<DiffResponse, Problem> {
    let (Some(left), Some(right)) = (request.left, request.right) else {
        return Err(Problem::bad_request("a comparison has two sides, `left` and `right`"));
    };
    let max_nodes = nodes(left.max_nodes.or(right.max_nodes));
    let ((a, path), (b, _)) = (samples_of(app, &left).await?, samples_of(app, &right).await?);
    let bearer = compared(app, &a, &b, path, max_nodes).await?;
    let [left_ticks, right_ticks] = [0, 1].map(|side| bearer.totals.get(side).copied().unwrap_or(0));
    Ok(DiffResponse {
        flamegraph: Some(FlameGraphDiff {
            names: bearer.names,
            levels: bearer.levels.into_iter().map(|values| Level { values }).collect(),
            total: left_ticks.saturating_add(right_ticks),
            max_self: bearer.max_self,
            left_ticks,
            right_ticks,
        }),
    })
}

/// Two sets of samples side by side, as levels.
pub(super) async fn compared(
    app: &App,
    a: &SampleScope,
    b: &SampleScope,
    path: Vec<String>,
    max_nodes: usize,
) -> Result<Flamebearer, Problem> {
    let path = path.iter().map(FunctionKey::named).collect();
    let options = CompareOptions { max_nodes, path, ..CompareOptions::default() };
    let comparison = app.engine.compare(a, &app.engine, b, &options);
    let comparison = answer(app, "pyroscope", with_unknown(comparison)).await?;
    Ok(comparison.map_or_else(|| Flamebearer::empty(2), |comparison| Flamebearer::of_diff(&comparison.tree)))
}

fn stats(app: &App) -> GetProfileStatsResponse {
    let status = app.store.status();
    let millis = |time: Option<vesta_store::Timestamp>| time.map_or(0, |time| time.0 / 1000);
    GetProfileStatsResponse {
        data_ingested: status.profiles > 0,
        oldest_profile_time: millis(status.oldest),
        newest_profile_time: millis(status.newest),
    }
}

async fn analyze(app: &App, request: AnalyzeQueryRequest) -> Result<AnalyzeQueryResponse, Problem> {
    let range = range(app, request.start, request.end)?;
    let question = Question::new(app, range, None, &[request.query]).await?;
    let basis = combinations(app, &question, Vec::new(), false).await?.basis;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(AnalyzeQueryResponse {
        query_scopes: vec![QueryScope {
            component_type: "store".to_owned(),
            component_count: 1,
            profile_count: count(basis.profiles),
            sample_count: count(basis.samples),
        }],
        query_impact: Some(QueryImpact::default()),
    })
}

/// The most nodes that a question wants.
pub(super) fn nodes(wanted: Option<i64>) -> usize {
    let wanted = wanted.filter(|wanted| *wanted > 0).unwrap_or(USUAL_NODES).clamp(2, MOST_NODES);
    usize::try_from(wanted).unwrap_or(usize::MAX)
}
