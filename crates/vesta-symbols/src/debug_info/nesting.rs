//! addr2line follows inlined functions by recursion, one call per level. A file made for it would overflow the stack,
//! which ends the process: nothing can catch that.

use std::ops::Range;

use gimli::{Dwarf, Reader, Unit};
use hashbrown::HashMap;

/// Compilers nest some 60 deep: namespaces, classes, functions, blocks and inlined functions together.
const MAX_DEPTH: isize = 1_000;

/// Whether anything nests deeper than any compiler would, in units that may be asked for: those with a range of addresses
/// that is needed, and those that say nothing of their addresses.
pub(super) fn is_too_deep<R: Reader<Offset = usize>>(
    dwarf: &Dwarf<R>,
    is_needed: impl Fn(Range<u64>) -> bool,
) -> bool {
    let listed = listed_units(dwarf, &is_needed);
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        let listed = header.debug_info_offset().and_then(|offset| listed.get(&offset.0)).copied();
        let Ok(unit) = dwarf.unit(header) else { continue };
        if listed == Some(true) || is_unit_needed(dwarf, &unit, listed.is_some(), &is_needed) {
            // Where it breaks off, addr2line does too.
            if is_unit_too_deep(&unit).unwrap_or(false) {
                return true;
            }
        }
    }
    false
}

/// Whether each unit of `.debug_aranges` is needed.
fn listed_units<R: Reader<Offset = usize>>(
    dwarf: &Dwarf<R>,
    is_needed: impl Fn(Range<u64>) -> bool,
) -> HashMap<usize, bool> {
    let mut listed = HashMap::new();
    let mut headers = dwarf.debug_aranges.headers();
    while let Ok(Some(header)) = headers.next() {
        let mut entries = header.entries();
        while let Some(entry) = entries.next().transpose() {
            let Some(range) = entry.ok().map(|entry| entry.range()).filter(|range| range.begin < range.end)
            else {
                continue;
            };
            let needed = listed.entry(header.debug_info_offset().0).or_insert(false);
            *needed |= is_needed(range.begin..range.end);
        }
    }
    listed
}

fn is_unit_needed<R: Reader<Offset = usize>>(
    dwarf: &Dwarf<R>,
    unit: &Unit<R>,
    is_listed: bool,
    is_needed: impl Fn(Range<u64>) -> bool,
) -> bool {
    let Ok(mut ranges) = dwarf.unit_ranges(unit) else { return true };
    let mut says = is_listed;
    loop {
        match ranges.next() {
            Ok(Some(range)) if range.begin < range.end => {
                if is_needed(range.begin..range.end) {
                    return true;
                }
                says = true;
            }
            Ok(Some(_)) => {}
            Ok(None) => return !says,
            Err(_) => return true,
        }
    }
}

fn is_unit_too_deep<R: Reader<Offset = usize>>(unit: &Unit<R>) -> gimli::Result<bool> {
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        if entries.next_depth() > MAX_DEPTH {
            return Ok(true);
        }
        if let Some(abbreviation) = entries.read_abbreviation()? {
            entries.skip_attributes(abbreviation.attributes())?;
        }
    }
    Ok(false)
}
