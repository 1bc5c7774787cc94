//! From settings to what a session is asked to do.

use crate::Settings;
use crate::debuginfod::Debuginfod;
use crate::settings::Symbolization;
use std::sync::Arc;
use vesta_native::event_spec::{Cadence, EventKind, EventSpec};
use vesta_native::perf::{SamplerOptions, Target};
use vesta_native::{Budget, BudgetOf, EngineOptions, Fetch, HookSource, SessionOptions, SymbolOptions};

/// What hooks have to sample for these events; `None` when they have nothing to do.
pub(crate) fn hook_options(settings: &Settings, events: &[EventSpec]) -> Option<vesta_hooks::Options> {
    let allocation = events.iter().find(|event| event.kind == EventKind::Allocation);
    let lock = events.iter().find(|event| event.kind == EventKind::Lock);
    if allocation.is_none() && lock.is_none() {
        return None;
    }
    let interval = match allocation.map(|event| event.cadence) {
        Some(Cadence::Period(bytes)) => bytes.max(1),
        Some(Cadence::Frequency(_)) => vesta_hooks::Options::default().allocation_interval_bytes,
        None => 0,
    };
    let stack_bytes = allocation.or(lock).and_then(|event| event.stack_bytes);
    let options = vesta_hooks::Options {
        allocation_interval_bytes: interval,
        live_heap: allocation.is_some_and(|event| event.mode.live),
        locks: lock.is_some(),
        lock_threshold_ns: u64::try_from(settings.lock_threshold.as_nanos()).unwrap_or(u64::MAX),
        stack_bytes: stack_bytes.unwrap_or(settings.stack_bytes),
        follow_children: settings.follow_execs,
        ..vesta_hooks::Options::default()
    };
    Some(options.clamped())
}

/// What a session is asked to do.
pub(crate) fn session_options(
    settings: &Settings,
    target: Target,
    events: Vec<EventSpec>,
    hooks: Option<HookSource>,
) -> SessionOptions {
    let split_by_service = target == Target::Host;
    let wall = events.iter().any(|event| event.kind == EventKind::OffCpu);
    let mut sampler = SamplerOptions::new(target, events);
    sampler.stack_bytes = settings.stack_bytes;
    sampler.kernel = settings.kernel;
    let engine = EngineOptions {
        maximum_pids: if split_by_service { settings.maximum_pids_of_host() } else { settings.maximum_pids },
        timeline: settings.timeline,
        wall,
        split_by_service,
        symbols: SymbolOptions {
            enabled: settings.symbolization == Symbolization::Local,
            inlined_functions: settings.inlined_functions,
            debug_directories: settings.debug_directories.clone(),
            debuginfod: debuginfod(settings),
            ..SymbolOptions::default()
        },
        budget: Budget { share: settings.budget, of: BudgetOf::Host },
        ..EngineOptions::default()
    };
    SessionOptions { sampler: Some(sampler), hooks, engine }
}

fn debuginfod(settings: &Settings) -> Option<Arc<dyn Fetch>> {
    let servers = &settings.debuginfod;
    (!servers.is_empty()).then(|| {
        let debuginfod = Debuginfod::new(servers.clone(), settings.debuginfod_cache.clone());
        Arc::new(debuginfod) as Arc<dyn Fetch>
    })
}
