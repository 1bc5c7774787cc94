//! How soon a server acknowledges, at a rate that it can keep up with.

use crate::server::Server;
use anyhow::Context;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use vesta_benches::{Fleet, Shape, percentiles};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Uploads each second, spread evenly.
    #[arg(long, default_value_t = 50)]
    rate: usize,
    /// How long to send, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: usize,
    /// Samples in each upload.
    #[arg(long, default_value_t = Shape::MEDIUM.samples)]
    samples: usize,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    const CONNECTIONS: usize = 16;
    let fleet = Fleet::new(2, 20, 60, 4, Shape { samples: arguments.samples, ..Shape::MEDIUM })?;
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let (next, latencies, others) = (AtomicUsize::new(0), Mutex::new(Vec::new()), AtomicUsize::new(0));
    let start = Instant::now();
    let first = jiff::Timestamp::now();
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let senders: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<()> {
                    let client = server.client();
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        if number >= arguments.rate * arguments.seconds {
                            return Ok(());
                        }
                        let end = first + jiff::SignedDuration::from_secs(i64::try_from(number / 1200)?);
                        let upload = fleet.upload(number % 20, number / 20 % 60, end)?;
                        // Latency counts from when the upload was due, so that a slow answer delays no clock.
                        let due = start + Duration::from_secs_f64(number as f64 / arguments.rate as f64);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        if client.send(&upload)? != 200 {
                            others.fetch_add(1, Relaxed);
                        }
                        if let Ok(mut latencies) = latencies.lock() {
                            latencies.push(due.elapsed());
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().ok().context("a sender panicked")??;
        }
        Ok(())
    })?;
    let mut latencies = latencies.into_inner()?;
    let found = percentiles(&mut latencies);
    println!("{} uploads at {}/s, {} not acknowledged", latencies.len(), arguments.rate, others.into_inner());
    println!("p50 {:.1?}  p90 {:.1?}  p99 {:.1?}  max {:.1?}", found.p50, found.p90, found.p99, found.max);
    println!("peak resident {} MiB", server.usage()?.peak_bytes >> 20);
    Ok(())
}
