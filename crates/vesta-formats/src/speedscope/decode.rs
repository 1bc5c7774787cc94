//! Reading.

use super::{EXPORTER, SpeedscopeError};
use crate::builder::{Builder, LimitError};
use crate::json::{Json, Number};
use crate::paths::{PathId, Paths};
use crate::{Decoded, Limits};
use std::borrow::Cow;
use vesta_profile::{Frame, FrameId, LabelSetId, Sample};

/// Reads a file of speedscope.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, SpeedscopeError> {
    let mut builder = Builder::new(bytes, limits)?;
    // Frames may come after the profiles, so they are looked for first.
    let mut file = File::default();
    let looked = file.look(&mut Json::new(bytes), &mut builder);
    if file.profiles.is_empty() {
        return Err(looked.err().unwrap_or(SpeedscopeError::NoProfiles));
    }
    note_break(looked, &mut builder)?;
    let mut paths = Paths::default();
    let mut times: Option<(i64, i64)> = None;
    let several = file.profiles.len() > 1;
    for (index, json) in std::mem::take(&mut file.profiles).into_iter().enumerate() {
        let mut reading = Reading { file: &file, several, index, paths: &mut paths, builder: &mut builder };
        let read = |reading: &mut Reading<'_, '_, '_>| -> Result<Option<(i64, i64)>, SpeedscopeError> {
            let about = About::read(json)?;
            reading.profile(&about)
        };
        match read(&mut reading) {
            Ok(Some((start, end))) => {
                let (first, last) = times.unwrap_or((start, end));
                times = Some((first.min(start), last.max(end)));
            }
            Ok(None) => {}
            Err(error) => note_break(Err(error), &mut builder)?,
        }
    }
    builder.profile.duration_ns = times.map_or(0, |(start, end)| end.saturating_sub(start).max(0));
    if builder.profile.value_types.is_empty() {
        return Err(SpeedscopeError::NoProfiles);
    }
    Ok(builder.finish())
}

/// What all profiles of a file share.
#[derive(Default)]
struct File<'a> {
    frames: Vec<FrameId>,
    is_own: bool,
    /// Where profiles begin.
    profiles: Vec<Json<'a>>,
}

/// What a profile says of itself, and where its samples are.
#[derive(Default)]
struct About<'a> {
    name: Cow<'a, str>,
    unit: Cow<'a, str>,
    start: Option<Number<'a>>,
    end: Option<Number<'a>>,
    events: Option<Json<'a>>,
    samples: Option<Json<'a>>,
    weights: Option<Json<'a>>,
    /// The file ends in it.
    breaks_off: bool,
}

/// What the numbers of a profile count.
struct Unit {
    column: usize,
    /// Numbers are multiplied with ten to the power of this.
    digits: i32,
    is_time: bool,
}

struct Reading<'a, 'b, 'l> {
    file: &'b File<'a>,
    /// Whether there are other profiles beside this one.
    several: bool,
    index: usize,
    paths: &'b mut Paths,
    builder: &'b mut Builder<'l>,
}

/// A file that is broken is read as far as it goes.
fn note_break(read: Result<(), SpeedscopeError>, builder: &mut Builder<'_>) -> Result<(), SpeedscopeError> {
    match read {
        Err(SpeedscopeError::Json(error)) => {
            let what = "the file is broken, the rest of it is not read";
            builder.problems.note(what, || error.to_string());
            Ok(())
        }
        other => other,
    }
}

