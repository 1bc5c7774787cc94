//! Call frame information: `.eh_frame`, its index `.eh_frame_hdr`, and `.debug_frame`.

use crate::arch::native as arch;
use crate::info::{Section, Sections};
use crate::rule::{Cfa, Complex, FrameRule, Function, Place, Row, Rule};
use gimli::{
    BaseAddresses, CfaRule, CieOrFde, DebugFrame, EhFrame, EndianSlice, LittleEndian, RegisterRule,
    UnwindContext, UnwindContextStorage, UnwindExpression, UnwindSection, UnwindTableRow,
};
use std::sync::Arc;

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// Nothing a compiler writes comes near: functions of a megabyte have some thousand rows.
const MAX_ROWS: usize = 1 << 14;
const MAX_COMPLEX: usize = 1 << 10;
const MAX_INSTRUCTION_BYTES: usize = 1 << 20;
const MAX_EXPRESSION_BYTES: usize = 1 << 10;

/// What decoding needs room for; kept by who decodes, since it is 50 KiB.
pub(crate) struct Scratch(UnwindContext<usize, Storage>);

impl Scratch {
    pub(crate) fn new() -> Self {
        Scratch(UnwindContext::new_in())
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scratch")
    }
}

/// More states to remember than gimli's 4, of which nested shrink-wrapping may need more, and fewer registers than its
/// 192.
struct Storage;

impl UnwindContextStorage<usize> for Storage {
    type Rules = [(gimli::Register, RegisterRule<usize>); 80];
    type Stack = Box<[UnwindTableRow<usize, Storage>; 16]>;
}

/// The addresses that pointers may be relative to.
fn bases(sections: &Sections) -> BaseAddresses {
    let mut bases = BaseAddresses::default().set_text(sections.text_address).set_got(sections.got_address);
    if let Some(section) = &sections.eh_frame {
        bases = bases.set_eh_frame(section.address);
    }
    if let Some(section) = &sections.eh_frame_hdr {
        bases = bases.set_eh_frame_hdr(section.address);
    }
    bases
}

fn eh_frame(section: &Section) -> EhFrame<Bytes<'_>> {
    let mut frames = EhFrame::new(&section.data, LittleEndian);
    frames.set_address_size(8);
    frames.set_vendor(arch::VENDOR);
    frames
}

fn debug_frame(section: &Section) -> DebugFrame<Bytes<'_>> {
    let mut frames = DebugFrame::new(&section.data, LittleEndian);
    frames.set_address_size(8);
    frames.set_vendor(arch::VENDOR);
    frames
}

/// Where in `.eh_frame` the function of an address is described, by the table that linkers write for the purpose.
/// `Err` if there is none, or not in the form that all linkers write.
pub(crate) fn search_header(header: &Section, eh_frame: &Section, svma: u64) -> Result<Option<usize>, ()> {
    // Version 1, then the encodings: a pointer in 4 bytes, the count in 4 bytes, the table in pairs of 4 bytes
    // relative to the start of this section.
    const TABLE: usize = 12;
    let data = &*header.data;
    let [1, pointer, 0x03, 0x3b] = *data.first_chunk::<4>().ok_or(())? else { return Err(()) };
    if !matches!(pointer & 0x0f, 0x03 | 0x0b) {
        return Err(());
    }
    let count = data.get(8..TABLE).and_then(|bytes| bytes.first_chunk()).ok_or(())?;
    let count = usize::try_from(u32::from_le_bytes(*count)).map_err(drop)?;
    let table = data.get(TABLE..).ok_or(())?;
    let (entries, _) = table.as_chunks::<8>();
    let entries = entries.get(..count).unwrap_or(entries);
    let resolve = |bytes: [u8; 4]| header.address.wrapping_add_signed(i64::from(i32::from_le_bytes(bytes)));
    let after = entries.partition_point(|[a, b, c, d, ..]| resolve([*a, *b, *c, *d]) <= svma);
    let Some([_, _, _, _, a, b, c, d]) = after.checked_sub(1).and_then(|at| entries.get(at)) else {
        return Ok(None);
    };
    Ok(usize::try_from(resolve([*a, *b, *c, *d]).wrapping_sub(eh_frame.address)).ok())
}

