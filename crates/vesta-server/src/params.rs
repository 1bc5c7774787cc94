//! Query parameters: read by name, checked, and complained about by name.

use crate::problem::Problem;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The parameters of a request that were not read yet.
#[derive(Debug)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    read: Vec<&'static str>,
    /// What stands before all names in the request, for complaints.
    prefix: &'static str,
}

impl Params {
    /// Takes a query string apart.
    pub(crate) fn new(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into(), value.into())).collect();
        Params { pairs, read: Vec::new(), prefix: "" }
    }

    /// The parameters that start with a prefix, to be read without it.
    pub(crate) fn below(&mut self, prefix: &'static str) -> Params {
        let taken = self.pairs.extract_if(.., |(key, _)| key.starts_with(prefix));
        let pairs = taken.map(|(name, value)| (name[prefix.len()..].to_owned(), value)).collect();
        Params { pairs, read: Vec::new(), prefix }
    }

    /// All values of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &'static str) -> Vec<String> {
        self.read.push(name);
        let taken = self.pairs.extract_if(.., |(key, _)| key == name);
        taken.map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may be there once.
    pub(crate) fn one(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            count => Err(Problem::bad_request(format!(
                "the parameter `{}{name}` is there {count} times",
                self.prefix
            ))),
        }
    }

    /// A value that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<String, Problem> {
        let value = self.one(name)?.filter(|value| !value.is_empty());
        value.ok_or_else(|| Problem::bad_request(format!("the parameter `{}{name}` is missing", self.prefix)))
    }

    /// A number within bounds.
    pub(crate) fn number<N>(
        &mut self,
        name: &'static str,
        default: N,
        bounds: RangeInclusive<N>,
    ) -> Result<N, Problem>
    where
        N: FromStr + PartialOrd + Display + Copy,
    {
        let Some(text) = self.one(name)? else { return Ok(default) };
        match text.parse() {
            Ok(number) if bounds.contains(&number) => Ok(number),
            _ => Err(Problem::bad_request(format!(
                "`{}{name}` is a number from {} to {}, and not `{text}`",
                self.prefix,
                bounds.start(),
                bounds.end()
            ))),
        }
    }

    /// Complains about parameters that nobody read: a misspelled filter would silently filter nothing.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((unknown, _)) = self.pairs.first() else { return Ok(()) };
        let prefix = self.prefix;
        let known: Vec<String> = self.read.iter().map(|name| format!("{prefix}{name}")).collect();
        let known = known.join(", ");
        Err(Problem::bad_request(format!("there is no parameter `{prefix}{unknown}` here"))
            .hint(format!("the parameters are: {known}")))
    }
}
