//! Uploads as messages of OpenTelemetry, and messages as uploads.

use crate::fixtures;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::BTreeMap;
use vesta_formats::otlp::{Resource, split};
use vesta_profile::{Frame, Label, LabelValue, Mapping, Profile, Sample, StackId, ValueType};
use vesta_upload::file::{self, About, Contents};
use vesta_upload::{Built, Compression, DecodedUpload, Limits, Tag, Tags, Upload, UploadBuilder, otlp};

fn parsed(built: &Built) -> Upload {
    Upload::parse(&built.headers(), built.body.clone(), &Limits::default()).unwrap()
}

/// The upload that a receiver makes of a message about one process.
fn received(message: &[u8]) -> Upload {
    let mut parts = split(message, &vesta_formats::Limits::default()).unwrap().parts;
    assert_eq!(parts.len(), 1);
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    parsed(&otlp::upload(parts.remove(0), now).build().unwrap())
}

fn decoded(upload: &Upload) -> DecodedUpload {
    let decoded = upload.decode(&Limits::default());
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded
}

/// Of each value type, what was spent in each stack, with everything that is known of its frames and samples.
fn spent(decoded: &DecodedUpload) -> BTreeMap<String, BTreeMap<String, i64>> {
    let mut all: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for (_, profile) in &decoded.profiles {
        let samples = &profile.samples;
        for (value_type, column) in profile.value_types.iter().zip(&samples.values) {
            let canonical = value_type.canonical();
            let of_type = all.entry(format!("{} {}", canonical.name, canonical.unit.as_str())).or_default();
            for (row, &value) in column.iter().enumerate().filter(|(_, value)| **value != 0) {
                let at = |times: &[i64]| times.get(row).copied().unwrap_or_default();
                let number = |numbers: &[u64]| numbers.get(row).copied().unwrap_or_default();
                let trace = samples.trace_ids.get(row).map_or("", |id| profile.strings.get(*id));
                let key = format!(
                    "{} {:?} {} {} {} {trace:0>32}",
                    frames(profile, samples.stacks[row]),
                    labels(profile, row),
                    at(&samples.timestamps_ns),
                    number(&samples.span_ids),
                    number(&samples.local_root_span_ids),
                );
                *of_type.entry(key).or_default() += canonical.scaled(value);
            }
        }
    }
    all.retain(|_, stacks| !stacks.is_empty());
    all
}

fn frames(profile: &Profile, stack: StackId) -> String {
    let text = |id| profile.strings.get(id);
    let frame = |frame: Frame| {
        format!(
            "{}|{}|{}:{}|{}|{}|{:x}|{}",
            text(frame.function),
            text(frame.system_name),
            text(frame.file),
            frame.line,
            text(frame.module),
            text(frame.build_id),
            frame.address,
            frame.inlined
        )
    };
    profile.stacks.get(stack).iter().map(|id| frame(profile.frames.get(*id))).collect::<Vec<_>>().join(";")
}

fn labels(profile: &Profile, row: usize) -> Vec<String> {
    let text = |id| profile.strings.get(id);
    let label = |label: &Label| match label.value {
        LabelValue::Text(value) => format!("{}={}", text(label.key), text(value)),
        LabelValue::Number(value, unit) => format!("{}={value} {}", text(label.key), text(unit)),
    };
    let mut labels: Vec<String> =
        profile.label_sets.get(profile.samples.labels[row]).iter().map(label).collect();
    labels.sort();
    labels
}

#[test]
fn an_upload_of_every_client_is_the_same_after_it_went_as_a_message() {
    let mut compared = 0;
    for fixture in fixtures::all() {
        let name = &fixture.name;
        let upload = fixture.upload();
        let sent = upload.decode(&Limits::default());
        if sent.profiles.is_empty() {
            continue;
        }
        let again = received(&otlp::message_of_upload(&upload, &Limits::default()));
        let got = decoded(&again);
        let totals = |decoded: &DecodedUpload| -> BTreeMap<String, i64> {
            decoded.value_types().into_iter().map(|it| (it.value_type.name.into_owned(), it.total)).collect()
        };
        assert_eq!(totals(&got), totals(&sent), "{name}");
        let (one, other) = (spent(&sent), spent(&got));
        for (value_type, stacks) in &one {
            for (stack, value) in stacks {
                assert_eq!(other[value_type].get(stack), Some(value), "{name} {value_type}: {stack}");
            }
            assert_eq!(other[value_type].len(), stacks.len(), "{name} {value_type}");
        }
        assert_eq!(again.identity, upload.identity, "{name}");
        assert_eq!((again.event.start, again.event.end), (upload.event.start, upload.event.end), "{name}");
        for tag in &upload.tags {
            let values: Vec<&str> = again.tags.get_all(&tag.key).collect();
            assert!(values.concat().contains(&tag.value), "{name}: {tag} is not in {values:?}");
        }
        compared += 1;
    }
    assert!(compared >= 11, "only {compared} have profiles");
}

