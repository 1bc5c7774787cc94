//! CPU profiles: samples of nodes, and the times between them.

use super::{Nodes, V8Error};
use crate::builder::{Builder, LimitError};
use crate::json::{Json, JsonError, Number};
use vesta_profile::{LabelSetId, Sample};

/// A CPU profile as it is read, at once or in chunks.
#[derive(Default)]
pub(crate) struct CpuProfile {
    pub(crate) nodes: Nodes,
    /// Ids of the nodes of samples.
    samples: Vec<i64>,
    /// Nanoseconds from one sample to the next, the first from the start on.
    deltas: Vec<i64>,
    /// When samples were taken, where the file says that instead.
    timestamps: Vec<i64>,
    /// Lines of samples; 0 or missing where they are not known.
    lines: Vec<u32>,
    pub(crate) times: Times,
}

/// When a profile was taken, in nanoseconds of some clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
}

/// The columns of a CPU profile.
struct Columns {
    cpu: usize,
    wall: Option<usize>,
    samples: usize,
}

/// Clocks that count from 1970 are beyond this (September 2001), those that count from the start of a machine are not.
const EPOCH: i64 = 1_000_000_000_000_000_000;

impl CpuProfile {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// When it began and ended, as far as it says.
    pub(crate) fn range(&self) -> Option<(i64, i64)> {
        let start = self.times.start.or_else(|| self.timestamps.iter().min().copied())?;
        let taken = self.deltas.iter().fold(start, |sum, delta| sum.saturating_add(*delta));
        let last = self.timestamps.iter().max().copied().unwrap_or(taken);
        Some((start, self.times.end.unwrap_or(last).max(last)))
    }

