//! Request bodies: reading one within bounds, or getting rid of one.

use crate::problem::Problem;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use vesta_formats::compression::{self, DecompressError, Encoding};

/// The longest time that one body may take, however steadily it comes.
const LONGEST: Duration = Duration::from_secs(300);
/// How long, and for how many bytes, the rest of a refused body is taken in: a client that is still sending does not
/// read the answer, and sees a reset connection instead of a status.
const DRAIN_TIME: Duration = Duration::from_secs(5);
const DRAIN_BYTES: usize = 256 << 20;
/// Memory is taken in steps of this many bytes.
const UNIT: usize = 1 << 10;

/// How large and how slow bodies may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) bytes: usize,
    pub(crate) stall: Duration,
}

/// The memory that bodies in flight may take together.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Semaphore>);

/// A body, and the memory that it holds until it is dropped.
#[derive(Debug)]
pub(crate) struct HeldBody {
    pub(crate) bytes: Bytes,
    memory: Held,
}

#[derive(Debug, Default)]
struct Held(Option<OwnedSemaphorePermit>);

impl HeldBody {
    /// Holds memory for more than the body, until the body is dropped.
    pub(crate) fn hold(&mut self, memory: &Memory, bytes: usize) -> Result<(), Problem> {
        memory.take(&mut self.memory, bytes)
    }
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        Memory(Arc::new(Semaphore::new((bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// The bytes that are still to be had.
    pub(crate) fn available(&self) -> usize {
        self.0.available_permits() * UNIT
    }

    fn take(&self, held: &mut Held, bytes: usize) -> Result<(), Problem> {
        let permits = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = self.0.clone().try_acquire_many_owned(permits).map_err(|_| {
            Problem::overloaded(
                "too many uploads are in flight for the memory there is",
                Duration::from_secs(2),
            )
        })?;
        match &mut held.0 {
            Some(had) => had.merge(permit),
            None => held.0 = Some(permit),
        }
        Ok(())
    }
}

/// Reads a whole body. `Content-Length` is believed only as far as to refuse: memory is taken for what has come.
pub(crate) async fn read(
    headers: &HeaderMap,
    mut body: Body,
    limits: BodyLimits,
    memory: &Memory,
) -> Result<HeldBody, Problem> {
    let mut held = Held::default();
    let announced = content_length(headers);
    let outcome = match announced {
        Some(length) if length > limits.bytes => Err(too_large(limits.bytes)),
        _ => collect(&mut body, announced.unwrap_or(0), limits, memory, &mut held).await,
    };
    match outcome {
        Ok(bytes) => {
            let bytes = decode(headers, bytes, limits.bytes, memory, &mut held).await?;
            Ok(HeldBody { bytes, memory: held })
        }
        Err(problem) => {
            drop(held);
            // Who waits for `100 Continue` has not begun to send.
            if !headers.contains_key(header::EXPECT) {
                drain(body).await;
            }
            Err(problem)
        }
    }
}

/// Takes in a body that nobody wants, within bounds. How many bytes it had.
pub(crate) async fn drain(mut body: Body) -> usize {
    let deadline = Instant::now() + DRAIN_TIME;
    let mut bytes = 0;
    while let Ok(Some(Ok(frame))) = timeout_at(deadline, body.frame()).await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > DRAIN_BYTES {
            break;
        }
    }
    bytes
}

async fn collect(
    body: &mut Body,
    announced: usize,
    limits: BodyLimits,
    memory: &Memory,
    held: &mut Held,
) -> Result<Bytes, Problem> {
    let deadline = Instant::now() + LONGEST;
    let mut bytes = BytesMut::new();
    grow(&mut bytes, announced.min(256 << 10), memory, held)?;
    loop {
        let next = timeout(limits.stall, timeout_at(deadline, body.frame())).await;
        let frame = match next {
            Ok(Ok(None)) => return Ok(bytes.freeze()),
            Ok(Ok(Some(Ok(frame)))) => frame,
            Ok(Ok(Some(Err(error)))) => {
                return Err(Problem::bad_request(format!(
                    "the body ended after {} bytes, before it was complete: {}",
                    bytes.len(),
                    crate::problem::with_causes(&error)
                )));
            }
            Ok(Err(_)) | Err(_) => {
                return Err(Problem::timed_out(format!(
                    "the body came too slowly; {} bytes had arrived",
                    bytes.len()
                )));
            }
        };
        let Some(data) = frame.data_ref() else { continue };
        let needed = bytes.len() + data.len();
        if needed > limits.bytes {
            return Err(too_large(limits.bytes));
        }
        if needed > bytes.capacity() {
            let doubled = needed.max(2 * bytes.capacity()).max(64 << 10);
            let target = if announced >= needed { doubled.min(announced) } else { doubled };
            grow(&mut bytes, target, memory, held)?;
        }
        bytes.extend_from_slice(data);
    }
}

fn grow(bytes: &mut BytesMut, capacity: usize, memory: &Memory, held: &mut Held) -> Result<(), Problem> {
    if capacity > bytes.capacity() {
        memory.take(held, capacity - bytes.capacity())?;
        bytes.reserve(capacity - bytes.len());
    }
    Ok(())
}

/// Undoes the `Content-Encoding`. No profiling library uses one; proxies in between may.
async fn decode(
    headers: &HeaderMap,
    bytes: Bytes,
    limit: usize,
    memory: &Memory,
    held: &mut Held,
) -> Result<Bytes, Problem> {
    let encoding = headers.get(header::CONTENT_ENCODING).map_or(Ok(""), |value| value.to_str());
    let encoding = encoding.unwrap_or("unreadable").trim().to_ascii_lowercase();
    let wanted = match encoding.as_str() {
        "" | "identity" => return Ok(bytes),
        "gzip" | "x-gzip" => Encoding::Gzip,
        "zstd" => Encoding::Zstd,
        other => {
            return Err(Problem::unsupported(format!("the Content-Encoding `{other}` is not known"))
                .hint("send gzip, zstd or none"));
        }
    };
    if compression::sniff(&bytes) != wanted {
        return Err(Problem::bad_request(format!(
            "the Content-Encoding says {encoding}, but the body is not"
        )));
    }
    // What it decompresses to is not known before, and is let go again when it was less.
    let limit = limit.min(memory.available());
    memory.take(held, limit)?;
    let work =
        move || compression::decompress(&bytes, limit).map(|decoded| Bytes::from(decoded.into_owned()));
    let decoded = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal("cannot decompress the body", &error))?;
    decoded.map_err(|error| match error {
        DecompressError::TooLarge { limit } => too_large(limit),
        error => Problem::bad_request(format!("the body: {}", crate::problem::with_causes(&error))),
    })
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::too_large(format!("the body is larger than {limit} bytes"))
        .hint("raise the setting `limit_body` if such uploads are meant to be")
}
