//! Rows in memory: those of all uploads between two places of the log.

use super::data_file::{Bounds, DataFile};
use super::rows::UploadRows;
use super::schema::{PerTable, Table};
use crate::ProfileId;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Small batches of one table, day and service that are merged into one: a query pays for each batch.
const MERGE_BATCHES: usize = 16;
/// Rows of a batch that is not merged any more.
const LARGE_BATCH_ROWS: usize = 32_768;

/// Rows that are in no file yet, by the day on which their uploads were received and by service, which is how queries
/// ask for them and how files are sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generation {
    days: BTreeMap<String, PerTable<BTreeMap<String, ServiceRows>>>,
    rows: usize,
    bytes: usize,
    profiles: usize,
}

/// Rows of one service.
#[derive(Clone, Debug, Default)]
struct ServiceRows {
    bounds: Arc<Bounds>,
    large: Vec<RecordBatch>,
    small: Vec<RecordBatch>,
}

/// Rows in memory, as a snapshot holds them.
#[derive(Clone, Debug)]
pub(crate) struct MemoryBatch {
    /// What is known of the rows without looking at them: their service.
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) rows: RecordBatch,
}

/// A generation that is being flushed, and how far that is.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    pub(crate) generation: Generation,
    /// The last profile of it.
    pub(crate) upto: ProfileId,
    /// The files of each table that are written.
    pub(crate) files: PerTable<Option<Vec<Arc<DataFile>>>>,
    /// Whether they are committed.
    pub(crate) committed: PerTable<bool>,
}

impl Generation {
    /// Adds the rows of an upload that was received on this day.
    pub(crate) fn push(&mut self, date: &str, rows: &UploadRows) {
        let day = match self.days.get_mut(date) {
            Some(day) => day,
            None => self.days.entry(date.to_owned()).or_default(),
        };
        for (table, batch) in rows.batches.iter() {
            let Some(batch) = batch else { continue };
            self.rows += batch.num_rows();
            self.bytes += heap_size(batch);
            // Spans of all services are sorted together.
            let service =
                if table.sort_columns().first() == Some(&"service") { rows.service.as_str() } else { "" };
            match day[table].get_mut(service) {
                Some(rows) => rows.push(table, batch.clone()),
                None => {
                    let rows =
                        ServiceRows { bounds: Arc::new(Bounds::of_service(service)), ..Default::default() };
                    day[table].entry(service.to_owned()).or_insert(rows).push(table, batch.clone());
                }
            }
        }
        self.profiles += 1;
    }

    /// The rows of a table.
    pub(crate) fn batches(&self, table: Table) -> impl Iterator<Item = MemoryBatch> {
        let services = self.days.values().flat_map(move |day| day[table].values());
        services.flat_map(|service| {
            service.iter().map(|rows| MemoryBatch { bounds: Arc::clone(&service.bounds), rows: rows.clone() })
        })
    }

    /// The rows of a table by day, and within a day by service, in the order of files.
    pub(crate) fn days(&self, table: Table) -> impl Iterator<Item = (&str, Vec<Vec<RecordBatch>>)> {
        self.days.iter().map(move |(date, day)| {
            let services = day[table].values().map(|service| service.iter().cloned().collect());
            (date.as_str(), services.collect())
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn profiles(&self) -> usize {
        self.profiles
    }
}

impl ServiceRows {
    fn push(&mut self, table: Table, batch: RecordBatch) {
        if batch.num_rows() >= LARGE_BATCH_ROWS {
            return self.large.push(batch);
        }
        self.small.push(batch);
        if self.small.len() < MERGE_BATCHES {
            return;
        }
        // Merging can only fail for want of dictionary keys; then the batches stay as they are.
        if let Ok(merged) = concat_batches(&table.schema(), &self.small) {
            self.small.clear();
            if merged.num_rows() >= LARGE_BATCH_ROWS {
                self.large.push(merged);
            } else {
                self.small.push(merged);
            }
        } else {
            self.large.append(&mut self.small);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &RecordBatch> {
        self.large.iter().chain(&self.small)
    }
}

/// Bytes of the rows, without what the arrays themselves take, which does not last until the flush.
fn heap_size(batch: &RecordBatch) -> usize {
    batch.get_array_memory_size()
}
