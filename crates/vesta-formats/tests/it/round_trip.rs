//! What is written reads back as it was, and other programs can read it.

use crate::content::content;
use crate::skip::skip;
use crate::support::pprofs;
use proptest::prelude::*;
use std::process::{Command, Stdio};
use vesta_formats::{Limits, compression, pprof};
use vesta_profile::{Frame, Label, LabelValue, Mapping, Period, Profile, Sample, ValueType};

#[test]
fn every_fixture_reads_back_as_it_was_written() {
    for fixture in pprofs() {
        let first = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
        let bytes = pprof::encode(&first);
        let second = pprof::decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(second.problems, [], "{}", fixture.name);
        assert!(content(&first) == content(&second.profile), "{} differs", fixture.name);
        assert!(bytes == pprof::encode(&first), "{} is written in two ways", fixture.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_profile_reads_back_as_it_was_written(profile in any_profile()) {
        let again = pprof::decode(&pprof::encode(&profile), &Limits::default()).unwrap();
        prop_assert_eq!(again.problems, []);
        prop_assert_eq!(content(&profile), content(&again.profile));
    }
}

/// A profile of one sample for each place in `libfoo.so`, which is mapped in two parts.
fn with_mappings(offsets: &[u64]) -> Profile {
    let mut profile = Profile::new(vec![ValueType::new("cpu-samples", "count")]);
    let (module, build_id) = (profile.strings.intern("/lib/libfoo.so"), profile.strings.intern("c0ffee"));
    let mut map =
        |start, limit, offset| profile.mappings.add(Mapping { module, build_id, start, limit, offset });
    assert!(map(0x7f00_0000_1000, 0x7f00_0000_3000, 0x1000));
    assert!(map(0x7f00_0000_4000, 0x7f00_0000_5000, 0x3000));
    for &address in offsets {
        let frame = profile.frames.intern(Frame { module, build_id, address, ..Frame::default() });
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, values: &[1], ..Sample::default() });
    }
    profile
}

