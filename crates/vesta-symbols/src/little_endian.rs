//! Numbers in foreign bytes. What lies outside of them is `None`.

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(array_at(bytes, at)?))
}

/// The bytes from `at` up to the next NUL, without it.
pub(crate) fn text_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    rest.get(..memchr::memchr(0, rest)?)
}

/// A number of this machine's size; on 64 bits always `Some`.
pub(crate) fn index(value: u64) -> Option<usize> {
    usize::try_from(value).ok()
}

/// The size of something in memory, which on no machine exceeds 64 bits.
pub(crate) fn size_of_slice<T>(slice: &[T]) -> u64 {
    size(slice.len())
}

/// A count or index as 64 bits.
pub(crate) fn size(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}
