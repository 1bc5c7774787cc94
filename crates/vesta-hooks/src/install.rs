//! Putting hooks into the slots through which loaded objects call each other, and taking them out.
#![expect(unsafe_op_in_unsafe_fn, reason = "everything here changes the tables of the dynamic linker")]

use crate::architecture::number;
use crate::objects::{self, Object};
use crate::options::Options;
use crate::system::{self, PROT_READ, PROT_WRITE};
use crate::table::{FUNCTIONS, Group, Index, ORIGINALS, original};
use crate::thread::{PROCESS_BYTES, process};
use crate::{live, sampling};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Groups that are hooked, as bits.
static GROUPS: AtomicU32 = AtomicU32::new(0);
/// The preload library leaves itself alone. In process, our own object is the program.
static SKIP_OWN_OBJECT: AtomicBool = AtomicBool::new(false);
/// Asks the listener which process this is, where somebody can.
static ASK: AtomicUsize = AtomicUsize::new(0);

/// Objects that came without `dlopen` (by a static or cached call of it) are found after this time at the latest.
const LOOK_NS: u64 = 5_000_000_000;
/// How long every occasion is taken to find the objects of a `dlopen` that has just begun.
const EAGER_NS: u64 = 1_000_000_000;

/// How the hooks are installed.
pub(crate) struct Plan {
    pub(crate) options: Options,
    /// This process for whoever reads the ring.
    pub(crate) outer_pid: u32,
    pub(crate) cause: u8,
    /// Follow into other programs.
    pub(crate) exec: bool,
    pub(crate) skip_own_object: bool,
    /// Asks again for `outer_pid`, in a child.
    pub(crate) ask: Option<fn() -> Option<u32>>,
}

/// Finds the original functions and puts the hooks in. The ring must be attached. `false` when there is no `malloc`: a
/// static executable.
///
/// # Safety
/// Once at a time.
pub(crate) unsafe fn install(plan: &Plan) -> bool {
    find_originals();
    if original(Index::Malloc) == 0 {
        return false;
    }
    let options = &plan.options;
    let mut groups = 1 << Group::Process as u32;
    if options.allocation_interval_bytes > 0 {
        groups |= 1 << Group::Allocation as u32 | 1 << Group::OwnNew as u32;
        if options.live_heap && live::prepare() {
            groups |= 1 << Group::Free as u32 | 1 << Group::OwnDelete as u32;
        }
    }
    if options.locks {
        groups |= 1 << Group::Lock as u32;
    }
    if plan.exec && options.follow_children {
        groups |= 1 << Group::Exec as u32;
    }
    GROUPS.store(groups, Ordering::Relaxed);
    SKIP_OWN_OBJECT.store(plan.skip_own_object, Ordering::Relaxed);
    ASK.store(plan.ask.map_or(0, |ask| ask as usize), Ordering::Relaxed);
    // Kernels before 4.14 refuse; then the fork hook does what is needed.
    let state = core::ptr::from_ref(process()) as usize;
    let bytes = PROCESS_BYTES + crate::thread::FILTER_BYTES;
    let _ = system::call(number::MADVISE, [state, bytes, system::MADV_WIPEONFORK, 0, 0, 0]);
    sampling::activate(options, plan.outer_pid, plan.cause);
    patch(true);
    true
}

/// Takes the hooks out.
///
/// # Safety
/// As [`install`].
pub(crate) unsafe fn remove() {
    sampling::deactivate();
    GROUPS.store(0, Ordering::Relaxed);
    // Another thread may be looking for new objects, which takes a millisecond at most.
    for _ in 0..1_000 {
        if patch(false) {
            return;
        }
        system::futex_wait(&raw const process().patching, 1, 1_000_000);
    }
}

/// Looks for objects that were loaded since the last time, when it is time.
///
/// # Safety
/// Not from a signal handler that may have interrupted the dynamic linker.
pub(crate) unsafe fn look_again(now_ns: u64) {
    let process = process();
    let eager = now_ns < process.eager_until_ns.load(Ordering::Relaxed);
    let next = process.next_look_ns.load(Ordering::Relaxed);
    if !eager && now_ns < next {
        return;
    }
    process.next_look_ns.store(now_ns + LOOK_NS, Ordering::Relaxed);
    if !eager {
        process.eager_until_ns.store(0, Ordering::Relaxed);
    }
    // While objects are being loaded they are listed before their slots are filled, so a look within that time proves
    // nothing.
    if eager || objects::additions() != process.additions.load(Ordering::Relaxed) {
        find_originals();
        patch(true);
    }
}

