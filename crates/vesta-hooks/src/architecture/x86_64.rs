//! x86-64.

use core::arch::asm;

/// Number of registers in DWARF order: 0..=15 general, 16 the instruction pointer.
pub const REGISTERS: usize = 17;
/// A symbol's address, anywhere in data.
pub(crate) const RELOCATION_ADDRESS: u32 = 1;
/// A symbol's address in the global offset table.
pub(crate) const RELOCATION_GLOBAL: u32 = 6;
/// A function's address for calls, possibly found at the first call.
pub(crate) const RELOCATION_CALL: u32 = 7;

/// Numbers of system calls.
pub(crate) mod number {
    pub(crate) const READ: usize = 0;
    pub(crate) const CLOSE: usize = 3;
    pub(crate) const MMAP: usize = 9;
    pub(crate) const MPROTECT: usize = 10;
    pub(crate) const MUNMAP: usize = 11;
    pub(crate) const MADVISE: usize = 28;
    pub(crate) const GETPID: usize = 39;
    pub(crate) const SOCKET: usize = 41;
    pub(crate) const CONNECT: usize = 42;
    pub(crate) const SENDTO: usize = 44;
    pub(crate) const SENDMSG: usize = 46;
    pub(crate) const RECVMSG: usize = 47;
    pub(crate) const SETSOCKOPT: usize = 54;
    pub(crate) const GETSOCKOPT: usize = 55;
    pub(crate) const KILL: usize = 62;
    pub(crate) const FCNTL: usize = 72;
    pub(crate) const FTRUNCATE: usize = 77;
    pub(crate) const GETPPID: usize = 110;
    pub(crate) const GETTID: usize = 186;
    pub(crate) const FUTEX: usize = 202;
    pub(crate) const CLOCK_GETTIME: usize = 228;
    pub(crate) const OPENAT: usize = 257;
    pub(crate) const FACCESSAT: usize = 269;
    pub(crate) const EVENTFD2: usize = 290;
    pub(crate) const PRLIMIT64: usize = 302;
    pub(crate) const PROCESS_VM_READV: usize = 310;
    pub(crate) const GETRANDOM: usize = 318;
    pub(crate) const MEMFD_CREATE: usize = 319;
}

/// A system call; a negative number is an error. `errno` stays as it is.
///
/// # Safety
/// As the call.
#[inline(always)]
pub(crate) unsafe fn system_call(number: usize, arguments: [usize; 6]) -> isize {
    let result;
    // SAFETY: what the kernel does is the caller's affair; it changes no registers but these.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r9") arguments[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    result
}

/// The address of this thread's state.
#[inline(always)]
pub(crate) fn thread_state() -> usize {
    let address;
    // SAFETY: reads the offset of the variable and the thread pointer, both constant for a thread.
    unsafe {
        asm!(
            "mov {address}, qword ptr [rip + vesta_hooks_thread@GOTTPOFF]",
            "add {address}, qword ptr fs:[0]",
            address = out(reg) address,
            options(nostack, pure, readonly)
        );
    }
    address
}

/// What the first instructions of a hook saved: the caller's registers, right below its stack frame.
#[repr(C)]
pub(crate) struct Context {
    rbx: u64,
    rbp: u64,
    r12: u64,
    r13: u64,
    r14: u64,
    r15: u64,
    return_address: u64,
}

impl Context {
    /// The caller's stack pointer after the call.
    pub(crate) fn stack_pointer(&self) -> usize {
        core::ptr::from_ref(self) as usize + size_of::<Context>()
    }

    /// The caller's registers in DWARF order, inside the call.
    pub(crate) fn registers(&self) -> [u64; REGISTERS] {
        let mut registers = [0; REGISTERS];
        registers[3] = self.rbx;
        registers[6] = self.rbp;
        registers[7] = self.stack_pointer() as u64;
        registers[12] = self.r12;
        registers[13] = self.r13;
        registers[14] = self.r14;
        registers[15] = self.r15;
        registers[16] = self.return_address.wrapping_sub(1);
        registers
    }
}

