//! Collapsed stacks both ways.

use crate::support::pprofs;
use vesta_formats::collapsed::{CollapsedError, decode, encode};
use vesta_formats::{Decoded, Limits, pprof};
use vesta_profile::{Frame, Profile, Sample, ValueType};

fn read(text: &str) -> Decoded {
    decode(text.as_bytes(), &Limits::default()).unwrap()
}

/// Reads `input` without problems, and writes `expected`.
fn check(input: &str, expected: &str) {
    let decoded = read(input);
    assert_eq!(decoded.problems, [], "{input:?}");
    assert_eq!(encode(&decoded.profile, 0), expected, "{input:?}");
}

#[test]
fn equal_stacks_are_added_up_and_sorted() {
    check("main;b 1\nmain;a 2\nmain;b 3\n", "main;a 2\nmain;b 4\n");
}

#[test]
fn names_may_have_blanks() {
    check(
        "java thread 1;void f(int, int);operator new 7\n",
        "java thread 1;void f(int, int);operator new 7\n",
    );
}

#[test]
fn line_ends_of_windows_blank_lines_comments_and_tabs_do_no_harm() {
    check("# a comment; 1\r\n\r\nmain;a 1\r\n   \r\n  main;a\t2 \r\nmain;b 1", "main;a 3\nmain;b 1\n");
}

#[test]
fn empty_names_between_separators_are_no_frames() {
    check("main;;a; 1\n", "main;a 1\n");
}

#[test]
fn samples_without_a_stack_come_back_as_such() {
    check("[no stack] 4\nmain 1\n", "[no stack] 4\nmain 1\n");
    assert!(read("[no stack] 4\n").profile.stacks.get(vesta_profile::StackId::EMPTY).is_empty());
    assert_eq!(read("[no stack] 4\n").profile.frames.len(), 0);
}

#[test]
fn lines_that_are_no_stacks_become_problems_and_the_others_count() {
    let decoded = read("main;a 1\nno number\nmain;a 1.5\n12\nmain;a 2\nmain 99999999999999999999\n");
    assert_eq!(decoded.profile.samples.total(0), 3);
    let problems: Vec<String> = decoded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["a line is not a stack with a number after it (4 times, first: line 2)"]);
}

#[test]
fn text_without_a_single_stack_is_an_error() {
    for text in ["", "\n\n", "hello\nworld\n", "# main 1\n"] {
        assert!(
            matches!(decode(text.as_bytes(), &Limits::default()), Err(CollapsedError::NoSamples)),
            "{text:?}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_told() {
    let decoded = decode(b"main;\xff\xfe 3\n", &Limits::default()).unwrap();
    assert_eq!(encode(&decoded.profile, 0), "main;\u{fffd}\u{fffd} 3\n");
    assert_eq!(decoded.problems.len(), 1);
}

#[test]
fn deep_stacks_keep_their_leaf_end() {
    let limits = Limits { max_stack_depth: 3, ..Limits::default() };
    let decoded = decode(b"a;b;c;d;e 5\na;b;c 1\n", &limits).unwrap();
    assert_eq!(encode(&decoded.profile, 0), "[truncated stack];d;e 5\na;b;c 1\n");
    assert_eq!(decoded.problems.len(), 1);
}

#[test]
fn frames_without_a_name_are_called_by_their_place() {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "count")]);
    let module = profile.strings.intern("/lib/libfoo.so");
    let frames = [
        Frame { module, address: 0x1234, ..Frame::default() },
        Frame { module, ..Frame::default() },
        Frame { address: 0x99, ..Frame::default() },
        Frame::default(),
    ];
    let frames = frames.map(|frame| profile.frames.intern(frame));
    let stack = profile.stacks.intern(&frames);
    profile.samples.push(Sample { stack, values: &[7], ..Sample::default() });
    assert_eq!(encode(&profile, 0), "[unknown];0x99;[libfoo.so];libfoo.so+0x1234 7\n");
}

#[test]
fn limits_are_errors() {
    let text = b"a 1\nb 1\nc 1\n";
    let of = |limits: Limits| decode(text, &limits).unwrap_err();
    let default = Limits::default();
    assert!(matches!(of(Limits { max_bytes: 11, ..default }), CollapsedError::TooLarge { .. }));
    assert!(matches!(of(Limits { max_samples: 2, ..default }), CollapsedError::TooManySamples { .. }));
    assert!(matches!(of(Limits { max_memory: 100, ..default }), CollapsedError::TooMuchMemory { .. }));
}

#[test]
fn every_value_type_of_every_fixture_keeps_its_total() {
    for fixture in pprofs() {
        let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
        for value_type in 0..profile.value_types.len() {
            let text = encode(&profile, value_type);
            let total = profile.samples.total(value_type);
            if total != 0 {
                let again = read(&text);
                assert_eq!(again.problems, [], "{}", fixture.name);
                assert_eq!(again.profile.samples.total(0), total, "{}", fixture.name);
                assert_eq!(encode(&again.profile, 0), text, "{}", fixture.name);
            }
        }
        assert_eq!(encode(&profile, profile.value_types.len()), "");
    }
}
