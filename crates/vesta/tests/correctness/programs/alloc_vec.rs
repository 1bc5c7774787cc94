//! Rust: `vectors` allocates twice as much as `boxes`, both through the default allocator.
use std::hint::black_box;

/// Works for half a millisecond per megabyte, so that samples have time to be read.
#[inline(always)]
fn pace(bytes: usize, since: &mut usize) {
    *since += bytes;
    if *since >= 1_000_000 {
        *since = 0;
        let mut state = 1_u64;
        for _ in 0..250_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }
        black_box(state);
    }
}

#[inline(never)]
fn boxes() {
    let mut since = 0;
    for _ in 0..100_000 {
        pace(5000, &mut since);
        drop(black_box(Box::new(black_box([7_u8; 5000]))));
    }
}

#[inline(never)]
fn vectors() {
    let mut since = 0;
    for _ in 0..50_000 {
        pace(20_000, &mut since);
        drop(black_box(Vec::<u8>::with_capacity(black_box(20_000))));
    }
}

fn main() {
    boxes();
    vectors();
    black_box(());
}
