//! What the captured uploads weigh in the log and in the tables.

use anyhow::Context;
use bytes::Bytes;
use std::path::PathBuf;
use vesta_store::{Store, StoreConfig};
use vesta_upload::{Headers, Limits, MultipartBuilder, Upload};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder with `*.body` and `*.headers.json`.
    #[arg(long, default_value = "fixtures/uploads")]
    fixtures: PathBuf,
    /// How often to store each of them, each time as another process.
    #[arg(long, default_value_t = 50)]
    copies: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(weigh(arguments))
}

async fn weigh(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(folder.path())).await?;
    let mut received = 0;
    for entry in std::fs::read_dir(&arguments.fixtures).context("read the folder of fixtures")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "body") {
            continue;
        }
        let content_type = content_type(&path)?;
        let headers = Headers::new(content_type, []);
        let original = Upload::parse(&headers, Bytes::from(std::fs::read(&path)?), &Limits::default())?;
        for copy in 0..arguments.copies {
            let upload = as_another_process(&original, copy)?;
            received += upload.body.len();
            store.append(upload).await?;
        }
    }
    store.flush().await?;
    let flushed = store.status();
    store.compact().await?;
    let status = store.status();
    let share = |bytes: u64| 100.0 * bytes as f64 / received as f64;
    println!("received                  {received} bytes in {} uploads", status.profiles);
    println!("log                       {} bytes, {:.2} %", status.log_bytes, share(status.log_bytes));
    println!("tables before compaction  {} bytes, {:.2} %", flushed.table_bytes, share(flushed.table_bytes));
    println!("tables after compaction   {} bytes, {:.2} %", status.table_bytes, share(status.table_bytes));
    store.shutdown().await?;
    Ok(())
}

fn content_type(body: &std::path::Path) -> anyhow::Result<String> {
    let headers: serde_json::Value =
        serde_json::from_slice(&std::fs::read(body.with_extension("headers.json"))?)?;
    let pairs = headers["headers"].as_array().context("no headers")?;
    pairs
        .iter()
        .find(|pair| pair[0].as_str().is_some_and(|name| name.eq_ignore_ascii_case("content-type")))
        .and_then(|pair| pair[1].as_str())
        .map(str::to_owned)
        .context("no content type")
}

/// The same upload from another process: another `runtime-id`, all else the same.
fn as_another_process(upload: &Upload, copy: usize) -> anyhow::Result<Upload> {
    let mut multipart = MultipartBuilder::new();
    for part in &upload.parts {
        let bytes = if part.file_name() == "event.json" {
            let mut event: serde_json::Value = serde_json::from_slice(&part.data)?;
            let tags = event["tags_profiler"].as_str().unwrap_or_default();
            let tags: Vec<_> = tags.split(',').filter(|tag| !tag.starts_with("runtime-id:")).collect();
            event["tags_profiler"] = format!("{},runtime-id:{copy:032x}", tags.join(",")).into();
            Bytes::from(event.to_string())
        } else {
            part.data.clone()
        };
        multipart = multipart.part(part.name.clone(), part.file_name(), part.content_type.as_deref(), bytes);
    }
    let built = multipart.build();
    Ok(Upload::parse(&built.headers(), built.body.clone(), &Limits::default())?)
}
