//! Questions about a time within profiles, or about one request: answered from uploads.

use crate::fixtures;
use crate::fleet::{Fleet, T0};
use jiff::Timestamp as Jiff;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_query::time::TimeRange;
use vesta_query::{
    FlameGraphOptions, Focus, FocusOn, LabelOptions, QueryError, SampleScope, Scope, SpanFocus, SpanId,
};
use vesta_store::{ProfileId, Timestamp};
use vesta_upload::{Compression, Upload, UploadBuilder};

fn everything() -> Scope {
    Scope::all(TimeRange { from: Timestamp(0), to: Timestamp(4_000_000_000_000_000) })
}

fn only(id: ProfileId) -> Scope {
    Scope { profiles: vec![id], ..everything() }
}

fn windowed(id: ProfileId, value_type: &str, window: (i64, i64)) -> SampleScope {
    let focus = Focus { window: Some(window), span: None };
    SampleScope { focus, ..SampleScope::new(only(id), value_type) }
}

fn of_span(scope: Scope, value_type: &str, id: u64, on: FocusOn) -> SampleScope {
    let focus = Focus { window: None, span: Some(SpanFocus { id, on }) };
    SampleScope { focus, ..SampleScope::new(scope, value_type) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_around_everything_says_what_the_tables_say_of_every_upload() {
    let fleet = Fleet::new().await;
    let mut checked = 0;
    for fixture in fixtures::all() {
        let id = fleet.store.append(fixture.upload.clone()).await.unwrap().id;
        for expected in fixture.expected_types() {
            let context = format!("{} of {}", expected.name, fixture.name);
            let whole = windowed(id, &expected.name, (0, i64::MAX));
            let options = FlameGraphOptions { max_nodes: usize::MAX, ..FlameGraphOptions::default() };
            let raw = fleet.engine.flame_graph(&whole, &options).await.unwrap();
            let tables = SampleScope { focus: Focus::default(), ..whole.clone() };
            let told = fleet.engine.flame_graph(&tables, &options).await.unwrap();
            assert_eq!((raw.total, raw.basis.samples), (expected.total, expected.samples), "{context}");
            assert_eq!(raw.basis.samples, told.basis.samples, "{context}");
            assert_eq!(raw.tree.len(), told.tree.len(), "{context}");
            assert_eq!(raw.tree.totals(), told.tree.totals(), "{context}");
            let labels = fleet.engine.labels(&whole, &LabelOptions { limit: 1000 }).await.unwrap();
            let in_tables = fleet.engine.labels(&tables, &LabelOptions { limit: 1000 }).await.unwrap();
            assert_eq!(labels.labels, in_tables.labels, "{context}");
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} value types");
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_next_to_each_other_add_up_and_say_how_much_time_they_cover() {
    let fleet = Fleet::new().await;
    let fixture = fixtures::all().into_iter().find(|fixture| fixture.name == "python-01").unwrap();
    let start = i64::try_from(fixture.upload.event.start.as_nanosecond()).unwrap();
    let id = fleet.store.append(fixture.upload).await.unwrap().id;
    let options = FlameGraphOptions::default();
    let middle = start + 20_000_000_000;
    let mut total = 0;
    for window in [(0, middle), (middle, i64::MAX)] {
        let graph = fleet.engine.flame_graph(&windowed(id, "wall-time", window), &options).await.unwrap();
        assert!(graph.total > 0);
        total += graph.total;
        if window.0 == 0 {
            assert_eq!((graph.basis.covered.as_secs_f64().round(), graph.basis.calls), (20.0, None));
        }
    }
    assert_eq!(total, 601_360_558_000);
    let nothing = fleet.engine.flame_graph(&windowed(id, "wall-time", (1, 2)), &options).await.unwrap();
    assert_eq!((nothing.total, nothing.basis.profiles), (0, 0));
    let filtered = SampleScope {
        filters: vec![vesta_query::parse_filter("thread:worker-1").unwrap()],
        ..windowed(id, "cpu-time", (0, i64::MAX))
    };
    assert_eq!(fleet.engine.flame_graph(&filtered, &options).await.unwrap().total, 8_803_077_000);
}

/// An upload with these samples: end in milliseconds after its start, wall time in milliseconds, span, local root, trace.
fn upload(start_s: i64, samples: &[(i64, i64, u64, u64, &str)]) -> Upload {
    let mut profile = Profile::new(vec![ValueType::new("wall-time", "nanoseconds")]);
    let function = profile.strings.intern("work");
    let frame = profile.frames.intern(Frame { function, ..Frame::default() });
    let stack = profile.stacks.intern(&[frame]);
    for &(end_ms, wall_ms, span_id, local_root_span_id, trace) in samples {
        let trace_id = profile.strings.intern(trace);
        let timestamp_ns = (T0 + start_s) * 1_000_000_000 + end_ms * 1_000_000;
        let values = [wall_ms * 1_000_000];
        profile.samples.push(Sample {
            stack,
            values: &values,
            timestamp_ns,
            span_id,
            local_root_span_id,
            trace_id,
            ..Sample::default()
        });
    }
    let at = |seconds| Jiff::from_second(T0 + seconds).unwrap();
    let built = UploadBuilder::new("python", at(start_s), at(start_s + 60))
        .service("web")
        .tag("runtime-id", "one")
        .profile("profile.pprof", &profile, Compression::Zstd)
        .build()
        .unwrap();
    Upload::parse(&built.headers(), built.body, &vesta_upload::Limits::default()).unwrap()
}

const TRACE: &str = "5f3c0000000000000000000000000123";

async fn requests() -> Fleet {
    let fleet = Fleet::new().await;
    let first = [
        (100, 10, 7, 5, ""),
        (110, 10, 8, 5, TRACE),
        // Of another request, at the same time.
        (105, 10, 9, 9, ""),
        (500, 10, 0, 0, ""),
    ];
    fleet.store.append(upload(0, &first)).await.unwrap();
    fleet.store.append(upload(60, &[(100, 10, 0, 0, "")])).await.unwrap();
    fleet
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_its_span_what_is_below_it_what_went_on_meanwhile_or_the_whole_profile() {
    let fleet = requests().await;
    let total = async |id, on| {
        let question = of_span(everything(), "wall-time", id, on);
        let graph = fleet.engine.flame_graph(&question, &FlameGraphOptions::default()).await.unwrap();
        (graph.total / 1_000_000, graph.basis.samples, graph.basis.profiles)
    };
    assert_eq!(total(7, FocusOn::Span).await, (10, 1, 1));
    assert_eq!(total(5, FocusOn::Span).await, (0, 0, 0));
    assert_eq!(total(5, FocusOn::Children).await, (20, 2, 1));
    assert_eq!(total(5, FocusOn::Time).await, (30, 3, 1));
    assert_eq!(total(5, FocusOn::Profile).await, (40, 4, 1));
    assert_eq!(total(0x123, FocusOn::Children).await, (10, 1, 1), "by trace");
    assert_eq!(total(77, FocusOn::Profile).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_requests_by_span_and_by_trace() {
    let fleet = requests().await;
    let resolve = async |query: &str| {
        let scope = Scope { expr: vesta_query::scope::parse(query).unwrap(), ..everything() };
        fleet.engine.resolve_spans(scope).await
    };
    let count = async |query: &str| {
        let (scope, span) = resolve(query).await.unwrap();
        let list = fleet.engine.profiles(&scope, &Default::default()).await.unwrap();
        (list.total, span)
    };
    assert_eq!(count("service:web").await, (2, None));
    assert_eq!(count("service:web span_id:7").await, (1, Some(SpanId(7))));
    assert_eq!(count("span_id:5").await, (1, Some(SpanId(5))));
    assert_eq!(count(&format!("trace_id:{TRACE}")).await, (1, Some(SpanId(0x123))));
    assert_eq!(count("service:other span_id:5").await.0, 0);
    assert_eq!(count("span_id:6").await.0, 0);
    for wrong in ["-span_id:5", "span_id:5 OR service:web", "span_id:5 trace_id:6", "span_id:*", "span_id:x"]
    {
        let error = resolve(wrong).await.unwrap_err();
        assert!(matches!(error, QueryError::BadParameter { .. }), "{wrong}: {error}");
        assert!(!error.hint().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_uploads_are_read_for_one_question() {
    let fleet = Fleet::new().await;
    for minute in 0..33 {
        fleet.store.append(upload(60 * minute, &[(1, 1, 1, 1, "")])).await.unwrap();
    }
    let question = of_span(everything(), "wall-time", 1, FocusOn::Span);
    match fleet.engine.flame_graph(&question, &FlameGraphOptions::default()).await {
        Err(error @ QueryError::TooMuch { found: 33, limit: 32, .. }) => {
            assert!(error.to_string().contains("33 profiles to be read sample by sample"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}
