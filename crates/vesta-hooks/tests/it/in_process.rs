//! Hooks in the process that reads the ring: this one.

use crate::support::{Seen, everything};
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use vesta_hooks::{Options, StartError};

/// There is one set of hooks per process.
static TURN: Mutex<()> = Mutex::new(());

fn options() -> Options {
    Options { ring_bytes: 256 << 20, stack_bytes: 256, ..everything() }
}

fn allocate(size: usize) {
    drop(black_box(Vec::<u8>::with_capacity(black_box(size))));
}

#[test]
fn hooks_start_stop_and_start_again() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for round in 0..10 {
        assert!(!vesta_hooks::is_active());
        allocate(5_500_001);
        let mut ring = vesta_hooks::start(&Options { live_heap: true, ..options() }).unwrap();
        assert!(vesta_hooks::is_active());
        assert!(matches!(vesta_hooks::start(&options()), Err(StartError::Active)));
        allocate(5_500_002);
        let kept = black_box(vec![1u8; 5_500_003]);
        std::thread::spawn(|| allocate(5_500_004)).join().unwrap();
        assert!(vesta_hooks::stop(Duration::from_secs(5)));
        allocate(5_500_005);
        let mut seen = Seen::default();
        seen.drain(&mut ring);
        let counts = [5_500_001, 5_500_002, 5_500_003, 5_500_004, 5_500_005].map(|size| seen.count(size));
        assert_eq!(counts, [0, 1, 1, 1, 0], "round {round}: {:?}", seen.lost);
        assert_eq!(seen.alive.values().filter(|(size, _)| *size > 5_500_000).count(), 1);
        assert!(seen.starts.iter().any(|start| start.pid == std::process::id()));
        drop(kept);
    }
    assert!(vesta_hooks::stop(Duration::ZERO), "not running is stopped");
}

#[test]
fn threads_that_are_excluded_are_not_sampled() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ring = vesta_hooks::start(&options()).unwrap();
    std::thread::spawn(|| {
        vesta_hooks::exclude_current_thread();
        (0..100).for_each(|_| allocate(6_600_001));
    })
    .join()
    .unwrap();
    allocate(6_600_002);
    vesta_hooks::stop(Duration::from_secs(5));
    let mut seen = Seen::default();
    seen.drain(&mut ring);
    // The first one may come in before the thread is set up.
    assert_eq!((seen.count(6_600_001), seen.count(6_600_002)), (0, 1));
}
