//! Hooks of functions that allocate and free.
#![expect(unsafe_op_in_unsafe_fn, reason = "these are the functions of C, with its rules")]

use crate::architecture::{Context, context_stub, counting_stub, freeing_stub};
use crate::layout::{DETAIL_MALLOC, DETAIL_MAP, DETAIL_NEW, DETAIL_REALLOC};
use crate::live;
use crate::sampling::{allocated, freed, now_ns};
use crate::table::{self, Index};
use crate::thread::{self, Before, before};

counting_stub!("vesta_hooks_malloc", Index::Malloc, count_malloc);
counting_stub!("vesta_hooks_mallocx", Index::Mallocx, count_malloc);
counting_stub!("vesta_hooks_new", Index::New, count_new);
counting_stub!("vesta_hooks_new_array", Index::NewArray, count_new);
counting_stub!("vesta_hooks_new_aligned", Index::NewAligned, count_new);
counting_stub!("vesta_hooks_new_array_aligned", Index::NewArrayAligned, count_new);
counting_stub!("vesta_hooks_new_nothrow", Index::NewNothrow, count_new);
counting_stub!("vesta_hooks_new_array_nothrow", Index::NewArrayNothrow, count_new);
counting_stub!("vesta_hooks_new_aligned_nothrow", Index::NewAlignedNothrow, count_new);
counting_stub!("vesta_hooks_new_array_aligned_nothrow", Index::NewArrayAlignedNothrow, count_new);

freeing_stub!("vesta_hooks_free", Index::Free, free);
freeing_stub!("vesta_hooks_cfree", Index::Cfree, free);
freeing_stub!("vesta_hooks_free_sized", Index::FreeSized, free);
freeing_stub!("vesta_hooks_free_aligned_sized", Index::FreeAlignedSized, free);
freeing_stub!("vesta_hooks_dallocx", Index::Dallocx, free);
freeing_stub!("vesta_hooks_sdallocx", Index::Sdallocx, free);
// Mappings that are given back in parts count until their first page goes.
freeing_stub!("vesta_hooks_munmap", Index::Munmap, free);
freeing_stub!("vesta_hooks_delete", Index::Delete, free);
freeing_stub!("vesta_hooks_delete_array", Index::DeleteArray, free);
freeing_stub!("vesta_hooks_delete_sized", Index::DeleteSized, free);
freeing_stub!("vesta_hooks_delete_array_sized", Index::DeleteArraySized, free);
freeing_stub!("vesta_hooks_delete_aligned", Index::DeleteAligned, free);
freeing_stub!("vesta_hooks_delete_array_aligned", Index::DeleteArrayAligned, free);
freeing_stub!("vesta_hooks_delete_sized_aligned", Index::DeleteSizedAligned, free);
freeing_stub!("vesta_hooks_delete_array_sized_aligned", Index::DeleteArraySizedAligned, free);
freeing_stub!("vesta_hooks_delete_nothrow", Index::DeleteNothrow, free);
freeing_stub!("vesta_hooks_delete_array_nothrow", Index::DeleteArrayNothrow, free);
freeing_stub!("vesta_hooks_delete_aligned_nothrow", Index::DeleteAlignedNothrow, free);
freeing_stub!("vesta_hooks_delete_array_aligned_nothrow", Index::DeleteArrayAlignedNothrow, free);

context_stub!("vesta_hooks_calloc", calloc);
context_stub!("vesta_hooks_realloc", realloc);
context_stub!("vesta_hooks_reallocarray", reallocarray);
context_stub!("vesta_hooks_posix_memalign", posix_memalign);
context_stub!("vesta_hooks_aligned_alloc", aligned_alloc);
context_stub!("vesta_hooks_memalign", memalign);
context_stub!("vesta_hooks_valloc", valloc);
context_stub!("vesta_hooks_pvalloc", pvalloc);
context_stub!("vesta_hooks_rallocx", rallocx);
context_stub!("vesta_hooks_mmap", mmap);
context_stub!("vesta_hooks_mmap64", mmap64);
context_stub!("vesta_hooks_mremap", mremap);

/// The stub has subtracted the size and found the gap used up. Undone, so that failures and hooks beneath count right.
unsafe fn undo(size: usize) -> Before {
    let thread = thread::current();
    (*thread).remaining = (*thread).remaining.wrapping_add(size as u64);
    before()
}

unsafe extern "C" fn count_malloc(
    size: usize,
    second: usize,
    third: usize,
    index: usize,
    context: &Context,
) -> usize {
    let before = undo(size);
    let original = table::ORIGINALS[index].load(core::sync::atomic::Ordering::Relaxed);
    let address = table::call_address(original, [size, second, third, 0, 0, 0]);
    allocated(before, size, address, DETAIL_MALLOC, context);
    address
}

/// Exceptions cannot pass through Rust, so the variant that returns null is called; on null the stub calls the other one,
/// which throws with nothing of ours on the stack.
unsafe extern "C" fn count_new(
    size: usize,
    second: usize,
    third: usize,
    index: usize,
    context: &Context,
) -> usize {
    const PLAIN: usize = Index::New as usize;
    const ARRAY: usize = Index::NewArray as usize;
    const ALIGNED: usize = Index::NewAligned as usize;
    const ARRAY_ALIGNED: usize = Index::NewArrayAligned as usize;
    let before = undo(size);
    // The last argument of these is a reference to an empty object that is not looked at.
    let tag = (&raw const EMPTY) as usize;
    let (index, second, third) = match index {
        PLAIN => (Index::NewNothrow as usize, tag, 0),
        ARRAY => (Index::NewArrayNothrow as usize, tag, 0),
        ALIGNED => (Index::NewAlignedNothrow as usize, second, tag),
        ARRAY_ALIGNED => (Index::NewArrayAlignedNothrow as usize, second, tag),
        other => (other, second, third),
    };
    let original = table::ORIGINALS[index].load(core::sync::atomic::Ordering::Relaxed);
    if original == 0 {
        return 0;
    }
    let address = table::call_address(original, [size, second, third, 0, 0, 0]);
    allocated(before, size, address, DETAIL_NEW, context);
    address
}

