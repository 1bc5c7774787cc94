//! Hooks of functions that take locks.
//!
//! Each tries first, with the function of the C library that does just that, and times the real call only when the lock
//! is busy. So every kind of mutex behaves as it does without: trying a recursive one that we own counts, trying a robust
//! one of a dead owner takes it with `EOWNERDEAD`, and an error-checking one that we own is busy, upon which the real call
//! says `EDEADLK`.
#![expect(unsafe_op_in_unsafe_fn, reason = "these are the functions of C, with its rules")]

use crate::architecture::{Context, context_stub};
use crate::layout::{DETAIL_MUTEX, DETAIL_READ, DETAIL_WRITE};
use crate::sampling::{now_ns, waited};
use crate::table::{self, Index, original};

context_stub!("vesta_hooks_mutex_lock", mutex_lock);
context_stub!("vesta_hooks_mutex_timed_lock", mutex_timed_lock);
context_stub!("vesta_hooks_mutex_clock_lock", mutex_clock_lock);
context_stub!("vesta_hooks_read_lock", read_lock);
context_stub!("vesta_hooks_read_timed_lock", read_timed_lock);
context_stub!("vesta_hooks_read_clock_lock", read_clock_lock);
context_stub!("vesta_hooks_write_lock", write_lock);
context_stub!("vesta_hooks_write_timed_lock", write_timed_lock);
context_stub!("vesta_hooks_write_clock_lock", write_clock_lock);

const EBUSY: u32 = 16;
const EDEADLK: u32 = 35;

/// Takes a lock by `attempt` if it is free, by `function` if it is not.
unsafe fn take(attempt: Index, function: Index, arguments: [usize; 3], kind: u8, context: &Context) -> usize {
    let [lock, second, third] = arguments;
    let words = [lock, second, third, 0, 0, 0];
    if original(attempt) == 0 {
        return table::call(function, words);
    }
    let result = table::call(attempt, [lock, 0, 0, 0, 0, 0]);
    if result as u32 != EBUSY {
        return result;
    }
    let start = now_ns();
    let result = table::call(function, words);
    let end = now_ns();
    if result as u32 != EDEADLK {
        waited(end.saturating_sub(start), end, lock, kind, context);
    }
    result
}

macro_rules! locks {
    ($($name:ident $attempt:ident $function:ident $kind:ident;)*) => {
        $(
            unsafe extern "C" fn $name(
                lock: usize,
                second: usize,
                third: usize,
                _: usize,
                _: usize,
                _: usize,
                context: &Context,
            ) -> usize {
                take(Index::$attempt, Index::$function, [lock, second, third], $kind, context)
            }
        )*
    };
}

locks! {
    mutex_lock MutexTryLock MutexLock DETAIL_MUTEX;
    mutex_timed_lock MutexTryLock MutexTimedLock DETAIL_MUTEX;
    mutex_clock_lock MutexTryLock MutexClockLock DETAIL_MUTEX;
    read_lock ReadTryLock ReadLock DETAIL_READ;
    read_timed_lock ReadTryLock ReadTimedLock DETAIL_READ;
    read_clock_lock ReadTryLock ReadClockLock DETAIL_READ;
    write_lock WriteTryLock WriteLock DETAIL_WRITE;
    write_timed_lock WriteTryLock WriteTimedLock DETAIL_WRITE;
    write_clock_lock WriteTryLock WriteClockLock DETAIL_WRITE;
}
