//! One upload in the log.
//!
//! All numbers are little-endian. Headers are text, one `name: value` per line, the content type first.
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `vlg1` |
//! | 4 | length of the headers |
//! | 8 | length of the body |
//! | 8 | profile id |
//! | 8 | time of receipt, microseconds since the Unix epoch |
//! | 16 | key by which a repeated upload is recognized |
//! | 8 | XXH3 of headers and body |
//! | 4 | zero |
//! | 4 | CRC-32 of the 60 bytes before |
//! | ... | headers |
//! | ... | body, byte for byte |

use crate::{ProfileId, RawUpload, Timestamp};
use bytes::Bytes;
use vesta_upload::Headers;
use xxhash_rust::xxh3::Xxh3;

/// The fixed part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub(crate) id: ProfileId,
    pub(crate) received_at: Timestamp,
    pub(crate) key: u128,
    pub(crate) headers_len: u32,
    pub(crate) body_len: u64,
    pub(crate) hash: u64,
}

/// A record that was read.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) head: RecordHead,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
}

impl RecordHead {
    /// Bytes of a head.
    pub(crate) const LEN: usize = 64;
    /// How every record begins.
    pub(crate) const MAGIC: [u8; 4] = *b"vlg1";

    /// The head for an upload, and its headers as they go into the log.
    pub(crate) fn new(
        id: ProfileId,
        received_at: Timestamp,
        key: u128,
        headers: &Headers,
        body: &[u8],
    ) -> (RecordHead, Vec<u8>) {
        let headers = encode_headers(headers);
        let mut hasher = Xxh3::new();
        hasher.update(&headers);
        hasher.update(body);
        let headers_len = u32::try_from(headers.len()).unwrap_or(u32::MAX);
        let head = RecordHead {
            id,
            received_at,
            key,
            headers_len,
            body_len: body.len() as u64,
            hash: hasher.digest(),
        };
        (head, headers)
    }

    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0..4].copy_from_slice(&Self::MAGIC);
        bytes[4..8].copy_from_slice(&self.headers_len.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.body_len.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.id.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.received_at.0.to_le_bytes());
        bytes[32..48].copy_from_slice(&self.key.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.hash.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The head in these bytes, none if they are not one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<RecordHead> {
        let bytes: &[u8; Self::LEN] = bytes.get(..Self::LEN)?.try_into().ok()?;
        let checksum = crc32fast::hash(&bytes[..60]);
        if bytes[0..4] != Self::MAGIC || bytes[60..64] != checksum.to_le_bytes() {
            return None;
        }
        Some(RecordHead {
            headers_len: u32::from_le_bytes(array(bytes, 4)),
            body_len: u64::from_le_bytes(array(bytes, 8)),
            id: ProfileId(i64::from_le_bytes(array(bytes, 16))),
            received_at: Timestamp(i64::from_le_bytes(array(bytes, 24))),
            key: u128::from_le_bytes(array(bytes, 32)),
            hash: u64::from_le_bytes(array(bytes, 48)),
        })
    }

    /// Bytes of the whole record.
    pub(crate) fn record_len(&self) -> u64 {
        (Self::LEN as u64).saturating_add(self.payload_len())
    }

    /// Bytes of headers and body.
    pub(crate) fn payload_len(&self) -> u64 {
        u64::from(self.headers_len).saturating_add(self.body_len)
    }
}

impl Record {
    /// The record with this head and these bytes after it, none if they are not what was written.
    pub(crate) fn decode(head: RecordHead, payload: &Bytes) -> Option<Record> {
        let headers_len = usize::try_from(head.headers_len).ok()?;
        if payload.len() as u64 != head.payload_len() || xxhash_rust::xxh3::xxh3_64(payload) != head.hash {
            return None;
        }
        let headers = decode_headers(payload.get(..headers_len)?);
        Some(Record { head, headers, body: payload.slice(headers_len..) })
    }

    pub(crate) fn into_raw(self) -> RawUpload {
        RawUpload {
            id: self.head.id,
            received_at: self.head.received_at,
            headers: self.headers,
            body: self.body,
        }
    }
}

fn array<const N: usize>(bytes: &[u8; RecordHead::LEN], at: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[at + index])
}

/// HTTP forbids line feeds in headers, so one that has them did not come over HTTP.
fn encode_headers(headers: &Headers) -> Vec<u8> {
    let mut text = String::new();
    let content_type = std::iter::once(("content-type", headers.content_type()));
    let others = headers.others().iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in content_type.chain(others) {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(&value.replace(['\r', '\n'], " "));
        text.push('\n');
    }
    text.into_bytes()
}

fn decode_headers(bytes: &[u8]) -> Headers {
    let text = String::from_utf8_lossy(bytes);
    let pairs: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    Headers::from_pairs(pairs.iter().copied())
}
