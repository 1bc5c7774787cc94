//! What can go wrong with a question.

use crate::scope::ParseError;
use crate::time::TimeError;
use std::time::Duration;

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The scope's text could not be read.
    #[error(transparent)]
    Scope(#[from] ParseError),
    /// A time could not be read.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A parameter has a value that means nothing.
    #[error("`{value}` is not a {parameter}")]
    BadParameter {
        /// What was to be chosen.
        parameter: &'static str,
        /// What was written.
        value: String,
        /// What could be written, or empty.
        hint: String,
    },
    /// No profile in scope has values of this type.
    #[error("no profile in scope has values of the type `{name}`")]
    UnknownType {
        /// The type that was asked for, under its canonical name.
        name: String,
        /// The types that profiles in scope have, most useful first.
        known: Vec<String>,
    },
    /// No profile in scope has this function on a stack.
    #[error("no sample in scope has the function `{name}` on its stack")]
    UnknownFunction {
        /// The function that was asked for.
        name: String,
    },
    /// More data than one question may touch.
    #[error("the scope holds {found} {what}, at most {limit} are allowed in one question")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How many there are, or at least are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// Profiles of several processes, where one is wanted.
    #[error("the scope holds profiles of {found} processes, and a timeline shows one")]
    ManyProcesses {
        /// How many there are.
        found: usize,
        /// How to choose one.
        hint: String,
    },
    /// The answer took too long.
    #[error("no answer within {} seconds", limit.as_secs_f64())]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// The tables could not be read.
    #[error("the tables could not be read")]
    Storage(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl QueryError {
    /// What the user may do about it; empty if there is nothing to say.
    pub fn hint(&self) -> String {
        match self {
            QueryError::Scope(error) => error.hint.clone(),
            QueryError::Time(error) => error.hint().to_owned(),
            QueryError::BadParameter { hint, .. } | QueryError::ManyProcesses { hint, .. } => hint.clone(),
            QueryError::UnknownType { known, .. } if known.is_empty() => {
                "no profile in scope has any values: choose a longer time or a wider search".to_owned()
            }
            QueryError::UnknownType { known, .. } => format!("types in scope: {}", known.join(", ")),
            QueryError::UnknownFunction { .. } => "take the name as `top` shows it".to_owned(),
            QueryError::TooMuch { .. } | QueryError::TimedOut { .. } => {
                "choose a shorter time or a narrower search".to_owned()
            }
            QueryError::Storage(_) => String::new(),
        }
    }

    /// Whether the question itself is at fault, rather than the machine that answers it.
    pub fn is_users(&self) -> bool {
        !matches!(self, QueryError::Storage(_) | QueryError::TimedOut { .. })
    }
}

macro_rules! storage_error {
    ($($error:ty),*) => {$(
        impl From<$error> for QueryError {
            fn from(error: $error) -> Self {
                QueryError::Storage(Box::new(error))
            }
        }
    )*};
}

storage_error!(datafusion::error::DataFusionError, arrow::error::ArrowError);
