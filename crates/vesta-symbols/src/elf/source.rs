//! Where the bytes come from.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::ElfError;
use crate::little_endian::{index, size_of_slice};

#[derive(Debug)]
pub(super) enum Source {
    File { file: File, size: u64 },
    Bytes(Vec<u8>),
}

impl Source {
    pub(super) fn file(file: File) -> Result<Self, ElfError> {
        let metadata = file.metadata().map_err(|source| ElfError::Read { offset: 0, size: 0, source })?;
        if !metadata.is_file() {
            return Err(ElfError::NotElf);
        }
        Ok(Self::File { file, size: metadata.len() })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            Self::Bytes(bytes) => size_of_slice(bytes),
        }
    }

    /// Exactly these bytes. Nothing is allocated for what the file does not have.
    pub(super) fn read(&self, offset: u64, size: u64) -> Result<Vec<u8>, ElfError> {
        let end = offset.checked_add(size).ok_or(ElfError::Malformed("an offset beyond 64 bits"))?;
        if end > self.size() {
            return Err(ElfError::Malformed("an offset beyond the end of the file"));
        }
        let failed = |source| ElfError::Read { offset, size, source };
        let length = index(size).ok_or(ElfError::Malformed("a size beyond this machine's"))?;
        match self {
            Self::File { file, .. } => {
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(length).map_err(|_| failed(io::ErrorKind::OutOfMemory.into()))?;
                bytes.resize(length, 0);
                file.read_exact_at(&mut bytes, offset).map_err(failed)?;
                Ok(bytes)
            }
            Self::Bytes(bytes) => {
                let start = index(offset).ok_or(ElfError::Malformed("an offset beyond this machine's"))?;
                Ok(bytes.get(start..start + length).unwrap_or_default().to_vec())
            }
        }
    }

    /// At most this many bytes.
    pub(super) fn read_up_to(&self, offset: u64, size: u64) -> Result<Vec<u8>, ElfError> {
        self.read(offset, size.min(self.size().saturating_sub(offset)))
    }

    /// The CRC-32 of all bytes, as `.gnu_debuglink` has it.
    pub(super) fn crc32(&self) -> Result<u32, ElfError> {
        const CHUNK: u64 = 1 << 20;
        let mut hasher = crc32fast::Hasher::new();
        let mut offset = 0;
        while offset < self.size() {
            let bytes = self.read_up_to(offset, CHUNK)?;
            hasher.update(&bytes);
            offset += size_of_slice(&bytes);
        }
        Ok(hasher.finalize())
    }
}
