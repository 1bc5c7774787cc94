//! Measures over time.

use crate::fleet::{Fleet, Minute, T0, range, taken};
use std::time::Duration;
use vesta_query::{
    Dimension, Measure, QueryError, SampleScope, Scope, Series, SeriesOptions, TypeSeriesOptions,
    parse_filter,
};

async fn plot(fleet: &Fleet, measure: &str, group_by: Option<&str>, limit: usize, points: usize) -> Series {
    let options = SeriesOptions {
        group_by: group_by.map(str::to_owned),
        limit,
        points,
        ..SeriesOptions::new(Measure::parse(measure).unwrap())
    };
    fleet.engine.series(&Scope::all(range(0, 240)), &options).await.unwrap()
}

fn shown(values: &[Option<f64>]) -> String {
    let text: Vec<String> =
        values.iter().map(|value| value.map_or("-".to_owned(), |value| format!("{value:.2}"))).collect();
    text.join(" ")
}

#[tokio::test]
async fn cores_are_averaged_over_steps_and_summed_over_processes() {
    let fleet = Fleet::of([
        Minute::of("web", 0, 60_000_000_000),
        Minute::of("web", 30, 30_000_000_000),
        Minute::of("api", 120, 6_000_000_000).tag("zone", "a"),
    ])
    .await;
    let series = plot(&fleet, "cpu_cores", None, 10, 4).await;
    assert_eq!(series.step, Duration::from_secs(60));
    assert_eq!(series.times.len(), 4);
    assert_eq!(series.times[0].0, T0 * 1_000_000);
    assert_eq!(shown(&series.groups[0].values), "1.25 0.25 0.10 -");
    assert_eq!(series.basis.profiles, 3);
    // Finer than a profile: it is spread over its steps.
    let series = plot(&fleet, "cpu_cores", None, 10, 8).await;
    assert_eq!(series.step, Duration::from_secs(30));
    assert_eq!(shown(&series.groups[0].values), "1.00 1.50 0.50 - 0.10 0.10 - -");

    let series = plot(&fleet, "cpu_cores", Some("service"), 10, 4).await;
    let groups: Vec<_> =
        series.groups.iter().map(|line| (line.group.as_str(), shown(&line.values))).collect();
    assert_eq!(groups, [("web", "1.25 0.25 - -".to_owned()), ("api", "- - 0.10 -".to_owned())]);
    let series = plot(&fleet, "cpu_cores", Some("zone"), 1, 4).await;
    assert_eq!(series.groups.len(), 1);
    assert_eq!(shown(&series.other.unwrap()), "- - 0.10 -");
}

#[tokio::test]
async fn a_value_type_is_plotted_in_steps_of_any_length() {
    let fleet =
        Fleet::of([Minute::of("web", 0, 60_000_000_000), Minute::of("web", 60, 30_000_000_000)]).await;
    let question = SampleScope::new(Scope::all(range(0, 140)), "cpu-time");
    let step = |seconds| TypeSeriesOptions {
        step: Some(Duration::from_secs(seconds)),
        ..TypeSeriesOptions::default()
    };
    let series = fleet.engine.type_series(&question, &step(7)).await.unwrap();
    assert_eq!(series.step, Duration::from_secs(7));
    assert!(series.times[0].0 <= T0 * 1_000_000 && series.times.len() >= 20);
    let error =
        fleet.engine.type_series(&SampleScope::new(Scope::all(range(0, 40_000)), "cpu-time"), &step(1)).await;
    assert!(matches!(error, Err(QueryError::TooMuch { what: "steps", .. })));
}

#[tokio::test]
async fn each_profile_has_a_total() {
    let fleet = Fleet::of([
        Minute::of("web", 60, 30_000_000_000),
        Minute::of("web", 0, 60_000_000_000),
        Minute::of("api", 0, 6_000_000_000),
    ])
    .await;
    let question = SampleScope::new(Scope::all(range(0, 140)), "cpu-time");
    let service = Dimension::Tag("service".to_owned());
    let totals = fleet.engine.profile_totals(&question, Some(&service)).await.unwrap();
    let mut shown: Vec<(i64, &str, i64)> = totals
        .iter()
        .map(|total| (total.start.0 / 1_000_000 - T0, total.group.as_str(), total.value / 1_000_000_000))
        .collect();
    assert!(shown.is_sorted_by_key(|(start, ..)| *start));
    shown.sort_unstable();
    assert_eq!(shown, [(0, "api", 6), (0, "web", 60), (60, "web", 30)]);
    let none = Dimension::Label("no such label".to_owned());
    let totals = fleet.engine.profile_totals(&question, Some(&none)).await.unwrap();
    assert!(totals.iter().all(|total| total.group.is_empty()) && totals.len() == 3, "{totals:?}");
    let unknown = SampleScope { value_type: "heap-space".to_owned(), ..question };
    let error = fleet.engine.profile_totals(&unknown, None).await;
    assert!(matches!(error, Err(QueryError::UnknownType { .. })));
}

