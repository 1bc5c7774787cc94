//! Events, as they are in the file.

use super::ChromeTraceError;
use crate::builder::{Builder, LimitError};
use crate::json::{Json, Number};
use crate::v8::CpuProfile;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use vesta_profile::{Frame, FrameId};

/// The events of all threads.
#[derive(Default)]
pub(super) struct Events {
    pub(super) threads: Vec<Thread>,
    by_ids: HashMap<(String, String), usize, FixedState>,
    /// The thread of the event before, which most events share.
    last: usize,
    /// Names of processes by their ids.
    pub(super) processes: HashMap<String, String, FixedState>,
    pub(super) profiles: Vec<ThreadProfile>,
    by_profile: HashMap<(String, String), usize, FixedState>,
}

/// A thread.
#[derive(Default)]
pub(super) struct Thread {
    pub(super) pid: String,
    pub(super) tid: String,
    pub(super) name: String,
    pub(super) events: Vec<Event>,
}

/// A CPU profile of a thread.
pub(super) struct ThreadProfile {
    pub(super) thread: usize,
    pub(super) profile: CpuProfile,
}

/// Something that begins, ends, or both.
#[derive(Clone, Copy)]
pub(super) struct Event {
    pub(super) at: i64,
    pub(super) kind: Kind,
    pub(super) frame: FrameId,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Begins,
    Ends,
    /// With how long it lasts.
    Lasts(i64),
    Instant,
}

/// The fields of one event.
#[derive(Default)]
struct Fields<'a> {
    phase: Cow<'a, str>,
    name: Cow<'a, str>,
    pid: Cow<'a, str>,
    tid: Cow<'a, str>,
    id: Cow<'a, str>,
    at: Option<Number<'a>>,
    duration: Option<Number<'a>>,
    args: Option<Json<'a>>,
}

