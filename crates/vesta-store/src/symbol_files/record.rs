//! How a symbol file lies on disk: a line that says what it is, a line of JSON about it, and the rest compressed.

use super::{BuildId, timestamp_of};
use crate::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use vesta_formats::compression;
use vesta_symbols::SymbolFile;

/// The first line of a file.
const MAGIC: &[u8] = b"vesta symbols 1\n";
/// The most bytes of both lines.
const HEAD_BYTES: usize = 4096;
/// The most bytes of the name of a module.
const NAME_BYTES: usize = 255;
/// A level at which 40 MiB take half a second.
const LEVEL: i32 = 3;

/// What is known of a symbol file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolFileInfo {
    /// Of which build it is.
    pub build_id: BuildId,
    /// What the binary is called.
    pub module: String,
    /// How many functions it names.
    pub functions: u64,
    /// Its bytes on disk.
    pub bytes: u64,
    /// Its bytes as it was sent, not compressed.
    pub decoded_bytes: u64,
    /// When it was stored.
    pub uploaded: Timestamp,
    /// When a question needed it the last time, to the day; when it was stored, if none did.
    pub used: Timestamp,
}

/// The second line of a file.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    build_id: String,
    module: String,
    functions: u64,
    decoded_bytes: u64,
    uploaded_us: i64,
}

impl SymbolFileInfo {
    /// What is known of a file that is not written yet.
    pub(super) fn new(
        build_id: BuildId,
        module: &str,
        decoded: &SymbolFile,
        bytes: usize,
        now: Timestamp,
    ) -> Self {
        let module = module.rsplit('/').next().unwrap_or_default();
        let mut module: String = module.chars().filter(|letter| !letter.is_control()).collect();
        while module.len() > NAME_BYTES {
            module.pop();
        }
        SymbolFileInfo {
            build_id,
            module,
            functions: decoded.functions() as u64,
            bytes: 0,
            decoded_bytes: bytes as u64,
            uploaded: now,
            used: now,
        }
    }
}

/// The bytes of a file, and what is known of it with their number.
pub(super) fn write(info: SymbolFileInfo, symbols: &[u8]) -> io::Result<(SymbolFileInfo, Vec<u8>)> {
    let record = Record {
        build_id: info.build_id.as_str().to_owned(),
        module: info.module.clone(),
        functions: info.functions,
        decoded_bytes: info.decoded_bytes,
        uploaded_us: info.uploaded.0,
    };
    let mut file = MAGIC.to_vec();
    serde_json::to_writer(&mut file, &record)?;
    file.push(b'\n');
    file.extend(compression::compress_zstd(symbols, LEVEL)?);
    Ok((SymbolFileInfo { bytes: file.len() as u64, ..info }, file))
}

/// The symbols of a file.
pub(super) fn read(path: &Path, limit: usize) -> io::Result<Bytes> {
    let file = fs::read(path)?;
    let (_, length) = Record::parse(&file)?;
    let symbols = compression::decompress(file.get(length..).unwrap_or_default(), limit);
    symbols.map(|symbols| Bytes::from(symbols.into_owned())).map_err(io::Error::other)
}

impl Record {
    /// What a file says of itself.
    pub(super) fn read_head(path: &Path) -> io::Result<SymbolFileInfo> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let (record, _) = Record::parse(&head)?;
        let uploaded = Timestamp(record.uploaded_us);
        Ok(SymbolFileInfo {
            build_id: BuildId::parse(&record.build_id).map_err(io::Error::other)?,
            module: record.module,
            functions: record.functions,
            bytes: metadata.len(),
            decoded_bytes: record.decoded_bytes,
            uploaded,
            used: metadata.modified().map_or(uploaded, timestamp_of).max(uploaded),
        })
    }

    /// The head of a file, and how long it is.
    fn parse(file: &[u8]) -> io::Result<(Record, usize)> {
        let bad = |why: &'static str| io::Error::new(io::ErrorKind::InvalidData, why);
        let rest =
            file.strip_prefix(MAGIC).ok_or_else(|| bad("its first line is not that of a symbol file"))?;
        let line = rest.get(..rest.len().min(HEAD_BYTES)).unwrap_or_default();
        let end = memchr::memchr(b'\n', line).ok_or_else(|| bad("its second line does not end"))?;
        let record = serde_json::from_slice(line.get(..end).unwrap_or_default())?;
        Ok((record, MAGIC.len() + end + 1))
    }
}
