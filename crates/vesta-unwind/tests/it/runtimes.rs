//! Code that runtimes bring along or make, without tables.

use std::sync::LazyLock;
use vesta_unwind::{AddressSpace, End, Mapping, MappingKind, Registers, Stack, Unwinder};

const STACK: u64 = 0x7000_0000;
const BUILTIN: u64 = 0x1_0000;
const GENERATED: u64 = 0x4_0000;

/// A file without tables, as V8's builtins are a part of `node`, and code made at run time.
static SPACE: LazyLock<AddressSpace> = LazyLock::new(|| {
    let mut space = AddressSpace::new();
    let mapping = |start: u64, kind| Mapping { range: start..start + 0x1_0000, bias: 0, info: None, kind };
    space.insert(mapping(BUILTIN, MappingKind::File));
    space.insert(mapping(GENERATED, MappingKind::Jit));
    space
});

/// The frames of a stack of words, of which those below 0x1000 are indexes of other words.
fn unwind(ip: u64, fp: u64, words: &[u64]) -> (Vec<u64>, End) {
    let place = |word: u64| if word != 0 && word < 0x1000 { STACK + word * 8 } else { word };
    let bytes: Vec<u8> = words.iter().flat_map(|word| place(*word).to_le_bytes()).collect();
    let mut registers = Registers::new([1; Registers::COUNT]);
    registers.set_ip(ip);
    registers.set_sp(STACK);
    registers.set_fp(place(fp));
    let mut frames = Vec::new();
    let stack = Stack { start: STACK, bytes: &bytes };
    let end = Unwinder::new().unwind(&SPACE, &registers, &stack, 64, &mut frames);
    (frames, end)
}

#[test]
fn frames_of_builtins_need_no_alignment() {
    // As `node` has it: a function made at run time, and builtins, whose frames are at odd words.
    let [first, second, third, root] = [1, 2, 3, 4].map(|at| BUILTIN + at * 0x100);
    let words = [7, 8, 5, first, 9, 9, second, 2, 3, 14, third, 4, 5, 6, 0, root];
    let expected = [GENERATED + 0x80, first - 1, second - 1, third - 1, root - 1];
    let (frames, end) = unwind(GENERATED + 0x80, 2, &words);
    assert_eq!((frames.as_slice(), end), (&expected[..], End::Root));
    let (frames, end) = unwind(BUILTIN + 0x80, 2, &words);
    assert_eq!((&frames[1..], end), (&expected[1..], End::Root));
}

#[test]
fn a_number_that_looks_like_a_frame_pointer_is_none() {
    // What it points to is no other frame.
    let words = [7, 8, 9, 77, 5, BUILTIN + 0x500, 9, 10, 11];
    let (frames, end) = unwind(BUILTIN + 0x80, 3, &words);
    assert_eq!(frames, [BUILTIN + 0x80]);
    assert!(matches!(end, End::Incomplete(_)), "{end:?}");
}

#[test]
fn the_chain_is_found_again_where_a_frame_was_taken_from_the_stack() {
    let [first, second, third] = [GENERATED + 0x100, BUILTIN + 0x200, GENERATED + 0x300];
    let words = [7, 8, 9, 5, 77, 78, 10, first, 9, 11, 14, second, 5, 6, 0, third];
    for lost in [0, 0x1234_5678, STACK - 64] {
        let (frames, end) = unwind(GENERATED + 0x80, lost, &words);
        let expected = [GENERATED + 0x80, first - 1, second - 1, third - 1];
        assert_eq!((frames.as_slice(), end), (&expected[..], End::Root), "{lost:#x}");
    }
}

#[test]
fn what_earlier_calls_left_behind_is_passed_over() {
    let [stale, first, second, third] = [1, 2, 3, 4].map(|at| GENERATED + at * 0x100);
    // The frame at word 2 leads to one at word 16, and that to nothing.
    let words = [7, 8, 16, stale, 77, 78, 10, first, 9, 11, 14, second, 5, 6, 0, third, 0x9999, stale, 9];
    let (frames, end) = unwind(GENERATED + 0x80, 0x1234_5678, &words);
    let expected = [GENERATED + 0x80, first - 1, second - 1, third - 1];
    assert_eq!((frames.as_slice(), end), (&expected[..], End::Root));
}