impl<'a> File<'a> {
    fn look(&mut self, json: &mut Json<'a>, builder: &mut Builder<'_>) -> Result<(), SpeedscopeError> {
        if !json.object()? {
            return Ok(());
        }
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "shared" if json.object()? => {
                    while let Some(key) = json.key()? {
                        if key == "frames" {
                            self.read_frames(json, builder)?;
                        } else {
                            json.skip()?;
                        }
                    }
                }
                "shared" => {}
                "exporter" => {
                    let exporter = json.text()?.unwrap_or_default();
                    self.is_own = exporter.split(['@', ' ']).next() == Some(EXPORTER);
                }
                "name" => {
                    let name = json.text()?.filter(|name| !name.is_empty());
                    builder.profile.comments.extend(name.map(Cow::into_owned));
                }
                "profiles" if json.array()? => {
                    while json.item()? {
                        builder.take(size_of::<Json<'_>>())?;
                        self.profiles.push(json.clone());
                        json.skip()?;
                    }
                }
                "profiles" => {}
                _ => json.skip()?,
            }
        }
        Ok(())
    }

    fn read_frames(&mut self, json: &mut Json<'a>, builder: &mut Builder<'_>) -> Result<(), SpeedscopeError> {
        if !json.array()? {
            return Ok(());
        }
        while json.item()? {
            let mut frame = Frame::default();
            if json.object()? {
                while let Some(key) = json.key()? {
                    match key.as_ref() {
                        "name" => frame.function = builder.text(&json.text()?.unwrap_or_default())?,
                        "file" => frame.file = builder.text(&json.text()?.unwrap_or_default())?,
                        "line" => {
                            let line = json.integer()?.and_then(|line| u32::try_from(line).ok());
                            frame.line = line.unwrap_or(0);
                        }
                        _ => json.skip()?,
                    }
                }
            }
            builder.take(size_of::<FrameId>())?;
            self.frames.push(builder.frame(frame)?);
        }
        Ok(())
    }
}

impl<'a> About<'a> {
    fn read(mut json: Json<'a>) -> Result<Self, SpeedscopeError> {
        let mut about = About::default();
        if !json.object()? {
            return Ok(about);
        }
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "name" => about.name = json.text()?.unwrap_or_default(),
                "unit" => about.unit = json.text()?.unwrap_or_default(),
                "startValue" => about.start = json.number()?,
                "endValue" => about.end = json.number()?,
                key => {
                    let part = match key {
                        "events" => Some(&mut about.events),
                        "samples" => Some(&mut about.samples),
                        "weights" => Some(&mut about.weights),
                        _ => None,
                    };
                    if let Some(part) = part {
                        *part = Some(json.clone());
                    }
                    // Of a file that breaks off, the last part is read as far as it goes.
                    if json.skip().is_err() {
                        about.breaks_off = true;
                        return Ok(about);
                    }
                }
            }
        }
        Ok(about)
    }
}

