//! The engine that answers questions.

use crate::QueryError;
use crate::provenance::Remembered;
use crate::raw::RawCache;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use vesta_store::Store;

/// Answers questions about the profiles of a store. Cheap to clone; safe to ask many things at once.
#[derive(Clone)]
pub struct Engine {
    store: Arc<Store>,
    limits: Limits,
    running: Arc<Semaphore>,
    remembered: Arc<Remembered>,
    raw: Arc<RawCache>,
}

/// What one question may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Profiles that one question may look at. Default 10 million.
    pub profiles: u64,
    /// Distinct stacks that one flame graph may be made of. Default 10 million.
    pub stacks: u64,
    /// Distinct values of one tag that are counted; past it, counts of rare ones may miss. Default 100,000.
    pub distinct_values: usize,
    /// Questions answered at the same time; more of them wait. Default 8.
    pub concurrency: usize,
    /// The longest time for an answer, waiting included. Default 30 s.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            profiles: 10_000_000,
            stacks: 10_000_000,
            distinct_values: 100_000,
            concurrency: 8,
            timeout: Duration::from_secs(30),
        }
    }
}

// === impl Engine ===

impl Engine {
    /// An engine with the default limits.
    pub fn new(store: Arc<Store>) -> Self {
        Self::with_limits(store, Limits::default())
    }

    /// An engine with limits of its own.
    pub fn with_limits(store: Arc<Store>, limits: Limits) -> Self {
        let running = Arc::new(Semaphore::new(limits.concurrency.max(1)));
        Engine { store, limits, running, remembered: Arc::default(), raw: Arc::default() }
    }

    /// What one question may use.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    pub(crate) fn raw_cache(&self) -> &RawCache {
        &self.raw
    }

    /// Runs a question within the limits. Dropping the future stops its scans.
    pub(crate) async fn bounded<T>(
        &self,
        question: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryError> {
        let answer = async {
            // The semaphore is never closed; should it be, questions run without waiting.
            let _permit = self.running.acquire().await.ok();
            question.await
        };
        let limit = self.limits.timeout;
        tokio::time::timeout(limit, answer).await.unwrap_or(Err(QueryError::TimedOut { limit }))
    }
}

/// Runs a computation that takes long on a thread that may block.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
) -> Result<T, QueryError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => Err(QueryError::Storage(Box::new(error))),
    }
}
