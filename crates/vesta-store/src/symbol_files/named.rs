//! Places in binaries, and the functions that symbol files have for them.

use super::{BuildId, SymbolFiles};
use crate::core::lock;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use vesta_profile::{Frame, FrameId, FrameTable, Profile, StackId, StackTable, StringId, StringTable};
use vesta_symbols::Symbol;

/// The most functions that were put into each other at one place.
const MOST_INLINED: usize = 256;
/// The most bytes of a name. Names of C++ templates of 10 KiB have been seen.
const NAME_BYTES: usize = 16 << 10;
/// The most bytes of all names that are made at a time. A hundred thousand places take some 10 MiB.
const ALL_NAMES_BYTES: usize = 256 << 20;

/// Places whose function is not known.
#[derive(Default)]
pub(crate) struct Places(BTreeMap<BuildId, BTreeSet<u64>>);

/// The functions at places, innermost first. Places without any are not in it.
#[derive(Default)]
pub(crate) struct Named(HashMap<BuildId, HashMap<u64, Vec<Symbol>, FixedState>, FixedState>);

impl Places {
    /// Those of the frames of a profile.
    pub(crate) fn of(profile: &Profile) -> Places {
        let mut places = Places::default();
        for frame in profile.frames.as_slice().iter().filter(|frame| is_place(frame)) {
            places.add(profile.strings.get(frame.build_id), frame.address);
        }
        places
    }

    /// Adds one, if the build id may be one.
    pub(crate) fn add(&mut self, build_id: &str, address: u64) {
        if let Ok(build_id) = BuildId::parse(build_id) {
            self.0.entry(build_id).or_default().insert(address);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a frame says nothing but its place in a binary.
pub(crate) fn is_place(frame: &Frame) -> bool {
    frame.function == StringId::EMPTY && frame.address != 0 && frame.build_id != StringId::EMPTY
}

impl SymbolFiles {
    /// What is at these places.
    pub(crate) async fn name(self: &Arc<Self>, places: Places) -> Named {
        if places.is_empty() || self.list_is_empty() {
            return Named::default();
        }
        let files = Arc::clone(self);
        // A panic of the decoder leaves places without names, and is in the log.
        tokio::task::spawn_blocking(move || files.name_now(&places)).await.unwrap_or_default()
    }

    fn list_is_empty(&self) -> bool {
        lock(&self.state).files.is_empty()
    }

    fn name_now(&self, places: &Places) -> Named {
        let mut named = Named::default();
        let (mut count, mut bytes) = (0, 0);
        for (build_id, addresses) in &places.0 {
            let Some(file) = self.decoded(build_id) else { continue };
            let mut of_file = HashMap::default();
            for &address in addresses {
                let mut symbols = Vec::new();
                file.resolve_offset(address, &mut symbols);
                symbols.truncate(MOST_INLINED);
                symbols.retain(|symbol| !symbol.function.is_empty());
                symbols.iter_mut().for_each(shorten);
                bytes += symbols.iter().map(bytes_of).sum::<usize>();
                if bytes > ALL_NAMES_BYTES {
                    tracing::warn!(%build_id, "the names of its symbol file are too long; some places stay without");
                    break;
                }
                if !symbols.is_empty() {
                    count += 1;
                    of_file.insert(address, symbols);
                }
            }
            named.0.insert(build_id.clone(), of_file);
        }
        self.counters.named.fetch_add(count, Ordering::Relaxed);
        named
    }
}

fn bytes_of(symbol: &Symbol) -> usize {
    size_of::<Symbol>() + symbol.function.len() + symbol.system_name.len() + symbol.file.len()
}

fn shorten(symbol: &mut Symbol) {
    for text in [&mut symbol.function, &mut symbol.system_name, &mut symbol.file] {
        if text.len() > NAME_BYTES {
            let end = (0..=NAME_BYTES).rev().find(|&at| text.is_char_boundary(at));
            text.truncate(end.unwrap_or(0));
        }
    }
}

impl Named {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The frames that a frame without a function stands for, leaf first; `None` if nothing is known.
    pub(crate) fn frames(
        &self,
        frame: &Frame,
        strings: &mut StringTable,
        frames: &mut FrameTable,
    ) -> Option<Vec<FrameId>> {
        if self.0.is_empty() || !is_place(frame) {
            return None;
        }
        let build_id = BuildId::parse(strings.get(frame.build_id)).ok()?;
        let symbols = self.0.get(&build_id)?.get(&frame.address)?;
        let last = symbols.len().saturating_sub(1);
        let expanded = symbols.iter().enumerate().map(|(index, symbol)| {
            let known = Frame {
                function: strings.intern(&symbol.function),
                system_name: strings.intern(&symbol.system_name),
                file: strings.intern(&symbol.file),
                line: symbol.line,
                start_line: symbol.start_line,
                module: frame.module,
                build_id: frame.build_id,
                address: 0,
                inlined: index < last,
            };
            frames.intern(known)
        });
        Some(expanded.collect())
    }

    /// Puts the functions into the stacks of a profile.
    pub(crate) fn apply(&self, profile: &mut Profile) {
        let places = profile.frames.as_slice().to_vec();
        let mut expanded: HashMap<FrameId, Vec<FrameId>, FixedState> = HashMap::default();
        for (id, frame) in (0u32..).map(FrameId).zip(&places) {
            if let Some(frames) = self.frames(frame, &mut profile.strings, &mut profile.frames) {
                expanded.insert(id, frames);
            }
        }
        if expanded.is_empty() {
            return;
        }
        let mut stacks = StackTable::default();
        let mut buffer = Vec::new();
        let renamed: Vec<StackId> = (profile.stacks.iter())
            .map(|stack| {
                buffer.clear();
                for frame in stack {
                    match expanded.get(frame) {
                        Some(frames) => buffer.extend_from_slice(frames),
                        None => buffer.push(*frame),
                    }
                }
                stacks.intern(&buffer)
            })
            .collect();
        for stack in &mut profile.samples.stacks {
            *stack = renamed.get(stack.index()).copied().unwrap_or_default();
        }
        profile.stacks = stacks;
    }
}
