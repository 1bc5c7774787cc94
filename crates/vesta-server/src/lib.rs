//! The HTTP edge: intakes, query API, authentication, limits, and the server's own metrics.
//!
//! # Problem
//!
//! Profiling libraries in eight dialects send uploads to whatever agent they were pointed at, give up or retry by their
//! own rules, and fill their application's log when an answer surprises them. People open a page, and programs ask the
//! API. None of them may bring the server down, read what is not theirs, or lose an upload that was acknowledged.
//!
//! # Design
//!
//! - **Two kinds of listeners.** The intake answers like an agent, below any prefix of the path: uploads are stored,
//!   everything else is dropped with a friendly answer. The API listener has the page, the query API, and the same
//!   endpoints at their exact paths.
//! - **Acknowledged means stored.** 200 is sent once the store has the upload on disk, and before it is decoded.
//!   A known path never gets 403 or 404: some clients stop for good.
//! - **Trust ends with the machine.** A listener on loopback is open and refuses what browsers were tricked into
//!   sending (cross-site requests, DNS rebinding). Beyond loopback it demands tokens, of which only hashes are stored.
//! - **Everything is bounded**: connections, heads, bodies, the memory of bodies in flight, their pace, queries and
//!   their time. Past a bound the answer is 413, 429 or 503, with `Retry-After`.
//! - **Wire types live here.** Answers of the query engine are converted by hand; every handler documents itself, and
//!   the OpenAPI document is made from that.
//!
//! # Non-goals
//!
//! No TLS: a proxy in front does that better. No command line, see `vesta`.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use vesta_server::{Server, ServerConfig, stop_signal};
//!
//! let server = Server::start(ServerConfig::default()).await?;
//! println!("http://{}", server.addresses().api);
//! server.run(async { drop(stop_signal().await) }).await?;
//! # Ok(())
//! # }
//! ```

pub mod config;
pub mod svg;

mod problem;

mod access;
mod tokens;

mod app;
mod links;
mod logging;
mod metrics;
mod shelf;
mod source_roots;

mod agent;
mod body;
mod connect;
mod intake;

mod api;
mod extract;
mod openapi;
mod params;

mod page;
mod router;

mod connection;
mod listener;
mod serve;

pub use config::{PartialConfig, ServerConfig};
pub use logging::{LogError, start_logging};
pub use openapi::openapi_json;
pub use serve::{
    Addresses, OpenedFile, Server, StartError, StopError, Surroundings, UnreadableFile, stop_signal,
};
pub use tokens::{NewToken, Scope, Token, TokenError, TokenFile};
