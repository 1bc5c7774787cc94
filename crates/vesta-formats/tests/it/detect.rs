//! Files are known by their bytes.

use crate::support::{part_of, pprofs, uploads};
use vesta_formats::compression::{compress_gzip, compress_lz4, compress_zstd};
use vesta_formats::{Format, FormatError, Limits, decode_file, detect};

#[test]
fn every_fixture_pprof_is_read_under_any_compression_and_any_name() {
    for fixture in pprofs().iter().filter(|fixture| fixture.bytes.len() < 100_000) {
        let bytes = &fixture.bytes;
        let forms = [
            bytes.clone(),
            compress_gzip(bytes).unwrap(),
            compress_zstd(bytes, 1).unwrap(),
            compress_lz4(bytes).unwrap(),
        ];
        for form in forms {
            let decoded = decode_file("something.txt", &form, &Limits::default()).unwrap();
            assert_eq!(
                decoded.profile.samples.len() as u64,
                fixture.expected["counts"]["samples"].as_u64().unwrap()
            );
        }
    }
}

#[test]
fn parts_that_are_no_pprof_are_not_taken_for_one() {
    for (name, body, expected) in uploads() {
        for part in expected["parts"].as_array().unwrap().iter().filter(|part| !part["pprof"].is_object()) {
            let file_name = part["filename"].as_str().unwrap();
            let error = decode_file(file_name, part_of(&body, file_name), &Limits::default()).unwrap_err();
            let expected = match file_name {
                "main.jfr" => Some(Format::Jfr),
                "go.trace" => Some(Format::GoTrace),
                _ => None,
            };
            match (error, expected) {
                (FormatError::NotDecodedYet { format }, Some(expected)) => assert_eq!(format, expected),
                (FormatError::Unknown, None) => {}
                (error, _) => panic!("{name}/{file_name}: {error}"),
            }
        }
    }
}

#[test]
fn formats_are_told_by_their_first_bytes() {
    let cases: [(&[u8], Option<Format>); 11] = [
        (b"main;a 1\nmain;b 2\n", Some(Format::Collapsed)),
        (b"main;a 1\nbroken\nmain;b 2\n", Some(Format::Collapsed)),
        (b"FLR\0\0\x02", Some(Format::Jfr)),
        (b"Nettrace\x14\0\0\0!FastSerialization.1", Some(Format::Nettrace)),
        (b"PERFILE2h\0\0\0", Some(Format::PerfData)),
        (b"java 123 4.5: cycles: \n\t7f f (a.so)\n\n", Some(Format::PerfScript)),
        (b"{\"nodes\":[{\"id\":1,\"callFrame\":{}}]}", Some(Format::V8Profile)),
        (b"{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\"}", Some(Format::Speedscope)),
        (b"PK\x03\x04", Some(Format::Zip)),
        (b"<html><body>404</body></html>", None),
        (b"{\"hello\":1}", None),
    ];
    for (bytes, expected) in cases {
        assert_eq!(detect("file", bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn errors_say_what_the_file_is_and_what_to_do() {
    let text =
        |name: &str, bytes: &[u8]| decode_file(name, bytes, &Limits::default()).unwrap_err().to_string();
    assert_eq!(
        text("main.jfr", b"FLR\0\0\x02"),
        "is a file of format JFR (Java Flight Recorder), which is not decoded yet; an upload that holds one is kept and \
         can be downloaded"
    );
    assert_eq!(text("a.pprof", b""), "is empty");
    assert_eq!(text("a.pprof", b"<html>"), "is not readable as pprof");
    assert_eq!(text("a.folded", b"hello"), "is not readable as collapsed stacks");
    assert!(
        text("a", b"hello")
            .starts_with("is no profile that Vesta knows; it reads pprof and collapsed stacks")
    );
    assert_eq!(text("a", b"\x1f\x8bbroken"), "cannot be decompressed");
}