impl Reading<'_, '_, '_> {
    /// Reads a profile; when it began and ended, if its unit is a time.
    fn profile(&mut self, about: &About<'_>) -> Result<Option<(i64, i64)>, SpeedscopeError> {
        let (name, thread) = self.meaning(&about.name);
        let unit = self.unit(&about.unit, name)?;
        let labels = self.builder.labels(&[("thread name", thread)])?;
        let value = |number: Option<Number<'_>>| number.and_then(|number| number.scaled(unit.digits));
        let start = value(about.start).unwrap_or(0);
        let end = match (&about.events, &about.samples) {
            (Some(events), _) => self.events(events.clone(), about, &unit, labels, start)?,
            (None, Some(samples)) => {
                // One that Vesta wrote has times only if it is of a thread.
                let has_times = unit.is_time && (!self.file.is_own || !thread.is_empty());
                self.samples(samples.clone(), about, &unit, labels, start, has_times)?
            }
            (None, None) => {
                let index = self.index;
                self.builder
                    .problems
                    .note("a profile has neither events nor samples", || format!("profile {index}"));
                return Ok(None);
            }
        };
        Ok(unit.is_time.then(|| (start, value(about.end).unwrap_or(end).max(end))))
    }

    /// The value type and the thread that the name of a profile means.
    fn meaning<'n>(&self, name: &'n str) -> (Option<&'n str>, &'n str) {
        if !self.file.is_own {
            return (None, if self.several { name } else { "" });
        }
        match name.strip_suffix(')').and_then(|name| name.split_once(" (thread ")) {
            Some((name, thread)) => (Some(name), thread),
            None => (Some(name), ""),
        }
    }

    fn unit(&mut self, unit: &str, own_name: Option<&str>) -> Result<Unit, LimitError> {
        let digits = match unit {
            "nanoseconds" => Some(0),
            "microseconds" => Some(3),
            "milliseconds" => Some(6),
            "seconds" => Some(9),
            _ => None,
        };
        let (name, unit) = match (digits, unit) {
            (Some(_), _) => ("wall-time", "nanoseconds"),
            (None, "" | "none") => ("samples", "count"),
            (None, unit) => (unit, unit),
        };
        let column = self.builder.value_type(own_name.unwrap_or(name), unit)?;
        Ok(Unit { column, digits: digits.unwrap_or(0), is_time: digits.is_some() })
    }

    /// Stacks with weights, one after the other. Where the last one ends.
    fn samples(
        &mut self,
        mut samples: Json<'_>,
        about: &About<'_>,
        unit: &Unit,
        labels: LabelSetId,
        start: i64,
        has_times: bool,
    ) -> Result<i64, SpeedscopeError> {
        let mut weights = match about.weights.clone() {
            Some(mut weights) => weights.array()?.then_some(weights),
            None => None,
        };
        let is_weighted = weights.is_some() || about.breaks_off;
        let mut at = start;
        if !samples.array()? {
            return Ok(at);
        }
        for number in 0_u64.. {
            if !samples.item()? {
                break;
            }
            let path = self.path(&mut samples, number)?;
            let mut weight = None;
            if let Some(json) = &mut weights {
                match json.item()? {
                    true => weight = json.number()?,
                    false => weights = None,
                }
            }
            let value = match weight {
                Some(weight) => self.value(weight, unit, number),
                None if is_weighted => {
                    let what = "a sample has no weight, it counts as 0";
                    self.builder.problems.note(what, || format!("sample {number}"));
                    0
                }
                None => 1,
            };
            at = at.saturating_add(value);
            self.add(path, value, unit, labels, if has_times { at.max(1) } else { 0 }, number)?;
        }
        Ok(at)
    }

    /// The chain of calls of a list of frames, root first.
    fn path(&mut self, json: &mut Json<'_>, number: u64) -> Result<PathId, SpeedscopeError> {
        let mut path = PathId::ROOT;
        self.paths.begin();
        if !json.array()? {
            return Ok(path);
        }
        while json.item()? {
            if let Some(frame) = self.frame(json.integer()?, number) {
                path = self.paths.next(frame, self.builder)?;
            }
        }
        Ok(path)
    }

    /// Functions that open and close. Where the last one closes.
    fn events(
        &mut self,
        mut json: Json<'_>,
        about: &About<'_>,
        unit: &Unit,
        labels: LabelSetId,
        start: i64,
    ) -> Result<i64, SpeedscopeError> {
        let mut open = Open::new(self.file.frames.len());
        self.builder.take(self.file.frames.len() * 4)?;
        let mut at = start;
        let mut number = 0_u64;
        if !json.array()? {
            return Ok(at);
        }
        let mut next = || -> Result<Option<Event>, SpeedscopeError> {
            if !json.item()? {
                return Ok(None);
            }
            Event::read(&mut json, unit.digits).map(Some)
        };
        let broken = loop {
            let event = match next() {
                Ok(Some(event)) => event,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            number += 1;
            let until = event.at.unwrap_or(at);
            if until < at {
                let what = "an event is before the one before it, it takes no time";
                self.builder.problems.note(what, || format!("event {number}"));
            }
            self.stretch(&open, &mut at, until, unit, labels, number)?;
            let Some(frame) = self.frame(event.frame, number) else { continue };
            let index = event.frame.and_then(|frame| usize::try_from(frame).ok()).unwrap_or(0);
            if event.opens {
                self.builder.take(size_of::<(PathId, usize)>())?;
                let path = self.paths.call(open.path(), frame, self.builder)?;
                open.push(path, index);
            } else if !open.close(index) {
                let what = "a function closes that is not open, or not the last one that was opened";
                self.builder.problems.note(what, || format!("event {number}"));
            }
        };
        if open.path() != PathId::ROOT && broken.is_none() {
            let end = about.end.and_then(|end| end.scaled(unit.digits)).unwrap_or(at);
            self.stretch(&open, &mut at, end, unit, labels, number)?;
            let what = "a function is never closed, it takes the time up to the end";
            self.builder.problems.note(what, || format!("profile {}", self.index));
        }
        broken.map_or(Ok(at), Err)
    }

    /// Adds the time from `at` on, which becomes `until`.
    fn stretch(
        &mut self,
        open: &Open,
        at: &mut i64,
        until: i64,
        unit: &Unit,
        labels: LabelSetId,
        number: u64,
    ) -> Result<(), SpeedscopeError> {
        let value = until.saturating_sub(*at);
        if value <= 0 {
            return Ok(());
        }
        *at = until;
        if open.path() == PathId::ROOT {
            return Ok(());
        }
        let time = if unit.is_time { until.max(1) } else { 0 };
        self.add(open.path(), value, unit, labels, time, number)
    }

    fn add(
        &mut self,
        path: PathId,
        value: i64,
        unit: &Unit,
        labels: LabelSetId,
        timestamp_ns: i64,
        number: u64,
    ) -> Result<(), SpeedscopeError> {
        let stack = self.paths.stack(path, self.builder, || format!("sample {number}"))?;
        let mut values = vec![0; unit.column + 1];
        values[unit.column] = value;
        self.builder.sample(Sample { stack, values: &values, labels, timestamp_ns, ..Sample::default() })?;
        Ok(())
    }

    fn frame(&mut self, index: Option<i64>, number: u64) -> Option<FrameId> {
        let frame = index.and_then(|index| usize::try_from(index).ok());
        let frame = frame.and_then(|index| self.file.frames.get(index).copied());
        if frame.is_none() {
            self.builder.problems.note("a frame is missing", || format!("sample {number}"));
        }
        frame
    }

    fn value(&mut self, weight: Number<'_>, unit: &Unit, number: u64) -> i64 {
        if !unit.is_time && weight.integer().is_none() {
            let what = "a weight is no whole number, it is rounded";
            self.builder.problems.note(what, || format!("sample {number}"));
        }
        weight.scaled(unit.digits).unwrap_or(0)
    }
}

