//! Flame graphs as pictures: one static SVG file, root on top, the width of a box its share of the total.

use std::fmt::Write;
use vesta_profile::{FlameTree, FunctionId, FunctionTable, Unit};

/// What stands above and around the boxes.
#[derive(Clone, Debug)]
pub struct SvgOptions {
    /// The headline.
    pub title: String,
    /// The unit of the values.
    pub unit: Unit,
    /// The width of the picture in pixels.
    pub width: u32,
}

const ROW: f64 = 18.0;
const MARGIN: f64 = 12.0;
const HEADER: f64 = 46.0;
/// Boxes narrower than this many pixels are not drawn; their space stays blank within their caller's.
const NARROWEST: f64 = 0.25;
/// The width of a character of the 12 pixel monospace font.
const CHARACTER: f64 = 7.25;
/// Fills that dark text is readable on, at a contrast of at least 7 to 1.
const FILLS: [&str; 12] = [
    "#f6b47c", "#f3a683", "#f7c873", "#efc94c", "#f5b5a0", "#e8b86d", "#f2c9a1", "#f4a582", "#fdd58c",
    "#eeb8b8", "#e9c5d8", "#f0d48a",
];

/// Draws a flame graph. Every box has its function, file, value and share as a title, which browsers show on hover.
pub fn flame_graph(tree: &FlameTree, functions: &FunctionTable, options: &SvgOptions) -> String {
    let boxes = layout(tree, f64::from(options.width) - 2.0 * MARGIN);
    let depth = boxes.drawn.iter().map(|place| place.depth).max().unwrap_or(0);
    let height = HEADER + f64::from(depth + 1) * ROW + 2.0 * MARGIN;
    let mut svg = String::with_capacity(512 + boxes.drawn.len() * 200);
    head(&mut svg, tree, &boxes, options, height);
    for place in &boxes.drawn {
        draw(&mut svg, tree, functions, options, place);
    }
    svg.push_str("</svg>\n");
    svg
}

