//! A view of all tables at one moment.

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use std::sync::Arc;

/// A view of all tables at one moment: files and rows in memory, each row once. It stays valid while it is held,
/// whatever is compacted or deleted meanwhile; hold it until the query is done.
#[derive(Clone)]
pub struct Snapshot {}

impl Snapshot {
    /// One row per profile.
    pub fn profiles(&self) -> Arc<dyn TableProvider> {
        unimplemented!()
    }

    /// One row per profile, value type, stack and label set.
    pub fn samples(&self) -> Arc<dyn TableProvider> {
        unimplemented!()
    }

    /// Which profiles hold a span.
    pub fn spans(&self) -> Arc<dyn TableProvider> {
        unimplemented!()
    }

    /// The frames of stacks. A stack may be there more than once.
    pub fn stacks(&self) -> Arc<dyn TableProvider> {
        unimplemented!()
    }

    /// What frames are. A frame may be there more than once.
    pub fn frames(&self) -> Arc<dyn TableProvider> {
        unimplemented!()
    }

    /// A DataFusion session with all five tables under their names.
    pub fn session(&self) -> SessionContext {
        unimplemented!()
    }
}
