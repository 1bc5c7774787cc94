//! `vesta`: the command line. Glue only: it reads flags, calls the crates that do the work, and prints what people and
//! scripts can read.
//!
//! - `vesta server` and `vesta up` run a server, `vesta token` manages who may talk to it ([`serve`], [`token`]).
//! - `vesta import` sends files ([`import`]).
//! - `vesta view` shows a file on the page, and keeps nothing ([`view`]).
//! - `vesta profiles`, `vesta top` and `vesta flamegraph` ask a server, or read a file without one ([`profiles`],
//!   [`top`], [`flamegraph`]; [`mod@file`] reads the file).
//!
//! What the program prints is documented in `docs/cli.md`: results on standard output, everything else on standard
//! error. It ends with 0 when it did what it was asked, 1 when it could not, 2 when it was asked wrongly.

/// Uploads come and go on many threads; what the C library allocates for them it rarely gives back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

mod arguments;
mod client;
mod failure;
mod file;
mod flamegraph;
mod import;
mod output;
mod profiles;
mod quantity;
mod serve;
mod settings;
mod token;
mod top;
mod view;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Server(arguments) => serve::server(arguments),
        Command::Up(arguments) => serve::up(arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Profiles(arguments) => profiles::profiles(&arguments),
        Command::Top(arguments) => top::top(&arguments),
        Command::Flamegraph(arguments) => flamegraph::flamegraph(&arguments),
        Command::View(arguments) => view::view(&arguments),
        Command::Token(arguments) => token::token(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // `vesta top | head` is a normal way to use the program: the reader has had enough.
        Err(error) if failure::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            failure::report(&error);
            failure::exit_code(&error)
        }
    }
}
