//! Merged flame graphs of one service among twenty, over an hour and over a day, and what else is made of their stacks.

use crate::fill;
use anyhow::Context;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vesta_benches::{Fleet, Shape, percentiles};
use vesta_profile::Transform;
use vesta_query::{
    BreakdownOptions, CallGraphOptions, CompareOptions, Engine, FlameGraphOptions, QueryError, SampleScope,
    Scope, TypeSeriesOptions, time,
};
use vesta_store::{Store, StoreConfig, Timestamp};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to keep the store, to use it again. Default: a folder of its own that is deleted at the end.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Samples in each upload.
    #[arg(long, default_value_t = Shape::QUIET.samples)]
    samples: usize,
    /// Hosts of the service that is asked about: as many profiles a minute.
    #[arg(long, default_value_t = 60)]
    hosts: usize,
    /// Hosts of each of the other 19 services.
    #[arg(long, default_value_t = 2)]
    other_hosts: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = arguments.data.as_deref().unwrap_or(temporary.path());
    let shape = Shape { samples: arguments.samples, ..Shape::QUIET };
    let fleet = Fleet::new(3, 20, arguments.hosts, 20, shape)?;
    let service = fleet.service_name(0).to_owned();
    if !folder.join("log").exists() {
        let store = Store::open(StoreConfig::new(folder)).await?;
        let now = jiff::Timestamp::now();
        let minutes = (0..24 * 60_i64).rev().map(|back| now - jiff::SignedDuration::from_mins(back));
        let uploads = minutes.flat_map(|end| {
            (0..20).flat_map(move |service| {
                let hosts = if service == 0 { arguments.hosts } else { arguments.other_hosts };
                (0..hosts).map(move |host| (service, host, end))
            })
        });
        fill::fill(&store, &fleet, uploads).await?;
        store.flush().await?;
        store.compact().await?;
        let status = store.status();
        println!("{} profiles, tables {} MB", status.profiles, status.table_bytes / 1_000_000);
        store.shutdown().await?;
    }
    for range in ["now-1h", "now-24h"] {
        let cold = fill::drop_page_cache();
        let store = Arc::new(Store::open(StoreConfig::new(folder)).await?);
        let newest = store.status().newest.context("the store is empty")?;
        let engine = Engine::new(Arc::clone(&store));
        let (first, _) = ask(&engine, &service, range, newest).await?;
        println!("{range}: first {first:.1?} ({cold})");
        let mut warm = Vec::new();
        for _ in 0..10 {
            let (took, text) = ask(&engine, &service, range, newest).await?;
            if warm.is_empty() {
                println!("{range}: {text}");
            }
            warm.push(took);
        }
        let found = percentiles(&mut warm);
        println!("{range}: warm p50 {:.1?}, max {:.1?}", found.p50, found.max);
        let question = |from: &str, to: &str| -> anyhow::Result<SampleScope> {
            let range = time::parse_range(from, to, newest)?;
            Ok(SampleScope::new(Scope::parse(&format!("service:{service}"), range)?, "cpu-time"))
        };
        let all = question(range, "now")?;
        let mine = SampleScope { transforms: vec![Transform::MyCode], ..all.clone() };
        let graph = FlameGraphOptions::default();
        repeat(range, "my code", async || engine.flame_graph(&mine, &graph).await).await?;
        repeat(range, "call graph", async || engine.call_graph(&all, CallGraphOptions::default()).await)
            .await?;
        for by in ["tag:host", "label:endpoint", "frame:function"] {
            let options = BreakdownOptions::new(by.parse()?);
            repeat(range, &format!("broken down by {by}"), async || engine.breakdown(&all, &options).await)
                .await?;
            let options = TypeSeriesOptions { group_by: Some(by.parse()?), ..TypeSeriesOptions::default() };
            repeat(range, &format!("over time by {by}"), async || engine.type_series(&all, &options).await)
                .await?;
        }
        if range == "now-1h" {
            let (before, options) = (question("now-2h", "now-1h")?, CompareOptions::default());
            repeat(range, "compared with the hour before", async || {
                engine.compare(&before, &engine, &all, &options).await
            })
            .await?;
        }
        drop(engine);
        store.shutdown().await?;
    }
    Ok(())
}

/// Asks ten times and prints how long it took.
async fn repeat<T>(
    range: &str,
    what: &str,
    ask: impl AsyncFn() -> Result<T, QueryError>,
) -> anyhow::Result<()> {
    let mut took = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        ask().await?;
        took.push(start.elapsed());
    }
    let found = percentiles(&mut took);
    println!("{range}, {what}: p50 {:.1?}, max {:.1?}", found.p50, found.max);
    Ok(())
}

async fn ask(
    engine: &Engine,
    service: &str,
    from: &str,
    newest: Timestamp,
) -> anyhow::Result<(Duration, String)> {
    let scope = Scope::parse(&format!("service:{service}"), time::parse_range(from, "now", newest)?)?;
    let start = Instant::now();
    let graph =
        engine.flame_graph(&SampleScope::new(scope, "cpu-time"), &FlameGraphOptions::default()).await?;
    let took = start.elapsed();
    let text = format!(
        "{} profiles, {} samples, {} nodes, total {}",
        graph.basis.profiles,
        graph.basis.samples,
        graph.tree.len(),
        graph.total
    );
    Ok((took, text))
}
