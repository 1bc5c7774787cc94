//! `vesta`: the command line. Glue only: it reads flags, calls the crates that do the work, and prints what people and
//! scripts can read.
//!
//! - `vesta server` and `vesta up` run a server, `vesta token` manages who may talk to it ([`serve`], [`token`]).
//! - `vesta import` sends files ([`import`]), `vesta scrape` what programs serve over HTTP ([`scrape`]).
//! - `vesta view` shows a file on the page, and keeps nothing ([`view`]).
//! - `vesta profiles`, `vesta top` and `vesta flamegraph` ask a server, or read a file without one ([`profiles`],
//!   [`top`], [`flamegraph`]; [`mod@file`] reads the file).
//! - `vesta convert` writes a file in another format ([`convert`]).
//! - `vesta run`, `vesta attach` and `vesta host` profile native programs, `vesta top --live` looks at them ([`native`]).
//! - `vesta pgo` writes what compilers optimize by ([`pgo`]).
//! - `vesta symbols` sends the names of functions of native programs ([`symbols`]).
//!
//! What the program prints is documented in `docs/cli.md`: results on standard output, everything else on standard
//! error. It ends with 0 when it did what it was asked, 1 when it could not, 2 when it was asked wrongly.

/// Uploads come and go on many threads; what the C library allocates for them it rarely gives back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

mod arguments;
mod client;
mod convert;
mod failure;
mod file;
mod flamegraph;
mod import;
mod native;
mod output;
mod pgo;
mod profiles;
mod quantity;
mod scrape;
mod serve;
mod settings;
mod symbols;
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
        Command::Run(arguments) => native::run(&arguments),
        Command::Attach(arguments) => native::attach(&arguments),
        Command::Host(arguments) => native::host(&arguments),
        Command::Scrape(arguments) => scrape::scrape(&arguments),
        Command::Import(arguments) => import::import(&arguments),
        Command::Profiles(arguments) => profiles::profiles(&arguments),
        Command::Top(arguments) if arguments.live => native::live::live(&arguments),
        Command::Top(arguments) => top::top(&arguments),
        Command::Flamegraph(arguments) => flamegraph::flamegraph(&arguments),
        Command::View(arguments) => view::view(&arguments),
        Command::Convert(arguments) => convert::convert(&arguments),
        Command::Pgo(arguments) => pgo::pgo(&arguments),
        Command::Symbols(arguments) => symbols::symbols(&arguments),
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
