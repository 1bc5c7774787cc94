//! Stacks, threads and classes of a chunk in the tables of the profile: each is looked at once.

use super::names::{class_name, method_name, source_file};
use crate::jfr::{Chunk, Reference, StackFrame};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use vesta_profile::{Frame, FrameId, Label, LabelValue, Profile, StackId, StringId};

/// What was found so far in the pools of one chunk.
#[derive(Default)]
pub(super) struct Stacks {
    stacks: HashMap<(Reference, StringId), StackId, FixedState>,
    frames: HashMap<(Reference, i64, Option<Reference>), KnownFrame, FixedState>,
    classes: HashMap<Reference, StringId, FixedState>,
    threads: HashMap<Reference, Vec<Label>, FixedState>,
    buffer: Vec<FrameId>,
}

#[derive(Clone, Copy)]
struct KnownFrame {
    id: FrameId,
    class: StringId,
    is_constructor: bool,
}

/// What stands at the root of a stack that the recorder cut off.
const TRUNCATED: &str = "[truncated]";

impl Stacks {
    /// Bytes that it takes, roughly.
    pub(super) fn heap_size(&self) -> usize {
        self.stacks.len() * 48 + self.frames.len() * 112 + self.classes.len() * 32 + self.threads.len() * 160
    }

    /// The stack of an event.
    pub(super) fn stack(
        &mut self,
        chunk: &Chunk<'_>,
        stack: Option<Reference>,
        profile: &mut Profile,
        max_depth: usize,
    ) -> StackId {
        self.without_constructors(chunk, stack, StringId::EMPTY, profile, max_depth)
    }

    /// The stack at which an exception of this class was made. Its constructors are at the leaf, which is not what anybody
    /// looks for.
    pub(super) fn without_constructors(
        &mut self,
        chunk: &Chunk<'_>,
        stack: Option<Reference>,
        class: StringId,
        profile: &mut Profile,
        max_depth: usize,
    ) -> StackId {
        let Some(reference) = stack else { return StackId::EMPTY };
        if let Some(&known) = self.stacks.get(&(reference, class)) {
            return known;
        }
        let id = match chunk.stack_trace(reference) {
            Some(trace) => {
                let mut buffer = std::mem::take(&mut self.buffer);
                buffer.clear();
                let mut is_truncated = trace.is_truncated();
                let (mut in_constructors, mut constructors) = (class != StringId::EMPTY, 0);
                for frame in trace.frames() {
                    if buffer.len() >= max_depth {
                        is_truncated = true;
                        break;
                    }
                    let known = self.frame(chunk, &frame, profile);
                    buffer.push(known.id);
                    in_constructors &= known.is_constructor;
                    if in_constructors && known.class == class {
                        constructors = buffer.len();
                    }
                }
                buffer.drain(..constructors);
                if is_truncated {
                    let function = profile.strings.intern(TRUNCATED);
                    buffer.push(profile.frames.intern(Frame { function, ..Frame::default() }));
                }
                let id = profile.stacks.intern(&buffer);
                self.buffer = buffer;
                id
            }
            None => StackId::EMPTY,
        };
        self.stacks.insert((reference, class), id);
        id
    }

    /// A stack of functions that are only names, leaf first.
    pub(super) fn of_classes(classes: &[StringId], profile: &mut Profile) -> StackId {
        let frames: Vec<FrameId> = classes
            .iter()
            .filter(|&&class| class != StringId::EMPTY)
            .map(|&class| {
                let file = source_file(profile.strings.get(class));
                let file = profile.strings.intern(&file);
                profile.frames.intern(Frame { function: class, file, ..Frame::default() })
            })
            .collect();
        profile.stacks.intern(&frames)
    }

    /// The name of a class.
    pub(super) fn class(
        &mut self,
        chunk: &Chunk<'_>,
        class: Option<Reference>,
        profile: &mut Profile,
    ) -> StringId {
        let Some(reference) = class else { return StringId::EMPTY };
        *self.classes.entry(reference).or_insert_with(|| {
            let raw = chunk.class_name(reference).unwrap_or_default();
            profile.strings.intern(&class_name(&raw))
        })
    }

