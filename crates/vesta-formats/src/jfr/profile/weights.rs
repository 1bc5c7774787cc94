//! How much samples stand for, once all is known that decides it.

use super::sources::Source;
use super::{Reading, as_f64};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{LabelSetId, LabelValue, StringId};

impl Reading<'_> {
    /// Gives the samples of the chunk what they stand for, now that all of its settings are known.
    pub(super) fn weigh(&mut self) {
        let periods = self.chunk.settings.periods();
        self.chunk.epochs.sort_by_key(|epoch| epoch.start_ns);
        let epochs = &self.chunk.epochs;
        let mut is_guessed = false;
        for row in self.samples.of_chunk() {
            let weight = row.values[1];
            let times = |period: i64| weight.saturating_mul(period);
            match row.source {
                // async-profiler has one event for all that it samples; the state of the thread tells what it was.
                Source::AsyncWall if periods.is_async => row.values[0] = times(periods.wall_ns),
                Source::Execution if periods.events > 0 => {
                    row.source = Source::AsyncEvent;
                    row.values = [times(periods.events), 0];
                }
                Source::Execution if periods.is_async => {
                    row.source = Source::AsyncCpu;
                    row.values[0] = times(periods.execution_ns);
                    self.cpu_period_ns = periods.execution_ns;
                }
                Source::Execution | Source::AsyncWall => {
                    row.source = Source::Execution;
                    row.labels = LabelSetId::EMPTY;
                    row.values[0] = times(periods.execution_ns);
                    is_guessed |= !periods.is_execution_known;
                    self.cpu_period_ns = periods.execution_ns;
                }
                Source::DatadogCpu => {
                    row.values[0] = times(periods.datadog_cpu_ns);
                    self.cpu_period_ns = periods.datadog_cpu_ns;
                }
                Source::DatadogWall => {
                    let after = epochs.partition_point(|epoch| epoch.start_ns <= row.end_ns);
                    let epoch = after.checked_sub(1).and_then(|at| epochs.get(at));
                    let time = times(periods.datadog_wall_ns);
                    row.values[0] = epoch.map_or(time, |epoch| scaled(time, epoch.threads, epoch.sampled));
                }
                Source::WallClock => row.values[0] = times(periods.wall_ns),
                Source::LiveObject => {
                    let size = row.values[0].max(1);
                    let bytes = size.max(periods.allocation_bytes);
                    row.values = [bytes, bytes / size];
                }
                _ => {}
            }
        }
        if is_guessed {
            let what = "the period of `jdk.ExecutionSample` is not in the recording; 20 ms are taken";
            self.problems.note(what, || "settings of a chunk".to_owned());
        }
    }

    /// Leaves out exceptions that were written twice, and makes samples of exceptions add up to what was counted.
    pub(super) fn count_exceptions(&mut self) {
        let Reading { samples, exceptions, profile, .. } = self;
        let rows = samples.rows();
        let is_written_twice = |labels: LabelSetId| exceptions.errors.contains(&labels);
        rows.retain(|row| {
            let is_exception = row.source == Source::Exception && row.values[1] == 0;
            !is_exception || !is_written_twice(row.labels)
        });
        let key = profile.strings.find("exception type");
        let class_of = |labels: LabelSetId| {
            let labels = profile.label_sets.get(labels);
            let label = labels.iter().find(|label| Some(label.key) == key)?;
            if let LabelValue::Text(class) = label.value { Some(class) } else { None }
        };
        let mut sampled: HashMap<StringId, (i64, i64), FixedState> = HashMap::default();
        let samples = || rows.iter().filter(|row| row.source == Source::DatadogException);
        for class in samples().filter_map(|row| class_of(row.labels)) {
            sampled.entry(class).or_default().0 += 1;
        }
        for row in rows.iter_mut().filter(|row| row.source == Source::DatadogException) {
            let Some(class) = class_of(row.labels) else { continue };
            let Some(&count) = exceptions.counts.get(&class) else { continue };
            let Some((samples, seen)) = sampled.get_mut(&class) else { continue };
            // The first samples have what does not divide, so that the sum is exact.
            row.values[0] = (count / *samples + i64::from(*seen < count % *samples)).max(1);
            *seen += 1;
        }
    }
}

/// What an object of this size counts that stands for `weight` of them: bytes and objects.
pub(super) fn weighted(size: i64, weight: Option<f64>) -> [i64; 2] {
    let weight = weight.filter(|weight| weight.is_finite() && *weight > 0.0).unwrap_or(1.0);
    [rounded(as_f64(size.max(0)) * weight), rounded(weight).max(1)]
}

/// `time` times `threads` by `sampled`, as only so many of the threads were looked at.
fn scaled(time: i64, threads: i64, sampled: i64) -> i64 {
    if threads <= sampled || sampled <= 0 {
        return time;
    }
    let scaled = i128::from(time) * i128::from(threads) / i128::from(sampled);
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "casts of floats stop at the ends of the integers")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}
