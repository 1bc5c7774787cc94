//! Compression is told by its magic bytes, and its output is bounded.

use std::io::Read;
use vesta_formats::compression::{
    DecompressError, Encoding, compress_gzip, compress_lz4, compress_zstd, decompress, sniff,
};

fn text() -> Vec<u8> {
    (0..20_000_u32).flat_map(|number| format!("line {} of many\n", number % 977).into_bytes()).collect()
}

fn compressed(bytes: &[u8]) -> [(Encoding, Vec<u8>); 3] {
    [
        (Encoding::Zstd, compress_zstd(bytes, 3).unwrap()),
        (Encoding::Gzip, compress_gzip(bytes).unwrap()),
        (Encoding::Lz4, compress_lz4(bytes).unwrap()),
    ]
}

#[test]
fn what_was_compressed_comes_back() {
    for bytes in [Vec::new(), b"x".to_vec(), text()] {
        for (encoding, compressed) in compressed(&bytes) {
            assert_eq!(sniff(&compressed), encoding);
            assert!(*decompress(&compressed, bytes.len()).unwrap() == *bytes, "{encoding:?}");
        }
    }
}

#[test]
fn members_one_after_another_are_one_file() {
    for (encoding, compressed) in compressed(&text()) {
        let twice = [&*compressed, &*compressed].concat();
        let expected = [text(), text()].concat();
        assert!(*decompress(&twice, usize::MAX).unwrap() == *expected, "{encoding:?}");
    }
}

#[test]
fn an_empty_member_before_others_does_not_end_the_file() {
    for ((encoding, empty), (_, full)) in compressed(b"").into_iter().zip(compressed(b"x")) {
        let bytes = [&*empty, &*full, &*empty].concat();
        assert_eq!(*decompress(&bytes, 9).unwrap(), *b"x", "{encoding:?}");
    }
}

#[test]
fn bytes_without_compression_stay_where_they_are() {
    let cases: [(&[u8], Encoding); 6] = [
        (b"PK\x03\x04zip", Encoding::Zip),
        (b"FLR\0jfr", Encoding::Jfr),
        (b" \n{\"a\":1}", Encoding::Json),
        (b"[1]", Encoding::Json),
        (b"\x0a\x04\x08\x01", Encoding::Plain),
        (b"", Encoding::Plain),
    ];
    for (bytes, encoding) in cases {
        assert_eq!(sniff(bytes), encoding);
        assert!(matches!(decompress(bytes, 100), Ok(std::borrow::Cow::Borrowed(same)) if same == bytes));
    }
    assert!(matches!(decompress(b"too long", 7), Err(DecompressError::TooLarge { limit: 7 })));
}

#[test]
fn output_one_byte_above_the_limit_is_an_error() {
    let text = text();
    for (encoding, compressed) in compressed(&text) {
        assert!(decompress(&compressed, text.len()).is_ok(), "{encoding:?}");
        let error = decompress(&compressed, text.len() - 1).unwrap_err();
        assert!(matches!(error, DecompressError::TooLarge { .. }), "{encoding:?}: {error}");
    }
}

#[test]
fn a_bomb_is_an_error() {
    let gigabyte = || std::io::repeat(0).take(1 << 30);
    let mut zstd = Vec::new();
    zstd::stream::copy_encode(gigabyte(), &mut zstd, 1).unwrap();
    let mut gzip = Vec::new();
    flate2::read::GzEncoder::new(std::io::repeat(0).take(64 << 20), flate2::Compression::best())
        .read_to_end(&mut gzip)
        .unwrap();
    for bomb in [zstd, gzip] {
        assert!(bomb.len() < 200_000, "{} bytes are no bomb", bomb.len());
        let error = decompress(&bomb, 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "decompresses to more than 1048576 bytes");
    }
}

#[test]
fn a_frame_that_asks_for_a_huge_window_is_an_error() {
    // Magic, a header without content size, and a window descriptor for 2 GiB.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00];
    assert!(matches!(decompress(&frame, 1 << 20), Err(DecompressError::Corrupt { .. })));
}

#[test]
fn cut_off_input_is_an_error_that_says_what_it_was() {
    for (encoding, compressed) in compressed(&text()) {
        let error = decompress(&compressed[..compressed.len() / 2], usize::MAX).unwrap_err();
        assert!(matches!(&error, DecompressError::Corrupt { encoding: found, .. } if *found == encoding));
        assert!(
            error.to_string().starts_with(&format!("broken {} data after ", encoding.as_str())),
            "{error}"
        );
    }
}
