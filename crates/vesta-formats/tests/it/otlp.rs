//! OpenTelemetry profiles: messages that other implementations wrote, and messages meant to do harm.

use crate::hostile::{Random, assert_peak_below, check_ids, damage};
use crate::message::Message;
use crate::support::pprofs;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use vesta_formats::otlp::{self, OtlpError};
use vesta_formats::{Format, Limits, decode_file, detect, pprof};
use vesta_profile::{LabelValue, Profile, StackId};

const RELEASES: [&str; 4] = ["1.7", "1.8", "1.9", "1.10"];

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/otlp"));
    std::fs::read(folder.join(name)).unwrap()
}

fn decode(bytes: &[u8]) -> Profile {
    let decoded = otlp::decode(bytes, &Limits::default()).unwrap();
    assert_eq!(decoded.problems, []);
    check_ids(&decoded);
    decoded.profile
}

/// The name of the frame where a stack ends, or its place in a file.
fn leaf(profile: &Profile, stack: StackId) -> String {
    let Some(&frame) = profile.stacks.get(stack).first() else { return String::new() };
    let frame = profile.frames.get(frame);
    match profile.strings.get(frame.function) {
        "" => format!("{:#x}", frame.address),
        name => name.to_owned(),
    }
}

/// `cpu main` and the like, with the sum.
fn leaves(profile: &Profile) -> BTreeMap<String, i64> {
    let mut leaves = BTreeMap::new();
    for (kind, name) in [("cpu", "cpu-samples"), ("off_cpu", "off_cpu"), ("heap", "inuse_space")] {
        let column = profile.value_type_index(name).unwrap();
        for (stack, value) in profile.samples.stacks.iter().zip(&profile.samples.values[column]) {
            if *value != 0 {
                *leaves.entry(format!("{kind} {}", leaf(profile, *stack))).or_default() += value;
            }
        }
    }
    leaves
}

/// Labels of a sample as text.
fn labels(profile: &Profile, row: usize) -> BTreeMap<&str, String> {
    let text = |value| match value {
        LabelValue::Text(text) => profile.strings.get(text).to_owned(),
        LabelValue::Number(number, _) => number.to_string(),
    };
    let set = profile.label_sets.get(profile.samples.labels[row]);
    set.iter().map(|label| (profile.strings.get(label.key), text(label.value))).collect()
}

#[test]
fn messages_of_every_release_hold_what_was_put_into_them() {
    let expected: Value = serde_json::from_slice(&fixture("expected.json")).unwrap();
    let expected: BTreeMap<String, i64> = serde_json::from_value(expected["leaves"].clone()).unwrap();
    for release in RELEASES {
        let profile = decode(&fixture(&format!("{release}.otlp")));
        assert_eq!(leaves(&profile), expected, "release {release}");
        let names: Vec<&str> = profile.value_types.iter().map(|known| known.name.as_str()).collect();
        assert_eq!(names, ["cpu-samples", "off_cpu", "inuse_space", "cpu-time"], "release {release}");
        assert_eq!(profile.samples.total(3), 10 * 50_000_000, "ten samples, 50 ms each, in {release}");
        assert_eq!(profile.start_ns, 1_795_000_000_000_000_000);
        assert_eq!(profile.duration_ns, 10_000_000_000);
        assert_eq!(profile.period.as_ref().unwrap().value, 50_000_000);
    }
}

