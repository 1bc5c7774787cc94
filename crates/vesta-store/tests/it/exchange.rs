//! Other programs that read the tables.

use crate::skip::skip;
use crate::support::{Folder, count, fixture_uploads, totals};
use std::process::Command;
use vesta_upload::{Limits, Upload};

/// Reads the tables with DuckDB and with Delta Lake's own reader, and prints the sums as `service|type|sum` lines.
const SCRIPT: &str = r#"
import sys, glob, os
root = sys.argv[1]
import duckdb
files = [f for f in glob.glob(root + "/tables/samples/date=*/*.parquet")]
rows = duckdb.sql(f"SELECT service, value_type, sum(value)::BIGINT FROM read_parquet({files!r}) GROUP BY ALL ORDER BY ALL").fetchall()
for row in rows: print("|".join(map(str, row)))
print("--")
import deltalake
import pyarrow.compute as pc
for name in ["profiles", "samples", "stacks", "frames", "spans"]:
    table = deltalake.DeltaTable(root + "/tables/" + name)
    data = table.to_pyarrow_table()
    print(name, data.num_rows)
# Everything is read and printed: the threads of these libraries at times abort the process while Python winds down.
sys.stdout.flush()
os._exit(0)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_and_delta_lake_read_the_tables() {
    let Some(python) = std::env::var_os("VESTA_TEST_PYTHON") else {
        return skip(
            "duckdb_and_delta_lake_read_the_tables",
            "set VESTA_TEST_PYTHON to a Python with duckdb, pyarrow and deltalake",
        );
    };
    let folder = Folder::new();
    let store = folder.open().await;
    for (_, headers, body) in fixture_uploads() {
        store.append(Upload::parse(&headers, body, &Limits::default()).unwrap()).await.unwrap();
    }
    store.flush().await.unwrap();
    store.compact().await.unwrap();
    let output = Command::new(python).arg("-c").arg(SCRIPT).arg(folder.root()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let (sums, tables) = text.split_once("--\n").unwrap();
    let mut expected = String::new();
    for ((service, value_type), sum) in totals(&store.snapshot().await).await {
        expected.push_str(&format!("{service}|{value_type}|{sum}\n"));
    }
    assert_eq!(sums, expected);
    let snapshot = store.snapshot().await;
    for table in ["profiles", "samples", "stacks", "frames", "spans"] {
        let rows = count(&snapshot, table).await;
        assert!(tables.contains(&format!("{table} {rows}\n")), "{table} {rows}:\n{tables}");
    }
}
