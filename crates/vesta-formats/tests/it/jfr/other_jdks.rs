//! Recordings of `Mix.java` on JDKs that are not on this machine.

use super::jdk::jdks;
use super::jdk_tool::assert_same;
use super::print::{print_all, print_tool};
use super::profile::{label, leaves, total, totals};
use std::path::PathBuf;
use vesta_formats::jfr::profile::{Recording, decode};
use vesta_formats::{Limits, compression};

const RECORDINGS: [&str; 3] = ["zulu-8.252-mix", "jdk-11.0.13-mix", "jdk-21.0.8-mix"];

#[test]
fn every_field_of_every_event_of_other_jdks_is_what_the_newest_jdk_prints() {
    let jdks = jdks("every_field_of_every_event_of_other_jdks_is_what_the_newest_jdk_prints");
    let Some(newest) = jdks.iter().max_by_key(|jdk| jdk.version()) else { return };
    for name in RECORDINGS {
        for chunk in newest.chunks_of(&recording(name)) {
            let (ours, problems) = print_all(&std::fs::read(&chunk).unwrap(), 3);
            assert_eq!(problems, [], "{name}");
            let theirs = print_tool(&newest.tool(&["print", "--json", "--stack-depth", "3"], &chunk));
            assert_same(name, &ours, &theirs);
            assert!(ours.len() > 60 && ours["mix.Fields"].len() == 80, "{name}: {:?}", ours.keys());
        }
    }
}

#[test]
fn profiles_of_other_jdks_say_what_the_program_did() {
    for name in RECORDINGS {
        let Recording { profile, metrics, problems, .. } =
            decode(&recording(name), &Limits::default()).unwrap();
        assert_eq!(problems, [], "{name}");
        // 300 ms in three threads, twice, by the two threads that are sampled each time.
        let computed = totals(&profile, "cpu-time")["Mix.compute"];
        assert!((500_000_000..3_000_000_000).contains(&computed), "{name}: {computed} ns");
        let allocated = totals(&profile, "alloc-space")["Mix.work"];
        assert!(allocated > 2 * 200 * 200_000, "{name}: {allocated} bytes");
        let thrown = leaves(&profile, "exception-samples");
        assert_eq!(thrown["Mix.exceptions"], 40, "{name}: {thrown:?}");
        for (value_type, function) in [
            ("lock-acquire-wait", "Mix.locks"),
            ("wait-time", "Mix.sleep"),
            ("socket-read-time", "Mix.sockets"),
            ("file-io-write-time", "Mix.files"),
        ] {
            let seen = totals(&profile, value_type);
            assert!(
                seen.get(function).is_some_and(|time| *time > 10_000_000),
                "{name}: {value_type}: {seen:?}"
            );
        }
        assert!(total(&profile, "heap-live-samples") > 0, "{name}");
        let objects = leaves(&profile, "heap-histogram-space");
        let (largest, _) = objects.iter().max_by_key(|(_, bytes)| **bytes).unwrap();
        // Strings of Java 8 are made of characters.
        assert_eq!(largest, if name.contains("-8.") { "char[]" } else { "byte[]" }, "{name}");
        let collections = metrics.iter().find(|(metric, _)| metric == "jvm_gc_count");
        assert!(collections.is_some_and(|(_, count)| *count >= 2.0), "{name}: {metrics:?}");
        let names: Vec<_> =
            (0..profile.samples.len()).filter_map(|row| label(&profile, row, "thread name")).collect();
        for thread in ["main", "mixer-0", "client"] {
            assert!(names.iter().any(|name| name == thread), "{name}: {thread}");
        }
        assert_eq!(names.iter().any(|name| name == "virtual thread"), name.contains("21"), "{name}");
    }
}

fn recording(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/jfr"));
    let packed = std::fs::read(folder.join(format!("{name}.jfr.zst"))).unwrap();
    compression::decompress(&packed, usize::MAX).unwrap().into_owned()
}
