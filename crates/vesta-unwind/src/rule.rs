//! How one address unwinds.

use crate::arch::native as arch;
use std::sync::Arc;

/// How to come from a frame to its caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Nobody says.
    Unknown,
    /// As nearly all functions do it.
    Frame(FrameRule),
    /// As a [`Complex`] says, which the tables keep.
    Complex(u16),
    /// There is no caller.
    Root,
    /// The function moves to another stack. Before it does, its frame is found at the stack pointer plus this; later
    /// if a frame pointer leads to it.
    Switch(i32),
    /// The kernel's frame of a signal is at the stack pointer.
    Signal,
}

/// A frame that one register finds, with everything that it preserves in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameRule {
    /// The canonical frame address, which is the stack pointer of the caller, is this far from the register.
    pub(crate) cfa_offset: i32,
    /// Where the registers `arch::SAVED` are, as distance from the canonical frame address.
    pub(crate) saved: [i16; arch::SAVED.len()],
    pub(crate) cfa_register: u8,
}

/// How a function finds its caller, as far as its code tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) rule: Option<FrameRule>,
    /// It seems to end with a call that does not return.
    pub(crate) never_returns: bool,
}

/// In [`FrameRule::saved`]: the register still has the caller's value.
pub(crate) const SAME: i16 = i16::MIN;
/// In [`FrameRule::saved`]: the caller's value is lost.
pub(crate) const LOST: i16 = i16::MIN + 1;

impl FrameRule {
    /// A frame of which only the size is known.
    pub(crate) fn new(cfa_register: u8, cfa_offset: i32) -> Self {
        FrameRule { cfa_offset, saved: [SAME; arch::SAVED.len()], cfa_register }
    }

    /// Says where a register is saved; false if this form of a rule cannot.
    pub(crate) fn save(&mut self, register: u8, offset: i64) -> bool {
        let Some(slot) = self.slot(register) else { return false };
        match i16::try_from(offset) {
            Ok(offset) if offset != SAME && offset != LOST => {
                *slot = offset;
                true
            }
            _ => false,
        }
    }

    /// Says that a register is lost; false if this form of a rule cannot.
    pub(crate) fn lose(&mut self, register: u8) -> bool {
        self.slot(register).map(|slot| *slot = LOST).is_some()
    }

    fn slot(&mut self, register: u8) -> Option<&mut i16> {
        let at = arch::SAVED.iter().position(|saved| *saved == register)?;
        self.saved.get_mut(at)
    }
}

/// Everything else that call frame information can say.
#[derive(Clone, Debug)]
pub(crate) struct Complex {
    pub(crate) cfa: Cfa,
    /// Registers without an entry still have the caller's value.
    pub(crate) registers: Box<[(u8, Place)]>,
    /// The frame is that of the code a signal handler returns to, and its caller was interrupted.
    pub(crate) signal: bool,
}

/// Where the canonical frame address is.
#[derive(Clone, Debug)]
pub(crate) enum Cfa {
    /// At this distance from a register.
    Register(u8, i64),
    /// Where an expression says.
    Expression(Box<[u8]>),
}

/// Where the caller's value of a register is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Nowhere.
    Lost,
    /// In memory, at this distance from the canonical frame address.
    At(i64),
    /// It is at this distance from the canonical frame address itself.
    Value(i64),
    /// In another register.
    Register(u8),
    /// In memory, where an expression says.
    AtExpression(Box<[u8]>),
    /// It is what an expression says.
    ValueExpression(Box<[u8]>),
}

/// A function, decoded.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// By offset, without repetition.
    pub(crate) rows: Box<[Row]>,
    pub(crate) complex: Box<[Arc<Complex>]>,
}

/// From an offset in its function on, how addresses unwind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) offset: u32,
    pub(crate) rule: Rule,
}

impl Function {
    /// The rule of an address in the function.
    pub(crate) fn rule(&self, svma: u64) -> Rule {
        let offset = svma.saturating_sub(self.start);
        let after = self.rows.partition_point(|row| u64::from(row.offset) <= offset);
        after.checked_sub(1).and_then(|at| self.rows.get(at)).map_or(Rule::Unknown, |row| row.rule)
    }

    /// How much memory it takes.
    pub(crate) fn heap_size(&self) -> usize {
        let complex: usize = self
            .complex
            .iter()
            .map(|complex| {
                let expressions: usize = complex.registers.iter().map(|(_, place)| place.heap_size()).sum();
                let cfa = if let Cfa::Expression(bytes) = &complex.cfa { bytes.len() } else { 0 };
                size_of::<Arc<Complex>>()
                    + size_of::<Complex>()
                    + size_of_val(&*complex.registers)
                    + expressions
                    + cfa
            })
            .sum();
        // What a node of the map spends on an entry.
        const NODE: usize = 24;
        size_of::<Function>() + NODE + size_of_val(&*self.rows) + complex
    }
}

impl Place {
    fn heap_size(&self) -> usize {
        match self {
            Place::AtExpression(bytes) | Place::ValueExpression(bytes) => bytes.len(),
            _ => 0,
        }
    }
}
