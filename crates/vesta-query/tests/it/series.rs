//! Measures over time.

use crate::fleet::{Fleet, Minute, T0, range};
use std::time::Duration;
use vesta_query::{Measure, Scope, Series, SeriesOptions};

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
