//! Sets of events that have a name.

use super::EventSpec;

/// `ddprof`'s presets, then Vesta's.
pub(super) const PRESETS: [(&str, &str); 8] = [
    ("default", "sCPU; sALLOC"),
    ("cpu_only", "sCPU"),
    ("alloc_only", "sALLOC"),
    ("alloc_live_heap", "sALLOC mode=sl"),
    ("cpu_live_heap", "sCPU; sALLOC mode=sl"),
    ("wall", "sCPU; wall"),
    ("wall_only", "wall"),
    ("all", "sCPU; wall; sALLOC mode=sl; lock"),
];

/// There is no preset of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no preset is named `{name}`; there are {}", preset_names().collect::<Vec<_>>().join(", "))]
pub struct PresetError {
    /// The name that was asked for.
    pub name: String,
}

/// The names of all presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.into_iter().map(|(name, _)| name)
}

/// The events of a preset. Hooks need the process to be started or linked for it, so where `hooks` are not possible
/// (profiling a process that runs already, or a whole host), `default` leaves out what they sample, as `ddprof` does;
/// other presets do what they say.
pub fn preset(name: &str, hooks: bool) -> Result<Vec<EventSpec>, PresetError> {
    let unknown = || PresetError { name: name.to_owned() };
    let (_, text) = PRESETS.into_iter().find(|(preset, _)| *preset == name).ok_or_else(unknown)?;
    let mut events = EventSpec::parse(text).map_err(|_| unknown())?;
    if name == "default" && !hooks {
        events.retain(EventSpec::is_sampled_by_kernel);
    }
    Ok(events)
}
