//! Tells cargo which files the embedded page consists of, and the developer when there is no page to embed.

use std::path::Path;

fn main() {
    // The derive of rust-embed has no file tracking of its own.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../ui/dist");
    if !Path::new("../../ui/dist/index.html").exists() {
        println!(
            "cargo::warning=ui/dist/index.html is missing, the server will have no page: run `cargo xtask ui`"
        );
    }
}
