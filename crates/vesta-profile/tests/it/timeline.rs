use vesta_profile::{
    Event, Frame, FunctionTable, Granularity, Label, LabelValue, LaneKind, Profile, Sample, SampleTable,
    Selection, State, StringId, Timeline, TimelineOptions, ValueType, timeline,
};

const MS: i64 = 1_000_000;

/// A profile whose samples are told by value types, labels, time and values in milliseconds.
struct Samples(Profile);

impl Samples {
    fn of(types: &[(&str, &str)]) -> Self {
        Samples(Profile::new(types.iter().map(|(name, unit)| ValueType::new(*name, *unit)).collect()))
    }

    /// `function` may be a stack, the leaf first and with semicolons in between.
    fn push(
        &mut self,
        function: &str,
        labels: &[(&str, &str)],
        end_ms: i64,
        values_ms: &[i64],
        span_id: u64,
    ) {
        let profile = &mut self.0;
        let frames: Vec<_> = function
            .split(';')
            .map(|name| {
                let function = profile.strings.intern(name);
                profile.frames.intern(Frame { function, ..Frame::default() })
            })
            .collect();
        let stack = profile.stacks.intern(&frames);
        let labels: Vec<Label> = labels
            .iter()
            .map(|(key, value)| Label {
                key: profile.strings.intern(key),
                value: match value.parse() {
                    Ok(number) => LabelValue::Number(number, StringId::EMPTY),
                    Err(_) => LabelValue::Text(profile.strings.intern(value)),
                },
            })
            .collect();
        let labels = profile.label_sets.intern(&labels);
        let values: Vec<i64> = values_ms.iter().map(|value| value * MS).collect();
        let timestamp_ns = end_ms * MS;
        profile.samples.push(Sample {
            stack,
            labels,
            values: &values,
            timestamp_ns,
            span_id,
            ..Sample::default()
        });
    }

    fn timeline(&self, to_ms: i64, options: &TimelineOptions) -> (Timeline, FunctionTable) {
        let functions = FunctionTable::new(&self.0.strings, &self.0.frames, Granularity::Function);
        (timeline(&self.0, &functions, None, (0, to_ms * MS), options), functions)
    }
}

const EXACT: TimelineOptions = TimelineOptions { resolution: u32::MAX, max_events: usize::MAX, detail: None };

/// Lane, start, duration, state, function, detail of every event.
fn shown((timeline, functions): &(Timeline, FunctionTable)) -> Vec<String> {
    let line = |event: &Event| {
        let lane = &timeline.lanes[event.lane as usize];
        let function = event.function.map_or("-", |id| functions.name(id));
        let detail = timeline.strings.get(event.detail);
        let (start, duration) = (event.start_ns / MS, event.duration_ns / MS);
        format!("{} {start}+{duration} {} {function} {detail}", lane.name, event.state.as_str())
            .trim()
            .to_owned()
    };
    timeline.events.iter().map(line).collect()
}

#[test]
fn wall_time_ends_at_its_timestamp_and_its_part_on_a_cpu_comes_last() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds"), ("wall-time", "nanoseconds")]);
    let thread = [("thread id", "7"), ("thread name", "main")];
    samples.push("all", &thread, 20, &[10, 10], 0);
    samples.push("half", &thread, 40, &[10, 20], 3);
    samples.push("none", &thread, 60, &[0, 20], 0);
    samples.push("before", &thread, 5, &[0, 20], 0);
    samples.push("after", &thread, 120, &[30, 30], 0);
    let found = samples.timeline(100, &EXACT);
    assert_eq!(
        shown(&found),
        [
            "main 0+5 wait before",
            "main 10+10 cpu all",
            "main 20+10 wait half",
            "main 30+10 cpu half",
            "main 40+20 wait none",
            "main 90+10 cpu after",
        ]
    );
    assert_eq!(found.0.lanes[0].busy_ns, 30 * MS);
    assert_eq!((found.0.samples, found.0.without_time, found.0.merged), (5, 0, 0));
    assert_eq!(found.0.events[2].span, 3);
}

