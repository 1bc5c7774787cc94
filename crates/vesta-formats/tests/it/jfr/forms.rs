//! Everything the format allows, in chunks written by hand.

use super::print::print_all;
use super::writer::{Chunk, HEADER, Type, Values};
use serde_json::{Value as Json, json};
use std::ops::ControlFlow;
use vesta_formats::jfr::{self, Event, EventType, Interest, Unit, Value, Visitor};
use vesta_formats::{Limits, Problem};

const EVENT: u64 = 100;
const THREAD: u64 = 101;
const STATE: u64 = 102;
const NODE: u64 = 103;
const PAIR: u64 = 104;
const SYMBOL: u64 = 105;
const STRING: u64 = 20;
const LONG: u64 = 11;

#[test]
fn primitive_values_are_read_compressed_or_not() {
    for compressed in [true, false] {
        let mut chunk = Chunk::new(compressed);
        let mut event = Type::event(EVENT, "test.Event");
        for primitive in ["boolean", "char", "float", "double", "byte", "short", "int", "long"] {
            event = event.primitive(primitive, primitive);
        }
        chunk.metadata(&[event]);
        let values = chunk.values().byte(1).short(0xfeff).float(-0.5).double(0.125).byte(0x80);
        chunk.event(EVENT, values.short(0x8000).int(0x8000_0000).long(u64::MAX - 1));
        let expected = json!({"boolean": true, "char": "\u{feff}", "float": -0.5, "double": 0.125, "byte": -128,
            "short": -32768, "int": -2_147_483_648_i64, "long": -2});
        assert_eq!(events(&chunk.finish()), [expected], "compressed: {compressed}");
    }
}

#[test]
fn numbers_without_sign_and_times_are_what_their_annotations_say() {
    let mut chunk = Chunk::new(true);
    chunk.ticks_per_second = 2_000_000_000;
    let long = |event: Type, name: &str, annotation: &str, value: &str| {
        event.primitive(name, "long").annotated(annotation, Some(value))
    };
    let mut event = Type::event(EVENT, "test.Event");
    event = event.primitive("startTime", "long").primitive("duration", "long");
    event = event.primitive("u1", "byte").annotated("jdk.jfr.Unsigned", None);
    event = event.primitive("u4", "int").annotated("jdk.jfr.Unsigned", None);
    event = long(event, "ticks", "jdk.jfr.Timestamp", "TICKS");
    event = long(event, "date", "jdk.jfr.Timestamp", "MILLISECONDS_SINCE_EPOCH");
    for unit in ["TICKS", "NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS"] {
        event = long(event, unit, "jdk.jfr.Timespan", unit);
    }
    event = long(event, "size", "jdk.jfr.DataAmount", "BYTES").annotated("made.up.Annotation", Some("x"));
    event = long(event, "never", "jdk.jfr.Timespan", "SECONDS").annotated("jdk.jfr.Label", Some("Not Ever"));
    chunk.metadata(&[event]);
    let values = chunk.values().long(3000).long(500).byte(0xff).int(u32::MAX).long(5000).long(7);
    let values = [8, 1, 2, 3, 4].into_iter().fold(values, Values::long);
    chunk.event(EVENT, values.long(9).long(i64::MIN.cast_unsigned()));

    let fields = [
        "u1",
        "u4",
        "ticks",
        "date",
        "TICKS",
        "NANOSECONDS",
        "MICROSECONDS",
        "MILLISECONDS",
        "SECONDS",
        "size",
    ];
    let mut seen = Vec::new();
    let problems = visit(&chunk.finish(), &[fields.as_slice(), &["never"]].concat(), |event| {
        let described: Vec<(&str, Unit)> =
            event.event_type().unwrap().fields().map(|field| (field.label(), field.unit())).collect();
        assert_eq!(described[11], ("", Unit::Bytes));
        assert_eq!(described[12], ("Not Ever", Unit::TimespanSeconds));
        seen = (0..11).map(|at| event.integer(at).unwrap()).collect();
        seen.extend([event.start_ns(), event.duration_ns(), event.end_ns()]);
    });
    assert_eq!(problems, []);
    let start = chunk.start_ns;
    let spans = [4, 1, 2_000, 3_000_000, 4_000_000_000];
    let expected =
        [[255, 4_294_967_295, start + 2000, 7_000_000].as_slice(), &spans, &[9, i64::MIN]].concat();
    assert_eq!(seen, [expected, vec![start + 1000, 250, start + 1250]].concat());
}

