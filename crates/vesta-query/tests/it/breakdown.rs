//! Where the value of a scope goes, by any dimension.

use crate::fixtures;
use crate::fleet::{Fleet, Minute, samples, taken};
use vesta_profile::{Granularity, Transform};
use vesta_query::time::TimeRange;
use vesta_query::{
    Breakdown, BreakdownOptions, Dimension, QueryError, SampleScope, Scope, TopOptions, parse_filter,
};
use vesta_store::Timestamp;

fn options(by: &str) -> BreakdownOptions {
    BreakdownOptions::new(by.parse().unwrap())
}

async fn ask(fleet: &Fleet, query: &str, value_type: &str, options: &BreakdownOptions) -> Breakdown {
    fleet.engine.breakdown(&samples(query, value_type), options).await.unwrap()
}

/// `value self/total xsamples`, and what was left out.
fn shown(breakdown: &Breakdown) -> Vec<String> {
    let selfs: i64 = breakdown.rows.iter().map(|row| row.self_value).sum();
    assert_eq!(selfs + breakdown.other.map_or(0, |other| other.self_value), breakdown.total);
    let rows = breakdown.rows.iter().map(|row| {
        let calls = row.calls.map_or(String::new(), |calls| format!(" {calls} calls"));
        format!("{} {}/{} x{}{calls}", row.value, row.self_value, row.total, row.samples)
    });
    let other = breakdown.other.map(|other| format!("+{} {}/{}", other.rows, other.self_value, other.total));
    rows.chain(other).collect()
}

async fn fleet() -> Fleet {
    let of = |service, start, version: &str, threads: [(&'static str, i64); 2]| {
        let taken = threads.map(|(thread, cpu)| {
            let stack: &'static [&'static str] = match thread {
                "io" => &["main", "read", "read"],
                _ => &["main", "work", "parse"],
            };
            taken(stack, &[cpu]).label("thread name", thread).label("lock name", "a:1")
        });
        let mut taken: Vec<_> = taken.into();
        taken.push(crate::fleet::taken(&["main"], &[1]));
        Minute::of(service, start, 0)
            .tag("version", version)
            .tag("git.commit.sha", format!("sha \"{version}\""))
            .with(&[("cpu-time", "nanoseconds")], taken)
    };
    Fleet::of([
        of("web", 0, "1", [("io", 10), ("main", 20)]),
        of("web", 60, "2", [("io", 30), ("main", 40)]),
        of("api", 0, "1", [("io", 100), ("main", 200)]),
    ])
    .await
}

#[tokio::test]
async fn tags_add_up_to_the_total() {
    let fleet = fleet().await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let by = |by: &str| options(by);
        assert_eq!(
            shown(&ask(&fleet, "", "cpu", &by("tag:service")).await),
            ["api 301/301 x3", "web 102/102 x6"]
        );
        assert_eq!(
            shown(&ask(&fleet, "service:web", "cpu", &by("tag:git.commit.sha")).await),
            ["sha \"2\" 71/71 x3", "sha \"1\" 31/31 x3"]
        );
        assert_eq!(shown(&ask(&fleet, "", "cpu", &by("tag:team")).await), [" 403/403 x9"]);
        let one = BreakdownOptions { limit: 1, ..by("version") };
        assert_eq!(shown(&ask(&fleet, "", "cpu", &one).await), ["1 332/332 x6", "+1 71/71"]);
    }
}

#[tokio::test]
async fn labels_add_up_with_the_samples_that_have_none() {
    let fleet = fleet().await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let threads = ask(&fleet, "", "cpu", &options("label:thread")).await;
        assert_eq!(shown(&threads), ["main 260/260 x3", "io 140/140 x3", " 3/3 x3"]);
        assert_eq!(threads.basis.profiles, 3);
        let locks = ask(&fleet, "", "cpu", &options("label:lock name")).await;
        assert_eq!(shown(&locks), ["a:1 400/400 x6", " 3/3 x3"]);
        let search = BreakdownOptions { search: "MAI".to_owned(), ..options("label:thread") };
        let found = ask(&fleet, "", "cpu", &search).await;
        assert_eq!((shown(&found), found.found), (vec!["main 260/260 x3".into(), "+2 143/143".into()], 1));
        for (filter, total) in [("thread:", 3), ("-thread:", 400), ("lock name:", 3), ("-lock name:", 400)] {
            let filters = vec![parse_filter(filter).unwrap()];
            let question = SampleScope { filters, ..samples("", "cpu") };
            let found = fleet.engine.breakdown(&question, &options("tag:service")).await.unwrap();
            assert_eq!(found.total, total, "{filter}");
        }
    }
}

