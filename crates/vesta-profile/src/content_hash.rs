//! Names for frames and stacks that hold across profiles, files and machines.

use crate::{Frame, FrameTable, StackTable, StringTable};
use xxhash_rust::xxh3::Xxh3;

/// A 64-bit content hash (XXH3), the same wherever the same frame or stack is seen.
///
/// Tables keep it as a signed integer, since Delta and most readers of Parquet have no unsigned 64-bit type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash(pub i64);

/// The hash of every frame, in the order of their ids. Every string goes in with its length, so that no two
/// different frames run into the same bytes.
pub fn frame_hashes(strings: &StringTable, frames: &FrameTable) -> Vec<ContentHash> {
    let mut hasher = Xxh3::new();
    frames.as_slice().iter().map(|frame| frame_hash(&mut hasher, strings, frame)).collect()
}

/// The hash of every stack, in the order of their ids, from the hashes of its frames. The empty stack hashes to 0.
pub fn stack_hashes(stacks: &StackTable, frame_hashes: &[ContentHash]) -> Vec<ContentHash> {
    let mut bytes = Vec::new();
    stacks
        .iter()
        .map(|frames| {
            if frames.is_empty() {
                return ContentHash(0);
            }
            bytes.clear();
            for frame in frames {
                let hash = frame_hashes.get(frame.index()).map_or(0, |hash| hash.0);
                bytes.extend_from_slice(&hash.to_le_bytes());
            }
            ContentHash(xxhash_rust::xxh3::xxh3_64(&bytes).cast_signed())
        })
        .collect()
}

fn frame_hash(hasher: &mut Xxh3, strings: &StringTable, frame: &Frame) -> ContentHash {
    hasher.reset();
    for id in [frame.function, frame.system_name, frame.file, frame.module, frame.build_id] {
        let text = strings.get(id);
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(&frame.line.to_le_bytes());
    hasher.update(&frame.start_line.to_le_bytes());
    hasher.update(&frame.address.to_le_bytes());
    hasher.update(&[u8::from(frame.inlined)]);
    ContentHash(hasher.digest().cast_signed())
}
