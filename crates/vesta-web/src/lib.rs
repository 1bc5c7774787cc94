//! The built page, as bytes.
//!
//! `ui/` is built by npm into `ui/dist`; this leaf crate embeds that folder, so that the server is one file. It holds
//! nothing else: a change of the page rebuilds only this crate, and `cargo build` never runs npm.
//!
//! - **Not here:** HTTP. The server decides which paths get an asset, which get [`index`] (the page routes by
//!   itself, so every path without a dot that is not an API path should), and which headers go with them.
//! - **Not built is not an error:** without `ui/dist` everything compiles and [`index`] says how to build the page.
//! - **In a debug build** the files are read from `ui/dist` at run time instead, so a rebuilt page needs no cargo build.
//! - **Strict content security policy:** neither the built page nor the fallback has inline scripts or styles, so
//!   `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'` is
//!   enough.
//!
//! ```
//! let page = vesta_web::index();
//! assert_eq!(page.content_type, "text/html; charset=utf-8");
//! assert!(vesta_web::asset("no/such/file.js").is_none());
//! ```

mod asset;
mod content_type;

pub use asset::{Asset, asset, index, is_built};
