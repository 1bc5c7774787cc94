//! Tables of a module, registers and a stack, all made up: every unwind comes to an end, within what was asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use vesta_unwind::{
    AddressSpace, Mapping, MappingKind, Registers, Section, Sections, Stack, UnwindInfo, Unwinder,
};

fuzz_target!(|bytes: &[u8]| {
    // A byte says which sections there are, two say how long each is; what is left is the stack.
    let Some((&[which, low, high], mut rest)) = bytes.split_first_chunk() else { return };
    let length = usize::from(u16::from_le_bytes([low, high]));
    let mut section = |bit: u8, address: u64| {
        (which & bit != 0).then(|| {
            let (data, tail) = rest.split_at(length.min(rest.len()));
            rest = tail;
            Section { address, data: data.into() }
        })
    };
    let sections = Sections {
        eh_frame: section(1, 0x1000),
        eh_frame_hdr: section(2, 0x800),
        debug_frame: section(4, 0),
        gopclntab: section(8, 0x4000),
        code: section(16, 0x1_0000),
        text: Some(0x10_000..0x20_000),
        text_address: 0x10_000,
        got_address: 0x30_000,
    };
    let mut space = AddressSpace::new();
    let info = Some(Arc::new(UnwindInfo::new(sections)));
    space.insert(Mapping { range: 0x1_0000..0x2_0000, bias: 0, info, kind: MappingKind::File });
    space.insert(Mapping { range: 0x4_0000..0x5_0000, bias: 0, info: None, kind: MappingKind::Jit });
    let (mut unwinder, mut frames) = (Unwinder::new(), Vec::new());
    for ip in [0x1_0000, 0x1_0040, 0x1_8000, 0x4_0000, 0] {
        let mut registers = Registers::partial(ip, 0x7000_0000);
        unwinder.unwind(&space, &registers, &Stack { start: 0x7000_0000, bytes: rest }, 64, &mut frames);
        assert!(!frames.is_empty() && frames.len() <= 64);
        registers.set_fp(0x7000_0010);
        unwinder.unwind(&space, &registers, &Stack { start: 0x7000_0000, bytes: rest }, 64, &mut frames);
        assert!(!frames.is_empty() && frames.len() <= 64);
    }
});
