//! Events about the JVM and its machine: what it does of itself, numbers, and what describes the process.

use super::events::Kind;
use super::names::{class_name, method_name};
use super::samples::Row;
use super::sources::Source;
use super::{Reading, Section, as_f64};
use crate::jfr::Event;
use vesta_profile::LabelSetId;

impl Reading<'_> {
    /// Reads an event that is not about the program.
    pub(super) fn read_machine(&mut self, event: &Event<'_>, kind: Kind) {
        let number = |index: usize| event.integer(index).unwrap_or(0);
        let (start_ns, end_ns) = (event.start_ns(), event.end_ns());
        match kind {
            Kind::Collection => {
                let name = self.profile.strings.intern(&event.text(1).unwrap_or_default());
                let cause = self.profile.strings.intern(&event.text(2).unwrap_or_default());
                self.chunk.runtime.collection(number(0), (name, cause), (start_ns, end_ns));
                self.metrics.add("jvm_gc_count", 1.0);
            }
            Kind::Pause => self.chunk.runtime.pause(number(0), start_ns, end_ns),
            Kind::ConcurrentPhase => {
                let phase = self.profile.strings.intern(&event.text(0).unwrap_or_default());
                let labels = self.event_labels("concurrent gc", &[("operation", phase)]);
                self.push_activity(labels, end_ns, event.duration_ns());
                self.metrics.add("jvm_gc_concurrent_ns", as_f64(event.duration_ns()));
            }
            Kind::SafepointBegin => {
                self.chunk.runtime.safepoint(number(0), start_ns, end_ns);
                self.metrics.add("jvm_safepoint_count", 1.0);
            }
            Kind::SafepointEnd => self.chunk.runtime.safepoint(number(0), start_ns, end_ns),
            Kind::VmOperation => self.vm_operation(event),
            Kind::Compilation => self.compilation(event),
            Kind::Stall => self.thread_activity(event, "allocation stall"),
            Kind::Pinned => self.thread_activity(event, "virtual thread pinned"),
            Kind::SubmitFailed => self.thread_activity(event, "virtual thread not started"),
            Kind::MetaspaceOutOfMemory => self.thread_activity(event, "out of metaspace"),
            Kind::HeapSummary => self.heap_summary(event),
            Kind::Metaspace => self.metrics.most("jvm_metaspace_used_bytes", as_f64(number(0))),
            Kind::CpuLoad => {
                let share = |index: usize| event.float(index).unwrap_or(0.0);
                self.metrics.mean("jvm_cpu_load", share(0) + share(1));
                self.metrics.mean("jvm_machine_cpu_load", share(2));
            }
            Kind::Threads => {
                self.metrics.last("jvm_threads", start_ns, as_f64(number(0)));
                self.metrics.most("jvm_threads_peak", as_f64(number(1)));
            }
            Kind::ContextSwitches => {
                self.metrics.mean("jvm_context_switches_per_sec", event.float(0).unwrap_or(0.0));
            }
            Kind::ResidentSet => self.metrics.last("jvm_rss_bytes", start_ns, as_f64(number(0))),
            Kind::ClassLoading => self.metrics.last("jvm_classes_loaded", start_ns, as_f64(number(0))),
            Kind::DirectBuffers => {
                self.metrics.last("jvm_direct_buffers_bytes", start_ns, as_f64(number(0)));
            }
            Kind::Network => {
                // Once per network interface.
                self.metrics.mean("jvm_network_read_bits_per_sec", as_f64(number(0)));
                self.metrics.mean("jvm_network_written_bits_per_sec", as_f64(number(1)));
            }
            Kind::CodeCacheFull => self.metrics.add("jvm_code_cache_full_count", 1.0),
            Kind::Exceptions => self.metrics.last("jvm_exceptions_since_start", start_ns, as_f64(number(0))),
            Kind::GcCpuTime => {
                self.metrics.add("jvm_gc_cpu_ns", as_f64(number(0)) + as_f64(number(1)));
            }
            Kind::NativeMemory => {
                self.metrics.last("jvm_native_memory_committed_bytes", start_ns, as_f64(number(0)));
            }
            Kind::DirectAllocationTotal => self.metrics.add("jvm_direct_allocated_bytes", as_f64(number(0))),
            Kind::DataLoss => {
                let lost = number(0);
                let what = "the recorder lost events for want of room";
                self.problems.note(what, || format!("{lost} bytes"));
            }
            _ => self.read_information(event, kind),
        }
    }

    fn read_information(&mut self, event: &Event<'_>, kind: Kind) {
        let text = |index: usize| event.text(index).unwrap_or_default();
        let information = &mut self.information;
        match kind {
            Kind::JvmInformation => {
                let names = ["name", "version", "arguments", "flags", "application arguments"];
                information.add_texts(Section::Runtime, event, &names);
            }
            Kind::OsInformation => information.add(Section::Platform, "os", &os_name(&text(0))),
            Kind::CpuInformation => {
                information.add_numbers(Section::Platform, event, &["sockets", "cores", "hardware threads"]);
                information.add(Section::Platform, "cpu", &text(3));
            }
            Kind::Memory => information.add_numbers(Section::Platform, event, &["memory_bytes"]),
            Kind::Property => information.property(&text(0), &text(1)),
            Kind::Flag => information.flag(&text(0), &flag_value(event), &text(2)),
            Kind::FlagChange => information.flag_change(&text(0), &flag_value(event), &text(2)),
            Kind::Processors => information.add_numbers(Section::Platform, event, &["processors of the JVM"]),
            Kind::GcConfiguration => {
                let names = ["gc young", "gc old"];
                information.add_texts(Section::Runtime, event, &names);
                let names = ["", "", "gc threads", "gc concurrent threads"];
                information.add_numbers(Section::Runtime, event, &names);
            }
            Kind::HeapConfiguration => {
                let names = ["heap_min_bytes", "heap_max_bytes", "heap_initial_bytes"];
                information.add_numbers(Section::Runtime, event, &names);
            }
            Kind::Container => {
                let names = ["container cpus", "container memory_bytes"];
                information.add_numbers(Section::Platform, event, &names);
                information.add(Section::Platform, "container", &text(2));
            }
            Kind::ProfilerSetting => {
                let value = format!("{} {}", text(1), text(2));
                information.add(Section::ProfilerSettings, &text(0), &value);
            }
            _ => {}
        }
    }

    /// What the runtime did in the chunk, now that events that belong together are all known.
    pub(super) fn add_runtime(&mut self) {
        for activity in self.chunk.runtime.end_chunk() {
            let details = [
                ("gc type", activity.collector),
                ("gc cause", activity.cause),
                ("operation", activity.operation),
            ];
            let labels = self.event_labels(activity.event, &details);
            let duration_ns = activity.end_ns.saturating_sub(activity.start_ns).max(0);
            self.push_activity(labels, activity.end_ns, duration_ns);
            let duration = as_f64(duration_ns);
            match activity.event {
                "gc" => {
                    self.metrics.add("jvm_gc_pause_ns", duration);
                    self.metrics.most("jvm_gc_longest_pause_ns", duration);
                }
                _ => self.metrics.add("jvm_safepoint_ns", duration),
            }
        }
    }

    fn vm_operation(&mut self, event: &Event<'_>) {
        let name = self.profile.strings.intern(&event.text(0).unwrap_or_default());
        let labels = self.event_labels("vm operation", &[("operation", name)]);
        self.push_activity(labels, event.end_ns(), event.duration_ns());
        self.metrics.add("jvm_vm_operation_ns", as_f64(event.duration_ns()));
        if event.boolean(2) == Some(true) {
            self.chunk.runtime.operation(event.integer(1).unwrap_or(0), name);
        }
    }

    fn compilation(&mut self, event: &Event<'_>) {
        let chunk = event.chunk();
        let method = event.reference(0).and_then(|method| chunk.method(method));
        let name = method.map_or_else(String::new, |method| {
            let class = chunk.class_name(method.class).unwrap_or_default();
            method_name(&class_name(&class), &method.name)
        });
        let name = self.profile.strings.intern(&name);
        let labels = self.event_labels("compilation", &[("operation", name)]);
        self.push_activity(labels, event.end_ns(), event.duration_ns());
        self.metrics.add("jvm_compilation_ns", as_f64(event.duration_ns()));
    }

    /// Something that the runtime did to a thread, which has a stack.
    fn thread_activity(&mut self, event: &Event<'_>, name: &str) {
        let detail = self.profile.strings.intern(&event.text(2).unwrap_or_default());
        let labels = self.event_labels(name, &[("operation", detail)]);
        self.sample(event, Source::Runtime, [event.duration_ns(), 0], labels);
    }

    fn heap_summary(&mut self, event: &Event<'_>) {
        let used = as_f64(event.integer(1).unwrap_or(0));
        self.metrics.most("jvm_heap_used_bytes", used);
        if event.text(0).is_some_and(|when| when.starts_with("After")) {
            self.metrics.last("jvm_heap_used_after_gc_bytes", event.start_ns(), used);
        }
        if let Some(committed) = event.integer(2) {
            self.metrics.most("jvm_heap_committed_bytes", as_f64(committed));
        }
    }

    /// Something that the runtime did, on no thread of the program.
    fn push_activity(&mut self, labels: LabelSetId, end_ns: i64, duration_ns: i64) {
        let bare = Row::bare(Source::Runtime, end_ns, [duration_ns.max(0), 0]);
        self.samples.push(Row { labels, ..bare });
    }
}

/// The value of a flag, whatever its type.
fn flag_value(event: &Event<'_>) -> String {
    let text = event.text(1).map(std::borrow::Cow::into_owned);
    let truth = || event.boolean(1).map(|truth| truth.to_string());
    let whole = || event.integer(1).map(|whole| whole.to_string());
    let float = || event.float(1).map(|float| float.to_string());
    text.or_else(truth).or_else(whole).or_else(float).unwrap_or_default()
}

/// The name of the system in `/etc/os-release`, of which the JDK gives all lines, or the first line.
fn os_name(text: &str) -> String {
    let after = |start: &str| text.lines().find_map(|line| line.trim().strip_prefix(start));
    let name = after("PRETTY_NAME=").map(|name| name.trim_matches('"'));
    match (name, after("uname:").map(str::trim)) {
        (Some(name), Some(kernel)) => format!("{name}, {kernel}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => text.lines().next().unwrap_or_default().to_owned(),
    }
}
