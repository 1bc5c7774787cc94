//! Recognizing an upload that is already there, because its sender did not hear that it had arrived.

use crate::{ProfileId, Timestamp};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The uploads of the last while, by key. Bounded by age and number; senders repeat within minutes.
pub(crate) struct Dedupe {
    known: Mutex<Known>,
    max_uploads: usize,
    max_age: Duration,
}

#[derive(Default)]
struct Known {
    by_key: HashMap<u128, State, FixedState>,
    stored: VecDeque<(Timestamp, u128)>,
}

enum State {
    /// It is being written; the sender is dropped once that is over, well or not.
    Writing(watch::Receiver<()>),
    Stored(ProfileId),
}

/// What to do with an upload.
pub(crate) enum Claim {
    /// Write it, and drop the sender when done.
    New(watch::Sender<()>),
    /// Its copy is being written: wait until the sender is gone, then ask again.
    Writing(watch::Receiver<()>),
    /// It is there.
    Stored(ProfileId),
}

impl Dedupe {
    pub(crate) fn new(max_uploads: usize, max_age: Duration) -> Self {
        Dedupe { known: Mutex::default(), max_uploads, max_age }
    }

    /// Asks whether an upload is there, and claims it if not.
    pub(crate) fn claim(&self, key: u128) -> Claim {
        match self.lock().by_key.entry(key) {
            Entry::Occupied(entry) => match entry.get() {
                State::Writing(done) => Claim::Writing(done.clone()),
                State::Stored(id) => Claim::Stored(*id),
            },
            Entry::Vacant(entry) => {
                let (sender, done) = watch::channel(());
                entry.insert(State::Writing(done));
                Claim::New(sender)
            }
        }
    }

    /// Notes that an upload is on disk.
    pub(crate) fn store(&self, key: u128, id: ProfileId, received_at: Timestamp) {
        let mut known = self.lock();
        known.by_key.insert(key, State::Stored(id));
        known.stored.push_back((received_at, key));
        let oldest = received_at.before(self.max_age);
        while let Some(&(time, key)) = known.stored.front() {
            if known.stored.len() <= self.max_uploads && time >= oldest {
                break;
            }
            known.stored.pop_front();
            known.by_key.remove(&key);
        }
    }

    /// Gives a claim back: the upload was not written.
    pub(crate) fn abandon(&self, key: u128) {
        let mut known = self.lock();
        if let Some(State::Writing(_)) = known.by_key.get(&key) {
            known.by_key.remove(&key);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
