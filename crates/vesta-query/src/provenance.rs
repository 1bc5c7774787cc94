//! The libraries that processes say they have.

use crate::Engine;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use vesta_profile::Libraries;
use vesta_store::ProfileId;

/// More services than this are not asked: a scope of many services shows what they have in common, and rules on
/// paths do for the rest.
const SERVICES: usize = 4;

/// How many profiles' libraries are remembered. Those of one are some hundred paths.
const REMEMBERED: usize = 64;

/// Libraries of profiles that were asked for lately.
#[derive(Default)]
pub(crate) struct Remembered {
    entries: Mutex<VecDeque<(ProfileId, Arc<Libraries>)>>,
}

impl Engine {
    /// The libraries that these profiles name. What cannot be read says nothing, since the answer is right without.
    pub(crate) async fn libraries(&self, profiles: &[ProfileId]) -> Arc<Libraries> {
        let mut all = Arc::new(Libraries::new());
        for &id in profiles.iter().take(SERVICES) {
            let libraries = match self.remembered().get(id) {
                Some(known) => known,
                None => {
                    let read = Arc::new(self.store().libraries(id).await.unwrap_or_default());
                    self.remembered().put(id, read.clone());
                    read
                }
            };
            if all.is_empty() {
                all = libraries;
            } else if !libraries.is_empty() {
                Arc::make_mut(&mut all).merge(&libraries);
            }
        }
        all
    }
}

// === impl Remembered ===

impl Remembered {
    fn get(&self, id: ProfileId) -> Option<Arc<Libraries>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().find(|(known, _)| *known == id).map(|(_, libraries)| libraries.clone())
    }

    /// Remembers the libraries of a profile instead of those that were remembered first.
    fn put(&self, id: ProfileId, libraries: Arc<Libraries>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= REMEMBERED {
            entries.pop_front();
        }
        entries.push_back((id, libraries));
    }
}