#[test]
fn samples_without_a_time_are_counted_and_not_drawn() {
    let mut samples = Samples::of(&[("cpu", "nanoseconds"), ("alloc-space", "bytes")]);
    samples.push("cpu", &[], 0, &[10, 0], 0);
    samples.push("memory", &[], 0, &[0, 10], 0);
    let (timeline, _) = samples.timeline(100, &EXACT);
    assert_eq!((timeline.without_time, timeline.samples), (1, 0));
    assert!(timeline.lanes.is_empty() && timeline.events.is_empty());
}

#[test]
fn operations_at_the_same_time_get_lanes_of_their_own_and_collections_are_on_top() {
    let mut samples = Samples::of(&[("timeline", "nanoseconds"), ("wall", "nanoseconds")]);
    let net = [("event", "net"), ("operation", "connect"), ("host", "db"), ("port", "5432")];
    samples.push("", &net, 20, &[20, 0], 0);
    samples.push("", &net, 30, &[20, 0], 0);
    samples.push("", &net, 60, &[30, 0], 0);
    samples.push("", &[("event", "gc"), ("gc type", "scavenge"), ("gc reason", "x")], 5, &[2, 0], 0);
    samples.push("", &[("event", "eventLoopBlock")], 9, &[2, 0], 0);
    samples.push("work", &[("thread name", "Main")], 10, &[0, 10], 0);
    let found = samples.timeline(100, &EXACT);
    assert_eq!(
        shown(&found),
        [
            "Garbage collection 3+2 gc - scavenge x",
            "eventLoopBlock 7+2 runtime -",
            "Main 0+10 unknown work",
            "net 1 0+20 io - connect db:5432",
            "net 1 30+30 io - connect db:5432",
            "net 2 10+20 io - connect db:5432",
        ]
    );
    let kinds: Vec<LaneKind> = found.0.lanes.iter().map(|lane| lane.kind).collect();
    let wanted = [LaneKind::Gc, LaneKind::Runtime, LaneKind::Thread, LaneKind::Async, LaneKind::Async];
    assert_eq!(kinds, wanted);
}

#[test]
fn tasks_that_wait_do_not_hold_up_their_thread() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds"), ("wall-time", "nanoseconds")]);
    let task = |name| [("thread id", "1"), ("thread name", "aio"), ("task name", name)];
    samples.push("a", &task("Task-a"), 10, &[10, 10], 0);
    samples.push("b", &task("Task-b"), 10, &[0, 10], 0);
    samples.push("c", &task("Task-c"), 10, &[0, 10], 0);
    assert_eq!(
        shown(&samples.timeline(100, &EXACT)),
        ["aio 0+10 cpu a", "aio tasks 1 0+10 wait b", "aio tasks 2 0+10 wait c"]
    );
}

#[test]
fn states_come_from_labels_and_value_types() {
    let mut samples = Samples::of(&[("wall-time", "nanoseconds"), ("lock-acquire-wait", "nanoseconds")]);
    for (at, state) in (1..).zip(["had cpu", "waiting for gvl", "network", "sleeping", "blocked", "?"]) {
        samples.push("f", &[("state", state)], at * 10, &[10, 0], 0);
    }
    samples.push("f", &[("lock name", "app.py:7")], 90, &[0, 10], 0);
    samples.push("(idle)", &[], 100, &[10, 0], 0);
    let found = samples.timeline(100, &EXACT);
    let states: Vec<&str> = found.0.events.iter().map(|event| event.state.as_str()).collect();
    assert_eq!(states, ["cpu", "lock", "io", "sleep", "wait", "unknown", "lock", "sleep"]);
    assert_eq!(found.0.strings.get(found.0.events[6].detail), "app.py:7");
}

