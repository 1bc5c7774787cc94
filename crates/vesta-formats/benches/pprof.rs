//! How fast pprof is read and written, in bytes of uncompressed pprof.

fn main() {}
