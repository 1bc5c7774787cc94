//! Questions: a time, matchers and a profile type become a scope.

use super::label_names::{Label, LabelNames, PROFILE_TYPE};
use super::profile_type::ProfileType;
use super::selector::{self, Matcher, Operator, Selector};
use crate::api::answer;
use crate::app::App;
use crate::problem::Problem;
use regex::{Regex, RegexBuilder};
use vesta_profile::{LabelFilter, LabelMatch};
use vesta_query::scope::{Expr, Field};
use vesta_query::time::TimeRange;
use vesta_query::{Engine, SampleScope, Scope, TagSetOptions};
use vesta_store::{ProfileId, Timestamp};

/// How far back questions go that name no time, in milliseconds.
const USUAL_TIME_MS: i64 = 24 * 60 * 60 * 1000;
/// Bytes that a regular expression may take when it is compiled.
const REGEX_BYTES: usize = 1 << 20;

/// What a question is about.
pub(super) struct Question {
    pub(super) scope: Scope,
    /// Of samples: only those with these labels.
    pub(super) filters: Vec<LabelFilter>,
    /// The value type, if the question names one.
    pub(super) value_type: Option<String>,
    pub(super) names: LabelNames,
}

impl Question {
    /// What all of these selectors leave in a time.
    pub(super) async fn new(
        app: &App,
        range: TimeRange,
        profile_type: Option<&str>,
        selectors: &[String],
    ) -> Result<Question, Problem> {
        let engine = &app.engine;
        let selectors: Vec<Selector> =
            selectors.iter().map(|text| selector::parse(text)).collect::<Result<_, _>>()?;
        let (types, matchers): (Vec<Matcher>, Vec<Matcher>) = selectors
            .iter()
            .flat_map(|selector| selector.matchers.iter().cloned())
            .partition(|matcher| matcher.label == PROFILE_TYPE);
        let named = selectors.iter().map(|selector| selector.name.as_str()).find(|name| !name.is_empty());
        let value_type = profile_type.or(named).map(ProfileType::parse).transpose()?;
        let value_type = match value_type {
            Some(profile_type) => Some(profile_type.value_type()),
            None => type_of(&types)?,
        };
        let names = LabelNames::find(app, engine, Scope::all(range), value_type.as_deref()).await?;
        let mut question = Question { scope: Scope::all(range), filters: Vec::new(), value_type, names };
        for matcher in &matchers {
            question.add(app, engine, matcher).await?;
        }
        Ok(question)
    }

    /// The samples that the question is about.
    pub(super) fn samples(&self) -> Result<SampleScope, Problem> {
        let value_type = self.value_type.clone();
        let value_type =
            value_type.ok_or_else(|| Problem::bad_request("the question names no profile type"))?;
        Ok(SampleScope { filters: self.filters.clone(), ..SampleScope::new(self.scope.clone(), value_type) })
    }

    /// Leaves only these profiles, if there are any: ids that are none of Vesta's mean profiles that are not there.
    pub(super) fn choose(&mut self, ids: &[String]) {
        let known = ids.iter().map(|id| id.parse().unwrap_or(ProfileId::ZERO));
        self.scope.profiles = known.collect();
    }

    async fn add(&mut self, app: &App, engine: &Engine, matcher: &Matcher) -> Result<(), Problem> {
        let keys = match self.names.get(&matcher.label) {
            Label::Tags(keys) => keys,
            Label::OfSamples(key) => return self.filter(&key, matcher),
        };
        let positive = match matcher.operator {
            Operator::Equal | Operator::NotEqual => any_of(&keys, std::slice::from_ref(&matcher.value)),
            Operator::Matches | Operator::MatchesNot => match simple(&matcher.value)? {
                Simple::Anything => Expr::All,
                Simple::Something => exists(&keys),
                Simple::OneOf(values) => any_of(&keys, &values),
                Simple::No(regex) => self.matching(app, engine, &keys, &regex).await?,
            },
        };
        let is_positive = matches!(matcher.operator, Operator::Equal | Operator::Matches);
        let wanted = if is_positive { positive } else { positive.negate() };
        self.scope.expr = Expr::and([self.scope.expr.clone(), wanted]);
        Ok(())
    }

    /// The values that match, found among those that there are.
    async fn matching(
        &self,
        app: &App,
        engine: &Engine,
        keys: &[String],
        regex: &Regex,
    ) -> Result<Expr, Problem> {
        let scope = Scope::all(self.scope.range);
        let mut values = Vec::new();
        for key in keys {
            let options = TagSetOptions { keys: vec![key.clone()], ..TagSetOptions::default() };
            let found = answer(app, "pyroscope", engine.tag_sets(&scope, &options)).await?;
            if found.truncated {
                let text = format!("the label `{key}` has too many values for a regular expression");
                return Err(Problem::bad_request(text).hint("choose a shorter time, or name the values"));
            }
            let texts = found.sets.into_iter().flat_map(|set| set.values);
            values.extend(texts.filter(|value| !value.is_empty() && regex.is_match(value)));
        }
        let found = any_of(keys, &values);
        Ok(if regex.is_match("") { or([found, exists(keys).negate()]) } else { found })
    }