    /// Reads a profile that is one object.
    pub(crate) fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder<'_>) -> Result<(), V8Error> {
        if !json.object()? {
            return Ok(());
        }
        // Old files have a tree, and their times in seconds.
        let mut digits = 3;
        let mut times = (None, None);
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "head" => {
                    digits = 9;
                    self.nodes.read_tree(json, builder)?;
                }
                "startTime" => times.0 = json.number()?,
                "endTime" => times.1 = json.number()?,
                key => self.read_field(key, json, builder)?,
            }
            let scaled = |time: Option<Number<'_>>| time.and_then(|time| time.scaled(digits));
            self.times = Times { start: scaled(times.0), end: scaled(times.1) };
        }
        Ok(())
    }

    /// Reads what is called the same in whole profiles and in chunks of them.
    pub(crate) fn read_field(
        &mut self,
        key: &str,
        json: &mut Json<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), V8Error> {
        match key {
            "nodes" => self.nodes.read_list(json, builder),
            "samples" => read_numbers(json, builder, &mut self.samples, Json::integer),
            "timeDeltas" => read_numbers(json, builder, &mut self.deltas, |json| {
                Ok(json.number()?.and_then(|delta| delta.scaled(3)))
            }),
            "timestamps" => read_numbers(json, builder, &mut self.timestamps, |json| {
                Ok(json.number()?.and_then(|time| time.scaled(3)))
            }),
            "lines" => read_numbers(json, builder, &mut self.lines, |json| {
                Ok(json.integer()?.map(|line| u32::try_from(line).unwrap_or(0)))
            }),
            _ => Ok(json.skip()?),
        }
    }

    /// Adds the samples to a profile that has nothing else.
    pub(crate) fn finish(mut self, builder: &mut Builder<'_>) -> Result<(), LimitError> {
        let columns = Columns {
            cpu: builder.value_type("cpu-time", "nanoseconds")?,
            wall: Some(builder.value_type("wall-time", "nanoseconds")?),
            samples: builder.value_type("wall-samples", "count")?,
        };
        let Times { start, end } = self.times;
        builder.profile.start_ns = start.filter(|&start| start >= EPOCH).unwrap_or(0);
        builder.profile.duration_ns = self.range().map_or(0, |(start, end)| end.saturating_sub(start).max(0));
        self.nodes.connect(builder);
        if self.samples.is_empty() {
            return self.add_hits(&columns, end.is_some() && start.is_some(), builder);
        }
        self.add_samples(&columns, LabelSetId::EMPTY, builder)
    }

    /// Adds the samples of one thread to a profile that has the time of other things already.
    pub(crate) fn finish_thread(
        mut self,
        labels: LabelSetId,
        builder: &mut Builder<'_>,
    ) -> Result<(), LimitError> {
        let columns = Columns {
            cpu: builder.value_type("cpu-time", "nanoseconds")?,
            wall: None,
            samples: builder.value_type("cpu-samples", "count")?,
        };
        self.nodes.connect(builder);
        self.add_samples(&columns, labels, builder)
    }

    /// Adds one sample for each that was taken.
    fn add_samples(
        &mut self,
        columns: &Columns,
        labels: LabelSetId,
        builder: &mut Builder<'_>,
    ) -> Result<(), LimitError> {
        let samples = std::mem::take(&mut self.samples);
        let taken = self.when_taken(samples.len(), builder)?;
        builder.take(samples.len() * 4)?;
        let mut order: Vec<u32> = (0..u32::try_from(samples.len()).unwrap_or(u32::MAX)).collect();
        if !taken.is_sorted() {
            order.sort_by_key(|&index| taken[index as usize]);
        }
        let mut values = vec![0; builder.profile.value_types.len()];
        for (at, &index) in order.iter().enumerate() {
            let index = index as usize;
            let from = taken[index];
            let next = order.get(at + 1).map(|&next| taken[next as usize]);
            let until = next.or(self.times.end).unwrap_or(from).max(from);
            let Some(node) = self.nodes.find(samples[index]) else {
                let what = "the node of a sample is missing, its time is not under a function";
                builder.problems.note(what, || format!("sample {index}"));
                values_of(columns, &mut values, until.saturating_sub(from), 1, false);
                let sample = Sample { values: &values, labels, timestamp_ns: until, ..Sample::default() };
                builder.sample(sample)?;
                continue;
            };
            let line = self.lines.get(index).copied().filter(|&line| line > 0);
            let path = self.nodes.sample_path(node, line, builder)?;
            let stack = self.nodes.paths().stack(path, builder, || format!("sample {index}"))?;
            let is_idle = self.nodes.get(node).is_idle;
            if is_idle && columns.wall.is_none() {
                continue;
            }
            values_of(columns, &mut values, until.saturating_sub(from), 1, is_idle);
            // A clock that starts at 0 has times, too.
            let timestamp_ns = until.max(1);
            builder.sample(Sample { stack, values: &values, labels, timestamp_ns, ..Sample::default() })?;
        }
        Ok(())
    }

    /// When each sample was taken.
    fn when_taken(&mut self, samples: usize, builder: &mut Builder<'_>) -> Result<Vec<i64>, LimitError> {
        builder.take(samples * 8)?;
        let start = self.times.start.unwrap_or(0);
        let (deltas, timestamps) = (&self.deltas, std::mem::take(&mut self.timestamps));
        if deltas.is_empty() && timestamps.len() >= samples {
            return Ok(timestamps);
        }
        if deltas.is_empty() {
            builder.problems.note("samples have no times, they are spread evenly", || "sample 0".to_owned());
            let whole = i128::from(duration(self.times));
            let share = |index: usize| spread(whole, index as u64, samples as u64);
            return Ok((0..samples).map(|index| start.saturating_add(share(index))).collect());
        }
        if deltas.len() < samples {
            let missing = deltas.len();
            builder.problems.note("samples have no times, they take none", || format!("sample {missing}"));
        }
        let mut time = start;
        let next = |index: usize| {
            time = time.saturating_add(deltas.get(index).copied().unwrap_or(0));
            time
        };
        Ok((0..samples).map(next).collect())
    }

    /// Adds one sample for each node that was hit, with its share of the time.
    fn add_hits(
        &mut self,
        columns: &Columns,
        has_time: bool,
        builder: &mut Builder<'_>,
    ) -> Result<(), LimitError> {
        let count = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let hits = |nodes: &Nodes, node: u32| u64::try_from(nodes.get(node).hits).unwrap_or(0);
        let all = (0..count).fold(0_u64, |sum, node| sum.saturating_add(hits(&self.nodes, node)));
        let whole = if has_time { i128::from(duration(self.times)) } else { 0 };
        let mut before = 0_u64;
        let mut values = vec![0; builder.profile.value_types.len()];
        for node in 0..count {
            let own = hits(&self.nodes, node);
            if own == 0 {
                continue;
            }
            let time = spread(whole, before.saturating_add(own), all) - spread(whole, before, all);
            before = before.saturating_add(own);
            let path = self.nodes.path(node, builder)?;
            let stack = self.nodes.paths().stack(path, builder, || format!("node number {node}"))?;
            let is_idle = self.nodes.get(node).is_idle;
            values_of(columns, &mut values, time, i64::try_from(own).unwrap_or(i64::MAX), is_idle);
            builder.sample(Sample { stack, values: &values, ..Sample::default() })?;
        }
        Ok(())
    }
}

fn duration(times: Times) -> i64 {
    match (times.start, times.end) {
        (Some(start), Some(end)) => end.saturating_sub(start).max(0),
        _ => 0,
    }
}

/// `part` of `parts` of a time; the differences of its results add up to the whole.
fn spread(whole: i128, part: u64, parts: u64) -> i64 {
    i64::try_from(whole * i128::from(part) / i128::from(parts.max(1))).unwrap_or(i64::MAX)
}

fn values_of(columns: &Columns, values: &mut [i64], time: i64, samples: i64, is_idle: bool) {
    let mut set = |column: usize, value: i64| {
        if let Some(slot) = values.get_mut(column) {
            *slot = value;
        }
    };
    set(columns.cpu, if is_idle { 0 } else { time });
    set(columns.samples, samples);
    if let Some(wall) = columns.wall {
        set(wall, time);
    }
}

fn read_numbers<'a, T: Default>(
    json: &mut Json<'a>,
    builder: &mut Builder<'_>,
    into: &mut Vec<T>,
    read: impl Fn(&mut Json<'a>) -> Result<Option<T>, JsonError>,
) -> Result<(), V8Error> {
    if !json.array()? {
        return Ok(());
    }
    while json.item()? {
        builder.take(size_of::<T>())?;
        // What is no number keeps its place, so that those after it keep theirs.
        into.push(read(json)?.unwrap_or_default());
    }
    Ok(())
}
