//! Value types over time, by any dimension.

use crate::column::integers;
use crate::engine::compute;
use crate::profile_rows::{ProfileClasses, ProfileQuestion, ProfileRow, ProfileRows};
use crate::profile_scan::{Counted, fold};
use crate::selection::{Selection, Wanted};
use crate::series::{Lines, Steps, micros};
use crate::stack_sums::SelectedSamples;
use crate::value_sums::{LabelColumn, grouped};
use crate::{Dimension, Engine, QueryError, SampleScope, Series};
use arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::col;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;
use std::time::Duration;
use vesta_profile::{FunctionId, FunctionTable, Granularity, Kind, Unit};
use vesta_store::Snapshot;

/// What to plot of a value type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSeriesOptions {
    /// What gets a line each; `None` for one line. Of what is on stacks, self values are plotted.
    pub group_by: Option<Dimension>,
    /// The most lines besides that of all others. Default 10.
    pub limit: usize,
    /// About how many points to make at most. Default 200.
    pub points: usize,
    /// The exact distance of points, in place of one that suits their number.
    pub step: Option<Duration>,
}

/// Into how many parts of a step starts and ends of profiles are rounded, so that few of them differ.
const PARTS_OF_STEP: i64 = 8;

impl Default for TypeSeriesOptions {
    fn default() -> Self {
        TypeSeriesOptions { group_by: None, limit: 10, points: 200, step: None }
    }
}

impl Engine {
    /// A value type over time: in every step what processes spent per second, or for snapshots what the latest profile
    /// of each process says. All lines, that of the others included, add up to what a single line would show.
    pub async fn type_series(
        &self,
        question: &SampleScope,
        options: &TypeSeriesOptions,
    ) -> Result<Series, QueryError> {
        self.bounded(self.plot_type(question, options)).await
    }

    async fn plot_type(
        &self,
        question: &SampleScope,
        options: &TypeSeriesOptions,
    ) -> Result<Series, QueryError> {
        let snapshot = self.store().snapshot().await;
        // Which profiles are the latest depends on the step, so all of them are read.
        let selected = self.select_samples_of(&snapshot, question, Wanted::All).await?;
        let SelectedSamples { selection, value_type, frame } = selected;
        let tag = match &options.group_by {
            Some(Dimension::Tag(key)) => Some(key.clone()),
            _ => None,
        };
        let is_snapshot = value_type.kind == Kind::Snapshot;
        let wanted = ProfileQuestion { tag, value_type: is_snapshot.then(|| question.type_name()) };
        let profiles = self.profile_rows(&snapshot, &question.scope, &wanted).await?;
        let steps = match options.step {
            Some(step) => Steps::exact(question.scope.range, step)?,
            None => Steps::new(question.scope.range, options.points),
        };
        let (classes, pairs) = match value_type.kind {
            Kind::Delta => spread_classes(&profiles.rows, &steps),
            Kind::Snapshot => latest_classes(&profiles.rows, &steps),
        };
        let plot =
            Arc::new(TypePlot { steps, classes, scale: scale(&value_type.unit, is_snapshot), profiles });
        let mut lines = Lines::default();
        if let Some(frame) = frame {
            let class = ProfileClasses::new(pairs).of_rows();
            let frame = frame.with_column("class", class)?;
            lines = match &options.group_by {
                Some(Dimension::Frame(granularity)) => {
                    self.lines_by_frame(&snapshot, &selection, frame, &plot, *granularity).await?
                }
                Some(Dimension::Label(key)) => lines_by_label(frame, &plot, key).await?,
                None | Some(Dimension::Tag(_)) => lines_by_profile(frame, &plot).await?,
            };
        }
        if lines.basis.samples == 0 {
            self.check_type(&question.scope, &value_type).await?;
        }
        lines.basis = selection.basis(&question.scope, lines.basis.samples);
        let unit = match (&value_type.unit, is_snapshot) {
            (unit, true) => unit.as_str().to_owned(),
            (Unit::Nanoseconds, _) => "cores".to_owned(),
            (Unit::Count, _) => "/s".to_owned(),
            (unit, _) => format!("{}/s", unit.as_str()),
        };
        Ok(lines.into_series(&plot.steps, options.limit, value_type.name.into_owned(), unit))
    }

