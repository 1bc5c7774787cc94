//! What to scrape, how often, and where to.

use crate::{Kind, Target};
use std::path::PathBuf;
use std::time::Duration;
use vesta_export::{Endpoint, Trust};
use vesta_upload::Tag;

/// What to scrape, how often, and where to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The programs.
    pub targets: Vec<Target>,
    /// The kinds of profiles, of targets that have several.
    pub kinds: Vec<Kind>,
    /// The length of a period; once, for as long as the CPU profile takes, when there is none.
    pub every: Option<Duration>,
    /// How long a CPU profile takes, within the period.
    pub cpu: Duration,
    /// The service; the host of each target when it is not given.
    pub service: Option<String>,
    /// The family of uploads: `go`, `native`, ...
    pub family: String,
    /// Further tags.
    pub tags: Vec<Tag>,
    /// Headers of requests to targets.
    pub headers: Vec<(String, String)>,
    /// A file with a token for targets, read before each request, as such files are replaced while they are in use.
    pub bearer_token_file: Option<PathBuf>,
    /// Whose certificates are believed, of targets with `https`.
    pub trust: Trust,
    /// Where uploads go.
    pub endpoint: Option<Endpoint>,
    /// Where files go.
    pub output: Option<Output>,
}

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// All profiles of all periods, one file each.
    Folder(PathBuf),
    /// All profiles of one period in one file.
    File(PathBuf),
}

impl Settings {
    /// The length of a period.
    pub(crate) fn period(&self) -> Duration {
        self.every.unwrap_or(self.cpu)
    }

    /// How long a CPU profile takes.
    pub(crate) fn cpu(&self) -> Duration {
        self.cpu.min(self.period())
    }
}
