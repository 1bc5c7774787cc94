//! aarch64. Compiled by the gate, never run by it.

use core::arch::asm;

/// Number of registers in DWARF order: x0..=x30, the stack pointer, the program counter.
pub const REGISTERS: usize = 33;
/// A symbol's address, anywhere in data.
pub(crate) const RELOCATION_ADDRESS: u32 = 257;
/// A symbol's address in the global offset table.
pub(crate) const RELOCATION_GLOBAL: u32 = 1025;
/// A function's address for calls, possibly found at the first call.
pub(crate) const RELOCATION_CALL: u32 = 1026;

/// Numbers of system calls.
pub(crate) mod number {
    pub(crate) const EVENTFD2: usize = 19;
    pub(crate) const FCNTL: usize = 25;
    pub(crate) const FTRUNCATE: usize = 46;
    pub(crate) const FACCESSAT: usize = 48;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const CLOSE: usize = 57;
    pub(crate) const READ: usize = 63;
    pub(crate) const FUTEX: usize = 98;
    pub(crate) const CLOCK_GETTIME: usize = 113;
    pub(crate) const KILL: usize = 129;
    pub(crate) const GETPID: usize = 172;
    pub(crate) const GETPPID: usize = 173;
    pub(crate) const GETTID: usize = 178;
    pub(crate) const SOCKET: usize = 198;
    pub(crate) const CONNECT: usize = 203;
    pub(crate) const SENDTO: usize = 206;
    pub(crate) const SETSOCKOPT: usize = 208;
    pub(crate) const GETSOCKOPT: usize = 209;
    pub(crate) const SENDMSG: usize = 211;
    pub(crate) const RECVMSG: usize = 212;
    pub(crate) const MUNMAP: usize = 215;
    pub(crate) const MMAP: usize = 222;
    pub(crate) const MPROTECT: usize = 226;
    pub(crate) const MADVISE: usize = 233;
    pub(crate) const PRLIMIT64: usize = 261;
    pub(crate) const PROCESS_VM_READV: usize = 270;
    pub(crate) const GETRANDOM: usize = 278;
    pub(crate) const MEMFD_CREATE: usize = 279;
}

/// A system call; a negative number is an error. `errno` stays as it is.
///
/// # Safety
/// As the call.
#[inline(always)]
pub(crate) unsafe fn system_call(number: usize, arguments: [usize; 6]) -> isize {
    let result;
    // SAFETY: what the kernel does is the caller's affair; it changes no registers but this.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") arguments[0] => result,
            in("x1") arguments[1],
            in("x2") arguments[2],
            in("x3") arguments[3],
            in("x4") arguments[4],
            in("x5") arguments[5],
            options(nostack)
        );
    }
    result
}

/// The address of this thread's state.
#[inline(always)]
pub(crate) fn thread_state() -> usize {
    let address: usize;
    // SAFETY: reads the offset of the variable and the thread pointer, both constant for a thread.
    unsafe {
        asm!(
            "adrp {address}, :gottprel:vesta_hooks_thread",
            "ldr {address}, [{address}, :gottprel_lo12:vesta_hooks_thread]",
            "mrs {pointer}, tpidr_el0",
            "add {address}, {address}, {pointer}",
            address = out(reg) address,
            pointer = out(reg) _,
            options(nostack, pure, readonly)
        );
    }
    address
}

/// What the first instructions of a hook saved: the caller's registers, right below its stack frame.
#[repr(C)]
pub(crate) struct Context {
    frame_pointer: u64,
    return_address: u64,
    saved: [u64; 10],
}

impl Context {
    /// The caller's stack pointer.
    pub(crate) fn stack_pointer(&self) -> usize {
        core::ptr::from_ref(self) as usize + size_of::<Context>()
    }

    /// The caller's registers in DWARF order, inside the call.
    pub(crate) fn registers(&self) -> [u64; REGISTERS] {
        let mut registers = [0; REGISTERS];
        registers[19..29].copy_from_slice(&self.saved);
        registers[29] = self.frame_pointer;
        registers[30] = self.return_address;
        registers[31] = self.stack_pointer() as u64;
        registers[32] = self.return_address.wrapping_sub(1);
        registers
    }
}

core::arch::global_asm!(
    ".section .tbss,\"awT\",%nobits",
    ".balign 64",
    ".globl vesta_hooks_thread",
    ".hidden vesta_hooks_thread",
    ".type vesta_hooks_thread,%object",
    ".size vesta_hooks_thread,64",
    "vesta_hooks_thread: .zero 64",
    ".bss",
    ".balign 65536",
    ".globl vesta_hooks_process",
    ".hidden vesta_hooks_process",
    ".type vesta_hooks_process,%object",
    ".size vesta_hooks_process,196608",
    "vesta_hooks_process: .zero 196608",
    ".text",
);

