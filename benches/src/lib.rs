//! Realistic uploads in any number, and what the benchmarks share.
//!
//! A [`Fleet`] has services, hosts and versions. Its uploads have the shape that the captured ones have (see
//! `fixtures/uploads`): a few hundred distinct stacks that a few hundred to tens of thousands of samples share by a
//! power law, a distinct end timestamp on nearly every sample, span ids and endpoints on those that ran in a
//! request, and many value types of which few are set on any one sample. Everything follows from a seed, so that
//! two runs send the same bytes.

mod fleet;
mod measure;

pub use fleet::{Fleet, Language, Shape, Upload};
pub use measure::{Percentiles, ProcessUsage, percentiles};