#[test]
fn strings_are_read_in_every_encoding() {
    for compressed in [true, false] {
        let mut chunk = Chunk::new(compressed);
        let mut event = Type::event(EVENT, "test.Event");
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            event = event.primitive(name, "java.lang.String");
        }
        chunk.metadata(&[event.primitive("i", "java.lang.String").pooled()]);
        let pooled = chunk.values().utf8("from the pool");
        let in_circles = chunk.values().pooled_text(8);
        chunk.checkpoint(&[(STRING, vec![(7, pooled), (8, in_circles)])]);
        let values =
            chunk.values().null().empty().pooled_text(7).utf8("fire \u{1f525}").chars("\u{1f525} and ü");
        let values = values.latin1(b"gr\xfc\xdfe").pooled_text(9).pooled_text(8).long(7);
        chunk.event(EVENT, values);
        let expected = json!({"a": null, "b": "", "c": "from the pool", "d": "fire \u{1f525}",
            "e": "\u{1f525} and ü", "f": "grüße", "g": null, "h": null, "i": "from the pool"});
        assert_eq!(events(&chunk.finish()), [expected], "compressed: {compressed}");
    }
}

#[test]
fn names_are_read_as_class_files_have_them() {
    for (bytes, expected) in [
        (&b"\xed\xa0\xbd\xed\xb4\xa5 gr\xc3\xbc\xc3\x9fe"[..], "\u{1f525} grüße"),
        (b"a\xc0\x80b\xe7\x81\xab", "a\0b火"),
        // Half a pair, and what is neither this nor UTF-8.
        (b"\xed\xa0\xbdx", "\u{fffd}x"),
        (b"\xf0\x9f\x94\xa5 \xff", "\u{1f525} \u{fffd}"),
        (b"\xe7\x81", "\u{fffd}"),
    ] {
        let mut chunk = Chunk::new(true);
        chunk.metadata(&[Type::event(EVENT, "test.Event").primitive("text", "java.lang.String")]);
        chunk.event(EVENT, chunk.values().byte(3).int(u32::try_from(bytes.len()).unwrap()).raw(bytes));
        assert_eq!(events(&chunk.finish()), [json!({"text": expected})]);
    }
}

#[test]
fn arrays_of_anything_are_read_and_skipped() {
    for compressed in [true, false] {
        let mut chunk = Chunk::new(compressed);
        let event = Type::event(EVENT, "test.Event").primitive("numbers", "int").array();
        let event = event.primitive("bytes", "byte").array().primitive("texts", "java.lang.String").array();
        let event = event.field("states", STATE).pooled().array().field("pairs", PAIR).array();
        let event = event.field("nodes", NODE).array().primitive("last", "long");
        chunk.metadata(&[event, state(), pair(), node()]);
        chunk.checkpoint(&[(
            STATE,
            vec![(1, chunk.values().utf8("RUNNING")), (2, chunk.values().utf8("PARKED"))],
        )]);
        let values = chunk.values().int(3).int(1).int(2).int(u32::MAX).int(2).byte(7).byte(0xff);
        let values = values.int(2).utf8("one").null().int(3).long(2).long(1).long(5);
        let values = values.int(2).int(1).utf8("a").int(2).utf8("b");
        // A node with two children, of which the second has one.
        let values = values.int(1).long(1).int(2).long(2).int(0).long(3).int(1).long(4).int(0);
        chunk.event(EVENT, values.long(42));
        let expected = json!({"numbers": [1, 2, -1], "bytes": [7, -1], "texts": ["one", null],
            "states": [{"name": "PARKED"}, {"name": "RUNNING"}, null],
            "pairs": [{"left": 1, "right": "a"}, {"left": 2, "right": "b"}],
            "nodes": [{"id": 1, "children": [{"id": 2, "children": []},
                {"id": 3, "children": [{"id": 4, "children": []}]}]}],
            "last": 42});
        assert_eq!(events(&chunk.finish()), [expected], "compressed: {compressed}");

        let mut seen = 0;
        visit(&chunk.finish(), &["last", "numbers", "pairs.left", "nodes"], |event| {
            assert_eq!(event.integer(0), Some(42));
            let Value::Array(numbers) = event.value(1) else { panic!("no array") };
            assert_eq!(numbers.len(), 3);
            assert!(matches!(event.value(2), Value::Absent), "no path leads into an array");
            assert!(matches!(event.value(3), Value::Array(_)));
            seen += 1;
        });
        assert_eq!(seen, 1);
    }
}

