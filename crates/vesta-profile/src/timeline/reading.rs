//! From samples to events: what value types and labels say about time.

use super::lanes::{Lanes, PlaceKey};
use super::{Event, LaneKind, State};
use crate::{
    FunctionId, FunctionTable, Label, LabelSetId, LabelValue, Profile, StackId, StringId, StringTable,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;

/// What the labels of a sample say, worked out once per set.
#[derive(Clone, Debug, Default)]
struct Labels {
    thread_id: String,
    thread: String,
    task: String,
    event: String,
    proc: String,
    goroutine: Option<Goroutine>,
    state: Option<State>,
    /// Whether it was on a CPU for some of the time: Ruby says so, and how long is a value of its own.
    had_cpu: bool,
    endpoint: StringId,
    detail: StringId,
}

/// A goroutine and what it does.
#[derive(Clone, Debug, Default)]
struct Goroutine {
    id: String,
    /// The function that it started with.
    function: String,
    state: State,
    /// Its lane, once there is one.
    place: Option<u32>,
}

/// The columns of a profile that are about time.
struct Columns<'a> {
    wall: Vec<Column<'a>>,
    cpu: Vec<Column<'a>>,
    lock: Vec<Column<'a>>,
    io: Vec<Column<'a>>,
    goroutine: Vec<Column<'a>>,
    wait: Vec<Column<'a>>,
    events: Vec<Column<'a>>,
}

#[derive(Clone, Copy)]
struct Column<'a> {
    values: &'a [i64],
    scale: i64,
}

/// Turns samples into events, one after the other.
pub(super) struct Reading<'a> {
    profile: &'a Profile,
    functions: &'a FunctionTable,
    columns: Columns<'a>,
    labels: Vec<Labels>,
    /// The functions that made goroutines wait, by stack.
    waits: HashMap<StackId, Option<FunctionId>, FixedState>,
    strings: StringTable,
    samples: u64,
    without_time: u64,
}

/// A thread that did not say what it is called.
const UNNAMED: &str = "unnamed";
/// The packages of Go in which goroutines wait for whoever called them.
const WAITING: [&str; 4] = ["runtime.", "internal/", "sync.", "syscall."];
/// Of what share of its wall time a sample counts as all on a CPU, or not at all: in hundredths.
const NEARLY_ALL: i64 = 90;
const NEARLY_NOTHING: i64 = 5;

impl<'a> Reading<'a> {
    pub(super) fn new(profile: &'a Profile, functions: &'a FunctionTable) -> Self {
        let mut strings = StringTable::new();
        let labels = profile.label_sets.iter().map(|set| Labels::new(profile, set, &mut strings)).collect();
        Reading {
            profile,
            functions,
            columns: Columns::new(profile),
            labels,
            waits: HashMap::default(),
            strings,
            samples: 0,
            without_time: 0,
        }
    }

    /// The strings of events, how many samples became events, and how many could not for want of a time.
    pub(super) fn finish(self) -> (StringTable, u64, u64) {
        (self.strings, self.samples, self.without_time)
    }

