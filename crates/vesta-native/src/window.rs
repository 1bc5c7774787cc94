//! What one period of sampling gave.

use crate::Statistics;
use vesta_profile::Profile;

/// The profile of one service over one period.
#[derive(Clone, Debug)]
pub struct Window {
    /// Whose processes these are; `None` when the session does not split by service.
    pub service: Option<Service>,
    /// The samples.
    pub profile: Profile,
    /// When the window began, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// When it ended.
    pub end_ns: i64,
    /// What happened while it was filled. Of the whole session: the same in every window of one rotation.
    pub statistics: Statistics,
    /// The container of the processes, when they are all in the same one.
    pub container_id: Option<String>,
    /// The processes that have samples.
    pub pids: Vec<u32>,
    /// Whether kernel code was sampled.
    pub includes_kernel: bool,
}

/// What a process says about what it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Service {
    /// `DD_SERVICE`, the systemd unit, or the name of the binary.
    pub name: String,
    /// Whether the name is a guess, not what the process was told.
    pub inferred: bool,
    /// `DD_ENV`.
    pub environment: Option<String>,
    /// `DD_VERSION`.
    pub version: Option<String>,
}
