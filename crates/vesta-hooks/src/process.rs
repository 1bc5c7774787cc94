//! Hooks of functions through which libraries, threads and processes come.
#![expect(unsafe_op_in_unsafe_fn, reason = "these are the functions of C, with its rules")]

use crate::architecture::{passing_stub, plain_stub, thread_stub};
use crate::table::{self, Index, original};
use crate::{install, sampling, thread};
use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicUsize, Ordering};

passing_stub!("vesta_hooks_dlopen", Index::Dlopen, library_opens, library_opened);
passing_stub!("vesta_hooks_dlsym", Index::Dlsym, symbol_wanted, library_opened);
plain_stub!("vesta_hooks_fork", fork);
plain_stub!("vesta_hooks_thread_create", thread_create);
thread_stub!("vesta_hooks_thread_start", thread_begins);

unsafe extern "C" {
    fn vesta_hooks_thread_start(argument: usize) -> usize;
}

/// Whether we may call `dlopen` ourselves and look for what came right after. It searches by who called it (run paths,
/// `$ORIGIN`), unless it is told a path; then our being the caller makes no difference.
unsafe extern "C" fn library_opens(name: *const c_char) -> u32 {
    let path = if name.is_null() { &[] } else { CStr::from_ptr(name).to_bytes() };
    if path.contains(&b'/') && !path.contains(&b'$') {
        return 1;
    }
    if !path.is_empty() {
        install::expect_objects();
    }
    0
}

unsafe extern "C" fn library_opened() {
    install::objects_came();
}

/// Whoever asks for a function of a library is about to call it: the first occasion after a `dlopen` that we let pass.
unsafe extern "C" fn symbol_wanted() -> u32 {
    if install::expects_objects() && sampling::is_active() {
        install::look_again(sampling::now_ns());
    }
    0
}

/// The child goes on in the same ring.
unsafe extern "C" fn fork() -> usize {
    let result = table::call(Index::Fork, [0; 6]);
    if result as i32 == 0 {
        sampling::forked();
    }
    result
}

/// A thread that is being created.
struct Birth {
    /// 0 when free, 1 while being filled, else the function to start with.
    start: AtomicUsize,
    argument: AtomicUsize,
}

/// Room for those on their way. More at once start without us: their stacks are then copied by the kernel.
static BIRTHS: [Birth; 256] =
    [const { Birth { start: AtomicUsize::new(0), argument: AtomicUsize::new(0) } }; 256];

/// Lets new threads begin in [`thread_begins`], which learns where their stacks are.
unsafe extern "C" fn thread_create(id: usize, attributes: usize, start: usize, argument: usize) -> usize {
    let birth = BIRTHS
        .iter()
        .find(|birth| birth.start.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok());
    let Some(birth) =
        birth.filter(|_| original(Index::ThreadAttributes) != 0 && original(Index::ThreadSelf) != 0)
    else {
        return table::call(Index::ThreadCreate, [id, attributes, start, argument, 0, 0]);
    };
    birth.argument.store(argument, Ordering::Relaxed);
    birth.start.store(start, Ordering::Release);
    let stub = vesta_hooks_thread_start as *const () as usize;
    let birth_address = core::ptr::from_ref(birth) as usize;
    let error = table::call(Index::ThreadCreate, [id, attributes, stub, birth_address, 0, 0]);
    if error as u32 != 0 {
        birth.start.store(0, Ordering::Release);
    }
    error
}

/// The first thing a new thread does. The stub jumps to what is left in `found`.
unsafe extern "C" fn thread_begins(birth: &Birth, found: &mut [usize; 2]) {
    *found = [birth.start.load(Ordering::Acquire), birth.argument.load(Ordering::Relaxed)];
    birth.start.store(0, Ordering::Release);
    // Not in the first sample: glibc allocates in there and takes a lock of the thread.
    let thread = thread::current();
    (*thread).busy = true;
    let mut attributes = [0usize; 16];
    let address = attributes.as_mut_ptr() as usize;
    let own = table::call(Index::ThreadSelf, [0; 6]);
    if table::call(Index::ThreadAttributes, [own, address, 0, 0, 0, 0]) as u32 == 0 {
        let (mut start, mut size) = (0usize, 0usize);
        let (start_address, size_address) = ((&raw mut start) as usize, (&raw mut size) as usize);
        table::call(Index::AttributesStack, [address, start_address, size_address, 0, 0, 0]);
        table::call(Index::AttributesDestroy, [address, 0, 0, 0, 0, 0]);
        let here = address;
        if start < here && here < start.saturating_add(size) {
            (*thread).stack_start = start;
            (*thread).stack_end = start + size;
        }
    }
    (*thread).busy = false;
    (*thread).remaining = 0;
}
