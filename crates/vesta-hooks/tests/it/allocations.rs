//! Every function that allocates, counted once, with its size; and shares of places.

use crate::support::{Programs, Seen, everything, exists, skip, watch_well};
use std::process::Command;
use vesta_hooks::{AllocationKind, Options};

const OF_GLIBC: [u64; 2] = [1_000_008, 1_000_009];

/// `own`: functions that glibc alone has.
fn check_families(seen: &Seen, own: &[u64]) {
    let of_c =
        [1_000_001, 1_000_002, 1_000_003, 1_000_004, 1_000_005, 1_000_064, 1_000_007, 1_000_010, 1_000_012];
    let maps = [1_003_520, 1_007_616];
    for size in of_c.iter().chain(own).chain(&maps).copied() {
        assert_eq!(seen.count(size), 1, "{size}");
    }
    // The text and its copy.
    assert_eq!(seen.count(1_000_011), 2);
    assert_eq!(seen.count(1_011_712), 0, "memory that is only reserved");
    for allocation in seen.allocations.iter().filter(|allocation| allocation.size >= 64) {
        assert!((allocation.weight_bytes - allocation.size as f64).abs() < 1e-6);
        assert!(allocation.size < 1 << 32, "a failure was counted: {allocation:?}");
        assert!(allocation.address != 0);
    }
    let realloc = seen.allocations.iter().find(|allocation| allocation.size == 1_000_004).unwrap();
    assert_eq!(realloc.kind, AllocationKind::Realloc);
    let malloc = seen.allocations.iter().find(|allocation| allocation.size == 1_000_001).unwrap();
    assert_eq!(malloc.kind, AllocationKind::Malloc);
    let marker = 0x1122_3344_5566_7788u64.to_le_bytes();
    assert!(malloc.stack.windows(8).any(|window| window == marker), "the caller's frame is in the stack");
    let map = seen.allocations.iter().find(|allocation| allocation.size == 1_003_520).unwrap();
    assert_eq!(map.kind, AllocationKind::Map);
    let alive: Vec<u64> =
        seen.alive.values().map(|(size, _)| *size).filter(|size| *size > 1_000_000).collect();
    assert_eq!(alive, [1_000_014], "what was not freed");
}

#[test]
fn every_function_of_c_is_counted_once_and_keeps_errno() {
    let programs = Programs::new();
    let program = programs.c("families.c");
    let options = Options { live_heap: true, ..everything() };
    let (seen, _) = watch_well(&options, &mut Command::new(&program));
    check_families(&seen, &OF_GLIBC);
    // Every slot is found at once or resolved lazily: both ways.
    let lazy = programs.compile("cc", "families.c", "lazy", &["-Wl,-z,lazy"]);
    check_families(&watch_well(&options, &mut Command::new(lazy)).0, &OF_GLIBC);
    let now = programs.compile("cc", "families.c", "now", &["-Wl,-z,now", "-no-pie"]);
    check_families(&watch_well(&options, &mut Command::new(now)).0, &OF_GLIBC);
    let no_plt = programs.compile("cc", "families.c", "noplt", &["-fno-plt", "-Wl,-z,relro,-z,now"]);
    check_families(&watch_well(&options, &mut Command::new(no_plt)).0, &OF_GLIBC);
}

#[test]
fn programs_of_musl_are_sampled_and_static_ones_are_left_alone() {
    if !exists("musl-gcc") {
        return skip("programs_of_musl_are_sampled_and_static_ones_are_left_alone", "no musl-gcc");
    }
    let programs = Programs::new();
    let options = Options { live_heap: true, locks: true, ..everything() };
    let program = programs.compile("musl-gcc", "families.c", "musl", &[]);
    check_families(&watch_well(&options, &mut Command::new(program)).0, &[]);
    let threads = programs.compile("musl-gcc", "threads.c", "musl-threads", &["-pthread"]);
    assert_eq!(watch_well(&everything(), &mut Command::new(threads)).0.count(70_000), 1_000);
    for compiler in ["musl-gcc", "cc"] {
        let fixed = programs.compile(compiler, "families.c", "static", &["-static"]);
        let (seen, _) = watch_well(&options, &mut Command::new(fixed));
        assert!(seen.starts.is_empty() && seen.allocations.is_empty());
    }
}

fn check_news(seen: &Seen) {
    let plain = [2_000_001, 2_000_002, 2_000_003, 2_000_004, 2_000_011];
    let aligned = [2_000_128, 2_000_256, 2_000_384, 2_000_512];
    for size in plain.into_iter().chain(aligned) {
        // The text of 2,000,010 characters has one more byte.
        assert_eq!(seen.count(size), if size == 2_000_011 { 2 } else { 1 }, "{size}");
    }
    let alive: Vec<u64> =
        seen.alive.values().map(|(size, _)| *size).filter(|size| *size > 2_000_000).collect();
    assert_eq!(alive, [2_000_012]);
}

#[test]
fn every_operator_new_is_counted_once_and_exceptions_pass() {
    let programs = Programs::new();
    let options = Options { live_heap: true, ..everything() };
    // What a compiler warns about is the point of these.
    let quiet = ["-Wno-alloc-size-larger-than", "-Wno-mismatched-new-delete"];
    for (name, more) in [("shared", &[][..]), ("within", &["-static-libstdc++", "-static-libgcc"][..])] {
        let arguments = [&quiet[..], more].concat();
        let program = programs.compile("c++", "news.cpp", name, &arguments);
        check_news(&watch_well(&options, &mut Command::new(program)).0);
    }
}

