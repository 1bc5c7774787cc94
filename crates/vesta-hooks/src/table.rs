//! Which functions are hooked, and where the original ones are.

use core::sync::atomic::{AtomicUsize, Ordering};

/// Why a function is hooked, which says when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Memory is allocated.
    Allocation,
    /// As above, but only for allocators that bring their own: the `operator new` of libstdc++ and libc++ calls `malloc`.
    OwnNew,
    /// Memory is freed.
    Free,
    /// As above, but only for allocators that bring their own.
    OwnDelete,
    /// A lock is taken.
    Lock,
    /// Threads, processes and libraries come.
    Process,
    /// Another program is run.
    Exec,
    /// Not hooked, but needed.
    Helper,
}

/// A function.
pub(crate) struct Function {
    /// Ended by a zero.
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    pub(crate) hook: Option<unsafe extern "C" fn()>,
}

macro_rules! functions {
    ($($index:ident $name:literal $group:ident $($hook:ident)?;)*) => {
        /// Number of a function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum Index { $($index),* }

        unsafe extern "C" { $($(fn $hook();)?)* }

        /// All functions, by [`Index`].
        pub(crate) static FUNCTIONS: [Function; COUNT] = [
            $(Function {
                name: concat!($name, "\0"),
                group: Group::$group,
                hook: functions!(@hook $($hook)?),
            }),*
        ];

        /// How many there are.
        pub(crate) const COUNT: usize = [$(Index::$index),*].len();
    };
    (@hook) => { None };
    (@hook $hook:ident) => { Some($hook) };
}

functions! {
    Malloc "malloc" Allocation vesta_hooks_malloc;
    Mallocx "mallocx" Allocation vesta_hooks_mallocx;
    New "_Znwm" OwnNew vesta_hooks_new;
    NewArray "_Znam" OwnNew vesta_hooks_new_array;
    NewAligned "_ZnwmSt11align_val_t" OwnNew vesta_hooks_new_aligned;
    NewArrayAligned "_ZnamSt11align_val_t" OwnNew vesta_hooks_new_array_aligned;
    NewNothrow "_ZnwmRKSt9nothrow_t" OwnNew vesta_hooks_new_nothrow;
    NewArrayNothrow "_ZnamRKSt9nothrow_t" OwnNew vesta_hooks_new_array_nothrow;
    NewAlignedNothrow "_ZnwmSt11align_val_tRKSt9nothrow_t" OwnNew vesta_hooks_new_aligned_nothrow;
    NewArrayAlignedNothrow "_ZnamSt11align_val_tRKSt9nothrow_t" OwnNew vesta_hooks_new_array_aligned_nothrow;
    Calloc "calloc" Allocation vesta_hooks_calloc;
    Realloc "realloc" Allocation vesta_hooks_realloc;
    Reallocarray "reallocarray" Allocation vesta_hooks_reallocarray;
    PosixMemalign "posix_memalign" Allocation vesta_hooks_posix_memalign;
    AlignedAlloc "aligned_alloc" Allocation vesta_hooks_aligned_alloc;
    Memalign "memalign" Allocation vesta_hooks_memalign;
    Valloc "valloc" Allocation vesta_hooks_valloc;
    Pvalloc "pvalloc" Allocation vesta_hooks_pvalloc;
    Rallocx "rallocx" Allocation vesta_hooks_rallocx;
    Mmap "mmap" Allocation vesta_hooks_mmap;
    Mmap64 "mmap64" Allocation vesta_hooks_mmap64;
    Mremap "mremap" Allocation vesta_hooks_mremap;
    Free "free" Free vesta_hooks_free;
    Cfree "cfree" Free vesta_hooks_cfree;
    FreeSized "free_sized" Free vesta_hooks_free_sized;
    FreeAlignedSized "free_aligned_sized" Free vesta_hooks_free_aligned_sized;
    Dallocx "dallocx" Free vesta_hooks_dallocx;
    Sdallocx "sdallocx" Free vesta_hooks_sdallocx;
    Munmap "munmap" Free vesta_hooks_munmap;
    Delete "_ZdlPv" OwnDelete vesta_hooks_delete;
    DeleteArray "_ZdaPv" OwnDelete vesta_hooks_delete_array;
    DeleteSized "_ZdlPvm" OwnDelete vesta_hooks_delete_sized;
    DeleteArraySized "_ZdaPvm" OwnDelete vesta_hooks_delete_array_sized;
    DeleteAligned "_ZdlPvSt11align_val_t" OwnDelete vesta_hooks_delete_aligned;
    DeleteArrayAligned "_ZdaPvSt11align_val_t" OwnDelete vesta_hooks_delete_array_aligned;
    DeleteSizedAligned "_ZdlPvmSt11align_val_t" OwnDelete vesta_hooks_delete_sized_aligned;
    DeleteArraySizedAligned "_ZdaPvmSt11align_val_t" OwnDelete vesta_hooks_delete_array_sized_aligned;
    DeleteNothrow "_ZdlPvRKSt9nothrow_t" OwnDelete vesta_hooks_delete_nothrow;
    DeleteArrayNothrow "_ZdaPvRKSt9nothrow_t" OwnDelete vesta_hooks_delete_array_nothrow;
    DeleteAlignedNothrow "_ZdlPvSt11align_val_tRKSt9nothrow_t" OwnDelete vesta_hooks_delete_aligned_nothrow;
    DeleteArrayAlignedNothrow "_ZdaPvSt11align_val_tRKSt9nothrow_t" OwnDelete vesta_hooks_delete_array_aligned_nothrow;
    MutexLock "pthread_mutex_lock" Lock vesta_hooks_mutex_lock;
    MutexTimedLock "pthread_mutex_timedlock" Lock vesta_hooks_mutex_timed_lock;
    MutexClockLock "pthread_mutex_clocklock" Lock vesta_hooks_mutex_clock_lock;
    ReadLock "pthread_rwlock_rdlock" Lock vesta_hooks_read_lock;
    ReadTimedLock "pthread_rwlock_timedrdlock" Lock vesta_hooks_read_timed_lock;
    ReadClockLock "pthread_rwlock_clockrdlock" Lock vesta_hooks_read_clock_lock;
    WriteLock "pthread_rwlock_wrlock" Lock vesta_hooks_write_lock;
    WriteTimedLock "pthread_rwlock_timedwrlock" Lock vesta_hooks_write_timed_lock;
    WriteClockLock "pthread_rwlock_clockwrlock" Lock vesta_hooks_write_clock_lock;
    Dlopen "dlopen" Process vesta_hooks_dlopen;
    Dlsym "dlsym" Process vesta_hooks_dlsym;
    ThreadCreate "pthread_create" Process vesta_hooks_thread_create;
    Fork "fork" Process vesta_hooks_fork;
    Execve "execve" Exec vesta_hooks_execve;
    Execv "execv" Exec vesta_hooks_execv;
    Execvp "execvp" Exec vesta_hooks_execvp;
    Execvpe "execvpe" Exec vesta_hooks_execvpe;
    Execveat "execveat" Exec vesta_hooks_execveat;
    Fexecve "fexecve" Exec vesta_hooks_fexecve;
    Execl "execl" Exec vesta_hooks_execl;
    Execlp "execlp" Exec vesta_hooks_execlp;
    Execle "execle" Exec vesta_hooks_execle;
    PosixSpawn "posix_spawn" Exec vesta_hooks_posix_spawn;
    PosixSpawnp "posix_spawnp" Exec vesta_hooks_posix_spawnp;
    System "system" Exec vesta_hooks_system;
    Popen "popen" Exec vesta_hooks_popen;
    MutexTryLock "pthread_mutex_trylock" Helper;
    ReadTryLock "pthread_rwlock_tryrdlock" Helper;
    WriteTryLock "pthread_rwlock_trywrlock" Helper;
    ThreadSelf "pthread_self" Helper;
    ThreadAttributes "pthread_getattr_np" Helper;
    AttributesStack "pthread_attr_getstack" Helper;
    AttributesDestroy "pthread_attr_destroy" Helper;
    ClockGettime "clock_gettime" Helper;
}

