//! CPU time of commands, processes and the host.

use super::program::{Running, Seen, drain_for, drain_to_end, is_within, sampler};
use std::time::Duration;
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::{Record, Sampler, SamplerOptions, Target};

fn cpu(target: Target, frequency: u64) -> SamplerOptions {
    SamplerOptions::new(target, vec![EventSpec::cpu(frequency)])
}

#[test]
fn a_command_is_sampled_from_its_exec_to_its_end() {
    let mut running = Running::waiting(&["burn", "500"]);
    let Some(mut sampler) = sampler("a command", &cpu(Target::Command(running.pid()), 999)) else { return };
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    assert!(is_within(seen.total(), 500_000_000, 0.05), "{seen:?}");
    assert_eq!(seen.with_stack, seen.samples);
    assert_eq!(seen.execs, ["target"]);
    assert!(seen.mapped.iter().any(|path| path.ends_with("/target")), "{seen:?}");
    assert!(seen.exits.contains(&running.pid()));
    assert_eq!(seen.lost, 0);
    seen.assert_in_order(&sampler);
    if sampler.includes_kernel() {
        assert!(seen.with_kernel > 0, "{seen:?}");
    }
}

#[test]
fn a_command_is_followed_through_forks_threads_and_further_execs() {
    let mut running = Running::waiting(&["tree", "8", "200"]);
    // Processes that share a CPU take each other's turns to be sampled: more of them, of a size that rings have room for,
    // make shares exact.
    let mut options = cpu(Target::Command(running.pid()), 1999);
    options.stack_bytes = 1024;
    options.ring_bytes = Some(4 << 20);
    let Some(mut sampler) = sampler("a tree", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    let children: Vec<u32> = seen
        .forks
        .iter()
        .filter(|(parent, child, _)| *parent == running.pid() && child != parent)
        .map(|fork| fork.1)
        .collect();
    assert_eq!(children.len(), 8, "{seen:?}");
    for child in children {
        assert!(
            is_within(seen.by_pid.get(&child).copied().unwrap_or(0), 200_000_000, 0.15),
            "{child} {seen:?}"
        );
    }
    // The exec of the command, and those of half of the children.
    assert_eq!(seen.execs.len(), 5, "{seen:?}");
    assert_eq!(seen.exits.len(), 1 + 8 + 4, "{seen:?}");
    assert_eq!(seen.lost, 0);
    seen.assert_in_order(&sampler);
}

#[test]
fn threads_that_start_while_a_process_is_attached_to_are_each_counted_once() {
    for _ in 0..5 {
        let mut running = Running::start(&["churn", "16", "3"]);
        assert_eq!(running.line(), "ready");
        let mut options = cpu(Target::Processes(vec![running.pid()]), 4999);
        // So many samples with whole stacks are more than a ring holds for a few milliseconds.
        options.stack_bytes = 512;
        options.ring_bytes = Some(1 << 20);
        let Some(mut sampler) = sampler("attach", &options) else { return };
        let mut seen = Seen::default();
        drain_for(&mut sampler, Duration::from_millis(100), &mut seen);
        running.go();
        assert_eq!(running.line(), "marked");
        let mut seen = Seen::default();
        sampler.settle(&mut |_| {});
        drain_for(&mut sampler, Duration::from_millis(500), &mut seen);
        running.close_input();
        drain_to_end(&mut sampler, &mut seen);
        let expected = *running.numbers().first().unwrap();
        // Threads of 3 ms lose half a period of 0.2 ms on each CPU they ran on. Those that count twice would show.
        let part = seen.total() as f64 / expected as f64;
        assert!((0.75..1.05).contains(&part), "{} of {expected}, {} lost: {seen:?}", seen.total(), seen.lost);
    }
}

#[test]
fn a_target_that_is_killed_ends_the_sampling_and_waits_do_not_spin() {
    let running = Running::start(&["burn", "60000"]);
    let Some(mut sampler) = sampler("a kill", &cpu(Target::Processes(vec![running.pid()]), 99)) else {
        return;
    };
    let mut seen = Seen::default();
    drain_for(&mut sampler, Duration::from_millis(100), &mut seen);
    assert!(sampler.is_alive());
    let pid = running.pid();
    drop(running);
    drain_to_end(&mut sampler, &mut seen);
    assert!(seen.exits.contains(&pid), "{seen:?}");
    let start = std::time::Instant::now();
    for _ in 0..3 {
        assert!(!sampler.wait(Duration::from_millis(20)).unwrap());
    }
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[test]
fn what_does_not_fit_into_a_ring_is_counted() {
    let mut running = Running::waiting(&["threaded", "2", "500"]);
    let mut options = cpu(Target::Command(running.pid()), 1999);
    options.ring_bytes = Some(65_536);
    let Some(mut sampler) = sampler("overflow", &options) else { return };
    assert_eq!(sampler.ring_bytes(), 65_536);
    running.go();
    // Nobody reads while it runs.
    running.close_input();
    running.child.wait().unwrap();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    // One more record has to be written for the kernel to tell of those that were lost.
    assert!(seen.samples > 0 && seen.samples < 50, "{seen:?}");
    assert_eq!(seen.lost, sampler.losses().records);
}

#[test]
fn samples_and_losses_together_are_what_was_to_be_expected() {
    let mut running = Running::waiting(&["burn", "1000"]);
    let mut options = cpu(Target::Command(running.pid()), 1000);
    options.ring_bytes = Some(65_536);
    let Some(mut sampler) = sampler("losses", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    // A reader that is too slow by far: two samples of 32 KiB fit, and 50 come in between.
    while sampler.is_alive() {
        std::thread::sleep(Duration::from_millis(50));
        sampler.drain(&mut |record| seen.add(&record));
    }
    sampler.settle(&mut |record| seen.add(&record));
    let both = seen.samples + seen.lost;
    assert!(seen.lost > seen.samples, "{seen:?}");
    assert!(is_within(both, 1000, 0.15), "{} samples, {} lost", seen.samples, seen.lost);
}

#[test]
fn records_of_all_cpus_come_in_the_order_of_time() {
    let mut running = Running::waiting(&["threaded", "8", "200"]);
    let mut options = cpu(Target::Command(running.pid()), 1999);
    options.stack_bytes = 1024;
    options.ring_bytes = Some(4 << 20);
    let Some(mut sampler) = sampler("order", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    assert!(is_within(seen.total(), 1_600_000_000, 0.05), "{}", seen.total());
    assert_eq!(seen.by_tid.len(), 9 - usize::from(!seen.by_tid.contains_key(&running.pid())));
    seen.assert_in_order(&sampler);
}

#[test]
fn the_host_is_sampled_with_all_its_processes_but_not_its_idle_time() {
    let options = cpu(Target::Host, 999);
    let mut running = Running::waiting(&["burn", "300"]);
    let Some(mut sampler) = sampler("the host", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    while !seen.exits.contains(&running.pid()) {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut |record| seen.add(&record));
    }
    let own = seen.by_pid.get(&running.pid()).copied().unwrap_or(0);
    assert!(is_within(own, 300_000_000, 0.1), "{own}");
    assert!(sampler.is_alive());
    assert!(!seen.by_pid.contains_key(&0), "{seen:?}");
}

#[test]
fn a_divisor_makes_samples_rarer_and_each_stands_for_more() {
    let mut running = Running::waiting(&["burn", "500"]);
    let Some(mut sampler) = sampler("divisor", &cpu(Target::Command(running.pid()), 1000)) else { return };
    sampler.set_frequency_divisor(4).unwrap();
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    assert!(is_within(seen.samples, 125, 0.1), "{seen:?}");
    assert!(is_within(seen.total(), 500_000_000, 0.1), "{seen:?}");
}

#[test]
fn threads_that_run_already_are_sampled_less_often_too() {
    let mut running = Running::waiting(&["threaded", "3", "700"]);
    let Some(mut sampler) = sampler("divisor later", &cpu(Target::Command(running.pid()), 1000)) else {
        return;
    };
    running.go();
    let mut before = Seen::default();
    while before.by_tid.values().filter(|time| **time > 100_000_000).count() < 3 {
        sampler.wait(Duration::from_millis(50)).unwrap();
        sampler.drain(&mut |record| before.add(&record));
    }
    sampler.set_frequency_divisor(10).unwrap();
    sampler.settle(&mut |record| before.add(&record));
    let mut after = Seen::default();
    drain_to_end(&mut sampler, &mut after);
    assert!(is_within(before.total() + after.total(), 2_100_000_000, 0.06), "{before:?} {after:?}");
    assert!(is_within(after.samples * 10_000_000, after.total(), 0.05), "{after:?}");
    assert!(after.samples > 20, "{after:?}");
}

#[test]
fn without_events_there_are_the_records_of_processes() {
    let mut running = Running::waiting(&["tree", "2", "1"]);
    let options = SamplerOptions::new(Target::Command(running.pid()), Vec::new());
    let Some(mut sampler) = sampler("no events", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    assert_eq!(seen.samples, 0);
    assert_eq!(seen.execs.len(), 2, "{seen:?}");
    assert_eq!(seen.exits.len(), 1 + 2 + 1, "{seen:?}");
}

#[test]
fn several_events_share_a_ring_and_keep_their_index() {
    let mut running = Running::waiting(&["burn", "300"]);
    let events = EventSpec::parse("sPF; sCPU freq=999; sALLOC").unwrap();
    let options = SamplerOptions::new(Target::Command(running.pid()), events);
    let Some(mut sampler) = sampler("several events", &options) else { return };
    running.go();
    let mut counts = [0; 3];
    while sampler.is_alive() {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut |record| {
            if let Record::Sample(sample) = record {
                counts[sample.event] += 1;
            }
        });
    }
    sampler.settle(&mut |_| {});
    assert!(counts[0] > 10 && counts[1] > 250 && counts[2] == 0, "{counts:?}");
}

#[test]
fn what_cannot_be_opened_is_said_with_advice() {
    let nobody = Sampler::open(&cpu(Target::Processes(vec![u32::MAX / 2]), 99)).unwrap_err();
    assert_eq!(nobody.to_string(), "there is no process 2147483647");
    assert!(nobody.advice().contains("check the process id"), "{}", nobody.advice());

    let events = EventSpec::parse("event=vesta_no_such group=vesta").unwrap();
    let error = Sampler::open(&SamplerOptions::new(Target::Host, events)).unwrap_err();
    assert!(error.to_string().contains("vesta:vesta_no_such"), "{error}");
    assert!(!error.advice().is_empty());

    // Virtual machines and most containers have none; a machine that has them opens it.
    let events = EventSpec::parse("hBSTB").unwrap();
    if let Err(error) =
        Sampler::open(&SamplerOptions::new(Target::Processes(vec![std::process::id()]), events))
    {
        assert!(error.to_string().contains("hBSTB"), "{error}");
        assert!(!error.advice().is_empty());
    }
}