/// A `dlopen` begins, and will not tell when it ends.
pub(crate) fn expect_objects() {
    process().eager_until_ns.store(sampling::now_ns() + EAGER_NS, Ordering::Relaxed);
}

/// Whether objects may be coming.
pub(crate) fn expects_objects() -> bool {
    process().eager_until_ns.load(Ordering::Relaxed) != 0
}

/// New objects are there.
///
/// # Safety
/// As [`look_again`].
pub(crate) unsafe fn objects_came() {
    if sampling::is_active() {
        find_originals();
        patch(true);
    }
}

/// This process as the listener sees it.
pub(crate) fn outer_pid() -> Option<u32> {
    let ask = ASK.load(Ordering::Relaxed);
    if ask == 0 {
        return None;
    }
    // SAFETY: stored from such a function.
    unsafe { core::mem::transmute::<usize, fn() -> Option<u32>>(ask)() }
}

/// Functions keep the first definition that was found, as the linker does: libraries that come later do not replace it.
unsafe fn find_originals() {
    objects::each_object(&mut |object| {
        for (function, found) in FUNCTIONS.iter().zip(&ORIGINALS) {
            if found.load(Ordering::Relaxed) == 0
                && let Some(address) = object.find(function.name_bytes())
            {
                found.store(address, Ordering::Release);
            }
        }
        true
    });
}

/// Puts hooks in, or originals back. `false` when another thread is at it; what that one misses is found at the next look.
unsafe fn patch(hook: bool) -> bool {
    if process().patching.swap(1, Ordering::Acquire) != 0 {
        return false;
    }
    process().additions.store(objects::additions(), Ordering::Relaxed);
    let own_news = own_news();
    let own = core::ptr::from_ref(process()) as usize;
    objects::each_object(&mut |object| {
        let skipped = SKIP_OWN_OBJECT.load(Ordering::Relaxed) && object.contains(own);
        if !skipped && !object.is_linker() {
            patch_object(object, hook, own_news);
        }
        true
    });
    process().patching.store(0, Ordering::Release);
    true
}

/// Whether `operator new` belongs to the allocator, rather than calling `malloc`.
unsafe fn own_news() -> bool {
    let (malloc, new) = (original(Index::Malloc), original(Index::New));
    let mut own = false;
    objects::each_object(&mut |object| {
        let found = object.contains(malloc);
        own |= found && object.contains(new);
        !found
    });
    own
}

unsafe fn patch_object(object: &Object, hook: bool, own_news: bool) {
    let groups = GROUPS.load(Ordering::Relaxed);
    // What an allocator asks of itself or of the kernel is counted already. A C library is more than an allocator.
    let c_library = object.is_c_library();
    let allocator = !c_library && object.contains(original(Index::Malloc));
    let mut unlocked = (0, 0);
    object.each_slot(&mut |slot| {
        let Some(index) = crate::table::find(slot.name) else { return };
        let function = &FUNCTIONS[index];
        let original = ORIGINALS[index].load(Ordering::Relaxed);
        let hook_address = function.hook_address();
        let current = &*(slot.address as *const AtomicUsize);
        let value = current.load(Ordering::Relaxed);
        if original == 0 {
            return;
        }
        let target = if hook {
            let wanted = groups & 1 << function.group as u32 != 0
                && match function.group {
                    Group::Allocation | Group::Free => !allocator,
                    Group::OwnNew | Group::OwnDelete => own_news && !allocator,
                    Group::Lock => !c_library && !object.name().starts_with(b"libpthread"),
                    _ => true,
                };
            let lazy = slot.lazy && !slot.own && value != original && object.contains_code(value);
            if !wanted || (value != original && !lazy) {
                return;
            }
            hook_address
        } else if value == hook_address {
            original
        } else {
            return;
        };
        if object.is_read_only(slot.address) {
            let page = slot.address & !(PAGE - 1);
            if unlocked != (page, page + PAGE) {
                lock(&mut unlocked);
                let writable = PROT_READ | PROT_WRITE;
                if system::call(number::MPROTECT, [page, PAGE, writable, 0, 0, 0]).is_err() {
                    return;
                }
                unlocked = (page, page + PAGE);
            }
        }
        current.store(target, Ordering::Release);
    });
    lock(&mut unlocked);
}

const PAGE: usize = if cfg!(target_arch = "x86_64") { 4096 } else { 65_536 };

/// Makes a page read-only again.
unsafe fn lock(unlocked: &mut (usize, usize)) {
    let (start, end) = core::mem::take(unlocked);
    if end != 0 {
        let _ = system::call(number::MPROTECT, [start, end - start, PROT_READ, 0, 0, 0]);
    }
}
