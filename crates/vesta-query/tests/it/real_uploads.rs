//! Real uploads: what comes out equals what an independent decoder found.

use crate::fixtures;
use crate::fleet::Fleet;
use vesta_profile::{FunctionId, TopBy};
use vesta_query::time::TimeRange;
use vesta_query::{FlameGraphOptions, QueryError, SampleScope, Scope, TopOptions};
use vesta_store::{ProfileId, Timestamp};

fn everything() -> Scope {
    Scope::all(TimeRange { from: Timestamp(0), to: Timestamp(4_000_000_000_000_000) })
}

fn only(id: ProfileId) -> Scope {
    Scope { profiles: vec![id], ..everything() }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_and_top_functions_of_every_upload_are_exact() {
    let fleet = Fleet::new().await;
    let fixtures = fixtures::all();
    let mut ids = Vec::new();
    for fixture in &fixtures {
        ids.push(fleet.store.append(fixture.upload.clone()).await.unwrap().id);
    }
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let mut checked = 0;
        for (fixture, &id) in fixtures.iter().zip(&ids).filter(|(fixture, _)| !fixture.is_recording()) {
            checked += check(&fleet, fixture, id).await;
        }
        assert!(checked > 60, "only {checked} value types");
    }
}

async fn check(fleet: &Fleet, fixture: &fixtures::Fixture, id: ProfileId) -> usize {
    let expected = fixture.expected_types();
    let types = fleet.engine.types(&only(id)).await.unwrap();
    let mut names: Vec<&str> = expected.iter().map(|expected| expected.name.as_str()).collect();
    let mut found: Vec<&str> = types.types.iter().map(|found| found.value_type.name.as_ref()).collect();
    names.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, names, "{}", fixture.name);

    for expected in &expected {
        let context = format!("{} of {}", expected.name, fixture.name);
        let summary = types.types.iter().find(|found| found.value_type.name == expected.name).unwrap();
        assert_eq!((summary.total, summary.profiles), (expected.total, 1), "{context}");

        let question = SampleScope::new(only(id), expected.name.as_str());
        let graph = fleet.engine.flame_graph(&question, &FlameGraphOptions::default()).await.unwrap();
        assert_eq!((graph.total, graph.tree.total()), (expected.total, expected.total), "{context}");
        assert_eq!(graph.tree.self_values().iter().sum::<i64>(), expected.total, "{context}");
        assert_eq!((graph.basis.profiles, graph.basis.samples), (1, expected.samples), "{context}");
        assert_eq!(graph.problems, Vec::<String>::new(), "{context}");

        let options = TopOptions { by: TopBy::Name, limit: usize::MAX, ..TopOptions::default() };
        let top = fleet.engine.top(&question, &options).await.unwrap();
        assert_eq!(top.total, expected.total, "{context}");
        let row = |name: &str| {
            top.rows
                .iter()
                .find(|row| top.functions.name(row.function) == name)
                .unwrap_or_else(|| panic!("{name} in {context}"))
        };
        // The independent decoder has no name for what has none.
        let shown = |name: &str| if name.is_empty() { "[unknown]" } else { name }.to_owned();
        for (name, value) in &expected.top_self {
            assert_eq!(row(&shown(name)).self_value, *value, "self of {name} in {context}");
        }
        for (name, value) in &expected.top_total {
            assert_eq!(row(&shown(name)).total, *value, "total of {name} in {context}");
        }
        let largest: Vec<i64> = top
            .rows
            .iter()
            .filter(|row| row.function != FunctionId::NO_STACK)
            .map(|row| row.self_value)
            .take(expected.top_self.len())
            .collect();
        let wanted: Vec<i64> = expected.top_self.iter().map(|(_, value)| *value).collect();
        assert_eq!(largest, wanted, "{context}");
    }
    expected.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn details_lists_and_labels_show_what_the_client_said() {
    let fleet = Fleet::new().await;
    let fixtures = fixtures::all();
    let python = fixtures.iter().find(|fixture| fixture.name == "python-01").unwrap();
    let mut ids = Vec::new();
    for fixture in &fixtures {
        ids.push((fleet.store.append(fixture.upload.clone()).await.unwrap().id, &fixture.name));
    }
    let id = ids.iter().find(|(_, name)| *name == "python-01").unwrap().0;
    let detail = fleet.engine.profile(id).await.unwrap().unwrap();
    assert_eq!(detail.summary.service, "my-web-app");
    assert_eq!(detail.summary.env, "prod");
    assert_eq!(detail.summary.version, "1.0.3");
    assert_eq!(detail.summary.language, "python");
    assert_eq!(detail.runtime_id, python.tag("runtime-id"));
    assert_eq!(detail.endpoint_counts.len(), 3);
    assert_eq!(detail.endpoint_counts[0], ("GET /search".to_owned(), 6777));
    assert!(detail.tags.contains(&"team:intake".to_owned()), "{:?}", detail.tags);
    assert!(detail.attachments.contains(&"profile.pprof".to_owned()), "{:?}", detail.attachments);
    assert!(detail.info.contains("\"capture_pct\""));
    let cores = 40_219_788_000.0 / detail.summary.duration().as_nanos() as f64;
    assert!((detail.summary.cpu_cores.unwrap() - cores).abs() < 1e-3, "{:?}", detail.summary.cpu_cores);
    assert_eq!(fleet.engine.profile(ProfileId(12345)).await.unwrap(), None);

    let labels =
        fleet.engine.labels(&SampleScope::new(only(id), "cpu-time"), &Default::default()).await.unwrap();
    assert_eq!(labels.total, 40_219_788_000);
    assert_eq!(labels.labels[0].key, "thread");
    assert_eq!(labels.labels[1].key, "endpoint");
    assert_eq!(labels.labels[1].values.len(), 3);

    for query in [
        "service:my-web-app version:1.0.3",
        "my-web",
        "runtime-id:72ccff5c*",
        "team:intake layer:(api OR web)",
    ] {
        let scope = Scope { expr: vesta_query::scope::parse(query).unwrap(), ..everything() };
        let list = fleet.engine.profiles(&scope, &Default::default()).await.unwrap();
        assert!(list.profiles.iter().any(|profile| profile.id == id), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_not_there_is_refused_with_those_that_are() {
    let fleet = Fleet::new().await;
    for fixture in fixtures::all().into_iter().filter(|fixture| fixture.name.starts_with("go-")) {
        fleet.store.append(fixture.upload).await.unwrap();
    }
    let question = SampleScope::new(everything(), "exceptions");
    match fleet.engine.flame_graph(&question, &FlameGraphOptions::default()).await {
        Err(error @ QueryError::UnknownType { .. }) => {
            assert!(error.hint().starts_with("types in scope: cpu-time, alloc-space"), "{}", error.hint());
        }
        other => panic!("{other:?}"),
    }
    let alias = SampleScope::new(everything(), "inuse_space");
    let graph = fleet.engine.flame_graph(&alias, &FlameGraphOptions::default()).await.unwrap();
    assert_eq!(graph.value_type.name, "heap-space");
    let nothing = SampleScope::new(Scope::parse("service:nobody", everything().range).unwrap(), "cpu");
    let graph = fleet.engine.flame_graph(&nothing, &FlameGraphOptions::default()).await.unwrap();
    assert_eq!((graph.total, graph.basis.profiles, graph.tree.len()), (0, 0, 1));
}
