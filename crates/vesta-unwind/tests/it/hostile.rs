//! Tables, registers and stacks that are broken or made to do harm: no panic, and an end.

use crate::support::{compile, sections};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use vesta_unwind::{
    AddressSpace, End, Mapping, MappingKind, Registers, Section, Sections, Stack, UnwindInfo, Unwinder,
};

/// The tables of a static program, which has all shapes, and the addresses of its code.
static TABLES: LazyLock<Sections> = LazyLock::new(|| {
    let binary = compile("cc", "hostile", "calls.c", &["-O2", "-static", "-lm"]);
    sections(&std::fs::read(binary).unwrap())
});

fn damaged(section: &Option<Section>, damage: &[(usize, u8)], cut: usize) -> Option<Section> {
    let section = section.as_ref()?;
    let mut data = section.data.to_vec();
    for (at, value) in damage {
        let at = at % data.len();
        data[at] ^= value;
    }
    data.truncate(data.len() - cut % data.len());
    Some(Section { address: section.address, data: data.into() })
}

fn space(sections: Sections) -> AddressSpace {
    let text = sections.text.clone().unwrap();
    let mut space = AddressSpace::new();
    let info = Some(Arc::new(UnwindInfo::new(sections)));
    space.insert(Mapping { range: text, bias: 0, info, kind: MappingKind::File });
    space.insert(Mapping { range: 0x1000_0000..0x1001_0000, bias: 0, info: None, kind: MappingKind::Jit });
    space
}

/// Words of which many are addresses of code or of the stack.
fn words() -> impl Strategy<Value = Vec<u64>> {
    let text = TABLES.text.clone().unwrap();
    let word = prop_oneof![
        text,
        0x7fff_0000u64..0x7fff_4000,
        (0x7fff_0000u64..0x7fff_0800).prop_map(|address| address & !7),
        0x1000_0000u64..0x1001_0000,
        Just(0),
        Just(0x2b00_0000_0000_0033),
        any::<u64>()
    ];
    proptest::collection::vec(word, 0..700)
}

fn unwind(unwinder: &mut Unwinder, space: &AddressSpace, registers: &Registers, words: &[u64]) {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let start = registers.sp();
    let mut frames = Vec::new();
    let started = Instant::now();
    let end = unwinder.unwind(space, registers, &Stack { start, bytes: &bytes }, 512, &mut frames);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(frames.len() <= 512);
    assert!(end != End::Limit || frames.len() == 512);
    assert!(!frames.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stack_comes_to_an_end(
        stacks in proptest::collection::vec((words(), any::<[u64; Registers::COUNT]>(), TABLES.text.clone().unwrap()), 1..4),
    ) {
        let space = space(TABLES.clone());
        let mut unwinder = Unwinder::new();
        for (words, mut registers, ip) in stacks {
            registers[7] = 0x7fff_0000;
            registers[6] = 0x7fff_0000 + (registers[6] & 0x7f8);
            registers[16] = ip;
            unwind(&mut unwinder, &space, &Registers::new(registers), &words);
            unwind(&mut unwinder, &space, &Registers::partial(ip, 0x7fff_0000), &words);
            registers[7] = u64::MAX - 63;
            registers[6] = u64::MAX - 31;
            unwind(&mut unwinder, &space, &Registers::new(registers), &words);
        }
    }

    #[test]
    fn damaged_tables_come_to_an_end(
        words in words(),
        damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..200),
        cut in prop_oneof![Just(0usize), any::<usize>()],
        header in any::<bool>(),
        ips in proptest::collection::vec(TABLES.text.clone().unwrap(), 1..20),
    ) {
        let tables = Sections {
            eh_frame: damaged(&TABLES.eh_frame, &damage, cut),
            eh_frame_hdr: if header { damaged(&TABLES.eh_frame_hdr, &damage, cut) } else { None },
            debug_frame: damaged(&TABLES.eh_frame, &damage, cut / 2),
            ..TABLES.clone()
        };
        let space = space(tables);
        let mut unwinder = Unwinder::new();
        for ip in ips {
            unwind(&mut unwinder, &space, &Registers::partial(ip, 0x7fff_0000), &words);
        }
        let info = space.mappings().iter().find_map(|mapping| mapping.info.clone()).unwrap();
        assert!(info.heap_size() < 64 << 20);
    }

    #[test]
    fn damaged_code_comes_to_an_end(
        words in words(),
        damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..2000),
        ips in proptest::collection::vec(TABLES.text.clone().unwrap(), 1..20),
    ) {
        let code = damaged(&TABLES.code, &damage, 0);
        let space = space(Sections { code, text: TABLES.text.clone(), ..Sections::default() });
        let mut unwinder = Unwinder::new();
        for ip in ips {
            unwind(&mut unwinder, &space, &Registers::partial(ip, 0x7fff_0000), &words);
        }
    }

    #[test]
    fn damaged_tables_of_go_come_to_an_end(
        words in words(),
        version in prop_oneof![Just(0xffff_fff1u32), Just(0xffff_fff0), Just(0xffff_fffa)],
        fields in proptest::collection::vec(prop_oneof![0u64..200, any::<u64>()], 8),
        body in proptest::collection::vec(any::<u8>(), 0..600),
        ips in proptest::collection::vec(0x1000u64..0x3000, 1..20),
    ) {
        let mut data = version.to_le_bytes().to_vec();
        data.extend([0, 0, 1, 8]);
        for field in fields {
            data.extend(field.to_le_bytes());
        }
        data.extend(body);
        let tables = Sections {
            gopclntab: Some(Section { address: 0x8000, data: data.into() }),
            text: Some(0x1000..0x3000),
            text_address: 0x1000,
            ..Sections::default()
        };
        let space = space(tables);
        let mut unwinder = Unwinder::new();
        for ip in ips {
            unwind(&mut unwinder, &space, &Registers::partial(ip, 0x7fff_0000), &words);
        }
    }
}

#[test]
fn an_address_space_is_what_was_mapped_last() {
    let mapping =
        |range: std::ops::Range<u64>, bias| Mapping { range, bias, info: None, kind: MappingKind::File };
    let mut space = AddressSpace::new();
    space.insert(mapping(10..20, 1));
    space.insert(mapping(30..40, 2));
    space.insert(mapping(15..35, 3));
    let biases = |space: &AddressSpace| -> Vec<(u64, u64, u64)> {
        space.mappings().iter().map(|it| (it.range.start, it.range.end, it.bias)).collect()
    };
    assert_eq!(biases(&space), [(10, 15, 1), (15, 35, 3), (35, 40, 2)]);
    space.remove(20..22);
    assert_eq!(biases(&space), [(10, 15, 1), (15, 20, 3), (22, 35, 3), (35, 40, 2)]);
    assert_eq!(space.find(21).map(|it| it.bias), None);
    assert_eq!(space.find(22).map(|it| it.bias), Some(3));
    assert_eq!(space.find(40).map(|it| it.bias), None);
    space.insert(mapping(0..100, 4));
    assert_eq!(biases(&space), [(0, 100, 4)]);
    space.insert(mapping(5..5, 5));
    space.remove(60..60);
    assert_eq!(biases(&space), [(0, 100, 4)]);
}