#[test]
fn jemalloc_is_counted_once_with_its_own_functions_and_operators() {
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"]
        .map(|folder| std::path::Path::new(folder).join("libjemalloc.so.2"))
        .into_iter()
        .find(|path| path.exists());
    let Some(library) = library else {
        return skip("jemalloc_is_counted_once_with_its_own_functions_and_operators", "no libjemalloc.so.2");
    };
    let programs = Programs::new();
    let options = Options { live_heap: true, ..everything() };
    let with_library = |program: &std::path::Path| {
        let mut command = Command::new(program);
        command.env("LD_PRELOAD", &library);
        watch_well(&options, &mut command).0
    };
    // Its blocks and those of glibc's `pvalloc`, which it lacks, do not mix.
    let seen = with_library(&programs.compile("cc", "families.c", "families", &["-DNO_PVALLOC"]));
    check_families(&seen, &OF_GLIBC[..1]);
    let quiet = ["-Wno-alloc-size-larger-than", "-Wno-mismatched-new-delete"];
    let seen = with_library(&programs.compile("c++", "news.cpp", "news", &quiet));
    check_news(&seen);
    let new = seen.allocations.iter().find(|allocation| allocation.size == 2_000_001).unwrap();
    assert_eq!(new.kind, AllocationKind::New, "jemalloc has an operator new of its own");
    let own = programs.compile("cc", "jemalloc.c", "own", &[&library.to_string_lossy()]);
    let (seen, _) = watch_well(&options, &mut Command::new(own));
    for size in [4_000_001, 4_000_002, 4_000_003] {
        assert_eq!(seen.count(size), 1, "{size}");
    }
    let alive: Vec<u64> =
        seen.alive.values().map(|(size, _)| *size).filter(|size| *size > 4_000_000).collect();
    assert_eq!(alive, [4_000_003]);
}

#[test]
fn the_default_allocator_of_rust_is_counted() {
    let programs = Programs::new();
    let program = programs.compile("rustc", "rust.rs", "rust", &[]);
    let options = Options { live_heap: true, ..everything() };
    let (seen, _) = watch_well(&options, &mut Command::new(program));
    for size in [3_000_001, 3_000_002, 3_000_003, 733 * 4096, 3_000_005] {
        assert_eq!(seen.count(size), 1, "{size}");
    }
    let alive: Vec<u64> =
        seen.alive.values().map(|(size, _)| *size).filter(|size| *size > 3_000_000).collect();
    assert_eq!(alive, [3_000_005]);
}

#[test]
fn shares_of_two_places_are_right_within_five_percent() {
    let programs = Programs::new();
    let program = programs.c("shares.c");
    // Room for a reader that is kept waiting by other tests.
    let options = Options { ring_bytes: 64 << 20, stack_bytes: 1024, ..Options::default() };
    let (seen, output) = watch_well(&options, &mut Command::new(program));
    let words: Vec<&str> = output.split_whitespace().collect();
    let [many, few, many_bytes, few_bytes] = words[..] else { panic!("{output}") };
    let address = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let (many, few) = (address(many), address(few));
    let from = |start: u64| {
        let inside =
            |ip: u64| ip.checked_sub(start).is_some_and(|offset| offset < 128.min(many.abs_diff(few)));
        seen.allocations
            .iter()
            .filter(move |sample| inside(sample.ip))
            .map(|sample| sample.weight_bytes)
            .sum::<f64>()
    };
    let (want_many, want_few): (f64, f64) = (many_bytes.parse().unwrap(), few_bytes.parse().unwrap());
    let (got_many, got_few) = (from(many), from(few));
    let share = |many: f64, few: f64| many / (many + few);
    let (want, got) = (share(want_many, want_few), share(got_many, got_few));
    assert!((got - want).abs() < 0.05, "{got} instead of {want}");
    assert!((got_many / want_many - 1.0).abs() < 0.1, "{got_many} bytes instead of {want_many}");
    assert!((got_few / want_few - 1.0).abs() < 0.1, "{got_few} bytes instead of {want_few}");
}

#[test]
fn the_first_allocation_of_each_of_a_thousand_threads_is_seen() {
    let programs = Programs::new();
    let program = programs.c("threads.c");
    let (seen, _) = watch_well(&everything(), &mut Command::new(program));
    let first: Vec<_> = seen.allocations.iter().filter(|allocation| allocation.size == 70_000).collect();
    assert_eq!(first.len(), 1_000);
    let threads: std::collections::BTreeSet<u32> = first.iter().map(|allocation| allocation.tid).collect();
    assert_eq!(threads.len(), 1_000);
    let marker = 0x5566_7788_99aa_bbccu64.to_le_bytes();
    for allocation in first {
        assert!(allocation.stack.windows(8).any(|window| window == marker));
        assert!(allocation.tid != allocation.pid && allocation.time_ns != 0);
    }
}

#[test]
fn stacks_are_cut_at_the_size_that_was_asked_for_and_say_so() {
    let programs = Programs::new();
    let program = programs.c("shares.c");
    let small = Options { stack_bytes: 64, allocation_interval_bytes: 16 << 20, ..Options::default() };
    let (seen, _) = watch_well(&small, &mut Command::new(&program));
    assert!(!seen.allocations.is_empty());
    assert!(seen.allocations.iter().all(|sample| sample.stack.len() == 64 && sample.truncated));
    let large = Options { stack_bytes: 65_528, ..small };
    let (seen, _) = watch_well(&large, &mut Command::new(&program));
    assert!(seen.allocations.iter().all(|sample| sample.stack.len() < 65_528 && !sample.truncated));
}