#[test]
fn places_in_files_are_written_as_addresses_of_memory_and_read_back() {
    let profile = with_mappings(&[0x1234, 0x3fff, 0x9000]);
    let bytes = pprof::encode(&profile);
    let again = pprof::decode(&bytes, &Limits::default()).unwrap().profile;
    assert_eq!(content(&profile), content(&again));
    let addresses = |profile: &Profile| {
        profile.mappings.as_slice().iter().map(|mapping| (mapping.start, mapping.offset)).collect::<Vec<_>>()
    };
    assert_eq!(addresses(&again), addresses(&profile));
    assert!(pprof::encode(&again) == bytes, "written in two ways");
    // The last is in no part that was mapped, so it stays as it is.
    for address in [0x7f00_0000_1234_u64, 0x7f00_0000_4fff, 0x9000] {
        let mut field = vec![3 << 3];
        let mut rest = address;
        while rest >= 0x80 {
            field.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        field.push(rest as u8);
        assert!(bytes.windows(field.len()).any(|window| window == field), "{address:x} is not written");
    }
}

#[test]
fn mappings_of_another_process_do_not_get_in_the_way_when_profiles_become_one() {
    let mut merged = with_mappings(&[0x1234]);
    let mut other = with_mappings(&[0x1234]);
    let module = other.strings.intern("/lib/libbar.so");
    let bar = Mapping { module, start: 0x7f00_0000_4800, limit: 0x7f00_0000_6000, ..Mapping::default() };
    assert!(!other.mappings.add(bar), "it overlaps");
    let mut third = Profile::new(Vec::new());
    let module = third.strings.intern("/lib/libbar.so");
    assert!(third.mappings.add(Mapping { module, ..bar }));
    merged.merge(&other);
    merged.merge(&third);
    assert_eq!(merged.mappings.len(), 2, "the same twice, and one that overlaps");
    assert_eq!(merged.frames.as_slice()[0].address, 0x1234);
    assert_eq!(merged.frames.len(), 1);
}

#[test]
fn go_reads_what_is_written() {
    let Ok(version) = Command::new("go").arg("version").output() else {
        return skip("go_reads_what_is_written", "there is no `go` on the path");
    };
    assert!(version.status.success());
    for name in ["python-01/profile.pprof", "go-02/cpu.pprof", "node-v6-01/space.pprof"] {
        let fixture = pprofs().into_iter().find(|fixture| fixture.name == name).unwrap();
        let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
        let path =
            std::env::temp_dir().join(format!("vesta-{}-{}", std::process::id(), name.replace('/', "-")));
        std::fs::write(&path, compression::compress_gzip(&pprof::encode(&profile)).unwrap()).unwrap();
        let value_type = &profile.value_types[1].name;
        let output = Command::new("go")
            .args(["tool", "pprof", "-raw", "-symbolize=none", &format!("-sample_index={value_type}")])
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        std::fs::remove_file(&path).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {errors}");
        // `-raw` lists the samples: values, then `:`, then locations.
        let text = String::from_utf8(output.stdout).unwrap();
        let listed = text.lines().skip_while(|line| *line != "Samples:").skip(2);
        let mut totals = vec![0_i64; profile.value_types.len()];
        let mut samples = 0;
        for line in listed.take_while(|line| *line != "Locations") {
            let Some((values, _)) = line.split_once(": ") else { continue };
            let values: Option<Vec<i64>> =
                values.split_whitespace().map(|value| value.parse().ok()).collect();
            if let Some(values) = values.filter(|values| values.len() == totals.len()) {
                samples += 1;
                totals.iter_mut().zip(values).for_each(|(total, value)| *total += value);
            }
        }
        let expected: Vec<i64> = (0..totals.len()).map(|index| profile.samples.total(index)).collect();
        assert_eq!((samples, totals), (profile.samples.len(), expected), "{name}");
    }
}

#[derive(Clone, Debug)]
struct AnySample {
    stack: Vec<usize>,
    values: Vec<i64>,
    labels: Vec<(u8, Result<String, i64>)>,
    timestamp_ns: i64,
    ids: [u64; 2],
    trace_id: String,
}

/// Profiles whose frames are such as a decoder makes: an address only without a function, a system name only if it
/// differs, and of inlined frames the function they are in.
fn any_profile() -> impl Strategy<Value = Profile> {
    let text = "[a-z:; é]{0,4}";
    let mapping = (0..8_usize, any::<u64>(), any::<u64>(), any::<u64>());
    let mappings = prop::collection::vec(mapping, 0..6);
    let frame = (text, text, text, any::<u32>(), any::<u32>(), text, "[0-9a-f]{0,4}", any::<u64>());
    let frames = prop::collection::vec(frame, 1..8);
    let value = prop_oneof![Just(0), any::<i64>()];
    let label = (0..4_u8, prop_oneof!["[a-z]{1,3}".prop_map(Ok), any::<i64>().prop_map(Err)]);
    let sample = (
        prop::collection::vec(0..8_usize, 0..6),
        prop::collection::vec(value.clone(), 3),
        prop::collection::vec(label, 0..4),
        value,
        any::<[u64; 2]>(),
        "[0-9a-f]{0,2}",
    );
    let sample = sample.prop_map(|(stack, values, labels, timestamp_ns, ids, trace_id)| AnySample {
        stack,
        values,
        labels,
        timestamp_ns,
        ids,
        trace_id,
    });
    let samples = prop::collection::vec(sample, 0..12);
    (frames, samples, mappings, any::<i64>(), any::<i64>()).prop_map(
        |(frames, samples, mappings, start_ns, period)| {
            let types = ["cpu", "", "wall"].map(|name| ValueType::new(name, "count"));
            let mut profile = Profile::new(types.to_vec());
            profile.start_ns = start_ns;
            profile.comments = vec![String::new(), "a comment".to_owned()];
            profile.period = Some(Period { value_type: ValueType::new("cpu", ""), value: period });
            let mut ids = Vec::new();
            for (function, system_name, file, line, start_line, module, build_id, address) in frames {
                let named = !function.is_empty();
                let mut intern = |text: &str| profile.strings.intern(text);
                let frame = Frame {
                    function: intern(&function),
                    system_name: intern(if named && system_name != function { &system_name } else { "" }),
                    file: intern(&file),
                    line: if file.is_empty() { 0 } else { line },
                    start_line: if file.is_empty() && !named { 0 } else { start_line },
                    module: intern(&module),
                    build_id: intern(&build_id),
                    address: if named { 0 } else { address },
                    inlined: false,
                };
                // A frame without a name has nothing that could be inlined into it.
                let inlined =
                    named.then(|| profile.frames.intern(Frame { inlined: true, line: line / 2, ..frame }));
                ids.push((profile.frames.intern(frame), inlined));
            }
            for (of, start, limit, offset) in mappings {
                let Frame { module, build_id, address, .. } = profile.frames.get(ids[of % ids.len()].0);
                // Half of them have the place that the frame is at.
                let offset = if offset % 2 == 0 { address.saturating_sub(offset % 1000) } else { offset };
                profile.mappings.add(Mapping { module, build_id, start, limit, offset });
            }
            for sample in samples {
                let mut stack = Vec::new();
                for (position, index) in sample.stack.iter().enumerate() {
                    let (frame, inlined) = ids[index % ids.len()];
                    stack.extend(inlined.filter(|_| position % 2 == 0));
                    stack.push(frame);
                }
                let stack = profile.stacks.intern(&stack);
                let labels: Vec<Label> = (sample.labels.iter())
                    .map(|(key, value)| {
                        // Keys have either text or numbers, see `pprof`.
                        let kind = if value.is_ok() { "text" } else { "number" };
                        let key = profile.strings.intern(&format!("{kind} {key}"));
                        let value = match value {
                            Ok(text) => LabelValue::Text(profile.strings.intern(text)),
                            Err(number) => LabelValue::Number(*number, profile.strings.intern("bytes")),
                        };
                        Label { key, value }
                    })
                    .collect();
                let labels = profile.label_sets.intern(&labels);
                let trace_id = profile.strings.intern(&sample.trace_id);
                let [span_id, local_root_span_id] = sample.ids;
                profile.samples.push(Sample {
                    stack,
                    values: &sample.values,
                    labels,
                    timestamp_ns: sample.timestamp_ns,
                    span_id,
                    local_root_span_id,
                    trace_id,
                });
            }
            profile
        },
    )
}
