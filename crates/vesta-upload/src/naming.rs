//! Names for value types whose meaning depends on the file they are in.

use vesta_profile::Profile;

/// Gives every value type a name that tells what it counts without the file name.
///
/// - Go writes `contentions` and `delay` into both `delta-mutex.pprof` and `delta-block.pprof`: they become
///   `mutex-contentions`, `block-delay` and so on.
/// - `samples` beside `cpu` counts samples taken on a CPU: `cpu-samples`.
/// - Without the `delta-` prefix (`DD_PROFILING_DELTA=false`), Go's heap, mutex and block profiles count from the start
///   of the process. Such values must not be added up over time, so they get types of their own:
///   `cumulative-alloc-space` and so on.
pub(crate) fn name_value_types(profile: &mut Profile, family: &str, file_name: &str) {
    let stem = file_name.strip_suffix(".pprof").unwrap_or(file_name);
    let is_delta = stem.starts_with("delta-");
    let stem = stem.strip_prefix("delta-").unwrap_or(stem);
    let prefix = match stem {
        "mutex" | "block" => stem,
        _ => "",
    };
    let cumulative = family == "go" && !is_delta && matches!(stem, "heap" | "mutex" | "block");
    let counts = |name: &str| profile.value_types.iter().any(|value_type| value_type.name == name);
    let on_cpu = counts("cpu") && !counts("wall");
    for value_type in &mut profile.value_types {
        let name = value_type.name.as_str();
        let named = match name {
            "contentions" | "delay" if !prefix.is_empty() => format!("{prefix}-{name}"),
            "samples" if on_cpu => "cpu-samples".to_owned(),
            _ => name.to_owned(),
        };
        value_type.name = match named.as_str() {
            "alloc_objects" if cumulative => "cumulative-alloc-samples".to_owned(),
            "alloc_space" if cumulative => "cumulative-alloc-space".to_owned(),
            _ if cumulative && !prefix.is_empty() => format!("cumulative-{named}"),
            _ => named,
        };
    }
}
