//! What a `malloc` and its `free` cost with hooks, against none: in one run, taking turns, in CPU time of the thread.
//!
//! `cargo bench -p vesta-hooks`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

use std::hint::black_box;
use std::time::Duration;
use vesta_hooks::{Event, Options};

unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn free(address: *mut u8);
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

/// Nanoseconds this thread has computed.
fn thread_cpu_ns() -> f64 {
    const THREAD_CPU_TIME: i32 = 3;
    let mut time = [0; 2];
    // SAFETY: two words to fill.
    unsafe { clock_gettime(THREAD_CPU_TIME, &raw mut time) };
    time[0] as f64 * 1e9 + time[1] as f64
}

const PAIRS: u32 = 2_000_000;
const ROUNDS: usize = 31;

/// Nanoseconds of a pair of this size.
fn pair(size: usize) -> f64 {
    let start = thread_cpu_ns();
    for _ in 0..PAIRS {
        // SAFETY: what is allocated is freed.
        unsafe { free(black_box(malloc(black_box(size)))) };
    }
    (thread_cpu_ns() - start) / f64::from(PAIRS)
}

/// Hooks of this kind around `run`, with a reader that keeps the ring empty as a profiler does.
fn with_hooks<T>(options: &Options, samples: &mut u64, run: impl FnOnce() -> T) -> T {
    let mut ring = match vesta_hooks::start(options) {
        Ok(ring) => ring,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    };
    let (done, stop) = std::sync::mpsc::channel::<()>();
    let reader = std::thread::spawn(move || {
        vesta_hooks::exclude_current_thread();
        let mut count = 0u64;
        let mut count_one = |event: Event<'_>| count += u64::from(matches!(event, Event::Allocation(_)));
        while !matches!(stop.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)) {
            ring.wait(Duration::from_millis(50));
            ring.drain(u64::MAX, usize::MAX, &mut count_one);
        }
        count
    });
    let result = run();
    vesta_hooks::stop(Duration::from_secs(1));
    drop(done);
    *samples += reader.join().unwrap_or_default();
    result
}

/// The lower quartile is what it costs on a machine where others work too; the median is shown beside it.
fn quartile_and_median(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    (at(values.len() / 4), at(values.len() / 2))
}

fn main() {
    let idle = Options { allocation_interval_bytes: 1 << 60, ..Options::default() };
    let live = Options { live_heap: true, ..idle };
    let active = Options::default();
    let active_live = Options { live_heap: true, ..active };
    let cases: [(&str, Option<Options>); 5] = [
        ("no hooks", None),
        ("idle: nothing sampled", Some(idle)),
        ("idle, live heap", Some(live)),
        ("512 KiB", Some(active)),
        ("512 KiB, live heap", Some(active_live)),
    ];
    println!(
        "ns per malloc/free pair in {ROUNDS} rounds of {PAIRS}: lower quartile, median, and more than without hooks"
    );
    for size in [32, 1000, 16_000] {
        let mut times = vec![Vec::new(); cases.len()];
        let mut samples = [0u64; 5];
        for _ in 0..ROUNDS {
            for (((_, options), times), samples) in cases.iter().zip(&mut times).zip(&mut samples) {
                times.push(match options {
                    None => pair(size),
                    Some(options) => with_hooks(options, samples, || pair(size)),
                });
            }
        }
        let figures: Vec<_> = times.into_iter().map(quartile_and_median).collect();
        let (base_quartile, base_median) = figures.first().copied().unwrap_or_default();
        for (((name, _), (quartile, median)), samples) in cases.iter().zip(&figures).zip(samples) {
            let (more_quartile, more_median) = (quartile - base_quartile, median - base_median);
            println!(
                "{size:>6} bytes  {name:<22} {quartile:8.2} {more_quartile:+7.2} {median:10.2} {more_median:+7.2} {samples:>9}"
            );
        }
    }
}
