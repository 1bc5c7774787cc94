//! `/proc/PID/maps`, as text.

use std::ops::Range;

/// The most mappings read of one process; the kernel's default bound is 65,530.
const MAXIMUM: usize = 65_530;

/// A line of `/proc/PID/maps` that describes code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapsLine {
    pub(crate) range: Range<u64>,
    pub(crate) offset: u64,
    pub(crate) device: (u32, u32),
    pub(crate) inode: u64,
    /// Empty for memory without a file; `[vdso]` and the like have brackets.
    pub(crate) path: String,
}

/// The executable mappings in the text, in its order. Lines that make no sense are left out.
pub(crate) fn executable(text: &[u8]) -> Vec<MapsLine> {
    text.split(|&byte| byte == b'\n').filter_map(line).take(MAXIMUM).collect()
}

/// The files that are mapped without being executable, such as jitdump files.
pub(crate) fn mapped_paths(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|&byte| byte == b'/')?;
        line.get(at..)
    })
}

fn line(line: &[u8]) -> Option<MapsLine> {
    let mut rest = line;
    let range = field(&mut rest)?;
    let permissions = field(&mut rest)?;
    if permissions.get(2) != Some(&b'x') {
        return None;
    }
    let offset = hexadecimal(field(&mut rest)?)?;
    let (major, minor) = split(field(&mut rest)?, b':')?;
    let device = (u32::try_from(hexadecimal(major)?).ok()?, u32::try_from(hexadecimal(minor)?).ok()?);
    let inode = std::str::from_utf8(field(&mut rest)?).ok()?.parse().ok()?;
    let (start, end) = split(range, b'-')?;
    let range = hexadecimal(start)?..hexadecimal(end)?;
    let path = unescaped(rest.trim_ascii_start());
    (range.start < range.end).then_some(MapsLine { range, offset, device, inode, path })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let text = rest.trim_ascii_start();
    let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    *rest = after;
    (!field.is_empty()).then_some(field)
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|&byte| byte == at)?;
    Some((text.get(..position)?, text.get(position + 1..)?))
}

fn hexadecimal(text: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

/// The kernel writes a newline in a path as `\012`, and nothing else.
fn unescaped(path: &[u8]) -> String {
    let path = String::from_utf8_lossy(path);
    if path.contains("\\012") { path.replace("\\012", "\n") } else { path.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_from_maps() {
        let text = b"55d0c0a00000-55d0c0a02000 r--p 00000000 08:01 1234 /usr/bin/a b (deleted)\n\
            55d0c0a02000-55d0c0a07000 r-xp 00002000 08:01 1234                       /usr/bin/a b (deleted)\n\
            7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n\
            7ffd0bd9a000-7ffd0bd9c000 r-xp 00000000 00:00 0                          [vdso]\n\
            broken\n7f1-7f0 r-xp 0 0:0 0\n";
        let lines = executable(text);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].path, "/usr/bin/a b (deleted)");
        assert_eq!((lines[0].offset, lines[0].device, lines[0].inode), (0x2000, (8, 1), 1234));
        assert_eq!(lines[0].range, 0x55d0c0a02000..0x55d0c0a07000);
        assert_eq!(lines[1].path, "");
        assert_eq!(lines[2].path, "[vdso]");
    }
}
