//! DWARF expressions, as far as call frame information uses them.

use crate::stack::Unread;
use crate::{Registers, Stack};
use gimli::{EndianSlice, LittleEndian, Operation};

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It needs a register that is unknown.
    UnknownRegister,
    /// It needs a word that was not copied.
    Unread(Unread),
    /// It is malformed, too long, or asks for what the unwinding of a frame has no answer to.
    Malformed,
}

/// The longest expression seen is the 20 operations of a procedure linkage table's; a loop is cut here.
const MAX_STEPS: usize = 256;
const MAX_DEPTH: usize = 32;

/// The value of an expression, which begins with `initial` on its stack.
pub(crate) fn evaluate(
    expression: &[u8],
    initial: Option<u64>,
    registers: &Registers,
    memory: &Stack<'_>,
) -> Result<u64, Fault> {
    let encoding = gimli::Encoding { format: gimli::Format::Dwarf32, version: 4, address_size: 8 };
    let mut stack = Operands { values: [0; MAX_DEPTH], depth: 0 };
    if let Some(initial) = initial {
        stack.push(initial)?;
    }
    let mut rest = EndianSlice::new(expression, LittleEndian);
    for _ in 0..MAX_STEPS {
        if rest.is_empty() {
            return stack.pop();
        }
        let operation = Operation::parse(&mut rest, encoding).map_err(|_| Fault::Malformed)?;
        match operation {
            Operation::Nop => {}
            Operation::UnsignedConstant { value } | Operation::Address { address: value } => {
                stack.push(value)?;
            }
            Operation::SignedConstant { value } => stack.push(value.cast_unsigned())?,
            Operation::RegisterOffset { register, offset, .. } => {
                if !registers.is_known(register.0) {
                    return Err(Fault::UnknownRegister);
                }
                stack.push(registers.get(register.0).wrapping_add_signed(offset))?;
            }
            Operation::Deref { size, space: false, .. } => {
                let word = memory.word(stack.pop()?).map_err(Fault::Unread)?;
                stack.push(match size {
                    8 => word,
                    4 => word & 0xffff_ffff,
                    2 => word & 0xffff,
                    1 => word & 0xff,
                    _ => return Err(Fault::Malformed),
                })?;
            }
            Operation::Pick { index } => stack.push(stack.peek(index)?)?,
            Operation::Drop => drop(stack.pop()?),
            Operation::Swap => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                stack.push(b)?;
                stack.push(a)?;
            }
            Operation::Rot => {
                let (c, b, a) = (stack.pop()?, stack.pop()?, stack.pop()?);
                stack.push(c)?;
                stack.push(a)?;
                stack.push(b)?;
            }
            Operation::Abs => stack.unary(|a| a.cast_signed().unsigned_abs())?,
            Operation::Neg => stack.unary(u64::wrapping_neg)?,
            Operation::Not => stack.unary(|a| !a)?,
            Operation::PlusConstant { value } => stack.unary(|a| a.wrapping_add(value))?,
            Operation::And => stack.binary(|a, b| a & b)?,
            Operation::Or => stack.binary(|a, b| a | b)?,
            Operation::Xor => stack.binary(|a, b| a ^ b)?,
            Operation::Plus => stack.binary(u64::wrapping_add)?,
            Operation::Minus => stack.binary(u64::wrapping_sub)?,
            Operation::Mul => stack.binary(u64::wrapping_mul)?,
            Operation::Div => {
                let (b, a) = (stack.pop()?.cast_signed(), stack.pop()?.cast_signed());
                stack.push(a.checked_div(b).ok_or(Fault::Malformed)?.cast_unsigned())?;
            }
            Operation::Mod => {
                let (b, a) = (stack.pop()?, stack.pop()?);
                stack.push(a.checked_rem(b).ok_or(Fault::Malformed)?)?;
            }
            Operation::Shl => stack.binary(|a, b| shift(b).map_or(0, |b| a << b))?,
            Operation::Shr => stack.binary(|a, b| shift(b).map_or(0, |b| a >> b))?,
            Operation::Shra => {
                stack.binary(|a, b| (a.cast_signed() >> shift(b).unwrap_or(63)).cast_unsigned())?;
            }
            Operation::Eq => stack.compare(|a, b| a == b)?,
            Operation::Ne => stack.compare(|a, b| a != b)?,
            Operation::Ge => stack.compare(|a, b| a >= b)?,
            Operation::Gt => stack.compare(|a, b| a > b)?,
            Operation::Le => stack.compare(|a, b| a <= b)?,
            Operation::Lt => stack.compare(|a, b| a < b)?,
            Operation::Skip { target } => rest = jump(expression, rest.len(), target)?,
            Operation::Bra { target } => {
                if stack.pop()? != 0 {
                    rest = jump(expression, rest.len(), target)?;
                }
            }
            _ => return Err(Fault::Malformed),
        }
    }
    Err(Fault::Malformed)
}

/// By how many bits to shift; none if all are lost.
fn shift(by: u64) -> Option<u32> {
    u32::try_from(by).ok().filter(|by| *by < 64)
}

