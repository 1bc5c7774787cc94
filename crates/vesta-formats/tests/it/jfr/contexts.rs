//! Labels that come beside a recording, by the contexts of its events.

use super::writer::{Chunk, Type};
use crate::message::Message;
use vesta_formats::Limits;
use vesta_formats::jfr::profile::{Contexts, ContextsError, decode, decode_with};
use vesta_profile::{LabelValue, Profile};

const SAMPLE: u64 = 100;
const ALLOCATION: u64 = 101;

/// An allocation in each of these contexts, all for one span, and one that says nothing of it.
fn recording(contexts: &[i64]) -> Vec<u8> {
    let mut chunk = Chunk::new(true);
    let sample = Type::event(SAMPLE, "profiler.Malloc");
    let fields = ["startTime", "spanId", "spanName", "contextId", "traceIdHi", "traceIdLo"];
    let sample = fields.into_iter().fold(sample, |sample, field| sample.primitive(field, "long"));
    let allocation = Type::event(ALLOCATION, "jdk.ObjectAllocationSample").primitive("startTime", "long");
    chunk.metadata(&[sample, allocation.primitive("weight", "long")]);
    for context in contexts {
        let span = chunk.values().long(2_000).long(0xbeef).long(2);
        chunk.event(SAMPLE, span.long(context.cast_unsigned()).long(1).long(u64::MAX));
    }
    chunk.event(ALLOCATION, chunk.values().long(3_000).long(64));
    chunk.finish()
}

/// An entry of a map from numbers to something.
fn entry(key: i64) -> Message {
    Message::new().number(1, key.cast_unsigned())
}

fn context(key: i64, labels: &[(i64, i64)]) -> Message {
    let labels = labels.iter().fold(Message::new(), |context, (key, value)| {
        context.message(1, entry(*key).number(2, value.cast_unsigned()))
    });
    entry(key).message(2, labels)
}

fn snapshot(contexts: &[(i64, &[(i64, i64)])], texts: &[(i64, &str)]) -> Vec<u8> {
    let message = contexts.iter().fold(Message::new(), |message, (key, labels)| {
        // A field of a later version is skipped.
        message.number(9, 1).message(1, context(*key, labels))
    });
    texts.iter().fold(message, |message, (key, text)| message.message(2, entry(*key).text(2, text))).0
}

/// The labels of each sample.
fn labels(profile: &Profile) -> Vec<String> {
    let of = |set| {
        let labels = profile.label_sets.get(set).iter().map(|label| {
            let value = match label.value {
                LabelValue::Text(text) => profile.strings.get(text).to_owned(),
                LabelValue::Number(number, _) => number.to_string(),
            };
            format!("{}={value}", profile.strings.get(label.key))
        });
        let mut labels: Vec<String> = labels.collect();
        labels.sort();
        labels.join(" ")
    };
    profile.samples.labels.iter().map(|set| of(*set)).collect()
}

#[test]
fn events_have_the_labels_of_their_context() {
    let texts = [(1, "endpoint"), (2, "GET /"), (3, "user"), (4, "ada"), (5, "POST /")];
    let contexts: [(i64, &[(i64, i64)]); 3] =
        [(7, &[(1, 2), (3, 4)]), (-8, &[(1, 5)]), (9, &[(1, 66), (77, 2)])];
    let contexts = Contexts::decode(&snapshot(&contexts, &texts)).unwrap();
    // The context 0 is none, 5 is not in the snapshot, and of 9 nobody knows the texts.
    let recording = recording(&[7, 0, -8, 7, 5, 9]);
    let found = decode_with(&recording, &contexts, &Limits::default()).unwrap();
    assert_eq!(found.problems, []);
    let (get, post, none) =
        ("endpoint=GET / span_name=GET / user=ada", "endpoint=POST / span_name=GET /", "span_name=GET /");
    assert_eq!(labels(&found.profile), [get, none, post, get, none, none, ""]);
    let without = decode(&recording, &Limits::default()).unwrap().profile;
    assert_eq!(labels(&without), [""; 7]);
    // What an event says itself needs no snapshot.
    assert_eq!(without.samples.span_ids, [0xbeef, 0xbeef, 0xbeef, 0xbeef, 0xbeef, 0xbeef, 0]);
    let traces = without.samples.trace_ids.iter().map(|trace| without.strings.get(*trace));
    let traces: Vec<&str> = traces.collect();
    assert_eq!(traces[0], "0000000000000001ffffffffffffffff");
    assert_eq!(traces[5..], [traces[0], ""]);
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let good = snapshot(&[(7, &[(1, 2)])], &[(1, "endpoint"), (2, "GET /")]);
    assert!(Contexts::decode(b"").is_ok());
    for length in 1..good.len() {
        let cut = Contexts::decode(&good[..length]);
        assert!(cut.is_ok() || matches!(cut, Err(ContextsError::Malformed { .. })), "{length}: {cut:?}");
    }
    let error = Contexts::decode(&good[..good.len() - 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a snapshot of labels: a field is longer than what is left, 10 bytes before the end of a message"
    );
    let many: Vec<u8> =
        (0..=1 << 18).flat_map(|key| Message::new().message(1, context(key, &[])).0).collect();
    assert_eq!(Contexts::decode(&many).unwrap_err(), ContextsError::TooMany);
}
