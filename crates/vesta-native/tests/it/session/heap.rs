//! Allocations and the live heap.

use super::program::{Running, Seen, assert_share, hooks, program, run_to_end, session};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::{SamplerOptions, Target};
use vesta_native::{EngineOptions, Session, SessionOptions};

const EVENTS: &str = "sALLOC period=32768 mode=sl";
/// Blocks of 64 KiB that are kept; three times as many are freed.
const BLOCKS: i64 = 2000;

#[test]
fn allocations_and_what_is_left_of_them_have_their_sizes() {
    let test = "allocations_and_what_is_left_of_them_have_their_sizes";
    let events = EventSpec::parse(EVENTS).unwrap();
    let hooks = hooks(&events);
    let mut stopped = Running::start(program(), &["heap", &BLOCKS.to_string()], hooks.as_ref());
    let sampler = Some(SamplerOptions::new(Target::Command(stopped.pid()), events));
    let engine = EngineOptions::default();
    let Some(mut session) = session(test, SessionOptions { sampler, hooks, engine }) else { return };
    stopped.go_on();
    let kept = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            stopped.wait_for_line("kept");
            kept.store(true, Ordering::Relaxed);
        });
        session.run_for(Instant::now() + Duration::from_secs(60), &kept);
    });
    let seen = Seen::new(session.rotate());
    let text = seen.text("alloc-space");
    let bytes = BLOCKS * (64 << 10);
    let (keep, churn) = (seen.of("alloc-space", "keep"), seen.of("alloc-space", "churn"));
    assert_share(keep, bytes, 1.0, &text);
    assert_share(churn, 3 * bytes, 1.0, &text);
    assert_share(seen.of("alloc-samples", "churn"), 3 * BLOCKS, 1.0, &text);
    let live = seen.text("inuse-space");
    assert_share(seen.of("inuse-space", "keep"), bytes, 1.0, &live);
    assert_share(seen.of("inuse-objects", "keep"), BLOCKS, 1.0, &live);
    assert!(seen.of("inuse-space", "churn") < bytes / 100, "{live}");

    // What is live is there in the next window too, without any event, and gone with its process.
    let again = Seen::new(session.rotate());
    assert_eq!(again.of("inuse-space", "keep"), seen.of("inuse-space", "keep"));
    assert_eq!(again.of("alloc-space", "keep"), 0);
    stopped.finish();
    run_to_end(&mut session);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        // The process is forgotten a second after its end.
        session.run_for(Instant::now() + Duration::from_millis(200), &AtomicBool::new(false));
        let after = Seen::new(session.rotate());
        if after.total("inuse-space") == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{}", after.text("inuse-space"));
    }
}

#[test]
fn hooks_alone_have_whole_stacks_where_no_event_is_permitted() {
    let events = EventSpec::parse("sALLOC period=32768").unwrap();
    let hooks = hooks(&events);
    let mut running = Running::start(program(), &["heap", "1000"], hooks.as_ref());
    let options = SessionOptions { sampler: None, hooks, engine: EngineOptions::default() };
    let mut session = Session::start(options).unwrap();
    running.go_on();
    let kept = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            running.wait_for_line("kept");
            kept.store(true, Ordering::Relaxed);
        });
        session.run_for(Instant::now() + Duration::from_secs(60), &kept);
    });
    let seen = Seen::new(session.finish());
    running.finish();
    let text = seen.text("alloc-space");
    assert_share(seen.of("alloc-space", "churn"), 3000 * (64 << 10), 1.0, &text);
    let whole = |row: &super::program::Row| row.stack.starts_with("program;_start;") || !row.has("churn");
    assert!(seen.rows("alloc-space").iter().all(whole), "{text}");
}
