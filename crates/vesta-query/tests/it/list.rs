//! Lists of profiles: order and paging.

use crate::fleet::{Fleet, Minute, T0, scope};
use vesta_query::{Cursor, ListOptions, Measure, QueryError, Sort};

/// The starts, in minutes, of all pages.
async fn pages(fleet: &Fleet, query: &str, sort: &str, limit: usize) -> Vec<Vec<i64>> {
    let sort: Sort = sort.parse().unwrap();
    let mut options = ListOptions { sort, limit, ..ListOptions::default() };
    let mut pages = Vec::new();
    loop {
        let list = fleet.engine.profiles(&scope(query), &options).await.unwrap();
        pages.push(list.profiles.iter().map(|profile| (profile.start.0 / 1_000_000 - T0) / 60).collect());
        match list.next {
            Some(next) => options.cursor = Some(next.to_string().parse::<Cursor>().unwrap()),
            None => return pages,
        }
    }
}

async fn fleet() -> Fleet {
    // CPU time of the minute, 0 for none at all.
    let cpu = [3, 1, 0, 1, 5];
    let minute = |(index, cpu): (usize, i64)| {
        let start = i64::try_from(index).unwrap() * 60;
        match cpu {
            0 => Minute::of("web", start, 0)
                .with(&[("wall-time", "nanoseconds")], vec![crate::fleet::taken(&["main"], &[9])]),
            cpu => Minute::of(if index == 0 { "api" } else { "web" }, start, cpu * 6_000_000_000),
        }
    };
    Fleet::of(cpu.into_iter().enumerate().map(minute)).await
}

#[tokio::test]
async fn every_order_is_paged_without_gaps_or_repeats() {
    let fleet = fleet().await;
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        assert_eq!(pages(&fleet, "", "-start", 2).await, [vec![4, 3], vec![2, 1], vec![0]]);
        assert_eq!(pages(&fleet, "", "start", 2).await, [vec![0, 1], vec![2, 3], vec![4]]);
        assert_eq!(pages(&fleet, "", "-cpu_cores", 2).await, [vec![4, 0], vec![3, 1], vec![2]]);
        assert_eq!(pages(&fleet, "", "cpu_cores", 2).await, [vec![1, 3], vec![0, 4], vec![2]]);
        assert_eq!(pages(&fleet, "", "-samples", 5).await, [vec![4, 3, 2, 1, 0]]);
        assert_eq!(pages(&fleet, "service:web", "-start", 3).await, [vec![4, 3, 2], vec![1]]);
        assert_eq!(pages(&fleet, "service:nobody", "-start", 3).await, [Vec::<i64>::new()]);
    }
}

#[tokio::test]
async fn new_profiles_do_not_move_later_pages() {
    let fleet = fleet().await;
    let first =
        fleet.engine.profiles(&scope(""), &ListOptions { limit: 2, ..ListOptions::default() }).await.unwrap();
    fleet.add(Minute::of("web", 6000, 1)).await;
    let options = ListOptions { limit: 2, cursor: first.next, ..ListOptions::default() };
    let second = fleet.engine.profiles(&scope(""), &options).await.unwrap();
    let minutes: Vec<i64> =
        second.profiles.iter().map(|profile| (profile.start.0 / 1_000_000 - T0) / 60).collect();
    assert_eq!((minutes, second.total), (vec![2, 1], 6));
}

#[tokio::test]
async fn rows_say_what_a_profile_uses() {
    let fleet = fleet().await;
    let list = fleet.engine.profiles(&scope("service:api"), &ListOptions::default()).await.unwrap();
    let row = &list.profiles[0];
    assert_eq!((list.total, row.service.as_str(), row.samples), (1, "api", 1));
    assert!((row.cpu_cores.unwrap() - 0.3).abs() < 1e-9);
    assert!(row.upload_bytes > 0 && row.duration().as_secs() == 60);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_order() {
    let fleet = fleet().await;
    let first =
        fleet.engine.profiles(&scope(""), &ListOptions { limit: 2, ..ListOptions::default() }).await.unwrap();
    let options =
        ListOptions { sort: "cpu_cores".parse().unwrap(), cursor: first.next, ..ListOptions::default() };
    let error = fleet.engine.profiles(&scope(""), &options).await.unwrap_err();
    assert!(matches!(error, QueryError::BadParameter { .. }), "{error}");
    for text in ["", "x", "start.0.zz.1", "start.2.0.0", "start.0.0.0.0", "start.0.0", "metrics..0.0.0"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    let error = "size".parse::<Sort>().unwrap_err();
    assert!(error.hint().contains("-") && error.hint().contains("cpu_cores"), "{}", error.hint());
}

#[tokio::test]
async fn metrics_order_profiles_and_are_shown_as_columns() {
    let fleet = Fleet::new().await;
    for (minute, threads) in [(0, Some(3.5)), (1, None), (2, Some(8.0)), (3, Some(-1.0))] {
        let metrics = threads.map(|threads| ("pool.Threads", threads)).into_iter().collect();
        fleet.add(Minute { metrics, ..Minute::of("web", minute * 60, 6_000_000_000) }).await;
    }
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        assert_eq!(pages(&fleet, "", "-metrics.pool.threads", 2).await, [vec![2, 0], vec![3, 1]]);
        assert_eq!(pages(&fleet, "", "metrics.pool.Threads", 3).await, [vec![3, 0, 2], vec![1]]);
        assert_eq!(pages(&fleet, "@metrics.pool.Threads:>3", "start", 9).await, [vec![0, 2]]);
        assert_eq!(pages(&fleet, "-@metrics.pool.threads:*", "start", 9).await, [vec![1]]);
        assert_eq!(pages(&fleet, "@metrics.pool.threads:[-2 TO 4]", "-duration_ms", 9).await, [vec![3, 0]]);
        let measures = ["metrics.pool.threads", "cpu_cores", "heap_bytes"];
        let measures = measures.into_iter().map(|name| Measure::parse(name).unwrap()).collect();
        let options =
            ListOptions { sort: "start".parse().unwrap(), limit: 2, measures, ..ListOptions::default() };
        let list = fleet.engine.profiles(&scope(""), &options).await.unwrap();
        assert_eq!(list.profiles[0].measures, [Some(3.5), Some(0.1), None]);
        assert_eq!(list.profiles[1].measures, [None, Some(0.1), None]);
    }
}
