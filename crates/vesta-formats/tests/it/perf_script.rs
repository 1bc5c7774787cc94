//! What `perf script` prints, in the forms that its options give it.

use vesta_formats::{Decoded, Limits, collapsed, perf_script};
use vesta_profile::LabelValue;

#[test]
fn commands_have_blanks_numbers_and_colons() {
    let line = |head: &str| {
        let decoded = read(&format!("{head} cycles: \n\t  12 main+0x1 (/bin/a)\n\n"));
        (label(&decoded, "thread name"), label(&decoded, "thread id"), label(&decoded, "process id"))
    };
    let of = |name: &str, tid: &str, pid: &str| (name.to_owned(), tid.to_owned(), pid.to_owned());
    assert_eq!(line("java 12 1.5: 7"), of("java", "12", ""));
    assert_eq!(line("Web Content 1 2/3 [001] 1.5: 7"), of("Web Content 1", "3", "2"));
    assert_eq!(line("  kworker/0:1 33 [000] 1.000001: 7"), of("kworker/0:1", "33", ""));
    assert_eq!(line("C2 CompilerThre  4/5  1.5:"), of("C2 CompilerThre", "5", "4"));
    assert_eq!(line(" 4/5 1.5: 7"), of("", "5", "4"));
}

#[test]
fn events_are_value_types_and_their_periods_add_up() {
    let decoded = read(
        "a 1 1.0: 10 cycles:uppp: \n\t1 f (m)\n\na 1 1.1: 5 cycles: \n\t1 f (m)\n\na 1 1.2: 3 page-faults: \n\t1 f (m)\n\n\
         a 1 1.3: sched:sched_switch: prev_comm=x 1 2\n\t1 f (m)\n\na 1 1.4: 100 cpu-clock: \n\t1 f (m)\n\na 1 1.5: 70 task-clock: \n\t1 f (m)\n\n\
         a 1 1.6: 9 cpu/cache-misses/: \n\t1 f (m)\n",
    );
    let profile = &decoded.profile;
    let totals: Vec<(&str, &str, i64)> = profile
        .value_types
        .iter()
        .enumerate()
        .map(|(index, known)| (known.name.as_str(), known.unit.as_str(), profile.samples.total(index)))
        .collect();
    assert_eq!(
        totals,
        [
            ("cycles", "count", 15),
            ("cpu-samples", "count", 3),
            ("page-faults", "count", 3),
            ("sched:sched_switch", "count", 1),
            ("cpu-time", "nanoseconds", 100),
            ("task-clock", "nanoseconds", 70),
            ("cache-misses", "count", 9),
        ]
    );
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    assert_eq!(profile.samples.timestamps_ns[1], 1_100_000_000);
    assert_eq!(profile.duration_ns, 600_000_000);
}

#[test]
fn without_periods_samples_are_counted() {
    let decoded = read("a 1 1.0: cpu-clock: \n\t1 f (m)\n\na 1 1.1: cpu-clock: \n\t1 f (m)\n\n");
    assert_eq!(decoded.profile.value_types[0].name, "cpu-samples");
    assert_eq!(decoded.profile.samples.total(0), 2);
    let decoded = read("a 1 1.0: \n\t1 f (m)\n\n");
    assert_eq!(decoded.profile.value_types[0].name, "cpu-samples");
}

#[test]
fn functions_and_files_have_blanks_and_parentheses() {
    let decoded = read(
        "a 1 1.0: 1 cycles: \n\
         \t  10 (anonymous namespace)::run(int, char (*)[3])+0x15cd (/srv/my app (deleted))\n\
         \t  20 operator()+0x2 (/lib/b.so)\n\
         \t  30 inner (inlined)\n\
         \t  30 outer+0x0 (/lib/b.so)\n\
         \t  40 [unknown] (/lib/c.so+0x1234)\n\
         \t  50 [unknown] ([unknown])\n\
         \t  60 void f<a, b>(c)\n\
         \t  ffffffff81000000 entry ([kernel.kallsyms])\n\n",
    );
    let profile = &decoded.profile;
    let frames: Vec<(&str, &str, u64, bool)> = profile
        .frames
        .as_slice()
        .iter()
        .map(|frame| {
            (
                profile.strings.get(frame.function),
                profile.strings.get(frame.module),
                frame.address,
                frame.inlined,
            )
        })
        .collect();
    assert_eq!(
        frames,
        [
            ("(anonymous namespace)::run(int, char (*)[3])", "/srv/my app (deleted)", 0, false),
            ("operator()", "/lib/b.so", 0, false),
            ("inner", "/lib/b.so", 0, true),
            ("outer", "/lib/b.so", 0, false),
            ("", "/lib/c.so", 0x1234, false),
            ("", "", 0x50, false),
            ("void f<a, b>(c)", "", 0, false),
            ("entry", "[kernel.kallsyms]", 0, false),
        ]
    );
}

#[test]
fn what_is_neither_sample_nor_frame_becomes_a_problem() {
    let decoded =
        read("a 1 1.0: 1 cycles: \n\t10 f (m)\nhello\n\t11 g (m)\n\na 1 1.0: 1 cycles: \n\n# comment\n");
    assert_eq!(collapsed::encode(&decoded.profile, 0), "[no stack] 1\ng;f 1\n");
    assert_eq!(decoded.problems.len(), 1);
    assert_eq!(decoded.problems[0].to_string(), "a line is neither a sample nor a frame (line 3)");
    let error = perf_script::decode(b"hello\n", &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "no line names a thread and a time or an event");
}

#[test]
fn more_events_than_value_types_are_allowed_is_an_error() {
    let text: String = (0..70).map(|event| format!("a 1 1.0: 1 e{event}: \n\t1 f (m)\n\n")).collect();
    let error = perf_script::decode(text.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "more than the 64 value types allowed");
}

#[test]
fn stacks_deeper_than_allowed_keep_their_leaf_end() {
    let text = format!("a 1 1.0: 1 cycles: \n\t1 leaf (m)\n{}", "\t1 f (m)\n".repeat(100_000));
    let decoded = read(&text);
    let stack = decoded.profile.stacks.get(decoded.profile.samples.stacks[0]);
    assert_eq!(stack.len(), 4096);
    assert_eq!(decoded.profile.strings.get(decoded.profile.frames.get(stack[0]).function), "leaf");
    assert_eq!(decoded.problems.len(), 1);
}

fn read(text: &str) -> Decoded {
    perf_script::decode(text.as_bytes(), &Limits::default()).unwrap()
}

fn label(decoded: &Decoded, key: &str) -> String {
    let profile = &decoded.profile;
    let set = profile.label_sets.get(profile.samples.labels[0]);
    let label = set.iter().find(|label| profile.strings.get(label.key) == key);
    label.map_or(String::new(), |label| match label.value {
        LabelValue::Text(text) => profile.strings.get(text).to_owned(),
        LabelValue::Number(number, _) => number.to_string(),
    })
}