#[test]
fn paths_lead_through_structures_constants_and_simple_types() {
    let mut chunk = Chunk::new(true);
    let event = Type::event(EVENT, "test.Event").field("pair", PAIR).field("thread", THREAD).pooled();
    let event = event.field("symbol", SYMBOL).primitive("weight", "double");
    let thread = Type::of(THREAD, "java.lang.Thread").primitive("osName", "java.lang.String");
    let thread = thread.primitive("javaName", "java.lang.String").field("state", STATE).pooled();
    let symbol = Type::of(SYMBOL, "jdk.types.Symbol").primitive("string", "java.lang.String").simple();
    chunk.metadata(&[event, thread, symbol, state(), pair()]);
    let value = chunk.values().utf8("os").utf8("java").long(3);
    chunk.checkpoint(&[(THREAD, vec![(1, value)]), (STATE, vec![(3, chunk.values().utf8("RUNNING"))])]);
    chunk.event(EVENT, chunk.values().int(5).utf8("r").long(1).utf8("sym").double(0.5));
    chunk.event(EVENT, chunk.values().int(6).utf8("s").long(0).utf8("sym").double(0.25));

    let paths = [
        "weight",
        "pair.right",
        "thread.javaName",
        "thread.state.name",
        "thread.state",
        "thread",
        "symbol",
        "symbol.string",
        "pair",
        "pair.right",
        "nothing",
        "pair.nothing",
        "thread.nothing.name",
        "weight.more",
    ];
    let mut seen = Vec::new();
    let problems = visit(&chunk.finish(), &paths, |event| {
        let texts: Vec<Json> = (0..paths.len()).map(|at| json!(event.text(at))).collect();
        let state = match event.record().get("thread.state.name") {
            Value::Text(text) => Some(text.to_str().into_owned()),
            _ => None,
        };
        seen.push((event.float(0), Json::from(texts), state));
    });
    assert_eq!(problems, []);
    let expected = json!([
        null, "r", "java", "RUNNING", "RUNNING", "java", "sym", "sym", "r", "r", null, null, null, null
    ]);
    assert_eq!(seen[0], (Some(0.5), expected, Some("RUNNING".to_owned())));
    let expected = json!([null, "s", null, null, null, null, "sym", "sym", "s", "s", null, null, null, null]);
    assert_eq!(seen[1], (Some(0.25), expected, None));
}

#[test]
fn fields_that_nobody_asked_for_hold_nothing() {
    let mut seen = 0;
    visit(&numbered(true, 7..8).finish(), &["number"], |event| {
        assert_eq!(event.integer(0), Some(7));
        // Times are read with every event, behind what was asked for.
        for at in [1, 2, 3, 40, usize::MAX] {
            assert!(matches!(event.value(at), Value::Absent), "{at}");
            assert_eq!((event.integer(at), event.float(at), event.boolean(at)), (None, None, None), "{at}");
            assert_eq!((event.text(at), event.reference(at)), (None, None), "{at}");
        }
        seen += 1;
    });
    assert_eq!(seen, 1);
}

#[test]
fn of_fields_with_one_name_the_first_counts() {
    let mut chunk = Chunk::new(true);
    let event = Type::event(EVENT, "test.Event").field("pair", PAIR).primitive("number", "int");
    let event = event.primitive("number", "int").field("pair", PAIR);
    chunk.metadata(&[event, pair()]);
    chunk.event(EVENT, chunk.values().int(1).utf8("first").int(2).int(3).int(4).utf8("second"));
    let mut seen = 0;
    visit(&chunk.finish(), &["number", "pair.right"], |event| {
        assert_eq!((event.integer(0), event.text(1).as_deref()), (Some(2), Some("first")));
        assert!(matches!(event.record().get("number"), Value::Integer(2)));
        seen += 1;
    });
    assert_eq!(seen, 1);
}

