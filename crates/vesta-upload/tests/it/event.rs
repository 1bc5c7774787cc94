//! `event.json` of all ages and moods.

use vesta_upload::{Headers, Limits, MultipartBuilder, Upload, UploadError};

pub(crate) const PERIOD: &str = r#""start":"2026-11-20T23:12:12Z","end":"2026-11-20T23:13:12Z""#;

pub(crate) fn parse(json: &str) -> Result<Upload, UploadError> {
    parse_with(json, &[])
}

pub(crate) fn parse_with(json: &str, headers: &[(&str, &str)]) -> Result<Upload, UploadError> {
    let built = MultipartBuilder::new().part("event", "event.json", None, json.to_owned()).build();
    let headers = Headers::new(built.content_type, headers.iter().copied());
    Upload::parse(&headers, built.body, &Limits::default())
}

#[track_caller]
fn check_error(json: &str, expected: &str) {
    assert_eq!(parse(json).unwrap_err().to_string(), format!("part event.json: {expected}"));
}

fn problems(upload: &Upload) -> Vec<String> {
    upload.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn times_are_read_with_any_precision() {
    let cases = [
        ("2026-11-20T23:12:12Z", 0),
        ("2026-11-20T23:12:12.7Z", 700_000_000),
        ("2026-11-20T23:12:12.709Z", 709_000_000),
        ("2026-11-20T23:12:12.7092335Z", 709_233_500),
        ("2026-11-20T23:12:12.709233528Z", 709_233_528),
        ("2026-11-21T01:12:12.709233528+02:00", 709_233_528),
        ("2026-11-20T23:12:12.709233528", 709_233_528),
    ];
    for (text, nanoseconds) in cases {
        let upload = parse(&format!(r#"{{"start":"{text}","end":"{text}"}}"#)).unwrap();
        assert_eq!(upload.event.start.as_second(), 1_795_216_332, "{text}");
        assert_eq!(upload.event.start.subsec_nanosecond(), nanoseconds, "{text}");
    }
}

#[test]
fn tags_split_at_commas_and_at_the_first_colon() {
    let upload = parse(&format!(
        r#"{{{PERIOD},"tags_profiler":"service:web, git.repository_url:https://host:80/a.git,canary,team:a,team:b,team:a,note:two words,:nokey,,empty:"}}"#
    ))
    .unwrap();
    assert_eq!(
        upload.event.tags.to_string(),
        "service:web,git.repository_url:https://host:80/a.git,canary,team:a,team:b,note:two words,empty"
    );
    assert_eq!(upload.tags.get("git.repository_url"), Some("https://host:80/a.git"));
    assert_eq!(upload.tags.get("team"), Some("a"));
    assert_eq!(upload.tags.get_all("team").collect::<Vec<_>>(), ["a", "b"]);
    assert!(upload.tags.contains_key("canary"));
    assert_eq!(upload.tags.get("canary"), None);
}

#[test]
fn tags_may_be_arrays_and_objects() {
    let upload = parse(&format!(
        r#"{{{PERIOD},"tags":["service:web","env:prod"],"profiler_tags":{{"team":"a","pid":7}},"process_tags":["a:b","c:d"]}}"#
    ))
    .unwrap();
    assert_eq!(upload.tags.to_sorted_strings(), ["env:prod", "pid:7", "service:web", "team:a"]);
    assert_eq!(upload.event.process_tags.to_string(), "a:b,c:d");
}

#[test]
fn optional_fields_may_be_null_missing_or_of_another_type() {
    let upload = parse(&format!(
        r#"{{{PERIOD},"tags_profiler":"service:a","endpoint_counts":null,"info":null,"process_tags":null,"version":4,
           "later_addition":{{"deep":[1,2]}},"custom_attributes":["user","tenant"]}}"#
    ))
    .unwrap();
    assert!(upload.event.endpoint_counts.is_empty() && upload.event.info.is_none());
    assert_eq!(upload.event.version, "4");
    assert_eq!(upload.event.custom_attributes, ["user", "tenant"]);
    assert_eq!(upload.event.extra["later_addition"]["deep"][1], 2);
    assert_eq!(problems(&upload), [""; 0]);

    let upload = parse(&format!(
        r#"{{{PERIOD},"tags_profiler":7,"endpoint_counts":{{"GET /":3,"bad":"x","less":-1}},"attachments":["a.pprof",5],"family":[]}}"#
    ))
    .unwrap();
    assert_eq!(upload.event.endpoint_counts.len(), 1);
    assert_eq!(
        problems(&upload),
        [
            "part event.json: `tags_profiler` must be a list of tags, but it is `7`; it was left out",
            "part event.json: `family` must be text, but it is `[]`; it was left out",
            "part event.json: 1 values of `attachments` are not text and were left out",
            "part event.json: 2 values of `endpoint_counts` are not counts and were left out",
            "part a.pprof: it is listed in event.json, but is not in the upload",
            "part event.json: no tag `service`: the upload is kept under `unnamed-service`",
        ]
    );
}

#[test]
fn an_event_that_cannot_be_placed_is_refused_with_the_field_at_fault() {
    check_error("{}", "the field `start` is missing");
    check_error(r#"{"start":"2026-11-20T23:12:12Z"}"#, "the field `end` is missing");
    check_error(r#"{"start":null}"#, "the field `start` is missing");
    check_error(
        r#"{"start":"yesterday"}"#,
        "the field `start` is `\"yesterday\"`, but it must be a time such as 2026-11-20T23:12:12.709Z",
    );
    check_error(
        r#"{"start":1795216332}"#,
        "the field `start` is `1795216332`, but it must be a time such as 2026-11-20T23:12:12.709Z",
    );
    check_error("[]", "it is JSON, but not an object");
    check_error("", "it is not readable JSON: EOF while parsing a value at line 1 column 0");
    check_error("{\"start\":", "it is not readable JSON: EOF while parsing a value at line 1 column 9");
}

#[test]
fn an_absurdly_deep_event_is_refused() {
    let deep = format!(r#"{{{PERIOD},"x":{}"#, "[".repeat(1_000_000));
    check_error(
        &deep,
        &format!(
            "it is not readable JSON: recursion limit exceeded at line 1 column {}",
            PERIOD.len() + 6 + 127
        ),
    );
}

#[test]
fn an_absurdly_large_event_is_refused() {
    let large = format!(r#"{{{PERIOD},"x":"{}"}}"#, "x".repeat(Limits::default().json));
    let error = parse(&large).unwrap_err();
    assert_eq!(error.part(), Some("event.json"));
    assert_eq!(
        error.to_string(),
        "part event.json: it cannot be decompressed: decompresses to more than 8388608 bytes"
    );
}

#[test]
fn absurdly_many_tags_are_cut() {
    let tags: Vec<String> = (0..100_000).map(|number| format!("t{number}:v")).collect();
    let upload = parse(&format!(r#"{{{PERIOD},"tags_profiler":"service:a,{}"}}"#, tags.join(","))).unwrap();
    assert_eq!(upload.tags.len(), 1_000);
    assert_eq!(
        problems(&upload),
        [
            "part event.json: 99001 tags of `tags_profiler` were left out: at most 1000 are kept, of at most 4096 bytes each"
        ]
    );
}

#[test]
fn absurdly_long_tags_and_lists_of_attachments_are_cut() {
    let long = "x".repeat(5_000);
    let names: Vec<String> = (0..10_000).map(|number| format!("\"{number}{long:.200}\"")).collect();
    let json = format!(
        r#"{{{PERIOD},"tags_profiler":"service:a,long:{long}","attachments":[{}]}}"#,
        names.join(",")
    );
    let upload = parse(&json).unwrap();
    assert_eq!(upload.tags.len(), 1);
    assert_eq!(upload.problems.len(), 11);
    assert!(upload.problems.iter().all(|problem| problem.to_string().len() < 200));
}

#[test]
fn strange_clocks_are_kept_and_noted() {
    let mut upload =
        parse(r#"{"start":"2026-11-20T23:13:12Z","end":"2026-11-20T23:12:12Z","tags_profiler":"service:a"}"#)
            .unwrap();
    assert_eq!(upload.event.duration(), std::time::Duration::ZERO);
    upload.compare_clock("2026-11-20T23:13:00Z".parse().unwrap());
    assert_eq!(upload.problems.len(), 1);
    upload.compare_clock("2026-11-20T20:13:00Z".parse().unwrap());
    assert_eq!(
        problems(&upload),
        [
            "part event.json: `end` (2026-11-20T23:12:12Z) is before `start` (2026-11-20T23:13:12Z): the clock was set back",
            "part event.json: `start` is 3 hours after the time of receipt: check the clock of the sender",
        ]
    );
}

#[test]
fn the_event_may_be_compressed_or_start_with_a_byte_order_mark() {
    let json = format!("\u{feff}{{{PERIOD},\"family\":\"Go\"}}");
    let compressed = vesta_formats::compression::compress_gzip(json.as_bytes()).unwrap();
    let built = MultipartBuilder::new().part("event", "event.json", None, compressed).build();
    let upload = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap();
    assert_eq!(upload.event.family, "go");
}

#[test]
fn an_upload_without_an_event_is_refused_with_its_parts() {
    let built = MultipartBuilder::new().part("cpu", "cpu.pprof", None, "x").build();
    let error = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no part is named event.json (the parts are: cpu.pprof); it must say `start`, `end` and `tags_profiler`"
    );
}

#[test]
fn the_format_from_before_2021_is_refused_by_name() {
    let built = MultipartBuilder::new()
        .part("recording-start", "", None, "2020-01-01T00:00:00Z")
        .part("types[0]", "", None, "cpu")
        .part("data[0]", "cpu.pprof", None, "x")
        .build();
    let error = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this is the upload format from before 2021 (it has a part recording-start and no event.json), which is not \
         supported; update the client library"
    );
}
