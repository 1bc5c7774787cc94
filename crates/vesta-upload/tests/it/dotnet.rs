//! What .NET's library sends. No capture of it is at hand: names, value types, labels and files are as its source writes
//! them (dd-trace-dotnet e476ea7).

use jiff::Timestamp;
use vesta_profile::{
    Frame, FunctionTable, Granularity, Label, LabelValue, Profile, Sample, StringId, TimelineOptions,
    ValueType, timeline,
};
use vesta_upload::{Compression, DecodedUpload, Limits, Upload, UploadBuilder};

const SECOND: i64 = 1_000_000_000;

fn period() -> (Timestamp, Timestamp) {
    (Timestamp::from_second(1_795_000_000).unwrap(), Timestamp::from_second(1_795_000_060).unwrap())
}

/// Nanoseconds since the epoch, so long after the start of the period.
fn at(seconds: i64) -> i64 {
    (1_795_000_000 + seconds) * SECOND
}

struct Pprof(Profile);

impl Pprof {
    fn new() -> Self {
        let types = [
            ("wall", "nanoseconds"),
            ("cpu", "nanoseconds"),
            ("cpu-samples", "count"),
            ("exception", "count"),
            ("alloc-samples", "count"),
            ("alloc-size", "bytes"),
            ("lock-count", "count"),
            ("lock-time", "nanoseconds"),
            ("inuse-objects", "count"),
            ("inuse-space", "bytes"),
            ("request-time", "nanoseconds"),
            ("timeline", "nanoseconds"),
        ];
        Pprof(Profile::new(types.map(|(name, unit)| ValueType::new(name, unit)).to_vec()))
    }

    /// A sample with frames leaf first, as module and name.
    fn sample(
        mut self,
        frames: &[(&str, &str)],
        labels: &[(&str, &str)],
        values: &[(usize, i64)],
        timestamp_ns: i64,
    ) -> Self {
        let profile = &mut self.0;
        let frames: Vec<_> = frames
            .iter()
            .map(|(module, name)| {
                let (function, module) = (profile.strings.intern(name), profile.strings.intern(module));
                profile.frames.intern(Frame { function, module, ..Frame::default() })
            })
            .collect();
        let stack = profile.stacks.intern(&frames);
        let labels: Vec<Label> = labels
            .iter()
            .map(|(key, value)| Label {
                key: profile.strings.intern(key),
                value: match value.parse() {
                    Ok(number) => LabelValue::Number(number, StringId::EMPTY),
                    Err(_) => LabelValue::Text(profile.strings.intern(value)),
                },
            })
            .collect();
        let labels = profile.label_sets.intern(&labels);
        let mut row = vec![0; profile.value_types.len()];
        values.iter().for_each(|(column, value)| row[*column] = *value);
        profile.samples.push(Sample { stack, labels, values: &row, timestamp_ns, ..Sample::default() });
        self
    }
}

fn profile() -> Profile {
    let total = ("Shop", "|lm:Shop |ns:Shop.Baskets |ct:Basket |cg: |fn:Total |fg: |sg:(int count)");
    let sort = (
        "System.Private.CoreLib",
        "|lm:System.Private.CoreLib |ns:System.Collections.Generic |ct:ArraySortHelper |cg:<|ns:Shop.Baskets |ct:Order> |fn:Sort |fg: |sg:(System.Span<T> keys)",
    );
    let thread = &[("thread id", "<4> [# 8711]"), ("thread name", "Worker [# 8711]")][..];
    let with = |labels: &[(&'static str, &'static str)]| [thread, labels].concat();
    Pprof::new()
        .sample(&[sort, total], thread, &[(0, 9 * SECOND), (1, 8 * SECOND), (2, 8)], at(10))
        .sample(&[total], &with(&[("exception type", "System.ArgumentException")]), &[(3, 2)], at(11))
        .sample(&[total], &with(&[("allocation class", "Shop.Order")]), &[(4, 10), (5, 4_096)], at(12))
        .sample(&[total], &with(&[("contention type", "Lock")]), &[(6, 3), (7, SECOND)], at(13))
        .sample(
            &[("CLR", "|lm:[native] GC |ns: |ct: |cg: |fn:Garbage Collector |fg: |sg:")],
            &with(&[
                ("event", "gc"),
                ("gc reason", "AllocSmall"),
                ("gc generation", "2"),
                ("gc compacting", "true"),
            ]),
            &[(11, SECOND / 2)],
            at(20),
        )
        .sample(
            &[total],
            &with(&[("request url", "http://stock/items"), ("response status code", "200")]),
            &[(10, SECOND / 4)],
            at(30),
        )
        .0
}

