//! Measures: what profiles can be narrowed and ordered by.

use crate::fixtures;
use crate::fleet::{Fleet, Minute, scope, taken};
use vesta_query::time::TimeRange;
use vesta_query::{Measure, MeasureSummary, Measures, Scope};
use vesta_store::Timestamp;

fn shown(summary: &MeasureSummary) -> String {
    let MeasureSummary { measure, min, max, mean, profiles, histogram } = summary;
    let counts = histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = counts.map(|(bin, count)| format!("{bin}={count}")).collect();
    assert_eq!((histogram.from, histogram.to), (*min, *max));
    assert_eq!(histogram.counts.iter().sum::<u64>(), *profiles);
    format!("{} {min}..{max} mean {mean} of {profiles}: {}", measure.name(), counts.join(" "))
}

fn lines(measures: &Measures) -> Vec<String> {
    measures.measures.iter().map(shown).collect()
}

#[tokio::test]
async fn every_measure_in_scope_is_summarized() {
    let fleet = Fleet::new().await;
    for (start, cpu, threads) in [(0, 6, 1.0), (60, 12, 2.0), (120, 30, 11.0)] {
        let metrics = vec![("threads", threads), ("broken", f64::NAN)];
        fleet.add(Minute { metrics, ..Minute::of("web", start, cpu * 1_000_000_000) }).await;
    }
    let heap = Minute::of("batch", 0, 1).with(&[("heap-space", "bytes")], vec![taken(&["main"], &[512])]);
    fleet.add(heap).await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let found = fleet.engine.measures(&scope("")).await.unwrap();
        assert_eq!((found.basis.profiles, found.truncated), (4, false));
        let wanted = [
            "cpu_cores 0.1..0.5 mean 0.26666666666666666 of 3: 0=1 5=1 19=1",
            "heap_bytes 512..512 mean 512 of 1: 0=1",
            "samples 1..1 mean 1 of 4: 0=4",
            "metrics.threads 1..11 mean 4.666666666666667 of 3: 0=1 2=1 19=1",
        ];
        assert_eq!(lines(&found), wanted);
        let found = fleet.engine.measures(&scope("@metrics.threads:<5")).await.unwrap();
        assert_eq!(lines(&found)[2], "metrics.threads 1..2 mean 1.5 of 2: 0=1 19=1");
        assert!(fleet.engine.measures(&scope("service:nobody")).await.unwrap().measures.is_empty());
    }
}

#[tokio::test]
async fn too_many_metrics_are_cut_to_the_most_frequent() {
    let fleet = Fleet::new().await;
    let names: Vec<&'static str> = (0..250).map(|index| &*format!("m{index:03}").leak()).collect();
    let minute = |start, names: &[&'static str]| Minute {
        metrics: names.iter().map(|name| (*name, 1.0)).collect(),
        ..Minute::of("web", start, 1)
    };
    fleet.add(minute(0, &names)).await;
    fleet.add(minute(60, &names[100..])).await;
    let found = fleet.engine.measures(&scope("")).await.unwrap();
    let metrics: Vec<String> =
        found.measures.iter().skip(2).map(|summary| summary.measure.name().into_owned()).collect();
    assert_eq!((metrics.len(), found.truncated), (Measures::MAX_METRICS, true));
    assert_eq!((metrics[0].as_str(), metrics[199].as_str()), ("metrics.m000", "metrics.m249"));
    assert!(metrics.iter().filter(|name| name.as_str() >= "metrics.m100").count() == 150);
}

#[tokio::test]
async fn metrics_of_the_go_library_have_names_and_units() {
    let fleet = Fleet::new().await;
    let fixture = fixtures::all().into_iter().find(|fixture| fixture.name == "go-02").unwrap();
    fleet.store.append(fixture.upload).await.unwrap();
    let always = TimeRange { from: Timestamp(0), to: Timestamp(4_000_000_000_000_000) };
    let found = fleet.engine.measures(&Scope::all(always)).await.unwrap();
    let units: Vec<String> = found
        .measures
        .iter()
        .filter(|summary| matches!(summary.measure, Measure::Metric(_)))
        .map(|summary| format!("{} {}", summary.measure.name(), summary.measure.unit()))
        .collect();
    let wanted = [
        "metrics.go_alloc_bytes_per_sec bytes/s",
        "metrics.go_allocs_per_sec allocations/s",
        "metrics.go_frees_per_sec frees/s",
        "metrics.go_gc_pause_time ratio",
        "metrics.go_gcs_per_sec collections/s",
        "metrics.go_heap_growth_bytes_per_sec bytes/s",
        "metrics.go_max_gc_pause_time nanoseconds",
        "metrics.go_num_goroutine goroutines",
    ];
    assert_eq!(units, wanted);
    let largest = found.measures.iter().find(|one| one.measure.name() == "metrics.go_num_goroutine").unwrap();
    assert_eq!((largest.min, largest.max, largest.profiles), (19.0, 19.0, 1));
}

#[test]
fn a_measure_has_one_name_and_reads_the_others() {
    for (text, name, unit) in [
        ("cpu_cores", "cpu_cores", "cores"),
        ("@metrics.core_cpu_cores", "cpu_cores", "cores"),
        ("go_num_goroutine", "metrics.go_num_goroutine", "goroutines"),
        ("metrics.cpu_cores", "metrics.cpu_cores", "cores"),
        (
            "metrics.dotnet_lock_contentions_duration",
            "metrics.dotnet_lock_contentions_duration",
            "nanoseconds",
        ),
        ("metrics.dotnet_gc_gen2_size", "metrics.dotnet_gc_gen2_size", "bytes"),
        ("metrics.whatever", "metrics.whatever", ""),
    ] {
        let measure = Measure::parse(text).unwrap();
        assert_eq!((measure.name().as_ref(), measure.unit()), (name, unit));
        assert_eq!(Measure::parse(&measure.name()).unwrap(), measure);
    }
    assert!(Measure::parse("@").is_err() && Measure::parse("metrics.").is_err());
}
