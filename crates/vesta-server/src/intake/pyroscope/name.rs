//! Names of applications: `checkout.cpu{region=eu,env=prod}`.

use super::labels::Label;

/// A name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// What is before the braces.
    pub(super) application: String,
    /// What is within.
    pub(super) labels: Vec<Label>,
}

/// Takes a name apart. Values may be in quotes; what is no pair of a key and a value is left out.
pub(super) fn parse(text: &str) -> Name {
    let (application, rest) = text.split_once('{').unwrap_or((text, ""));
    let rest = rest.trim_end();
    let within = rest.strip_suffix('}').unwrap_or(rest);
    let labels = within.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        let key = key.trim();
        (!key.is_empty()).then(|| Label { name: key.to_owned(), value: value.to_owned() })
    });
    Name { application: application.trim().to_owned(), labels: labels.collect() }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_are_taken_apart() {
        for (text, application, labels) in [
            ("app", "app", &[][..]),
            ("app{}", "app", &[]),
            ("app.cpu{env=prod, region = eu }", "app.cpu", &[("env", "prod"), ("region", "eu")]),
            ("app{path=a=b,q=\"x y\"}", "app", &[("path", "a=b"), ("q", "x y")]),
            ("app{broken,=x,env=", "app", &[("env", "")]),
            ("", "", &[]),
        ] {
            let name = parse(text);
            let found: Vec<_> =
                name.labels.iter().map(|label| (label.name.as_str(), label.value.as_str())).collect();
            assert_eq!((name.application.as_str(), found.as_slice()), (application, labels), "{text}");
        }
    }
}