/// A hook that counts bytes and jumps on: `size` is the first of at most three arguments. Only when the gap is used up
/// does it call `slow(size, second, third, index, context)`, which returns the address, or 0 to leave it to the
/// original.
macro_rules! counting_stub {
    ($name:literal, $index:expr, $slow:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            "adrp x9, :gottprel:vesta_hooks_thread",
            "ldr x9, [x9, :gottprel_lo12:vesta_hooks_thread]",
            "mrs x10, tpidr_el0",
            "add x9, x9, x10",
            "ldr x10, [x9]",
            "subs x10, x10, x0",
            "str x10, [x9]",
            "b.lo 2f",
            "1:",
            "adrp x16, {originals} + {offset}",
            "add x16, x16, :lo12:{originals} + {offset}",
            "ldr x16, [x16]",
            "br x16",
            "2:",
            "stp x29, x30, [sp, #-96]!",
            ".cfi_def_cfa_offset 96",
            ".cfi_offset w29, -96",
            ".cfi_offset w30, -88",
            "stp x19, x20, [sp, #16]",
            "stp x21, x22, [sp, #32]",
            "stp x23, x24, [sp, #48]",
            "stp x25, x26, [sp, #64]",
            "stp x27, x28, [sp, #80]",
            "mov x4, sp",
            "stp x0, x1, [sp, #-32]!",
            ".cfi_def_cfa_offset 128",
            "str x2, [sp, #16]",
            "mov w3, #{index}",
            "bl {slow}",
            "mov x9, x0",
            "ldr x2, [sp, #16]",
            "ldp x0, x1, [sp], #32",
            ".cfi_def_cfa_offset 96",
            "ldp x29, x30, [sp], #96",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "cbz x9, 1b",
            "mov x0, x9",
            "ret",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            originals = sym $crate::table::ORIGINALS,
            offset = const ($index as usize) * 8,
            index = const ($index as usize),
            slow = sym $slow,
        );
    };
}

/// A hook that asks the filter of live addresses about its first of at most three arguments and jumps on. Only when the
/// filter does not rule it out does it call `slow(address)` first.
macro_rules! freeing_stub {
    ($name:literal, $index:expr, $slow:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            // As `live::filter_index`.
            "lsr x9, x0, #10",
            "movz w10, #0x79B1",
            "movk w10, #0x9E37, lsl #16",
            "mul w9, w9, w10",
            "lsr w9, w9, #15",
            "and w9, w9, #0x1FFC0",
            "lsr x10, x0, #4",
            "eor x10, x10, x0, lsr #12",
            "and w10, w10, #63",
            "orr w9, w9, w10",
            "adrp x10, vesta_hooks_process + 65536",
            "add x10, x10, :lo12:vesta_hooks_process + 65536",
            "ldrb w9, [x10, x9]",
            "cbnz w9, 2f",
            "1:",
            "adrp x16, {originals} + {offset}",
            "add x16, x16, :lo12:{originals} + {offset}",
            "ldr x16, [x16]",
            "br x16",
            "2:",
            "stp x29, x30, [sp, #-48]!",
            ".cfi_def_cfa_offset 48",
            ".cfi_offset w29, -48",
            ".cfi_offset w30, -40",
            "stp x0, x1, [sp, #16]",
            "str x2, [sp, #32]",
            "bl {slow}",
            "ldr x2, [sp, #32]",
            "ldp x0, x1, [sp, #16]",
            "ldp x29, x30, [sp], #48",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "b 1b",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            originals = sym $crate::table::ORIGINALS,
            offset = const ($index as usize) * 8,
            slow = sym $slow,
        );
    };
}

/// A hook that hands its six arguments and the caller's registers to Rust.
macro_rules! context_stub {
    ($name:literal, $target:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            "stp x29, x30, [sp, #-96]!",
            ".cfi_def_cfa_offset 96",
            ".cfi_offset w29, -96",
            ".cfi_offset w30, -88",
            "stp x19, x20, [sp, #16]",
            "stp x21, x22, [sp, #32]",
            "stp x23, x24, [sp, #48]",
            "stp x25, x26, [sp, #64]",
            "stp x27, x28, [sp, #80]",
            "mov x6, sp",
            "bl {target}",
            "ldp x29, x30, [sp], #96",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "ret",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            target = sym $target,
        );
    };
}

/// A hook that calls `before(first, second)`, and then either jumps on, so that the original sees its real caller, or, when
/// told so, calls it and `after()`.
macro_rules! passing_stub {
    ($name:literal, $index:expr, $before:path, $after:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            "stp x29, x30, [sp, #-48]!",
            ".cfi_def_cfa_offset 48",
            ".cfi_offset w29, -48",
            ".cfi_offset w30, -40",
            "stp x0, x1, [sp, #16]",
            "str x2, [sp, #32]",
            "bl {before}",
            "mov w9, w0",
            "adrp x16, {originals} + {offset}",
            "add x16, x16, :lo12:{originals} + {offset}",
            "ldr x16, [x16]",
            "ldr x2, [sp, #32]",
            "ldp x0, x1, [sp, #16]",
            "cbnz w9, 2f",
            "ldp x29, x30, [sp], #48",
            ".cfi_remember_state",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "br x16",
            "2:",
            ".cfi_restore_state",
            "blr x16",
            "str x0, [sp, #16]",
            "bl {after}",
            "ldr x0, [sp, #16]",
            "ldp x29, x30, [sp], #48",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "ret",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            originals = sym $crate::table::ORIGINALS,
            offset = const ($index as usize) * 8,
            before = sym $before,
            after = sym $after,
        );
    };
}

