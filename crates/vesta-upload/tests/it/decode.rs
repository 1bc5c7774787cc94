//! What is in the attachments.

use crate::fixtures;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use vesta_formats::compression;
use vesta_profile::FrameKind;
use vesta_upload::{Compression, Content, DecodedUpload, Limits, Upload, UploadBuilder};

fn decode(builder: UploadBuilder) -> DecodedUpload {
    decode_within(builder, &Limits::default())
}

fn decode_within(builder: UploadBuilder, limits: &Limits) -> DecodedUpload {
    let built = builder.build().unwrap();
    Upload::parse(&built.headers(), built.body, limits).unwrap().decode(limits)
}

fn builder() -> UploadBuilder {
    UploadBuilder::new("go", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH).service("test")
}

/// The bytes of an attachment of a fixture, without compression.
fn attachment(fixture: &str, file_name: &str) -> Vec<u8> {
    let upload = fixtures::named(fixture).upload();
    compression::decompress(&upload.attachment(file_name).unwrap().data, 64 << 20).unwrap().into_owned()
}

fn totals(decoded: &DecodedUpload) -> BTreeMap<String, i64> {
    decoded.value_types().into_iter().map(|total| (total.value_type.name.to_string(), total.total)).collect()
}

#[test]
fn totals_of_every_profile_equal_those_of_an_independent_decoder() {
    for fixture in fixtures::all() {
        let decoded = fixture.upload().decode(&Limits::default());
        let expected: Vec<&Value> =
            fixture.expected_parts().iter().filter(|part| part.get("pprof").is_some()).collect();
        assert_eq!(decoded.profiles.len(), expected.len(), "{}", fixture.name);
        for ((file_name, profile), part) in decoded.profiles.iter().zip(expected) {
            let context = format!("{}: {file_name}", fixture.name);
            assert_eq!(Some(file_name.as_str()), part["filename"].as_str(), "{context}");
            let samples = part["pprof"]["counts"]["samples"].as_u64().unwrap();
            assert_eq!(profile.samples.len() as u64, samples, "{context}");
            let totals = part["pprof"]["totals"].as_array().unwrap();
            assert_eq!(profile.value_types.len(), totals.len(), "{context}");
            for (index, total) in totals.iter().enumerate() {
                assert_eq!(Some(profile.samples.total(index)), total[1].as_i64(), "{context}: {total}");
            }
        }
        assert_eq!(decoded.problems, [], "{}", fixture.name);
    }
}

#[test]
fn value_types_of_go_say_which_profile_they_are_from() {
    let decoded = fixtures::named("go-02").upload().decode(&Limits::default());
    let totals = totals(&decoded);
    assert_eq!(totals["block-contentions"], 87_334);
    assert_eq!(totals["block-delay"], 725_640_073_014);
    assert_eq!(totals["goroutines"], 19);
    let names: Vec<&str> = totals.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "alloc-samples",
            "alloc-space",
            "block-contentions",
            "block-delay",
            "cpu-samples",
            "cpu-time",
            "goroutines",
            "heap-live-samples",
            "heap-space",
            "mutex-contentions",
            "mutex-delay"
        ]
    );
}

#[test]
fn value_types_come_with_the_most_useful_first_and_without_empty_ones() {
    let decoded = fixtures::named("python-01").upload().decode(&Limits::default());
    let names: Vec<String> =
        decoded.value_types().into_iter().map(|total| total.value_type.name.into_owned()).collect();
    assert_eq!(names[..3], ["cpu-time", "wall-time", "alloc-space"]);
    assert!(!names.iter().any(|name| name.starts_with("gpu-")), "{names:?}");
}

#[test]
fn cumulative_profiles_of_go_do_not_pass_for_deltas() {
    let heap = attachment("go-02", "delta-heap.pprof");
    let mutex = attachment("go-02", "delta-mutex.pprof");
    let decoded = decode(builder().attachment("heap.pprof", heap, Compression::None).attachment(
        "mutex.pprof",
        mutex,
        Compression::Zstd,
    ));
    let totals = totals(&decoded);
    let names: Vec<&str> = totals.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "cumulative-alloc-samples",
            "cumulative-alloc-space",
            "cumulative-mutex-contentions",
            "cumulative-mutex-delay",
            "heap-live-samples",
            "heap-space"
        ]
    );
    for total in decoded.value_types() {
        assert_eq!(total.value_type.kind, vesta_profile::Kind::Snapshot, "{}", total.value_type.name);
    }
}

#[test]
fn metrics_are_read_compressed_or_not() {
    for fixture in fixtures::all() {
        let decoded = fixture.upload().decode(&Limits::default());
        let expected: Vec<(String, f64)> = fixture
            .expected_parts()
            .iter()
            .filter(|part| part["filename"] == "metrics.json")
            .flat_map(|part| part["json"].as_array().unwrap())
            .map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_f64().unwrap()))
            .collect();
        assert_eq!(decoded.metrics, expected, "{}", fixture.name);
        assert_eq!(fixture.name.starts_with("go"), !decoded.metrics.is_empty(), "{}", fixture.name);
    }
}

