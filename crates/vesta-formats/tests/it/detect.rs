//! Files are known by their bytes.

use crate::support::{part_of, pprofs, uploads};
use vesta_formats::compression::{compress_gzip, compress_lz4, compress_zstd};
use vesta_formats::{Format, FormatError, Limits, collapsed, decode_file, detect};

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
            let expected = match file_name {
                "main.jfr" => Some(Format::Jfr),
                "go.trace" => Some(Format::GoTrace),
                _ => None,
            };
            match (decode_file(file_name, part_of(&body, file_name), &Limits::default()), expected) {
                (Ok(_), Some(expected)) => assert!(expected.is_readable(), "{name}/{file_name}"),
                (Err(FormatError::NotDecodedYet { format }), Some(expected)) => assert_eq!(format, expected),
                (Err(FormatError::Unknown), None) => {}
                (result, _) => panic!("{name}/{file_name}: {:?}", result.map(|_| ())),
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
        (b"{\"nodes\":[{\"id\":1,\"callFrame\":{}}]}", Some(Format::V8CpuProfile)),
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
    assert_eq!(text("main.jfr", b"FLR\0\0\x02"), "is not readable as JFR (Java Flight Recorder)");
    assert!(text("a", b"Nettrace").contains("which is not decoded yet; turn it into speedscope first"));
    assert_eq!(text("a.pprof", b""), "is empty");
    assert_eq!(text("a.pprof", b"<html>"), "is not readable as pprof");
    assert_eq!(text("a.folded", b"hello"), "is not readable as collapsed stacks");
    let readable = Format::readable();
    assert!(text("a", b"hello").contains(&readable));
    for format in Format::all() {
        assert_eq!(readable.contains(format.as_str()), format.is_readable(), "{format}: {readable}");
    }
    assert_eq!(text("a", b"\x1f\x8bbroken"), "cannot be decompressed");
}

#[test]
fn names_of_formats_are_those_of_one_format_each() {
    for format in Format::all() {
        assert_eq!(Format::by_id(format.id()), Some(format));
        for extension in format.extensions() {
            let of = |name: String| Format::by_file_name(&name);
            assert_eq!(of(format!("a.{extension}")), Some(format));
            assert_eq!(of(format!("A.B.{}.GZ", extension.to_uppercase())), Some(format));
            assert_ne!(of(format!("a{extension}")), Some(format));
        }
    }
    assert_eq!(Format::by_file_name("perf.data"), Some(Format::PerfData));
    assert_eq!(Format::by_file_name("a.json"), None);
}

#[test]
fn a_profile_is_written_only_in_formats_with_an_encoder() {
    let profile = collapsed::decode(b"main;work 7\n", &Limits::default()).unwrap().profile;
    for format in Format::all() {
        match format.encode(&profile, 0) {
            Ok(bytes) => {
                assert!(format.is_writable());
                let again = decode_file("file", &bytes, &Limits::default()).unwrap().profile;
                assert_eq!(again.samples.total(0), 7, "{format}");
            }
            Err(error) => assert_eq!(error.to_string().contains("Vesta writes"), !format.is_writable()),
        }
    }
    let error = Format::Collapsed.encode(&profile, 1).unwrap_err();
    assert_eq!(error.to_string(), "the profile has no value type at position 1");
}
