//! Kinds of events that no recording among the fixtures has, in chunks written by hand.

use super::profile::{label, leaves, total};
use super::writer::{Chunk, Type, Values};
use vesta_formats::Limits;
use vesta_formats::jfr::profile::{Recording, Section, decode};

const EVENT: u64 = 100;
const OTHER: u64 = 101;
const STACK: u64 = 110;
const FRAME: u64 = 111;
const METHOD: u64 = 112;
const CLASS: u64 = 113;
const SYMBOL: u64 = 114;

#[test]
fn events_that_nobody_knows_are_samples_under_their_own_names_if_they_have_stacks() {
    let mut chunk = Chunk::new(true);
    let order = event("com.acme.Order").primitive("customer", "java.lang.String").primitive("items", "int");
    let order =
        order.primitive("size", "long").annotated("jdk.jfr.DataAmount", None).primitive("paid", "boolean");
    let order = order.field("kind", CLASS).pooled();
    let inflated = event("jdk.JavaMonitorInflate").with_id(OTHER);
    java(&mut chunk, &[order, inflated]);
    let v = || Values::new(true);
    let times = |start, duration| v().long(start).long(duration).long(1);
    chunk.event(EVENT, times(2000, 500).utf8("ann").int(3).long(1 << 20).byte(1).long(1));
    chunk.event(EVENT, times(3000, 700).utf8("").int(4).long(i64::MIN.cast_unsigned()).byte(0).long(0));
    // Without a stack.
    chunk.event(EVENT, v().long(4000).long(1).long(0).utf8("bob").int(1).long(1).byte(1).long(1));
    // The JVM's own business.
    chunk.event(OTHER, times(5000, 1));
    let Recording { profile, problems, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    assert_eq!(problems, []);
    let types: Vec<(&str, &str)> =
        profile.value_types.iter().map(|known| (&*known.name, &*known.unit)).collect();
    assert_eq!(types, [("com.acme.Order", "count"), ("duration of com.acme.Order", "nanoseconds")]);
    assert_eq!(profile.samples.values, [[1, 1], [500, 700]]);
    assert_eq!(
        leaves(&profile, "com.acme.Order").into_iter().collect::<Vec<_>>(),
        [("App.work".to_owned(), 2)]
    );
    let labels =
        |row: usize| ["customer", "items", "size", "paid", "kind"].map(|key| label(&profile, row, key));
    assert_eq!(labels(0), ["ann", "3", "1048576", "true", "App"].map(|value| Some(value.to_owned())));
    assert_eq!(labels(1), [None, Some("4".to_owned()), None, Some("false".to_owned()), None]);
}

#[test]
fn too_many_kinds_of_events_are_left_out_and_said() {
    let mut chunk = Chunk::new(true);
    let types: Vec<Type> = (0..20).map(|n| event(&format!("com.acme.Event{n}")).with_id(200 + n)).collect();
    java(&mut chunk, &types);
    for n in 0..20 {
        chunk.event(200 + n, chunk.values().long(2000).long(0).long(1));
    }
    let Recording { profile, problems, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    assert_eq!((profile.samples.len(), profile.value_types.len()), (16, 16));
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected =
        "there are more kinds of events with stacks than are read (4 times, first: com.acme.Event16)";
    assert_eq!(problems, [expected]);
}

#[test]
fn of_what_is_on_the_heap_the_last_chunk_counts_and_of_histograms_the_last_collection() {
    let chunk = |live: u64, histogram: &[(u64, u64, u64)]| {
        let mut chunk = Chunk::new(true);
        let object = event("datadog.HeapLiveObject").field("objectClass", CLASS).pooled();
        let object = object.primitive("size", "long").primitive("weight", "float");
        let counted = Type::event(OTHER, "jdk.ObjectCountAfterGC").primitive("startTime", "long");
        let counted = counted.field("objectClass", CLASS).pooled().primitive("gcId", "int");
        java(&mut chunk, &[object, counted.primitive("count", "long").primitive("totalSize", "long")]);
        for _ in 0..live {
            chunk.event(EVENT, chunk.values().long(2000).long(0).long(1).long(1).long(100).float(2.0));
        }
        for &(time, collection, count) in histogram {
            let values = chunk.values().long(time).long(1).int(u32::try_from(collection).unwrap());
            chunk.event(OTHER, values.long(count).long(count * 24));
        }
        chunk.finish()
    };
    let chunks =
        [chunk(3, &[(5000, 1, 7)]), chunk(2, &[(6000, 3, 9), (6001, 3, 1), (4000, 2, 8)]), chunk(0, &[])];
    let Recording { profile, .. } = decode(&chunks.concat(), &Limits::default()).unwrap();
    assert_eq!((total(&profile, "heap-live-samples"), total(&profile, "heap-space")), (4, 400));
    assert_eq!(
        (total(&profile, "heap-histogram-objects"), total(&profile, "heap-histogram-space")),
        (10, 240)
    );
    assert_eq!(leaves(&profile, "heap-histogram-objects")["App"], 10);
}

#[test]
fn old_objects_without_a_size_are_only_counted() {
    for has_size in [false, true] {
        let mut chunk = Chunk::new(true);
        let object = event("jdk.OldObjectSample");
        java(&mut chunk, &[if has_size { object.primitive("objectSize", "long") } else { object }]);
        chunk.event(EVENT, chunk.values().long(2000).long(0).long(1).long(64));
        let Recording { profile, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
        assert_eq!(total(&profile, "heap-live-samples"), 1);
        let index = profile.value_type_index("heap-space");
        assert_eq!(index.map(|index| profile.samples.total(index)), has_size.then_some(64));
    }
}

#[test]
fn threads_are_counted_where_they_are_started() {
    let mut chunk = Chunk::new(true);
    java(&mut chunk, &[event("jdk.ThreadStart")]);
    chunk.event(EVENT, chunk.values().long(2000).long(0).long(1));
    let Recording { profile, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    assert_eq!(leaves(&profile, "thread-starts")["App.work"], 1);
}

#[test]
fn deadlocked_threads_count_once() {
    let mut chunk = Chunk::new(true);
    let mut deadlock = Type::event(EVENT, "datadog.DeadlockedThread").primitive("threadId", "long");
    for name in ["threadName", "lockName", "lockOwnerThreadName", "waitingFrame"] {
        deadlock = deadlock.primitive(name, "java.lang.String");
    }
    java(&mut chunk, &[deadlock]);
    for _ in 0..3 {
        for (id, name, owner) in [(7, "left", "right"), (8, "right", "left")] {
            let values = chunk.values().long(id).utf8(name).utf8("java.lang.Object@1").utf8(owner);
            chunk.event(EVENT, values.utf8("app//com.acme.Pair.swap(Pair.java:12)"));
        }
    }
    let Recording { profile, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    let threads: Vec<Option<String>> = (0..2).map(|row| label(&profile, row, "thread name")).collect();
    assert_eq!(threads, ["left", "right"].map(|name| Some(name.to_owned())));
    assert_eq!(label(&profile, 0, "lock owner").as_deref(), Some("right"));
    assert_eq!(label(&profile, 0, "lock name").as_deref(), Some("java.lang.Object@1"));
    let leaves: Vec<(String, i64)> = leaves(&profile, "deadlocked-threads").into_iter().collect();
    assert_eq!(leaves, [("com.acme.Pair.swap".to_owned(), 2)]);
}

#[test]
fn direct_buffers_are_memory_outside_of_the_heap() {
    let mut chunk = Chunk::new(true);
    let sample = event("datadog.DirectAllocationSample").primitive("allocated", "long");
    let sample =
        sample.primitive("source", "java.lang.String").primitive("allocatingClass", "java.lang.String");
    let total_type = Type::event(OTHER, "datadog.DirectAllocationTotal").primitive("allocated", "long");
    java(&mut chunk, &[sample, total_type]);
    for size in [100, 300] {
        let values = chunk.values().long(2000).long(0).long(1).long(size).utf8("ALLOCATE_DIRECT");
        chunk.event(EVENT, values.utf8("java.nio.ByteBuffer"));
    }
    chunk.event(OTHER, chunk.values().long(9000));
    let Recording { profile, metrics, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    assert_eq!((total(&profile, "native-alloc-space"), total(&profile, "native-alloc-samples")), (400, 2));
    assert_eq!(label(&profile, 0, "allocation class").as_deref(), Some("java.nio.ByteBuffer"));
    assert_eq!(label(&profile, 0, "source").as_deref(), Some("ALLOCATE_DIRECT"));
    assert_eq!(metrics, [("jvm_direct_allocated_bytes".to_owned(), 9000.0)]);
}

#[test]
fn flags_that_were_changed_are_said_with_their_new_value() {
    let mut chunk = Chunk::new(true);
    let mut change = Type::event(EVENT, "jdk.BooleanFlagChanged").primitive("name", "java.lang.String");
    change = change.primitive("oldValue", "boolean").primitive("newValue", "boolean");
    java(&mut chunk, &[change.primitive("origin", "java.lang.String")]);
    chunk.event(EVENT, chunk.values().utf8("HeapDumpOnOutOfMemoryError").byte(0).byte(1).utf8("Management"));
    let Recording { facts, .. } = decode(&chunk.finish(), &Limits::default()).unwrap();
    let fact = facts.iter().find(|fact| fact.section == Section::Flags).unwrap();
    assert_eq!((&*fact.name, &*fact.value), ("HeapDumpOnOutOfMemoryError", "true (changed by Management)"));
}

/// An event with a time, a duration and a stack.
fn event(name: &str) -> Type {
    let event = Type::event(EVENT, name).primitive("startTime", "long").primitive("duration", "long");
    event.field("stackTrace", STACK).pooled()
}

/// Declares these types and those of stacks, and writes the constants: stack 1, of `App.work`, and class 1, `App`.
fn java(chunk: &mut Chunk, types: &[Type]) {
    let stack = Type::of(STACK, "jdk.types.StackTrace").primitive("truncated", "boolean");
    let frame = Type::of(FRAME, "jdk.types.StackFrame").field("method", METHOD).pooled();
    let method = Type::of(METHOD, "jdk.types.Method").field("type", CLASS).pooled();
    let java = [
        stack.field("frames", FRAME).array(),
        frame.primitive("lineNumber", "int"),
        method.field("name", SYMBOL).pooled(),
        Type::of(CLASS, "java.lang.Class").field("name", SYMBOL).pooled(),
        Type::of(SYMBOL, "jdk.types.Symbol").primitive("string", "java.lang.String").simple(),
    ];
    chunk.metadata(&[types, &java].concat());
    let v = || Values::new(true);
    chunk.checkpoint(&[
        (STACK, vec![(1, v().byte(0).int(1).long(1).int(12))]),
        (METHOD, vec![(1, v().long(1).long(2))]),
        (CLASS, vec![(1, v().long(1))]),
        (SYMBOL, vec![(1, v().utf8("App")), (2, v().utf8("work"))]),
    ]);
}
