//! What samples can be told apart by.

use crate::QueryError;
use std::fmt;
use std::str::FromStr;
use vesta_profile::Granularity;

/// What samples are told apart by: a tag of their profile, a label of their own, or what is on their stack.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// The value of a tag, by its key. Of several values the first counts.
    Tag(String),
    /// The value of a label, by its key.
    Label(String),
    /// Functions, lines, files or packages.
    Frame(Granularity),
}

impl Dimension {
    /// Whether this is the endpoint that samples were taken in.
    pub fn is_endpoint(&self) -> bool {
        matches!(self, Dimension::Label(key) if matches!(&**key, "endpoint" | "trace endpoint"))
    }
}

impl FromStr for Dimension {
    type Err = QueryError;

    /// Reads `tag:service`, `label:thread`, or `frame:function`; a key alone is that of a tag.
    fn from_str(text: &str) -> Result<Self, QueryError> {
        let dimension = match text.split_once(':') {
            Some((_, "")) => None,
            Some(("tag", key)) => Some(Dimension::Tag(key.to_owned())),
            Some(("label", key)) => Some(Dimension::Label(key.to_owned())),
            Some(("frame", word)) => Granularity::parse(word).map(Dimension::Frame),
            Some(_) => None,
            None if text.is_empty() => None,
            None => Some(Dimension::Tag(text.to_owned())),
        };
        dimension.ok_or_else(|| QueryError::BadParameter {
            parameter: "dimension",
            value: text.to_owned(),
            hint: "write tag:KEY as in tag:version, label:KEY as in label:endpoint, or frame:function, frame:line, \
                   frame:file or frame:package"
                .to_owned(),
        })
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dimension::Tag(key) => write!(formatter, "tag:{key}"),
            Dimension::Label(key) => write!(formatter, "label:{key}"),
            Dimension::Frame(granularity) => write!(formatter, "frame:{}", granularity.as_str()),
        }
    }
}
