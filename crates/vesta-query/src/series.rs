//! Measures over time.

use crate::column::integers;
use crate::facets::for_each_row;
use crate::matcher::{matches, promoted_column};
use crate::measure_values::MeasureValues;
use crate::profile_rows::TagColumn;
use crate::time::TimeRange;
use crate::{Basis, Engine, Measure, QueryError, Scope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;
use std::time::Duration;
use vesta_store::Timestamp;

/// What to plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesOptions {
    /// The numbers.
    pub measure: Measure,
    /// The tag whose values get a line each; `None` for one line.
    pub group_by: Option<String>,
    /// The most lines besides that of all others. Default 10.
    pub limit: usize,
    /// About how many points to make at most. Default 200.
    pub points: usize,
}

/// Lines over time: in every step the sum over processes.
///
/// Cores, bytes per second and metrics are averages over the step; samples and profiles are counted. A profile that
/// spans several steps is spread over them.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name of the measure or value type that is plotted.
    pub name: String,
    /// The unit of the numbers; empty if it is not known.
    pub unit: String,
    /// The distance of points.
    pub step: Duration,
    /// Where steps begin.
    pub times: Vec<Timestamp>,
    /// The lines, largest first.
    pub groups: Vec<SeriesGroup>,
    /// The sum of all lines that were left out, if there are any.
    pub other: Option<Vec<Option<f64>>>,
    /// What stands behind all lines.
    pub basis: Basis,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesGroup {
    /// The value of the tag; empty for profiles without it, or when there is only one line.
    pub group: String,
    /// One value per step, `None` where no profile says anything.
    pub values: Vec<Option<f64>>,
}

/// More lines than this are not told apart.
const MAX_GROUPS: usize = 10_000;
/// Steps that a caller may choose the length of.
const MAX_STEPS: u64 = 11_000;
/// Steps that people can read, in seconds.
const STEPS: [i64; 20] = [
    10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 2_592_000,
];

impl SeriesOptions {
    /// One line of this measure.
    pub fn new(measure: Measure) -> Self {
        SeriesOptions { measure, group_by: None, limit: 10, points: 200 }
    }
}

impl Engine {
    /// A measure of the profiles in scope over time.
    pub async fn series(&self, scope: &Scope, options: &SeriesOptions) -> Result<Series, QueryError> {
        self.bounded(self.plot(scope, options)).await
    }

    async fn plot(&self, scope: &Scope, options: &SeriesOptions) -> Result<Series, QueryError> {
        let snapshot = self.store().snapshot().await;
        let mut columns = vec!["start", "end", "samples"];
        columns.extend(MeasureValues::column(&options.measure));
        columns.extend(options.group_by.as_deref().map(|key| promoted_column(key).unwrap_or("tags")));
        let plot = Arc::new(Plot {
            steps: Steps::new(scope.range, options.points),
            measure: options.measure.clone(),
            group_by: options.group_by.clone(),
        });
        let (expr, shared) = (scope.expr.clone(), plot.clone());
        let step = move |lines: &mut Lines, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let (groups, values) = (
                TagColumn::of(batch, shared.group_by.as_deref())?,
                MeasureValues::of(&shared.measure, batch)?,
            );
            let samples = integers(batch, "samples")?;
            let (starts, ends) = (integers(batch, "start")?, integers(batch, "end")?);
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                lines.basis.profiles += 1;
                lines.basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
                if let Some(value) = values.at(row) {
                    let line = lines.line(groups.at(row), shared.steps.count());
                    shared.draw(line, starts.value(row), ends.value(row), value);
                }
            });
            Ok(())
        };
        let parts = self.fold_profiles(&snapshot, scope, &columns, Lines::default, step).await?;
        let lines = parts.into_iter().reduce(Lines::merge).unwrap_or_default();
        let (name, unit) = (plot.measure.name().into_owned(), plot.measure.unit().to_owned());
        Ok(lines.into_series(&plot.steps, options.limit, name, unit))
    }
}

struct Plot {
    steps: Steps,
    measure: Measure,
    group_by: Option<String>,
}

/// A division of time. All times are in microseconds.
pub(crate) struct Steps {
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Where the first step begins: a whole number of steps since 1970, at or before `from`.
    first: i64,
    pub(crate) step: i64,
}

/// One value per step; `None` where nothing was drawn.
pub(crate) type Line = Vec<Option<f64>>;

#[derive(Default)]
pub(crate) struct Lines {
    by_group: HashMap<String, Line, FixedState>,
    /// The sum of lines past [`MAX_GROUPS`].
    rest: Option<Line>,
    pub(crate) basis: Basis,
}

// === impl Steps ===

