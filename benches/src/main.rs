//! Benchmarks of the whole: what a server takes in, how soon it acknowledges, what it keeps on disk, how quickly it
//! answers. `docs/performance.md` has the figures and the command for each.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod ack;
mod disk;
mod fill;
mod ingest;
mod native;
mod query;
mod search;
mod server;

use clap::{Parser, Subcommand};

/// Benchmarks of Vesta as a whole. Everything runs on this machine, against 127.0.0.1, and stops by itself.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// Sends uploads to a server as quickly as it takes them.
    Ingest(ingest::Arguments),
    /// Sends uploads at a fixed rate and times the answers.
    Ack(ack::Arguments),
    /// Stores the captured uploads many times over and weighs the log and the tables.
    Disk(disk::Arguments),
    /// Times merged flame graphs of one service among twenty.
    Query(query::Arguments),
    /// Times search and facets over very many profiles.
    Search(search::Arguments),
    /// The native profiler beside `perf record`: slowdown, hooks, a whole host.
    Native(native::Arguments),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().benchmark {
        Benchmark::Ingest(arguments) => ingest::run(&arguments),
        Benchmark::Ack(arguments) => ack::run(&arguments),
        Benchmark::Disk(arguments) => disk::run(&arguments),
        Benchmark::Query(arguments) => query::run(&arguments),
        Benchmark::Search(arguments) => search::run(&arguments),
        Benchmark::Native(arguments) => native::run(&arguments),
    }
}
