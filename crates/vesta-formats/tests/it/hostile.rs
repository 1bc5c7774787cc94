//! Files meant to do harm, and every fixture damaged in thousands of ways: no panic, bounded memory, bounded time.
//!
//! The damage is the same in every run. The fuzz targets in `fuzz/` look further.

use crate::message::{Message, function, location, value_type};
use crate::support::{pprofs, uploads};
use vesta_formats::pprof::PprofError;
use vesta_formats::{Decoded, Limits, collapsed, compression, decode_file, detect, pprof};

#[test]
fn damaged_pprofs_do_no_harm() {
    let mut random = Random(0x5eed);
    let fixtures = pprofs();
    let limits = Limits { max_memory: 32 << 20, ..Limits::default() };
    let mut read = 0;
    for fixture in &fixtures {
        // Large files cost most and have no more shapes than small ones.
        let rounds = (6_000_000 / fixture.bytes.len()).clamp(10, 400);
        for _ in 0..rounds {
            let mut bytes = fixture.bytes.clone();
            for _ in 0..=random.below(4) {
                damage(&mut bytes, &fixtures[random.below(fixtures.len())].bytes, &mut random);
            }
            if let Ok(decoded) = pprof::decode(&bytes, &limits) {
                read += 1;
                check_ids(&decoded);
                // What was read can be written, and reads back with the problems that are in what it says only.
                if bytes.len() < 20_000 {
                    let again = pprof::decode(&pprof::encode(&decoded.profile), &Limits::default()).unwrap();
                    let other = again
                        .problems
                        .iter()
                        .find(|problem| problem.what != "an id or a time is not a number");
                    assert_eq!(other, None, "{}", fixture.name);
                    for column in 0..decoded.profile.value_types.len() {
                        assert_eq!(
                            again.profile.samples.total(column),
                            decoded.profile.samples.total(column)
                        );
                    }
                }
            }
        }
    }
    assert!(read > 1000, "only {read} damaged files could be read: the damage is too great to test much");
    assert_peak_below(1 << 30);
}

#[test]
fn every_cut_of_a_small_pprof_is_read_or_refused() {
    let fixture = pprofs().into_iter().min_by_key(|fixture| fixture.bytes.len()).unwrap();
    for end in 0..fixture.bytes.len() {
        if let Ok(decoded) = pprof::decode(&fixture.bytes[..end], &Limits::default()) {
            check_ids(&decoded);
        }
    }
}

#[test]
fn damaged_compressed_parts_do_no_harm() {
    let mut random = Random(0xc0de);
    for (_, body, _) in uploads().iter().filter(|(_, body, _)| body.len() < 100_000) {
        let wrapped = [
            compression::compress_zstd(body, 1).unwrap(),
            compression::compress_gzip(body).unwrap(),
            compression::compress_lz4(body).unwrap(),
        ];
        for bytes in wrapped {
            for _ in 0..50 {
                let mut bytes = bytes.clone();
                damage(&mut bytes, body, &mut random);
                if let Ok(output) = compression::decompress(&bytes, 1 << 20) {
                    assert!(output.len() <= 1 << 20);
                }
            }
        }
    }
}

#[test]
fn damaged_collapsed_stacks_do_no_harm() {
    let mut random = Random(0xfeed);
    let fixture = pprofs().into_iter().find(|fixture| fixture.name == "node-v4-01/wall.pprof").unwrap();
    let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
    let text = collapsed::encode(&profile, 0).into_bytes();
    for _ in 0..500 {
        let mut bytes = text.clone();
        damage(&mut bytes, &fixture.bytes, &mut random);
        if let Ok(decoded) = collapsed::decode(&bytes, &Limits::default()) {
            check_ids(&decoded);
        }
        let _ = decode_file("file", &bytes, &Limits::default());
    }
}

#[test]
fn damaged_files_of_tools_do_no_harm() {
    let mut random = Random(0xf11e);
    let files = crate::tool_files::all();
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let mut read = 0;
    for (name, bytes) in &files {
        for _ in 0..(4_000_000 / bytes.len()).clamp(50, 300) {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(4) {
                damage(&mut damaged, &files[random.below(files.len())].1, &mut random);
            }
            let format = detect(name, bytes).unwrap();
            if let Ok(decoded) = format.decode(&damaged, &limits) {
                read += 1;
                check_ids(&decoded);
            }
            let _ = decode_file(name, &damaged, &limits);
        }
    }
    assert!(read > 500, "only {read} damaged files could be read: the damage is too great to test much");
    assert_peak_below(1 << 30);
}

