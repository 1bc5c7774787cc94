//! Frames of functions that no table knows, read from their code.
//!
//! From an address on, the code is followed to where its function returns: the return address is then at the stack pointer,
//! and what was taken off the stack on the way is the frame. It takes neither the start of the function nor a name, and
//! works wherever in the function the address is. A jump to another function at the end is followed as any other: that one
//! gives back the stack as it found it. Conditions are taken for false first, and for true where that leads nowhere.
//!
//! It can be led astray, by a call that does not return above all, so that whoever uses it has to look at what it finds.

use super::{FP, SAVED, SP};
use crate::Section;
use crate::rule::{FrameRule, Reading};
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

/// Instructions that are looked at for one address, and jumps that are followed.
const MAX_INSTRUCTIONS: usize = 1024;
const MAX_JUMPS: usize = 64;

/// A way through the code.
#[derive(Clone, Copy)]
struct Path {
    ip: u64,
    /// The register that the stack pointer is told by, as its value was at the address that was asked for.
    base: u8,
    /// How far the stack pointer is above it.
    offset: i64,
    /// Where, by the same measure, registers were restored from.
    restored: [Option<i64>; SAVED.len()],
    /// What the frame pointer is, as register and distance, if that is known.
    frame_pointer: Option<(u8, i64)>,
    /// The instruction before was a call.
    called: bool,
    /// The instructions before have taken something off the stack.
    released: bool,
}

/// How the function of an address finds its caller from there.
pub(crate) fn read(code: &Section, svma: u64) -> Reading {
    let mut reading = Reading::default();
    let mut left = MAX_INSTRUCTIONS;
    let mut jumps = Vec::new();
    let mut paths = vec![Path {
        ip: svma,
        base: SP,
        offset: 0,
        restored: [None; SAVED.len()],
        frame_pointer: Some((FP, 0)),
        called: false,
        released: false,
    }];
    while let Some(path) = paths.pop() {
        reading.rule = follow(code, path, &mut left, &mut jumps, &mut paths, &mut reading.never_returns);
        if reading.rule.is_some() {
            break;
        }
    }
    reading
}

/// Follows one way to its end. `None` if that is no return.
fn follow(
    code: &Section,
    mut path: Path,
    left: &mut usize,
    jumps: &mut Vec<u64>,
    paths: &mut Vec<Path>,
    never_returns: &mut bool,
) -> Option<FrameRule> {
    let mut decoder = decoder_at(code, path.ip)?;
    let mut instruction = Instruction::default();
    loop {
        *left = left.checked_sub(1)?;
        if !decoder.can_decode() {
            return None;
        }
        decoder.decode_out(&mut instruction);
        // Between functions there is room, and then what was called does not return; but there is before loops as well.
        if path.called && matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3) {
            *never_returns = true;
            paths.insert(0, Path { ip: instruction.ip(), called: false, ..path });
            return None;
        }
        path.called = instruction.mnemonic() == Mnemonic::Call;
        match instruction.flow_control() {
            FlowControl::Return => return path.rule(),
            FlowControl::UnconditionalBranch => {
                path.ip = instruction.near_branch_target();
                if !is_new(path.ip, jumps) {
                    return None;
                }
                decoder = decoder_at(code, path.ip)?;
            }
            FlowControl::ConditionalBranch => {
                let target = instruction.near_branch_target();
                if is_new(target, jumps) {
                    paths.push(Path { ip: target, ..path });
                }
            }
            // They leave the stack as it is, and so does the kernel.
            FlowControl::Call | FlowControl::IndirectCall => {}
            FlowControl::Next => path.step(&instruction)?,
            // To another function, or to one of the cases of a `switch`, which begin right behind it.
            FlowControl::IndirectBranch if path.released => return path.rule(),
            FlowControl::IndirectBranch => {
                paths.insert(0, Path { ip: instruction.next_ip(), ..path });
                return None;
            }
            _ => return None,
        }
    }
}

fn decoder_at(code: &Section, ip: u64) -> Option<Decoder<'_>> {
    let at = usize::try_from(ip.checked_sub(code.address)?).ok()?;
    let bytes = code.data.get(at..).filter(|bytes| !bytes.is_empty())?;
    Some(Decoder::with_ip(64, bytes, ip, DecoderOptions::NONE))
}

/// Whether nobody has jumped there so far, and it is not too much.
fn is_new(target: u64, jumps: &mut Vec<u64>) -> bool {
    let is_new = jumps.len() < MAX_JUMPS && !jumps.contains(&target);
    if is_new {
        jumps.push(target);
    }
    is_new
}

