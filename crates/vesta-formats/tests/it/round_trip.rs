//! What is written reads back as it was, and other programs can read it.

use crate::content::content;
use crate::skip::skip;
use crate::support::pprofs;
use proptest::prelude::*;
use std::process::{Command, Stdio};
use vesta_formats::{Limits, compression, pprof};
use vesta_profile::{Frame, Label, LabelValue, Period, Profile, Sample, ValueType};

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
    (frames, samples, any::<i64>(), any::<i64>()).prop_map(|(frames, samples, start_ns, period)| {
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
    })
}
