//! CPU time: shares, whole stacks, kernel frames, JIT, threads.

use super::program::{assert_share, profile};
use vesta_native::EngineOptions;

#[test]
fn cpu_time_is_split_as_the_program_splits_it() {
    let test = "cpu_time_is_split_as_the_program_splits_it";
    let Some(seen) = profile(test, &["split", "50"], "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let (a, b) = (seen.of("cpu-time", "part_a"), seen.of("cpu-time", "part_b"));
    assert!(seen.samples() > 100, "{text}");
    assert_share(a, a + b, 2.0 / 3.0, &text);
    // Nearly all stacks are whole: from the binary's name over `_start` to the leaf.
    let whole: i64 = seen
        .rows("cpu-time")
        .iter()
        .filter(|row| row.stack.starts_with("program;_start;") && row.has("main"))
        .map(|row| row.value)
        .sum();
    assert!(whole as f64 > 0.97 * seen.total("cpu-time") as f64, "{text}");
    let statistics = &seen.windows[0].statistics;
    assert_eq!((statistics.lost, statistics.not_waited), (0, 0), "{text}");
    let row = seen.rows("cpu-time").into_iter().find(|row| row.has("part_a")).unwrap();
    assert_eq!((row.label("process_name"), row.label("thread_name")), ("program", "program"));
    assert_eq!(row.label("process_id"), row.label("thread id"));
    assert_eq!(row.label("process_id"), seen.windows[0].pids[0].to_string());
}

#[test]
fn frames_have_files_lines_and_build_ids_and_their_mappings_are_kept() {
    let test = "frames_have_files_lines_and_build_ids_and_their_mappings_are_kept";
    let Some(seen) = profile(test, &["split", "20"], "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    let profile = &seen.windows[0].profile;
    let part = profile.strings.find("part_a").expect("part_a was sampled");
    let frame = profile.frames.as_slice().iter().find(|frame| frame.function == part).unwrap();
    assert!(frame.line > 0 && frame.start_line > 0 && frame.address == 0, "{frame:?}");
    assert!(profile.strings.get(frame.module).ends_with("/program"), "{frame:?}");
    assert!(profile.strings.get(frame.build_id).len() >= 16, "{frame:?}");
    let mapped = profile.mappings.as_slice().iter().any(|mapping| mapping.module == frame.module);
    // The process may be gone by the time of the look.
    assert!(mapped || profile.mappings.is_empty());
}

#[test]
fn without_symbols_frames_keep_places_in_files() {
    let test = "without_symbols_frames_keep_places_in_files";
    let mut engine = EngineOptions::default();
    engine.symbols.enabled = false;
    let Some(seen) = profile(test, &["split", "20"], "sCPU freq=499", engine) else { return };
    let profile = &seen.windows[0].profile;
    let raw: Vec<_> = profile
        .frames
        .as_slice()
        .iter()
        .filter(|frame| profile.strings.get(frame.module).ends_with("/program"))
        .collect();
    assert!(!raw.is_empty());
    for frame in raw {
        assert!(frame.address > 0 && frame.function == vesta_profile::StringId::EMPTY, "{frame:?}");
        assert!(!profile.strings.get(frame.build_id).is_empty(), "{frame:?}");
    }
}

#[test]
fn kernel_frames_are_the_leaves_of_the_stacks_that_called_them() {
    let test = "kernel_frames_are_the_leaves_of_the_stacks_that_called_them";
    let Some(seen) = profile(test, &["kernel", "4000"], "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    if !seen.windows[0].includes_kernel {
        return crate::skip::skip(test, "kernel samples are not permitted");
    }
    let text = seen.text("cpu-time");
    let profile = &seen.windows[0].profile;
    let kernel = profile.strings.find("[kernel.kallsyms]").expect(&text);
    let mut in_kernel = 0;
    for row in 0..profile.samples.len() {
        let stack = profile.stacks.get(profile.samples.stacks[row]);
        let is_kernel = |frame| profile.frames.get(frame).module == kernel;
        if stack.first().is_some_and(|&leaf| is_kernel(leaf)) {
            in_kernel += profile.samples.values[0][row];
        }
        let first_of_user = stack.iter().position(|&frame| !is_kernel(frame)).unwrap_or(stack.len());
        assert!(stack[first_of_user..].iter().all(|&frame| !is_kernel(frame)), "{text}");
    }
    assert!(in_kernel as f64 > 0.5 * seen.total("cpu-time") as f64, "{text}");
    assert!(seen.of("cpu-time", "in_kernel") as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
}

#[test]
fn code_made_at_run_time_has_the_names_of_the_perf_map() {
    let test = "code_made_at_run_time_has_the_names_of_the_perf_map";
    if cfg!(not(target_arch = "x86_64")) {
        return crate::skip::skip(test, "the program has machine code for x86-64 only");
    }
    let Some(seen) = profile(test, &["jit", "1000"], "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let jitted = seen.of("cpu-time", "jitted_loop");
    assert!(jitted as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
    let whole = seen.rows("cpu-time").iter().any(|row| row.has("jitted_loop") && row.has("main"));
    assert!(whole, "{text}");
}

/// Each thread has three samples or so, and a machine that stops a CPU for a while adds to what runs there, so there are three
/// attempts, which a bias would not pass.
#[test]
fn a_thousand_threads_are_told_apart_by_name() {
    let test = "a_thousand_threads_are_told_apart_by_name";
    // A thousand threads are before the profiler in the queue: rings have to hold what comes meanwhile.
    const SMALL: &str = "sCPU freq=999 stack_sample_size=1024";
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let Some(seen) = profile(test, &["threads", "1000"], SMALL, EngineOptions::default()) else {
            return;
        };
        let rows = seen.rows("cpu-time");
        assert!(rows.iter().all(|row| row.label("process_name") == "program"), "{}", seen.text("cpu-time"));
        let total = seen.of("cpu-time", "thread") as f64;
        let shares = [0, 1, 2, 3].map(|number| {
            let name = format!("worker-{number}");
            let of_name = rows.iter().filter(|row| row.label("thread_name") == name);
            of_name.map(|row| row.value).sum::<i64>() as f64 / total
        });
        if shares.iter().all(|share| (share - 0.25).abs() < 0.05) {
            return;
        }
        attempts.push(shares);
    }
    panic!("shares of four names with as many threads each: {attempts:?}");
}

#[test]
fn a_deep_stack_is_cut_and_says_so() {
    let test = "a_deep_stack_is_cut_and_says_so";
    let Some(seen) = profile(test, &["deep", "20000"], "sCPU freq=199", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-samples");
    let rows = seen.rows("cpu-time");
    let deep: Vec<_> = rows.iter().filter(|row| row.stack.matches(";deep").count() > 100).collect();
    assert!(!deep.is_empty(), "{text}");
    for row in deep {
        assert!(row.stack.starts_with("program;[truncated];deep;deep;"), "{}", row.stack);
    }
    assert!(seen.windows[0].statistics.truncated > 0);
}

#[test]
fn with_a_timeline_each_sample_has_its_time_within_the_window() {
    let test = "with_a_timeline_each_sample_has_its_time_within_the_window";
    let engine = EngineOptions { timeline: true, maximum_timed_samples: 50, ..EngineOptions::default() };
    let Some(seen) = profile(test, &["split", "20"], "sCPU freq=499", engine) else { return };
    let window = &seen.windows[0];
    let times = &window.profile.samples.timestamps_ns;
    let timed: Vec<i64> = times.iter().copied().filter(|&time| time > 0).collect();
    assert_eq!(timed.len(), 50);
    assert!(timed.iter().all(|time| (window.start_ns..=window.end_ns).contains(time)), "{timed:?}");
    assert_eq!(window.statistics.times_dropped, window.statistics.samples - 50);
    assert_eq!(seen.total("cpu-samples").unsigned_abs(), window.statistics.samples);
}
