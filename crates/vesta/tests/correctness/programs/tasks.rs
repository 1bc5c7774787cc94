//! Async functions on a small executor of its own: `read` works twice as long as `write`, each awaited by `serve`.
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

unsafe extern "C" {
    fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
}

fn thread_seconds() -> f64 {
    let mut time = [0, 0];
    unsafe { clock_gettime(3, &mut time) };
    time[0] as f64 + time[1] as f64 * 1e-9
}

#[inline(never)]
fn spend(seconds: f64) {
    let end = thread_seconds() + seconds;
    let mut state = 1_u64;
    while thread_seconds() < end {
        for _ in 0..10_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        state = black_box(state);
    }
}

/// Gives way once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[inline(never)]
async fn read(seconds: f64) {
    for _ in 0..2 {
        spend(seconds / 2.0);
        Yield(false).await;
    }
}

#[inline(never)]
async fn write(seconds: f64) {
    for _ in 0..2 {
        Yield(false).await;
        spend(seconds / 2.0);
    }
}

/// Through a table of functions, as executors do it; else all of it becomes one function.
async fn serve() {
    let steps: [Pin<Box<dyn Future<Output = ()>>>; 2] = [Box::pin(read(1.0)), Box::pin(write(0.5))];
    for step in steps {
        step.await;
    }
}

#[inline(never)]
fn block_on(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    while future.as_mut().poll(&mut context).is_pending() {
        black_box(&context);
    }
    black_box(());
}

fn main() {
    block_on(serve());
}
