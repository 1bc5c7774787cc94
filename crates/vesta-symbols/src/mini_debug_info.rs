//! `.gnu_debugdata`: the symbol table that Fedora leaves in stripped files, as an ELF file compressed with xz.

use std::io::Read;

use crate::elf::ElfFile;
use crate::little_endian::size_of_slice;
use crate::problem::Problem;

const NAME: &str = ".gnu_debugdata";
/// That of Fedora's largest library is 2 MiB, 9 MiB decompressed.
const MAX_COMPRESSED: u64 = 64 << 20;
const MAX_DECOMPRESSED: u64 = 256 << 20;
/// xz at its highest level needs 65 MiB.
const MAX_MEMORY_KIB: u32 = 128 << 10;

/// The file within the file. `None` when there is none.
pub(crate) fn read(elf: &ElfFile, problems: &mut Vec<Problem>) -> Option<ElfFile> {
    let bytes = elf.section_bytes(NAME, MAX_COMPRESSED)?;
    let mut output = Vec::new();
    let decoder = lzma_rust2::XzReader::new_mem_limit(&bytes[..], false, MAX_MEMORY_KIB);
    if let Err(error) = decoder.take(MAX_DECOMPRESSED + 1).read_to_end(&mut output) {
        problems.push(Problem::new(format!("section {NAME}: {error}")));
        return None;
    }
    if size_of_slice(&output) > MAX_DECOMPRESSED {
        problems.push(Problem::new(format!("section {NAME}: more than {MAX_DECOMPRESSED} bytes")));
        return None;
    }
    ElfFile::from_bytes(output)
        .inspect_err(|error| problems.push(Problem::new(format!("section {NAME}: {error}"))))
        .ok()
}
