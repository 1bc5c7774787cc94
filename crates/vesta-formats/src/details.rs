//! What profiles have besides the names of functions and their values, and which formats have no room for it.

use crate::Format;
use vesta_profile::{Frame, Label, Profile, StringId};

/// Something that a profile may have besides the names of functions and their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    Threads,
    Labels,
    Times,
    Spans,
    Files,
    Lines,
    Modules,
}

/// The labels that name threads.
pub(crate) const THREAD_NAMES: [&str; 2] = ["thread name", "thread_name"];
/// The labels that number threads.
pub(crate) const THREAD_IDS: [&str; 2] = ["thread id", "thread_id"];

const ALL: [Detail; 7] = [
    Detail::Threads,
    Detail::Labels,
    Detail::Times,
    Detail::Spans,
    Detail::Files,
    Detail::Lines,
    Detail::Modules,
];

impl Format {
    /// What of a profile would not be in a file of this format, for people: `labels`, `times of samples`. Value types are
    /// not meant, see [`Format::holds_all_value_types`].
    pub fn leaves_out(self, profile: &Profile) -> Vec<&'static str> {
        let lost = ALL.into_iter().filter(|detail| !detail.is_kept_by(self, profile));
        lost.filter(|detail| detail.is_in(profile)).map(Detail::as_str).collect()
    }
}

impl Detail {
    fn as_str(self) -> &'static str {
        match self {
            Detail::Threads => "threads",
            Detail::Labels => "labels",
            Detail::Times => "times of samples",
            Detail::Spans => "spans",
            Detail::Files => "files",
            Detail::Lines => "lines",
            Detail::Modules => "modules",
        }
    }

    fn is_kept_by(self, format: Format, profile: &Profile) -> bool {
        match format {
            Format::Collapsed => false,
            Format::Speedscope => match self {
                // Without times, stacks are added up, whatever thread they are of.
                Detail::Threads => Detail::Times.is_in(profile),
                Detail::Files | Detail::Lines => true,
                _ => false,
            },
            Format::V8CpuProfile => self == Detail::Files,
            _ => true,
        }
    }

    fn is_in(self, profile: &Profile) -> bool {
        let samples = &profile.samples;
        let frame = |has: fn(&Frame) -> bool| profile.frames.as_slice().iter().any(has);
        let label = |is_of_thread: bool| {
            let fits = |label: &Label| {
                let key = profile.strings.get(label.key);
                (THREAD_NAMES.contains(&key) || THREAD_IDS.contains(&key)) == is_of_thread
            };
            profile.label_sets.iter().flatten().any(fits)
        };
        match self {
            Detail::Threads => label(true),
            Detail::Labels => label(false),
            Detail::Times => samples.timestamps_ns.iter().any(|&time| time > 0),
            Detail::Spans => {
                let ids = [&samples.span_ids, &samples.local_root_span_ids];
                ids.into_iter().flatten().any(|&id| id != 0)
                    || samples.trace_ids.iter().any(|&id| id != StringId::EMPTY)
            }
            Detail::Files => frame(|frame| frame.file != StringId::EMPTY),
            Detail::Lines => frame(|frame| frame.line > 0 && frame.line != frame.start_line),
            Detail::Modules => frame(|frame| {
                frame.module != StringId::EMPTY || frame.address > 0 || frame.build_id != StringId::EMPTY
            }),
        }
    }
}