/// Where the original functions are, by [`Index`]; 0 where none was found.
pub(crate) static ORIGINALS: [AtomicUsize; COUNT] = [const { AtomicUsize::new(0) }; COUNT];

/// The address of the original.
#[inline(always)]
pub(crate) fn original(index: Index) -> usize {
    ORIGINALS[index as usize].load(Ordering::Relaxed)
}

/// The original as a function of whole words, as the C calling convention passes integers and pointers.
///
/// # Safety
/// The function was found, and takes no more than these arguments.
#[inline(always)]
pub(crate) unsafe fn call(index: Index, arguments: [usize; 6]) -> usize {
    // SAFETY: the caller's; what is passed beyond the arguments is not looked at.
    unsafe { call_address(original(index), arguments) }
}

/// A function of whole words at an address.
///
/// # Safety
/// As [`call`].
#[inline(always)]
pub(crate) unsafe fn call_address(address: usize, arguments: [usize; 6]) -> usize {
    type Words = unsafe extern "C" fn(usize, usize, usize, usize, usize, usize) -> usize;
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the caller's.
    unsafe { core::mem::transmute::<usize, Words>(address)(a, b, c, d, e, f) }
}

impl Function {
    /// The address of the hook; 0 if there is none.
    pub(crate) fn hook_address(&self) -> usize {
        self.hook.map_or(0, |hook| hook as usize)
    }

    /// The name without its end.
    pub(crate) fn name_bytes(&self) -> &'static [u8] {
        self.name.as_bytes().strip_suffix(b"\0").unwrap_or_default()
    }
}

/// The function of this name that has a hook.
///
/// # Safety
/// The name ends with a zero.
pub(crate) unsafe fn find(name: *const u8) -> Option<usize> {
    // SAFETY: reads no further than the zero.
    let byte = |at: usize| unsafe { *name.add(at) };
    match byte(0) {
        b'm' | b'c' | b'r' | b'p' | b'a' | b'v' | b'f' | b'd' | b's' | b'e' => {}
        // C++ names begin alike, and there are many of them.
        b'_' if byte(1) == b'Z' && matches!(byte(2), b'n' | b'd') => {}
        _ => return None,
    }
    FUNCTIONS.iter().position(|function| {
        // The zero at the end is compared too.
        function.hook.is_some() && function.name.bytes().enumerate().all(|(at, wanted)| byte(at) == wanted)
    })
}
