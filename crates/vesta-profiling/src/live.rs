//! Looking at processes while they run: a window after the other, kept nowhere.

use crate::watch::{WatchError, Watched, subject};
use crate::{Settings, plan};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::{Session, Window};

/// Samples processes for somebody who watches.
#[derive(Debug)]
pub struct Live {
    session: Session,
}

/// What was seen in a window.
#[derive(Debug)]
pub struct Glance {
    /// The profiles, one per service when the host is watched.
    pub windows: Vec<Window>,
    /// Whether any process is left.
    pub are_targets_alive: bool,
}

impl Live {
    /// Starts sampling.
    pub fn start(settings: &Settings, watched: Watched) -> Result<Live, WatchError> {
        let subject = subject(watched)?;
        let events = settings.all_events(false);
        let options = plan::session_options(settings, subject.target, events, None);
        let session = Session::start(options).map_err(crate::ServiceError::from)?;
        Ok(Live { session })
    }

    /// What could not be done as asked.
    pub fn warnings(&self) -> &[String] {
        self.session.warnings()
    }

    /// Samples for this long, or until `stop` is set or no process is left, and answers what was seen.
    pub fn glance(&mut self, period: Duration, stop: &AtomicBool) -> Glance {
        let status = self.session.run_for(Instant::now() + period, stop);
        Glance { windows: self.session.rotate(), are_targets_alive: status.targets_alive }
    }
}
