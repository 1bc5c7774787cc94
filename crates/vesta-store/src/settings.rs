//! Settings that are changed while the store runs, kept in `settings.json` in its folder.

use crate::storage::Storage;
use crate::{Retention, TableError};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

const FILE: &str = "settings.json";

#[derive(Serialize, Deserialize)]
struct Settings {
    retention: Retention,
}

/// What was saved, none if nothing was. A file that cannot be understood counts as none.
pub(crate) async fn load(storage: &Storage) -> Result<Option<Retention>, TableError> {
    let bytes = match storage.objects.get(&Path::from(FILE)).await {
        Ok(file) => file.bytes().await?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match serde_json::from_slice::<Settings>(&bytes) {
        Ok(settings) => Ok(Some(settings.retention)),
        Err(error) => {
            tracing::error!(%error, "cannot read {FILE}; it is left as it is, and defaults are used");
            Ok(None)
        }
    }
}

/// Saves.
pub(crate) async fn save(storage: &Storage, retention: Retention) -> Result<(), TableError> {
    // Numbers and options only: they always make JSON.
    let bytes = serde_json::to_vec_pretty(&Settings { retention }).unwrap_or_default();
    storage.objects.put(&Path::from(FILE), bytes.into()).await?;
    Ok(())
}
