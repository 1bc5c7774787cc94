use vesta_profile::{Kind, Unit, ValueType};

#[track_caller]
fn check(name: &str, unit: &str, expected: &str) {
    let canonical = ValueType::new(name, unit).canonical();
    let kind = match canonical.kind {
        Kind::Delta => "delta",
        Kind::Snapshot => "snapshot",
    };
    let actual = format!("{} {} x{} {kind}", canonical.name, canonical.unit.as_str(), canonical.scale);
    assert_eq!(actual, expected);
}

#[test]
fn profilers_names_lead_to_one() {
    check("cpu", "nanoseconds", "cpu-time nanoseconds x1 delta");
    check("cpu_time", "nanoseconds", "cpu-time nanoseconds x1 delta");
    check("CPU-Time", "", "cpu-time nanoseconds x1 delta");
    check("inuse_space", "bytes", "heap-space bytes x1 snapshot");
    check("goroutine", "count", "goroutines count x1 snapshot");
    check("off_cpu_time", "ns", "off-cpu-time nanoseconds x1 delta");
    check("off-cpu-samples", "", "off-cpu-samples count x1 delta");
    check("tracepoint", "events", "tracepoint count x1 delta");
    check("My_Events", "count", "my-events count x1 delta");
}

#[test]
fn larger_units_have_a_scale() {
    check("cpu", "microseconds", "cpu-time nanoseconds x1000 delta");
    check("wall", "ms", "wall-time nanoseconds x1000000 delta");
    check("delay", "seconds", "delay nanoseconds x1000000000 delta");
    check("alloc_space", "kilobytes", "alloc-space bytes x1024 delta");
    assert_eq!(ValueType::new("cpu", "ms").canonical().scaled(i64::MAX), i64::MAX);
}

#[test]
fn a_known_name_with_a_foreign_unit_is_another_type() {
    check("cpu", "cycles", "cpu-cycles cycles x1 delta");
    check("cpu-time", "count", "cpu-time-count count x1 delta");
    check("inuse_space", "count", "inuse-space-count count x1 snapshot");
}

#[test]
fn the_name_of_an_unknown_type_tells_its_unit() {
    check("disk_latency", "milliseconds", "disk-latency nanoseconds x1000000 delta");
    check("disk-latency", "", "disk-latency nanoseconds x1 delta");
    check("arena", "kb", "arena-bytes bytes x1024 delta");
    check("arena-bytes", "", "arena-bytes bytes x1 delta");
    check("bytes", "bytes", "bytes bytes x1 delta");
    check("energy", "microjoules", "energy-microjoules microjoules x1 delta");
    check("cycles", "cycles", "cycles cycles x1 delta");
    check("idle_cycles", "cycles", "idle-cycles cycles x1 delta");
    check("batch-size", "count", "batch-size-count count x1 delta");
    check("cpu-time of jdk.ExecutionSample", "ns", "cpu-time-of-jdk.executionsample nanoseconds x1 delta");
    check("cpu-time-of-jdk.executionsample", "", "cpu-time-of-jdk.executionsample nanoseconds x1 delta");
}

#[test]
fn units_read_what_they_write() {
    for text in ["nanoseconds", "bytes", "count", "widgets"] {
        assert_eq!(Unit::parse(text).as_str(), text);
    }
}

#[test]
fn the_most_useful_types_come_first() {
    let rank = |name| ValueType::new(name, "").canonical().rank();
    assert!(
        rank("cpu") < rank("wall") && rank("wall") < rank("inuse_space") && rank("timeline") < rank("mine")
    );
}