    /// Adds what one sample says.
    pub(super) fn sample(&mut self, row: usize, lanes: &mut Lanes) {
        if !self.columns.goroutine.is_empty() && self.goroutine(row, lanes) {
            return;
        }
        let columns = &self.columns;
        let (wall, cpu) = (sum(&columns.wall, row), sum(&columns.cpu, row));
        let (lock, io, event) = (sum(&columns.lock, row), sum(&columns.io, row), sum(&columns.events, row));
        let wait = sum(&columns.wait, row);
        if [wall, cpu, lock, io, wait, event].iter().all(|&time| time <= 0) {
            return;
        }
        let samples = &self.profile.samples;
        let end_ns = samples.timestamps_ns.get(row).copied().unwrap_or(0);
        if end_ns <= 0 {
            self.without_time += 1;
            return;
        }
        self.samples += 1;
        let none = Labels::default();
        let set = samples.labels.get(row).copied().unwrap_or(LabelSetId::EMPTY);
        let labels = self.labels.get(set.index()).unwrap_or(&none);
        let base = Event {
            lane: 0,
            start_ns: end_ns,
            duration_ns: 0,
            state: State::Unknown,
            function: self.leaf(samples.stacks.get(row).copied().unwrap_or_default()),
            endpoint: labels.endpoint,
            span: samples.span_ids.get(row).copied().unwrap_or(0),
            detail: labels.detail,
        };
        if !labels.event.is_empty() || event > 0 {
            let duration_ns = if event > 0 { event } else { wall.max(cpu) };
            lanes.background(labels, ending_now(base, duration_ns));
            return;
        }
        if wall > 0 || cpu > 0 {
            let known = base.function.and_then(|id| State::of_function(self.functions.name(id)));
            // A profiler that measures elapsed time alone does not say what of it was on a CPU.
            let silent = columns.cpu.is_empty().then_some(match labels.had_cpu {
                true => State::Cpu,
                false => State::Unknown,
            });
            lanes.time(labels, labels.state.or(known).or(silent), base, wall, cpu);
        }
        let waiting = labels.state.unwrap_or(State::Wait);
        for (duration_ns, state) in [(lock, State::Lock), (io, State::Io), (wait, waiting)] {
            if duration_ns > 0 {
                let lane = lanes.thread(labels);
                lanes.push(Event { lane, state, ..ending_now(base, duration_ns) });
            }
        }
    }

    /// Adds what a goroutine did, if that is what a sample tells.
    fn goroutine(&mut self, row: usize, lanes: &mut Lanes) -> bool {
        let duration_ns = sum(&self.columns.goroutine, row);
        let samples = &self.profile.samples;
        let set = samples.labels.get(row).copied().unwrap_or_default();
        let Some(labels) = self.labels.get_mut(set.index()) else { return false };
        let Some(goroutine) = &mut labels.goroutine else { return false };
        let end_ns = samples.timestamps_ns.get(row).copied().unwrap_or(0);
        if duration_ns <= 0 || end_ns <= 0 {
            return true;
        }
        self.samples += 1;
        let lane =
            *goroutine.place.get_or_insert_with(|| lanes.goroutine(&goroutine.id, &goroutine.function));
        let (state, endpoint, detail) = (goroutine.state, labels.endpoint, labels.detail);
        let stack = samples.stacks.get(row).copied().unwrap_or_default();
        let function = if state == State::Cpu { self.leaf(stack) } else { self.waiting(stack) };
        let span = samples.span_ids.get(row).copied().unwrap_or(0);
        let event = Event { lane, start_ns: end_ns, duration_ns: 0, state, endpoint, span, detail, function };
        lanes.push(ending_now(event, duration_ns));
        true
    }

    /// The function that made its goroutine wait. At the leaf of all such stacks are functions of the runtime, which say no
    /// more than the state does.
    fn waiting(&mut self, stack: StackId) -> Option<FunctionId> {
        if let Some(known) = self.waits.get(&stack) {
            return *known;
        }
        let frames = self.profile.stacks.get(stack);
        let own = frames.iter().find(|frame| {
            let name = self.profile.strings.get(self.profile.frames.get(**frame).function);
            !WAITING.iter().any(|package| name.starts_with(package))
        });
        let function = own.or_else(|| frames.last()).map(|frame| self.functions.of(*frame));
        self.waits.insert(stack, function);
        function
    }

    /// The function at the leaf. Events that only have labels have a stack of one frame without a name.
    fn leaf(&self, stack: StackId) -> Option<FunctionId> {
        let frame = *self.profile.stacks.get(stack).first()?;
        let known = self.profile.frames.get(frame);
        let is_named = known.function != StringId::EMPTY || known.module != StringId::EMPTY;
        is_named.then(|| self.functions.of(frame))
    }
}

