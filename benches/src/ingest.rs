//! Durable ingest, everything included: HTTP, decoding, the raw log, tables, compaction.

use crate::server::Server;
use anyhow::Context;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use vesta_benches::{Fleet, Shape};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to send, in seconds.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Connections that send one upload after the other.
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// Samples in each upload.
    #[arg(long, default_value_t = Shape::BUSY.samples)]
    samples: usize,
}

#[derive(Default)]
struct Sent {
    uploads: AtomicU64,
    uncompressed: AtomicU64,
    wire: AtomicU64,
    turned_away: AtomicU64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let shape = Shape { samples: arguments.samples, ..Shape::BUSY };
    let fleet = Fleet::new(1, 20, 60, 4, shape)?;
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let (sent, stop) = (Sent::default(), AtomicBool::new(false));
    let before = server.usage()?;
    let start = Instant::now();
    println!("  time    uploads   MB/s wall   MB/s per core   resident MiB   turned away");
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let senders: Vec<_> = (0..arguments.connections)
            .map(|connection| {
                let (fleet, sent, stop, server) = (&fleet, &sent, &stop, &server);
                scope.spawn(move || send(fleet, server, connection, arguments.connections, sent, stop))
            })
            .collect();
        let report = report(arguments, &server, before.cpu, start, &sent);
        stop.store(true, Relaxed);
        for sender in senders {
            sender.join().ok().context("a sender panicked")??;
        }
        report
    })?;
    let usage = server.usage()?;
    let status = server.status()?;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let uncompressed = megabytes(sent.uncompressed.load(Relaxed));
    println!("uploads acknowledged        {}", sent.uploads.load(Relaxed));
    println!("uncompressed pprof          {uncompressed:.0} MB");
    println!("on the wire                 {:.0} MB", megabytes(sent.wire.load(Relaxed)));
    println!("server CPU                  {:.1} s", (usage.cpu - before.cpu).as_secs_f64());
    println!("per core                    {:.0} MB/s", uncompressed / (usage.cpu - before.cpu).as_secs_f64());
    println!("peak resident               {} MiB", usage.peak_bytes >> 20);
    println!("server status               {status}");
    Ok(())
}

/// Prints a line every ten seconds until the time is over.
fn report(
    arguments: &Arguments,
    server: &Server,
    cpu_before: Duration,
    start: Instant,
    sent: &Sent,
) -> anyhow::Result<()> {
    let end = Duration::from_secs(arguments.seconds);
    while start.elapsed() < end {
        std::thread::sleep(Duration::from_secs(10).min(end - start.elapsed().min(end)));
        let usage = server.usage()?;
        let uncompressed = sent.uncompressed.load(Relaxed) as f64 / 1e6;
        println!(
            "{:5.0} s {:10} {:11.0} {:15.0} {:14} {:13}",
            start.elapsed().as_secs_f64(),
            sent.uploads.load(Relaxed),
            uncompressed / start.elapsed().as_secs_f64(),
            uncompressed / (usage.cpu - cpu_before).as_secs_f64(),
            usage.resident_bytes >> 20,
            sent.turned_away.load(Relaxed),
        );
    }
    Ok(())
}

/// Sends uploads until told to stop. An upload that is turned away is sent again a little later, as clients do.
fn send(
    fleet: &Fleet,
    server: &Server,
    connection: usize,
    connections: usize,
    sent: &Sent,
    stop: &AtomicBool,
) -> anyhow::Result<()> {
    let client = server.client();
    let first = jiff::Timestamp::now();
    for number in (connection..).step_by(connections) {
        let round = i64::try_from(number / 1200).unwrap_or(0);
        let upload =
            fleet.upload(number % 20, number / 20 % 60, first + jiff::SignedDuration::from_secs(round))?;
        while client.send(&upload)? != 200 {
            sent.turned_away.fetch_add(1, Relaxed);
            std::thread::sleep(Duration::from_millis(50));
            if stop.load(Relaxed) {
                return Ok(());
            }
        }
        sent.uploads.fetch_add(1, Relaxed);
        sent.uncompressed.fetch_add(upload.uncompressed as u64, Relaxed);
        sent.wire.fetch_add(upload.body.len() as u64, Relaxed);
        if stop.load(Relaxed) {
            break;
        }
    }
    Ok(())
}
