//! Answering a query: within bounds, measured, and with errors that say what to do.

use crate::app::App;
use crate::problem::Problem;
use std::time::{Duration, Instant};
use vesta_query::QueryError;

/// Waits for `question`, unless too many wait already.
pub(crate) async fn answer<T>(
    app: &App,
    route: &'static str,
    question: impl Future<Output = Result<T, QueryError>>,
) -> Result<T, Problem> {
    let _slot = app.query_slots.try_acquire().map_err(|_| {
        Problem::overloaded("too many queries at a time", Duration::from_secs(5))
            .hint("ask again later, or raise the setting `limit_queries`")
    })?;
    let running = Running::start(app);
    let started = Instant::now();
    let answer = question.await;
    app.metrics.observe_query(route, started.elapsed());
    drop(running);
    answer.map_err(Problem::from)
}

/// Counts a query for as long as it runs, also when its client goes away.
struct Running<'a>(&'a App);

impl<'a> Running<'a> {
    fn start(app: &'a App) -> Self {
        app.metrics.queries_running.inc();
        Running(app)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.metrics.queries_running.dec();
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let hint = error.hint();
        let problem = match &error {
            QueryError::UnknownType { .. } | QueryError::UnknownFunction { .. } => {
                Problem::not_found(error.to_string())
            }
            QueryError::TimedOut { .. } => Problem::unavailable(error.to_string(), Duration::from_secs(5)),
            error if error.is_users() => Problem::bad_request(error.to_string()),
            error => Problem::internal("cannot answer the query", error),
        };
        if hint.is_empty() { problem } else { problem.hint(hint) }
    }
}