    async fn lines_by_frame(
        &self,
        snapshot: &Snapshot,
        selection: &Selection,
        frame: DataFrame,
        plot: &Arc<TypePlot>,
        granularity: Granularity,
    ) -> Result<Lines, QueryError> {
        let seen = Counted::new("stacks at different times", self.limits().stacks);
        let step =
            move |rows: &mut Vec<(i64, i64, i64, i64)>, batch: &RecordBatch| {
                seen.add(batch)?;
                let (classes, stacks) = (integers(batch, "class")?, integers(batch, "stack_id")?);
                let (values, counts) = (integers(batch, "value")?, integers(batch, "count")?);
                rows.extend((0..batch.num_rows()).filter(|&row| classes.value(row) >= 0).map(|row| {
                    (stacks.value(row), classes.value(row), values.value(row), counts.value(row))
                }));
                Ok(())
            };
        let frame = grouped(frame, vec![col("class"), col("stack_id")])?;
        let rows = fold(frame, Vec::new, step).await?.concat();
        let mut ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let symbols = self.store().symbols().resolve(snapshot, &selection.services, &ids).await;
        let symbols = symbols.map_err(|error| QueryError::Storage(Box::new(error)))?;
        let libraries = self.libraries(&selection.newest).await;
        let plot = plot.clone();
        compute(move || {
            let functions =
                FunctionTable::with_libraries(&symbols.strings, &symbols.frames, granularity, &libraries);
            let leaf = |stack| {
                symbols.stacks.get(stack).first().map_or(FunctionId::NO_STACK, |&frame| functions.of(frame))
            };
            let leaves: Vec<FunctionId> = symbols.ids.iter().map(|&stack| leaf(stack)).collect();
            let mut sums: HashMap<(FunctionId, i64), i64, FixedState> = HashMap::default();
            let mut lines = Lines::default();
            for (stack, class, value, count) in rows {
                let place = ids.binary_search(&stack).ok();
                let function = place.and_then(|place| leaves.get(place)).copied();
                let sum = sums.entry((function.unwrap_or(FunctionId::NO_STACK), class)).or_default();
                *sum = sum.saturating_add(value);
                lines.basis.samples += u64::try_from(count).unwrap_or(0);
            }
            for ((function, class), value) in sums {
                plot.draw(&mut lines, functions.name(function), class, value);
            }
            Ok(lines)
        })
        .await
    }
}

async fn lines_by_label(frame: DataFrame, plot: &Arc<TypePlot>, key: &str) -> Result<Lines, QueryError> {
    let mut columns = LabelColumn::columns(key);
    columns.push(col("class"));
    let (plot, key) = (plot.clone(), key.to_owned());
    let step = move |lines: &mut Lines, batch: &RecordBatch| {
        let labels = LabelColumn::of(batch, &key)?;
        plot.draw_batch(lines, batch, |row, _| labels.at(row))
    };
    Ok(fold(grouped(frame, columns)?, Lines::default, step)
        .await?
        .into_iter()
        .reduce(Lines::merge)
        .unwrap_or_default())
}

async fn lines_by_profile(frame: DataFrame, plot: &Arc<TypePlot>) -> Result<Lines, QueryError> {
    let plot = plot.clone();
    let step = move |lines: &mut Lines, batch: &RecordBatch| {
        plot.draw_batch(lines, batch, |_, class| {
            plot.class(class).map_or("", |class| plot.profiles.groups.get(class.group))
        })
    };
    let frame = grouped(frame, vec![col("class")])?;
    Ok(fold(frame, Lines::default, step).await?.into_iter().reduce(Lines::merge).unwrap_or_default())
}

struct TypePlot {
    steps: Steps,
    classes: Vec<Class>,
    /// What values are multiplied with.
    scale: f64,
    profiles: ProfileRows,
}

/// Profiles that are drawn in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Class {
    span: Span,
    /// The value of the tag that lines stand for.
    group: usize,
}

/// Where values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Span {
    /// Spread over this time, in microseconds.
    Spread { start: i64, end: i64 },
    /// As they are, in these steps.
    Steps { first: usize, last: usize },
}

// === impl TypePlot ===

impl TypePlot {
    fn class(&self, class: i64) -> Option<&Class> {
        usize::try_from(class).ok().and_then(|class| self.classes.get(class))
    }

