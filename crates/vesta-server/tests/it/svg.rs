//! Flame graphs as pictures.

use vesta_profile::{FlameTree, Frame, FunctionTable, Granularity, Profile, Sample, Unit, ValueType};
use vesta_server::svg::{SvgOptions, flame_graph, format_value};

fn draw(stacks: &[(&[&str], i64)]) -> String {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    for (names, value) in stacks {
        let mut frames = Vec::new();
        for name in *names {
            let function = profile.strings.intern(name);
            frames.push(profile.frames.intern(Frame { function, ..Frame::default() }));
        }
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample { stack, values: &[*value], ..Sample::default() });
    }
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let values = profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
    let tree = FlameTree::from_stacks(&functions, &profile.stacks, values);
    let options = SvgOptions { title: "cpu-time <web>".to_owned(), unit: Unit::Nanoseconds, width: 1024 };
    flame_graph(&tree, &functions, &options)
}

#[test]
fn boxes_are_as_wide_as_their_share_and_stand_below_their_callers() {
    let svg = draw(&[(&["leaf", "main"], 3_000_000_000), (&["main"], 1_000_000_000)]);
    assert!(
        svg.contains("<title>root\n4.00 s (100.00 %)</title><rect x=\"12.00\" y=\"46\" width=\"1000.00\""),
        "{svg}"
    );
    assert!(svg.contains("<title>main\n4.00 s (100.00 %)\nself 1.00 s (25.00 %)</title>"), "{svg}");
    assert!(svg.contains("<rect x=\"12.00\" y=\"82\" width=\"750.00\""), "{svg}");
    assert!(svg.contains(">leaf</text>"), "{svg}");
}

#[test]
fn names_cannot_break_out_of_the_picture() {
    let svg = draw(&[(&["</title><script>alert(1)</script>\u{1b}\"'&"], 1)]);
    assert!(!svg.contains("<script"), "{svg}");
    assert!(
        svg.contains("&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;\u{fffd}&quot;&#39;&amp;"),
        "{svg}"
    );
    assert!(svg.contains("cpu-time &lt;web&gt;"));
}

#[test]
fn boxes_too_narrow_to_see_are_counted_instead_of_drawn() {
    let svg = draw(&[(&["large"], 1_000_000), (&["small"], 1)]);
    assert!(!svg.contains("small"), "{svg}");
    assert!(svg.contains("1 boxes too narrow to draw"), "{svg}");
}

#[test]
fn values_are_written_for_people() {
    assert_eq!(format_value(40_219_788_000, &Unit::Nanoseconds), "40.2 s");
    assert_eq!(format_value(0, &Unit::Nanoseconds), "0.00 ns");
    assert_eq!(format_value(5 << 20, &Unit::Bytes), "5.00 MiB");
    assert_eq!(format_value(-1_234_567, &Unit::Count), "-1,234,567");
    assert_eq!(format_value(12, &Unit::Other("events".to_owned())), "12 events");
}
