//! Merged flame graphs, top functions, callers and callees, labels, spans and exports.

use crate::fleet::{Fleet, Minute, range, samples, scope, taken};
use vesta_query::{
    FlameGraph, FlameGraphOptions, FunctionKey, Limits, QueryError, SampleScope, SandwichOptions, Scope,
    SpanId, TopOptions, parse_filter,
};

const CPU: (&str, &str) = ("cpu-time", "nanoseconds");
const HEAP: (&str, &str) = ("heap-space", "bytes");

/// The tree as lines of `depth name self/total`.
fn shown(graph: &FlameGraph) -> Vec<String> {
    let mut depths: Vec<usize> = Vec::new();
    let tree = &graph.tree;
    let mut lines = Vec::new();
    for (index, &parent) in tree.parents().iter().enumerate() {
        depths.push(depths.get(parent as usize).map_or(0, |depth| depth + 1));
        let name = graph.functions.name(tree.functions()[index]);
        let (own, total) = (tree.self_values()[index], tree.totals()[index]);
        lines.push(format!("{} {name} {own}/{total}", depths[index]));
    }
    lines
}

async fn total(fleet: &Fleet, question: &SampleScope) -> i64 {
    let graph = fleet.engine.flame_graph(question, &FlameGraphOptions::default()).await.unwrap();
    assert_eq!(graph.tree.total(), graph.total);
    graph.total
}

fn filtered(mut question: SampleScope, filters: &[&str]) -> SampleScope {
    question.filters = filters.iter().map(|filter| parse_filter(filter).unwrap()).collect();
    question
}

#[tokio::test]
async fn profiles_are_merged_by_function() {
    let fleet = Fleet::of([
        Minute::of("web", 0, 0).with(&[CPU], vec![taken(&["main", "a"], &[5]), taken(&["main", "b"], &[2])]),
        Minute::of("web", 60, 0).with(&[CPU], vec![taken(&["main", "b"], &[4]), taken(&[], &[1])]),
        Minute::of("api", 0, 100),
    ])
    .await;
    let graph = fleet.engine.flame_graph(&samples("service:web", "cpu"), &Default::default()).await.unwrap();
    assert_eq!(shown(&graph), ["0 root 0/12", "1 main 0/11", "2 b 6/6", "2 a 5/5", "1 [no stack] 1/1"]);
    assert_eq!((graph.basis.profiles, graph.basis.samples), (2, 4));
    fleet.store.flush().await.unwrap();
    fleet.add(Minute::of("web", 120, 8)).await;
    assert_eq!(total(&fleet, &samples("service:web", "cpu")).await, 20);
    assert_eq!(total(&fleet, &samples("", "cpu")).await, 120);
    fleet.store.flush().await.unwrap();
    fleet.store.compact().await.unwrap();
    assert_eq!(total(&fleet, &samples("service:web", "cpu")).await, 20);
}

#[tokio::test]
async fn only_profiles_in_scope_count() {
    let fleet = Fleet::of([
        Minute::of("web", 0, 1).tag("version", "1").tag("host", "a"),
        Minute::of("web", 60, 2).tag("version", "2").tag("host", "a"),
        Minute::of("web", 120, 4).tag("version", "2").tag("host", "b"),
        Minute::of("api", 0, 8).tag("version", "2").tag("host", "b"),
    ])
    .await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        for (query, expected) in [
            ("", 15),
            ("service:web", 7),
            ("service:WEB", 7),
            ("service:web version:2", 6),
            ("version:2", 14),
            ("version:2 -host:b", 2),
            ("version:2 OR host:a", 15),
            ("host:?", 15),
            ("service:w* -version:2", 1),
            ("nothing", 0),
            ("eb", 7),
            ("@duration:>59s", 15),
            ("@duration:>60s", 0),
        ] {
            assert_eq!(total(&fleet, &samples(query, "cpu")).await, expected, "{query}");
        }
        let late = SampleScope::new(Scope::parse("service:web", range(60, 120)).unwrap(), "cpu");
        assert_eq!(total(&fleet, &late).await, 2);
    }
}

#[tokio::test]
async fn explicit_profiles_count_whenever_they_were() {
    let fleet = Fleet::new().await;
    let first = fleet.add(Minute::of("web", 0, 1)).await;
    let second = fleet.add(Minute::of("web", 60, 2)).await;
    fleet.add(Minute::of("web", 120, 4)).await;
    let mut question = SampleScope::new(Scope::parse("", range(40_000, 50_000)).unwrap(), "cpu");
    question.scope.profiles = vec![second, first];
    assert_eq!(total(&fleet, &question).await, 3);
    question.scope = Scope { profiles: vec![first], ..scope("service:api") };
    assert_eq!(total(&fleet, &question).await, 0);
}

#[tokio::test]
async fn many_profiles_out_of_more_are_found_by_id() {
    let fleet = Fleet::of((0..60).map(|index| {
        Minute::of("web", index * 60, 1 << (index % 40))
            .tag("version", if index % 2 == 0 { "1" } else { "2" })
    }))
    .await;
    fleet.store.flush().await.unwrap();
    let expected: i64 = (0..60).filter(|index| index % 2 == 0).map(|index| 1i64 << (index % 40)).sum();
    assert_eq!(total(&fleet, &samples("version:1", "cpu")).await, expected);
}