/// What the native profiler sees: user code with and without names, code of the kernel, inlined functions, allocations.
fn native() -> Profile {
    let types = [
        ("cpu-time", "nanoseconds"),
        ("cpu-samples", "count"),
        ("off-cpu-time", "nanoseconds"),
        ("wall-time", "nanoseconds"),
        ("alloc-space", "bytes"),
        ("alloc-samples", "count"),
        ("inuse-space", "bytes"),
        ("inuse-objects", "count"),
        ("lock-acquire-wait", "nanoseconds"),
        ("lock-acquire", "count"),
        ("tracepoint", "count"),
    ];
    let mut profile = Profile::new(types.map(|(name, unit)| ValueType::new(name, unit)).to_vec());
    (profile.start_ns, profile.duration_ns) = (1_800_000_000_000_000_000, 59_000_000_000);
    let mut text = |text: &str| profile.strings.intern(text);
    let (web, build_id) = (text("/usr/bin/web"), text("c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"));
    let (kernel, hot, inner, file) = (text("[kernel.kallsyms]"), text("hot"), text("inner"), text("web.c"));
    let (write, process, sed) = (text("ksys_write"), text("process_name"), text("sed"));
    let (pid, thread) = (text("process_id"), text("thread id"));
    let mapping =
        Mapping { module: web, build_id, start: 0x5500_0000_0000, limit: 0x5500_0010_0000, offset: 0x1000 };
    assert!(profile.mappings.add(mapping));
    let in_web = Frame { module: web, build_id, ..Frame::default() };
    let frames = [
        Frame { function: write, module: kernel, ..Frame::default() },
        Frame { function: inner, file, line: 7, inlined: true, ..in_web },
        Frame { function: hot, file, line: 9, ..in_web },
        Frame { address: 0x2340, ..in_web },
    ];
    let frames = frames.map(|frame| profile.frames.intern(frame));
    let stacks = [&frames[..], &frames[1..], &frames[3..], &[]].map(|stack| profile.stacks.intern(stack));
    let number = |number| LabelValue::Number(number, vesta_profile::StringId::EMPTY);
    let labels = profile.label_sets.intern(&[
        Label { key: pid, value: number(4711) },
        Label { key: process, value: LabelValue::Text(sed) },
        Label { key: thread, value: number(4712) },
    ]);
    for (index, &stack) in stacks.iter().enumerate() {
        let index = i64::try_from(index).unwrap();
        let cpu = [10_101_010, 1, 0, 10_101_010, 0, 0, 0, 0, 0, 0, 0];
        let timestamp_ns = profile.start_ns + 1_000 * (index + 1);
        profile.samples.push(Sample { stack, values: &cpu, labels, timestamp_ns, ..Sample::default() });
        let off = [0, 0, 33 + index, 33 + index, 0, 0, 0, 0, 0, 0, 0];
        profile.samples.push(Sample {
            stack,
            values: &off,
            labels,
            timestamp_ns: timestamp_ns + 5,
            ..Sample::default()
        });
        let heap = [0, 0, 0, 0, 524_288, 3, 1_024 * index, index, 0, 0, 0];
        profile.samples.push(Sample { stack, values: &heap, labels, ..Sample::default() });
        let others = [0, 0, 0, 0, 0, 0, 0, 0, 77, 2, index];
        profile.samples.push(Sample { stack, values: &others, ..Sample::default() });
    }
    profile
}

fn tags_of_native() -> Tags {
    let list = "service:team/web,env:prod,version:1.2,host:node-1,runtime-id:5e1f,process_id:4711,container_id:deadbeef,\
                language:native,runtime:native,profiler_version:0.0.0,team:shop,team:payments,canary,remote_symbols:yes";
    Tags::parse(list)
}

#[test]
fn a_native_profile_is_received_as_if_it_were_an_upload() {
    let (profile, tags) = (native(), tags_of_native());
    let end = profile.start_ns + profile.duration_ns;
    let time = |ns: i64| Timestamp::from_nanosecond(i128::from(ns)).unwrap();
    let upload = UploadBuilder::new("native", time(profile.start_ns), time(end))
        .tags(tags.iter().cloned())
        .profile("profile.pprof", &profile, Compression::Zstd);
    let upload = parsed(&upload.build().unwrap());
    let message = otlp::message("native", &tags, &profile);
    let received = received(&message);
    let (sent, got) = (decoded(&upload), decoded(&received));
    assert_eq!(spent(&got), spent(&sent));
    assert_eq!(spent(&got).len(), profile.value_types.len());
    assert_eq!(received.identity, upload.identity);
    assert_eq!((received.event.start, received.event.end), (upload.event.start, upload.event.end));
    let mappings = |decoded: &DecodedUpload| decoded.profiles[0].1.mappings.as_slice().len();
    assert_eq!(mappings(&got), mappings(&sent));
    for tag in
        ["process_id:4711", "container_id:deadbeef", "canary", "remote_symbols:yes", "team:shop;payments"]
    {
        assert!(received.tags.to_sorted_strings().contains(&tag.to_owned()), "{tag}: {}", received.tags);
    }
}

