//! What SDKs write differently, each in the smallest file that shows it.

use crate::content::content;
use crate::message::{Message, function, location, number_label, text_label, value_type};
use vesta_formats::pprof::PprofError;
use vesta_formats::{Decoded, Limits, pprof};
use vesta_profile::{LabelValue, Profile, StackId};

const STRINGS: [&str; 12] = [
    "",
    "cpu",
    "nanoseconds",
    "main",
    "main.c",
    "leaf",
    "span id",
    "local root span id",
    "trace id",
    "end_timestamp_ns",
    "thread name",
    "18446744073709551614",
];
const CPU: u64 = 1;
const NANOSECONDS: u64 = 2;
const MAIN: u64 = 3;
const MAIN_C: u64 = 4;
const LEAF: u64 = 5;
const SPAN: u64 = 6;
const ROOT_SPAN: u64 = 7;
const TRACE: u64 = 8;
const TIME: u64 = 9;
const THREAD: u64 = 10;
const BIG: u64 = 11;

fn decode(file: &Message) -> Decoded {
    pprof::decode(&file.0, &Limits::default()).unwrap()
}

/// A file with two functions, `leaf` in location 1 and `main` in location 2, and these samples.
fn file(samples: &[Message]) -> Message {
    let head = Message::new().message(1, value_type(CPU, NANOSECONDS));
    let with_samples = samples.iter().fold(head, |file, sample| file.message(2, sample.clone()));
    with_samples
        .message(4, location(1, &[(1, 10)]))
        .message(4, location(2, &[(2, 20)]))
        .message(5, function(1, LEAF, MAIN_C))
        .message(5, function(2, MAIN, MAIN_C))
        .strings(&STRINGS)
}

fn sample() -> Message {
    Message::new().packed(1, &[1, 2]).packed(2, &[7])
}

fn names(profile: &Profile, row: usize) -> Vec<&str> {
    let stack = profile.stacks.get(profile.samples.stacks[row]);
    stack.iter().map(|frame| profile.strings.get(profile.frames.get(*frame).function)).collect()
}