impl Steps {
    pub(crate) fn new(range: TimeRange, points: usize) -> Self {
        let (from, to) = (range.from.0, range.to.0.max(range.from.0));
        let points = i64::try_from(points.clamp(1, 2000)).unwrap_or(200);
        let wanted = to.saturating_sub(from) / points;
        let seconds = STEPS.into_iter().find(|seconds| seconds * 1_000_000 >= wanted);
        // Past months, steps are whole days.
        let step =
            seconds.map_or(wanted / 86_400_000_000 * 86_400_000_000 + 86_400_000_000, |s| s * 1_000_000);
        Steps { from, to, first: from.div_euclid(step) * step, step }
    }

    /// Steps of this length.
    pub(crate) fn exact(range: TimeRange, step: Duration) -> Result<Self, QueryError> {
        let step = i64::try_from(step.as_micros()).unwrap_or(i64::MAX).max(1);
        let (from, to) = (range.from.0, range.to.0.max(range.from.0));
        let found = u64::try_from(to.saturating_sub(from) / step).unwrap_or(u64::MAX);
        match found > MAX_STEPS {
            true => Err(QueryError::TooMuch { what: "steps", found, limit: MAX_STEPS }),
            false => Ok(Steps { from, to, first: from.div_euclid(step) * step, step }),
        }
    }

    pub(crate) fn count(&self) -> usize {
        usize::try_from((self.to - self.first + self.step - 1) / self.step).unwrap_or(0)
    }

    pub(crate) fn index_of(&self, time: i64) -> usize {
        usize::try_from((time - self.first).div_euclid(self.step)).unwrap_or(0)
    }

    /// The part of a step that lies in the range.
    pub(crate) fn bounds(&self, index: usize) -> (i64, i64) {
        let begin = self.first + self.step * i64::try_from(index).unwrap_or(0);
        (begin.max(self.from), (begin + self.step).min(self.to))
    }
}

// === impl Plot ===

impl Plot {
    /// Adds one profile to a line.
    fn draw(&self, line: &mut Line, start: i64, end: i64, value: f64) {
        let steps = &self.steps;
        if start >= steps.to || (end <= steps.from && start < steps.from) {
            return;
        }
        if self.measure == Measure::Profiles || end <= start {
            let counted = matches!(self.measure, Measure::Profiles | Measure::Samples);
            if let Some(slot) = line.get_mut(steps.index_of(start.max(steps.from))).filter(|_| counted) {
                *slot = Some(slot.unwrap_or(0.0) + value);
            }
            return;
        }
        let last = steps.index_of(end.min(steps.to) - 1);
        for index in steps.index_of(start.max(steps.from))..=last {
            let (begin, stop) = steps.bounds(index);
            let share = micros(end.min(stop) - start.max(begin));
            let whole =
                if self.measure == Measure::Samples { micros(end - start) } else { micros(stop - begin) };
            if let Some(slot) = line.get_mut(index) {
                *slot = Some(slot.unwrap_or(0.0) + value * share / whole);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of time within a plot are below 2^53 microseconds")]
pub(crate) fn micros(length: i64) -> f64 {
    length as f64
}

// === impl Lines ===

impl Lines {
    pub(crate) fn line(&mut self, group: &str, steps: usize) -> &mut Line {
        if self.by_group.len() >= MAX_GROUPS && !self.by_group.contains_key(group) {
            return self.rest.get_or_insert_with(|| vec![None; steps]);
        }
        self.by_group.entry_ref(group).or_insert_with(|| vec![None; steps])
    }

    pub(crate) fn merge(mut self, other: Lines) -> Lines {
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        for (group, line) in other.by_group {
            add(self.line(&group, line.len()), &line);
        }
        if let Some(rest) = other.rest {
            add(self.rest.get_or_insert_with(|| vec![None; rest.len()]), &rest);
        }
        self
    }

    pub(crate) fn into_series(self, steps: &Steps, limit: usize, name: String, unit: String) -> Series {
        let mut groups: Vec<(f64, SeriesGroup)> = self
            .by_group
            .into_iter()
            .map(|(group, values)| (values.iter().flatten().sum(), SeriesGroup { group, values }))
            .collect();
        groups.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.group.cmp(&other.group)));
        let mut other = self.rest;
        for (_, dropped) in groups.split_off(groups.len().min(limit.max(1))) {
            add(other.get_or_insert_with(|| vec![None; dropped.values.len()]), &dropped.values);
        }
        let begin = |index: i64| Timestamp(steps.first + steps.step * index);
        Series {
            name,
            unit,
            step: Duration::from_micros(u64::try_from(steps.step).unwrap_or(0)),
            times: (0i64..).take(steps.count()).map(begin).collect(),
            groups: groups.into_iter().map(|(_, group)| group).collect(),
            other,
            basis: self.basis,
        }
    }
}

fn add(line: &mut Line, other: &Line) {
    for (slot, value) in line.iter_mut().zip(other) {
        if let Some(value) = value {
            *slot = Some(slot.unwrap_or(0.0) + value);
        }
    }
}
