//! Profiles for compilers: what is hot in production is inlined and laid out better in the next build.
//!
//! - [`go`]: a CPU profile in the form that `go build -pgo` takes.
//! - [`autofdo`]: LLVM's sample profile as text, for `clang -fprofile-sample-use` and `rustc -Zprofile-sample-use`.
//!
//! Both count lines from the start of their function, so that code may move within a file between the profile and the
//! build. A profile without the lines at which functions start is of no use to a compiler.

mod autofdo;
mod go;

pub use autofdo::{SampleProfile, autofdo};
pub use go::go;

use vesta_profile::{Aggregated, Profile, aggregate};

/// Why there is nothing for a compiler in a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PgoError {
    /// No CPU time.
    #[error("there is no CPU time in the profiles; compilers optimize for where it goes")]
    NoCpu,
    /// No function says where it starts.
    #[error("no function in the profiles says at which line it starts, which compilers count lines from")]
    NoStartLines,
}

/// CPU samples and time by stack, with nothing else.
struct CpuStacks {
    rows: Aggregated,
    samples: Option<usize>,
    time: Option<usize>,
}

impl CpuStacks {
    fn of(profile: &Profile) -> Result<CpuStacks, PgoError> {
        let rows = aggregate(profile, |_| false, 0);
        let column = |name: &str| {
            let has = |column: &vesta_profile::AggregatedColumn| {
                column.value_type.name == name && column.sums.iter().any(|&sum| sum > 0)
            };
            rows.columns.iter().position(has)
        };
        let (samples, time) = (column("cpu-samples"), column("cpu-time"));
        if samples.is_none() && time.is_none() {
            return Err(PgoError::NoCpu);
        }
        let starts = profile.frames.as_slice().iter().any(|frame| frame.start_line > 0 && frame.line > 0);
        if starts { Ok(CpuStacks { rows, samples, time }) } else { Err(PgoError::NoStartLines) }
    }

    fn sums(&self, column: Option<usize>) -> Option<&[i64]> {
        Some(&self.rows.columns.get(column?)?.sums)
    }
}