/// `12.3 s`, `4.5 MiB`, `1,234`: a value for people.
pub fn format_value(value: i64, unit: &Unit) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let number = value as f64;
    let scaled = |steps: &[(f64, &str)]| {
        let fits = steps.iter().find(|(scale, _)| number.abs() >= *scale).or(steps.last());
        fits.map_or_else(String::new, |(scale, name)| format!("{} {name}", short(number / scale)))
    };
    match unit {
        Unit::Nanoseconds => {
            scaled(&[(3.6e12, "h"), (60e9, "min"), (1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")])
        }
        Unit::Bytes => {
            let kib = 1024.0_f64;
            scaled(&[
                (kib.powi(4), "TiB"),
                (kib.powi(3), "GiB"),
                (kib.powi(2), "MiB"),
                (kib, "KiB"),
                (1.0, "B"),
            ])
        }
        Unit::Count => grouped(value),
        Unit::Other(name) => format!("{} {name}", grouped(value)),
    }
}

struct Boxes {
    drawn: Vec<Place>,
    too_narrow: usize,
}

struct Place {
    node: usize,
    depth: u32,
    x: f64,
    width: f64,
}

/// Where each box goes. Preorder means that a parent has its place before its children need it.
fn layout(tree: &FlameTree, width: f64) -> Boxes {
    #[expect(clippy::cast_precision_loss, reason = "pixels need no more than 53 bits")]
    let magnitude = |index: usize| tree.totals().get(index).map_or(0.0, |total| total.unsigned_abs() as f64);
    let whole = magnitude(0).max(1.0);
    let mut places: Vec<(u32, f64)> = Vec::with_capacity(tree.len());
    // How much of each box its children have taken so far, in pixels.
    let mut taken = vec![0.0; tree.len()];
    let mut boxes = Boxes { drawn: Vec::new(), too_narrow: 0 };
    for node in 0..tree.len() {
        let box_width = magnitude(node) / whole * width;
        let parent = tree.parents()[node] as usize;
        let (depth, x) = match places.get(parent) {
            Some((depth, x)) => (depth + 1, x + taken[parent]),
            None => (0, MARGIN),
        };
        if let Some(used) = taken.get_mut(parent) {
            *used += box_width;
        }
        places.push((depth, x));
        if box_width >= NARROWEST {
            boxes.drawn.push(Place { node, depth, x, width: box_width });
        } else {
            boxes.too_narrow += 1;
        }
    }
    boxes
}

fn head(svg: &mut String, tree: &FlameTree, boxes: &Boxes, options: &SvgOptions, height: f64) {
    let width = options.width;
    let title = escape(&options.title);
    let total = escape(&format_value(tree.total(), &options.unit));
    let narrow = match boxes.too_narrow {
        0 => String::new(),
        count => format!(" · {} boxes too narrow to draw", grouped(i64::try_from(count).unwrap_or(i64::MAX))),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        r##"<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0}" viewBox="0 0 {width} {height:.0}" role="img">
<title>{title}</title>
<style>text{{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1b1b}}.t{{font-size:15px;font-weight:600}}.o{{fill:#d9d9d9}}rect{{stroke:#fff;stroke-width:.6}}g:hover rect{{stroke:#000}}</style>
<rect width="100%" height="100%" fill="#fff" stroke="none"/>
<text class="t" x="{MARGIN}" y="20">{title}</text>
<text x="{MARGIN}" y="38">{total}{narrow}</text>
"##
    );
}

fn draw(svg: &mut String, tree: &FlameTree, functions: &FunctionTable, options: &SvgOptions, place: &Place) {
    let id = tree.functions()[place.node];
    let total = tree.totals()[place.node];
    let (name, file) = describe(id, functions);
    let y = HEADER + f64::from(place.depth) * ROW;
    let value = format_value(total, &options.unit);
    let share = percent(total, tree.total());
    let own = tree.self_values()[place.node];
    let own_text = match own {
        0 => String::new(),
        own => format!("\nself {} ({})", format_value(own, &options.unit), percent(own, tree.total())),
    };
    let place_text = if file.is_empty() { String::new() } else { format!("\n{file}") };
    let title = escape(&format!("{name}{place_text}\n{value} ({share}){own_text}"));
    let paint = match id {
        FunctionId::ROOT | FunctionId::OTHER | FunctionId::NO_STACK => r#"class="o""#.to_owned(),
        _ => format!("fill=\"{}\"", fill(name)),
    };
    let Place { x, width, .. } = place;
    let _ = write!(
        svg,
        r#"<g><title>{title}</title><rect x="{x:.2}" y="{y:.0}" width="{width:.2}" height="{ROW}" rx="1" {paint}/>"#
    );
    let label = fit(name, *width - 6.0);
    if !label.is_empty() {
        let _ = write!(svg, r#"<text x="{:.2}" y="{:.0}">{}</text>"#, x + 3.0, y + 13.0, escape(&label));
    }
    svg.push_str("</g>\n");
}

fn describe(id: FunctionId, functions: &FunctionTable) -> (&str, &str) {
    match id {
        FunctionId::ROOT => ("root", ""),
        FunctionId::OTHER => ("(other)", ""),
        id => {
            let function = functions.get(id);
            (functions.strings().get(function.name), functions.strings().get(function.file))
        }
    }
}

/// As much of `name` as fits, with an ellipsis where it was cut; nothing when that would be a letter or two.
fn fit(name: &str, width: f64) -> String {
    let mut room = 0;
    while f64::from(room + 1) * CHARACTER <= width && room < 400 {
        room += 1;
    }
    let room = usize::try_from(room).unwrap_or(0);
    let length = name.chars().count();
    match room {
        _ if length <= room => name.to_owned(),
        0..=2 => String::new(),
        _ => name.chars().take(room - 1).chain(['…']).collect(),
    }
}

/// The same name has the same fill in every picture.
fn fill(name: &str) -> &'static str {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let index = usize::try_from(hash % FILLS.len() as u64).unwrap_or(0);
    FILLS[index]
}

fn percent(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let share = part as f64 / whole as f64 * 100.0;
    format!("{share:.2} %")
}

fn short(number: f64) -> String {
    match number.abs() {
        magnitude if magnitude >= 100.0 => format!("{number:.0}"),
        magnitude if magnitude >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

fn grouped(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = if value < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text for XML: names come from programs that Vesta does not know, control characters and all.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            character if character.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&character) => {
                escaped.push('\u{fffd}');
            }
            character => escaped.push(character),
        }
    }
    escaped
}
