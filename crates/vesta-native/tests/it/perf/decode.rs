//! Records: real ones, and ones that are meant to do harm.

use vesta_native::perf::{Format, Formats, Record, RecordError, decode};

/// The ids of the clock and of the switches in `records.txt`.
const CLOCK: u64 = 0x1a8dd;
const OTHERS: [u64; 3] = [0x1a8de, 0x1a8df, 0x1a8e0];

fn real() -> Vec<Vec<u64>> {
    let lines = include_str!("records.txt").lines().filter(|line| !line.starts_with('#'));
    let word = |word: &str| u64::from_str_radix(word, 16).unwrap();
    lines.map(|line| line.split(' ').map(word).collect()).collect()
}

fn formats() -> Formats {
    let mut formats = Formats::default();
    formats.insert(CLOCK, Format { event: 3, callchain: true, user: true, ..Format::default() });
    for id in OTHERS {
        formats.insert(id, Format { event: 4, ..Format::default() });
    }
    formats
}

#[test]
#[cfg(target_arch = "x86_64")]
fn records_of_a_kernel_are_read() {
    let (records, formats) = (real(), formats());
    let decoded: Vec<Record<'_>> = records.iter().map(|words| decode(words, &formats).unwrap()).collect();
    let [comm, mmap, fork, exit, preempted, out, back, in_kernel, in_user] = &*decoded else { panic!() };
    let Record::Comm(comm) = comm else { panic!("{comm:?}") };
    assert_eq!((comm.name, comm.is_exec, comm.pid, comm.tid), (&b"exe"[..], true, 0x5a5c, 0x5a5c));
    let Record::Mmap(mmap) = mmap else { panic!("{mmap:?}") };
    assert_eq!(mmap.path, b"/usr/lib/x86_64-linux-gnu/libc.so.6");
    assert_eq!((mmap.start, mmap.length, mmap.offset), (0x7f48_d83c_a000, 0x15_6000, 0x2_6000));
    assert_eq!((mmap.device, mmap.inode, mmap.generation), ((0xfe, 0), 0x4_fa7d, 0));
    assert!(mmap.executable && mmap.build_id.is_none());
    let Record::Fork(fork) = fork else { panic!("{fork:?}") };
    assert_eq!((fork.pid, fork.ppid, fork.tid, fork.ptid), (0x5a5c, 0x5a5c, 0x5a5e, 0x5a5c));
    assert_eq!(fork.time_ns, 0x39d_e2ac_ae7f);
    let Record::Exit(exit) = exit else { panic!("{exit:?}") };
    assert_eq!((exit.pid, exit.tid), (0x5a5b, 0x5a5b));
    let switches: Vec<(u32, bool, bool)> = [preempted, out, back]
        .map(|record| {
            let Record::Switch(switch) = record else { panic!("{record:?}") };
            (switch.tid, switch.out, switch.preempted)
        })
        .into();
    assert_eq!(switches, [(0x5a5e, true, true), (0x5a5b, true, false), (0x5a5b, false, false)]);
    let Record::Sample(sample) = in_kernel else { panic!("{in_kernel:?}") };
    assert_eq!((sample.event, sample.pid, sample.tid, sample.cpu), (3, 0x5a5d, 0x5a5d, 0));
    assert_eq!(sample.period, 2_004_008);
    assert_eq!(sample.kernel.len(), 6);
    assert_eq!(sample.kernel.first(), Some(&sample.ip));
    let registers = sample.registers.unwrap();
    assert_eq!(registers.ip(), 0x7f6b_29e3_7be1);
    assert_eq!(
        (registers.sp(), sample.stack_start, sample.stack.len()),
        (0x7fff_3229_f3d0, 0x7fff_3229_f3d0, 256)
    );
    assert_eq!(registers.fp(), 0x7fff_3229_f3f0);
    let Record::Sample(sample) = in_user else { panic!("{in_user:?}") };
    assert_eq!(sample.registers.unwrap().ip(), sample.ip);
    assert!(sample.kernel.is_empty() && sample.raw.is_empty());
}

