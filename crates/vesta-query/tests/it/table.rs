//! Measures of groups of profiles.

use crate::fleet::{Fleet, Minute, scope};
use vesta_query::{QueryError, Table, TableColumn, TableOptions};

fn options(group_by: &[&str], columns: &[&str], sort: &str, limit: usize) -> TableOptions {
    TableOptions {
        group_by: group_by.iter().map(|key| (*key).to_owned()).collect(),
        columns: columns.iter().map(|name| TableColumn::parse(name).unwrap()).collect(),
        sort: sort.to_owned(),
        limit,
    }
}

fn shown(table: &Table) -> Vec<String> {
    let number = |value: &Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
    let row = |groups: &[String], values: Vec<String>| format!("{}: {}", groups.join(","), values.join(" "));
    table.rows.iter().map(|at| row(&at.groups, at.values.iter().map(number).collect())).collect()
}

#[tokio::test]
async fn measures_are_averaged_by_the_values_of_tags() {
    let minute = |service, start, cpu: i64, version: &str, process: &str| {
        Minute::of(service, start, cpu * 60_000_000_000).tag("version", version).tag("runtime-id", process)
    };
    let fleet = Fleet::new().await;
    fleet.add(minute("web", 0, 1, "1", "a")).await;
    fleet.add(minute("web", 60, 3, "1", "a")).await;
    fleet.add(minute("web", 0, 8, "2", "b")).await;
    fleet.add(Minute { metrics: vec![("threads", 4.0)], ..minute("api", 0, 2, "1", "c") }).await;
    let columns = ["profiles", "cpu_cores", "metrics.threads", "processes", "samples"];
    for flushed in [false, true] {
        if flushed {
            fleet.store.flush().await.unwrap();
        }
        let two = options(&["service", "version"], &columns, "-cpu_cores", 10);
        let table = fleet.engine.table(&scope(""), &two).await.unwrap();
        let wanted = [
            "web,2: 1.00 8.00 - 1.00 1.00",
            "api,1: 1.00 2.00 4.00 1.00 1.00",
            "web,1: 2.00 2.00 - 1.00 2.00",
        ];
        assert_eq!(
            (shown(&table), table.found, table.truncated),
            (wanted.map(str::to_owned).into(), 3, false)
        );
        let cut = options(&["version"], &["cpu_cores"], "", 1);
        let table = fleet.engine.table(&scope("service:web"), &cut).await.unwrap();
        assert_eq!((shown(&table), table.found, table.truncated), (vec!["1: 2.00".to_owned()], 2, true));
        let by_tag = options(&["team", "service"], &["profiles"], "-service", 10);
        let table = fleet.engine.table(&scope(""), &by_tag).await.unwrap();
        assert_eq!(shown(&table), [",web: 3.00", ",api: 1.00"]);
        let missing_last = options(&["service"], &["metrics.threads"], "metrics.threads", 10);
        let table = fleet.engine.table(&scope(""), &missing_last).await.unwrap();
        assert_eq!(shown(&table), ["api: 4.00", "web: -"]);
        let all = fleet.engine.table(&scope(""), &options(&[], &["profiles"], "", 10)).await.unwrap();
        assert_eq!(shown(&all), [": 4.00"]);
        let nobody = fleet.engine.table(&scope("service:nobody"), &two).await.unwrap();
        assert_eq!((nobody.rows.len(), nobody.found), (0, 0));
    }
    let error =
        fleet.engine.table(&scope(""), &options(&[], &["profiles"], "cpu_cores", 10)).await.unwrap_err();
    assert!(matches!(error, QueryError::BadParameter { .. }), "{error}");
}