    /// The labels that say which thread it was; none if it is not known.
    pub(super) fn thread(
        &mut self,
        chunk: &Chunk<'_>,
        thread: Option<Reference>,
        profile: &mut Profile,
    ) -> &[Label] {
        let Some(reference) = thread else { return &[] };
        self.threads.entry(reference).or_insert_with(|| thread_labels(chunk, reference, profile))
    }

    fn frame(&mut self, chunk: &Chunk<'_>, frame: &StackFrame, profile: &mut Profile) -> KnownFrame {
        let key = (frame.method, frame.line, frame.kind);
        if let Some(&known) = self.frames.get(&key) {
            return known;
        }
        let known = make_frame(chunk, frame, profile);
        self.frames.insert(key, known);
        known
    }
}

fn make_frame(chunk: &Chunk<'_>, frame: &StackFrame, profile: &mut Profile) -> KnownFrame {
    let kind = frame.kind.and_then(|kind| chunk.text(kind)).unwrap_or_default();
    let method = chunk.method(frame.method);
    let name = method.as_ref().map_or(Cow::Borrowed("[unknown]"), |method| method.name.clone());
    let strings = &mut profile.strings;
    let raw = method.as_ref().and_then(|method| chunk.class_name(method.class)).unwrap_or_default();
    // For the JDK, native methods of classes are native as well. async-profiler has libraries in place of classes.
    if (raw.is_empty() || is_library(&raw)) && matches!(&*kind, "Native" | "C++" | "Kernel") {
        let (file, module) = match (&*kind, unresolved_module(&name)) {
            ("Kernel", _) => ("", "[kernel]"),
            (_, Some(module)) => ("", module),
            _ if !raw.is_empty() => ("", &*raw),
            _ => ("<native>", ""),
        };
        let (file, module) = (strings.intern(file), strings.intern(module));
        let function = strings.intern(&name);
        let id = profile.frames.intern(Frame { function, file, module, ..Frame::default() });
        return KnownFrame { id, class: StringId::EMPTY, is_constructor: false };
    }
    let class = class_name(&raw);
    let function = strings.intern(&method_name(&class, &name));
    let file = if class.is_empty() { StringId::EMPTY } else { strings.intern(&source_file(&class)) };
    let class = strings.intern(&class);
    let line = u32::try_from(frame.line).unwrap_or(0);
    let id = profile.frames.intern(Frame { function, file, line, ..Frame::default() });
    KnownFrame { id, class, is_constructor: name == "<init>" }
}

fn is_library(name: &str) -> bool {
    name.contains(".so.") || [".so", ".dylib", ".dll"].iter().any(|ending| name.ends_with(ending))
}

/// `libc.so.6` of `[libc.so.6+0x3c04f]`: a function that has no symbol.
fn unresolved_module(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('[')?.strip_suffix(']')?;
    inner.split_once("+0x").map(|(module, _)| module)
}

fn thread_labels(chunk: &Chunk<'_>, reference: Reference, profile: &mut Profile) -> Vec<Label> {
    let Some(thread) = chunk.thread(reference) else { return Vec::new() };
    let name = match (&*thread.java_name, &*thread.os_name) {
        ("", _) if thread.is_virtual => "virtual thread",
        ("", native) => native,
        (java, _) => java,
    };
    let id = if thread.java_id > 0 { thread.java_id } else { thread.os_id };
    let strings = &mut profile.strings;
    let mut labels = Vec::new();
    let mut number = |key: &str, value: i64| {
        if value > 0 {
            labels
                .push(Label { key: strings.intern(key), value: LabelValue::Number(value, StringId::EMPTY) });
        }
    };
    number("thread id", id);
    if !thread.is_virtual {
        number("thread native id", thread.os_id);
    }
    if !name.is_empty() {
        let (key, name) = (strings.intern("thread name"), strings.intern(name));
        labels.push(Label { key, value: LabelValue::Text(name) });
    }
    labels
}
