//! The layouts of Pyroscope's older clients.

use vesta_formats::pyroscope::{Layout, StacksError, decode};
use vesta_formats::{Limits, collapsed, pprof};

/// A node: name, value, children.
struct Node(&'static str, u64, Vec<Node>);

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn write(node: &Node, bytes: &mut Vec<u8>) {
    varint(node.0.len() as u64, bytes);
    bytes.extend(node.0.as_bytes());
    varint(node.1, bytes);
    varint(node.2.len() as u64, bytes);
    node.2.iter().for_each(|child| write(child, bytes));
}

fn read(layout: Layout, root: &Node) -> String {
    let mut bytes = Vec::new();
    write(root, &mut bytes);
    let decoded = decode(layout, &bytes, &Limits::default()).unwrap();
    assert_eq!(decoded.problems, []);
    collapsed::encode(&decoded.profile, 0)
}

#[test]
fn a_tree_has_frames_for_names() {
    let inner =
        Node("main", 3, vec![Node("parse", 300, vec![]), Node("write", 0, vec![Node("flush", 1, vec![])])]);
    let text = read(Layout::Tree, &Node("", 0, vec![inner, Node("gc", 9, vec![])]));
    assert_eq!(text, "gc 9\nmain 3\nmain;parse 300\nmain;write;flush 1\n");
}

#[test]
fn a_trie_cuts_text_anywhere() {
    let inner = Node("ma", 0, vec![Node("in;par", 2, vec![Node("se", 5, vec![])]), Node("ke", 7, vec![])]);
    let text = read(Layout::Trie, &Node("", 0, vec![inner, Node("x", 1, vec![])]));
    assert_eq!(text, "main;par 2\nmain;parse 5\nmake 7\nx 1\n");
}

#[test]
fn lines_are_counted() {
    let decoded = decode(Layout::Lines, b"main;a\nmain;b 2\n\nmain;a\n", &Limits::default()).unwrap();
    assert_eq!(collapsed::encode(&decoded.profile, 0), "main;a 2\nmain;b 2 1\n");
}

#[test]
fn a_tree_that_breaks_off_gives_what_came_before() {
    let mut bytes = Vec::new();
    write(
        &Node("", 0, vec![Node("main", 3, vec![Node("parse", 2, vec![])]), Node("gc", 9, vec![])]),
        &mut bytes,
    );
    let whole = bytes.len();
    let decoded = decode(Layout::Tree, &bytes[..whole - 2], &Limits::default()).unwrap();
    assert_eq!(collapsed::encode(&decoded.profile, 0), "main 3\nmain;parse 2\n");
    assert_eq!(decoded.problems.len(), 1);
    for length in 0..whole {
        // Whatever comes of it, it comes.
        let _ = decode(Layout::Tree, &bytes[..length], &Limits::default());
        let _ = decode(Layout::Trie, &bytes[..length], &Limits::default());
    }
    assert!(matches!(decode(Layout::Tree, b"", &Limits::default()), Err(StacksError::CutOff { at: 0 })));
}

#[test]
fn a_small_trie_cannot_become_large_stacks() {
    let mut bytes = Vec::new();
    let prefix = "x".repeat(1 << 20);
    varint(prefix.len() as u64, &mut bytes);
    bytes.extend(prefix.as_bytes());
    varint(0, &mut bytes);
    varint(u64::MAX, &mut bytes);
    for _ in 0..100_000 {
        bytes.extend([1, b'y', 1, 0]);
    }
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let error = decode(Layout::Trie, &bytes, &limits).unwrap_err();
    assert!(matches!(error, StacksError::TooLong { .. }), "{error}");
}

#[test]
fn a_look_at_a_pprof_tells_its_time_and_whether_go_wrote_it() {
    let text = "main;work 3\n";
    let mut profile = collapsed::decode(text.as_bytes(), &Limits::default()).unwrap().profile;
    (profile.start_ns, profile.duration_ns) = (1_795_726_845_247_233_097, 3_009_743_329);
    let peek = pprof::peek(&pprof::encode(&profile));
    assert_eq!(
        (peek.time_ns, peek.duration_ns, peek.is_go),
        (1_795_726_845_247_233_097, 3_009_743_329, false)
    );
    profile.strings.intern("/usr/local/go/src/runtime/proc.go");
    let file = profile.strings.intern("/usr/local/go/src/runtime/proc.go");
    let frame = profile.frames.intern(vesta_profile::Frame { file, function: file, ..Default::default() });
    let stack = profile.stacks.intern(&[frame]);
    profile.samples.push(vesta_profile::Sample { stack, values: &[1], ..Default::default() });
    assert!(pprof::peek(&pprof::encode(&profile)).is_go);
    assert_eq!(pprof::peek(b"no pprof at all"), pprof::Peek::default());
}
