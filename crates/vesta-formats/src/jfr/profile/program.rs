//! Events about the program: where it spends time and memory, and where it waits.

use super::events::{Kind, Known};
use super::names::class_name;
use super::samples::{NO_THREAD, Row, SpanInterval};
use super::sources::Source;
use super::stacks::Stacks;
use super::weights::weighted;
use super::{Epoch, Reading, as_f64};
use crate::jfr::Event;
use vesta_profile::{Frame, LabelSetId, StackId, StringId};

/// The most endpoints that are counted.
const MOST_ENDPOINTS: usize = 10_000;

/// The most epochs of a chunk that are kept: an hour has 72,000 at most.
const MOST_EPOCHS: usize = 1 << 18;

impl Reading<'_> {
    /// Reads an event.
    pub(super) fn read(&mut self, event: &Event<'_>, known: &Known) {
        let number = |index: usize| event.integer(index).unwrap_or(0);
        match known.kind {
            Kind::Execution => self.execution(event),
            Kind::CpuTime => self.sample(event, Source::CpuTime, [number(2), 1], LabelSetId::EMPTY),
            Kind::CpuTimeLost => self.metrics.add("jvm_cpu_samples_lost", as_f64(number(0))),
            Kind::DatadogCpu => {
                let labels = self.attribute_labels(event, known, []);
                self.spanned(event, Source::DatadogCpu, [0, number(4).max(1)], labels);
            }
            Kind::DatadogWall => {
                let state = datadog_state(event);
                let label = self.text_label("state", &state);
                let labels = self.attribute_labels(event, known, label);
                self.spanned(event, Source::DatadogWall, [0, number(4).max(1)], labels);
            }
            Kind::DatadogEpoch => {
                let (threads, sampled) = (number(0), number(1).saturating_add(number(2)));
                if sampled > 0 && self.chunk.epochs.len() < MOST_EPOCHS {
                    self.chunk.epochs.push(Epoch { start_ns: event.start_ns(), threads, sampled });
                }
            }
            Kind::WallClock => {
                let state = event.text(2).and_then(|state| async_state(&state)).unwrap_or("running");
                let labels = self.state_labels(state);
                self.sample(event, Source::WallClock, [0, number(3).max(1)], labels);
            }
            Kind::NativeMethod => self.sample(event, Source::NativeMethod, [1, 0], LabelSetId::EMPTY),
            Kind::AllocationInTlab => {
                let (size, buffer) = (number(3).max(1), number(4).max(0));
                let objects = (buffer.saturating_add(size / 2) / size).max(1);
                self.object(event, Source::Tlab, [buffer, objects]);
            }
            Kind::AllocationOutsideTlab => self.object(event, Source::Tlab, [number(3), 1]),
            Kind::Allocation => self.object(event, Source::Allocation, [number(3), 1]),
            Kind::OldObject => self.object(event, Source::OldObject, [number(3), 1]),
            Kind::LiveObject => self.object(event, Source::LiveObject, [number(3), 1]),
            Kind::DatadogAllocation => self.datadog_object(event, known, Source::DatadogAllocation),
            Kind::DatadogLiveObject => self.datadog_object(event, known, Source::DatadogLiveObject),
            Kind::Exception | Kind::Error => self.exception(event, known.kind == Kind::Error),
            Kind::DatadogException => self.datadog_exception(event),
            Kind::DatadogExceptionCount => {
                let class = self.profile.strings.intern(&class_name(&event.text(0).unwrap_or_default()));
                let counted = self.exceptions.counts.entry(class).or_default();
                *counted = counted.saturating_add(number(1).max(0));
            }
            Kind::MonitorEnter | Kind::NativeLock => self.wait(event, Source::Lock, ""),
            Kind::MonitorWait => self.wait(event, Source::Wait, "waiting"),
            Kind::Park => {
                let class = self.class(event, 2);
                match is_lock(self.profile.strings.get(class)) {
                    true => self.wait(event, Source::Lock, ""),
                    false => self.wait(event, Source::Wait, "parked"),
                }
            }
            Kind::Sleep => self.wait(event, Source::Wait, "sleeping"),
            Kind::FileRead => self.file(event, Source::FileRead, number(3), ""),
            Kind::FileWrite => self.file(event, Source::FileWrite, number(3), ""),
            Kind::FileForce => self.file(event, Source::FileWrite, 0, "force"),
            Kind::SocketRead => self.socket(event, Source::SocketRead),
            Kind::SocketWrite => self.socket(event, Source::SocketWrite),
            Kind::NativeSocket => self.native_socket(event, known),
            Kind::Queue => self.queue(event, known),
            Kind::ClassLoad => {
                let class = self.class(event, 2);
                let labels = self.label_set(&[("class name", class)]);
                self.sample(event, Source::ClassLoad, [1, 0], labels);
            }
            Kind::ThreadStart => self.sample(event, Source::ThreadStart, [1, 0], LabelSetId::EMPTY),
            Kind::Malloc => {
                self.sample(event, Source::NativeAllocation, [number(2), 1], LabelSetId::EMPTY);
            }
            Kind::DatadogMalloc => {
                let labels = self.attribute_labels(event, known, []);
                let values = weighted(number(4), event.float(5));
                self.spanned(event, Source::NativeAllocation, values, labels);
            }
            Kind::DirectAllocation => {
                let class = self.profile.strings.intern(&class_name(&event.text(5).unwrap_or_default()));
                let label = self.id_label("allocation class", class);
                let labels = self.attribute_labels(event, known, label);
                self.spanned(event, Source::DirectAllocation, [number(4).max(0), 1], labels);
            }
            Kind::Histogram => {
                let stack = Stacks::of_classes(&[self.class(event, 0)], &mut self.profile);
                let collection = self.number_label("gc id", number(3));
                let labels = self.profile.label_sets.intern(&[collection]);
                self.push_without_thread(event, Source::Histogram, [number(1), number(2)], labels, stack);
            }
            Kind::Deadlock => self.deadlock(event),
            Kind::Endpoint => self.endpoint(event),
            Kind::Span => {
                let thread = self.thread(event, 0);
                let (start_ns, end_ns) = (event.start_ns(), event.end_ns());
                let (span, root) = (number(1).cast_unsigned(), number(2).cast_unsigned());
                self.samples.span(thread, SpanInterval { start_ns, end_ns, span, root });
            }
            Kind::Setting => {
                let text = |index: usize| event.text(index).unwrap_or_default();
                self.chunk.settings.add(number(0), &text(1), &text(2));
            }
            _ => self.read_machine(event, known.kind),
        }
    }

    fn execution(&mut self, event: &Event<'_>) {
        let state = event.text(2).unwrap_or_default();
        // Whether the JDK or async-profiler wrote it is known when the settings are.
        match async_state(&state) {
            Some(state) => {
                let labels = self.state_labels(state);
                self.sample(event, Source::AsyncWall, [0, 1], labels);
            }
            None => self.sample(event, Source::Execution, [0, 1], LabelSetId::EMPTY),
        }
    }

    fn object(&mut self, event: &Event<'_>, source: Source, values: [i64; 2]) {
        let class = self.class(event, 2);
        let labels = self.label_set(&[("allocation class", class)]);
        self.sample(event, source, values, labels);
    }

    fn datadog_object(&mut self, event: &Event<'_>, known: &Known, source: Source) {
        let class = self.class(event, 4);
        let label = self.id_label("allocation class", class);
        let labels = self.attribute_labels(event, known, label);
        self.spanned(event, source, weighted(event.integer(5).unwrap_or(0), event.float(6)), labels);
    }

    fn exception(&mut self, event: &Event<'_>, is_error: bool) {
        let class = self.class(event, 2);
        let labels = self.exception_labels(class, &event.text(3).unwrap_or_default());
        if is_error {
            self.exceptions.errors.insert(labels);
        }
        let stack = self.exception_stack(event, class);
        // The second value tells errors apart until all are known; nothing measures it.
        self.push(event, Source::Exception, [1, i64::from(is_error)], labels, stack, (0, 0));
    }

    fn datadog_exception(&mut self, event: &Event<'_>) {
        let class = self.profile.strings.intern(&class_name(&event.text(4).unwrap_or_default()));
        let labels = self.exception_labels(class, &event.text(5).unwrap_or_default());
        let stack = self.exception_stack(event, class);
        self.push(event, Source::DatadogException, [1, 0], labels, stack, spans(event, 2));
    }

    fn exception_stack(&mut self, event: &Event<'_>, class: StringId) -> StackId {
        let (profile, depth) = (&mut self.profile, self.limits.max_stack_depth);
        self.chunk.stacks.without_constructors(event.chunk(), event.reference(1), class, profile, depth)
    }

    /// Something that a thread waited for.
    fn wait(&mut self, event: &Event<'_>, source: Source, state: &str) {
        let class = self.class(event, 2);
        let state = self.profile.strings.intern(state);
        let labels = self.label_set(&[("lock name", class), ("state", state)]);
        self.sample(event, source, [event.duration_ns(), 1], labels);
    }

    fn file(&mut self, event: &Event<'_>, source: Source, bytes: i64, operation: &str) {
        let path = self.profile.strings.intern(&event.text(2).unwrap_or_default());
        let operation = self.profile.strings.intern(operation);
        let labels = self.label_set(&[("path", path), ("operation", operation)]);
        // The end of a file is a read of -1 bytes.
        self.sample(event, source, [event.duration_ns(), bytes.max(0)], labels);
    }

    fn socket(&mut self, event: &Event<'_>, source: Source) {
        let host = event.text(3).filter(|host| !host.is_empty()).or_else(|| event.text(4));
        let host = self.text_label("host", &host.unwrap_or_default());
        let port = event.integer(5).filter(|&port| port > 0).map(|port| self.number_label("port", port));
        let labels: Vec<_> = host.into_iter().chain(port).collect();
        let labels = self.profile.label_sets.intern(&labels);
        let bytes = event.integer(2).unwrap_or(0).max(0);
        self.sample(event, source, [event.duration_ns(), bytes], labels);
    }

    fn native_socket(&mut self, event: &Event<'_>, known: &Known) {
        let source = match &*event.text(4).unwrap_or_default() {
            "RECV" | "READ" => Source::NativeSocketRead,
            _ => Source::NativeSocketWrite,
        };
        let label = self.text_label("host", &event.text(5).unwrap_or_default());
        let labels = self.attribute_labels(event, known, label);
        let [time, _] = weighted(event.duration_ns(), event.float(7));
        let [bytes, _] = weighted(event.integer(6).unwrap_or(0), event.float(7));
        self.spanned(event, source, [time, bytes], labels);
    }

    /// A task that waited for a thread. It has no stack, so the classes of task and executor stand for one.
    fn queue(&mut self, event: &Event<'_>, known: &Known) {
        let [task, scheduler, queue] = [3, 4, 5].map(|index| self.class(event, index));
        let stack = Stacks::of_classes(&[task, scheduler], &mut self.profile);
        let label = self.id_label("queue type", queue);
        let labels = self.attribute_labels(event, known, label);
        self.push(event, Source::Queue, [event.duration_ns(), 1], labels, stack, spans(event, 1));
    }

    /// A thread that waits for another that waits for it. Its stack is not in the recording, but its innermost frame is. It is
    /// written time and again.
    fn deadlock(&mut self, event: &Event<'_>) {
        if !self.chunk.deadlocked.insert(event.integer(0).unwrap_or(0)) {
            return;
        }
        let frame = event.text(2).unwrap_or_default();
        let function = frame.split_once('(').map_or(&*frame, |(function, _)| function);
        let function = self.profile.strings.intern(function.rsplit('/').next().unwrap_or_default());
        let frames = [self.profile.frames.intern(Frame { function, ..Frame::default() })];
        let stack =
            if function == StringId::EMPTY { StackId::EMPTY } else { self.profile.stacks.intern(&frames) };
        let names = [("thread name", 1), ("lock name", 3), ("lock owner", 4)];
        let labels = names
            .map(|(key, index)| (key, self.profile.strings.intern(&event.text(index).unwrap_or_default())));
        let labels = self.label_set(&labels);
        self.push_without_thread(event, Source::Deadlock, [1, 0], labels, stack);
    }

    fn endpoint(&mut self, event: &Event<'_>) {
        let name = event.text(0).unwrap_or_default();
        if name.is_empty() {
            return;
        }
        let endpoint = self.profile.strings.intern(&name);
        let operation = self.profile.strings.intern(&event.text(1).unwrap_or_default());
        self.samples.endpoint(event.integer(2).unwrap_or(0).cast_unsigned(), endpoint, operation);
        if let Some(count) = self.endpoint_counts.get_mut(&*name) {
            *count += 1;
        } else if self.endpoint_counts.len() < MOST_ENDPOINTS {
            self.endpoint_counts.insert(name.into_owned(), 1);
        }
    }

    /// A sample whose thread and stack are its first two fields.
    pub(super) fn sample(&mut self, event: &Event<'_>, source: Source, values: [i64; 2], labels: LabelSetId) {
        let stack = self.stack(event);
        self.push(event, source, values, labels, stack, (0, 0));
    }

    /// A sample with the span and the entry span in the two fields after those.
    fn spanned(&mut self, event: &Event<'_>, source: Source, values: [i64; 2], labels: LabelSetId) {
        let stack = self.stack(event);
        self.push(event, source, values, labels, stack, spans(event, 2));
    }

    fn push(
        &mut self,
        event: &Event<'_>,
        source: Source,
        values: [i64; 2],
        labels: LabelSetId,
        stack: StackId,
        (span, root): (u64, u64),
    ) {
        let thread = self.thread(event, 0);
        let context = self.context(event);
        let labels = self.context_labels(context, labels);
        let span = if span == 0 { context.span } else { span };
        let bare = Row::bare(source, event.end_ns(), values);
        self.samples.push(Row { stack, thread, labels, span, root, trace: context.trace, ..bare });
    }

    /// A sample that is of no thread.
    fn push_without_thread(
        &mut self,
        event: &Event<'_>,
        source: Source,
        values: [i64; 2],
        labels: LabelSetId,
        stack: StackId,
    ) {
        self.samples.push(Row { stack, labels, ..Row::bare(source, event.end_ns(), values) });
    }

    pub(super) fn class(&mut self, event: &Event<'_>, index: usize) -> StringId {
        self.chunk.stacks.class(event.chunk(), event.reference(index), &mut self.profile)
    }

    pub(super) fn stack(&mut self, event: &Event<'_>) -> StackId {
        let (profile, depth) = (&mut self.profile, self.limits.max_stack_depth);
        self.chunk.stacks.stack(event.chunk(), event.reference(1), profile, depth)
    }

    pub(super) fn thread(&mut self, event: &Event<'_>, index: usize) -> u32 {
        let labels = self.chunk.stacks.thread(event.chunk(), event.reference(index), &mut self.profile);
        if labels.is_empty() { NO_THREAD } else { self.samples.thread(labels) }
    }
}