/// What repeats the same deep stack in another way each time would cost its depth each time.
#[test]
fn the_same_deep_stack_in_many_ways_is_an_error_before_time_is_taken() {
    let chain: String = (1..=4000)
        .map(|id| format!(r#"{{"id":{id},"parent":{},"callFrame":{{"functionName":"f"}}}},"#, id - 1))
        .collect();
    let leaves: String = (0..300_000)
        .map(|id| {
            format!(r#"{{"id":{},"parent":4000,"callFrame":{{"functionName":"f{id}"}}}},"#, id + 10_000)
        })
        .collect();
    let samples: Vec<String> = (0..300_000).map(|id| (id + 10_000).to_string()).collect();
    let body = format!(r#"{{"nodes":[{chain}{leaves}],"samples":[{}],"timeDeltas":[]}}"#, samples.join(","));
    let limits = Limits { max_memory: 256 << 20, ..Limits::default() };
    let started = std::time::Instant::now();
    let error = decode_file("a.cpuprofile", body.as_bytes(), &limits).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("bytes of memory allowed"), "{source}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn more_of_anything_than_allowed_is_an_error() {
    let with_types = |types: usize| {
        let file = (0..types).fold(Message::new(), |file, _| file.message(1, value_type(1, 1)));
        file.strings(&["", "cpu"])
    };
    let samples = |count: usize| Message([[0x12, 0].repeat(count), with_types(1).0].concat());
    let of = |file: &Message, limits: Limits| pprof::decode(&file.0, &limits).unwrap_err().to_string();
    let default = Limits::default();
    assert_eq!(of(&with_types(65), default), "more than the 64 value types allowed");
    assert_eq!(of(&samples(8_388_609), default), "more than the 8388608 samples allowed");
    assert_eq!(of(&samples(50), Limits { max_bytes: 10, ..default }), "113 bytes, more than the 10 allowed");
}

/// Two bytes of file for each sample of 64 values would be 548 bytes of memory.
#[test]
fn empty_samples_of_many_types_are_an_error_before_memory_is_taken() {
    let types = (0..64).fold(Message::new(), |file, _| file.message(1, value_type(1, 1)));
    let bytes = [[0x12, 0].repeat(4_000_000), types.strings(&["", "cpu"]).0].concat();
    refused_for_memory(&bytes);
}

/// Each sample names one location of 4,000 lines and one more, so that no two stacks are equal.
#[test]
fn stacks_that_multiply_are_an_error_before_memory_is_taken() {
    let lines: Vec<(u64, u64)> = (0..4000).map(|line| (1, line)).collect();
    let mut file = Message::new().message(1, value_type(1, 1)).message(4, location(1, &lines));
    for id in 2..40_000 {
        file = file
            .message(4, location(id, &[(1, id)]))
            .message(2, Message::new().packed(1, &[1, id]).number(2, 1));
    }
    refused_for_memory(&file.message(5, function(1, 1, 1)).strings(&["", "cpu"]).0);
}

#[test]
fn empty_strings_by_the_million_are_an_error_before_memory_is_taken() {
    let bytes = [Message::new().message(1, value_type(1, 1)).0, [0x32, 0].repeat(20_000_000)].concat();
    refused_for_memory(&bytes);
}

#[test]
fn one_long_string_in_many_places_is_an_error_before_memory_is_taken() {
    let long = "x".repeat(16 << 20);
    let types = (0..60).fold(Message::new(), |file, _| file.message(1, value_type(1, 1)));
    refused_for_memory(&types.strings(&["", &long]).0);
    let comments = (0..1000).fold(Message::new().message(1, value_type(2, 2)), |file, _| file.number(13, 1));
    refused_for_memory(&comments.strings(&["", &long, "cpu"]).0);
}

#[test]
fn a_sample_of_a_million_labels_keeps_as_many_as_allowed() {
    let labels = Message([[0x1a, 4, 0x08, 1, 0x18, 1]].repeat(1_000_000).concat());
    let sample = Message([Message::new().number(2, 1).0, labels.0].concat());
    let file = Message::new().message(1, value_type(1, 1)).message(2, sample).strings(&["", "cpu"]);
    let decoded = pprof::decode(&file.0, &Limits::default()).unwrap();
    assert_eq!(decoded.profile.label_sets.get(decoded.profile.samples.labels[0]).len(), 128);
    assert_eq!(decoded.problems.len(), 1);
}

fn refused_for_memory(bytes: &[u8]) {
    let limits = Limits { max_memory: 256 << 20, ..Limits::default() };
    let error = pprof::decode(bytes, &limits).unwrap_err();
    assert!(matches!(error, PprofError::TooMuchMemory { .. }), "{error}");
    assert_peak_below(2 << 30);
}

/// Every id of the profile is one of its tables'.
pub(crate) fn check_ids(decoded: &Decoded) {
    let profile = &decoded.profile;
    let samples = &profile.samples;
    assert!(samples.stacks.iter().all(|stack| stack.index() < profile.stacks.len()));
    assert!(samples.labels.iter().all(|set| set.index() < profile.label_sets.len()));
    assert!(profile.stacks.iter().flatten().all(|frame| frame.index() < profile.frames.len()));
    assert!(samples.values.iter().all(|column| column.len() == samples.len()));
    assert!(decoded.problems.len() < 32, "problems are bounded: {:?}", decoded.problems);
}

/// The most memory that this process, with all its tests, ever had. Only Linux tells.
pub(crate) fn assert_peak_below(limit: usize) {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kilobytes * 1024 < limit, "{line}");
}

/// One piece of damage: cut off, flip, overwrite, repeat, or splice in of another file.
pub(crate) fn damage(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let length = 1 + random.below(64.min(bytes.len() - at));
    match random.below(7) {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = random.below(256) as u8,
        3 => drop(bytes.drain(at..at + length)),
        // A number that is as large as numbers get, where most likely a tag, a length or an id is.
        4 => drop(bytes.splice(at..=at, [0xff; 9].into_iter().chain([0x01]))),
        5 => {
            let from = random.below(other.len());
            let piece = other[from..other.len().min(from + length * 4)].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => {
            let piece = bytes[at..at + length].repeat(1 + random.below(50));
            bytes.splice(at..at, piece);
        }
    }
}

/// SplitMix64: the same damage in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % limit as u64) as usize
    }
}