impl Path {
    /// What an instruction does to the stack pointer. `None` if that cannot be told.
    fn step(&mut self, instruction: &Instruction) -> Option<()> {
        let target = match instruction.op0_kind() {
            OpKind::Register if instruction.op_count() > 0 => instruction.op0_register().full_register(),
            _ => Register::None,
        };
        self.released = match instruction.mnemonic() {
            Mnemonic::Pop | Mnemonic::Leave => true,
            Mnemonic::Add | Mnemonic::Lea => target == Register::RSP,
            Mnemonic::Mov => self.released,
            _ => false,
        };
        match (instruction.mnemonic(), target) {
            // Looked at, not changed.
            (Mnemonic::Cmp | Mnemonic::Test, _) => {}
            (Mnemonic::Push | Mnemonic::Pushfq, _) => self.offset -= 8,
            (Mnemonic::Popfq, _) => self.offset += 8,
            (Mnemonic::Pop, target) if target != Register::RSP => self.pop(target),
            (Mnemonic::Leave, _) => {
                self.set_to_frame_pointer(0)?;
                self.pop(Register::RBP);
            }
            (Mnemonic::Add, Register::RSP) => self.offset += immediate(instruction)?,
            (Mnemonic::Sub, Register::RSP) => self.offset -= immediate(instruction)?,
            (Mnemonic::Lea | Mnemonic::Mov, Register::RSP) => match source(instruction)? {
                (Register::RSP, distance) => self.offset += distance,
                (Register::RBP, distance) => self.set_to_frame_pointer(distance)?,
                _ => return None,
            },
            (_, Register::RSP) => return None,
            (mnemonic, Register::RBP) => {
                self.frame_pointer = match source(instruction) {
                    Some((Register::RSP, distance)) if matches!(mnemonic, Mnemonic::Lea | Mnemonic::Mov) => {
                        Some((self.base, self.offset + distance))
                    }
                    _ => None,
                };
            }
            (Mnemonic::Enter, _) => return None,
            _ => {}
        }
        // Where it goes far, it goes wrong.
        (self.offset.unsigned_abs() < 1 << 30).then_some(())
    }

    fn set_to_frame_pointer(&mut self, distance: i64) -> Option<()> {
        let (base, offset) = self.frame_pointer?;
        if base != self.base {
            self.restored = [None; SAVED.len()];
        }
        self.base = base;
        self.offset = offset + distance;
        Some(())
    }

    fn pop(&mut self, register: Register) {
        self.restore(register);
        self.offset += 8;
        if register == Register::RBP {
            self.frame_pointer = None;
        }
    }

    fn restore(&mut self, register: Register) {
        // It was pushed after the address, which is before the frame was built.
        if self.base == SP && self.offset < 0 {
            return;
        }
        let number = match register {
            Register::RBP => FP,
            Register::RBX => 3,
            Register::R12 => 12,
            Register::R13 => 13,
            Register::R14 => 14,
            Register::R15 => 15,
            _ => return,
        };
        if let Some(at) = SAVED.iter().position(|saved| *saved == number)
            && let Some(slot) = self.restored.get_mut(at)
        {
            *slot = Some(self.offset);
        }
    }

    /// The return address is at the stack pointer.
    fn rule(&self) -> Option<FrameRule> {
        let cfa = self.offset.checked_add(8)?;
        if self.base == SP && self.offset < 0 {
            return None;
        }
        let mut rule = FrameRule::new(self.base, i32::try_from(cfa).ok()?);
        rule.save(super::RA, -8);
        for (register, restored) in SAVED.iter().zip(self.restored) {
            if let Some(offset) = restored {
                // A frame too large for this form of a rule is found all the same.
                let _ = rule.save(*register, offset - cfa) || rule.lose(*register);
            }
        }
        Some(rule)
    }
}

/// The register and the distance that `mov` and `lea` take a stack address from.
fn source(instruction: &Instruction) -> Option<(Register, i64)> {
    match (instruction.mnemonic(), instruction.op1_kind()) {
        (Mnemonic::Mov, OpKind::Register) => Some((instruction.op1_register(), 0)),
        (Mnemonic::Lea, OpKind::Memory) if instruction.memory_index() == Register::None => {
            Some((instruction.memory_base(), instruction.memory_displacement64().cast_signed()))
        }
        _ => None,
    }
}

fn immediate(instruction: &Instruction) -> Option<i64> {
    let kinds = [OpKind::Immediate8to64, OpKind::Immediate32to64];
    kinds.contains(&instruction.op1_kind()).then(|| instruction.immediate(1).cast_signed())
}