#[tokio::test]
async fn snapshots_count_the_latest_profile_of_each_process() {
    let heap = |start: i64, value: i64| {
        Minute::of("web", start, 0).with(&[CPU, HEAP], vec![taken(&["main"], &[1, value])])
    };
    let fleet = Fleet::of([
        heap(0, 100).tag("runtime-id", "p1"),
        heap(120, 70).tag("runtime-id", "p1"),
        heap(60, 90).tag("runtime-id", "p1"),
        heap(0, 5).tag("runtime-id", "p2"),
        Minute::of("web", 180, 9).tag("runtime-id", "p2"),
        // Without a runtime id, service and host are the process.
        heap(0, 1000).tag("host", "a"),
        heap(60, 2000).tag("host", "a"),
        heap(0, 4000).tag("host", "b"),
    ])
    .await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let question = samples("", "heap-space");
        let graph = fleet.engine.flame_graph(&question, &Default::default()).await.unwrap();
        assert_eq!((graph.total, graph.basis.profiles), (70 + 5 + 2000 + 4000, 4));
        let types = fleet.engine.types(&question.scope).await.unwrap();
        let found: Vec<_> =
            types.types.iter().map(|t| (t.value_type.name.as_ref(), t.total, t.profiles)).collect();
        assert_eq!(found, [("cpu-time", 16, 8), ("heap-space", 6075, 4)]);
        assert_eq!(types.basis.profiles, 8);
        let early = SampleScope::new(Scope::parse("", range(0, 60)).unwrap(), "heap-space");
        assert_eq!(total(&fleet, &early).await, 100 + 5 + 1000 + 4000);
    }
}

#[tokio::test]
async fn label_filters_choose_samples() {
    let fleet = Fleet::of([Minute::of("web", 0, 0).with(
        &[CPU],
        vec![
            taken(&["main"], &[1]).label("thread name", "main").label("task name", "t1"),
            taken(&["main"], &[2]).label("thread name", "worker").label("trace endpoint", "GET /a:b"),
            taken(&["main"], &[4]).label("thread name", "worker").label("trace endpoint", "POST /c"),
            taken(&["main"], &[8]).label("task name", "t2"),
        ],
    )])
    .await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        for (filters, expected) in [
            (vec![], 15),
            (vec!["thread:worker"], 6),
            (vec!["-thread:worker"], 9),
            (vec!["thread:main", "thread:worker"], 7),
            (vec!["endpoint:GET /a:b"], 2),
            (vec!["-endpoint:GET /a:b"], 13),
            (vec!["thread:worker", "-endpoint:POST /c"], 2),
            (vec!["task name:t1"], 1),
            (vec!["task name:t1", "task name:t2"], 9),
            (vec!["-task name:t1", "-task name:t2"], 6),
            (vec!["-task name:t1", "thread:main"], 0),
            (vec!["thread:nobody"], 0),
        ] {
            let question = filtered(samples("", "cpu"), &filters);
            assert_eq!(total(&fleet, &question).await, expected, "{filters:?}");
        }
    }
    let labels = fleet.engine.labels(&samples("", "cpu"), &Default::default()).await.unwrap();
    let shown: Vec<String> = labels
        .labels
        .iter()
        .flat_map(|label| {
            label.values.iter().map(|value| format!("{}:{} {}", label.key, value.value, value.total))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "thread:worker 6",
            "thread:main 1",
            "endpoint:POST /c 4",
            "endpoint:GET /a:b 2",
            "task name:t2 8",
            "task name:t1 1",
        ]
    );
    assert_eq!((labels.total, labels.basis.samples), (15, 4));
    assert!(parse_filter("thread").is_err() && parse_filter(":x").is_err());
}

#[tokio::test]
async fn pruned_parts_are_shown_and_can_be_opened() {
    let fleet = Fleet::of([Minute::of("web", 0, 0).with(
        &[CPU],
        vec![
            taken(&["main", "a", "x"], &[50]),
            taken(&["main", "b", "y"], &[30]),
            taken(&["main", "c", "z"], &[5]),
            taken(&["main", "c", "w"], &[3]),
        ],
    )])
    .await;
    let options = FlameGraphOptions { max_nodes: 7, ..FlameGraphOptions::default() };
    let graph = fleet.engine.flame_graph(&samples("", "cpu"), &options).await.unwrap();
    assert_eq!((graph.tree.total(), graph.total, graph.pruned_value), (88, 88, 8));
    assert!(graph.tree.len() <= 7 && graph.pruned_nodes > 0);
    let path = vec![FunctionKey::named("main"), FunctionKey::parse("c")];
    let opened = FlameGraphOptions { path, ..options };
    let graph = fleet.engine.flame_graph(&samples("", "cpu"), &opened).await.unwrap();
    assert_eq!(shown(&graph), ["0 c 0/8", "1 z 5/5", "1 w 3/3"]);
    assert_eq!(graph.total, 88);
    let wrong =
        FlameGraphOptions { path: vec![FunctionKey::named("nobody")], ..FlameGraphOptions::default() };
    let error = fleet.engine.flame_graph(&samples("", "cpu"), &wrong).await.unwrap_err();
    assert!(matches!(error, QueryError::UnknownFunction { .. }), "{error}");
}

