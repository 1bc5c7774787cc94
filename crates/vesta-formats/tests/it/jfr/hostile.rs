//! Recordings that are broken, and recordings made to do harm.

use super::exercise::{Exercise, exercise};
use super::writer::{Chunk, HEADER, PRIMITIVES, Type, Values};
use proptest::prelude::*;
use std::time::{Duration, Instant};
use vesta_formats::Limits;
use vesta_formats::jfr::profile::decode;
use vesta_formats::jfr::{self, JfrError};

const EVENT: u64 = 100;
const STACK: u64 = 101;
const FRAME: u64 = 102;
const METHOD: u64 = 103;
const CLASS: u64 = 104;
const SYMBOL: u64 = 105;
const THREAD: u64 = 106;
const LONG: u64 = 11;

#[test]
fn a_recording_cut_anywhere_gives_the_events_before_the_cut() {
    for compressed in [true, false] {
        let whole = recording(compressed);
        let all = exercise(&whole).unwrap();
        assert_eq!((all.events, &*all.problems), (6, &[][..]));
        let mut before = 0;
        // After the first chunk nothing is missing.
        for length in (0..whole.len()).filter(|&length| length != whole.len() / 2) {
            match exercise(&whole[..length]) {
                Err(JfrError::NotJfr) => assert!(length < HEADER, "{length}"),
                Err(error) => panic!("{length}: {error}"),
                Ok(found) => {
                    assert_ne!(found.problems, [], "{length}");
                    assert!(found.events >= before, "{length}");
                    before = found.events;
                }
            }
        }
        assert!(before >= 5, "{before} events in all but the last byte");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bits_may_flip(flips in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..8), compressed: bool) {
        let mut bytes = recording(compressed);
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let _ = exercise(&bytes);
    }

    #[test]
    fn events_may_hold_anything(body in proptest::collection::vec(any::<u8>(), 0..200), type_id in 0_u64..120) {
        let mut chunk = filled(true);
        chunk.event(type_id, chunk.values().raw(&body));
        chunk.event(EVENT, chunk.values().long(1).long(1).long(1));
        let found = exercise(&chunk.finish()).unwrap();
        prop_assert!(found.events >= 4);
    }

    #[test]
    fn bytes_may_be_anything(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let chunk = Chunk::new(true);
        for header in [chunk.finish(), chunk.abandoned()] {
            let _ = exercise(&[&*header, &body].concat());
        }
    }
}

#[test]
fn counts_beyond_the_file_are_not_believed() {
    let mut chunk = Chunk::new(false);
    let empty = Type::of(107, "test.Empty");
    let event = Type::event(EVENT, "test.Event").field("empties", 107).array();
    let event = event.primitive("texts", "java.lang.String").array().primitive("last", "long");
    chunk.metadata(&[event, empty]);
    chunk.event(EVENT, chunk.values().int(u32::MAX).int(0).long(1));
    chunk.event(EVENT, chunk.values().int(0).int(u32::MAX).long(1));
    // Constants and strings of a length that the file does not have.
    chunk.event(1, chunk.values().long(0).long(0).long(0).byte(0).int(u32::MAX).long(LONG).int(u32::MAX));
    chunk.event(0, chunk.values().long(0).long(0).long(0).int(u32::MAX));
    let found = quickly(|| exercise(&chunk.finish()).unwrap());
    assert_eq!(found.events, 2);
}

#[test]
fn types_that_contain_themselves_or_too_much_are_not_read() {
    // Each holds the next one twice, so that the first has 2^40 fields.
    let mut types: Vec<Type> = (0..40)
        .map(|level| {
            let next = if level == 39 { LONG } else { 201 + level };
            Type::of(200 + level, "test.Twice").field("a", next).field("b", next)
        })
        .collect();
    types.push(Type::of(300, "test.Self").primitive("before", "long").field("inner", 300));
    types.push(
        Type::event(EVENT, "test.Event").primitive("first", "long").field("twice", 200).field("self", 300),
    );
    let mut chunk = Chunk::new(true);
    chunk.metadata(&types);
    chunk.event(EVENT, chunk.values().long(5).raw(&[0; 100]));
    chunk.checkpoint(&[(200, vec![(1, chunk.values().raw(&[0; 50]))])]);
    let found = quickly(|| exercise(&chunk.finish()).unwrap());
    assert_eq!(found.events, 1);
    assert_eq!(found.problems[0].what, "constants that cannot be read");
}

#[test]
fn constants_that_name_one_another_in_circles_have_an_end() {
    let mut chunk = Chunk::new(true);
    let mut link = Type::of(200, "test.Link");
    for name in ["a", "b", "c", "d"] {
        link = link.field(name, 200).pooled();
    }
    chunk.metadata(&[Type::event(EVENT, "test.Event").field("link", 200).pooled(), link]);
    let to = |key: u64| [key, key, key, key].into_iter().fold(Values::new(true), Values::long);
    chunk.checkpoint(&[(200, vec![(1, to(2)), (2, to(1))])]);
    chunk.event(EVENT, chunk.values().long(1));
    assert_eq!(quickly(|| exercise(&chunk.finish()).unwrap()).events, 1);
}

