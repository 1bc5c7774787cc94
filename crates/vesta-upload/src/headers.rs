//! The request headers that say something about an upload.

/// The headers of the request that brought an upload, without those that are secret or about the connection only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    content_type: String,
    others: Vec<(String, String)>,
}

/// Headers kept besides those that start with `datadog-`, `dd-evp-` or `x-datadog-`.
const KEPT: &[&str] = &["user-agent", "via", "x-forwarded-for"];

impl Headers {
    /// The content type and any other headers of the request. Only those that say where the upload comes from are
    /// kept; keys, tokens and cookies never are.
    pub fn new<'a>(
        content_type: impl Into<String>,
        others: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let others = others
            .into_iter()
            .filter(|(name, _)| is_kept(name))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Headers { content_type: content_type.into(), others }
    }

    /// All headers of the request, the content type among them.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)> + Clone) -> Self {
        let content_type =
            pairs.clone().into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        Headers::new(content_type.map_or("", |(_, value)| value), pairs)
    }

    /// The content type, with its boundary.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The other headers that were kept, names in lower case.
    pub fn others(&self) -> &[(String, String)] {
        &self.others
    }

    /// The first value of the header of this name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        if name.eq_ignore_ascii_case("content-type") {
            return Some(&self.content_type);
        }
        self.others.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

fn is_kept(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    KEPT.contains(&name.as_str())
        || ["datadog-", "dd-evp-", "x-datadog-"].iter().any(|prefix| name.starts_with(prefix))
}