#[tokio::test]
async fn top_functions_are_searched_and_cut() {
    let stacks =
        vec![taken(&["main", "load"], &[5]), taken(&["main", "Reload"], &[7]), taken(&["main"], &[1])];
    let fleet = Fleet::of([Minute::of("web", 0, 0).with(&[CPU], stacks)]).await;
    let options = TopOptions { search: "LOAD".to_owned(), limit: 1, ..TopOptions::default() };
    let top = fleet.engine.top(&samples("", "cpu"), &options).await.unwrap();
    assert_eq!((top.found, top.truncated, top.rows.len(), top.total), (2, true, 1, 13));
    assert_eq!(top.functions.name(top.rows[0].function), "Reload");
}

#[tokio::test]
async fn a_function_is_shown_between_callers_and_callees() {
    let fleet = Fleet::of([Minute::of("web", 0, 0).with(
        &[CPU],
        vec![
            taken(&["main", "a", "f", "x"], &[5]),
            taken(&["main", "b", "f"], &[2]),
            taken(&["main", "c"], &[9]),
        ],
    )])
    .await;
    let options = SandwichOptions::new(FunctionKey::named("f"));
    let graph = fleet.engine.sandwich(&samples("", "cpu"), &options).await.unwrap();
    assert_eq!((graph.self_value, graph.function_total, graph.total), (2, 7, 16));
    assert_eq!((graph.callers.total(), graph.callees.total()), (7, 7));
    assert_eq!(graph.callers.len(), 5);
    let wrong = SandwichOptions::new(FunctionKey::named("nobody"));
    assert!(matches!(
        fleet.engine.sandwich(&samples("", "cpu"), &wrong).await,
        Err(QueryError::UnknownFunction { .. })
    ));
}

#[tokio::test]
async fn spans_lead_to_their_profiles() {
    let fleet = Fleet::new().await;
    let with =
        |start, span| Minute::of("web", start, 0).with(&[CPU], vec![taken(&["main"], &[1]).span(span)]);
    let first = fleet.add(with(0, 77)).await;
    let second = fleet.add(with(60, 77)).await;
    let third = fleet.add(with(120, u64::MAX)).await;
    fleet.store.flush().await.unwrap();
    assert_eq!(fleet.engine.spans(&scope(""), "77".parse().unwrap()).await.unwrap(), [first, second]);
    assert_eq!(fleet.engine.spans(&scope(""), "0xffffffffffffffff".parse().unwrap()).await.unwrap(), [third]);
    assert_eq!(fleet.engine.spans(&scope(""), SpanId(78)).await.unwrap(), []);
    assert_eq!("000000000000004d".parse::<SpanId>().unwrap(), SpanId(77));
    assert!("0x".parse::<SpanId>().is_err() && "-1".parse::<SpanId>().is_err());
}

#[tokio::test]
async fn an_export_is_one_profile_with_the_same_total() {
    let fleet = Fleet::of([Minute::of("web", 0, 5), Minute::of("web", 60, 6), Minute::of("api", 0, 7)]).await;
    let export = fleet.engine.export(&samples("service:web", "cpu")).await.unwrap();
    assert_eq!((export.profile.samples.len(), export.profile.samples.total(0)), (1, 11));
    assert_eq!(export.profile.value_types[0].name, "cpu-time");
    let stack = export.profile.stacks.get(export.profile.samples.stacks[0]);
    let names: Vec<&str> =
        stack.iter().map(|&id| export.profile.strings.get(export.profile.frames.get(id).function)).collect();
    assert_eq!(names, ["work", "main"]);
}

#[tokio::test]
async fn questions_beyond_the_limits_are_refused() {
    let fleet = Fleet::with_limits(Limits { profiles: 2, stacks: 1, ..Limits::default() }).await;
    for start in [0, 60, 120] {
        fleet.add(Minute::of("web", start, 1)).await;
    }
    let error = fleet.engine.flame_graph(&samples("", "cpu"), &Default::default()).await.unwrap_err();
    assert!(matches!(error, QueryError::TooMuch { what: "profiles", limit: 2, .. }), "{error}");
    assert!(error.is_users() && !error.hint().is_empty());
    let stacks = vec![taken(&["a"], &[1]), taken(&["b"], &[1])];
    fleet.add(Minute::of("web", 5000, 0).with(&[CPU], stacks)).await;
    let late = SampleScope::new(Scope::parse("", range(4000, 6000)).unwrap(), "cpu");
    let error = fleet.engine.flame_graph(&late, &Default::default()).await.unwrap_err();
    assert!(matches!(error, QueryError::TooMuch { what: "stacks", .. }), "{error}");
}
