//! The samples of a window as profiles, with names.

use crate::addresses::Address;
use crate::aggregation::{Aggregation, Key};
use crate::module::SourceId;
use crate::names::Names;
use crate::process::Program;
use crate::space::{Code, Region, Space};
use crate::{Service, Window};
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use vesta_profile::{
    Frame, FrameId, Label, LabelSetId, LabelValue, Mapping, Period, Profile, Sample, StackId, StringId,
    StringTable, ValueType,
};

/// When a window was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start_ns: i64,
    pub(crate) end_ns: i64,
    /// What to add to the times of samples.
    pub(crate) unix_offset_ns: i64,
}

/// What processes have mapped at the end of a window, by pid.
pub(crate) type Spaces = HashMap<u32, Arc<Space>>;

/// The windows of one rotation, without statistics.
pub(crate) fn windows(
    aggregation: &Aggregation,
    names: &Names,
    spaces: &Spaces,
    span: Span,
    period: Option<&Period>,
    split: bool,
    includes_kernel: bool,
) -> Vec<Window> {
    // By service, and within that by its version: two versions of a service are two profiles.
    let mut groups: BTreeMap<Option<&Service>, Builder<'_>> = BTreeMap::new();
    let mut of_program = Vec::with_capacity(aggregation.programs.len());
    for program in &aggregation.programs {
        of_program.push(split.then_some(&program.details.service));
    }
    if !split {
        groups.insert(None, Builder::new(aggregation, names));
    }
    let group_of = |key: &Key| of_program.get(key.program as usize).copied().flatten();
    for (row, key) in aggregation.keys.iter().enumerate() {
        let sums = aggregation.sums(row);
        if sums.iter().any(|&sum| sum != 0) {
            let group = groups.entry(group_of(key)).or_insert_with(|| Builder::new(aggregation, names));
            group.add(key, sums, 0);
        }
    }
    let mut values = vec![0; aggregation.columns.len()];
    for timed in &aggregation.timed {
        let Some(key) = aggregation.keys.get(timed.row as usize) else { continue };
        values.fill(0);
        for (column, value) in timed.values.into_iter().flatten() {
            if let Some(place) =
                aggregation.columns.position(column).and_then(|position| values.get_mut(position))
            {
                *place = value;
            }
        }
        let time_ns = i64::try_from(timed.time_ns).unwrap_or(0).saturating_add(span.unix_offset_ns);
        let group = groups.entry(group_of(key)).or_insert_with(|| Builder::new(aggregation, names));
        group.add(key, &values, time_ns);
    }
    let windows = groups.into_iter();
    windows
        .map(|(service, builder)| builder.finish(service, spaces, span, period.cloned(), includes_kernel))
        .collect()
}

/// One profile in the making. Ids of the aggregation and of the names become ids of the profile once each.
struct Builder<'a> {
    aggregation: &'a Aggregation,
    names: &'a Names,
    profile: Profile,
    strings: HashMap<StringId, StringId>,
    frames: HashMap<Address, Box<[FrameId]>>,
    stacks: HashMap<(u32, u32), StackId>,
    labels: HashMap<(u32, u32, StringId, StringId), LabelSetId>,
    programs: BTreeMap<u32, u32>,
    scratch: Vec<FrameId>,
}

impl<'a> Builder<'a> {
    fn new(aggregation: &'a Aggregation, names: &'a Names) -> Self {
        Builder {
            aggregation,
            names,
            profile: Profile::new(aggregation.columns.value_types()),
            strings: HashMap::new(),
            frames: HashMap::new(),
            stacks: HashMap::new(),
            labels: HashMap::new(),
            programs: BTreeMap::new(),
            scratch: Vec::new(),
        }
    }

    fn add(&mut self, key: &Key, values: &[i64], timestamp_ns: i64) {
        let Some(program) = self.aggregation.programs.get(key.program as usize) else { return };
        self.programs.entry(key.program).or_insert(program.pid);
        let stack = self.stack(key, program);
        let labels = self.labels(key, program);
        self.profile.samples.push(Sample { stack, values, labels, timestamp_ns, ..Sample::default() });
    }