static EMPTY: u64 = 0;

/// The filter did not rule out that the address is a live sample. Reported before it is given back: afterwards, another
/// thread may have it.
unsafe extern "C" fn free(address: usize) {
    if address != 0 && live::remove(address) {
        freed(address, now_ns());
    }
}

type Word = usize;

unsafe extern "C" fn calloc(
    count: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    let before = before();
    let address = table::call(Index::Calloc, [count, size, 0, 0, 0, 0]);
    allocated(before, count.wrapping_mul(size), address, DETAIL_MALLOC, context);
    address
}

/// Calls an original that moves what is at `old` to where it has room for `size` bytes.
unsafe fn move_to(
    old: Word,
    size: Word,
    kind: u8,
    context: &Context,
    original: impl FnOnce() -> Word,
) -> Word {
    let tracked = old != 0 && live::may_contain(old) && live::remove(old);
    let time_ns = if tracked { now_ns() } else { 0 };
    let before = before();
    let address = original();
    let failed = if kind == DETAIL_MAP { address == MAP_FAILED } else { address == 0 && size != 0 };
    if failed {
        if tracked {
            live::insert(old);
        }
        return address;
    }
    if tracked {
        freed(old, time_ns);
    }
    allocated(before, size, address, kind, context);
    address
}

unsafe extern "C" fn realloc(
    old: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    move_to(old, size, DETAIL_REALLOC, context, || table::call(Index::Realloc, [old, size, 0, 0, 0, 0]))
}

unsafe extern "C" fn reallocarray(
    old: Word,
    count: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    // What does not fit fails, and a failure does not look at the size, except that it must not be 0.
    let bytes = count.checked_mul(size).unwrap_or(Word::MAX);
    move_to(old, bytes, DETAIL_REALLOC, context, || {
        table::call(Index::Reallocarray, [old, count, size, 0, 0, 0])
    })
}

unsafe extern "C" fn rallocx(
    old: Word,
    size: Word,
    flags: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    move_to(old, size, DETAIL_REALLOC, context, || table::call(Index::Rallocx, [old, size, flags, 0, 0, 0]))
}

unsafe extern "C" fn posix_memalign(
    result: Word,
    alignment: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    let before = before();
    let error = table::call(Index::PosixMemalign, [result, alignment, size, 0, 0, 0]);
    if error as u32 == 0 {
        allocated(before, size, *(result as *const Word), DETAIL_MALLOC, context);
    }
    error
}

/// The functions with an alignment and a size.
unsafe fn aligned(index: Index, alignment: Word, size: Word, context: &Context) -> Word {
    let before = before();
    let address = table::call(index, [alignment, size, 0, 0, 0, 0]);
    allocated(before, size, address, DETAIL_MALLOC, context);
    address
}

unsafe extern "C" fn aligned_alloc(
    alignment: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    aligned(Index::AlignedAlloc, alignment, size, context)
}

unsafe extern "C" fn memalign(
    alignment: Word,
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    aligned(Index::Memalign, alignment, size, context)
}

/// The functions with a size alone.
unsafe fn page_aligned(index: Index, size: Word, context: &Context) -> Word {
    let before = before();
    let address = table::call(index, [size, 0, 0, 0, 0, 0]);
    allocated(before, size, address, DETAIL_MALLOC, context);
    address
}

unsafe extern "C" fn valloc(
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    page_aligned(Index::Valloc, size, context)
}

unsafe extern "C" fn pvalloc(
    size: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    _: Word,
    context: &Context,
) -> Word {
    page_aligned(Index::Pvalloc, size, context)
}

const MAP_FAILED: Word = Word::MAX;

/// Anonymous memory that may be written. Files are not allocations, and what is only reserved (`PROT_NONE`, or
/// `MAP_NORESERVE`: the heaps of virtual machines) may be larger than the machine.
unsafe fn mapped(index: Index, arguments: [Word; 6], context: &Context) -> Word {
    const WRITABLE: usize = 2;
    const ANONYMOUS: usize = 0x20;
    const NO_RESERVE: usize = 0x4000;
    let before = before();
    let address = table::call(index, arguments);
    let [_, size, protection, flags, _, _] = arguments;
    let counts = protection & WRITABLE != 0 && flags & (ANONYMOUS | NO_RESERVE) == ANONYMOUS;
    if counts && address != MAP_FAILED {
        allocated(before, size, address, DETAIL_MAP, context);
    }
    address
}

unsafe extern "C" fn mmap(
    address: Word,
    size: Word,
    protection: Word,
    flags: Word,
    fd: Word,
    offset: Word,
    context: &Context,
) -> Word {
    mapped(Index::Mmap, [address, size, protection, flags, fd, offset], context)
}

unsafe extern "C" fn mmap64(
    address: Word,
    size: Word,
    protection: Word,
    flags: Word,
    fd: Word,
    offset: Word,
    context: &Context,
) -> Word {
    mapped(Index::Mmap64, [address, size, protection, flags, fd, offset], context)
}

/// As `realloc`: a new allocation of the new size.
unsafe extern "C" fn mremap(
    old: Word,
    old_size: Word,
    size: Word,
    flags: Word,
    address: Word,
    _: Word,
    context: &Context,
) -> Word {
    move_to(old, size, DETAIL_MAP, context, || {
        table::call(Index::Mremap, [old, old_size, size, flags, address, 0])
    })
}