#[tokio::test]
async fn samples_profiles_and_metrics_are_plotted() {
    let mut minute = Minute::of("web", 30, 1);
    minute.metrics = vec![("threads", 8.0)];
    let fleet = Fleet::of([minute, Minute::of("web", 60, 1)]).await;
    assert_eq!(shown(&plot(&fleet, "profiles", None, 10, 4).await.groups[0].values), "1.00 1.00 - -");
    assert_eq!(shown(&plot(&fleet, "samples", None, 10, 4).await.groups[0].values), "0.50 1.50 - -");
    assert_eq!(shown(&plot(&fleet, "@threads", None, 10, 4).await.groups[0].values), "4.00 4.00 - -");
    assert!(plot(&fleet, "nothing", None, 10, 4).await.groups.is_empty());
    assert!(Measure::parse("").is_err());
}

async fn plot_type(fleet: &Fleet, value_type: &str, by: &str, limit: usize, points: usize) -> Series {
    let group_by = (!by.is_empty()).then(|| by.parse().unwrap());
    let question = SampleScope::new(Scope::all(range(0, 240)), value_type);
    fleet
        .engine
        .type_series(&question, &TypeSeriesOptions { group_by, limit, points, step: None })
        .await
        .unwrap()
}

fn lines(series: &Series) -> Vec<String> {
    let lines = series.groups.iter().map(|line| format!("{}: {}", line.group, shown(&line.values)));
    lines.chain(series.other.iter().map(|values| format!("+ {}", shown(values)))).collect()
}

#[tokio::test]
async fn a_value_type_is_plotted_by_any_dimension_and_adds_up() {
    let of = |service, start, version: &str, io: i64, cpu: i64| {
        let second = 1_000_000_000;
        let read = taken(&["main", "read"], &[io * second]).label("thread name", "io");
        let work = taken(&["main", "work"], &[cpu * second]);
        Minute::of(service, start, 0)
            .tag("version", version)
            .with(&[("cpu-time", "nanoseconds")], vec![read, work])
    };
    let fleet = Fleet::of([
        of("web", 0, "1", 6, 54),
        of("web", 30, "2", 12, 18),
        of("api", 120, "1", 3, 3),
        of("api", 180, "1", 3, 0),
    ])
    .await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let whole = plot_type(&fleet, "cpu", "", 10, 4).await;
        assert_eq!((whole.name.as_str(), whole.unit.as_str()), ("cpu-time", "cores"));
        assert_eq!(lines(&whole), [": 1.25 0.25 0.10 0.05"]);
        assert_eq!((whole.basis.profiles, whole.basis.samples), (4, 7));
        let finer = plot_type(&fleet, "cpu", "", 10, 8).await;
        assert_eq!(lines(&finer), [": 1.00 1.50 0.50 - 0.10 0.10 0.05 0.05"]);
        for (by, wanted) in [
            ("service", vec!["web: 1.25 0.25 - -", "api: - - 0.10 0.05"]),
            ("tag:version", vec!["1: 1.00 - 0.10 0.05", "2: 0.25 0.25 - -"]),
            ("label:thread", vec![": 1.05 0.15 0.05 -", "io: 0.20 0.10 0.05 0.05"]),
            ("frame:function", vec!["work: 1.05 0.15 0.05 -", "read: 0.20 0.10 0.05 0.05"]),
        ] {
            assert_eq!(lines(&plot_type(&fleet, "cpu", by, 10, 4).await), wanted, "{by}");
        }
        let one = plot_type(&fleet, "cpu", "frame:function", 1, 4).await;
        assert_eq!(lines(&one), ["work: 1.05 0.15 0.05 -", "+ 0.20 0.10 0.05 0.05"]);
        let filters = vec![parse_filter("thread:io").unwrap()];
        let question = SampleScope { filters, ..SampleScope::new(Scope::all(range(0, 240)), "cpu") };
        let options = TypeSeriesOptions { points: 4, ..TypeSeriesOptions::default() };
        let io = fleet.engine.type_series(&question, &options).await.unwrap();
        assert_eq!(lines(&io), [": 0.20 0.10 0.05 0.05"]);
        let nobody = SampleScope::new(Scope::all(range(0, 240)), "heap-space");
        let error = fleet.engine.type_series(&nobody, &options);
        assert!(matches!(error.await.unwrap_err(), QueryError::UnknownType { .. }));
    }
}

#[tokio::test]
async fn of_snapshots_each_step_has_the_latest_of_each_process() {
    let heap = |start, process: &str, bytes| {
        let types = [("heap-space", "bytes")];
        Minute::of("web", start, 0).tag("runtime-id", process).with(&types, vec![taken(&["main"], &[bytes])])
    };
    let fleet = Fleet::of([
        heap(0, "a", 10),
        heap(60, "a", 20),
        heap(120, "a", 30),
        heap(60, "b", 5),
        // No heap: it says nothing of the heap.
        Minute::of("web", 180, 1).tag("runtime-id", "a"),
    ])
    .await;
    let finer = plot_type(&fleet, "heap-space", "", 10, 8).await;
    assert_eq!(
        (finer.unit.as_str(), lines(&finer)),
        ("bytes", vec![": 10.00 10.00 25.00 25.00 30.00 30.00 - -".into()])
    );
    // Two minutes in one step: the later counts, and nothing is added up over time.
    let coarser = plot_type(&fleet, "heap-space", "tag:runtime-id", 10, 2).await;
    assert_eq!(coarser.step, Duration::from_secs(120));
    assert_eq!(lines(&coarser), ["a: 20.00 30.00", "b: 5.00 -"]);
    let stacks = plot_type(&fleet, "heap-space", "frame:function", 10, 2).await;
    assert_eq!(lines(&stacks), ["main: 25.00 30.00"]);
}
