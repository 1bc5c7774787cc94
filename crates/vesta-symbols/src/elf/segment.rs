//! What of a file is mapped where.

/// Kernels map whole pages, and on some aarch64 machines a page has 64 KiB.
const MAX_PAGE: u64 = 64 << 10;

/// A piece of a file that the loader maps, at addresses as the file states them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Where it starts in the file.
    pub offset: u64,
    /// How many bytes the file has of it.
    pub file_size: u64,
    /// The address of its first byte.
    pub address: u64,
    /// How many bytes it has in memory.
    pub memory_size: u64,
    /// Whether it holds code.
    pub executable: bool,
}

impl Segment {
    fn contains_offset(&self, offset: u64) -> bool {
        offset.checked_sub(self.offset).is_some_and(|within| within < self.file_size)
    }

    fn address_of(&self, offset: u64) -> u64 {
        self.address.wrapping_add(offset.wrapping_sub(self.offset))
    }
}

/// The address of a byte of the file. Where segments overlap in the file, the one with code is meant.
#[must_use]
pub fn address_of_offset(segments: &[Segment], offset: u64) -> Option<u64> {
    let containing = || segments.iter().filter(|segment| segment.contains_offset(offset));
    let segment = containing().find(|segment| segment.executable).or_else(|| containing().next())?;
    Some(segment.address_of(offset))
}

/// How far an executable mapping is from where the file states it: add it to an address of the file to get one of the
/// process. `offset` is where the mapping starts in the file.
///
/// The segment is the one with code whose pages include `offset`. `lld` lets read-only data and code share a page of
/// the file, so that a mapping of code may start before its segment, within the one before it: taking that one made
/// every stack through a Rust library fail.
#[must_use]
pub fn bias_of_mapping(segments: &[Segment], start: u64, offset: u64) -> Option<u64> {
    let executable = || segments.iter().filter(|segment| segment.executable);
    let near =
        || executable().filter(|segment| segment.offset > offset && segment.offset - offset < MAX_PAGE);
    let segment = executable()
        .find(|segment| segment.contains_offset(offset))
        .or_else(|| near().min_by_key(|segment| segment.offset))
        .or_else(|| segments.iter().find(|segment| segment.contains_offset(offset)))?;
    Some(start.wrapping_sub(segment.address_of(offset)))
}