    fn filter(&mut self, key: &str, matcher: &Matcher) -> Result<(), Problem> {
        let negated = matches!(matcher.operator, Operator::NotEqual | Operator::MatchesNot);
        let values = match matcher.operator {
            Operator::Equal | Operator::NotEqual => vec![matcher.value.clone()],
            Operator::Matches | Operator::MatchesNot => match simple(&matcher.value)? {
                Simple::Anything if !negated => return Ok(()),
                Simple::OneOf(values) => values,
                _ => {
                    let text =
                        format!("labels of samples such as `{key}` are compared with given values only");
                    return Err(Problem::bad_request(text).hint("write them as in endpoint=~\"/a|/b\""));
                }
            },
        };
        let filter = |value| LabelFilter { key: key.to_owned(), value: LabelMatch::Text(value), negated };
        self.filters.extend(values.into_iter().map(filter));
        Ok(())
    }
}

/// The time from `start` to `end`, in milliseconds; of late where neither is given.
pub(super) fn range(app: &App, start: i64, end: i64) -> Result<TimeRange, Problem> {
    let now = app.now().0 / 1000;
    let end = if end > 0 { end } else { now };
    let start = if start > 0 { start } else { end.saturating_sub(USUAL_TIME_MS) };
    if start >= end {
        return Err(Problem::bad_request("the time ends before it starts"));
    }
    let micros = |millis: i64| Timestamp(millis.saturating_mul(1000));
    Ok(TimeRange { from: micros(start), to: micros(end) })
}

/// The value type that matchers of the profile type leave.
fn type_of(matchers: &[Matcher]) -> Result<Option<String>, Problem> {
    let Some(matcher) = matchers.first() else { return Ok(None) };
    let id = match (matcher.operator, simple(&matcher.value)?) {
        (Operator::Equal, _) => Some(matcher.value.clone()),
        (Operator::Matches, Simple::OneOf(values)) if values.len() == 1 => values.into_iter().next(),
        (Operator::Matches, Simple::Anything | Simple::Something) => return Ok(None),
        _ => None,
    };
    match id {
        Some(id) if matchers.len() == 1 => ProfileType::parse(&id).map(|found| Some(found.value_type())),
        _ => Err(Problem::bad_request(format!("`{PROFILE_TYPE}` is compared with one profile type only"))),
    }
}

/// Any of these values under any of these keys. An empty value is none at all.
fn any_of(keys: &[String], values: &[String]) -> Expr {
    let terms = values.iter().flat_map(|value| {
        let terms: Vec<Expr> = match value.is_empty() {
            true => vec![exists(keys).negate()],
            false => keys.iter().map(|key| Expr::tag(key, value)).collect(),
        };
        terms
    });
    or(terms)
}

fn exists(keys: &[String]) -> Expr {
    or(keys.iter().map(|key| Expr::Exists(Field::Tag(key.to_ascii_lowercase()))))
}

/// Any of these; nothing if there are none.
fn or(terms: impl IntoIterator<Item = Expr>) -> Expr {
    let terms: Vec<Expr> = terms.into_iter().collect();
    if terms.is_empty() { Expr::All.negate() } else { Expr::or(terms) }
}

/// A regular expression that can be written as a search.
enum Simple {
    /// `.*`
    Anything,
    /// `.+`
    Something,
    /// Literal text, or several between bars.
    OneOf(Vec<String>),
    /// None.
    No(Regex),
}

fn simple(pattern: &str) -> Result<Simple, Problem> {
    match pattern {
        ".*" => return Ok(Simple::Anything),
        ".+" => return Ok(Simple::Something),
        _ => {}
    }
    let inner = pattern.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(pattern);
    if let Some(values) = alternatives(inner) {
        return Ok(Simple::OneOf(values));
    }
    let anchored = format!("^(?:{pattern})$");
    let regex = RegexBuilder::new(&anchored).size_limit(REGEX_BYTES).build();
    regex
        .map(Simple::No)
        .map_err(|error| Problem::bad_request(format!("`{pattern}` is not a regular expression: {error}")))
}

/// The texts between bars, if nothing in them is special.
fn alternatives(pattern: &str) -> Option<Vec<String>> {
    let mut values = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        let last = values.last_mut()?;
        match c {
            '|' => values.push(String::new()),
            '\\' => last.push(characters.next().filter(|c| !c.is_alphanumeric())?),
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            c => last.push(c),
        }
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::alternatives;

    #[test]
    fn plain_alternatives_need_no_regular_expression() {
        let texts = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(alternatives("prod|stage"), texts(&["prod", "stage"]));
        assert_eq!(alternatives("10\\.0\\.0\\.1:80"), texts(&["10.0.0.1:80"]));
        assert_eq!(alternatives(""), texts(&[""]));
        for special in ["a.b", "\\d", "a+", "(a|b)c", "[ab]"] {
            assert_eq!(alternatives(special), None, "{special}");
        }
    }
}
