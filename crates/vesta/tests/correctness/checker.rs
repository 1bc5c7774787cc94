//! Whether a profile is what it should be: a file of expectations in the shape of DataDog's `prof-correctness`, held against
//! profiles.
//!
//! As there: stacks are matched root first, `a;b;c`, by a regular expression that may match anywhere. `percent` is of all the
//! profile's values of that type and its margin in points. `value` and `value-matching-sum` are rates per second where
//! `scale_by_duration` is on and the profile has a duration, with margins in percent of what is expected. Beyond that, numbers
//! may have fractions, unknown keys are refused so that a typing mistake is not an expectation of nothing, and a frame without
//! a name is shown as `module+0xaddress`.

use regex::Regex;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use vesta_formats::{Limits, decode_file};
use vesta_profile::{LabelValue, Profile};

/// What a file of expectations says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectations {
    #[serde(default)]
    test_name: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    scale_by_duration: bool,
    #[serde(default, rename = "pprof-regex")]
    pprof_regex: String,
    #[serde(default)]
    allow_first_profile_failure: bool,
    stacks: Vec<TypedStacks>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TypedStacks {
    profile_type: String,
    #[serde(default)]
    pprof_regex: String,
    value_matching_sum: Option<f64>,
    #[serde(default)]
    error_margin: f64,
    stack_content: Vec<StackContent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StackContent {
    regular_expression: String,
    value: Option<f64>,
    percent: Option<f64>,
    error_margin: Option<f64>,
    #[serde(default)]
    labels: Vec<ExpectedLabel>,
    #[serde(default, rename = "_comment")]
    _comment: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedLabel {
    key: String,
    values: Option<Vec<String>>,
    values_regex: Option<String>,
}

/// The samples of a profile as text.
pub(crate) struct Samples {
    /// One per sample, in the profile's order.
    pub(crate) rows: Vec<Row>,
    value_types: Vec<String>,
    profile: Profile,
}

/// One sample.
pub(crate) struct Row {
    /// Root first, separated by `;`.
    pub(crate) stack: String,
    pub(crate) labels: BTreeMap<String, Vec<String>>,
    pub(crate) values: Vec<i64>,
}

impl Expectations {
    pub(crate) fn read(path: &Path) -> Result<Expectations, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Expectations::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) fn parse(text: &str) -> Result<Expectations, String> {
        let expectations: Expectations = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if expectations.stacks.is_empty() && expectations.note.is_empty() {
            return Err("expects nothing, and no `note` says why".to_owned());
        }
        for stacks in &expectations.stacks {
            if stacks.stack_content.is_empty() {
                return Err(format!("expects nothing of {}", stacks.profile_type));
            }
            for content in &stacks.stack_content {
                let StackContent { regular_expression, value, percent, .. } = content;
                if value.is_none() && percent.is_none() && stacks.value_matching_sum.is_none() {
                    return Err(format!("`{regular_expression}` has neither value nor percent"));
                }
                compile(regular_expression)?;
                for label in &content.labels {
                    if label.values.is_some() == label.values_regex.is_some() {
                        return Err(format!(
                            "label `{}` has both or neither of values and values_regex",
                            label.key
                        ));
                    }
                    label.values_regex.as_deref().map(compile).transpose()?;
                }
            }
        }
        Ok(expectations)
    }

    /// Holds the expectations against every profile of a folder that they are about. `Err` says what is not as expected,
    /// and what is there instead.
    pub(crate) fn check_folder(&self, folder: &Path) -> Result<(), String> {
        let mut failures = String::new();
        for stacks in &self.stacks {
            let of_type = if stacks.pprof_regex.is_empty() { &self.pprof_regex } else { &stacks.pprof_regex };
            let files = matching_files(folder, of_type)?;
            for (position, path) in files.iter().enumerate() {
                let samples = Samples::read(path)?;
                if let Err(failure) = self.check_stacks(stacks, &samples)
                    && !(self.allow_first_profile_failure && position == 0 && files.len() > 1)
                {
                    let _ = writeln!(failures, "{}:\n{failure}", path.display());
                }
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(format!("{}: {failures}", self.test_name)) }
    }

    /// Holds all the expectations against one profile.
    pub(crate) fn check(&self, samples: &Samples) -> Result<(), String> {
        let failures: Vec<String> =
            self.stacks.iter().filter_map(|stacks| self.check_stacks(stacks, samples).err()).collect();
        if failures.is_empty() { Ok(()) } else { Err(format!("{}: {}", self.test_name, failures.concat())) }
    }

    fn check_stacks(&self, stacks: &TypedStacks, samples: &Samples) -> Result<(), String> {
        let kind = &stacks.profile_type;
        let Some(column) = samples.profile.value_type_index(kind) else {
            return Err(format!("there is no {kind}, only {}\n", samples.value_types.join(", ")));
        };
        let seconds = samples.seconds();
        let (factor, unit) =
            if self.scale_by_duration && seconds > 0.0 { (1.0 / seconds, " per second") } else { (1.0, "") };
        let total = as_f64(samples.rows.iter().map(|row| i128::from(row.values[column])).sum());

        let mut failures = String::new();
        let mut sum = 0.0;
        for content in &stacks.stack_content {
            let StackContent { regular_expression, value, percent, labels, .. } = content;
            let margin = content.error_margin.unwrap_or(stacks.error_margin);
            let expression = compile(regular_expression)?;
            let mut matching = 0;
            for row in &samples.rows {
                if expression.is_match(&row.stack) && has_labels(row, labels)? {
                    matching += i128::from(row.values[column]);
                }
            }
            let matching = as_f64(matching);
            sum += matching;
            let what = format!("{kind} of `{regular_expression}`{}", shown_labels(labels));
            if let Some(value) = value {
                let found = matching * factor;
                if relative_difference(found, *value) > margin {
                    let _ = writeln!(
                        failures,
                        "{what} should be {value:.0}{unit} ± {margin} %, but is {found:.0}"
                    );
                }
            }
            if let Some(percent) = percent {
                let found = if total == 0.0 { 0.0 } else { matching * 100.0 / total };
                if (found - percent).abs() > margin {
                    let _ = writeln!(
                        failures,
                        "{what} should be {percent} % of the profile ± {margin}, but is {found:.1} %"
                    );
                }
                if total == 0.0 && *percent == 0.0 {
                    let _ = writeln!(failures, "{what} cannot be held against an empty profile");
                }
            }
        }
        if let Some(value) = stacks.value_matching_sum {
            let (found, margin) = (sum * factor, stacks.error_margin);
            if relative_difference(found, value) > margin {
                let _ = writeln!(
                    failures,
                    "all expected stacks should sum to {value:.0}{unit} of {kind} ± {margin} %, but sum to {found:.0}"
                );
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures + &samples.summary(column)) }
    }
}

impl Samples {
    pub(crate) fn read(path: &Path) -> Result<Samples, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Samples::decode(&path.to_string_lossy(), &bytes)
    }

    pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<Samples, String> {
        let decoded =
            decode_file(name, bytes, &Limits::default()).map_err(|error| format!("{name} {error}"))?;
        if let Some(problem) = decoded.problems.first() {
            return Err(format!("{name} is damaged: {problem}"));
        }
        Ok(Samples::new(decoded.profile))
    }

    pub(crate) fn new(profile: Profile) -> Samples {
        let rows = (0..profile.samples.len()).map(|index| row(&profile, index)).collect();
        let value_types = profile.value_types.iter().map(|value_type| value_type.name.clone()).collect();
        Samples { rows, value_types, profile }
    }

    /// How long the profile took.
    pub(crate) fn seconds(&self) -> f64 {
        as_f64(self.profile.duration_ns.into()) / 1e9
    }

    /// The sum of `kind` over the samples that a test picks; 0 where there is no such value type.
    pub(crate) fn sum(&self, kind: &str, mut picks: impl FnMut(&Row) -> bool) -> i64 {
        let Some(column) = self.profile.value_type_index(kind) else { return 0 };
        self.rows.iter().filter(|row| picks(row)).map(|row| row.values[column]).sum()
    }

    /// The sum of `kind` over the samples whose stack a regular expression matches.
    pub(crate) fn matching(&self, kind: &str, expression: &str) -> i64 {
        let expression = Regex::new(expression).unwrap();
        self.sum(kind, |row| expression.is_match(&row.stack))
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The heaviest stacks of a value type: what a test that failed found.
    pub(crate) fn top(&self, kind: &str) -> String {
        match self.profile.value_type_index(kind) {
            Some(column) => self.summary(column),
            None => format!("there is no {kind}, only {}\n", self.value_types.join(", ")),
        }
    }

    fn summary(&self, column: usize) -> String {
        const SHOWN: usize = 12;
        let mut stacks: HashMap<(&str, String), i128> = HashMap::new();
        for row in &self.rows {
            *stacks.entry((&row.stack, stable_labels(&row.labels))).or_default() +=
                i128::from(row.values[column]);
        }
        stacks.retain(|_, value| *value != 0);
        let mut stacks: Vec<_> = stacks.into_iter().collect();
        stacks.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        let total: i128 = stacks.iter().map(|(_, value)| value).sum();
        let mut text = format!(
            "found {} of {} in {} samples and {} different stacks over {:.2} s:\n",
            total,
            self.value_types[column],
            self.rows.len(),
            stacks.len(),
            self.seconds()
        );
        for ((stack, labels), value) in stacks.iter().take(SHOWN) {
            let percent = as_f64(*value) * 100.0 / as_f64(total);
            let _ = writeln!(text, "{percent:7.2} % {value:>12} {} {labels}", shortened(stack));
        }
        if stacks.len() > SHOWN {
            let _ = writeln!(text, "        and {} more stacks", stacks.len() - SHOWN);
        }
        text
    }
}

fn row(profile: &Profile, index: usize) -> Row {
    let strings = &profile.strings;
    let mut stack = String::new();
    for &id in profile.stacks.get(profile.samples.stacks[index]).iter().rev() {
        let frame = profile.frames.get(id);
        if !stack.is_empty() {
            stack.push(';');
        }
        let function = strings.get(frame.function);
        if function.is_empty() {
            let module = strings.get(frame.module).rsplit('/').next().unwrap_or_default();
            let _ = write!(stack, "{module}+{:#x}", frame.address);
        } else {
            stack.push_str(function);
        }
    }
    let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for label in profile.label_sets.get(profile.samples.labels[index]) {
        let value = match label.value {
            LabelValue::Text(text) => strings.get(text).to_owned(),
            LabelValue::Number(number, _) => number.to_string(),
        };
        labels.entry(strings.get(label.key).to_owned()).or_default().push(value);
    }
    for values in labels.values_mut() {
        values.sort();
    }
    let values = profile.samples.values.iter().map(|column| column[index]).collect();
    Row { stack, labels, values }
}

fn has_labels(row: &Row, expected: &[ExpectedLabel]) -> Result<bool, String> {
    for label in expected {
        let Some(found) = row.labels.get(&label.key) else { return Ok(false) };
        let fits = match (&label.values, &label.values_regex) {
            (Some(values), _) => {
                let mut values = values.clone();
                values.sort();
                *found == values
            }
            (None, Some(expression)) => {
                let expression = compile(expression)?;
                found.iter().all(|value| expression.is_match(value))
            }
            (None, None) => true,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn matching_files(folder: &Path, expression: &str) -> Result<Vec<PathBuf>, String> {
    let expression = compile(if expression.is_empty() { r"\.(pprof|pb|pb\.gz)$" } else { expression })?;
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let mut files: Vec<PathBuf> =
        names.iter().filter(|name| expression.is_match(name)).map(|name| folder.join(name)).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!(
            "no file in {} matches `{expression}`; there are {}",
            folder.display(),
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        ));
    }
    Ok(files)
}

fn compile(expression: &str) -> Result<Regex, String> {
    Regex::new(expression).map_err(|error| error.to_string())
}

fn relative_difference(found: f64, expected: f64) -> f64 {
    if expected == 0.0 {
        return if found == 0.0 { 0.0 } else { f64::INFINITY };
    }
    ((found - expected) / expected).abs() * 100.0
}

fn shown_labels(labels: &[ExpectedLabel]) -> String {
    let shown = labels.iter().map(|label| match (&label.values, &label.values_regex) {
        (Some(values), _) => format!(" {}={}", label.key, values.join(",")),
        (None, Some(expression)) => format!(" {}=`{expression}`", label.key),
        (None, None) => String::new(),
    });
    shown.collect()
}

/// Labels without those that differ from sample to sample and from run to run.
fn stable_labels(labels: &BTreeMap<String, Vec<String>>) -> String {
    let shown = labels
        .iter()
        .filter(|(key, _)| !["process_id", "thread id", "end_timestamp_ns"].contains(&key.as_str()))
        .map(|(key, values)| format!("{key}={}", values.join(",")));
    shown.collect::<Vec<_>>().join(" ")
}

/// Deep stacks by their ends, and long names by their beginnings.
fn shortened(stack: &str) -> String {
    let frames: Vec<String> = stack.split(';').map(|frame| frame.chars().take(60).collect()).collect();
    match frames.as_slice() {
        [] => "(no stack)".to_owned(),
        [only] if only.is_empty() => "(no stack)".to_owned(),
        frames if frames.len() <= 24 => frames.join(";"),
        frames => format!(
            "{};({} more);{}",
            frames[..10].join(";"),
            frames.len() - 20,
            frames[frames.len() - 10..].join(";")
        ),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sums are compared with margins of percents")]
fn as_f64(number: i128) -> f64 {
    number as f64
}
