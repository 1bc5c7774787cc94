//! Work under Pyroscope's own library for Rust.

use pyroscope::backend::{BackendConfig, PprofConfig, pprof_backend};
use pyroscope::pyroscope::PyroscopeAgentBuilder;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Each tag that the library is told makes it turn its samples into names, so a request should be worth it.
const REQUEST: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted))?;
    let url = std::env::var("PYROSCOPE_URL")?;
    let token = std::env::var("PYROSCOPE_TOKEN").unwrap_or_default();
    let backend = pprof_backend(PprofConfig::default(), BackendConfig::default());
    let agent = PyroscopeAgentBuilder::new(&url, "foundry", 100, "pyroscope-rs", "2.1.5", backend)
        .basic_auth("anybody", &token)
        .tags(vec![("env", "prod"), ("furnace", "2")])
        .upload_interval(Duration::from_secs(2))
        .build()?
        .start()?;
    let (tag, untag) = agent.tag_wrapper();
    let endpoint = || ("endpoint".to_owned(), "POST /bells".to_owned());
    let mut answered = 0;
    while !interrupted.load(Ordering::Relaxed) {
        let (key, value) = endpoint();
        tag(key, value)?;
        let started = Instant::now();
        while started.elapsed() < REQUEST {
            black_box(cast_bell(black_box(20_000)));
        }
        let (key, value) = endpoint();
        untag(key, value)?;
        answered += 1;
        if answered % 50 == 0 {
            println!("answered {answered} requests");
        }
    }
    agent.stop()?.shutdown();
    Ok(())
}

#[inline(never)]
fn cast_bell(rounds: u64) -> u64 {
    // Operators alone: without optimization, iterators are functions of their own.
    let (mut total, mut step) = (0, 0);
    while step < rounds {
        total ^= step * step % 7;
        step += 1;
    }
    total
}
