//! The registers of a thread.

use crate::arch::native as arch;

/// A register file in DWARF numbering. x86-64: 0..=15 are the general registers (6 is rbp, 7 is rsp), 16 is rip.
/// AArch64: 0..=30 are the general registers, 31 is sp, 32 is pc.
///
/// A register may be unknown; it reads as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    values: [u64; arch::COUNT],
    /// One bit per register.
    known: u64,
}

impl Registers {
    /// How many registers there are.
    pub const COUNT: usize = arch::COUNT;

    /// All registers, by DWARF number.
    pub fn new(values: [u64; Registers::COUNT]) -> Self {
        Registers { values, known: (1 << Registers::COUNT) - 1 }
    }

    /// Instruction pointer and stack pointer only: what `/proc/PID/syscall` shows of a thread that waits, without any
    /// right to trace it.
    ///
    /// Where a function keeps its frame by a register that is unknown, most of all the frame pointer, the unwinder looks
    /// on the stack for the nearest pair of a saved frame pointer and a return address that fits.
    pub fn partial(ip: u64, sp: u64) -> Self {
        let mut registers = Registers { values: [0; arch::COUNT], known: 0 };
        registers.set(u16::from(arch::IP), ip);
        registers.set(u16::from(arch::SP), sp);
        registers
    }

    /// The value of a register; 0 if there is no such register, or it is unknown.
    #[inline]
    pub fn get(&self, dwarf: u16) -> u64 {
        self.values.get(usize::from(dwarf)).copied().unwrap_or(0)
    }

    /// Whether the value of a register is known.
    #[inline]
    pub fn is_known(&self, dwarf: u16) -> bool {
        usize::from(dwarf) < Registers::COUNT && self.known & (1 << dwarf) != 0
    }

    /// Sets a register; nothing happens if there is no such register.
    #[inline]
    pub fn set(&mut self, dwarf: u16, value: u64) {
        if let Some(slot) = self.values.get_mut(usize::from(dwarf)) {
            *slot = value;
            self.known |= 1 << dwarf;
        }
    }

    /// The instruction pointer.
    #[inline]
    pub fn ip(&self) -> u64 {
        self.get(u16::from(arch::IP))
    }

    /// The stack pointer.
    #[inline]
    pub fn sp(&self) -> u64 {
        self.get(u16::from(arch::SP))
    }

    /// The frame pointer.
    #[inline]
    pub fn fp(&self) -> u64 {
        self.get(u16::from(arch::FP))
    }

    /// Sets the instruction pointer.
    #[inline]
    pub fn set_ip(&mut self, value: u64) {
        self.set(u16::from(arch::IP), value);
    }

    /// Sets the stack pointer.
    #[inline]
    pub fn set_sp(&mut self, value: u64) {
        self.set(u16::from(arch::SP), value);
    }

    /// Sets the frame pointer.
    #[inline]
    pub fn set_fp(&mut self, value: u64) {
        self.set(u16::from(arch::FP), value);
    }

    /// Makes a register unknown.
    #[inline]
    pub(crate) fn forget(&mut self, dwarf: u16) {
        if let Some(slot) = self.values.get_mut(usize::from(dwarf)) {
            *slot = 0;
            self.known &= !(1 << dwarf);
        }
    }

    /// Makes all registers unknown but instruction, stack and frame pointer: after a frame whose function may have
    /// saved the others anywhere.
    pub(crate) fn keep_pointers(&mut self) {
        let keep = 1u64 << arch::IP | 1 << arch::SP | 1 << arch::FP;
        self.known &= keep;
    }
}