/// The event with this duration, whose start was its end so far.
fn ending_now(event: Event, duration_ns: i64) -> Event {
    Event { start_ns: event.start_ns.saturating_sub(duration_ns), duration_ns, ..event }
}

fn sum(columns: &[Column<'_>], row: usize) -> i64 {
    columns.iter().fold(0, |sum: i64, column| {
        let value = column.values.get(row).copied().unwrap_or(0).max(0);
        sum.saturating_add(value.saturating_mul(column.scale))
    })
}

impl<'a> Columns<'a> {
    fn new(profile: &'a Profile) -> Self {
        let columns = |wanted: &dyn Fn(&str) -> bool| {
            let all = profile.value_types.iter().zip(&profile.samples.values);
            all.filter_map(|(value_type, values)| {
                let canonical = value_type.canonical();
                wanted(&canonical.name).then_some(Column { values, scale: canonical.scale })
            })
            .collect()
        };
        Columns {
            wall: columns(&|name| name == "wall-time"),
            cpu: columns(&|name| name == "cpu-time"),
            lock: columns(&|name| name == "lock-acquire-wait"),
            goroutine: columns(&|name| name == "goroutine-time"),
            io: columns(&|name| {
                let is_io = name.contains("-io-") || name.starts_with("socket-");
                name == "request-time" || (name.ends_with("-time") && is_io)
            }),
            wait: columns(&|name| name == "wait-time"),
            events: columns(&|name| name == "timeline"),
        }
    }
}

impl Lanes {
    /// The lane of the thread of a sample.
    fn thread(&mut self, labels: &Labels) -> u32 {
        let name = if labels.thread.is_empty() { UNNAMED } else { &labels.thread };
        let id = if labels.thread_id.is_empty() { name } else { &labels.thread_id };
        let key = PlaceKey { kind: LaneKind::Thread, id: id.to_owned() };
        self.place(key, name, &labels.thread_id)
    }

    /// Wall time and the part of it on a CPU. Tasks that wait do not hold up their thread, so they are drawn apart.
    fn time(&mut self, labels: &Labels, known: Option<State>, base: Event, wall: i64, cpu: i64) {
        let whole = if wall > 0 { wall } else { cpu };
        let lane = self.thread(labels);
        if let Some(state) = known {
            return self.push(Event { lane, state, ..ending_now(base, whole) });
        }
        let cpu = match i128::from(cpu) * 100 / i128::from(whole) {
            share if share >= i128::from(NEARLY_ALL) => whole,
            share if share < i128::from(NEARLY_NOTHING) => 0,
            _ => cpu.min(whole),
        };
        if cpu > 0 {
            self.push(Event { lane, state: State::Cpu, ..ending_now(base, cpu) });
        }
        if cpu < whole {
            let lane = if labels.task.is_empty() { lane } else { self.tasks(labels) };
            let waited =
                ending_now(Event { start_ns: base.start_ns.saturating_sub(cpu), ..base }, whole - cpu);
            self.push(Event { lane, state: State::Wait, ..waited });
        }
    }

    /// The lane of a goroutine.
    fn goroutine(&mut self, id: &str, function: &str) -> u32 {
        let function = if function.is_empty() { "unknown goroutines" } else { function };
        let key = PlaceKey { kind: LaneKind::Goroutine, id: id.to_owned() };
        self.place(key, function, id)
    }

    fn tasks(&mut self, labels: &Labels) -> u32 {
        let name = format!("{} tasks", labels.thread);
        let id = format!("tasks of {} {}", labels.thread_id, labels.thread);
        self.place(PlaceKey { kind: LaneKind::Async, id }, name.trim(), "")
    }

    /// What the runtime says of itself: collections in one lane, its own work in one per kind, and operations that go on
    /// at the same time side by side.
    fn background(&mut self, labels: &Labels, event: Event) {
        let state = State::of_event(&labels.event);
        let key = |kind, id: &str| PlaceKey { kind, id: id.to_owned() };
        let lane = match state {
            // The program goes on meanwhile: drawn with the pauses, they would hide each other.
            State::Gc if labels.event.starts_with("concurrent") => {
                self.place(key(LaneKind::Gc, "concurrent"), "Concurrent GC", "")
            }
            State::Gc => self.place(key(LaneKind::Gc, ""), "Garbage collection", ""),
            State::Io => self.place(key(LaneKind::Async, &labels.event), &labels.event, ""),
            State::Unknown => self.place(key(LaneKind::Async, &labels.event), &labels.event, ""),
            State::Cpu => {
                let name = format!("Proc {}", labels.proc);
                self.place(key(LaneKind::Runtime, &name), &name, "")
            }
            _ if labels.event == "zlib" || labels.event == "crypto" => {
                self.place(key(LaneKind::Async, &labels.event), &labels.event, "")
            }
            State::Sleep => self.thread(labels),
            _ => {
                let name = if labels.event.is_empty() { "Runtime" } else { &labels.event };
                self.place(key(LaneKind::Runtime, name), name, "")
            }
        };
        self.push(Event { lane, state, ..event });
    }
}

impl Labels {
    fn new(profile: &Profile, set: &[Label], strings: &mut StringTable) -> Labels {
        let mut labels = Labels::default();
        let mut details: Vec<(&str, Cow<'_, str>)> = Vec::new();
        let mut state = Cow::Borrowed("");
        for label in set {
            let value = match label.value {
                LabelValue::Text(text) => Cow::Borrowed(profile.strings.get(text)),
                LabelValue::Number(number, _) => Cow::Owned(number.to_string()),
            };
            match profile.strings.get(label.key) {
                "thread id" | "thread_id" => labels.thread_id = value.into_owned(),
                "thread name" | "thread_name" => labels.thread = value.into_owned(),
                "task name" => labels.task = value.into_owned(),
                "event" => labels.event = value.into_owned(),
                "proc" => labels.proc = value.into_owned(),
                "goroutine id" => {
                    labels.goroutine.get_or_insert_with(Goroutine::default).id = value.into_owned();
                }
                "goroutine" => {
                    labels.goroutine.get_or_insert_with(Goroutine::default).function = value.into_owned();
                }
                "state" if value == "had cpu" => labels.had_cpu = true,
                "state" => {
                    labels.state = Some(State::of_label(&value));
                    state = value;
                }
                "trace endpoint" => labels.endpoint = strings.intern(&value),
                key if !value.is_empty() => details.push((key, value)),
                _ => {}
            }
        }
        if let Some(goroutine) = &mut labels.goroutine {
            goroutine.state = State::of_goroutine(&state);
            if !matches!(goroutine.state, State::Cpu | State::Runnable | State::Syscall) {
                details.push(("operation", state));
            }
        }
        labels.detail = strings.intern(&detail(&details));
        labels
    }
}

/// What labels say besides, in a few words.
fn detail(labels: &[(&str, Cow<'_, str>)]) -> String {
    let get = |wanted: &str| labels.iter().find(|(key, _)| *key == wanted).map(|(_, value)| value.as_ref());
    let address = match (get("host"), get("port")) {
        (Some(host), Some(port)) => Some(format!("{host}:{port}")),
        (Some(host), None) => Some(host.to_owned()),
        (None, Some(port)) => Some(format!("port {port}")),
        (None, None) => None,
    };
    let words = [
        "operation",
        "gc type",
        "gc reason",
        "gc cause",
        "gc generation",
        "lock name",
        "task name",
        "region name",
    ];
    let words = words.into_iter().filter_map(get).map(str::to_owned);
    let places =
        ["path", "hostname", "filename", "request url"].into_iter().filter_map(get).map(str::to_owned);
    words.chain(address).chain(places).collect::<Vec<_>>().join(" ")
}