#[tokio::test]
async fn functions_have_self_and_total_and_the_rest_adds_up() {
    let fleet = fleet().await;
    let all = ask(&fleet, "", "cpu", &options("frame:function")).await;
    let wanted = ["parse 260/260 x3", "read 140/140 x3", "main 3/403 x9", "work 0/260 x3"];
    assert_eq!(shown(&all), wanted);
    let two = BreakdownOptions { limit: 2, ..options("frame:function") };
    assert_eq!(shown(&ask(&fleet, "", "cpu", &two).await)[2], "+2 3/403");
    let question = |transform: &str| {
        let transforms = vec![Transform::parse(transform).unwrap()];
        SampleScope { transforms, ..samples("", "cpu") }
    };
    let merged = fleet.engine.breakdown(&question("merge:main"), &options("frame:function")).await.unwrap();
    assert_eq!(shown(&merged), ["parse 260/260 x3", "read 140/140 x3", "work 0/260 x3", "root 3/3 x3"]);
    let only = fleet.engine.breakdown(&question("only:read"), &options("frame:function")).await.unwrap();
    assert_eq!(shown(&only), ["read 140/140 x3", "main 0/140 x3"]);
    for (transform, by, wanted) in [
        ("only:read", "label:thread", vec!["io 140/140 x3"]),
        ("exclude:read", "label:thread", vec!["main 260/260 x3", " 3/3 x3"]),
        ("focus:work", "tag:service", vec!["api 200/200 x1", "web 60/60 x2"]),
        ("merge:read", "tag:service", vec!["api 301/301 x3", "web 102/102 x6"]),
        ("only:nothing", "tag:service", vec![]),
    ] {
        let found = fleet.engine.breakdown(&question(transform), &options(by)).await.unwrap();
        assert_eq!(shown(&found), wanted, "{transform} {by}");
    }
    let search = BreakdownOptions { search: "WO".to_owned(), ..options("frame:function") };
    assert_eq!(shown(&ask(&fleet, "", "cpu", &search).await), ["work 0/260 x3", "+3 403/403"]);
}

#[tokio::test]
async fn snapshots_count_the_latest_profile_of_each_process() {
    let heap = |start, process: &str, bytes| {
        let types = [("heap-space", "bytes")];
        Minute::of("web", start, 0).tag("runtime-id", process).with(&types, vec![taken(&["main"], &[bytes])])
    };
    let fleet = Fleet::of([heap(0, "a", 10), heap(60, "a", 20), heap(0, "b", 5)]).await;
    let found = ask(&fleet, "", "heap-space", &options("tag:runtime-id")).await;
    assert_eq!(shown(&found), ["a 20/20 x1", "b 5/5 x1"]);
}

#[tokio::test]
async fn every_capture_is_broken_down_as_its_top_list_says() {
    let fleet = Fleet::new().await;
    let always = Scope::all(TimeRange { from: Timestamp(0), to: Timestamp(4_000_000_000_000_000) });
    for fixture in fixtures::all() {
        let id = fleet.store.append(fixture.upload.clone()).await.unwrap().id;
        for expected in fixture.expected_types() {
            let scope = Scope { profiles: vec![id], ..always.clone() };
            let question = SampleScope::new(scope, expected.name.as_str());
            for granularity in [Granularity::Function, Granularity::Line, Granularity::Package] {
                let by = Dimension::Frame(granularity);
                let context = format!("{by} of {} of {}", expected.name, fixture.name);
                let limit = usize::MAX;
                let options = BreakdownOptions { limit, ..BreakdownOptions::new(by) };
                let found = fleet.engine.breakdown(&question, &options).await.unwrap();
                let top = TopOptions { granularity, limit, ..TopOptions::default() };
                let top = fleet.engine.top(&question, &top).await.unwrap();
                let rows: Vec<_> =
                    found.rows.iter().map(|row| (row.value.as_str(), row.self_value, row.total)).collect();
                let wanted: Vec<_> = top
                    .rows
                    .iter()
                    .map(|row| (top.functions.name(row.function), row.self_value, row.total))
                    .collect();
                assert_eq!(rows, wanted, "{context}");
                assert_eq!((found.total, found.other), (expected.total, None), "{context}");
                assert_eq!(found.basis.samples, expected.samples, "{context}");
            }
            for by in ["tag:service", "label:thread", "label:endpoint", "label:exception type"] {
                let found = fleet.engine.breakdown(&question, &options(by)).await.unwrap();
                assert_eq!(found.total, expected.total);
                drop(shown(&found));
            }
        }
    }
}

#[tokio::test]
async fn endpoints_say_how_often_they_were_called() {
    let fleet = Fleet::new().await;
    let fixture = fixtures::all().into_iter().find(|fixture| fixture.name == "python-uds-01").unwrap();
    fleet.store.append(fixture.upload).await.unwrap();
    let always = Scope::all(TimeRange { from: Timestamp(0), to: Timestamp(4_000_000_000_000_000) });
    let question = SampleScope::new(always, "cpu-time");
    let found = fleet.engine.breakdown(&question, &options("label:endpoint")).await.unwrap();
    let calls: Vec<_> = found.rows.iter().map(|row| (row.value.as_str(), row.calls)).collect();
    let wanted =
        [("GET /search", Some(556)), ("GET /users/{id}", Some(558)), ("POST /orders", Some(558)), ("", None)];
    assert_eq!(calls, wanted);
    assert_eq!(found.basis.calls, Some(1672));
    let threads = fleet.engine.breakdown(&question, &options("label:thread")).await.unwrap();
    assert!(threads.rows.iter().all(|row| row.calls.is_none()));
}

#[tokio::test]
async fn dimensions_that_mean_nothing_are_refused() {
    for text in ["", "tag:", "label:", "frame:", "frame:thread", "span:1"] {
        let error = text.parse::<Dimension>().unwrap_err();
        assert!(
            matches!(error, QueryError::BadParameter { .. }) && error.hint().contains("frame:"),
            "{text}"
        );
    }
    for text in ["tag:a.b", "label:exception type", "label:a:b", "frame:package"] {
        assert_eq!(text.parse::<Dimension>().unwrap().to_string(), text);
    }
    let fleet = fleet().await;
    let error = fleet.engine.breakdown(&samples("", "heap-space"), &options("service")).await.unwrap_err();
    assert!(matches!(error, QueryError::UnknownType { .. }), "{error}");
    assert_eq!(shown(&ask(&fleet, "service:nobody", "cpu", &options("service")).await), Vec::<String>::new());
}
