//! The checker itself: it has to be able to fail.

use crate::checker::{Expectations, Samples};
use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, ValueType};

/// 2/3 of four seconds in `a` of thread `loud`, 1/3 in `b` of thread `quiet`, and one stack without names.
fn samples() -> Samples {
    let mut profile =
        Profile::new(vec![ValueType::new("cpu-time", "nanoseconds"), ValueType::new("cpu-samples", "count")]);
    profile.duration_ns = 4_000_000_000;
    add(&mut profile, &["app", "main", "a"], "loud", &[2_000_000_000, 200]);
    add(&mut profile, &["app", "main", "b"], "quiet", &[1_000_000_000, 100]);
    let module = profile.strings.intern("/opt/app");
    let frame = profile.frames.intern(Frame { module, address: 0x1234, ..Frame::default() });
    let stack = profile.stacks.intern(&[frame]);
    profile.samples.push(Sample { stack, values: &[0, 1], ..Sample::default() });
    Samples::new(profile)
}

fn add(profile: &mut Profile, frames: &[&str], thread: &str, values: &[i64]) {
    let mut stack: Vec<_> = frames
        .iter()
        .map(|name| {
            let function = profile.strings.intern(name);
            profile.frames.intern(Frame { function, ..Frame::default() })
        })
        .collect();
    stack.reverse();
    let stack = profile.stacks.intern(&stack);
    let name = profile.strings.intern("thread_name");
    let id = profile.strings.intern("thread id");
    let thread = profile.strings.intern(thread);
    let no_unit = profile.strings.intern("");
    let labels = [
        Label { key: name, value: LabelValue::Text(thread) },
        Label { key: id, value: LabelValue::Number(17, no_unit) },
    ];
    let labels = profile.label_sets.intern(&labels);
    profile.samples.push(Sample { stack, values, labels, ..Sample::default() });
}

fn check(stacks: &str) -> Result<(), String> {
    scaled(false, stacks)
}

fn scaled(scale: bool, stacks: &str) -> Result<(), String> {
    let text = format!(r#"{{"test_name": "t", "scale_by_duration": {scale}, "stacks": [{stacks}]}}"#);
    Expectations::parse(&text).unwrap().check(&samples())
}

#[track_caller]
fn fails(outcome: Result<(), String>, with: &str) {
    let failure = outcome.expect_err("this should fail");
    assert!(failure.contains(with), "{failure}");
}

#[test]
fn percents_within_their_margin_pass_and_others_do_not() {
    let of = |percent: u32, margin: u32| {
        format!(
            r#"{{"profile-type": "cpu-time", "stack-content": [
                {{"regular_expression": "^app;main;a$", "percent": {percent}, "error_margin": {margin}}}]}}"#
        )
    };
    assert_eq!(check(&of(66, 1)), Ok(()));
    assert_eq!(check(&of(70, 4)), Ok(()));
    fails(check(&of(70, 3)), "should be 70 % of the profile ± 3, but is 66.7 %");
    fails(check(&of(63, 3)), "but is 66.7 %");
}

#[test]
fn values_are_rates_only_where_they_are_scaled() {
    let of = |value: u32| {
        format!(
            r#"{{"profile-type": "cpu-samples", "error-margin": 5, "stack-content": [
                {{"regular_expression": ";b$", "value": {value}}}]}}"#
        )
    };
    assert_eq!(check(&of(100)), Ok(()));
    assert_eq!(check(&of(104)), Ok(()));
    fails(check(&of(107)), "should be 107 ± 5 %, but is 100");
    fails(check(&of(25)), "but is 100");
    assert_eq!(scaled(true, &of(25)), Ok(()));
    fails(scaled(true, &of(100)), "should be 100 per second ± 5 %, but is 25");
}

#[test]
fn the_sum_of_all_expected_stacks_is_checked() {
    let of = |sum: u32| {
        format!(
            r#"{{"profile-type": "cpu-samples", "error-margin": 1, "value-matching-sum": {sum}, "stack-content": [
                {{"regular_expression": ";a$"}}, {{"regular_expression": ";b$"}}]}}"#
        )
    };
    assert_eq!(check(&of(300)), Ok(()));
    fails(check(&of(310)), "should sum to 310 of cpu-samples ± 1 %, but sum to 300");
}

