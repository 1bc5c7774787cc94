//! From rows in memory to files.
//!
//! A flush covers all uploads between two places of the log. Its files are written and committed table by table,
//! profiles last. If the process stops in between, the tables before profiles have files of a flush that profiles do
//! not know; opening the store drops them and reads the log again. If only the flush fails, it is taken up where it
//! stopped, so that nothing is committed twice.

use super::catalog::{Change, Reason};
use super::data_file::DataFile;
use super::file_writer::{FileSpec, FileWriter, sort};
use super::generation::{Generation, Sealed};
use super::schema::{PerTable, Table};
use crate::core::{Core, count};
use crate::{ProfileId, TableError};
use arrow::compute::concat_batches;
use std::sync::Arc;

impl Core {
    /// Writes all rows in memory to files.
    pub(crate) async fn flush(self: &Arc<Self>) -> Result<(), TableError> {
        let _guard = self.flushing.lock().await;
        let last = self.view().durable;
        while let Some(upto) = self.seal() {
            self.decoded_upto(upto).await;
            let core = Arc::clone(self);
            let runtime = tokio::runtime::Handle::current();
            // Sorting and packing take long; they must not hold up a thread that serves requests.
            let flushed =
                tokio::task::spawn_blocking(move || runtime.block_on(core.flush_sealed(upto))).await;
            flushed.map_err(|_| TableError::Closed)??;
            count(&self.counters.flushes, 1);
            if upto >= last {
                break;
            }
        }
        Ok(())
    }

    /// Sets the rows of all uploads up to now apart, unless such are left from a flush that failed.
    fn seal(&self) -> Option<ProfileId> {
        let mut view = self.view();
        if let Some(sealed) = &view.sealed {
            return Some(sealed.upto);
        }
        if view.active.profiles() == 0 && view.pending.is_empty() {
            return None;
        }
        let (generation, upto) = (std::mem::take(&mut view.active), view.durable);
        view.sealed =
            Some(Sealed { generation, upto, files: PerTable::default(), committed: PerTable::default() });
        Some(upto)
    }

    async fn flush_sealed(&self, upto: ProfileId) -> Result<(), TableError> {
        let Some(sealed) = self.view().sealed.clone() else { return Ok(()) };
        for table in Table::ALL {
            let files = match &sealed.files[table] {
                Some(files) => files.clone(),
                None => {
                    let files = self.write_files(table, &sealed.generation, upto).await?;
                    self.note(|sealed| sealed.files[table] = Some(files.clone()));
                    files
                }
            };
            // Profiles are committed even without files: that is how a flush says that it is done.
            if sealed.committed[table] || (files.is_empty() && table != Table::Profiles) {
                continue;
            }
            self.reach("flush.commit")?;
            let change = Change { add: files, remove: Vec::new(), reason: Reason::Flush(upto) };
            self.catalogs[table].commit(&change, self.config.now()).await?;
            self.note(|sealed| sealed.committed[table] = true);
            self.reach("flush.committed")?;
        }
        let mut view = self.view();
        if let Some(sealed) = view.sealed.take() {
            for (table, files) in sealed.files.iter() {
                view.replace_files(table, files.as_deref().unwrap_or_default(), &[]);
            }
        }
        Ok(())
    }

    fn note(&self, change: impl FnOnce(&mut Sealed)) {
        if let Some(sealed) = &mut self.view().sealed {
            change(sealed);
        }
    }

    /// Writes the rows of a table, one file per day.
    async fn write_files(
        &self,
        table: Table,
        generation: &Generation,
        flush: ProfileId,
    ) -> Result<Vec<Arc<DataFile>>, TableError> {
        let mut files = Vec::new();
        for (date, services) in generation.days(table) {
            self.reach("flush.write")?;
            let (max_bytes, now) = (self.config.file_bytes, self.config.now());
            let spec = FileSpec { table, date: date.to_owned(), level: 0, flush, max_bytes, now };
            let mut writer = FileWriter::new(&self.storage, spec);
            for batches in services {
                writer.write(&sort(table, &concat_batches(&table.schema(), &batches)?)?).await?;
            }
            files.extend(writer.finish().await?);
        }
        Ok(files)
    }

    /// Tells the probe where the store is.
    pub(crate) fn reach(&self, point: &'static str) -> Result<(), TableError> {
        let root = self.storage.root.to_path_buf();
        self.config.probe.reach(point).map_err(|source| TableError::Io { path: root, source })
    }
}
