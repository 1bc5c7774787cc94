//! Facets and keys of tags.

use crate::fleet::{Fleet, Minute, scope};
use vesta_query::scope::Expr;
use vesta_query::{FacetOptions, TagKeyOptions, TagSetOptions};

async fn fleet() -> Fleet {
    let minute = |service, env: &str, version: &str, start| {
        Minute::of(service, start, 1)
            .tag("env", env)
            .tag("version", version)
            .tag("team", "core")
            .tag("zone", version)
    };
    Fleet::of([
        minute("web", "prod", "1", 0),
        minute("web", "prod", "2", 60),
        minute("web", "dev", "2", 120),
        minute("api", "prod", "1", 0),
        Minute::of("batch", 0, 1).tag("team", "data").tag("team", "core"),
    ])
    .await
}

/// Facets as lines of `key: value count, ...`.
async fn shown(fleet: &Fleet, query: &str, keys: &[&str], prefix: &str, limit: usize) -> Vec<String> {
    let options = FacetOptions {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        prefix: prefix.to_owned(),
        limit,
    };
    let facets = fleet.engine.facets(&scope(query), &options).await.unwrap();
    facets
        .facets
        .iter()
        .map(|facet| {
            let values: Vec<String> =
                facet.values.iter().map(|value| format!("{} {}", value.value, value.count)).collect();
            let more = if facet.truncated { format!(" of {}", facet.distinct) } else { String::new() };
            format!("{}: {}{more}", facet.key, values.join(", "))
        })
        .collect()
}

#[tokio::test]
async fn values_are_counted_most_frequent_first() {
    let fleet = fleet().await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let keys = ["service", "env", "version", "team", "nothing"];
        assert_eq!(
            shown(&fleet, "", &keys, "", 20).await,
            [
                "service: web 3, api 1, batch 1",
                "env: prod 3, dev 1",
                "version: 1 2, 2 2",
                "team: core 5, data 1",
                "nothing: ",
            ]
        );
    }
}

#[tokio::test]
async fn a_facet_ignores_what_the_scope_demands_of_its_own_tag() {
    let fleet = fleet().await;
    assert_eq!(
        shown(&fleet, "service:web env:prod", &["service", "env", "zone"], "", 20).await,
        ["service: web 2, api 1", "env: prod 2, dev 1", "zone: 1 1, 2 1"]
    );
    assert_eq!(
        shown(&fleet, "team:data", &["team", "service"], "", 20).await,
        ["team: core 5, data 1", "service: batch 1"]
    );
    let facets = fleet.engine.facets(&scope("service:web env:prod"), &FacetOptions::default()).await.unwrap();
    assert_eq!((facets.basis.profiles, facets.facets.len()), (2, 6));
}

#[tokio::test]
async fn values_are_found_by_what_they_contain_and_cut() {
    let fleet = fleet().await;
    assert_eq!(shown(&fleet, "", &["service", "team"], "B", 20).await, ["service: batch 1, web 3", "team: "]);
    assert_eq!(shown(&fleet, "", &["service"], "b", 1).await, ["service: batch 1 of 2"]);
    assert_eq!(shown(&fleet, "", &["service"], "EB", 20).await, ["service: web 3"]);
    assert_eq!(shown(&fleet, "", &["service"], "", 1).await, ["service: web 3 of 3"]);
}

#[tokio::test]
async fn keys_of_tags_are_counted_once_per_profile() {
    let fleet = fleet().await;
    let options = TagKeyOptions { prefix: "T".to_owned(), ..TagKeyOptions::default() };
    let keys = fleet.engine.tag_keys(&scope(""), &options).await.unwrap();
    let found: Vec<_> = keys.keys.iter().map(|key| (key.key.as_str(), key.count)).collect();
    assert_eq!((found[0], keys.truncated, keys.basis.profiles), (("team", 5), false, 5));
    assert!(found.iter().all(|(key, _)| key.contains('t')), "{found:?}");
    let keys = fleet
        .engine
        .tag_keys(&scope("service:web"), &TagKeyOptions { limit: 2, ..Default::default() })
        .await
        .unwrap();
    assert_eq!((keys.keys.len(), keys.truncated), (2, true));
}

#[tokio::test]
async fn keys_with_dots_and_values_with_quotes_are_counted_and_searched() {
    let fleet = Fleet::of([
        Minute::of("web", 0, 1).tag("git.commit.sha", "a1").tag("note", "it \"broke\" (twice): a:b"),
        Minute::of("web", 60, 1).tag("git.commit.sha", "b2"),
    ])
    .await;
    let note = r#"it "broke" (twice): a:b"#;
    assert_eq!(
        shown(&fleet, "", &["git.commit.sha", "note"], "", 20).await,
        ["git.commit.sha: a1 1, b2 1".to_owned(), format!("note: {note} 1")]
    );
    assert_eq!(shown(&fleet, "", &["note"], "BROKE\" (", 20).await, [format!("note: {note} 1")]);
    // What the facet tells finds its profiles.
    for (key, value) in [("git.commit.sha", "a1"), ("note", note)] {
        let query = Expr::tag(key, value).to_string();
        let found = fleet.engine.facets(&scope(&query), &FacetOptions::default()).await.unwrap();
        assert_eq!(found.basis.profiles, 1, "{query}");
    }
    let keys = TagKeyOptions { prefix: "commit".to_owned(), ..TagKeyOptions::default() };
    let keys = fleet.engine.tag_keys(&scope(""), &keys).await.unwrap();
    assert_eq!(keys.keys[0].key, "git.commit.sha");
}

#[tokio::test]
async fn combinations_of_tags_and_types_are_told_once_each() {
    let fleet = fleet().await;
    let sets = |query: &'static str, keys: &[&str], value_type: Option<&str>, types: bool| {
        let options = TagSetOptions {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            value_type: value_type.map(str::to_owned),
            types,
        };
        let engine = &fleet.engine;
        async move {
            let found = engine.tag_sets(&scope(query), &options).await.unwrap();
            assert!(!found.truncated);
            found
                .sets
                .iter()
                .map(|set| format!("{}|{}", set.values.join(","), set.value_type))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        sets("", &["service", "env", "zone"], None, false).await,
        ["api,prod,1|", "batch,,|", "web,dev,2|", "web,prod,1|", "web,prod,2|"]
    );
    assert_eq!(sets("env:prod", &["service"], None, true).await, ["api|cpu-time", "web|cpu-time"]);
    assert_eq!(sets("", &["service"], Some("cpu"), false).await, ["api|", "batch|", "web|"]);
    assert_eq!(sets("", &["service"], Some("alloc-space"), false).await, Vec::<String>::new());
}
