//! Uploads that are written can be read.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_upload::{
    BuildError, Compression, Limits, MultipartBuilder, Tag, Upload, UploadBuilder, multipart,
};

fn profile() -> Profile {
    let mut profile =
        Profile::new(vec![ValueType::new("cpu", "nanoseconds"), ValueType::new("wall", "nanoseconds")]);
    let name = profile.strings.intern("main");
    let frame = profile.frames.intern(Frame { function: name, ..Frame::default() });
    let stack = profile.stacks.intern(&[frame]);
    profile.samples.push(Sample { stack, values: &[3, 5], ..Sample::default() });
    profile.samples.push(Sample { stack, values: &[4, 6], timestamp_ns: 17, ..Sample::default() });
    profile
}

fn builder() -> UploadBuilder {
    let start: Timestamp = "2026-11-20T23:12:12.5Z".parse().unwrap();
    let end: Timestamp = "2026-11-20T23:13:12.123456789Z".parse().unwrap();
    UploadBuilder::new("go", start, end)
}

#[test]
fn an_upload_that_was_written_is_read_back_in_full() {
    for compression in [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Lz4] {
        let built = builder()
            .service("shop")
            .tag("env", "prod")
            .tags([Tag::parse("git.repository_url:https://a/b").unwrap(), Tag::parse("canary").unwrap()])
            .process_tags([Tag::parse("entrypoint.name:app").unwrap()])
            .endpoint_counts([("GET /", 7), ("POST /", 8)])
            .field("info", json!({"profiler": {"version": "1"}}))
            .field("custom", json!([1]))
            .metrics([("rss", 1.5)])
            .profile("cpu.pprof", &profile(), compression)
            .attachment("odd \"name\" \\ \u{e9}.bin", vec![0, 1, 2], Compression::None)
            .build()
            .unwrap();
        let upload = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap();
        assert_eq!(upload.problems, []);
        assert_eq!(upload.event.start.to_string(), "2026-11-20T23:12:12.5Z");
        assert_eq!(upload.event.end.to_string(), "2026-11-20T23:13:12.123456789Z");
        assert_eq!(upload.tags.to_string(), "service:shop,env:prod,git.repository_url:https://a/b,canary");
        assert_eq!(upload.event.process_tags.to_string(), "entrypoint.name:app");
        assert_eq!(upload.event.endpoint_counts["POST /"], 8);
        assert_eq!(upload.event.info.as_ref().unwrap()["profiler"]["version"], "1");
        assert_eq!(upload.event.extra["custom"][0], 1);
        assert_eq!(upload.attachment("odd \"name\" \\ \u{e9}.bin").unwrap().data, [0, 1, 2].as_slice());
        let decoded = upload.decode(&Limits::default());
        assert_eq!(decoded.problems, []);
        assert_eq!(decoded.metrics, [("rss".to_owned(), 1.5)]);
        let totals: Vec<(String, i64)> = decoded
            .value_types()
            .into_iter()
            .map(|total| (total.value_type.name.into_owned(), total.total))
            .collect();
        assert_eq!(totals, [("cpu-time".to_owned(), 7), ("wall-time".to_owned(), 11)]);
    }
}

#[test]
fn the_same_upload_is_written_in_the_same_bytes() {
    let write = |service: &str| {
        builder().service(service).profile("cpu.pprof", &profile(), Compression::Gzip).build().unwrap()
    };
    assert_eq!(write("a").body, write("a").body);
    assert_eq!(write("a").content_type, write("a").content_type);
    assert_ne!(write("a").content_type, write("b").content_type);
}

#[test]
fn parts_that_hold_boundaries_come_back_whole() {
    let inner = MultipartBuilder::new().part("a", "a.bin", None, "content").build();
    let boundary = inner.content_type.split_once("boundary=").unwrap().1.to_owned();
    let tricky = format!("--{boundary}\r\n\r\n--{boundary}--\r\n");
    let outer = MultipartBuilder::new()
        .part("inner", "inner", None, inner.body.clone())
        .part("tricky", "tricky", Some("text/plain"), tricky.clone())
        .part("line break\r\nX: y", "f", None, Bytes::new())
        .build();
    let parts = multipart::read(&outer.content_type, &outer.body, &Limits::default()).unwrap();
    assert_eq!(parts.len(), 3);
    assert_eq!(parts[0].data, inner.body);
    assert_eq!(parts[1].data, tricky);
    assert_eq!(parts[2].name, "line breakX: y");
}

#[test]
fn a_tag_that_the_format_cannot_carry_is_refused() {
    let error = builder().tag("note", "a,b").build().unwrap_err();
    assert!(matches!(&error, BuildError::CommaInTag(tag) if tag.key == "note"));
    assert_eq!(
        error.to_string(),
        "the tag `note:a,b` has a comma in it, which the upload format cannot carry"
    );
}
