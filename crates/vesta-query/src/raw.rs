//! Profiles decoded from uploads, for what tables do not know.

use crate::column::integers;
use crate::matcher::matches;
use crate::selection::ProcessColumns;
use crate::{Engine, QueryError, Scope};
use arrow::array::RecordBatch;
use std::sync::{Arc, Mutex, PoisonError};
use vesta_store::{DecodedProfile, ProfileId, Snapshot};

/// Bytes of decoded profiles that are kept, because who looks at one looks again: a brush over a timeline asks for the
/// same profile with every move.
const CACHE_BYTES: usize = 96 << 20;

/// A profile in scope, as the table knows it.
pub(crate) struct Found {
    pub(crate) id: ProfileId,
    pub(crate) start: i64,
    /// What names the process.
    pub(crate) process: String,
}

/// Decoded profiles, the last used last.
#[derive(Default)]
pub(crate) struct RawCache {
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    what: What,
    decoded: Arc<DecodedProfile>,
    bytes: usize,
}

/// What was decoded of an upload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Profiles,
    Traces,
}

impl RawCache {
    fn get(&self, id: ProfileId, what: What) -> Option<Arc<DecodedProfile>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|kept| kept.decoded.id == id && kept.what == what)?;
        let found = kept.remove(at);
        let decoded = Arc::clone(&found.decoded);
        kept.push(found);
        Some(decoded)
    }

    fn put(&self, decoded: &Arc<DecodedProfile>, what: What) {
        let bytes = decoded.profile.heap_size();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known| known.decoded.id != decoded.id || known.what != what);
        kept.push(Kept { what, decoded: Arc::clone(decoded), bytes });
        let mut sum: usize = kept.iter().map(|kept| kept.bytes).sum();
        while sum > CACHE_BYTES && !kept.is_empty() {
            sum -= kept.remove(0).bytes;
        }
    }
}

impl Engine {
    /// The profiles of `scope`, oldest first.
    pub(crate) async fn profiles_to_read(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
    ) -> Result<Vec<Found>, QueryError> {
        let expr = scope.expr.clone();
        let step = move |found: &mut Vec<Found>, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let (ids, processes) = (integers(batch, "profile_id")?, ProcessColumns::of(batch)?);
            for row in (0..batch.num_rows()).filter(|&row| mask.as_ref().is_none_or(|mask| mask.value(row))) {
                let (id, start) = (ProfileId(ids.value(row)), processes.starts.value(row));
                processes.with_key(row, |key| found.push(Found { id, start, process: key.to_owned() }));
            }
            Ok(())
        };
        let columns = &["service", "host", "runtime_id", "start"];
        let parts = self.fold_profiles(snapshot, scope, columns, Vec::new, step).await?;
        let mut found: Vec<Found> = parts.into_iter().flatten().collect();
        found.sort_by_key(|found| (found.start, found.id));
        Ok(found)
    }

    /// Decodes the upload of a profile; `None` if retention has deleted it meanwhile.
    pub(crate) async fn decode_profile(
        &self,
        id: ProfileId,
    ) -> Result<Option<Arc<DecodedProfile>>, QueryError> {
        self.decode(id, What::Profiles).await
    }

    /// Decodes the execution traces that were sent beside a profile; without a sample if there are none, `None` if
    /// retention has deleted it meanwhile.
    pub(crate) async fn decode_traces(
        &self,
        id: ProfileId,
    ) -> Result<Option<Arc<DecodedProfile>>, QueryError> {
        self.decode(id, What::Traces).await
    }

    async fn decode(&self, id: ProfileId, what: What) -> Result<Option<Arc<DecodedProfile>>, QueryError> {
        if let Some(known) = self.raw_cache().get(id, what) {
            return Ok(Some(known));
        }
        let read = match what {
            What::Profiles => self.store().decoded(id).await,
            What::Traces => self.store().decoded_traces(id).await,
        };
        let decoded = read.map_err(|error| QueryError::Storage(Box::new(error)))?.map(Arc::new);
        if let Some(decoded) = &decoded {
            self.raw_cache().put(decoded, what);
        }
        Ok(decoded)
    }
}