#[test]
fn texts_are_given_up_to_a_length_and_records_have_all() {
    let long = "\u{e9}".repeat(10_000);
    for compressed in [true, false] {
        let mut chunk = Chunk::new(compressed);
        let mut event = Type::event(EVENT, "test.Event");
        for name in ["utf8", "shifted", "latin1", "chars", "pooled"] {
            event = event.primitive(name, "java.lang.String");
        }
        chunk.metadata(&[event]);
        chunk.checkpoint(&[(STRING, vec![(1, chunk.values().utf8(&long))])]);
        let values =
            chunk.values().utf8(&long).utf8(&format!("x{long}")).latin1(&[0xe9; 10_000]).chars(&long);
        chunk.event(EVENT, values.pooled_text(1));
        let mut lengths = Vec::new();
        visit(&chunk.finish(), &["utf8", "shifted", "latin1", "chars", "pooled"], |event| {
            for at in 0..5 {
                let text = event.text(at).unwrap();
                assert!(text.trim_start_matches('x').chars().all(|c| c == '\u{e9}'), "{at}: {text}");
                lengths.push(text.chars().count());
            }
            let Value::Text(whole) = event.value(4) else { panic!("no text") };
            assert_eq!(whole.to_str(), long);
        });
        // Of 8,192 bytes, as they are encoded.
        assert_eq!(lengths, [4096, 4096, 8192, 4096, 4096], "compressed: {compressed}");
    }
}

#[test]
fn constants_come_from_any_number_of_checkpoints_and_the_first_of_a_key_counts() {
    let mut chunk = Chunk::new(true);
    let entry = |key, name: &str| vec![(STATE, vec![(key, Values::new(true).utf8(name))])];
    chunk.checkpoint(&entry(1, "one"));
    chunk.event(EVENT, chunk.values().long(1));
    chunk.event(EVENT, chunk.values().long(2));
    chunk.checkpoint(&entry(2, "two"));
    chunk.checkpoint(&entry(1, "another one"));
    // A key that takes all nine bytes.
    chunk.checkpoint(&entry(u64::MAX, "nine bytes"));
    chunk.event(EVENT, chunk.values().long(u64::MAX));
    chunk.metadata(&[Type::event(EVENT, "test.Event").field("state", STATE).pooled(), state()]);
    let mut seen = Vec::new();
    let problems = visit(&chunk.finish(), &["state"], |event| {
        seen.push((event.reference(0).unwrap().key(), event.text(0).unwrap().into_owned()));
    });
    assert_eq!(problems, []);
    let expected = [(1, "one"), (2, "two"), (-1, "nine bytes")].map(|(key, name)| (key, name.to_owned()));
    assert_eq!(seen, expected);
}

#[test]
fn events_nobody_knows_or_wants_are_skipped() {
    let mut chunk = numbered(true, 0..1);
    chunk.event(999, chunk.values().raw(&[0xff; 100]));
    chunk.event(EVENT, chunk.values().long(1));
    let (_, problems) = print_all(&chunk.finish(), 0);
    assert_eq!(texts(&problems), ["events of a type that is not described (chunk 0, type 999)"]);
    assert_eq!(numbers(&chunk.finish()), [0, 1]);
}

#[test]
fn an_unfinished_chunk_gives_what_is_there() {
    for compressed in [true, false] {
        let chunk = numbered(compressed, 0..5);
        let flushed = chunk.len();
        let mut longer = chunk.clone();
        longer.event(EVENT, longer.values().long(5));
        for bytes in [chunk.abandoned(), chunk.interrupted(flushed), longer.interrupted(flushed)] {
            let (_, problems) = print_all(&bytes, 0);
            assert_eq!(texts(&problems), ["a chunk that its writer did not finish (at byte 0)"]);
        }
        assert_eq!(numbers(&chunk.abandoned()), [0, 1, 2, 3, 4]);
        // What came after the last flush as well.
        assert_eq!(numbers(&longer.interrupted(flushed)), [0, 1, 2, 3, 4, 5]);
        // One in the middle of a file ends where the next begins.
        let joined = [chunk.abandoned(), longer.interrupted(flushed), chunk.finish()].concat();
        assert_eq!(numbers(&joined), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4]);
    }
}