#[test]
fn labels_have_to_be_there_with_all_their_values() {
    let of = |labels: &str| {
        format!(
            r#"{{"profile-type": "cpu-samples", "stack-content": [
                {{"regular_expression": "main", "value": 200, "labels": [{labels}]}}]}}"#
        )
    };
    assert_eq!(check(&of(r#"{"key": "thread_name", "values": ["loud"]}"#)), Ok(()));
    assert_eq!(check(&of(r#"{"key": "thread_name", "values_regex": "^l"}"#)), Ok(()));
    fails(check(&of(r#"{"key": "thread_name", "values": ["quiet"]}"#)), "but is 100");
    fails(check(&of(r#"{"key": "thread_name", "values": ["loud", "quiet"]}"#)), "but is 0");
    fails(check(&of(r#"{"key": "thread id", "values_regex": "^[0-9]+$"}"#)), "but is 300");
    fails(check(&of(r#"{"key": "nothing", "values_regex": ""}"#)), "but is 0");
}

#[test]
fn a_failure_tells_what_is_there_instead() {
    let failure = check(
        r#"{"profile-type": "cpu-samples", "stack-content": [{"regular_expression": ";c$", "percent": 50}]}"#,
    )
    .unwrap_err();
    for line in [
        "cpu-samples of `;c$` should be 50 % of the profile ± 0, but is 0.0 %",
        "found 301 of cpu-samples in 3 samples and 3 different stacks over 4.00 s:",
        "66.45 %          200 app;main;a thread_name=loud",
        "0.33 %            1 app+0x1234",
    ] {
        assert!(failure.contains(line), "{line} is not in:\n{failure}");
    }
}

#[test]
fn a_value_type_that_is_missing_fails() {
    let expected =
        r#"{"profile-type": "alloc-space", "stack-content": [{"regular_expression": "a", "percent": 0}]}"#;
    fails(check(expected), "there is no alloc-space, only cpu-time, cpu-samples");
}

#[test]
fn nothing_of_nothing_is_no_success() {
    let expectations = Expectations::parse(
        r#"{"stacks": [{"profile-type": "cpu-time", "stack-content": [{"regular_expression": "x", "percent": 0}]}]}"#,
    )
    .unwrap();
    let empty = Profile::new(vec![ValueType::new("cpu-time", "nanoseconds")]);
    fails(expectations.check(&Samples::new(empty)), "cannot be held against an empty profile");
}

#[test]
fn expectations_that_expect_nothing_or_are_misspelled_are_refused() {
    for (text, reason) in [
        (r#"{"stacks": []}"#, "expects nothing"),
        (r#"{"stacks": [{"profile-type": "cpu-time", "stack-content": []}]}"#, "expects nothing of cpu-time"),
        (
            r#"{"stacks": [{"profile-type": "cpu-time", "stack-content": [{"regular_expression": "a"}]}]}"#,
            "neither value nor percent",
        ),
        (
            r#"{"stacks": [{"profile-type": "c", "stack-content": [{"regular_expression": "(", "value": 1}]}]}"#,
            "regex parse error",
        ),
        (
            r#"{"stacks": [{"profile-type": "c", "stack-content": [{"regular_expression": "a", "value": 1, "eror_margin": 2}]}]}"#,
            "unknown field `eror_margin`",
        ),
        (
            r#"{"stacks": [{"profile-type": "c", "stack-content": [
                {"regular_expression": "a", "value": 1, "labels": [{"key": "k"}]}]}]}"#,
            "both or neither",
        ),
    ] {
        let error = Expectations::parse(text).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn every_profile_of_a_folder_is_checked_but_the_first_where_it_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    let expectations = |first: bool| {
        let text = format!(
            r#"{{"allow_first_profile_failure": {first}, "pprof-regex": "^p.*\\.pprof$", "stacks": [{{
                "profile-type": "cpu-samples", "stack-content": [{{"regular_expression": "a", "value": 301}}]}}]}}"#
        );
        Expectations::parse(&text).unwrap()
    };
    fails(expectations(false).check_folder(folder.path()), "there are none");
    let good = vesta_formats::pprof::encode(samples().profile());
    std::fs::write(folder.path().join("p2.pprof"), &good).unwrap();
    std::fs::write(folder.path().join("other.pprof"), "neither read nor a profile").unwrap();
    assert_eq!(expectations(false).check_folder(folder.path()), Ok(()));

    let mut bad = samples().profile().clone();
    bad.samples.values[1][0] = 1;
    std::fs::write(folder.path().join("p1.pprof"), vesta_formats::pprof::encode(&bad)).unwrap();
    fails(expectations(false).check_folder(folder.path()), "p1.pprof");
    assert_eq!(expectations(true).check_folder(folder.path()), Ok(()));
    std::fs::write(folder.path().join("p3.pprof"), "no profile").unwrap();
    fails(expectations(true).check_folder(folder.path()), "p3.pprof");
}

#[test]
fn every_file_of_expectations_can_be_read() {
    let folder = crate::program::sources().join("../expected");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        Expectations::read(&entry.unwrap().path()).unwrap();
        count += 1;
    }
    assert!(count > 0);
}
