//! AArch64, as the AAPCS64 has it.

use crate::Section;
use crate::rule::Reading;

/// Registers in DWARF numbering: 31 general ones, the stack pointer and the program counter.
pub(crate) const COUNT: usize = 33;
pub(crate) const SP: u8 = 31;
pub(crate) const FP: u8 = 29;
pub(crate) const IP: u8 = 32;
/// The link register. A function that calls nothing never saves it.
pub(crate) const RA: u8 = 30;
/// A call pushes nothing.
pub(crate) const CALL_PUSHES: u64 = 0;
/// Registers whose saved places a row keeps: the return address, then what a callee preserves.
pub(crate) const SAVED: [u8; 12] = [RA, FP, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28];

/// Whose extensions of call frame information are meant.
pub(crate) const VENDOR: gimli::Vendor = gimli::Vendor::AArch64;

/// How the function of an address finds its caller from there. The code of this processor is not read.
pub(crate) fn read(_code: &Section, _svma: u64) -> Reading {
    Reading::default()
}

/// The address in a word that may be a return address: without the signature that pointer authentication puts into the
/// bits above user space's 48, so that no key is needed.
#[inline]
pub(crate) fn code_address(word: u64) -> u64 {
    word & 0x0000_ffff_ffff_ffff
}

/// Where the kernel's frame of a signal has the registers that were interrupted: general registers by DWARF number, from
/// the stack pointer as it is when the handler has returned. There are `siginfo` (128 bytes) and `ucontext`, of which the
/// registers are at 176, after the address of the fault.
pub(crate) const SIGNAL_REGISTERS: [(u8, u64); 33] = {
    let mut places = [(0, 0); 33];
    let mut register = 0u8;
    while register < 33 {
        places[register as usize] = (register, 128 + 176 + 8 + register as u64 * 8);
        register += 1;
    }
    places
};

/// The last word of that frame that is looked at.
pub(crate) const SIGNAL_FRAME_END: u64 = 128 + 176 + 8 + 33 * 8;

/// Whether the kernel's frame of a signal is at the stack pointer: the state of the processor says user space, and the
/// context has neither link nor flags.
pub(crate) fn is_signal_frame(word: impl Fn(u64) -> Option<u64>) -> bool {
    let check = |offset: u64, test: fn(u64) -> bool| word(offset).is_some_and(test);
    check(SIGNAL_FRAME_END, |state| state & 0x1f == 0 && state >> 32 == 0)
        && check(128, |flags| flags == 0)
        && check(136, |link| link == 0)
        // The number of the signal, and the address of the interrupted instruction.
        && check(0, |signal| matches!(signal & 0xffff_ffff, 1..=64))
        && check(128 + 176 + 8 + 32 * 8, |pc| pc & 3 == 0 && pc != 0)
}