#[test]
fn arrays_within_arrays_have_an_end() {
    let mut chunk = Chunk::new(true);
    let node = Type::of(200, "test.Node").field("children", 200).array();
    chunk.metadata(&[Type::event(EVENT, "test.Event").field("node", 200).primitive("last", "long"), node]);
    // Each has one child, a hundred thousand deep.
    chunk.event(EVENT, chunk.values().raw(&[1; 100_000]).int(0).long(1));
    let found = quickly(|| exercise(&chunk.finish()).unwrap());
    assert_eq!(found.problems[0].what, "events that are shorter than their type");
}

#[test]
fn many_small_chunks_take_no_more_than_their_bytes() {
    let one = recording(true);
    let mut all = one.clone();
    let mut empty = Chunk::new(true).abandoned();
    empty.truncate(HEADER);
    for _ in 0..20_000 {
        all.extend(&empty);
    }
    assert_eq!(quickly(|| exercise(&all).unwrap()).events, 6);
}

#[test]
fn unfinished_chunks_do_not_read_what_is_in_others() {
    /// Their length: the header, and bytes that are no event.
    const LENGTH: usize = HEADER + 4;
    const COUNT: usize = 20_000;
    let mut last = filled(true);
    let strings: Vec<(u64, Values)> = (0..50_000).map(|key| (key, Values::new(true).empty())).collect();
    last.checkpoint(&[(20, strings)]);
    let (constants_at, metadata_at) = last.places();
    let mut all = Vec::new();
    for number in 0..COUNT {
        let distance = (COUNT - number) * LENGTH;
        last.start_ns += 1;
        all.extend(last.start(distance + constants_at, distance + metadata_at));
        all.extend([0; 4]);
    }
    last.start_ns += 1;
    all.extend(last.finish());
    assert_eq!(quickly(|| exercise(&all).unwrap()).events, 3);
}

#[test]
fn few_types_with_countless_fields_in_many_chunks_have_an_end() {
    let types: Vec<Type> = (0..40)
        .map(|level| {
            let next = if level == 39 { LONG } else { 201 + level };
            Type::of(200 + level, "test.Twice").field("a", next).field("b", next)
        })
        .collect();
    let mut chunk = Chunk::new(true);
    chunk.metadata(&types);
    let all = chunk.finish().repeat(20_000);
    assert_eq!(quickly(|| exercise(&all).unwrap()).events, 0);
}

#[test]
fn a_text_that_countless_constants_lead_to_is_looked_for_a_little() {
    let mut chunk = Chunk::new(true);
    let wide = (0..10_000).fold(Type::of(STACK, "test.Wide"), |wide, _| wide.field("next", STACK).pooled());
    chunk.metadata(&[Type::event(EVENT, "jdk.ExecutionSample").field("state", STACK).pooled(), wide]);
    let to_itself = (0..10_000).fold(Values::new(true), |values, _| values.long(1));
    chunk.checkpoint(&[(STACK, vec![(1, to_itself)])]);
    for _ in 0..50_000 {
        chunk.event(EVENT, chunk.values().long(1));
    }
    let recording = quickly(|| decode(&chunk.finish(), &Limits::default()).unwrap());
    assert_eq!(recording.profile.samples.len(), 50_000);
}

#[test]
fn long_names_that_many_share_take_a_bounded_memory() {
    const METHODS: u64 = 20_000;
    let long = "x".repeat(1 << 20);
    let mut chunk = Chunk::new(true);
    chunk.metadata(&java_types());
    let v = || Values::new(true);
    let methods = (1..=METHODS).map(|key| (key, v().long(1).long(key).byte(0))).collect();
    let mut names: Vec<(u64, Values)> =
        (1..=METHODS).map(|key| (key, v().utf8(&format!("m{key}")))).collect();
    names.push((METHODS + 1, v().utf8(&long)));
    let frame = |values: Values, method| values.long(method).int(1).int(1).utf8("Interpreted");
    let stacks = (1..=METHODS / 100)
        .map(|key| {
            let first = (key - 1) * 100 + 1;
            (key, (first..first + 100).fold(v().byte(0).int(100), frame))
        })
        .collect();
    chunk.checkpoint(&[
        (METHOD, methods),
        (SYMBOL, names),
        (CLASS, vec![(1, v().long(METHODS + 1))]),
        (STACK, stacks),
        (20, vec![(1, v().utf8(&long))]),
    ]);
    for key in 1..=METHODS / 100 {
        chunk.event(EVENT, chunk.values().long(2000).long(1).long(key));
    }
    let limits = Limits { max_memory: 32 << 20, ..Limits::default() };
    let recording = quickly(|| decode(&chunk.finish(), &limits).unwrap());
    assert!(recording.profile.heap_size() < 48 << 20, "{}", recording.profile.heap_size());
    let problems: Vec<&str> = recording.problems.iter().map(|problem| problem.what).collect();
    assert!(problems.contains(&"it takes more memory than allowed; the rest was not read"), "{problems:?}");
}