/// The span and the entry span of an event, in two fields one after the other.
fn spans(event: &Event<'_>, first: usize) -> (u64, u64) {
    let id = |index: usize| event.integer(index).unwrap_or(0).cast_unsigned();
    (id(first), id(first + 1))
}

/// The state of a thread that async-profiler saw in elapsed time; nothing for samples on a CPU.
fn async_state(state: &str) -> Option<&'static str> {
    match state {
        "STATE_RUNNABLE" => Some("running"),
        "STATE_SLEEPING" => Some("sleeping"),
        _ => None,
    }
}

/// What Datadog's engine says about a thread, in words that other languages have.
fn datadog_state(event: &Event<'_>) -> String {
    let state = event.text(5).unwrap_or_default();
    let mode = event.text(6).unwrap_or_default();
    match &*state {
        "RUNNABLE" if mode == "NATIVE" && is_blocked_on_io(event) => "io".to_owned(),
        "RUNNABLE" => "running".to_owned(),
        "OBJECT_WAIT" | "MONITOR_WAIT" | "CONDVAR_WAIT" => "waiting".to_owned(),
        other => other.to_ascii_lowercase().replace('_', " "),
    }
}

/// Whether the innermost function is a call of the kernel that waits for data.
fn is_blocked_on_io(event: &Event<'_>) -> bool {
    const CALLS: [&str; 13] = [
        "read",
        "pread",
        "recv",
        "poll",
        "epoll",
        "accept",
        "connect",
        "select",
        "write",
        "pwrite",
        "send",
        "fsync",
        "fdatasync",
    ];
    let chunk = event.chunk();
    let leaf = event.reference(1).and_then(|stack| chunk.stack_trace(stack)?.frames().next());
    let Some(method) = leaf.and_then(|frame| chunk.method(frame.method)) else { return false };
    let name = method.name.trim_start_matches('_');
    let name = name.strip_prefix("GI_").or_else(|| name.strip_prefix("libc_")).unwrap_or(name);
    CALLS.iter().any(|call| name.trim_start_matches('_').starts_with(call))
}

/// Whether threads park on objects of this class to get a lock, rather than to wait for work.
fn is_lock(class: &str) -> bool {
    let Some(rest) = class.strip_prefix("java.util.concurrent.") else { return false };
    let is_lock = rest.strip_prefix("locks.").is_some_and(|class| !class.contains("Condition"));
    is_lock || rest.starts_with("Semaphore")
}