// Per-thread state with the initial-exec model: one load and no call. Rust's own `thread_local!` needs std.
core::arch::global_asm!(
    ".section .tbss,\"awT\",@nobits",
    ".balign 64",
    ".globl vesta_hooks_thread",
    ".hidden vesta_hooks_thread",
    ".type vesta_hooks_thread,@object",
    ".size vesta_hooks_thread,64",
    "vesta_hooks_thread: .zero 64",
    ".bss",
    ".balign 4096",
    ".globl vesta_hooks_process",
    ".hidden vesta_hooks_process",
    ".type vesta_hooks_process,@object",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            "mov rax, qword ptr [rip + vesta_hooks_thread@GOTTPOFF]",
            "sub qword ptr fs:[rax], rdi",
            "jb 2f",
            "jmp qword ptr [rip + {originals} + {offset}]",
            "2:",
            "push r15",
            ".cfi_def_cfa_offset 16",
            "push r14",
            ".cfi_def_cfa_offset 24",
            "push r13",
            ".cfi_def_cfa_offset 32",
            "push r12",
            ".cfi_def_cfa_offset 40",
            "push rbp",
            ".cfi_def_cfa_offset 48",
            "push rbx",
            ".cfi_def_cfa_offset 56",
            "push rdx",
            ".cfi_def_cfa_offset 64",
            "push rsi",
            ".cfi_def_cfa_offset 72",
            "push rdi",
            ".cfi_def_cfa_offset 80",
            "mov ecx, {index}",
            "lea r8, [rsp + 24]",
            "call {slow}",
            "test rax, rax",
            "jz 3f",
            "add rsp, 72",
            ".cfi_def_cfa_offset 8",
            "ret",
            "3:",
            ".cfi_def_cfa_offset 80",
            "pop rdi",
            ".cfi_def_cfa_offset 72",
            "pop rsi",
            ".cfi_def_cfa_offset 64",
            "pop rdx",
            ".cfi_def_cfa_offset 56",
            "add rsp, 48",
            ".cfi_def_cfa_offset 8",
            "jmp qword ptr [rip + {originals} + {offset}]",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            // As `live::filter_index`.
            "mov rax, rdi",
            "shr rax, 10",
            "imul eax, eax, 0x9E3779B1",
            "shr eax, 15",
            "and eax, 0x1FFC0",
            "mov rcx, rdi",
            "shr rcx, 4",
            "mov r11, rdi",
            "shr r11, 12",
            "xor ecx, r11d",
            "and ecx, 63",
            "or eax, ecx",
            "lea rcx, [rip + vesta_hooks_process + 65536]",
            "cmp byte ptr [rcx + rax], 0",
            "jne 2f",
            "jmp qword ptr [rip + {originals} + {offset}]",
            "2:",
            "push rdi",
            ".cfi_def_cfa_offset 16",
            "push rsi",
            ".cfi_def_cfa_offset 24",
            "push rdx",
            ".cfi_def_cfa_offset 32",
            "call {slow}",
            "pop rdx",
            ".cfi_def_cfa_offset 24",
            "pop rsi",
            ".cfi_def_cfa_offset 16",
            "pop rdi",
            ".cfi_def_cfa_offset 8",
            "jmp qword ptr [rip + {originals} + {offset}]",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            "push r15",
            ".cfi_def_cfa_offset 16",
            "push r14",
            ".cfi_def_cfa_offset 24",
            "push r13",
            ".cfi_def_cfa_offset 32",
            "push r12",
            ".cfi_def_cfa_offset 40",
            "push rbp",
            ".cfi_def_cfa_offset 48",
            "push rbx",
            ".cfi_def_cfa_offset 56",
            "mov rax, rsp",
            "push rax",
            ".cfi_def_cfa_offset 64",
            "call {target}",
            "add rsp, 56",
            ".cfi_def_cfa_offset 8",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            "push rdi",
            ".cfi_def_cfa_offset 16",
            "push rsi",
            ".cfi_def_cfa_offset 24",
            "push rdx",
            ".cfi_def_cfa_offset 32",
            "call {before}",
            "pop rdx",
            ".cfi_def_cfa_offset 24",
            "pop rsi",
            ".cfi_def_cfa_offset 16",
            "pop rdi",
            ".cfi_def_cfa_offset 8",
            "test eax, eax",
            "jnz 2f",
            "jmp qword ptr [rip + {originals} + {offset}]",
            "2:",
            "sub rsp, 8",
            ".cfi_def_cfa_offset 16",
            "call qword ptr [rip + {originals} + {offset}]",
            "mov qword ptr [rsp], rax",
            "call {after}",
            "pop rax",
            ".cfi_def_cfa_offset 8",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            "sub rsp, 24",
            ".cfi_def_cfa_offset 32",
            "mov rsi, rsp",
            "call {begin}",
            "mov rax, qword ptr [rsp]",
            "mov rdi, qword ptr [rsp + 8]",
            "add rsp, 24",
            ".cfi_def_cfa_offset 8",
            "jmp rax",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            // Five arguments are in registers, the others above the return address: that one has to go.
            "pop rax",
            ".cfi_def_cfa_offset 0",
            ".cfi_register rip, rax",
            "push r9",
            "push r8",
            "push rcx",
            "push rdx",
            "push rsi",
            ".cfi_def_cfa_offset 40",
            "mov rsi, rsp",
            "push rax",
            ".cfi_def_cfa_offset 48",
            ".cfi_offset rip, -48",
            "call {target}",
            "pop rcx",
            ".cfi_def_cfa_offset 40",
            ".cfi_register rip, rcx",
            "add rsp, 40",
            ".cfi_def_cfa_offset 0",
            "push rcx",
            ".cfi_def_cfa_offset 8",
            ".cfi_offset rip, -8",
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
            ".pushsection .text.vesta_hooks,\"ax\",@progbits",
            concat!(".globl ", $name),
            concat!(".hidden ", $name),
            concat!(".type ", $name, ",@function"),
            ".balign 16",
            concat!($name, ":"),
            ".cfi_startproc",
            "endbr64",
            "jmp {target}",
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
    ".type rust_eh_personality,@function",
    "rust_eh_personality:",
    "mov eax, 8",
    "ret",
    ".globl memcpy",
    ".hidden memcpy",
    ".type memcpy,@function",
    "memcpy:",
    ".cfi_startproc",
    "mov rax, rdi",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    ".cfi_endproc",
    ".globl memmove",
    ".hidden memmove",
    ".type memmove,@function",
    "memmove:",
    ".cfi_startproc",
    "mov rax, rdi",
    "mov rcx, rdi",
    "sub rcx, rsi",
    "cmp rcx, rdx",
    "mov rcx, rdx",
    "jb 2f",
    "rep movsb",
    "ret",
    "2:",
    "lea rdi, [rdi + rdx - 1]",
    "lea rsi, [rsi + rdx - 1]",
    "std",
    "rep movsb",
    "cld",
    "ret",
    ".cfi_endproc",
    ".globl memset",
    ".hidden memset",
    ".type memset,@function",
    "memset:",
    ".cfi_startproc",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".cfi_endproc",
    ".globl memcmp",
    ".hidden memcmp",
    ".type memcmp,@function",
    ".globl bcmp",
    ".hidden bcmp",
    ".type bcmp,@function",
    "bcmp:",
    "memcmp:",
    ".cfi_startproc",
    "xor ecx, ecx",
    "2:",
    "cmp rcx, rdx",
    "je 3f",
    "movzx eax, byte ptr [rdi + rcx]",
    "movzx r8d, byte ptr [rsi + rcx]",
    "inc rcx",
    "sub eax, r8d",
    "je 2b",
    "ret",
    "3:",
    "xor eax, eax",
    "ret",
    ".cfi_endproc",
    ".globl strlen",
    ".hidden strlen",
    ".type strlen,@function",
    "strlen:",
    ".cfi_startproc",
    "xor eax, eax",
    "2:",
    "cmp byte ptr [rdi + rax], 0",
    "je 3f",
    "inc rax",
    "jmp 2b",
    "3:",
    "ret",
    ".cfi_endproc",
);