#[test]
fn settings_that_share_a_long_text_are_not_kept() {
    let long = "x".repeat(1 << 20);
    let mut chunk = Chunk::new(true);
    let setting = Type::event(EVENT, "jdk.ActiveSetting").primitive("id", "long");
    let setting = setting.primitive("name", "java.lang.String").primitive("value", "java.lang.String");
    chunk.metadata(&[setting]);
    chunk.checkpoint(&[(20, vec![(1, chunk.values().utf8(&long))])]);
    for id in 0..20_000 {
        chunk.event(EVENT, chunk.values().long(id).utf8("period").pooled_text(1));
    }
    let recording = quickly(|| decode(&chunk.finish(), &Limits::default()).unwrap());
    assert_eq!((recording.problems, recording.facts), (vec![], vec![]));
}

#[test]
fn samples_take_a_bounded_memory() {
    let mut chunk = filled(true);
    for n in 0..200_000_u64 {
        chunk.event(EVENT, chunk.values().long(n).long(1).long(1));
    }
    let limits = Limits { max_memory: 4 << 20, ..Limits::default() };
    let recording = decode(&chunk.finish(), &limits).unwrap();
    assert!(recording.profile.heap_size() < 5 << 20, "{}", recording.profile.heap_size());
    let problems: Vec<&str> = recording.problems.iter().map(|problem| problem.what).collect();
    assert!(problems.contains(&"it takes more memory than allowed; the rest was not read"), "{problems:?}");
}

#[test]
fn memory_is_bounded_by_the_limits() {
    let mut chunk = Chunk::new(true);
    chunk.metadata(&[]);
    let entries = (0..100_000).map(|key| (key, Values::new(true).long(key))).collect();
    chunk.checkpoint(&[(LONG, entries)]);
    let limits = Limits { max_memory: 1 << 20, ..Limits::default() };
    let error = jfr::read(&chunk.finish(), &limits, &mut Exercise::default()).unwrap_err();
    assert!(matches!(error, JfrError::TooMuchMemory { limit: 1_048_576 }), "{error}");
}

/// Far longer than it takes on any machine, far shorter than what harm would take.
fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    result
}

/// Two chunks with a little of everything.
fn recording(compressed: bool) -> Vec<u8> {
    [filled(compressed).finish(), filled(compressed).finish()].concat()
}

fn filled(compressed: bool) -> Chunk {
    let mut chunk = Chunk::new(compressed);
    chunk.event(EVENT, chunk.values().long(2000).long(1).long(1));
    chunk.metadata(&java_types());
    let v = || Values::new(compressed);
    let frames = [(1, 10), (2, 20), (1, 30)];
    let frames = frames.iter().fold(v().byte(0).int(3), |values, &(method, line)| {
        values.long(method).int(line).int(5).utf8("Interpreted")
    });
    let names = [(1, "main"), (2, "work"), (3, "App")].map(|(key, name)| (key, v().utf8(name)));
    chunk.checkpoint(&[(STACK, vec![(1, frames)]), (METHOD, vec![(1, v().long(1).long(1).byte(0))])]);
    chunk.event(EVENT, chunk.values().long(3000).long(1).long(1));
    chunk.checkpoint(&[
        (METHOD, vec![(2, v().long(1).long(2).byte(1))]),
        (CLASS, vec![(1, v().long(3))]),
        (SYMBOL, names.to_vec()),
        (THREAD, vec![(1, v().utf8("os").long(12).chars("Java"))]),
    ]);
    assert!(PRIMITIVES.iter().any(|&(_, id)| id == LONG));
    chunk.event(EVENT, chunk.values().long(4000).long(2).long(9));
    chunk
}

/// `jdk.ExecutionSample` without its state, and the types that it needs.
fn java_types() -> [Type; 7] {
    let event = Type::event(EVENT, "jdk.ExecutionSample").primitive("startTime", "long");
    let event = event.field("eventThread", THREAD).pooled().field("stackTrace", STACK).pooled();
    let stack = Type::of(STACK, "jdk.types.StackTrace").primitive("truncated", "boolean");
    let frame = Type::of(FRAME, "jdk.types.StackFrame").field("method", METHOD).pooled();
    let frame = frame.primitive("lineNumber", "int").primitive("bytecodeIndex", "int");
    let method = Type::of(METHOD, "jdk.types.Method").field("type", CLASS).pooled();
    let symbol = Type::of(SYMBOL, "jdk.types.Symbol").primitive("string", "java.lang.String").simple();
    let thread = Type::of(THREAD, "java.lang.Thread").primitive("osName", "java.lang.String");
    [
        event,
        stack.field("frames", FRAME).array(),
        frame.primitive("type", "java.lang.String"),
        method.field("name", SYMBOL).pooled().primitive("hidden", "boolean"),
        Type::of(CLASS, "java.lang.Class").field("name", SYMBOL).pooled(),
        symbol,
        thread.primitive("osThreadId", "long").primitive("javaName", "java.lang.String"),
    ]
}
