//! Nothing that happens to the profiler harms the target, and the other way round.

use crate::support::{Programs, Seen, everything, skip, watch_well};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use vesta_hooks::{Listener, Lost, Options};

#[test]
fn two_hundred_killed_writers_do_not_block_the_ring() {
    let programs = Programs::new();
    let program = programs.c("storm.c");
    let options = Options {
        ring_bytes: 1 << 20,
        allocation_interval_bytes: 2_000,
        stack_bytes: 16_000,
        live_heap: true,
        ..everything()
    };
    let (listener, mut ring) = Listener::bind(&options).unwrap();
    let mut seen = Seen::default();
    for round in 0..200 {
        let mut child =
            Command::new(&program).envs(listener.environment(None)).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        // At another moment each time.
        let until = Instant::now() + Duration::from_micros(500 + round * 13);
        while Instant::now() < until {
            seen.drain(&mut ring);
            seen.allocations.clear();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What comes next must get through, past what the dead one left.
        let pid = child.id();
        let deadline = Instant::now() + Duration::from_secs(10);
        // On a machine that is busy it may come and go while the ring is still full of the dead one's; then once more.
        let mut arrived = false;
        while !arrived {
            assert!(Instant::now() < deadline, "nothing comes after round {round}: {:?}", seen.lost);
            let environment = listener.environment(None);
            let mut last = Command::new(&program).arg("2000").envs(environment).spawn().unwrap();
            while last.try_wait().unwrap().is_none() {
                seen.drain(&mut ring);
                seen.allocations.retain(|allocation| allocation.pid != pid);
                arrived |= !seen.allocations.is_empty();
            }
        }
        seen.drain(&mut ring);
        seen.allocations.clear();
    }
    assert_eq!(seen.lost.corrupt, 0);
    eprintln!("records of killed writers: {}", seen.lost.abandoned);
}

#[test]
fn a_reader_that_does_not_read_costs_samples_and_nothing_else() {
    let programs = Programs::new();
    let program = programs.c("storm.c");
    let options = Options { ring_bytes: 256 << 10, live_heap: true, ..everything() };
    let (listener, mut ring) = Listener::bind(&options).unwrap();
    let run = |listener: &Listener| {
        Command::new(&program).arg("20000").envs(listener.environment(None)).status().unwrap()
    };
    assert!(run(&listener).success());
    let lost = ring.lost();
    assert!(lost.allocations > 70_000, "{lost:?}");
    // A free belongs to an allocation that came: there is room left for it.
    assert_eq!(lost.frees, 0);
    let mut seen = Seen::default();
    seen.drain(&mut ring);
    assert!(seen.allocations.len() > 10);
    assert!(seen.allocations.iter().all(|allocation| allocation.weight_bytes > 0.0));
    let before = seen.allocations.len();
    assert!(run(&listener).success());
    seen.drain(&mut ring);
    assert!(seen.allocations.len() > before, "room again after reading");
    drop(ring);
    assert!(run(&listener).success());
}

#[test]
fn when_frees_are_lost_the_live_heap_is_forgotten() {
    let programs = Programs::new();
    let program = programs.c("loses.c");
    let options = Options { ring_bytes: 256 << 10, stack_bytes: 64, live_heap: true, ..everything() };
    let (listener, mut ring) = Listener::bind(&options).unwrap();
    let mut command = Command::new(&program);
    command.envs(listener.environment(None)).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
    let mut seen = Seen::default();
    seen.drain(&mut ring);
    assert!(seen.lost.frees > 0 && !seen.alive.is_empty(), "{:?}", seen.lost);
    child.stdin.take().unwrap().write_all(b"y").unwrap();
    assert!(child.wait().unwrap().success());
    seen.drain(&mut ring);
    let alive: Vec<u64> = seen.alive.values().map(|(size, _)| *size).collect();
    assert_eq!(alive, [99_991]);
}

#[test]
fn a_profiler_that_is_gone_is_not_missed() {
    let programs = Programs::new();
    let program = programs.c("families.c");
    let (listener, ring) = Listener::bind(&everything()).unwrap();
    let environment = listener.environment(None);
    drop((listener, ring));
    let started = Instant::now();
    let output = Command::new(&program).envs(environment.clone()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let output = Command::new("env").env_clear().envs(environment).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "the variables are gone all the same");
}

#[test]
fn who_does_not_know_the_secret_gets_nothing() {
    let programs = Programs::new();
    let program = programs.c("families.c");
    let (listener, mut ring) = Listener::bind(&everything()).unwrap();
    let environment = listener.environment(None).into_iter().map(|(name, value)| {
        let value = value.into_string().unwrap();
        let parts: Vec<&str> = value.split(':').collect();
        let wrong = "0".repeat(32);
        (name, if let [socket, _, path] = parts[..] { format!("{socket}:{wrong}:{path}") } else { value })
    });
    let output = Command::new(&program).envs(environment).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    // Nonsense in the variable.
    for value in ["", ":", "x", &"y".repeat(5_000)] {
        let mut command = Command::new(&program);
        command.env("LD_PRELOAD", listener.preload_path()).env("VESTA_HOOKS", value);
        assert!(command.status().unwrap().success());
    }
    let mut seen = Seen::default();
    seen.drain(&mut ring);
    assert!(seen.starts.is_empty() && seen.allocations.is_empty());
    assert_eq!(seen.lost, Lost::default());
}

#[test]
fn programs_with_raised_rights_run_without_hooks_or_complaint() {
    const NOBODY: u32 = 65_534;
    let programs = Programs::new();
    let program = programs.c("families.c");
    let allowed = chown(&program, Some(NOBODY), Some(NOBODY))
        .and_then(|()| std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)));
    if allowed.is_err() {
        let reason = "may not change owners of files";
        return skip("programs_with_raised_rights_run_without_hooks_or_complaint", reason);
    }
    let folder = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(programs.folder(), folder).unwrap();
    let (seen, _) = watch_well(&everything(), &mut Command::new(&program));
    assert!(seen.starts.is_empty());
}