    fn draw_batch<'a>(
        &self,
        lines: &mut Lines,
        batch: &RecordBatch,
        group: impl Fn(usize, i64) -> &'a str,
    ) -> Result<(), QueryError> {
        let classes = integers(batch, "class")?;
        let (values, counts) = (integers(batch, "value")?, integers(batch, "count")?);
        for row in 0..batch.num_rows() {
            let class = classes.value(row);
            if class < 0 {
                continue;
            }
            lines.basis.samples += u64::try_from(counts.value(row)).unwrap_or(0);
            self.draw(lines, group(row, class), class, values.value(row));
        }
        Ok(())
    }

    fn draw(&self, lines: &mut Lines, group: &str, class: i64, value: i64) {
        let Some(class) = self.class(class) else { return };
        let steps = &self.steps;
        let line = lines.line(group, steps.count());
        let value = micros(value) * self.scale;
        let mut add = |index: usize, value: f64| {
            if let Some(slot) = line.get_mut(index) {
                *slot = Some(slot.unwrap_or(0.0) + value);
            }
        };
        match class.span {
            Span::Steps { first, last } => (first..=last).for_each(|index| add(index, value)),
            Span::Spread { start, end } => {
                let last = steps.index_of(end.min(steps.to) - 1);
                for index in steps.index_of(start.max(steps.from))..=last {
                    let (begin, stop) = steps.bounds(index);
                    let share = micros(end.min(stop) - start.max(begin)) / micros(end - start);
                    add(index, value * share / (micros(stop - begin) / 1e6));
                }
            }
        }
    }
}

/// What values of a unit are multiplied with to be shown: nanoseconds per second are cores.
fn scale(unit: &Unit, is_snapshot: bool) -> f64 {
    if *unit == Unit::Nanoseconds && !is_snapshot { 1e-9 } else { 1.0 }
}

/// Classes of profiles whose values are spread over their time, and the class of each profile.
fn spread_classes(profiles: &[ProfileRow], steps: &Steps) -> (Vec<Class>, Vec<(i64, i32)>) {
    let part = (steps.step / PARTS_OF_STEP).max(1);
    let rounded = |time: i64| (time + part / 2).div_euclid(part) * part;
    let spans = profiles.iter().filter_map(|profile| {
        let is_shown = profile.start < steps.to && profile.end.max(profile.start + 1) > steps.from;
        let start = rounded(profile.start);
        let end = rounded(profile.end).max(start + part);
        // Rounding must not move anything out of what is shown: lines add up to the whole.
        let moved = if profile.start >= steps.from && start < steps.from {
            steps.from - start
        } else if profile.end <= steps.to && end > steps.to {
            steps.to - end
        } else {
            (steps.to - part - start).min(0)
        };
        is_shown.then_some((profile, Span::Spread { start: start + moved, end: end + moved }))
    });
    numbered(spans)
}

/// Classes of profiles that are the latest of their process in some steps, and the class of each of those.
fn latest_classes(profiles: &[ProfileRow], steps: &Steps) -> (Vec<Class>, Vec<(i64, i32)>) {
    let mut ordered: Vec<&ProfileRow> = profiles
        .iter()
        .filter(|profile| profile.start < steps.to && profile.end.max(profile.start + 1) > steps.from)
        .collect();
    ordered.sort_unstable_by_key(|profile| (profile.process, profile.start, profile.id));
    let first = |profile: &ProfileRow| steps.index_of(profile.start.max(steps.from));
    let spans = ordered.iter().enumerate().filter_map(|(place, profile)| {
        let next = ordered.get(place + 1).filter(|next| next.process == profile.process);
        let end = profile.end.max(profile.start + 1).min(steps.to);
        let own = steps.index_of(end - 1);
        let last = match next.map(|next| first(next)) {
            Some(0) => return None,
            Some(next) => own.min(next - 1),
            None => own,
        };
        (first(profile) <= last).then_some((*profile, Span::Steps { first: first(profile), last }))
    });
    numbered(spans)
}

fn numbered<'a>(spans: impl Iterator<Item = (&'a ProfileRow, Span)>) -> (Vec<Class>, Vec<(i64, i32)>) {
    let mut numbers: HashMap<Class, i32, FixedState> = HashMap::default();
    let mut classes = Vec::new();
    let mut pairs = Vec::new();
    for (profile, span) in spans {
        let class = Class { span, group: profile.group };
        let number = *numbers.entry(class).or_insert_with(|| {
            classes.push(class);
            i32::try_from(classes.len() - 1).unwrap_or(i32::MAX)
        });
        pairs.push((profile.id, number));
    }
    (classes, pairs)
}