/// The functions of a section in the order of their addresses: address, and where in the section it is described.
pub(crate) fn index_eh_frame(sections: &Sections, section: &Section) -> Box<[(u64, u32)]> {
    index(&eh_frame(section), &bases(sections))
}

/// As [`index_eh_frame`].
pub(crate) fn index_debug_frame(sections: &Sections, section: &Section) -> Box<[(u64, u32)]> {
    index(&debug_frame(section), &bases(sections))
}

fn index<'a, S: UnwindSection<Bytes<'a>>>(section: &S, bases: &BaseAddresses) -> Box<[(u64, u32)]> {
    let mut functions = Vec::new();
    let mut entries = section.entries(bases);
    // The CIEs are few and follow one another's functions, so the last one is nearly always the next one.
    let mut last: Option<(usize, gimli::CommonInformationEntry<Bytes<'a>>)> = None;
    // What follows a malformed entry cannot be found.
    while let Ok(Some(entry)) = entries.next() {
        let CieOrFde::Fde(partial) = entry else { continue };
        let function = partial.parse(|section, bases, offset| {
            let at = gimli::UnwindOffset::into(offset);
            match &last {
                Some((cached, cie)) if *cached == at => Ok(cie.clone()),
                _ => {
                    let cie = section.cie_from_offset(bases, offset)?;
                    last = Some((at, cie.clone()));
                    Ok(cie)
                }
            }
        });
        let Ok(function) = function else { continue };
        // Functions that the linker threw away are left at address 0.
        if function.initial_address() == 0 || function.len() == 0 {
            continue;
        }
        if let Ok(offset) = u32::try_from(function.offset()) {
            functions.push((function.initial_address(), offset));
        }
    }
    functions.sort_unstable();
    functions.into_boxed_slice()
}

/// Decodes the function that is described at an offset in `.eh_frame`.
pub(crate) fn decode_eh_frame(
    sections: &Sections,
    section: &Section,
    offset: usize,
    scratch: &mut Scratch,
) -> Option<Function> {
    decode(&eh_frame(section), &bases(sections), gimli::EhFrameOffset(offset), scratch)
}

/// Decodes the function that is described at an offset in `.debug_frame`.
pub(crate) fn decode_debug_frame(
    sections: &Sections,
    section: &Section,
    offset: usize,
    scratch: &mut Scratch,
) -> Option<Function> {
    decode(&debug_frame(section), &bases(sections), gimli::DebugFrameOffset(offset), scratch)
}

fn decode<'a, S: UnwindSection<Bytes<'a>>>(
    section: &S,
    bases: &BaseAddresses,
    offset: S::Offset,
    scratch: &mut Scratch,
) -> Option<Function> {
    let description = section.fde_from_offset(bases, offset, S::cie_from_offset).ok()?;
    if description.entry_len() > MAX_INSTRUCTION_BYTES
        || description.cie().entry_len() > MAX_INSTRUCTION_BYTES
    {
        return None;
    }
    let start = description.initial_address();
    let end = start.checked_add(description.len()).filter(|end| *end > start)?;
    let signal = description.is_signal_trampoline();
    let return_address = description.cie().return_address_register();
    let mut rows: Vec<Row> = Vec::new();
    let mut complex = Vec::new();
    let mut table = description.rows(section, bases, &mut scratch.0).ok()?;
    // A malformed instruction ends the function early: what comes before it is good.
    while let Ok(Some(row)) = table.next_row() {
        let offset = row.start_address().saturating_sub(start);
        let (Ok(offset), true) = (u32::try_from(offset), rows.len() < MAX_ROWS) else { break };
        let rule = rule(section, row, return_address, signal, &mut complex);
        match rows.last_mut() {
            // An advance by nothing.
            Some(last) if last.offset == offset => last.rule = rule,
            Some(last) if last.rule == rule => {}
            _ => rows.push(Row { offset, rule }),
        }
    }
    Some(Function { start, end, rows: rows.into_boxed_slice(), complex: complex.into_boxed_slice() })
}

/// The rule of a row.
fn rule<'a, S: UnwindSection<Bytes<'a>>>(
    section: &S,
    row: &UnwindTableRow<usize, Storage>,
    return_address: gimli::Register,
    signal: bool,
    complex: &mut Vec<Arc<Complex>>,
) -> Rule {
    if row.register(return_address) == Some(RegisterRule::Undefined) {
        return Rule::Root;
    }
    if let Some(rule) = frame(row, signal) {
        return Rule::Frame(rule);
    }
    if complex.len() >= MAX_COMPLEX {
        return Rule::Unknown;
    }
    let Some(new) = complex_of(section, row, signal) else { return Rule::Unknown };
    let Ok(at) = u16::try_from(complex.len()) else { return Rule::Unknown };
    complex.push(Arc::new(new));
    Rule::Complex(at)
}

/// A row in the form that nearly all have, if it is of that form.
fn frame(row: &UnwindTableRow<usize, Storage>, signal: bool) -> Option<FrameRule> {
    let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
    if signal {
        return None;
    }
    let mut rule = FrameRule::new(general(*register)?, i32::try_from(*offset).ok()?);
    for (register, place) in row.registers() {
        let Some(register) = general(*register) else { continue };
        let fits = match place {
            RegisterRule::SameValue => true,
            // The caller's stack pointer is the canonical frame address, whatever the row says besides.
            RegisterRule::ValOffset(0) if register == arch::SP => true,
            RegisterRule::Offset(offset) => rule.save(register, *offset),
            // Registers that a call does not preserve are of no use in a caller.
            RegisterRule::Undefined => rule.lose(register) || register != arch::SP,
            _ => false,
        };
        if !fits {
            return None;
        }
    }
    Some(rule)
}

/// A row in the form that can say everything.
fn complex_of<'a, S: UnwindSection<Bytes<'a>>>(
    section: &S,
    row: &UnwindTableRow<usize, Storage>,
    signal: bool,
) -> Option<Complex> {
    let cfa = match row.cfa() {
        CfaRule::RegisterAndOffset { register, offset } => Cfa::Register(general(*register)?, *offset),
        CfaRule::Expression(expression) => Cfa::Expression(expression_of(section, expression)?),
    };
    let mut registers = Vec::new();
    for (register, place) in row.registers() {
        let Some(register) = general(*register) else { continue };
        let place = match place {
            RegisterRule::SameValue => continue,
            RegisterRule::Undefined => Place::Lost,
            RegisterRule::Offset(offset) => Place::At(*offset),
            RegisterRule::ValOffset(offset) => Place::Value(*offset),
            RegisterRule::Register(other) => Place::Register(general(*other)?),
            RegisterRule::Expression(expression) => Place::AtExpression(expression_of(section, expression)?),
            RegisterRule::ValExpression(expression) => {
                Place::ValueExpression(expression_of(section, expression)?)
            }
            _ => return None,
        };
        registers.push((register, place));
    }
    Some(Complex { cfa, registers: registers.into_boxed_slice(), signal })
}

fn expression_of<'a, S: UnwindSection<Bytes<'a>>>(
    section: &S,
    expression: &UnwindExpression<usize>,
) -> Option<Box<[u8]>> {
    let bytes = expression.get(section).ok()?.0.slice();
    (bytes.len() <= MAX_EXPRESSION_BYTES).then(|| bytes.into())
}

/// A register that the unwinder follows: not one for vectors or flags.
fn general(register: gimli::Register) -> Option<u8> {
    u8::try_from(register.0).ok().filter(|register| usize::from(*register) < arch::COUNT)
}