#[test]
fn a_thread_that_had_a_cpu_was_on_it_as_long_as_it_says() {
    let mut samples = Samples::of(&[("wall-time", "nanoseconds"), ("cpu-time", "nanoseconds")]);
    let labels = [("state", "had cpu"), ("thread name", "main")];
    samples.push("work", &labels, 10, &[10, 10], 0);
    samples.push("loop", &labels, 20, &[10, 0], 0);
    assert_eq!(shown(&samples.timeline(100, &EXACT)), ["main 0+10 cpu work", "main 10+10 wait loop"]);
}

#[test]
fn elapsed_time_alone_does_not_say_what_went_on() {
    let mut samples = Samples::of(&[("wall-time", "nanoseconds")]);
    samples.push("f", &[("thread name", "main")], 10, &[10], 0);
    samples.push("(idle)", &[("thread name", "main")], 20, &[10], 0);
    let states: Vec<&str> =
        samples.timeline(100, &EXACT).0.events.iter().map(|event| event.state.as_str()).collect();
    assert_eq!(states, ["unknown", "sleep"]);
}

#[test]
fn threads_are_grouped_by_pool_and_the_busiest_come_first() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds")]);
    let mut threads = |name: &str, cpu: i64| samples.push("f", &[("thread name", name)], 50, &[cpu], 0);
    threads("worker-1", 10);
    threads("single", 25);
    threads("worker-2", 20);
    threads("pool_3_1", 1);
    threads("139695447066304x", 1);
    threads(".NET ThreadPool Worker [# 8711]", 9);
    threads(".NET ThreadPool Worker [# 8712]", 8);
    let (timeline, _) = samples.timeline(100, &EXACT);
    let lanes: Vec<(&str, &str)> =
        timeline.lanes.iter().map(|lane| (lane.name.as_str(), lane.group.as_str())).collect();
    assert_eq!(
        lanes,
        [
            ("worker-2", "worker"),
            ("worker-1", "worker"),
            ("single", "single"),
            (".NET ThreadPool Worker [# 8711]", ".NET ThreadPool Worker"),
            (".NET ThreadPool Worker [# 8712]", ".NET ThreadPool Worker"),
            ("139695447066304x", "139695447066304x"),
            ("pool_3_1", "pool_3"),
        ]
    );
}

#[test]
fn neighbors_that_are_alike_become_one_and_requests_stay_apart_as_long_as_they_can_be_seen() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds")]);
    for at in 1..=10 {
        samples.push("f", &[], at * 10, &[9], 0);
    }
    samples.push("f", &[], 120, &[10], 7);
    samples.push("f", &[], 130, &[10], 8);
    let options = |resolution| TimelineOptions { resolution, ..EXACT };
    let fine = samples.timeline(1000, &options(1000));
    assert_eq!(shown(&fine), ["unnamed 1+99 cpu f", "unnamed 110+10 cpu f", "unnamed 120+10 cpu f"]);
    assert_eq!(fine.0.merged, 9);
    let coarse = samples.timeline(1000, &options(50));
    assert_eq!(shown(&coarse), ["unnamed 1+129 cpu f"]);
}

#[test]
fn past_the_most_events_functions_are_given_up_and_time_is_not() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds")]);
    for at in 1..=1000 {
        samples.push(&format!("f{}", at % 7), &[], at, &[1], 0);
    }
    let options = TimelineOptions { resolution: 2000, max_events: 50, detail: None };
    let (timeline, _) = samples.timeline(1000, &options);
    assert!(timeline.events.len() <= 50, "{}", timeline.events.len());
    assert_eq!(timeline.events.iter().map(|event| event.duration_ns).sum::<i64>(), 1000 * MS);
    assert_eq!(timeline.lanes[0].busy_ns, 1000 * MS);
}

