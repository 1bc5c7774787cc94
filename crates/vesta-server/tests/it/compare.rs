//! Comparing two scopes.

use crate::goldens::server_with;
use crate::server::TestServer;
use serde_json::{Value, json};

fn ask(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn column(answer: &Value, table: &str, key: &str) -> Vec<i64> {
    serde_json::from_value(answer[table][key].clone()).unwrap()
}

fn names(answer: &Value) -> Vec<String> {
    let names = answer["functions"]["name"].as_array().unwrap().iter();
    names
        .map(|name| answer["strings"][name.as_u64().unwrap() as usize].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn both_sides_of_a_comparison_add_up_and_agree_with_their_flame_graphs() {
    let (server, ids) = server_with(&["python-uds-01", "python-2.21-lz4-01"]);
    let sides = format!("a.profile={}&b.profile={}", ids[0], ids[1]);
    let whole = ask(&server, &format!("/api/v1/compare?{sides}&type=cpu-time&max_nodes=100000"));
    let small = ask(&server, &format!("/api/v1/compare?{sides}&type=cpu-time&max_nodes=30"));
    assert_eq!(whole["pruned"], json!({ "nodes": 0, "value_a": 0, "value_b": 0 }));
    assert!(small["pruned"]["nodes"].as_u64().unwrap() > 0);
    for (side, id) in [("a", &ids[0]), ("b", &ids[1])] {
        let graph = ask(&server, &format!("/api/v1/flamegraph?profile={id}&type=cpu-time&max_nodes=100000"));
        for key in ["total", "samples", "profiles", "seconds", "process_seconds", "calls"] {
            assert_eq!(whole[side][key], graph[key], "{side} {key}");
        }
        for answer in [&whole, &small] {
            let column = |key: &str| column(answer, "nodes", &format!("{key}_{side}"));
            let (own, totals, samples) = (column("self"), column("total"), column("samples"));
            assert_eq!(answer[side]["total"], totals[0]);
            assert_eq!(answer[side]["samples"], samples[0]);
            let mut below = own.clone();
            let parents = self::column(answer, "nodes", "parent");
            for node in (1..parents.len()).rev() {
                below[parents[node] as usize] += below[node];
            }
            assert_eq!(below, totals, "{side}");
            let others = self::column(answer, "nodes", "function").into_iter().zip(&totals);
            let other: i64 = others.filter(|(function, _)| *function == -2).map(|(_, total)| total).sum();
            assert_eq!(answer["pruned"][format!("value_{side}")], other);
        }
        let top = ask(&server, &format!("/api/v1/top?profile={id}&type=cpu-time&limit=5000"));
        let rows = top["functions"]["name"]
            .as_array()
            .unwrap()
            .iter()
            .zip(top["functions"]["self"].as_array().unwrap());
        for (function, found) in column(&whole, "changes", "function").iter().zip(column(
            &whole,
            "changes",
            &format!("self_{side}"),
        )) {
            let name = &names(&whole)[*function as usize];
            let sum: i64 =
                rows.clone().filter(|(own, _)| *own == name).map(|(_, value)| value.as_i64().unwrap()).sum();
            assert!(found <= sum, "{name}: {found} of {sum}");
        }
    }
    // What is folded can be unfolded.
    let root = names(&small)[column(&small, "nodes", "function")[1] as usize].clone();
    let below = ask(&server, &format!("/api/v1/compare?{sides}&type=cpu-time&max_nodes=30&path={root}"));
    assert_eq!(column(&below, "nodes", "total_a")[0], column(&small, "nodes", "total_a")[1]);
    assert_eq!(below["a"]["total"], small["a"]["total"]);
    let answer = server.get(&format!("/api/v1/compare?{sides}&type=cpu-time&path=nobody"));
    assert_eq!(answer.status, 404);
}

#[test]
fn a_scope_does_not_differ_from_itself_and_sides_can_be_narrowed() {
    let (server, _) = server_with(&["python-uds-01"]);
    let all = "a.from=2020-01-01T00:00:00Z&b.from=2020-01-01T00:00:00Z&type=cpu-time";
    let same = ask(&server, &format!("/api/v1/compare?{all}"));
    assert_eq!(column(&same, "nodes", "total_a"), column(&same, "nodes", "total_b"));
    assert_eq!(same["changes"]["function"], json!([]));
    for key in ["z_share", "z_rate"] {
        let far = same["nodes"][key].as_array().unwrap().iter().filter_map(Value::as_f64);
        assert_eq!(far.filter(|z| *z != 0.0).count(), 0, "{key}");
    }
    let calls =
        ask(&server, &format!("/api/v1/compare?{all}&a.filter=endpoint:GET%20/search&filter=-thread:x"));
    assert!(calls["a"]["total"].as_i64() < calls["b"]["total"].as_i64());
    let search = names(&calls).iter().position(|name| name == "handle_search").unwrap() as i64;
    let row = column(&calls, "changes", "function").iter().position(|function| *function == search).unwrap();
    assert!(calls["changes"]["z_share"][row].as_f64().unwrap() < -2.0);
    let focused = ask(&server, &format!("/api/v1/compare?{all}&transform=focus:handle_search"));
    assert_eq!(focused["a"]["total"], focused["b"]["total"]);
    assert_eq!(
        column(&focused, "nodes", "total_a").len(),
        focused["nodes"]["z_share"].as_array().unwrap().len()
    );
}

#[test]
fn what_a_side_does_not_know_is_told_by_its_whole_name() {
    let (server, _) = server_with(&[]);
    for (wrong, told) in [("a.quary=x", "a.quary"), ("b.type=cpu", "same type"), ("c.query=x", "c.query")] {
        let answer = server.get(&format!("/api/v1/compare?{wrong}"));
        assert!(answer.problem(400).contains(told), "{wrong}: {}", answer.text());
    }
}
