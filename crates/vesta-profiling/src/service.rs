//! The loop: sample for a period, hand over what was seen, until the end.

use crate::delivery::{Delivered, Delivery};
use crate::identity::Identity;
use crate::log::Log;
use crate::output::Draw;
use crate::{Settings, plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::perf::Target;
use vesta_native::{HookSource, Session, StartError};

/// How long the last uploads may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A running profiler: a session, and a thread that delivers what it sees.
#[derive(Debug)]
pub struct Service {
    session: Session,
    delivery: Delivery,
    period: Duration,
    log: Arc<Log>,
}

/// Why no profiler runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The session could not be started.
    #[error(transparent)]
    Session(#[from] StartError),
    /// The thread that delivers could not be started.
    #[error("cannot start a thread: {0}; check the limit of processes (ulimit -u)")]
    Thread(std::io::Error),
}

impl ServiceError {
    /// What to change, when the kernel refused.
    pub fn advice(&self) -> Option<String> {
        match self {
            ServiceError::Session(StartError::Sampler(cause)) => Some(cause.advice()),
            _ => None,
        }
    }

    /// What is wrong and what to change, on one line.
    pub(crate) fn line(&self) -> String {
        match self.advice() {
            Some(advice) => format!("{self}. {advice}"),
            None => self.to_string(),
        }
    }
}

/// Who is profiled, for the tags of uploads.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) program: String,
    pub(crate) process_id: u32,
    pub(crate) target: Target,
}

impl Service {
    /// Opens events and starts the thread that delivers.
    pub(crate) fn start(
        settings: &Settings,
        subject: Subject,
        hooks: Option<HookSource>,
        draw: Option<Draw>,
        log: Arc<Log>,
    ) -> Result<Service, ServiceError> {
        settings.warnings.iter().for_each(|warning| log.warn(warning));
        let are_hooks_possible = matches!(subject.target, Target::Command(_)) || hooks.is_some();
        let events = settings.all_events(are_hooks_possible);
        let identity = Identity::new(settings, &subject.program, subject.process_id);
        let session = Session::start(plan::session_options(settings, subject.target, events, hooks))?;
        for warning in session.warnings() {
            // Without events of the kernel there is no CPU time, which somebody will miss; the rest is detail.
            if warning.ends_with("only what hooks report is profiled") {
                log.warn(warning);
            } else {
                log.info(warning);
            }
        }
        let delivery =
            Delivery::start(settings, identity, draw, Arc::clone(&log)).map_err(ServiceError::Thread)?;
        if let Some(endpoint) = &settings.endpoint {
            log.info(format!("profiles go to {endpoint} every {} s", settings.upload_period.as_secs_f64()));
        }
        Ok(Service { session, delivery, period: settings.upload_period, log })
    }

    /// Has this function called when the log says that the last upload fails.
    pub(crate) fn on_last_word(&self, function: fn()) {
        self.delivery.on_last_word(function);
    }

    /// Profiles until `stop` is set or no target is left, and delivers what was seen last within `patience`. `ending`
    /// is called when the targets are gone, before that.
    pub(crate) fn run(
        mut self,
        stop: &AtomicBool,
        ending: impl FnOnce(),
        patience: impl FnOnce() -> Duration,
    ) -> Option<Delivered> {
        let mut next = Instant::now() + self.period;
        loop {
            let status = self.session.run_for(next, stop);
            if status.stopped || !status.targets_alive {
                break;
            }
            let windows = self.session.rotate();
            self.delivery.take(windows);
            // A machine that slept has nothing to catch up with.
            next = (next + self.period).max(Instant::now());
        }
        ending();
        self.delivery.take(self.session.finish());
        let delivered = self.delivery.finish(patience());
        match &delivered {
            Some(delivered) => self.log.info(format!("ended: {delivered:?}")),
            None => self.log.error("the last profile did not get out in time"),
        }
        delivered
    }
}
