//! Whether a difference between two sets of samples is more than chance.
//!
//! # What is assumed
//!
//! A profiler takes samples at times that have nothing to do with what the program does, so the number of samples that
//! hit a function in a period is a Poisson variable: its variance is its mean. What is compared are values, though, and
//! profilers change what a sample stands for as they go: one that adapts its interval takes fewer samples of the same
//! CPU time. So the value of each side is told in samples of their common average weight, and the questions are asked
//! of those:
//!
//! - **Share**: of all samples of A some part hit the function, and of all samples of B. If both are the same program,
//!   the samples that hit it are a random choice among the samples of both, and how many of them fall on B's side is
//!   hypergeometric. This is the test of a table of two by two (Fisher's, with the variance of Mantel and Haenszel).
//! - **Rate**: in `t_a` seconds of A and `t_b` seconds of B, two Poisson counts. Given their sum, B's is binomial with the
//!   probability `t_b / (t_a + t_b)` if the rates are the same (Przyborowski and Wilenski, "Homogeneity of results in
//!   testing samples from Poisson series", Biometrika 31, 1940).
//!
//! Both are told as a distance from what is expected in standard deviations, `z`, with half a sample taken off because
//! counts go in whole steps (Yates, "Contingency tables involving small numbers and the χ² test", 1934). Without that,
//! four samples on one side and none on the other would pass for a difference. The sign is that of the change in value.
//!
//! # What it means
//!
//! `|z| < 2` is noise: as much happens by chance in one of twenty cases when nothing has changed. Among hundreds of
//! functions some will be beyond 2 by chance; beyond 4 hardly any. Nothing is said of fewer than [`FEWEST`] samples.
//!
//! # What it does not see
//!
//! Samples that come in bursts (one slow request hit many times), hosts that differ among themselves, and samples of
//! one function that weigh very differently (allocations of all sizes) vary more than Poisson says, so `z` is then too
//! far from 0.

/// Fewer samples than this on both sides together are no evidence of anything.
pub const FEWEST: u64 = 5;

/// What one side spent in a function, and how many samples say so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The sum of the values of the samples.
    pub value: i64,
    /// How many there are.
    pub samples: u64,
}

/// By how many standard deviations the share of B is above that of A. `all` is the value of everything on each side.
/// `None` if there is no evidence.
pub fn z_of_share(a: Measured, b: Measured, all: (i64, i64)) -> Option<f64> {
    let weight = common_weight(a, b)?;
    let (hits_b, hits) = (float(b.value) / weight, (float(a.value) + float(b.value)) / weight);
    let (all_a, all_b) = (float(all.0) / weight, float(all.1) / weight);
    if all_a <= 0.0 || all_b <= 0.0 {
        return None;
    }
    let (whole, chance) = (all_a + all_b, all_b / (all_a + all_b));
    let variance = hits * chance * (1.0 - chance) * (whole - hits).max(0.0) / (whole - 1.0).max(1.0);
    Some(distance(hits_b, hits * chance, variance))
}

/// By how many standard deviations the rate of B is above that of A, when both took so many seconds. `None` if there is
/// no evidence.
pub fn z_of_rate(a: Measured, b: Measured, seconds: (f64, f64)) -> Option<f64> {
    let weight = common_weight(a, b)?;
    let is_time = |seconds: f64| seconds.is_finite() && seconds > 0.0;
    if !is_time(seconds.0) || !is_time(seconds.1) {
        return None;
    }
    let (hits_b, hits) = (float(b.value) / weight, (float(a.value) + float(b.value)) / weight);
    let chance = seconds.1 / (seconds.0 + seconds.1);
    Some(distance(hits_b, hits * chance, hits * chance * (1.0 - chance)))
}

/// What a sample of either side stands for on average; `None` where there are too few of them to say anything.
fn common_weight(a: Measured, b: Measured) -> Option<f64> {
    let samples = a.samples.saturating_add(b.samples);
    let weight = (float(a.value) + float(b.value)) / samples_as_float(samples);
    (samples >= FEWEST && weight > 0.0).then_some(weight)
}

fn distance(found: f64, expected: f64, variance: f64) -> f64 {
    if variance <= 0.0 {
        // All samples hit it on both sides: there is nothing else that they could have hit.
        return 0.0;
    }
    let difference = found - expected;
    let beyond = (difference.abs() - 0.5).max(0.0);
    (beyond / variance.sqrt()).copysign(difference)
}

#[expect(clippy::cast_precision_loss, reason = "of values beyond 2^53 the last digit does not matter")]
fn float(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "of counts beyond 2^53 the last digit does not matter")]
fn samples_as_float(samples: u64) -> f64 {
    samples as f64
}
