//! Stacks in the shape of a large service: few ways in, much sharing near the root, most nodes in the last frames.

use vesta_profile::{Frame, FrameId, Profile, Sample, StackId, ValueType};

/// A profile of `stacks` distinct stacks, each with one sample. Neighbors in the table have nothing in common, and
/// the samples come in an order of their own.
pub(crate) fn profile(stacks: u32) -> Profile {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    let mut random = Random(7);
    let frames = frames(&mut profile, 60_000);
    // Sixteen kinds of threads, each with a beginning that all of its stacks share.
    for thread in 0..16 {
        let path: Vec<FrameId> = (0..14).rev().map(|depth| frames[thread * 14 + depth]).collect();
        profile.stacks.intern(&path);
    }
    let mut buffer: Vec<FrameId> = Vec::new();
    while profile.stacks.len() <= stacks as usize {
        // A new stack leaves an earlier one a few frames above its leaf and goes a few frames of its own.
        let known = StackId(1 + random.below(profile.stacks.len() as u64 - 1) as u32);
        let known = profile.stacks.get(known);
        let shared = known.len() - (random.below(7) as usize).min(known.len() - 10);
        let own = if shared > 38 { 0 } else { 1 + random.below(7) as usize };
        buffer.clear();
        let mut above = known[known.len() - shared];
        for _ in 0..own {
            // What a function calls is mostly the same few functions.
            let callee = above.0 as u64 * 31 + random.below(8) * random.below(8);
            above = frames[callee as usize % frames.len()];
            buffer.push(above);
        }
        buffer.reverse();
        buffer.extend_from_slice(&known[known.len() - shared..]);
        profile.stacks.intern(&buffer);
    }
    let mut order: Vec<u32> = (1..=stacks).collect();
    for index in (1..order.len()).rev() {
        order.swap(index, random.below(index as u64 + 1) as usize);
    }
    for stack in order {
        let value = 1 + random.below(100) as i64;
        profile.samples.push(Sample { stack: StackId(stack), values: &[value], ..Sample::default() });
    }
    profile
}

/// Two lines for every function.
fn frames(profile: &mut Profile, count: u32) -> Vec<FrameId> {
    (0..count)
        .map(|index| {
            let number = index / 2;
            let function =
                profile.strings.intern(&format!("com.example.package{}.Type.method{number}", number / 40));
            let file = profile.strings.intern(&format!("com/example/package{}/Type.java", number / 40));
            profile.frames.intern(Frame { function, file, line: index, ..Frame::default() })
        })
        .collect()
}

/// SplitMix64: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}
