//! What a store does by itself: flushes, compaction, retention.

use crate::core::{Core, count};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often to look whether rows are old enough to be flushed.
const FLUSH_TICK: Duration = Duration::from_millis(500);
/// How often to look whether files are to be merged or deleted.
const MAINTENANCE_TICK: Duration = Duration::from_secs(5);
/// How often, in maintenance ticks, to look whether data is too old or too much.
const RETENTION_TICKS: u32 = 6;

/// The tasks that run beside.
pub(crate) struct Background {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    /// Starts the tasks, unless the configuration says otherwise.
    pub(crate) fn start(core: &Arc<Core>) -> Background {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        if core.config.background {
            tasks.push(tokio::spawn(flush_now_and_then(Arc::clone(core), stopped.clone())));
            tasks.push(tokio::spawn(maintain_now_and_then(Arc::clone(core), stopped)));
        }
        Background { stop, tasks: Mutex::new(tasks) }
    }

    /// Lets the tasks finish what they are at, and waits for that.
    pub(crate) async fn stop(&self) {
        // Fails if no task is left, which is what is wanted.
        let _ = self.stop.send(true);
        let tasks = std::mem::take(&mut *crate::core::lock(&self.tasks));
        for task in tasks {
            let _ = task.await;
        }
    }

    /// Stops the tasks where they are.
    pub(crate) fn abort(&self) {
        crate::core::lock(&self.tasks).iter().for_each(JoinHandle::abort);
    }
}

async fn flush_now_and_then(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = core.flush_wanted.notified() => {}
            () = tokio::time::sleep(FLUSH_TICK) => {
                if !core.is_flush_due() {
                    continue;
                }
            }
        }
        if let Err(error) = core.flush().await {
            count(&core.counters.failures, 1);
            tracing::error!(%error, reason = %chain(&error), "cannot write tables; will try again");
            tokio::time::sleep(FLUSH_TICK).await;
        }
    }
}

async fn maintain_now_and_then(core: Arc<Core>, mut stop: watch::Receiver<bool>) {
    let mut ticks = 0u32;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(MAINTENANCE_TICK) => {}
        }
        let result = async {
            core.compact_due().await?;
            if ticks.is_multiple_of(RETENTION_TICKS) {
                core.enforce_retention().await?;
            }
            core.delete_unlisted().await;
            Ok::<(), crate::TableError>(())
        };
        if let Err(error) = result.await {
            count(&core.counters.failures, 1);
            tracing::error!(%error, reason = %chain(&error), "cannot maintain tables; will try again");
        }
        ticks = ticks.wrapping_add(1);
    }
}

impl Core {
    /// Whether rows have been in memory for long enough.
    fn is_flush_due(&self) -> bool {
        let view = self.view();
        let age = self.config.clock.uptime().saturating_sub(view.active_since);
        view.sealed.is_some() || (view.active.profiles() > 0 && age >= self.config.flush_interval)
    }
}

/// The reasons behind an error, as one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(error) = source {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
