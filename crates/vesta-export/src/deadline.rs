//! A point in time that another thread may bring forward.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// When sending has to be over. Clones share the point in time.
#[derive(Clone, Debug)]
pub struct Deadline {
    shared: Arc<(Mutex<Instant>, Condvar)>,
}

impl Deadline {
    /// A deadline at this time.
    pub fn at(time: Instant) -> Deadline {
        Deadline { shared: Arc::new((Mutex::new(time), Condvar::new())) }
    }

    /// A deadline in so much time.
    pub fn after(duration: Duration) -> Deadline {
        Deadline::at(Instant::now() + duration)
    }

    /// Brings the deadline forward and wakes who waits for it. A later time changes nothing.
    pub fn shorten(&self, time: Instant) {
        let (lock, wake) = &*self.shared;
        let mut at = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if time < *at {
            *at = time;
            wake.notify_all();
        }
    }

    /// How much time is left; none when it has passed.
    pub fn remaining(&self) -> Option<Duration> {
        let at = *self.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
        at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// Waits this long. Answers whether there is time left after it; waits no longer than that is so.
    pub fn pause(&self, duration: Duration) -> bool {
        let (lock, wake) = &*self.shared;
        let until = Instant::now() + duration;
        let mut at = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            if until >= *at {
                return false;
            }
            if now >= until {
                return true;
            }
            at = wake.wait_timeout(at, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