#[test]
fn stacks_that_nobody_knows_are_copied_as_far_as_they_go() {
    let programs = Programs::new();
    let program = programs.c("fibers.c");
    let options = Options { stack_bytes: 32_000, ..everything() };
    let (seen, _) = watch_well(&options, &mut Command::new(program));
    let on_fiber: Vec<_> = seen.allocations.iter().filter(|allocation| allocation.size == 88_001).collect();
    assert_eq!(on_fiber.len(), 20);
    let marker = 0x0102_0304_0506_0708u64.to_le_bytes();
    for allocation in on_fiber {
        assert!(allocation.stack.windows(8).any(|window| window == marker));
        assert!(allocation.stack.len() < 16_384);
    }
    assert_eq!(seen.count(88_064), 1);
}

#[test]
fn a_wake_up_comes_when_much_has_gathered() {
    let programs = Programs::new();
    let program = programs.c("storm.c");
    let options = Options { ring_bytes: 1 << 20, ..everything() };
    let (listener, mut ring) = Listener::bind(&options).unwrap();
    assert!(!ring.wait(Duration::from_millis(1)));
    ring.event_fd().unwrap();
    let child = Command::new(&program).arg("3000").envs(listener.environment(None)).spawn();
    let mut child = child.unwrap();
    let event = ring.event_fd().unwrap();
    let mut event = std::fs::File::from(event.try_clone_to_owned().unwrap());
    let deadline = Instant::now() + Duration::from_secs(20);
    // It does not block, and the test has no `poll`.
    while event.read(&mut [0; 8]).is_err() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
    assert!(ring.wait(Duration::from_secs(10)));
    assert!(child.wait().unwrap().success());
}
