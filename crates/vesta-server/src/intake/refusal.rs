//! Why an upload was not stored.

use crate::app::App;
use crate::metrics::Outcome;
use crate::problem::Problem;
use http::StatusCode;
use std::time::Duration;
use vesta_store::AppendError;

/// Why an upload was not stored: what its client hears, and what it counts as.
#[derive(Debug)]
pub(crate) struct Refusal {
    outcome: Outcome,
    family: String,
    problem: Box<Problem>,
}

impl Refusal {
    fn new(outcome: Outcome, problem: Problem) -> Self {
        Refusal { outcome, family: String::new(), problem: Box::new(problem) }
    }

    /// Says of which family the upload was, once that is known.
    pub(crate) fn of_family(self, family: &str) -> Self {
        Refusal { family: family.to_owned(), ..self }
    }

    /// Whether sending the same again cannot help.
    pub(crate) fn is_final(&self) -> bool {
        let status = self.problem.status();
        status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS
    }

    /// Counts the refusal. Whoever answers the request does so, once.
    pub(crate) fn count(self, app: &App) -> Problem {
        app.metrics.count_upload(self.outcome, &self.family);
        self.into_problem()
    }

    /// What the client hears, where nothing is counted.
    pub(crate) fn into_problem(self) -> Problem {
        *self.problem
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let outcome = match problem.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Unauthorized,
            StatusCode::PAYLOAD_TOO_LARGE => Outcome::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Overloaded,
            status if status.is_server_error() => Outcome::Failed,
            _ => Outcome::Invalid,
        };
        Refusal::new(outcome, problem)
    }
}

/// What a client hears of an upload that could not be stored.
pub(crate) fn refuse_append(error: AppendError) -> Refusal {
    match error {
        AppendError::Overloaded { retry_after } => {
            Problem::overloaded("uploads come faster than they can be stored", retry_after).into()
        }
        AppendError::DiskFull => Refusal::new(
            Outcome::DiskFull,
            Problem::unavailable("the disk of the server is full", Duration::from_secs(60))
                .hint("free some space, or lower the retention"),
        ),
        AppendError::Closed => {
            Problem::unavailable("the server is shutting down", Duration::from_secs(5)).into()
        }
        error => Problem::internal("cannot store the upload", &error).into(),
    }
}