#[test]
fn an_event_that_was_being_written_does_not_swallow_the_next_chunk() {
    let flushed = numbered(true, 0..5);
    let mut longer = flushed.clone();
    longer.event(EVENT, longer.values().raw(&[1; 200]));
    let interrupted = longer.interrupted(flushed.len());
    let mut next = numbered(true, 7..9);
    next.start_ns += 1_000_000_000;
    let bytes = [&interrupted[..interrupted.len() - 100], &*next.finish()].concat();
    assert_eq!(numbers(&bytes), [0, 1, 2, 3, 4, 7, 8]);
    let (_, problems) = print_all(&bytes, 0);
    let expected = [
        "a chunk that its writer did not finish (at byte 0)".to_owned(),
        format!("bytes that are no event (at byte {})", flushed.len()),
    ];
    assert_eq!(texts(&problems), expected);
}

#[test]
fn a_chunk_may_hold_its_own_header() {
    // As a JDK writes it every second, for those who read along.
    let mut chunk = numbered(true, 0..2);
    let header = chunk.interrupted(chunk.len());
    let header = Values::new(true).raw(&header[..HEADER]);
    chunk.checkpoint(&[(NODE, vec![(1, header)])]);
    chunk.event(EVENT, chunk.values().long(2));
    for bytes in [chunk.finish(), chunk.interrupted(chunk.len())] {
        assert_eq!(numbers(&bytes), [0, 1, 2]);
    }
}

#[test]
fn an_unfinished_chunk_without_types_has_those_of_the_chunk_before() {
    let first = numbered(true, 0..2).finish();
    let mut second = Chunk::new(true);
    second.event(EVENT, second.values().long(7));
    assert_eq!(numbers(&[&*first, &*second.abandoned()].concat()), [0, 1, 7]);
    let (_, problems) = print_all(&second.abandoned(), 0);
    let expected = [
        "a chunk that its writer did not finish (at byte 0)",
        "a chunk that does not say what its events are (chunk 0)",
    ];
    assert_eq!(texts(&problems), expected);
}

#[test]
fn a_fault_within_a_chunk_loses_only_the_rest_of_its_events() {
    let mut chunk = Chunk::new(true);
    let event = Type::event(EVENT, "test.Event").field("state", STATE).pooled();
    chunk.checkpoint(&[(STATE, vec![(1, chunk.values().utf8("one"))])]);
    chunk.event(EVENT, chunk.values().long(1));
    chunk.event(EVENT, chunk.values().long(2));
    let fault = chunk.len();
    chunk.event(EVENT, chunk.values().long(1));
    // Types and constants behind the fault are found by the header and from checkpoint to checkpoint.
    chunk.checkpoint(&[(STATE, vec![(2, chunk.values().utf8("two"))])]);
    chunk.checkpoint(&[(STATE, vec![(3, chunk.values().utf8("three"))])]);
    chunk.metadata(&[event, state()]);
    let mut bytes = chunk.finish();
    bytes[fault..fault + 4].fill(0);
    bytes.extend(numbered(true, 3..5).finish());
    let mut seen = Vec::new();
    let problems = visit(&bytes, &["state", "number"], |event| {
        seen.push(
            event.text(0).map_or_else(|| event.integer(1).unwrap().to_string(), std::borrow::Cow::into_owned),
        );
    });
    assert_eq!(seen, ["one", "two", "3", "4"]);
    assert_eq!(texts(&problems), [format!("bytes that are no event (at byte {fault})")]);
}

#[test]
fn bytes_between_chunks_are_passed_over() {
    let chunk = numbered(true, 0..2).finish();
    let bytes = [&*chunk, b"FLR\0 is not enough to be a chunk", &chunk, &[0; 100]].concat();
    assert_eq!(numbers(&bytes), [0, 1, 0, 1]);
    let (_, problems) = print_all(&bytes, 0);
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].what, problems[0].count), ("bytes that are no chunk", 2));
}

