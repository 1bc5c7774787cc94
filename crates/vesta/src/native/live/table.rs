//! What the view shows: functions, added up over the last seconds.

use crate::output::{Align, Table};
use crate::quantity;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;
use vesta_native::Window;
use vesta_profile::{FlameTree, FunctionTable, Granularity, LabelValue, Profile, TopBy, Unit, top};

/// Functions of a second with what they spent.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    /// By name and module.
    functions: HashMap<(String, String), (i64, i64)>,
    total: i64,
    samples: u64,
    threads: BTreeSet<String>,
    unit: Option<(String, Unit)>,
    /// How long it was.
    pub(super) length: Duration,
}

/// The order of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// By what was spent in the function itself.
    Own,
    /// By that and what it called.
    Total,
}

/// The state of the view.
#[derive(Debug)]
pub(super) struct Shown {
    what: String,
    limit: Option<usize>,
    sum: Second,
    note: Option<String>,
    /// The order of functions.
    pub(super) sort: Sort,
    /// Whether the numbers stand still.
    pub(super) is_paused: bool,
    /// What names of functions have to contain.
    pub(super) filter: String,
    /// Set while the filter is being typed.
    pub(super) typing: Option<()>,
}

impl Second {
    /// What was seen in the windows of a glance.
    pub(super) fn new(windows: &[Window]) -> Second {
        let mut second = Second::default();
        for window in windows {
            let length = u64::try_from(window.end_ns - window.start_ns).unwrap_or(0);
            second.length = second.length.max(Duration::from_nanos(length));
            second.look_at(&window.profile);
        }
        second
    }

    fn look_at(&mut self, profile: &Profile) {
        let types = profile.value_types.iter().enumerate();
        let Some((index, value_type)) = types.min_by_key(|(_, value_type)| value_type.canonical().rank())
        else {
            return;
        };
        let canonical = value_type.canonical();
        self.unit = Some((canonical.name.to_string(), canonical.unit));
        let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
        let values = profile.samples.values.get(index).map(Vec::as_slice).unwrap_or_default();
        let rows = profile.samples.stacks.iter().copied().zip(values.iter().copied());
        let tree = FlameTree::from_stacks(&functions, &profile.stacks, rows);
        for row in top(&tree, &functions, TopBy::Function) {
            let function = functions.get(row.function);
            let text = |id| functions.strings().get(id).to_owned();
            let entry = self.functions.entry((text(function.name), text(function.module))).or_default();
            entry.0 += row.self_value;
            entry.1 += row.total;
        }
        self.total += tree.total();
        // Equal samples are one row of a profile, so rows say less than the column that counts them.
        let counted = profile.value_type_index("cpu-samples").map(|column| profile.samples.total(column));
        let rows = i64::try_from(profile.samples.len()).unwrap_or(i64::MAX);
        self.samples += u64::try_from(counted.unwrap_or(rows)).unwrap_or(0);
        for set in profile.label_sets.iter() {
            for label in set.iter().filter(|label| profile.strings.get(label.key) == "thread id") {
                self.threads.insert(match label.value {
                    LabelValue::Text(text) => profile.strings.get(text).to_owned(),
                    LabelValue::Number(number, _) => number.to_string(),
                });
            }
        }
    }

    /// Adds what came after.
    pub(super) fn add(&mut self, other: Second) {
        for (name, (own, total)) in other.functions {
            let entry = self.functions.entry(name).or_default();
            entry.0 += own;
            entry.1 += total;
        }
        self.total += other.total;
        self.samples += other.samples;
        self.threads.extend(other.threads);
        self.unit = self.unit.take().or(other.unit);
        self.length += other.length;
    }
}

impl Shown {
    pub(super) fn new(what: String, limit: Option<u32>) -> Shown {
        Shown {
            what,
            limit: limit.and_then(|limit| usize::try_from(limit).ok()),
            sum: Second::default(),
            note: None,
            sort: Sort::Own,
            is_paused: false,
            filter: String::new(),
            typing: None,
        }
    }

    /// Adds up the last seconds.
    pub(super) fn update(&mut self, seconds: &VecDeque<Second>) {
        self.sum = Second::default();
        seconds.iter().cloned().for_each(|second| self.sum.add(second));
    }

    /// Something to say below the head.
    pub(super) fn note(&mut self, note: Option<String>) {
        if note.is_some() {
            self.note = note;
        }
    }

    pub(super) fn type_key(&mut self, key: char) {
        self.filter.push(key);
    }

    pub(super) fn erase(&mut self) {
        self.filter.pop();
    }

    /// The lines of the view, at most so many, at most so wide.
    pub(super) fn lines(&self, height: usize, width: usize) -> Vec<String> {
        let sum = &self.sum;
        let seconds = sum.length.as_secs_f64().max(0.001);
        let (name, unit) = sum.unit.clone().unwrap_or_else(|| ("cpu-time".to_owned(), Unit::Nanoseconds));
        let rate = rate(sum.samples, seconds);
        let mut lines = vec![format!(
            "{name} of {}: {} in the last {:.0} s, {rate:.0} samples/s, {} {}",
            self.what,
            quantity::value(sum.total, unit.as_str()),
            seconds.max(1.0),
            sum.threads.len(),
            if sum.threads.len() == 1 { "thread" } else { "threads" }
        )];
        let mut state = Vec::new();
        if self.is_paused {
            state.push("paused".to_owned());
        }
        if self.typing.is_some() || !self.filter.is_empty() {
            state.push(format!("filter: {}", self.filter));
        }
        state.extend(self.note.clone());
        lines.push(state.join("  "));
        let mut rows: Vec<_> = sum
            .functions
            .iter()
            .filter(|((function, module), _)| {
                function.contains(&self.filter) || module.contains(&self.filter)
            })
            .collect();
        rows.sort_unstable_by(|(a, (own_a, total_a)), (b, (own_b, total_b))| {
            let order = match self.sort {
                Sort::Own => (own_b, total_b).cmp(&(own_a, total_a)),
                Sort::Total => (total_b, own_b).cmp(&(total_a, own_a)),
            };
            order.then_with(|| a.cmp(b))
        });
        let room = height.saturating_sub(lines.len() + 1);
        let count = self.limit.unwrap_or(if height == usize::MAX { 20 } else { room }).min(room);
        let mut table = Table::new(&[
            ("self", Align::Right),
            ("", Align::Right),
            ("total", Align::Right),
            ("", Align::Right),
            ("function", Align::Left),
            ("module", Align::Left),
        ]);
        for ((function, module), (own, total)) in rows.into_iter().take(count) {
            table.row(vec![
                quantity::value(*own, unit.as_str()),
                quantity::percent(*own, sum.total),
                quantity::value(*total, unit.as_str()),
                quantity::percent(*total, sum.total),
                function.clone(),
                module.rsplit('/').next().unwrap_or_default().to_owned(),
            ]);
        }
        lines.extend(table.lines());
        lines.into_iter().take(height).map(|line| line.chars().take(width).collect()).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate to look at")]
fn rate(samples: u64, seconds: f64) -> f64 {
    samples as f64 / seconds
}
