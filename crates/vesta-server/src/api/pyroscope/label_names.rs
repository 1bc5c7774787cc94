//! Labels by their names: which of Vesta's tags, or labels of samples, a name of Pyroscope's means.
//!
//! Names of labels have no dots there, so `process.runtime.name` is shown as `process_runtime_name`, and understood as
//! either. The service is `service_name`.

use crate::api::answer;
use crate::app::App;
use crate::problem::Problem;
use vesta_query::{Engine, LabelOptions, QueryError, SampleScope, Scope, TagKeyOptions};

/// The tag of the service, and what Pyroscope calls it.
const SERVICE: (&str, &str) = ("service", "service_name");
/// The label that every profile has there.
pub(super) const PROFILE_TYPE: &str = "__profile_type__";
/// Tags that tables have columns for: they are there whether or not a tag says so.
const ALWAYS: &[&str] = &["service", "env", "version", "host", "runtime", "language", "runtime-id"];
/// The most keys that are told apart.
const MOST_KEYS: usize = 1_000;

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A tag of profiles, under any of these keys.
    Tags(Vec<String>),
    /// A label of samples.
    OfSamples(String),
}

/// The names in some scope.
pub(super) struct LabelNames {
    tags: Vec<String>,
    /// Keys of labels of samples, of the value type that was asked for.
    samples: Vec<String>,
}

impl LabelNames {
    /// The names in this scope; those of samples only where a value type is known.
    pub(super) async fn find(
        app: &App,
        engine: &Engine,
        scope: Scope,
        value_type: Option<&str>,
    ) -> Result<LabelNames, Problem> {
        let options = TagKeyOptions { limit: MOST_KEYS, ..TagKeyOptions::default() };
        let keys = answer(app, "pyroscope", engine.tag_keys(&scope, &options)).await?;
        let mut tags: Vec<String> = keys.keys.into_iter().map(|key| key.key).collect();
        for key in ALWAYS {
            if !tags.iter().any(|known| known == key) {
                tags.push((*key).to_owned());
            }
        }
        let samples = match value_type {
            Some(value_type) => {
                let question = SampleScope::new(scope, value_type);
                let labels = engine.labels(&question, &LabelOptions { limit: 1 });
                match answer(app, "pyroscope", with_unknown(labels)).await? {
                    Some(labels) => labels.labels.into_iter().map(|label| label.key).collect(),
                    None => Vec::new(),
                }
            }
            None => Vec::new(),
        };
        Ok(LabelNames { tags, samples })
    }

    /// All names, sorted.
    pub(super) fn all(&self) -> Vec<String> {
        let mut names: Vec<String> = self.tags.iter().chain(&self.samples).map(|key| shown(key)).collect();
        names.push(PROFILE_TYPE.to_owned());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of tags of profiles.
    pub(super) fn of_tags(&self) -> Vec<String> {
        LabelNames { tags: self.tags.clone(), samples: Vec::new() }.all()
    }

    /// What a name means. One that nothing has is that of a tag which no profile has.
    pub(super) fn get(&self, name: &str) -> Label {
        let is = |key: &&String| key.as_str() == name || shown(key) == name;
        let tags: Vec<String> = self.tags.iter().filter(is).cloned().collect();
        match self.samples.iter().find(is) {
            Some(key) if tags.is_empty() => Label::OfSamples(key.clone()),
            _ if tags.is_empty() => Label::Tags(vec![name.to_owned()]),
            _ => Label::Tags(tags),
        }
    }
}

/// The name of a key.
fn shown(key: &str) -> String {
    if key == SERVICE.0 {
        return SERVICE.1.to_owned();
    }
    let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// An answer, or none if no profile has values of the type: that is no error here.
pub(super) async fn with_unknown<T>(
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<Option<T>, QueryError> {
    match question.await {
        Ok(answer) => Ok(Some(answer)),
        Err(QueryError::UnknownType { .. } | QueryError::UnknownFunction { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
