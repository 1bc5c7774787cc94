//! Tests that measure how a program spends the CPU run one at a time: a sampler that gets no CPU counts what was spent for
//! whatever runs when it wakes up, as the one of Python does.

use std::sync::{Mutex, MutexGuard, PoisonError};

static CPU: Mutex<()> = Mutex::new(());

/// The turn of one test, until it is dropped.
pub(crate) fn of_one() -> MutexGuard<'static, ()> {
    CPU.lock().unwrap_or_else(PoisonError::into_inner)
}