fn problems(decoded: &Decoded) -> Vec<String> {
    decoded.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn fields_may_come_in_any_order() {
    let parts = [
        Message::new().message(1, value_type(CPU, NANOSECONDS)),
        Message::new().message(2, sample()),
        Message::new().message(4, location(1, &[(1, 10)])).message(4, location(2, &[(2, 20)])),
        Message::new().message(5, function(1, LEAF, MAIN_C)).message(5, function(2, MAIN, MAIN_C)),
        Message::new().strings(&STRINGS),
        Message::new().number(9, 99),
    ];
    let expected = content(&decode(&file(&[sample()]).number(9, 99)).profile);
    for turn in 0..parts.len() {
        let mut order = parts.clone();
        order.rotate_left(turn);
        let file = Message(order.into_iter().flat_map(|part| part.0).collect());
        assert_eq!(content(&decode(&file).profile), expected, "rotated by {turn}");
    }
}

#[test]
fn samples_may_be_apart_from_each_other() {
    let apart = file(&[sample()]).message(2, sample());
    let decoded = decode(&apart);
    assert_eq!(decoded.profile.samples.total(0), 14);
    assert_eq!(names(&decoded.profile, 1), ["leaf", "main"]);
}

#[test]
fn numbers_may_be_packed_or_not_or_both() {
    let forms = [
        sample(),
        Message::new().number(1, 1).number(1, 2).number(2, 7),
        Message::new().number(2, 7).number(1, 1).packed(1, &[2]),
        Message::new().packed(1, &[1]).packed(2, &[7]).packed(1, &[2]),
        Message::new().packed(1, &[1]).number(1, 2).packed(2, &[]).packed(2, &[7]),
    ];
    let decoded = decode(&file(&forms));
    assert_eq!(problems(&decoded), [""; 0]);
    assert_eq!(decoded.profile.samples.values[0], [7; 5]);
    assert_eq!(decoded.profile.samples.stacks, [StackId(1); 5]);
    assert_eq!(names(&decoded.profile, 0), ["leaf", "main"]);
}

#[test]
fn ids_may_be_sparse() {
    let far = 1 << 60;
    let bytes = Message::new()
        .message(1, value_type(CPU, NANOSECONDS))
        .message(2, Message::new().packed(1, &[u64::MAX, 5, far]).packed(2, &[1]))
        .message(4, location(far, &[(u64::MAX - 1, 1)]))
        .message(4, location(5, &[(3, 1)]))
        .message(4, location(u64::MAX, &[(u64::MAX - 1, 2)]))
        .message(5, function(u64::MAX - 1, LEAF, 0))
        .message(5, function(3, MAIN, 0))
        .strings(&STRINGS);
    let decoded = decode(&bytes);
    assert_eq!(problems(&decoded), [""; 0]);
    assert_eq!(names(&decoded.profile, 0), ["leaf", "main", "leaf"]);
}

#[test]
fn lines_of_one_location_are_inlined_into_the_last() {
    let bytes = Message::new()
        .message(1, value_type(CPU, NANOSECONDS))
        .message(2, Message::new().packed(1, &[1]).packed(2, &[1]))
        .message(4, location(1, &[(1, 10), (2, 20)]))
        .message(5, function(1, LEAF, MAIN_C))
        .message(5, function(2, MAIN, MAIN_C))
        .strings(&STRINGS);
    let profile = decode(&bytes).profile;
    assert_eq!(names(&profile, 0), ["leaf", "main"]);
    let inlined: Vec<(bool, u32)> =
        profile.frames.as_slice().iter().map(|frame| (frame.inlined, frame.line)).collect();
    assert_eq!(inlined, [(true, 10), (false, 20)]);
}

#[test]
fn a_column_packed_above_the_line_is_cut_off() {
    let bytes = Message::new()
        .message(1, value_type(CPU, NANOSECONDS))
        .message(2, Message::new().packed(1, &[1, 2]).packed(2, &[1]))
        .message(4, location(1, &[(1, (99 << 32) | 11)]))
        .message(4, location(2, &[(1, (-1_i64).cast_unsigned())]))
        .message(5, function(1, LEAF, MAIN_C))
        .strings(&STRINGS);
    let lines: Vec<u32> = decode(&bytes).profile.frames.as_slice().iter().map(|frame| frame.line).collect();
    assert_eq!(lines, [11, 0]);
}

#[test]
fn samples_without_a_stack_keep_their_values() {
    let decoded =
        decode(&file(&[Message::new().packed(2, &[5]), Message::new().packed(1, &[]).packed(2, &[6])]));
    assert_eq!(problems(&decoded), [""; 0]);
    assert_eq!(decoded.profile.samples.stacks, [StackId::EMPTY; 2]);
    assert_eq!(decoded.profile.samples.total(0), 11);
}

#[test]
fn span_ids_are_64_bits_without_a_sign_as_numbers_and_as_text() {
    let decoded = decode(&file(&[
        sample()
            .message(3, number_label(SPAN, (-2_i64).cast_unsigned()))
            .message(3, number_label(ROOT_SPAN, 3)),
        sample(),
        sample().message(3, text_label(ROOT_SPAN, BIG)).message(3, text_label(SPAN, BIG)),
        sample().message(3, Message::new().number(1, SPAN)),
    ]));
    assert_eq!(problems(&decoded), [""; 0]);
    let samples = &decoded.profile.samples;
    assert_eq!(samples.span_ids, [u64::MAX - 1, 0, u64::MAX - 1, 0]);
    assert_eq!(samples.local_root_span_ids, [3, 0, u64::MAX - 1, 0]);
    assert!(samples.timestamps_ns.is_empty() && samples.trace_ids.is_empty());
    assert_eq!(decoded.profile.label_sets.len(), 1, "ids are in no label set");
}

#[test]
fn a_span_id_that_is_no_number_stays_a_label() {
    let decoded = decode(&file(&[sample().message(3, text_label(SPAN, MAIN))]));
    assert_eq!(problems(&decoded), ["an id or a time is not a number (string 3)"]);
    let labels = decoded.profile.label_sets.get(decoded.profile.samples.labels[0]);
    assert_eq!(decoded.profile.strings.get(labels[0].key), "span id");
}

#[test]
fn times_and_trace_ids_are_columns_and_other_labels_keep_their_order() {
    let (thread, custom) = (text_label(THREAD, MAIN), number_label(MAIN_C, 5).number(4, NANOSECONDS));
    let decoded = decode(&file(&[
        sample().message(3, thread.clone()).message(3, number_label(TIME, 77)).message(3, custom.clone()),
        sample().message(3, thread).message(3, custom).message(3, text_label(TRACE, LEAF)),
    ]));
    let profile = &decoded.profile;
    assert_eq!(profile.samples.timestamps_ns, [77, 0]);
    assert_eq!(profile.strings.get(profile.samples.trace_ids[1]), "leaf");
    assert_eq!(profile.samples.labels[0], profile.samples.labels[1]);
    let labels: Vec<(&str, LabelValue)> = (profile.label_sets.get(profile.samples.labels[0]).iter())
        .map(|label| (profile.strings.get(label.key), label.value))
        .collect();
    let text = |text: &str| profile.strings.find(text).unwrap();
    assert_eq!(
        labels,
        [
            ("thread name", LabelValue::Text(text("main"))),
            ("main.c", LabelValue::Number(5, text("nanoseconds")))
        ]
    );
}

#[test]
fn a_label_without_text_or_number_is_zero_unless_its_key_has_text_elsewhere() {
    let blank = |key| Message::new().number(1, key);
    let decoded = decode(&file(&[
        sample().message(3, blank(THREAD)).message(3, blank(MAIN_C)),
        sample().message(3, text_label(THREAD, MAIN)),
    ]));
    let profile = &decoded.profile;
    let labels = profile.label_sets.get(profile.samples.labels[0]);
    assert_eq!(labels.len(), 1);
    assert_eq!(profile.strings.get(labels[0].key), "main.c");
    assert_eq!(labels[0].value, LabelValue::Number(0, vesta_profile::StringId::EMPTY));
}

#[test]
fn addresses_are_kept_for_frames_without_a_function_relative_to_the_mapped_file() {
    let mapping = Message::new().number(1, 1).number(2, 0x5000).number(3, 0x9000).number(4, 0x100);
    let bytes = Message::new()
        .message(1, value_type(CPU, NANOSECONDS))
        .message(2, Message::new().packed(1, &[1, 2]).packed(2, &[1]))
        .message(3, mapping.number(5, 3).number(6, 4))
        .message(4, Message::new().number(1, 1).number(2, 1).number(3, 0x6234))
        .message(4, location(2, &[(1, 1)]).number(2, 1).number(3, 0x7000))
        .message(5, Message::new().number(1, 1).number(2, 5).number(3, 6))
        .strings(&["", "cpu", "nanoseconds", "/lib/a.so", "ABC123", "f()", "_Zf"]);
    let profile = decode(&bytes).profile;
    let text = |id| profile.strings.get(id);
    let [unknown, known] = profile.frames.as_slice() else { panic!("two frames") };
    assert_eq!((text(unknown.function), unknown.address), ("", 0x1334));
    assert_eq!((text(known.function), text(known.system_name), known.address), ("f()", "_Zf", 0));
    assert_eq!((text(known.module), text(known.build_id)), ("/lib/a.so", "abc123"));
}

#[test]
fn unknown_fields_are_skipped() {
    let odd = sample().number(9, 1).text(15, "new").message(3, text_label(THREAD, MAIN).number(77, 1));
    let mut bytes = file(&[odd]).text(200, "of a later version").number(201, 5);
    // Fixed 64 and 32 bits.
    bytes.0.extend([0xd1, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 0xdd, 0x0c, 1, 2, 3, 4]);
    let decoded = decode(&bytes);
    assert_eq!(problems(&decoded), [""; 0]);
    assert_eq!(decoded.profile.samples.total(0), 7);
}

#[test]
fn what_is_referred_to_but_not_there_becomes_a_problem_and_sums_stay() {
    let decoded = decode(&file(&[
        Message::new().packed(1, &[1, 99]).packed(2, &[3]).message(3, text_label(THREAD, 500)),
        Message::new().packed(1, &[98]).packed(2, &[4]),
    ]));
    assert_eq!(decoded.profile.samples.total(0), 7);
    assert_eq!(names(&decoded.profile, 0), ["leaf", "[missing location]"]);
    assert_eq!(
        problems(&decoded),
        [
            "a sample refers to a location that is not there (2 times, first: location 99)",
            "a string is referred to that is not there (string 500)"
        ]
    );
}

#[test]
fn samples_with_too_few_or_too_many_values_keep_those_that_have_a_type() {
    let decoded = decode(&file(&[Message::new().packed(1, &[1]), sample().packed(2, &[1, 2])]));
    assert_eq!(decoded.profile.samples.values, [[0, 7]]);
    assert_eq!(
        problems(&decoded),
        ["a sample has too few values (sample 0)", "a sample has too many values (sample 1)"]
    );
}

#[test]
fn text_that_is_not_utf_8_is_replaced_and_told() {
    let mut bytes = file(&[sample().message(3, text_label(THREAD, 12))]);
    bytes.0.extend([0x32, 2, b'a', 0xff]);
    let decoded = decode(&bytes);
    assert_eq!(problems(&decoded), ["a string is not UTF-8 (string 12)"]);
    assert!(decoded.profile.strings.find("a\u{fffd}").is_some());
}

#[test]
fn a_file_that_breaks_off_gives_what_is_before() {
    let mut bytes = file(&[sample()]);
    let whole = bytes.0.len();
    bytes = bytes.message(2, sample());
    bytes.0.truncate(bytes.0.len() - 1);
    let decoded = decode(&bytes);
    assert_eq!(decoded.profile.samples.total(0), 7);
    let found = problems(&decoded);
    assert_eq!(found, [format!("the file breaks off (a field is longer than what is left at byte {whole})")]);
}

#[test]
fn a_file_without_names_of_its_values_is_an_error() {
    let of = |bytes: &[u8]| pprof::decode(bytes, &Limits::default()).unwrap_err();
    assert!(matches!(of(b""), PprofError::NoValueTypes));
    assert!(matches!(of(&Message::new().message(2, sample()).strings(&STRINGS).0), PprofError::NoValueTypes));
    assert!(matches!(of(&file(&[sample()]).0[..12]), PprofError::Malformed { .. }));
    assert_eq!(of(b"<html>").to_string(), "a field has a type that does not exist at byte 0");
}

#[test]
fn stacks_deeper_than_the_limit_keep_their_leaf_end_and_their_value() {
    let limits = Limits { max_stack_depth: 3, ..Limits::default() };
    let deep = [1, 2, 1, 2, 1];
    let loose = deep.iter().fold(Message::new(), |sample, id| sample.number(1, *id)).number(2, 1);
    let bytes = file(&[
        Message::new().packed(1, &deep).packed(2, &[1]),
        loose,
        Message::new().packed(1, &[1, 2, 1]).number(2, 1),
    ]);
    let decoded = pprof::decode(&bytes.0, &limits).unwrap();
    assert_eq!(names(&decoded.profile, 0), ["leaf", "main", "[truncated stack]"]);
    assert_eq!(names(&decoded.profile, 1), ["leaf", "main", "[truncated stack]"]);
    assert_eq!(names(&decoded.profile, 2), ["leaf", "main", "leaf"]);
    assert_eq!(decoded.profile.samples.total(0), 3);
    assert_eq!(decoded.problems[0].count, 2);
}
