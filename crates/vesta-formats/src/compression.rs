//! Compression, recognized by magic bytes: what clients say about it in headers is often wrong.

use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::io::{self, Read, Write};

/// How bytes are wrapped, as far as their first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// One or more Zstandard frames.
    Zstd,
    /// One or more gzip members.
    Gzip,
    /// One or more LZ4 frames.
    Lz4,
    /// A zip archive. Recognized, not opened.
    Zip,
    /// Java Flight Recorder chunks, not compressed.
    Jfr,
    /// JSON text, not compressed.
    Json,
    /// Anything else, taken as not compressed.
    Plain,
}

impl Encoding {
    /// The name for people and APIs.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Zstd => "zstd",
            Encoding::Gzip => "gzip",
            Encoding::Lz4 => "lz4",
            Encoding::Zip => "zip",
            Encoding::Jfr => "jfr",
            Encoding::Json => "json",
            Encoding::Plain => "plain",
        }
    }
}

/// Why bytes could not be decompressed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// The output would be larger than allowed.
    #[error("decompresses to more than {limit} bytes")]
    TooLarge {
        /// The most that was allowed.
        limit: usize,
    },
    /// The input is not what its first bytes promise.
    #[error("broken {} data after {read} bytes of output", encoding.as_str())]
    Corrupt {
        /// What the first bytes promise.
        encoding: Encoding,
        /// How much could be read before the fault.
        read: usize,
        /// What the decompressor said.
        source: io::Error,
    },
}

/// What the first bytes say.
pub fn sniff(bytes: &[u8]) -> Encoding {
    match bytes {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Encoding::Zstd,
        // A skippable frame, which some writers put first.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Encoding::Zstd,
        [0x1f, 0x8b, ..] => Encoding::Gzip,
        [0x04, 0x22, 0x4d, 0x18, ..] => Encoding::Lz4,
        [b'P', b'K', 3, 4, ..] => Encoding::Zip,
        [b'F', b'L', b'R', 0, ..] => Encoding::Jfr,
        _ => match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Encoding::Json,
            _ => Encoding::Plain,
        },
    }
}

/// The bytes without their compression; as they are if they have none (zip included). Never yields more than
/// `limit` bytes, and takes memory only as output appears, whatever the headers promise.
pub fn decompress(bytes: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, DecompressError> {
    let encoding = sniff(bytes);
    let corrupt = |source| DecompressError::Corrupt { encoding, read: 0, source };
    match encoding {
        Encoding::Zip | Encoding::Jfr | Encoding::Json | Encoding::Plain if bytes.len() > limit => {
            Err(DecompressError::TooLarge { limit })
        }
        Encoding::Zip | Encoding::Jfr | Encoding::Json | Encoding::Plain => Ok(Cow::Borrowed(bytes)),
        Encoding::Gzip => collect(MultiGzDecoder::new(bytes), encoding, bytes.len(), limit),
        Encoding::Zstd => {
            let mut decoder = zstd::Decoder::with_buffer(bytes).map_err(corrupt)?;
            decoder.window_log_max(window_log(limit)).map_err(corrupt)?;
            collect(decoder, encoding, bytes.len(), limit)
        }
        Encoding::Lz4 => collect(Lz4Frames::new(bytes), encoding, bytes.len(), limit),
    }
}

/// `bytes` as one Zstandard frame with a checksum.
pub fn compress_zstd(bytes: &[u8], level: i32) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), level)?;
    encoder.include_checksum(true)?;
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// `bytes` as one gzip member without a time, so that the same input gives the same output.
pub fn compress_gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// `bytes` as one LZ4 frame.
pub fn compress_lz4(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes)?;
    encoder.finish().map_err(io::Error::from)
}

/// The largest window a Zstandard frame may ask for: 8 MiB, which its standard asks every decoder to support, more if
/// the output may be more, and 128 MiB at most, as `zstd` itself does.
fn window_log(limit: usize) -> u32 {
    (usize::BITS - limit.leading_zeros()).clamp(23, 27)
}

/// Reads to the end, growing with what comes, and stops one byte after `limit`.
fn collect(
    mut reader: impl Read,
    encoding: Encoding,
    compressed: usize,
    limit: usize,
) -> Result<Cow<'static, [u8]>, DecompressError> {
    let mut output = Vec::with_capacity(compressed.saturating_mul(4).min(limit).min(1 << 20));
    let allowed = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match reader.by_ref().take(allowed).read_to_end(&mut output) {
        Ok(_) if output.len() > limit => Err(DecompressError::TooLarge { limit }),
        Ok(_) => Ok(Cow::Owned(output)),
        Err(source) => Err(DecompressError::Corrupt { encoding, read: output.len(), source }),
    }
}

/// LZ4 frames one after another: the frame decoder stops at the end of each.
struct Lz4Frames<'a> {
    decoder: lz4_flex::frame::FrameDecoder<&'a [u8]>,
}

impl<'a> Lz4Frames<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Lz4Frames { decoder: lz4_flex::frame::FrameDecoder::new(bytes) }
    }
}

impl Read for Lz4Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.decoder.get_ref().len();
            let read = self.decoder.read(buffer)?;
            // No output, but input was taken: that was the end of one frame, or an empty one.
            let ended = read == 0 && !self.decoder.get_ref().is_empty();
            if !ended || self.decoder.get_ref().len() == rest {
                return Ok(read);
            }
        }
    }
}