#[test]
fn code_provenance_is_read_compressed_or_not() {
    for name in ["python-01", "python-2.21-lz4-01"] {
        let decoded = fixtures::named(name).upload().decode(&Limits::default());
        let library = decoded.code_provenance.iter().find(|library| library.name == "ddtrace").unwrap();
        assert_eq!(library.kind, "library", "{name}");
        assert!(!library.version.is_empty() && !library.paths.is_empty(), "{name}: {library:?}");
        let upload = fixtures::named(name).upload();
        assert_eq!(upload.code_provenance(&Limits::default()), decoded.code_provenance, "{name}");
    }
    let decoded = fixtures::named("python-01").upload().decode(&Limits::default());
    let kind = |name: &str| {
        let library = decoded.code_provenance.iter().find(|library| library.name == name).unwrap();
        library.frame_kind()
    };
    assert_eq!(["ddtrace", "native"].map(kind), [FrameKind::Library, FrameKind::Native]);
    assert_eq!(["stdlib", "runtime"].map(kind), [FrameKind::StandardLibrary, FrameKind::Runtime]);
    let go = fixtures::named("go-02").upload();
    assert!(go.code_provenance(&Limits::default()).is_empty());
}

#[test]
fn attachments_that_are_not_read_are_named() {
    let java = fixtures::named("java-synth-zstd-01").upload().decode(&Limits::default());
    assert_eq!(java.undecoded.len(), 1);
    assert_eq!((java.undecoded[0].file_name.as_str(), java.undecoded[0].content), ("main.jfr", Content::Jfr));
    let go = fixtures::named("go-default-types-01").upload().decode(&Limits::default());
    assert_eq!(go.undecoded.len(), 1);
    assert_eq!((go.undecoded[0].file_name.as_str(), go.undecoded[0].content), ("go.trace", Content::GoTrace));
}

#[test]
fn content_decides_what_an_attachment_is() {
    let pprof = attachment("go-02", "cpu.pprof");
    let jfr = attachment("java-synth-raw-04", "main.jfr");
    let trace = attachment("go-default-types-01", "go.trace");
    let decoded = decode(
        builder()
            .attachment("auto", pprof, Compression::Lz4)
            .attachment("recording", jfr, Compression::Gzip)
            .attachment("execution", trace, Compression::Zstd)
            .attachment("histogram.json", "{}", Compression::None)
            .attachment("notes.txt", "nothing to see 5", Compression::None),
    );
    assert_eq!(decoded.profiles.len(), 1);
    assert_eq!(decoded.profiles[0].0, "auto");
    let undecoded: Vec<(&str, Content)> =
        decoded.undecoded.iter().map(|it| (it.file_name.as_str(), it.content)).collect();
    assert_eq!(
        undecoded,
        [
            ("recording", Content::Jfr),
            ("execution", Content::GoTrace),
            ("histogram.json", Content::Json),
            ("notes.txt", Content::Unknown)
        ]
    );
    assert_eq!(decoded.problems, []);
}

#[test]
fn one_broken_attachment_leaves_the_others_readable() {
    let pprof = attachment("go-02", "cpu.pprof");
    let mut broken = compression::compress_zstd(&pprof, 1).unwrap();
    broken.truncate(broken.len() / 2);
    let decoded = decode(
        builder()
            .attachment("broken.pprof", broken, Compression::None)
            .attachment("empty.pprof", "", Compression::None)
            .attachment("metrics.json", "[[\"a\", 1.5], [\"b\"", Compression::None)
            .attachment("cpu.pprof", pprof, Compression::None),
    );
    assert_eq!(decoded.profiles.len(), 1);
    let parts: Vec<&str> = decoded.problems.iter().filter_map(|problem| problem.part.as_deref()).collect();
    assert_eq!(parts, ["broken.pprof", "empty.pprof", "metrics.json"]);
    assert_eq!(decoded.undecoded.len(), 3);
}

#[test]
fn a_bomb_is_named_and_costs_no_more_than_the_limit_of_the_whole_upload() {
    let limits = Limits { decompressed: 4 << 20, ..Limits::default() };
    let bomb = vec![0; 8 << 20];
    let mut upload = builder().attachment("metrics.json", "[[\"first\", 1]]", Compression::None);
    for number in 0..3 {
        for compression in [Compression::Zstd, Compression::Gzip, Compression::Lz4] {
            upload = upload.attachment(format!("{number}-{compression:?}.pprof"), bomb.clone(), compression);
        }
    }
    let decoded = decode_within(upload, &limits);
    assert_eq!(decoded.metrics.len(), 1);
    assert_eq!(decoded.profiles.len(), 0);
    assert_eq!(decoded.decompressed_bytes, "[[\"first\", 1]]".len());
    assert_eq!(decoded.problems.len(), 9);
    assert_eq!(decoded.undecoded.len(), 9);
    for problem in &decoded.problems {
        assert_eq!(problem.message, "the attachments decompress to more than 4194304 bytes together");
    }
}

#[test]
fn problems_are_bounded_and_the_rest_is_counted() {
    let limits = Limits { problems: 5, ..Limits::default() };
    let upload = (0..20).fold(builder(), |upload, number| {
        upload.attachment(format!("{number}.pprof"), "", Compression::None)
    });
    let decoded = decode_within(upload, &limits);
    assert_eq!(decoded.problems.len(), 6);
    assert_eq!(decoded.problems[5].to_string(), "15 more problems were left out");
}