#[test]
fn states_that_alternate_quickly_keep_their_time_past_the_most_events() {
    let mut samples = Samples::of(&[("goroutine-time", "nanoseconds")]);
    for (at, state) in (1..=6000).zip(["running", "runnable", "sync"].into_iter().cycle()) {
        let labels = [("goroutine id", "7"), ("goroutine", "main.worker"), ("state", state)];
        samples.push("work", &labels, at, &[1], 0);
    }
    let labels = [("goroutine id", "7"), ("goroutine", "main.worker"), ("state", "sleep")];
    samples.push("time.Sleep", &labels, 9000, &[3000], 0);
    let options = TimelineOptions { resolution: 10_000, max_events: 100, detail: None };
    let (timeline, _) = samples.timeline(9000, &options);
    assert!(timeline.events.len() <= 100, "{}", timeline.events.len());
    let time = |state| -> i64 {
        let own = timeline.events.iter().filter(|event| event.state == state);
        own.map(|event| event.duration_ns / MS).sum()
    };
    assert_eq!([State::Cpu, State::Runnable, State::Lock, State::Sleep].map(time), [2000, 2000, 2000, 3000]);
    assert!(timeline.events.windows(2).all(|pair| pair[0].start_ns <= pair[1].start_ns));
    assert_eq!(timeline.merged, 6001 - timeline.events.len() as u64);
}

#[test]
fn a_detail_is_drawn_finely_in_the_lanes_of_the_whole() {
    let mut samples = Samples::of(&[("wall-time", "nanoseconds"), ("cpu-time", "nanoseconds")]);
    let thread = |name: &'static str| [("thread id", name), ("thread name", name)];
    (1..=100).for_each(|at| {
        samples.push(if at % 2 == 0 { "even" } else { "odd" }, &thread("a"), at * 10, &[5, 5], 0);
    });
    samples.push("long", &thread("b"), 1000, &[900, 0], 0);
    samples.push("short", &thread("c"), 20, &[10, 10], 0);
    let coarse = TimelineOptions { resolution: 10, max_events: 10, detail: None };
    let (whole, _) = samples.timeline(1000, &coarse);
    let detail = Some((500 * MS, 530 * MS));
    let (timeline, functions) = samples.timeline(1000, &TimelineOptions { detail, ..coarse });
    assert_eq!(timeline.lanes, whole.lanes);
    assert_eq!(
        shown(&(timeline, functions)),
        ["a 505+5 cpu odd", "a 515+5 cpu even", "a 525+5 cpu odd", "b 500+30 wait long"]
    );
    let outside = TimelineOptions { detail: Some((5000 * MS, 6000 * MS)), ..coarse };
    assert!(samples.timeline(1000, &outside).0.events.is_empty());
}

#[test]
fn a_selection_leaves_out_the_rest_and_hostile_times_do_no_harm() {
    let mut samples = Samples::of(&[("cpu-time", "nanoseconds")]);
    samples.push("f", &[], 10, &[5], 0);
    samples.push("g", &[], 20, &[5], 0);
    samples.0.samples.push(Sample { values: &[i64::MAX], timestamp_ns: i64::MAX, ..Sample::default() });
    samples.0.samples.push(Sample { values: &[i64::MIN], timestamp_ns: i64::MIN, ..Sample::default() });
    let functions = FunctionTable::new(&samples.0.strings, &samples.0.frames, Granularity::Function);
    let all = Selection { rows: vec![1, 2, 3, 99] };
    let found = timeline(&samples.0, &functions, Some(&all), (i64::MIN, i64::MAX), &EXACT);
    assert!(found.events.iter().all(|event| event.duration_ns > 0 && event.state == State::Cpu));
    let one = Selection { rows: vec![1] };
    let found = timeline(&samples.0, &functions, Some(&one), (0, 100 * MS), &EXACT);
    assert_eq!(found.events.len(), 1);
}

#[test]
fn samples_of_another_time_move_into_the_period_and_keep_their_distances() {
    let times = |given: &[i64], period| {
        let mut samples = SampleTable::new(1);
        for &timestamp_ns in given {
            samples.push(Sample { values: &[1], timestamp_ns, ..Sample::default() });
        }
        (samples.align(period), samples.timestamps_ns)
    };
    assert_eq!(times(&[100, 0, 130], (1000, 1060)), (Some(930), vec![1030, 0, 1060]));
    assert_eq!(times(&[5000, 5030], (1000, 1060)), (Some(-3970), vec![1030, 1060]));
    // One that fits is enough: the others are late, not of another clock.
    assert_eq!(times(&[900, 1010], (1000, 1060)), (None, vec![900, 1010]));
    assert_eq!(times(&[0, 0], (1000, 1060)), (None, vec![]));
}

