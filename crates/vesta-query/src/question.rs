//! What a question is about, and what stands behind an answer.

use crate::scope::Expr;
use crate::time::TimeRange;
use crate::{Focus, QueryError};
use std::time::Duration;
use vesta_profile::{LabelFilter, LabelMatch, Transform, ValueType};
use vesta_store::ProfileId;

/// Which profiles a question is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The search.
    pub expr: Expr,
    /// The time that profiles start in.
    pub range: TimeRange,
    /// If there are any: these profiles only, whenever they started. The search still applies.
    pub profiles: Vec<ProfileId>,
}

/// Which samples a question is about.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleScope {
    /// The profiles.
    pub scope: Scope,
    /// The value type, by any name that a profiler has for it.
    pub value_type: String,
    /// Samples must carry, for each key, one of the labels that are asked for, and none that is negated.
    pub filters: Vec<LabelFilter>,
    /// What is done to the tree of the samples, in this order. Answers that are not made of a tree do not know it.
    pub transforms: Vec<Transform>,
    /// A time within the profiles, or a request.
    pub focus: Focus,
}

/// How much stands behind an answer. Time and calls are told of questions about samples only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Profiles that the answer was made of.
    pub profiles: u64,
    /// Samples of those profiles that the answer was made of, as the profilers took them.
    pub samples: u64,
    /// The time that those profiles cover, from the first start to the last end, within the range of the scope.
    pub covered: Duration,
    /// The sum of the durations of those profiles: more than the time they cover if processes ran side by side.
    pub process_time: Duration,
    /// How often the endpoints were called that the filters leave; `None` if no profile says so of any endpoint.
    pub calls: Option<u64>,
}

impl Scope {
    /// Everything in `range`.
    pub fn all(range: TimeRange) -> Self {
        Scope { expr: Expr::All, range, profiles: Vec::new() }
    }

    /// All that `query` finds in `range`.
    pub fn parse(query: &str, range: TimeRange) -> Result<Self, QueryError> {
        Ok(Scope { expr: crate::scope::parse(query)?, ..Scope::all(range) })
    }
}

impl SampleScope {
    /// All samples of one value type.
    pub fn new(scope: Scope, value_type: impl Into<String>) -> Self {
        SampleScope {
            scope,
            value_type: value_type.into(),
            filters: Vec::new(),
            transforms: Vec::new(),
            focus: Focus::default(),
        }
    }

    /// The name of the value type that tables use.
    pub(crate) fn type_name(&self) -> String {
        ValueType::new(self.value_type.as_str(), "").canonical().name.into_owned()
    }
}

/// Reads a filter on labels: `thread:worker-1`, `endpoint:GET /users`, or with a `-` in front for all others.
/// The value is taken literally, from the first colon to the end; an empty one means samples without the label.
pub fn parse_filter(text: &str) -> Result<LabelFilter, QueryError> {
    let negated = text.starts_with('-');
    match text.strip_prefix('-').unwrap_or(text).split_once(':') {
        Some((key, value)) if !key.is_empty() => {
            Ok(LabelFilter { key: key.to_owned(), value: LabelMatch::Text(value.to_owned()), negated })
        }
        _ => Err(QueryError::BadParameter {
            parameter: "filter",
            value: text.to_owned(),
            hint: "write label:value, as in thread:worker-1 or -endpoint:GET /health".to_owned(),
        }),
    }
}

/// Reads a transform as [`Transform::parse`] does.
pub fn parse_transform(text: &str) -> Result<Transform, QueryError> {
    Transform::parse(text).ok_or_else(|| QueryError::BadParameter {
        parameter: "transform",
        value: text.to_owned(),
        hint: "write focus:KEY, only:KEY, exclude:KEY, merge:KEY, collapse-recursion, collapse-recursion:KEY, \
               collapse-library:PACKAGE or my-code, where KEY is name, file, module, line and package of a function, \
               separated by tabs, and an empty part means any"
            .to_owned(),
    })
}
