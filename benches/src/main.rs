//! Benchmarks of the whole: see docs/performance.md.

fn main() {}