#[test]
fn records_that_end_early_or_lie_about_sizes_are_refused_or_read_within_their_bounds() {
    let formats = formats();
    for record in real() {
        for end in 0..record.len() {
            let _ = decode(&record[..end], &formats);
        }
        for at in 0..record.len() {
            for value in
                [0, 1, 7, 0xffff, u64::from(u32::MAX), u64::MAX / 8, u64::MAX / 2, u64::MAX - 6, u64::MAX]
            {
                let mut record = record.clone();
                record[at] = value;
                if let Ok(Record::Sample(sample)) = decode(&record, &formats) {
                    assert!(sample.stack.len() <= record.len() * 8 && sample.kernel.len() <= record.len());
                }
            }
        }
    }
    assert_eq!(decode(&[], &formats), Err(RecordError::Short { kind: 0, bytes: 0 }));
    let unknown = real().pop().unwrap();
    let none = Formats::default();
    assert_eq!(decode(&unknown, &none), Err(RecordError::UnknownEvent { kind: 9, id: CLOCK }));
}

#[test]
fn build_ids_losses_throttles_and_raw_data_are_read() {
    let mut formats = formats();
    let trailer = [0x0000_0007_0000_0007, 99, 0, OTHERS[0]];
    let record = |kind: u64, misc: u64, body: &[u64]| -> Vec<u64> {
        let size = u64::try_from((1 + body.len() + trailer.len()) * 8).unwrap();
        [&[kind | (misc << 32) | (size << 48)], body, &trailer].concat()
    };
    let lost = record(2, 0, &[OTHERS[0], 12]);
    let Ok(Record::Lost(lost)) = decode(&lost, &formats) else { panic!() };
    assert_eq!((lost.count, lost.time_ns), (12, 99));
    let throttle = record(5, 0, &[1, 2, 3]);
    assert_eq!(decode(&throttle, &formats), Ok(Record::Throttle { time_ns: 99 }));
    let unknown = record(77, 0, &[]);
    assert_eq!(decode(&unknown, &formats), Ok(Record::Other { kind: 77 }));
    // A build id of 20 bytes, and one that claims to have 255.
    for (size, expected) in [(20, 20), (255, 20), (8, 8), (0, 0)] {
        let id = [u64::from_le_bytes([size, 0, 0, 0, 1, 2, 3, 4]), 0x0807_0605, 0x1111];
        let body = [
            &[0x0000_0007_0000_0007, 0x1000, 0x2000, 0][..],
            &id,
            &[5],
            &[u64::from_le_bytes(*b"/bin/x\0\0")],
        ];
        let words = record(10, 1 << 14, &body.concat());
        let Ok(Record::Mmap(mmap)) = decode(&words, &formats) else { panic!() };
        assert_eq!(mmap.build_id.map(<[u8]>::len), Some(expected));
        assert!(mmap.build_id.unwrap_or_default().starts_with(&[1, 2, 3, 4][..expected.min(4)]));
        assert_eq!((mmap.path, mmap.inode), (&b"/bin/x"[..], 0));
    }
    // A tracepoint: 12 bytes of data, and the size before them.
    formats.insert(5, Format { event: 1, raw: true, ..Format::default() });
    let words = [
        9 | (72 << 48),
        5,
        0xabc,
        0x7_0000_0007,
        99,
        1,
        1,
        u64::from_le_bytes([12, 0, 0, 0, 1, 2, 3, 4]),
        0x0807_0605,
    ];
    let Ok(Record::Sample(sample)) = decode(&words, &formats) else { panic!() };
    assert_eq!(sample.raw, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0]);
    let mut liar = words;
    liar[7] = u64::from(u32::MAX);
    assert_eq!(decode(&liar, &formats), Err(RecordError::Short { kind: 9, bytes: 72 }));
}

#[test]
fn a_32_bit_process_has_a_stack_but_no_registers_to_unwind_from() {
    let mut formats = Formats::default();
    formats.insert(5, Format { user: true, ..Format::default() });
    let start = [9, 5, 0xabc, 0x7_0000_0007, 99, 1, 1];
    // Neither registers nor stack: a thread of the kernel.
    let none = [&start[..], &[0, 0]].concat();
    let Ok(Record::Sample(sample)) = decode(&none, &formats) else { panic!() };
    assert!(sample.registers.is_none() && sample.stack.is_empty());
    let registers = if cfg!(target_arch = "x86_64") { vec![1; 17] } else { vec![1; 33] };
    let narrow = [&start[..], &[1], &registers, &[8, 0x42, 3]].concat();
    let Ok(Record::Sample(sample)) = decode(&narrow, &formats) else { panic!() };
    assert!(sample.registers.is_none());
    assert_eq!(sample.stack, [0x42, 0, 0]);
}
