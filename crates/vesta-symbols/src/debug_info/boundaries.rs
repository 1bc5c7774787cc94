//! Every address where an answer may change.

use addr2line::Context;
use gimli::Reader;

pub(super) fn collect<R: Reader<Offset = usize>>(
    context: &Context<R>,
    dwarf: &gimli::Dwarf<R>,
    all: &mut Vec<u64>,
) {
    if let Ok(lines) = context.find_location_range(0, u64::MAX) {
        for (start, size, _) in lines {
            all.extend([start, start.saturating_add(size)]);
        }
    }
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Ok(unit) = dwarf.unit(header) {
            // What follows damage within a unit is lost, here as in the answers.
            let _damaged = collect_unit(dwarf, &unit, all);
        }
    }
}

fn collect_unit<R: Reader<Offset = usize>>(
    dwarf: &gimli::Dwarf<R>,
    unit: &gimli::Unit<R>,
    all: &mut Vec<u64>,
) -> gimli::Result<()> {
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        let has_code = matches!(
            entry.tag(),
            gimli::DW_TAG_compile_unit
                | gimli::DW_TAG_partial_unit
                | gimli::DW_TAG_skeleton_unit
                | gimli::DW_TAG_subprogram
                | gimli::DW_TAG_inlined_subroutine
        );
        if !has_code || is_endless(dwarf, unit, entry) {
            continue;
        }
        // Damaged ranges do not hide those of other entries, here as in the answers.
        let Ok(mut ranges) = dwarf.die_ranges(unit, entry) else { continue };
        while let Ok(Some(range)) = ranges.next() {
            all.extend([range.begin, range.end]);
        }
    }
    Ok(())
}

/// Whether code is said to go on beyond the last address: gimli's sum of start and size overflows.
fn is_endless<R: Reader<Offset = usize>>(
    dwarf: &gimli::Dwarf<R>,
    unit: &gimli::Unit<R>,
    entry: &gimli::DebuggingInformationEntry<R>,
) -> bool {
    let Some(gimli::AttributeValue::Udata(size)) = entry.attr_value(gimli::DW_AT_high_pc) else {
        return false;
    };
    let Some(start) = entry.attr_value(gimli::DW_AT_low_pc) else { return false };
    let Ok(Some(start)) = dwarf.attr_address(unit, start) else { return false };
    start.checked_add(size).is_none()
}
