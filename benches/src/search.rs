//! Search and facets over very many profiles.

use crate::fill;
use anyhow::Context;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vesta_benches::{Fleet, Shape, percentiles};
use vesta_query::{Engine, FacetOptions, ListOptions, Scope, time};
use vesta_store::{Store, StoreConfig};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where to keep the store, to use it again. Default: a folder of its own that is deleted at the end.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Profiles in the store.
    #[arg(long, default_value_t = 1_000_000)]
    profiles: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(arguments))
}

async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    const SERVICES: usize = 20;
    const HOSTS: usize = 60;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.data.as_deref().unwrap_or(temporary.path());
    let fleet = Fleet::new(4, SERVICES, HOSTS, 2, Shape::TINY)?;
    let store = Arc::new(Store::open(StoreConfig::new(folder)).await?);
    if store.status().profiles == 0 {
        let first = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
        let uploads = (0..arguments.profiles).map(|number| {
            let minute = i64::try_from(number / (SERVICES * HOSTS)).unwrap_or(0);
            (number % SERVICES, number / SERVICES % HOSTS, first + jiff::SignedDuration::from_mins(minute))
        });
        fill::fill(&store, &fleet, uploads).await?;
        store.flush().await?;
        store.compact().await?;
    }
    let status = store.status();
    println!("{} profiles, tables {} MB", status.profiles, status.table_bytes / 1_000_000);
    let newest = status.newest.context("the store is empty")?;
    let engine = Engine::new(Arc::clone(&store));
    for query in ["", "service:search-01 env:prod", "host:*-003 -version:1.1.*", "zone:zone-1"] {
        let scope = Scope::parse(query, time::parse_range("now-8d", "now", newest)?)?;
        let (mut lists, mut facets) = (Vec::new(), Vec::new());
        let mut total = 0;
        for _ in 0..7 {
            let start = Instant::now();
            total = engine.profiles(&scope, &ListOptions::default()).await?.total;
            lists.push(start.elapsed());
            let start = Instant::now();
            engine.facets(&scope, &FacetOptions::default()).await?;
            facets.push(start.elapsed());
        }
        let milliseconds = |times: &mut [Duration]| {
            let found = percentiles(times);
            format!("p50 {:.0?} max {:.0?}", found.p50, found.max)
        };
        println!("{query:30} {total:8} found, list {}", milliseconds(&mut lists));
        println!("{:30} six facets {}", "", milliseconds(&mut facets));
    }
    drop(engine);
    store.shutdown().await?;
    Ok(())
}
