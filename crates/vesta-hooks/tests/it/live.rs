//! The live heap.

use crate::support::{Programs, everything, watch_well};
use std::process::Command;
use vesta_hooks::Options;

#[test]
fn what_is_alive_at_the_end_is_what_was_leaked() {
    let programs = Programs::new();
    let program = programs.c("leaks.c");
    let options = Options {
        live_heap: true,
        stack_bytes: 64,
        ring_bytes: 512 << 20,
        allocation_interval_bytes: 10,
        ..everything()
    };
    let (seen, output) = watch_well(&options, &mut Command::new(&program));
    let leaked: usize = output.trim().parse().unwrap();
    let alive = seen.alive.values().filter(|(size, _)| *size == 77_777).count();
    assert_eq!(alive, leaked);
    // What the C library keeps for its threads, and the buffer of standard output.
    assert!(seen.alive.len() - alive < 20, "{:?}", seen.alive.values());
    assert!(seen.allocations.iter().all(|allocation| allocation.tracked));
    assert!(seen.frees.len() > 390_000);
}

#[test]
fn the_live_heap_of_a_program_is_estimated_without_bias() {
    let programs = Programs::new();
    let program = programs.c("leaks.c");
    let options = Options {
        live_heap: true,
        allocation_interval_bytes: 65_536,
        ring_bytes: 64 << 20,
        stack_bytes: 64,
        ..everything()
    };
    let (seen, output) = watch_well(&options, &mut Command::new(&program));
    let leaked: f64 = output.trim().parse().unwrap();
    let bytes: f64 = seen
        .allocations
        .iter()
        .filter(|allocation| allocation.size == 77_777)
        .filter(|allocation| seen.alive.contains_key(&(allocation.pid, allocation.address)))
        .map(|allocation| allocation.weight_bytes)
        .sum();
    // 280 samples of 400: six standard deviations.
    assert!((bytes / (leaked * 77_777.0) - 1.0).abs() < 0.25, "{bytes}");
    // The others are gone, but for what the C library keeps.
    let others = seen.alive.values().filter(|(size, _)| *size != 77_777).count();
    assert!(others < 5, "{:?}", seen.alive.values());
}

#[test]
fn without_live_heap_no_frees_are_reported() {
    let programs = Programs::new();
    let program = programs.c("families.c");
    let (seen, _) = watch_well(&everything(), &mut Command::new(&program));
    assert!(!seen.allocations.is_empty());
    assert!(seen.frees.is_empty() && seen.allocations.iter().all(|allocation| !allocation.tracked));
}
