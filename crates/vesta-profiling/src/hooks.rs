//! Hooks in processes that are started, and in this one.

use crate::log::Log;
use crate::{Settings, plan};
use std::ffi::OsString;
use vesta_hooks::Listener;
use vesta_native::HookSource;
use vesta_native::event_spec::EventSpec;

/// Variables for a command.
pub(crate) type Variables = Vec<(OsString, OsString)>;

/// Makes a ring for processes that load the preload library, and the variables that make them do. Without, allocations
/// and locks are not seen; everything else is.
pub(crate) fn listen(
    settings: &Settings,
    events: &[EventSpec],
    log: &Log,
) -> (Option<HookSource>, Variables) {
    let Some(options) = plan::hook_options(settings, events) else { return (None, Vec::new()) };
    match Listener::bind(&options) {
        Ok((listener, ring)) => {
            let variables = listener.environment(std::env::var_os("LD_PRELOAD").as_deref());
            (Some(HookSource { ring, listener: Some(listener), options }), variables)
        }
        Err(error) => {
            log.warn(format!("allocations and locks are not profiled: {error}"));
            (None, Vec::new())
        }
    }
}

/// Hooks in this process.
pub(crate) fn start_here(settings: &Settings, events: &[EventSpec], log: &Log) -> Option<HookSource> {
    let options = plan::hook_options(settings, events)?;
    match vesta_hooks::start(&options) {
        Ok(ring) => Some(HookSource { ring, listener: None, options }),
        Err(error) => {
            log.info(format!("allocations and locks are not profiled: {error}"));
            None
        }
    }
}
