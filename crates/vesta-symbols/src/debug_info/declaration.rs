//! The line where a function is declared.

use gimli::{AttributeValue, Reader, UnitOffset, UnitRef};

/// An inlined call refers to the function, and that to its declaration in a class.
const MAX_REFERENCES: usize = 8;

pub(super) fn line<R: Reader<Offset = usize>>(unit: &UnitRef<'_, R>, at: UnitOffset) -> Option<u32> {
    follow(unit, at, MAX_REFERENCES)
}

fn follow<R: Reader<Offset = usize>>(
    unit: &UnitRef<'_, R>,
    at: UnitOffset,
    references: usize,
) -> Option<u32> {
    let entry = unit.entry(at).ok()?;
    if let Some(line) = entry.attr_value(gimli::DW_AT_decl_line) {
        return line.udata_value().and_then(|line| u32::try_from(line).ok());
    }
    let references = references.checked_sub(1)?;
    let origin = entry.attr_value(gimli::DW_AT_abstract_origin);
    match origin.or_else(|| entry.attr_value(gimli::DW_AT_specification))? {
        AttributeValue::UnitRef(at) => follow(unit, at, references),
        // Another unit, after optimization across units: rare, and finding it would take all units.
        _ => None,
    }
}