fn upload() -> DecodedUpload {
    let (start, end) = period();
    let built = UploadBuilder::new("dotnet", start, end)
        .service("shop")
        .profile("auto.pprof", &profile(), Compression::Zstd)
        .metrics([("dotnet_gc_gen2", 1.0), ("dotnet_managed_threads", 12.0)])
        .attachment(
            "histogram.json",
            "[\n[\"System.String\",1200,64000],\n[\"Shop.Order\",7,448]\n]\n",
            Compression::Zstd,
        )
        .attachment("reference_tree.bin", tree_in_binary(), Compression::Zstd)
        .build()
        .unwrap();
    Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap().decode(&Limits::default())
}

/// Bytes of static variable `_orders`, an array of 2 orders with a text each, and of one text on the stack.
fn tree_in_binary() -> Vec<u8> {
    let mut bytes = b"DDRT\x01\x03\x02".to_vec();
    for name in ["System.String", "Shop.Order[]", "Shop.Order"] {
        bytes.push(u8::try_from(name.len()).unwrap());
        bytes.extend(name.as_bytes());
    }
    bytes.extend([1, 1, 1, 40, 7]);
    bytes.extend(b"_orders");
    bytes.extend([1, 2, 2, 0x80, 1, 1, 0, 2, 60, 0]);
    bytes.extend([0, 0, 1, 30, 0, 0]);
    bytes
}

const TREE_IN_JSON: &str = r#"{"v":1,"tt":["System.String","Shop.Order[]","Shop.Order"],"r":[
    {"t":1,"c":"S","ic":1,"ts":40,"fn":"_orders","ch":[{"t":2,"ic":2,"ts":128,"ch":[{"t":0,"ic":2,"ts":60}]}]},
    {"t":0,"c":"K","ic":1,"ts":30}
]}"#;

/// `root;...;leaf value value` of every sample.
fn collapsed(profile: &Profile) -> Vec<String> {
    let rows = 0..profile.samples.len();
    rows.map(|row| {
        let stack = profile.stacks.get(profile.samples.stacks[row]).iter().rev();
        let names: Vec<&str> =
            stack.map(|frame| profile.strings.get(profile.frames.get(*frame).function)).collect();
        let values: Vec<String> =
            profile.samples.values.iter().map(|column| column[row].to_string()).collect();
        format!("{} {}", names.join(";"), values.join(" "))
    })
    .collect()
}

fn part<'a>(decoded: &'a DecodedUpload, name: &str) -> &'a Profile {
    &decoded.profiles.iter().find(|(file_name, _)| file_name == name).unwrap().1
}

#[test]
fn value_types_have_the_names_of_all_other_languages() {
    let decoded = upload();
    assert_eq!(decoded.problems, []);
    let totals: Vec<(String, i64)> = decoded
        .value_types()
        .into_iter()
        .map(|total| (total.value_type.name.into_owned(), total.total))
        .collect();
    let expected = [
        ("cpu-time", 8 * SECOND),
        ("wall-time", 9 * SECOND),
        ("alloc-space", 4_096),
        ("alloc-samples", 10),
        ("lock-acquire-wait", SECOND),
        ("lock-acquire", 3),
        ("exception-samples", 2),
        ("cpu-samples", 8),
        ("request-time", SECOND / 4),
        ("heap-histogram-space", 64_448),
        ("heap-histogram-objects", 1_207),
        ("heap-reference-space", 258),
        ("heap-reference-objects", 6),
        ("timeline", SECOND / 2),
    ];
    let expected: Vec<(String, i64)> = expected.map(|(name, total)| (name.to_owned(), total)).to_vec();
    let sorted = |mut totals: Vec<(String, i64)>| {
        totals.sort();
        totals
    };
    assert_eq!(sorted(totals.clone()), sorted(expected));
    assert_eq!(totals[0].0, "cpu-time");
    assert_eq!(
        decoded.metrics,
        [("dotnet_gc_gen2".to_owned(), 1.0), ("dotnet_managed_threads".to_owned(), 12.0)]
    );
}