impl Events {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty() && self.profiles.is_empty()
    }

    /// Reads an array of events, or an object that has one.
    pub(super) fn read(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), ChromeTraceError> {
        if json.peek() == Some(b'[') {
            return self.read_array(json, builder);
        }
        if !json.object()? {
            return Ok(());
        }
        while let Some(key) = json.key()? {
            if key == "traceEvents" {
                self.read_array(json, builder)?;
            } else {
                json.skip()?;
            }
        }
        Ok(())
    }

    fn read_array(&mut self, json: &mut Json<'_>, builder: &mut Builder<'_>) -> Result<(), ChromeTraceError> {
        if !json.array()? {
            return Ok(());
        }
        while json.item()? {
            let at = json.at();
            let fields = Fields::read(json)?;
            self.add(&fields, at, builder)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        fields: &Fields<'_>,
        at: usize,
        builder: &mut Builder<'_>,
    ) -> Result<(), ChromeTraceError> {
        let kind = match fields.phase.as_ref() {
            "B" => Kind::Begins,
            "E" => Kind::Ends,
            "X" => Kind::Lasts(fields.duration.and_then(|duration| duration.scaled(3)).unwrap_or(0)),
            "I" | "i" | "R" if fields.name == "CpuProfile" => return self.whole_profile(fields, builder),
            "I" | "i" | "R" => Kind::Instant,
            "M" => return self.metadata(fields, builder),
            "P" => return self.profile(fields, builder),
            _ => return Ok(()),
        };
        let Some(time) = fields.at.and_then(|at| at.scaled(3)) else {
            builder.problems.note("an event has no time, it is left out", || format!("byte {at}"));
            return Ok(());
        };
        let frame = fields.frame(builder)?;
        let thread = self.thread(fields, builder)?;
        builder.take(size_of::<Event>())?;
        if let Some(thread) = self.threads.get_mut(thread) {
            thread.events.push(Event { at: time, kind, frame });
        }
        Ok(())
    }

    /// The names of processes and threads.
    fn metadata(&mut self, fields: &Fields<'_>, builder: &mut Builder<'_>) -> Result<(), ChromeTraceError> {
        let Some(mut args) = fields.args.clone() else { return Ok(()) };
        let mut name = None;
        if args.object()? {
            while let Some(key) = args.key()? {
                if key == "name" {
                    name = args.text()?;
                } else {
                    args.skip()?;
                }
            }
        }
        let Some(name) = name else { return Ok(()) };
        match fields.name.as_ref() {
            "process_name" => {
                builder.take(fields.pid.len() + name.len() + 64)?;
                self.processes.insert(fields.pid.to_string(), name.into_owned());
            }
            "thread_name" => {
                builder.take(name.len())?;
                let thread = self.thread(fields, builder)?;
                if let Some(thread) = self.threads.get_mut(thread) {
                    thread.name = name.into_owned();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The begin of a CPU profile, or a chunk of one.
    fn profile(&mut self, fields: &Fields<'_>, builder: &mut Builder<'_>) -> Result<(), ChromeTraceError> {
        if !matches!(fields.name.as_ref(), "Profile" | "ProfileChunk") {
            return Ok(());
        }
        // Chunks come from the thread that samples; the thread that is sampled has the begin.
        let key = (fields.pid.to_string(), fields.id.to_string());
        let index = match self.by_profile.get(&key) {
            Some(index) => *index,
            None => {
                builder.take(128 + key.0.len() + key.1.len())?;
                let thread = self.thread(fields, builder)?;
                self.profiles.push(ThreadProfile { thread, profile: CpuProfile::default() });
                self.by_profile.insert(key, self.profiles.len() - 1);
                self.profiles.len() - 1
            }
        };
        let thread = if fields.name == "Profile" { Some(self.thread(fields, builder)?) } else { None };
        let Some(known) = self.profiles.get_mut(index) else { return Ok(()) };
        known.thread = thread.unwrap_or(known.thread);
        let Some(mut data) = fields.data()? else { return Ok(()) };
        while let Some(key) = data.key()? {
            match key.as_ref() {
                "startTime" => known.profile.times.start = data.number()?.and_then(|time| time.scaled(3)),
                "endTime" => known.profile.times.end = data.number()?.and_then(|time| time.scaled(3)),
                "cpuProfile" if data.object()? => {
                    while let Some(key) = data.key()? {
                        known.profile.read_field(&key, &mut data, builder)?;
                    }
                }
                "cpuProfile" => {}
                key => known.profile.read_field(key, &mut data, builder)?,
            }
        }
        Ok(())
    }

    /// A CPU profile in one event, as older browsers wrote it.
    fn whole_profile(
        &mut self,
        fields: &Fields<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), ChromeTraceError> {
        let Some(mut data) = fields.data()? else { return Ok(()) };
        while let Some(key) = data.key()? {
            if key != "cpuProfile" {
                data.skip()?;
                continue;
            }
            builder.take(128)?;
            let thread = self.thread(fields, builder)?;
            let mut profile = CpuProfile::default();
            profile.read(&mut data, builder)?;
            self.profiles.push(ThreadProfile { thread, profile });
        }
        Ok(())
    }

    /// The position of the thread of an event.
    fn thread(&mut self, fields: &Fields<'_>, builder: &mut Builder<'_>) -> Result<usize, LimitError> {
        let is_last = |thread: &Thread| thread.pid == fields.pid && thread.tid == fields.tid;
        if self.threads.get(self.last).is_some_and(is_last) {
            return Ok(self.last);
        }
        let key = (fields.pid.to_string(), fields.tid.to_string());
        if let Some(known) = self.by_ids.get(&key) {
            self.last = *known;
            return Ok(*known);
        }
        builder.take(size_of::<Thread>() + 64 + 2 * (key.0.len() + key.1.len()))?;
        self.threads.push(Thread { pid: key.0.clone(), tid: key.1.clone(), ..Thread::default() });
        self.by_ids.insert(key, self.threads.len() - 1);
        Ok(self.threads.len() - 1)
    }
}

impl<'a> Fields<'a> {
    fn read(json: &mut Json<'a>) -> Result<Self, ChromeTraceError> {
        let mut fields = Fields::default();
        if !json.object()? {
            return Ok(fields);
        }
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "ph" => fields.phase = json.text()?.unwrap_or_default(),
                "name" => fields.name = json.text()?.unwrap_or_default(),
                "pid" => fields.pid = json.text_or_number()?.unwrap_or_default(),
                "tid" => fields.tid = json.text_or_number()?.unwrap_or_default(),
                "id" => fields.id = json.text_or_number()?.unwrap_or_default(),
                "ts" => fields.at = json.number()?,
                "dur" => fields.duration = json.number()?,
                "args" => {
                    fields.args = Some(json.clone());
                    json.skip()?;
                }
                _ => json.skip()?,
            }
        }
        Ok(fields)
    }

    /// The object `data` of the arguments, entered.
    fn data(&self) -> Result<Option<Json<'a>>, ChromeTraceError> {
        let Some(mut args) = self.args.clone() else { return Ok(None) };
        if !args.object()? {
            return Ok(None);
        }
        while let Some(key) = args.key()? {
            if key == "data" {
                return Ok(args.object()?.then_some(args));
            }
            args.skip()?;
        }
        Ok(None)
    }

    fn frame(&self, builder: &mut Builder<'_>) -> Result<FrameId, ChromeTraceError> {
        let mut frame = Frame { function: builder.text(&self.name)?, ..Frame::default() };
        if let Some(mut args) = self.args.clone()
            && args.object()?
        {
            while let Some(key) = args.key()? {
                match key.as_ref() {
                    "filename" => frame.file = builder.text(&args.text()?.unwrap_or_default())?,
                    "line" => {
                        let line = args.integer()?.and_then(|line| u32::try_from(line).ok());
                        frame.line = line.unwrap_or(0);
                    }
                    _ => args.skip()?,
                }
            }
        }
        Ok(builder.frame(frame)?)
    }
}