#[test]
fn a_process_has_the_attributes_that_opentelemetry_has_for_it() {
    let message = otlp::message("native", &tags_of_native(), &native());
    let part = split(&message, &vesta_formats::Limits::default()).unwrap().parts.remove(0);
    let resource: &Resource = &part.resource;
    for (key, value) in [
        ("service.name", "team/web"),
        ("service.version", "1.2"),
        ("service.instance.id", "5e1f"),
        ("deployment.environment.name", "prod"),
        ("host.name", "node-1"),
        ("container.id", "deadbeef"),
        ("process.pid", "4711"),
        ("telemetry.sdk.name", "vesta"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
        ("team", "shop,payments"),
    ] {
        assert_eq!(resource.get(key), Some(value), "{key}: {resource:?}");
    }
    assert_eq!(resource.get("service"), None, "under one name");
    assert_eq!((part.scope.as_str(), part.profiles), ("vesta", native().value_types.len()));
    // An integer, as the conventions have it: field 3 of the value, after the key.
    let pid = b"\x0a\x0bprocess.pid\x12\x03\x18\xe7\x24";
    assert!(message.windows(pid.len()).any(|bytes| bytes == pid));
}

fn file_of(name: &str) -> Bytes {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/otlp");
    std::fs::read(format!("{folder}/{name}")).unwrap().into()
}

/// The uploads that a file becomes.
fn imported(name: &str, bytes: &Bytes, about: &About) -> Vec<Upload> {
    let read = file::read(name, bytes, &Limits::default()).unwrap();
    let Contents::Profile(profile) = read.contents else { panic!("{name} is an upload") };
    let otherwise = Timestamp::from_second(1_700_000_000).unwrap();
    let built = file::envelopes(name, bytes, &profile, about, otherwise).unwrap();
    built.iter().map(parsed).collect()
}

#[test]
fn a_file_of_one_process_is_imported_as_that_process() {
    let bytes: Bytes = otlp::message("native", &tags_of_native(), &native()).into();
    let uploads = imported("x.otlp", &bytes, &About::default());
    let [upload] = uploads.as_slice() else { panic!("{} uploads", uploads.len()) };
    assert_eq!((upload.identity.service.as_str(), upload.identity.env.as_str()), ("team/web", "prod"));
    assert_eq!((upload.identity.version.as_str(), upload.identity.host.as_str()), ("1.2", "node-1"));
    assert_eq!(
        (upload.identity.language.as_str(), upload.tags.get("container_id")),
        ("native", Some("deadbeef"))
    );
    assert_eq!(upload.attachments().next().unwrap().file_name(), "x.otlp");
    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    let tags = vec![tag("service", "mine"), tag("team", "other")];
    let about = About { tags, language: Some("go".to_owned()), ..About::default() };
    let upload = imported("x.otlp", &bytes, &about).remove(0);
    assert_eq!((upload.identity.service.as_str(), upload.identity.language.as_str()), ("mine", "go"));
    assert_eq!((upload.tags.get("service.name"), upload.tags.get("team")), (None, Some("other")));
    assert_eq!(upload.identity.env, "prod");
}

#[test]
fn a_file_of_many_processes_is_imported_as_an_upload_of_each() {
    for name in ["1.10.otlp", "1.10.json", "1.7.otlp"] {
        let bytes = file_of(name);
        let uploads = imported(name, &bytes, &About::default());
        let mut services: Vec<&str> = uploads.iter().map(|upload| upload.identity.service.as_str()).collect();
        services.sort_unstable();
        assert_eq!(services, ["checkout", "envoy", "java", "sh"], "{name}");
        assert!(uploads.iter().all(|upload| !decoded(upload).profiles.is_empty()), "{name}");
    }
    // What is opened to be looked at is one profile.
    let bytes = file_of("1.10.otlp");
    let read = file::read("1.10.otlp", &bytes, &Limits::default()).unwrap();
    let Contents::Profile(profile) = read.contents else { panic!("an upload") };
    let built = file::envelope("host.otlp", &bytes, &profile, &About::default(), Timestamp::UNIX_EPOCH);
    assert_eq!(parsed(&built.unwrap()).identity.service, "host");
}

#[test]
fn a_file_that_says_nothing_of_its_process_has_the_name_of_the_file() {
    let bytes: Bytes = vesta_formats::otlp::encode(&native(), []).into();
    let upload = imported("checkout.otlp", &bytes, &About::default()).remove(0);
    assert_eq!(upload.identity.service, "checkout");
}