#[test]
fn functions_have_names_for_people_and_keep_those_of_the_library() {
    let decoded = upload();
    let profile = part(&decoded, "auto.pprof");
    assert_eq!(
        collapsed(profile)[0].split(' ').next().unwrap(),
        "Shop.Baskets.Basket.Total;System.Collections.Generic.ArraySortHelper<Shop.Baskets.Order>.Sort"
    );
    let frames = profile.frames.as_slice();
    let total = frames.iter().find(|frame| profile.strings.get(frame.function).ends_with(".Total")).unwrap();
    assert!(profile.strings.get(total.system_name).starts_with("|lm:Shop |ns:Shop.Baskets "));
    assert_eq!(profile.strings.get(total.module), "Shop");
}

#[test]
fn the_histogram_of_classes_is_a_profile() {
    assert_eq!(
        collapsed(part(&upload(), "histogram.json")),
        ["System.String 1200 64000", "Shop.Order 7 448"]
    );
}

#[test]
fn a_histogram_of_nothing_is_no_profile() {
    let (start, end) = period();
    for nothing in ["{}", "[]", "[\n]\n"] {
        let builder = UploadBuilder::new("dotnet", start, end).service("shop");
        let built = builder.attachment("histogram.json", nothing, Compression::Zstd).build().unwrap();
        let upload = Upload::parse(&built.headers(), built.body, &Limits::default()).unwrap();
        let decoded = upload.decode(&Limits::default());
        assert!(decoded.profiles.is_empty() && decoded.problems.is_empty() && decoded.undecoded.is_empty());
    }
}

#[test]
fn the_reference_tree_is_a_flame_graph_of_what_holds_what() {
    let expected = [
        "[static variable];_orders;Shop.Order[] 1 40",
        "[static variable];_orders;Shop.Order[];Shop.Order 2 128",
        "[static variable];_orders;Shop.Order[];Shop.Order;System.String 2 60",
        "[stack];System.String 1 30",
    ];
    assert_eq!(collapsed(part(&upload(), "reference_tree.bin")), expected);
    let decoded =
        vesta_formats::dotnet_heap::decode_reference_tree(TREE_IN_JSON.as_bytes(), &Default::default())
            .unwrap();
    assert_eq!(collapsed(&decoded.profile), expected);
}

#[test]
fn a_broken_reference_tree_says_so_and_takes_nothing_with_it() {
    let whole = tree_in_binary();
    let limits = vesta_formats::Limits::default();
    for length in 4..whole.len() {
        let error = vesta_formats::dotnet_heap::decode_reference_tree(&whole[..length], &limits).unwrap_err();
        assert!(error.to_string().contains("at byte"), "{error}");
    }
    for length in 1..TREE_IN_JSON.len() {
        vesta_formats::dotnet_heap::decode_reference_tree(&TREE_IN_JSON.as_bytes()[..length], &limits)
            .unwrap_err();
    }
    let mut deep = b"DDRT\x01\x01\x01\x01A\x00\x00\x01\x01\x00".to_vec();
    (0..1 << 20).for_each(|_| deep.extend([1, 0, 1, 1]));
    let shallow = vesta_formats::Limits { max_memory: 64 << 20, ..limits };
    vesta_formats::dotnet_heap::decode_reference_tree(&deep, &shallow).unwrap_err();
}

#[test]
fn collections_and_requests_are_on_the_timeline() {
    let decoded = upload();
    let profile = part(&decoded, "auto.pprof");
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let options = TimelineOptions { resolution: u32::MAX, max_events: usize::MAX, detail: None };
    let timeline = timeline(profile, &functions, None, (at(0), at(60)), &options);
    let shown: Vec<String> = timeline
        .events
        .iter()
        .map(|event| {
            let lane = &timeline.lanes[event.lane as usize];
            let detail = timeline.strings.get(event.detail);
            format!("{}: {} {} {detail}", lane.name, event.state.as_str(), event.duration_ns)
                .trim()
                .to_owned()
        })
        .collect();
    assert!(shown.contains(&"Garbage collection: gc 500000000 AllocSmall 2".to_owned()), "{shown:#?}");
    assert!(
        shown.iter().any(|event| event.contains("io 250000000") && event.contains("http://stock/items")),
        "{shown:#?}"
    );
}