#[test]
fn threads_spans_processes_and_times_of_samples_are_kept() {
    for release in RELEASES {
        let profile = decode(&fixture(&format!("{release}.otlp")));
        let samples = &profile.samples;
        let first = labels(&profile, 0);
        assert_eq!(first["thread name"], "worker", "{release}");
        assert_eq!(first["thread id"], "7");
        assert_eq!(first["service.name"], "checkout", "several processes in one profile are told apart");
        assert_eq!(first["process.pid"], "10");
        assert_eq!(
            samples.timestamps_ns[..3],
            [1, 2, 3].map(|second| 1_795_000_000_000_000_000 + second * 1_000_000_000)
        );
        assert_eq!(samples.span_ids[0], 0xb7ad_6b71_6920_3331);
        assert_eq!(profile.strings.get(samples.trace_ids[0]), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(samples.span_ids[3], 0, "{release}: no link");
        let java =
            (0..samples.len()).find(|row| leaf(&profile, samples.stacks[*row]).starts_with("java")).unwrap();
        assert_eq!(labels(&profile, java)["process.pid"], "30");
        assert_eq!(labels(&profile, java)["container.id"], "deadbeef");
    }
}

#[test]
fn native_frames_keep_module_build_id_and_place_in_the_file() {
    for release in RELEASES {
        let profile = decode(&fixture(&format!("{release}.otlp")));
        let text = |id| profile.strings.get(id);
        let frames = profile.frames.as_slice();
        let native: Vec<_> = frames
            .iter()
            .filter(|frame| text(frame.function).is_empty())
            .map(|frame| (text(frame.module), text(frame.build_id), frame.address))
            .collect();
        let expected = [
            ("libc.so.6", "0123456789abcdef0123456789abcdef01234567", 0x26abc),
            // The address less the start of the mapping, plus its offset in the file.
            ("checkout", "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00", 0x2000),
        ];
        assert_eq!(native, expected, "{release}");
        let kernel = frames.iter().find(|frame| text(frame.function) == "nft_do_chain").unwrap();
        assert_eq!(text(kernel.module), "nf_tables.ko", "code of the kernel can be told from other code");
    }
}

#[test]
fn json_says_the_same_as_the_binary_form() {
    let json = fixture("1.10.json");
    let binary = otlp::from_json(&json, &Limits::default()).unwrap();
    let (profile, other) = (decode(&json), decode(&fixture("1.10.otlp")));
    assert_eq!(leaves(&profile), leaves(&other));
    assert_eq!(profile.samples.span_ids, other.samples.span_ids);
    assert_eq!(profile.samples.timestamps_ns, other.samples.timestamps_ns);
    assert_eq!(otlp::split(&binary, &Limits::default()).unwrap().parts.len(), 4);
    let snake = String::from_utf8(json).unwrap().replace("resourceProfiles", "resource_profiles");
    assert_eq!(leaves(&decode(snake.as_bytes())), leaves(&other), "names as in the definition are read too");
}

#[test]
fn json_that_is_not_of_the_form_is_an_error_that_says_what_was_expected() {
    let error = |json: &str| otlp::from_json(json.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert!(error(r#"{"resourceProfiles":7}"#).contains("expected an array"));
    assert!(error(r#"{"dictionary":{"linkTable":[{"traceId":"xyz"}]}}"#).contains("an id in hexadecimal"));
    assert!(error(r#"{"dictionary":{"stackTable":[{"locationIndices":["a"]}]}}"#).contains("a number"));
    assert!(error(r#"{"dictionary":{"#).contains("EOF"));
    assert!(error(r#"{"dictionary":{"attributeTable":[{"value":"#).contains("EOF"));
    let deep = format!(
        "{{\"dictionary\":{{\"attributeTable\":[{}",
        r#"{"value":"#.to_owned() + &r#"{"arrayValue":{"values":["#.repeat(100_000)
    );
    assert!(error(&deep).contains("recursion limit"), "depth is bounded");
    let nulls =
        r#"{"dictionary":{"stringTable":[""],"unknown":{"a":[1]},"linkTable":null},"resourceProfiles":null}"#;
    assert!(otlp::from_json(nulls.as_bytes(), &Limits::default()).is_ok());
}

#[test]
fn a_message_is_split_into_one_per_process() {
    for release in RELEASES {
        let bytes = fixture(&format!("{release}.otlp"));
        let split = otlp::split(&bytes, &Limits::default()).unwrap();
        assert_eq!(split.profiles, 5, "{release}");
        let names: Vec<_> =
            split.parts.iter().map(|part| part.resource.get("process.executable.name").unwrap()).collect();
        assert_eq!(names, ["python3", "sh", "java", "envoy"], "{release}");
        let java = &split.parts[2];
        assert_eq!(java.resource.get("process.pid"), Some("30"));
        assert_eq!(java.resource.get("container.id"), Some("deadbeef"), "of the resource");
        assert_eq!(java.frame_types, [("jvm".to_owned(), 1), ("native".to_owned(), 1)].into());
        assert_eq!(split.parts[3].frame_types, [("native".to_owned(), 1)].into(), "none of another process");
        assert_eq!(java.scope, "generate.py");
        assert_eq!((java.start_ns, java.end_ns - java.start_ns), (1_795_000_000_000_000_000, 10_000_000_000));
        assert_eq!(split.parts[0].profiles, 3);

        let parts: Vec<Profile> = split.parts.iter().map(|part| decode(&part.bytes)).collect();
        assert!(!labels(&parts[0], 0).contains_key("service.name"), "the process is the only one");
        let mut sum = BTreeMap::new();
        for part in &parts {
            for column in 0..part.value_types.len() {
                *sum.entry(part.value_types[column].name.clone()).or_default() += part.samples.total(column);
            }
        }
        let whole = decode(&bytes);
        let expected: BTreeMap<String, i64> = (0..whole.value_types.len())
            .map(|column| (whole.value_types[column].name.clone(), whole.samples.total(column)))
            .collect();
        assert_eq!(sum, expected, "{release}: nothing is lost");
        assert_eq!(parts[1].frames.len(), 1, "the dictionary has what the part needs");
        assert!(!split.parts[1].bytes.windows(9).any(|window| window == b"libc.so.6"), "{release}");

        let again = otlp::split(&bytes, &Limits::default()).unwrap();
        let same = |(one, other): (&otlp::Part, &otlp::Part)| one.bytes == other.bytes;
        assert!(split.parts.iter().zip(&again.parts).all(same), "a message sent again is split the same");
    }
}

#[test]
fn a_part_that_is_split_again_stays_as_it_is() {
    for release in RELEASES {
        for part in otlp::split(&fixture(&format!("{release}.otlp")), &Limits::default()).unwrap().parts {
            let again = otlp::split(&part.bytes, &Limits::default()).unwrap();
            assert_eq!(again.parts.len(), 1);
            assert!(again.parts[0].bytes == part.bytes, "{release}");
        }
    }
}

#[test]
fn a_request_of_the_ebpf_profiler_is_read_whole() {
    let bytes = fixture("ebpf-profiler.otlp");
    let profile = decode(&bytes);
    let totals = |profile: &Profile| -> Vec<(String, i64)> {
        let types = profile.value_types.iter().enumerate();
        types.map(|(column, known)| (known.name.clone(), profile.samples.total(column))).collect()
    };
    let of =
        |samples: i64| [("cpu-samples".to_owned(), samples), ("cpu-time".to_owned(), samples * 100_000_000)];
    assert_eq!(totals(&profile), of(23));
    let split = otlp::split(&bytes, &Limits::default()).unwrap();
    let [native, python] = split.parts.as_slice() else { panic!("two processes") };
    assert_eq!(native.resource.get("process.executable.path"), Some("/srv/shop/shop"));
    assert_eq!(python.resource.get("process.environment_variable.OTEL_SERVICE_NAME"), Some("orders"));
    assert!(python.frame_types["cpython"] > 0 && !native.frame_types.contains_key("cpython"));

    let native = decode(&native.bytes);
    assert_eq!(totals(&native), of(11));
    let text = |id| native.strings.get(id);
    let own = native.frames.as_slice().iter().filter(|frame| text(frame.module) == "shop");
    let own: Vec<_> = own.map(|frame| (text(frame.function), text(frame.build_id), frame.address)).collect();
    let build_id = "43358d7acf89fe3c4438fdc5f62c1d9821487ddf";
    assert!(own.len() >= 3 && own.iter().all(|frame| frame.0.is_empty() && frame.1 == build_id), "{own:?}");
    assert!(own.iter().all(|frame| (0x1000..0x4000).contains(&frame.2)), "places in the file: {own:?}");
    assert_eq!(labels(&native, 0)["thread name"], "shop");

    let python = decode(&python.bytes);
    assert_eq!(totals(&python), of(12));
    let leaves = python.samples.stacks.iter().map(|stack| leaf(&python, *stack));
    assert_eq!(leaves.filter(|leaf| leaf == "price_item.<locals>.<genexpr>").count(), 6);
}

#[test]
fn fields_that_are_not_known_survive_the_split() {
    let note = |number: u64| Message::new().text(number, "from the future");
    let sample = Message::new().number(1, 1).packed(4, &[3]).message(900, note(1));
    let profile = Message::new().message(1, Message::new()).message(2, sample).message(901, note(1));
    let scope = Message::new().message(2, profile).number(902, 77);
    let resource = Message::new().message(2, scope).text(903, "resource");
    let location = Message::new().number(2, 16).text(904, "location");
    let dictionary = Message::new()
        .message(1, Message::new())
        .message(2, Message::new())
        .message(2, Message::new())
        .message(2, location)
        .text(5, "")
        .message(7, Message::new())
        .message(7, Message::new().packed(1, &[2]))
        .text(905, "dictionary");
    let message = Message::new().message(1, resource).message(2, dictionary);
    let split = otlp::split(&message.0, &Limits::default()).unwrap();
    let [part] = split.parts.as_slice() else { panic!("one process") };
    for field in 900_u64..=905 {
        let kind = u64::from(field != 902) * 2;
        let tag = field << 3 | kind;
        let wanted = [(tag & 0x7f) as u8 | 0x80, (tag >> 7) as u8];
        assert!(part.bytes.windows(2).any(|window| window == wanted), "field {field} is lost");
    }
    assert_eq!(decode(&part.bytes).samples.total(0), 3);
}

#[test]
fn every_pprof_of_the_fixtures_reads_back_after_it_was_written_as_otlp() {
    for fixture in pprofs() {
        let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
        let bytes = otlp::encode(&profile, [("service.name", "shop")]);
        assert!(bytes == otlp::encode(&profile, [("service.name", "shop")]), "written in two ways");
        let again = decode(&bytes);
        for (column, value_type) in profile.value_types.iter().enumerate() {
            let found = again.value_types.iter().position(|known| known == value_type).or_else(|| {
                // Samples that come with a period of CPU time are samples on a CPU.
                again.value_types.iter().position(|known| known.name == "cpu-samples")
            });
            let total = profile.samples.total(column);
            match found {
                Some(found) => {
                    assert_eq!(again.samples.total(found), total, "{} {value_type:?}", fixture.name);
                }
                None => panic!("{} has no {value_type:?}", fixture.name),
            }
        }
        let part = &otlp::split(&bytes, &Limits::default()).unwrap().parts[0];
        assert_eq!(part.resource.get("service.name"), Some("shop"));
        let stacks = |profile: &Profile| {
            let mut stacks: Vec<Vec<String>> = Vec::new();
            let used = profile.samples.stacks.iter().collect::<std::collections::HashSet<_>>();
            for stack in used {
                let name = |frame: &vesta_profile::FrameId| {
                    let frame = profile.frames.get(*frame);
                    let text = |id| profile.strings.get(id);
                    format!(
                        "{} {} {} {} {} {} {} {} {}",
                        text(frame.function),
                        text(frame.system_name),
                        text(frame.file),
                        frame.line,
                        frame.start_line,
                        text(frame.module),
                        text(frame.build_id),
                        frame.address,
                        frame.inlined
                    )
                };
                stacks.push(profile.stacks.get(*stack).iter().map(name).collect());
            }
            stacks.sort_unstable();
            stacks
        };
        let has_value = |row: usize| profile.samples.values.iter().any(|column| column[row] != 0);
        if (0..profile.samples.len()).all(has_value) {
            assert!(stacks(&profile) == stacks(&again), "{}: stacks differ", fixture.name);
        }
    }
}

#[test]
fn the_formats_are_told_apart() {
    for release in RELEASES {
        assert_eq!(detect("file", &fixture(&format!("{release}.otlp"))), Some(Format::Otlp), "{release}");
    }
    for other in ["1.10.json", "ebpf-profiler.otlp"] {
        assert_eq!(detect("file", &fixture(other)), Some(Format::Otlp), "{other}");
    }
    for fixture in pprofs() {
        assert_eq!(detect("file.otlp", &fixture.bytes), Some(Format::Pprof), "{}", fixture.name);
    }
    let profile = decode_file("file", &fixture("1.10.otlp"), &Limits::default()).unwrap().profile;
    assert_eq!(profile.samples.total(0), 10);
}

#[test]
fn a_message_that_begins_like_json_is_not_taken_for_it() {
    let profile = Message::new().message(2, Message::new().packed(4, &[3]));
    let scope = Message::new().message(2, profile);
    let used = scope.0.len() + 2;
    let resource = Message::new().message(2, scope).text(3, &"x".repeat(123 - used - 2));
    assert_eq!(resource.0.len(), usize::from(b'{'));
    let message = Message::new().message(1, resource).message(2, Message::new().text(5, ""));
    assert!(message.0.starts_with(b"\n{"));
    assert_eq!(decode(&message.0).samples.total(0), 3);
    let json = b"\n\n {\"dictionary\":{\"stringTable\":[\"\"]}}";
    assert!(decode(json).samples.is_empty(), "JSON may begin with line feeds");
}

#[test]
fn a_message_of_an_older_release_is_refused_with_the_reason() {
    // Tables were within the profile.
    let profile = Message::new().message(1, Message::new().number(1, 1)).text(6, "").text(6, "cpu");
    let message = Message::new().message(1, Message::new().message(2, Message::new().message(2, profile)));
    let error = otlp::decode(&message.0, &Limits::default()).unwrap_err();
    assert!(matches!(error, OtlpError::NoDictionary));
    assert!(error.to_string().contains("update it"), "{error}");
    assert!(otlp::split(&message.0, &Limits::default()).is_err());
}

#[test]
fn a_place_without_a_name_does_not_get_that_of_the_first_function_of_release_1_7() {
    let sample = Message::new().number(2, 1).packed(3, &[7]);
    let profile = Message::new().message(1, Message::new().number(1, 1)).message(2, sample).packed(3, &[0]);
    let dictionary = Message::new()
        .message(2, Message::new().number(2, 16))
        .message(3, Message::new().number(1, 1))
        .text(5, "")
        .text(5, "first");
    let resource = Message::new().message(2, Message::new().message(2, profile));
    let profile = decode(&Message::new().message(1, resource).message(2, dictionary).0);
    assert_eq!((leaf(&profile, profile.samples.stacks[0]).as_str(), profile.samples.total(0)), ("0x10", 7));
}

#[test]
fn values_and_times_in_every_shape_add_up() {
    let total = |sample: Message| {
        let profile = Message::new().message(1, Message::new()).message(2, sample);
        let resource = Message::new().message(2, Message::new().message(2, profile));
        let dictionary = Message::new().text(5, "").message(6, Message::new()).message(7, Message::new());
        let message = Message::new().message(1, resource).message(2, dictionary);
        let decoded = otlp::decode(&message.0, &Limits::default()).unwrap();
        (decoded.profile.samples.total(0), decoded.profile.samples.len(), decoded.problems.len())
    };
    let times = |sample: Message, count: usize| sample.text(5, &"12345678".repeat(count));
    // A link makes it sure that these are of the latest release.
    let sample = || Message::new().number(3, 0);
    assert_eq!(total(times(sample(), 3)), (3, 3, 0), "times alone count one each");
    assert_eq!(total(sample().packed(4, &[10])), (10, 1, 0));
    assert_eq!(total(times(sample().packed(4, &[2, 2, 3]), 3)), (7, 3, 0));
    assert_eq!(total(sample().packed(4, &[2, 2, 3])), (7, 1, 0));
    assert_eq!(total(times(sample().packed(4, &[1]), 5)), (5, 5, 0));
    assert_eq!(total(times(sample().packed(4, &[4, 5]), 3)), (9, 2, 1), "more times than values");
    assert_eq!(total(sample().packed(4, &[i64::MAX as u64, 5])).0, i64::MAX);
    assert_eq!(total(sample()), (0, 0, 1), "neither");
}

#[test]
fn damaged_messages_do_no_harm() {
    let mut random = Random(0x07e1);
    let limits = Limits { max_memory: 32 << 20, ..Limits::default() };
    let mut read = 0;
    for release in RELEASES {
        let original = fixture(&format!("{release}.otlp"));
        for end in 0..original.len() {
            if let Ok(decoded) = otlp::decode(&original[..end], &limits) {
                check_ids(&decoded);
            }
        }
        for _ in 0..3_000 {
            let mut bytes = original.clone();
            for _ in 0..=random.below(3) {
                damage(&mut bytes, &fixture("1.10.otlp"), &mut random);
            }
            if let Ok(decoded) = otlp::decode(&bytes, &limits) {
                read += 1;
                check_ids(&decoded);
                let again = otlp::decode(&otlp::encode(&decoded.profile, []), &Limits::default()).unwrap();
                // The period, which a profile has once, makes samples of unknown kind samples on a CPU.
                let is_unclear =
                    decoded.profile.value_types.iter().any(|known| known.name.starts_with("sample"));
                for (column, value_type) in decoded.profile.value_types.iter().enumerate() {
                    let found = again.profile.value_types.iter().position(|known| known == value_type);
                    if let Some(found) = found.filter(|_| !is_unclear) {
                        let total = decoded.profile.samples.total(column);
                        assert_eq!(again.profile.samples.total(found), total, "{value_type:?}");
                    }
                }
            }
            if let Ok(split) = otlp::split(&bytes, &limits) {
                for part in split.parts {
                    assert!(otlp::decode(&part.bytes, &limits).is_ok() || part.bytes.len() < 64);
                }
            }
        }
    }
    let json = fixture("1.10.json");
    for _ in 0..2_000 {
        let mut bytes = json.clone();
        damage(&mut bytes, &json, &mut random);
        let _ = otlp::decode(&bytes, &limits);
    }
    assert!(read > 3_000, "only {read} damaged messages could be read");
    assert_peak_below(2 << 30);
}

#[test]
fn processes_that_multiply_the_dictionary_are_an_error_before_memory_is_taken() {
    let long = "x".repeat(1 << 20);
    let mut message = Message::new();
    for process in 0..5_000 {
        let key = Message::new().text(1, "process.pid").message(2, Message::new().number(3, process));
        let all = Message::new().message(1, key).message(1, Message::new().number(3, 1));
        let profile = Message::new().message(2, Message::new().packed(4, &[1]));
        let resource = Message::new().message(1, all).message(2, Message::new().message(2, profile));
        message = message.message(1, resource);
    }
    let message = message.message(2, Message::new().text(5, "").text(5, &long));
    let limits = Limits { max_memory: 256 << 20, ..Limits::default() };
    let error = otlp::split(&message.0, &limits).unwrap_err();
    assert!(matches!(error, OtlpError::TooMuchMemory { .. }), "{error}");
    assert_peak_below(2 << 30);
}

#[test]
fn answers_have_the_form_that_senders_read() {
    let status = otlp::reply::Status {
        code: 8,
        message: "wait \"a bit\"",
        retry_after: Some(Duration::from_millis(1500)),
    };
    assert_eq!(
        status.to_json(),
        r#"{"code":8,"message":"wait \"a bit\"","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}"#
    );
    let bytes = status.to_protobuf();
    assert_eq!(bytes[..4], [8, 8, 0x12, 12]);
    assert!(bytes.windows(20).any(|window| window == b"google.rpc.RetryInfo"));
    let response = otlp::reply::Response::default();
    assert_eq!((response.to_protobuf(), response.to_json()), (Vec::new(), "{}".to_owned()));
    let response = otlp::reply::Response { rejected: 2, message: "no" };
    assert_eq!(response.to_protobuf(), [0x0a, 6, 8, 2, 0x12, 2, b'n', b'o']);
    assert_eq!(response.to_json(), r#"{"partialSuccess":{"rejectedProfiles":"2","errorMessage":"no"}}"#);
}
