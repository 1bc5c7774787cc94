//! Bytes that may be compressed. Never more output than allowed, and what is compressed comes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::compression;

fuzz_target!(|bytes: &[u8]| {
    const LIMIT: usize = 4 << 20;
    if let Ok(output) = compression::decompress(bytes, LIMIT) {
        assert!(output.len() <= LIMIT);
    }
    for compressed in [
        compression::compress_zstd(bytes, 1).unwrap(),
        compression::compress_gzip(bytes).unwrap(),
        compression::compress_lz4(bytes).unwrap(),
    ] {
        assert_eq!(*compression::decompress(&compressed, bytes.len()).unwrap(), *bytes);
    }
});