    fn stack(&mut self, key: &Key, program: &Program) -> StackId {
        if let Some(&known) = self.stacks.get(&(key.program, key.stack.0)) {
            return known;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let stacks = &self.aggregation.stacks;
        for &frame in stacks.get(key.stack) {
            if let Some(&address) = stacks.addresses().get(frame as usize) {
                let frames = self.frames.entry(address).or_insert_with(|| {
                    let frames = self.names.get(address);
                    let strings = self.names.strings();
                    frames
                        .iter()
                        .map(|frame| translate(frame, strings, &mut self.profile, &mut self.strings))
                        .collect()
                });
                scratch.extend_from_slice(frames);
            }
        }
        if !program.executable.is_empty() {
            let function = self.profile.strings.intern(&program.executable);
            scratch.push(self.profile.frames.intern(Frame { function, ..Frame::default() }));
        }
        let id = self.profile.stacks.intern(&scratch);
        self.scratch = scratch;
        self.stacks.insert((key.program, key.stack.0), id);
        id
    }

    fn labels(&mut self, key: &Key, program: &Program) -> LabelSetId {
        let parts = (key.program, key.tid, key.thread_name, key.label);
        if let Some(&known) = self.labels.get(&parts) {
            return known;
        }
        let strings = &mut self.profile.strings;
        let mut labels = Vec::with_capacity(6);
        let mut add = |key: &str, value: &str| {
            if !value.is_empty() {
                let (key, value) = (strings.intern(key), strings.intern(value));
                labels.push(Label { key, value: LabelValue::Text(value) });
            }
        };
        add("process_id", &program.pid.to_string());
        add("process_name", &program.name);
        add("thread id", &key.tid.to_string());
        add("thread_name", self.aggregation.strings.get(key.thread_name));
        add("container_id", program.details.container_id.as_deref().unwrap_or_default());
        add("tracepoint_type", self.aggregation.strings.get(key.label));
        let id = self.profile.label_sets.intern(&labels);
        self.labels.insert(parts, id);
        id
    }

    /// Says where the files of frames are in the memory of a process.
    fn add_mappings(&mut self, space: &Space) {
        let used: HashSet<SourceId> = self.frames.keys().map(|address| address.source).collect();
        for Region { range, offset, code } in space.regions() {
            let Code::Module(module) = code else { continue };
            if module.is_vdso || !used.contains(&module.id) {
                continue;
            }
            let build_id = module.known_headers().map_or("", |headers| &headers.build_id);
            let strings = &mut self.profile.strings;
            let (module, build_id) = (strings.intern(&module.path), strings.intern(build_id));
            let (start, limit, offset) = (range.start, range.end, *offset);
            self.profile.mappings.add(Mapping { module, build_id, start, limit, offset });
        }
    }

    fn finish(
        mut self,
        service: Option<&Service>,
        spaces: &Spaces,
        span: Span,
        period: Option<Period>,
        includes_kernel: bool,
    ) -> Window {
        self.profile.start_ns = span.start_ns;
        self.profile.duration_ns = span.end_ns.saturating_sub(span.start_ns);
        self.profile.period = period;
        let mut containers = self
            .programs
            .keys()
            .filter_map(|&program| self.aggregation.programs.get(program as usize))
            .map(|program| program.details.container_id.clone());
        let first = containers.next().flatten();
        let container_id = first.filter(|first| containers.all(|other| other.as_ref() == Some(first)));
        let mut pids: Vec<u32> = self.programs.values().copied().collect();
        pids.sort_unstable();
        pids.dedup();
        for space in pids.iter().filter_map(|pid| spaces.get(pid)) {
            self.add_mappings(space);
        }
        Window {
            service: service.cloned(),
            profile: self.profile,
            start_ns: span.start_ns,
            end_ns: span.end_ns,
            statistics: crate::Statistics::default(),
            container_id,
            pids,
            includes_kernel,
        }
    }
}

fn translate(
    frame: &Frame,
    from: &StringTable,
    profile: &mut Profile,
    known: &mut HashMap<StringId, StringId>,
) -> FrameId {
    let strings = &mut profile.strings;
    let mut string = |id: StringId| *known.entry(id).or_insert_with(|| strings.intern(from.get(id)));
    let frame = Frame {
        function: string(frame.function),
        system_name: string(frame.system_name),
        file: string(frame.file),
        module: string(frame.module),
        build_id: string(frame.build_id),
        ..*frame
    };
    profile.frames.intern(frame)
}

/// The distance between samples of CPU time at this many a second.
pub(crate) fn cpu_period(hertz: u64) -> Option<Period> {
    let value = i64::try_from(1_000_000_000_u64.checked_div(hertz)?).ok()?;
    Some(Period { value_type: ValueType::new("cpu-time", "nanoseconds"), value })
}