/// What is left of an expression after a jump.
fn jump(expression: &[u8], left: usize, target: i16) -> Result<EndianSlice<'_, LittleEndian>, Fault> {
    let at = expression.len().checked_sub(left).and_then(|at| at.checked_add_signed(isize::from(target)));
    let rest = at.and_then(|at| expression.get(at..)).ok_or(Fault::Malformed)?;
    Ok(EndianSlice::new(rest, LittleEndian))
}

struct Operands {
    values: [u64; MAX_DEPTH],
    depth: usize,
}

impl Operands {
    fn push(&mut self, value: u64) -> Result<(), Fault> {
        *self.values.get_mut(self.depth).ok_or(Fault::Malformed)? = value;
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) -> Result<u64, Fault> {
        self.depth = self.depth.checked_sub(1).ok_or(Fault::Malformed)?;
        self.values.get(self.depth).copied().ok_or(Fault::Malformed)
    }

    fn peek(&self, index: u8) -> Result<u64, Fault> {
        let at = self.depth.checked_sub(1 + usize::from(index)).ok_or(Fault::Malformed)?;
        self.values.get(at).copied().ok_or(Fault::Malformed)
    }

    fn unary(&mut self, f: impl FnOnce(u64) -> u64) -> Result<(), Fault> {
        let a = self.pop()?;
        self.push(f(a))
    }

    fn binary(&mut self, f: impl FnOnce(u64, u64) -> u64) -> Result<(), Fault> {
        let (b, a) = (self.pop()?, self.pop()?);
        self.push(f(a, b))
    }

    /// Comparisons are of signed numbers.
    fn compare(&mut self, f: impl FnOnce(i64, i64) -> bool) -> Result<(), Fault> {
        self.binary(|a, b| u64::from(f(a.cast_signed(), b.cast_signed())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(expression: &[u8]) -> Result<u64, Fault> {
        let bytes: Vec<u8> = [0x11u64, 0x2222_2222_2222].iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut registers = Registers::partial(0x40_102b, 0x7000);
        registers.set(3, 5);
        evaluate(expression, None, &registers, &Stack { start: 0x7000, bytes: &bytes })
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_expression_of_a_procedure_linkage_table_finds_its_push() {
        // breg7 (rsp) 8, breg16 (rip) 0, lit15, and, lit11, ge, lit3, shl, plus
        let plt = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22];
        // rip ends in 0xb, so the push is done.
        assert_eq!(value(&plt), Ok(0x7010));
        let mut registers = Registers::partial(0x40_1026, 0x7000);
        registers.set(3, 5);
        assert_eq!(evaluate(&plt, None, &registers, &Stack { start: 0, bytes: &[] }), Ok(0x7008));
    }

    #[test]
    fn operations_compute() {
        assert_eq!(value(&[0x08, 200, 0x09, 0xff, 0x22]), Ok(199)); // const1u 200, const1s -1, plus
        assert_eq!(value(&[0x38, 0x33, 0x1c]), Ok(5)); // lit8 lit3 minus
        assert_eq!(value(&[0x31, 0x32, 0x16, 0x1c]), Ok(1)); // lit1 lit2 swap minus
        assert_eq!(value(&[0x31, 0x12, 0x22]), Ok(2)); // lit1 dup plus
        assert_eq!(value(&[0x37, 0x30, 0x1b]), Err(Fault::Malformed)); // 7 / 0
        assert_eq!(value(&[0x37, 0x08, 64, 0x24]), Ok(0)); // 7 << 64
        assert_eq!(value(&[0x73, 0x7f]), Ok(4)); // breg3 -1
        assert_eq!(value(&[0x71, 0]), Err(Fault::UnknownRegister));
        assert_eq!(value(&[0x0a, 0x00, 0x70, 0x06]), Ok(0x11)); // const2u 0x7000, deref
        assert_eq!(value(&[0x0a, 0x08, 0x70, 0x94, 4]), Ok(0x2222_2222)); // deref_size 4
        assert_eq!(value(&[0x30, 0x06]), Err(Fault::Unread(Unread::Elsewhere)));
        assert_eq!(value(&[0x31, 0x28, 9, 0, 0x35, 0x36]), Err(Fault::Malformed)); // a jump cut off
        assert_eq!(value(&[0x39, 0x31, 0x28, 1, 0, 0x35, 0x36]), Ok(6)); // bra over lit5
    }

    #[test]
    fn loops_and_depth_are_bounded() {
        assert_eq!(value(&[0x2f, 0xfd, 0xff]), Err(Fault::Malformed)); // skip -3: itself
        assert_eq!(value(&[0x31, 0x2f, 0xfc, 0xff]), Err(Fault::Malformed)); // push for ever
        assert_eq!(value(&[]), Err(Fault::Malformed));
        assert_eq!(value(&[0x22]), Err(Fault::Malformed));
        assert_eq!(value(&[0x50]), Err(Fault::Malformed)); // reg0 is a place, not a value
    }
}