/// A function opens or closes.
struct Event {
    opens: bool,
    at: Option<i64>,
    frame: Option<i64>,
}

impl Event {
    fn read(json: &mut Json<'_>, digits: i32) -> Result<Event, SpeedscopeError> {
        let mut event = Event { opens: false, at: None, frame: None };
        if !json.object()? {
            return Ok(event);
        }
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "type" => event.opens = json.text()?.as_deref() == Some("O"),
                "at" => event.at = json.number()?.and_then(|at| at.scaled(digits)),
                "frame" => event.frame = json.integer()?,
                _ => json.skip()?,
            }
        }
        Ok(event)
    }
}

/// The functions that are open.
struct Open {
    /// Chains of calls, each with one more than the one before, and the frame that it has more.
    chains: Vec<(PathId, usize)>,
    /// How often each frame is among them.
    counts: Vec<u32>,
}

impl Open {
    fn new(frames: usize) -> Open {
        Open { chains: Vec::new(), counts: vec![0; frames] }
    }

    fn path(&self) -> PathId {
        self.chains.last().map_or(PathId::ROOT, |(path, _)| *path)
    }

    fn push(&mut self, path: PathId, frame: usize) {
        self.chains.push((path, frame));
        if let Some(count) = self.counts.get_mut(frame) {
            *count += 1;
        }
    }

    /// Closes a frame, with all that were opened since. False if it was not the last one, or is not open at all.
    fn close(&mut self, frame: usize) -> bool {
        if self.counts.get(frame).is_none_or(|count| *count == 0) {
            return false;
        }
        for closed in 0_u64.. {
            let Some((_, last)) = self.chains.pop() else { break };
            if let Some(count) = self.counts.get_mut(last) {
                *count -= 1;
            }
            if last == frame {
                return closed == 0;
            }
        }
        false
    }
}
