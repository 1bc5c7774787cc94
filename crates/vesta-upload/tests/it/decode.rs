//! What is in the attachments.

use crate::fixtures;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vesta_formats::compression;
use vesta_profile::{FrameKind, Profile};
use vesta_upload::{Compression, Content, DecodedUpload, Headers, Limits, Upload, UploadBuilder};

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
        let is_pprof = |(file_name, _): &&(String, Profile)| !file_name.ends_with(".jfr");
        let profiles: Vec<&(String, Profile)> = decoded.profiles.iter().filter(is_pprof).collect();
        assert_eq!(profiles.len(), expected.len(), "{}", fixture.name);
        for ((file_name, profile), part) in profiles.into_iter().zip(expected) {
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
        // Recordings of Java have numbers of their own.
        let metrics: Vec<(String, f64)> =
            decoded.metrics.into_iter().filter(|(name, _)| !name.starts_with("jvm_")).collect();
        assert_eq!(metrics, expected, "{}", fixture.name);
        assert_eq!(fixture.name.starts_with("go"), !metrics.is_empty(), "{}", fixture.name);
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
    let go = fixtures::named("go-default-types-01").upload().decode(&Limits::default());
    assert_eq!(go.undecoded.len(), 1);
    assert_eq!((go.undecoded[0].file_name.as_str(), go.undecoded[0].content), ("go.trace", Content::GoTrace));
}

#[test]
fn recordings_of_java_complete_what_the_event_says() {
    for name in ["java-01", "java-jfr-01"] {
        let upload = fixtures::named(name).upload();
        assert!(upload.event.info.is_none() && upload.event.endpoint_counts.is_empty(), "{name}");
        let decoded = upload.decode(&Limits::default());
        assert_eq!(decoded.problems, [], "{name}");
        let info = decoded.info.unwrap();
        assert_eq!(info["runtime"]["name"], "OpenJDK 64-Bit Server VM", "{name}");
        assert_eq!(info["profiler"]["settings"]["Upload Period"], "10 seconds", "{name}");
        assert_eq!(info["properties"]["tickets.db.password"], "<redacted>", "{name}");
        assert!(!info.to_string().contains("hunter2"), "{name}: {info}");
        assert!(decoded.endpoint_counts["GET /buy"] > 50, "{name}: {:?}", decoded.endpoint_counts);
        assert!(decoded.metrics.iter().any(|(name, count)| name == "jvm_gc_count" && *count > 0.0), "{name}");
    }
}

#[test]
fn what_the_event_says_goes_before_what_a_recording_says() {
    let jfr = attachment("java-01", "main.jfr");
    let event = r#"{
        "start": "2026-11-26T21:14:57Z", "end": "2026-11-26T21:15:07Z", "family": "java", "version": "4",
        "attachments": ["main.jfr"], "endpoint_counts": {"GET /": 7},
        "info": {"runtime": {"name": "mine", "id": 1}, "flags": "none"}
    }"#;
    let body = [
        b"--x\r\nContent-Disposition: form-data; name=\"event\"; filename=\"event.json\"\r\n\r\n",
        event.as_bytes(),
        b"\r\n--x\r\nContent-Disposition: form-data; name=\"main\"; filename=\"main.jfr\"\r\n\r\n",
        &jfr,
        b"\r\n--x--\r\n",
    ]
    .concat();
    let headers = Headers::from_pairs([("Content-Type", "multipart/form-data; boundary=x")]);
    let decoded =
        Upload::parse(&headers, body.into(), &Limits::default()).unwrap().decode(&Limits::default());
    let info = decoded.info.unwrap();
    assert_eq!((&info["runtime"]["name"], &info["runtime"]["id"]), (&"mine".into(), &1.into()));
    assert!(info["runtime"]["arguments"].as_str().unwrap().contains("dd-java-agent.jar"));
    assert_eq!(info["flags"], "none");
    assert_eq!(decoded.endpoint_counts.into_iter().collect::<Vec<_>>(), [("GET /".to_owned(), 7)]);
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
            .attachment("settings.json", "{}", Compression::None)
            .attachment("notes.txt", "nothing to see 5", Compression::None),
    );
    let profiles: Vec<&str> = decoded.profiles.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(profiles, ["auto", "recording"]);
    let undecoded: Vec<(&str, Content)> =
        decoded.undecoded.iter().map(|it| (it.file_name.as_str(), it.content)).collect();
    assert_eq!(
        undecoded,
        [("settings.json", Content::Json), ("notes.txt", Content::Unknown), ("execution", Content::GoTrace)]
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

#[test]
fn a_trace_beside_profiles_counts_nothing_twice() {
    let upload = fixtures::named("go-default-types-01").upload();
    let decoded = upload.decode(&Limits::default());
    assert!(decoded.profiles.iter().all(|(name, _)| name != "go.trace"));
    let traces = upload.decode_traces(&Limits::default());
    let [(name, trace)] = traces.profiles.as_slice() else { panic!("{} traces", traces.profiles.len()) };
    assert_eq!((name.as_str(), traces.problems.as_slice()), ("go.trace", &[][..]));
    let total = |name| trace.samples.total(trace.value_type_index(name).unwrap());
    assert!(total("goroutine-time") > 1_000_000_000 && total("cpu-samples") > 100);
    // It was taken within the period of the upload.
    let (start, end) = (upload.event.start.as_nanosecond(), upload.event.end.as_nanosecond());
    assert!((start..end).contains(&i128::from(trace.start_ns)));
    assert!(fixtures::named("go-02").upload().decode_traces(&Limits::default()).profiles.is_empty());
}

#[test]
fn a_trace_alone_is_read_as_a_profile() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/traces/go-1.22.trace");
    let trace = std::fs::read(path).unwrap();
    let built = builder().attachment("go.trace", trace, Compression::Zstd).build().unwrap();
    let upload = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap();
    let decoded = upload.decode(&Limits::default());
    assert_eq!(decoded.profiles.len(), 1);
    assert!(decoded.value_types().iter().any(|total| total.value_type.name == "off-cpu-time"));
    assert!(upload.decode_traces(&Limits::default()).profiles.is_empty());
    // Traces of Go 1.22 do not say when they were taken.
    let start_ns = i64::try_from(upload.event.start.as_nanosecond()).unwrap();
    let samples = &decoded.profiles[0].1.samples;
    let within = start_ns..=start_ns + decoded.profiles[0].1.duration_ns + 1;
    assert!(samples.timestamps_ns.iter().all(|time| within.contains(time)));
}

#[test]
fn the_profiles_of_an_upload_as_one_last_as_long_as_the_upload() {
    // Its CPU profile and its counters each have a start of their own, a minute apart.
    let upload = fixtures::named("go-02").upload();
    let mut decoded = upload.decode(&Limits::default());
    let starts: BTreeSet<i64> = decoded.profiles.iter().map(|(_, profile)| profile.start_ns).collect();
    assert!(decoded.profiles.len() > 1 && starts.len() > 1, "{starts:?}");
    let totals: Vec<_> =
        decoded.value_types().into_iter().map(|total| (total.value_type.name, total.total)).collect();
    let whole = decoded.take_whole(&upload.event).unwrap();
    assert_eq!(i128::from(whole.start_ns), upload.event.start.as_nanosecond());
    assert_eq!(u128::from(whole.duration_ns.unsigned_abs()), upload.event.duration().as_nanos());
    for (name, total) in totals {
        assert_eq!(whole.samples.total(whole.value_type_index(&name).unwrap()), total, "{name}");
    }
    assert!(decoded.profiles.is_empty());
    assert!(decoded.take_whole(&upload.event).is_none());
}