#[test]
fn only_recordings_of_known_versions_are_read() {
    let refuse = |bytes: &[u8]| {
        let mut numbers = Collector { fields: Vec::new(), seen: |_: &Event<'_>| panic!("an event") };
        jfr::read(bytes, &Limits::default(), &mut numbers).unwrap_err().to_string()
    };
    let mut bytes = numbered(true, 0..2).finish();
    assert_eq!(refuse(&bytes[..60]), "does not begin like a recording of Java Flight Recorder");
    bytes[4..8].copy_from_slice(&[0, 0, 0, 9]);
    assert_eq!(refuse(&bytes), "is of version 0.9; versions 1 and 2 are read, which is JDK 8u262 and newer");
}

#[test]
fn a_visitor_is_asked_once_per_type_and_chunk_and_may_stop() {
    #[derive(Default)]
    struct Stops {
        calls: Vec<String>,
    }
    impl Visitor for Stops {
        fn chunk(&mut self, chunk: &jfr::Chunk<'_>) {
            self.calls.push(format!("chunk {} {}", chunk.index(), chunk.is_finished()));
        }
        fn event_type(&mut self, _: &jfr::Chunk<'_>, event_type: &EventType<'_>) -> Option<Interest> {
            self.calls.push(event_type.name().to_owned());
            Some(Interest::new(9, ["number"]))
        }
        fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
            assert_eq!(event.tag(), 9);
            let number = event.integer(0).unwrap();
            self.calls.push(number.to_string());
            if number == 12 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let bytes =
        [numbered(true, 0..2).finish(), numbered(false, 11..15).finish(), numbered(true, 0..9).finish()];
    let mut stops = Stops::default();
    assert_eq!(jfr::read(&bytes.concat(), &Limits::default(), &mut stops).unwrap(), []);
    let expected = ["chunk 0 true", "test.Number", "0", "1", "chunk 1 true", "test.Number", "11", "12"];
    assert_eq!(stops.calls, expected);
}

#[test]
fn names_of_classes_are_those_of_the_language() {
    let names = [
        ("java/util/Map$Entry", "java.util.Map$Entry"),
        ("[I", "int[]"),
        ("[[Ljava/lang/String;", "java.lang.String[][]"),
        ("Main", "Main"),
        ("libc.so.6", "libc.so.6"),
        ("[vdso]", "[vdso]"),
        ("[unknown", "[unknown"),
    ];
    for (name, expected) in names {
        assert_eq!(jfr::java_class_name(name), expected);
    }
}

fn state() -> Type {
    Type::of(STATE, "jdk.types.ThreadState").primitive("name", "java.lang.String")
}

fn pair() -> Type {
    Type::of(PAIR, "test.Pair").primitive("left", "int").primitive("right", "java.lang.String")
}

/// A type that contains itself.
fn node() -> Type {
    Type::of(NODE, "test.Node").field("id", LONG).field("children", NODE).array()
}

/// A chunk of events with numbers.
fn numbered(compressed: bool, numbers: std::ops::Range<u64>) -> Chunk {
    let mut chunk = Chunk::new(compressed);
    chunk.metadata(&[Type::event(EVENT, "test.Number").primitive("number", "long")]);
    for number in numbers {
        chunk.event(EVENT, chunk.values().long(number));
    }
    chunk
}

/// The numbers of such events.
fn numbers(recording: &[u8]) -> Vec<i64> {
    let mut numbers = Vec::new();
    visit(recording, &["number"], |event| numbers.push(event.integer(0).unwrap()));
    numbers
}

/// All events, in text.
fn events(recording: &[u8]) -> Vec<Json> {
    let (events, problems) = print_all(recording, usize::MAX);
    assert_eq!(problems, []);
    events.into_values().flatten().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn visit(recording: &[u8], fields: &[&'static str], seen: impl FnMut(&Event<'_>)) -> Vec<Problem> {
    let mut collector = Collector { fields: fields.to_vec(), seen };
    jfr::read(recording, &Limits::default(), &mut collector).unwrap()
}

/// Wants some fields of every event.
struct Collector<F> {
    fields: Vec<&'static str>,
    seen: F,
}

impl<F: FnMut(&Event<'_>)> Visitor for Collector<F> {
    fn event_type(&mut self, _: &jfr::Chunk<'_>, _: &EventType<'_>) -> Option<Interest> {
        Some(Interest::new(0, self.fields.iter().copied()))
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        (self.seen)(event);
        ControlFlow::Continue(())
    }
}