#[test]
fn goroutines_have_lanes_by_function_with_what_they_wait_for() {
    let types = [("cpu-time", "nanoseconds"), ("goroutine-time", "nanoseconds"), ("timeline", "nanoseconds")];
    let mut samples = Samples::of(&types);
    let labels = |id: &'static str, state: &'static str| {
        [("goroutine id", id), ("goroutine", "main.worker"), ("state", state)]
    };
    // The runtime's own goroutines come last, however busy they are.
    let sweeps = [("goroutine id", "2"), ("goroutine", "runtime.bgsweep"), ("state", "running")];
    samples.push("runtime.bgsweep", &sweeps, 90, &[0, 90, 0], 0);
    samples.push("work", &labels("7", "running"), 10, &[10, 10, 0], 0);
    let receives = "runtime.gopark;runtime.chanrecv;runtime.chanrecv1;main.take;main.worker";
    samples.push(receives, &labels("7", "chan receive"), 30, &[0, 20, 0], 0);
    samples.push("runtime.chanrecv1", &labels("7", "runnable"), 35, &[0, 5, 0], 0);
    samples.push("sync.(*Mutex).Lock", &labels("8", "sync"), 20, &[0, 20, 0], 0);
    // What a sample of the CPU says of a goroutine is in its time already.
    samples.push("work", &labels("8", "running"), 21, &[10, 0, 0], 0);
    samples.push("", &[("event", "concurrent gc"), ("gc type", "mark")], 30, &[0, 0, 10], 0);
    samples.push("", &[("event", "stop_the_world"), ("gc reason", "GC mark termination")], 31, &[0, 0, 1], 0);
    samples.push("", &[("event", "proc"), ("proc", "0")], 40, &[0, 0, 40], 0);
    let found = samples.timeline(100, &EXACT);
    assert_eq!(
        shown(&found),
        [
            "Concurrent GC 20+10 gc - mark",
            "Garbage collection 30+1 gc - GC mark termination",
            "Proc 0 0+40 cpu -",
            "main.worker #7 0+10 cpu work",
            "main.worker #7 10+20 channel main.take chan receive",
            "main.worker #7 30+5 runnable runtime.chanrecv1",
            "main.worker #8 0+20 lock sync.(*Mutex).Lock sync",
            "runtime.bgsweep #2 0+90 cpu runtime.bgsweep",
        ]
    );
    let lane = &found.0.lanes[3];
    assert_eq!(
        (lane.kind, lane.group.as_str(), lane.thread_id.as_str()),
        (LaneKind::Goroutine, "main.worker", "7")
    );
    assert_eq!(lane.busy_ns, 10 * MS);
}

#[test]
fn many_goroutines_of_one_function_share_lanes() {
    let mut samples = Samples::of(&[("goroutine-time", "nanoseconds")]);
    let mut run = |id: i64, end_ms: i64, ms: i64| {
        let id = id.to_string();
        let labels = [("goroutine id", id.as_str()), ("goroutine", "main.serve"), ("state", "running")];
        samples.push("serve", &labels, end_ms, &[ms], 0);
    };
    // One after the other, a hundred at the same time, and one that lives on.
    (0..1000).for_each(|id| run(id, id + 1, 1));
    (1000..1100).for_each(|id| run(id, 1100, 90));
    let (timeline, _) = samples.timeline(2000, &EXACT);
    let names: Vec<&str> = timeline.lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(timeline.lanes.len(), 65);
    assert!(
        names.contains(&"main.serve 1") && names.contains(&"main.serve and 36 more at the same time"),
        "{names:?}"
    );
    let busy: i64 = timeline.lanes.iter().map(|lane| lane.busy_ns).sum();
    assert_eq!(busy, (1000 + 100 * 90) * MS);
}
