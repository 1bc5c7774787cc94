//! x86-64, as the System V ABI has it.

mod code;

pub(crate) use code::read;

/// Registers in DWARF numbering: 16 general ones and the return address, where the instruction pointer is kept.
pub(crate) const COUNT: usize = 17;
pub(crate) const SP: u8 = 7;
pub(crate) const FP: u8 = 6;
pub(crate) const IP: u8 = 16;
/// The column of the return address; the same as [`IP`], and never live in a register.
pub(crate) const RA: u8 = 16;
/// What a call leaves above the caller's frame: the return address.
pub(crate) const CALL_PUSHES: u64 = 8;
/// Registers whose saved places a row keeps: the return address, then what a callee preserves.
pub(crate) const SAVED: [u8; 7] = [RA, FP, 3, 12, 13, 14, 15];

/// Whose extensions of call frame information are meant.
pub(crate) const VENDOR: gimli::Vendor = gimli::Vendor::Default;

/// The address in a word that may be a return address.
#[inline]
pub(crate) fn code_address(word: u64) -> u64 {
    word
}

/// Where the kernel's frame of a signal has the registers that were interrupted: general registers by DWARF number, from
/// the stack pointer as it is when the handler has returned. There is `ucontext`: flags, link, the alternate stack in
/// 3 words, then the registers.
pub(crate) const SIGNAL_REGISTERS: [(u8, u64); 17] = [
    (8, 40),
    (9, 48),
    (10, 56),
    (11, 64),
    (12, 72),
    (13, 80),
    (14, 88),
    (15, 96),
    (5, 104),
    (4, 112),
    (6, 120),
    (3, 128),
    (1, 136),
    (0, 144),
    (2, 152),
    (7, 160),
    (16, 168),
];

/// The last word of that frame that is looked at.
pub(crate) const SIGNAL_FRAME_END: u64 = 184;

/// Whether the kernel's frame of a signal is at the stack pointer. Restorers of musl and Go have no call frame
/// information; their frames are known by what no other data has: the segment selectors of user space (0x33 for code,
/// 0x2b for the stack), flags with the bit that is always set, no link, and few flags of the context.
pub(crate) fn is_signal_frame(word: impl Fn(u64) -> Option<u64>) -> bool {
    let check = |offset: u64, test: fn(u64) -> bool| word(offset).is_some_and(test);
    check(SIGNAL_FRAME_END, |selectors| selectors & 0xffff == 0x33 && matches!(selectors >> 48, 0x2b | 0))
        && check(176, |flags| flags & 0xffff_ffff_ffc0_802a == 2)
        && check(0, |flags| flags < 0x100)
        && check(8, |link| link == 0)
}