/// Where new threads start: calls `begin(argument, &mut [start, argument])` and jumps to what it found, so that the
/// thread's stack looks as without hooks.
macro_rules! thread_stub {
    ($name:literal, $begin:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            "stp x29, x30, [sp, #-32]!",
            ".cfi_def_cfa_offset 32",
            ".cfi_offset w29, -32",
            ".cfi_offset w30, -24",
            "add x1, sp, #16",
            "bl {begin}",
            "ldp x16, x0, [sp, #16]",
            "ldp x29, x30, [sp], #32",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "br x16",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            begin = sym $begin,
        );
    };
}

/// A hook of a function with arguments without end, of which the first is named: calls `target(first, list)` with the
/// others in a row, as `execl` has them.
macro_rules! variadic_stub {
    ($name:literal, $target:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            // x1 to x7 right below the arguments on the stack, and below them room for the return address.
            "sub sp, sp, #80",
            ".cfi_def_cfa_offset 80",
            "stp x29, x30, [sp]",
            ".cfi_offset w29, -80",
            ".cfi_offset w30, -72",
            "str x1, [sp, #24]",
            "stp x2, x3, [sp, #32]",
            "stp x4, x5, [sp, #48]",
            "stp x6, x7, [sp, #64]",
            "add x1, sp, #24",
            "bl {target}",
            "ldp x29, x30, [sp]",
            "add sp, sp, #80",
            ".cfi_def_cfa_offset 0",
            ".cfi_restore w29",
            ".cfi_restore w30",
            "ret",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            target = sym $target,
        );
    };
}

/// A hook that is a function of Rust, under the name that the table knows and no other object sees.
macro_rules! plain_stub {
    ($name:literal, $target:path) => {
        core::arch::global_asm!(
            ".pushsection .text.vesta_hooks,\"ax\",%progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",%function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "hint #34",
            "b {target}",
            ".cfi_endproc",
            concat!(".size ", $name, ", . - ", $name),
            ".popsection",
            target = sym $target,
        );
    };
}

pub(crate) use {
    context_stub, counting_stub, freeing_stub, passing_stub, plain_stub, thread_stub, variadic_stub,
};

// What the compiler calls without being asked; hidden, so that the program's own functions are not replaced by these.
#[cfg(vesta_preload)]
core::arch::global_asm!(
    ".text",
    // Landing pads of `core` that nothing reaches name it: goes on with unwinding.
    ".globl rust_eh_personality",
    ".hidden rust_eh_personality",
    ".type rust_eh_personality,%function",
    "rust_eh_personality:",
    "mov w0, #8",
    "ret",
    ".globl memmove",
    ".hidden memmove",
    ".type memmove,%function",
    "memmove:",
    "sub x3, x0, x1",
    "cmp x3, x2",
    "b.lo 4f",
    ".globl memcpy",
    ".hidden memcpy",
    ".type memcpy,%function",
    "memcpy:",
    "mov x3, x0",
    "2:",
    "cmp x2, #8",
    "b.lo 3f",
    "ldr x4, [x1], #8",
    "str x4, [x3], #8",
    "sub x2, x2, #8",
    "b 2b",
    "3:",
    "cbz x2, 6f",
    "ldrb w4, [x1], #1",
    "strb w4, [x3], #1",
    "sub x2, x2, #1",
    "b 3b",
    "4:",
    "cbz x2, 6f",
    "5:",
    "sub x2, x2, #1",
    "ldrb w4, [x1, x2]",
    "strb w4, [x0, x2]",
    "cbnz x2, 5b",
    "6:",
    "ret",
    ".globl memset",
    ".hidden memset",
    ".type memset,%function",
    "memset:",
    "mov x3, x0",
    "2:",
    "cbz x2, 3f",
    "strb w1, [x3], #1",
    "sub x2, x2, #1",
    "b 2b",
    "3:",
    "ret",
    ".globl memcmp",
    ".hidden memcmp",
    ".type memcmp,%function",
    ".globl bcmp",
    ".hidden bcmp",
    ".type bcmp,%function",
    "bcmp:",
    "memcmp:",
    "mov x3, #0",
    "2:",
    "cmp x3, x2",
    "b.eq 3f",
    "ldrb w4, [x0, x3]",
    "ldrb w5, [x1, x3]",
    "add x3, x3, #1",
    "subs w4, w4, w5",
    "b.eq 2b",
    "mov w0, w4",
    "ret",
    "3:",
    "mov w0, #0",
    "ret",
    ".globl strlen",
    ".hidden strlen",
    ".type strlen,%function",
    "strlen:",
    "mov x1, x0",
    "2:",
    "ldrb w2, [x1], #1",
    "cbnz w2, 2b",
    "sub x0, x1, x0",
    "sub x0, x0, #1",
    "ret",
);
