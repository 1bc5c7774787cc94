//! Services that send uploads.

use bytes::Bytes;
use fastrand::Rng;
use vesta_profile::{
    Frame, FrameId, Label, LabelSetId, LabelValue, Profile, Sample, StackId, StringId, ValueType,
};
use vesta_upload::{Compression, UploadBuilder};

/// Which client's uploads to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 19 value types, one file.
    Python,
    /// 3 value types in `wall.pprof`.
    Node,
}

/// How much is in one upload.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Samples in one upload.
    pub samples: usize,
    /// Distinct stacks of one service.
    pub stacks: usize,
    /// Whether samples carry timestamps and span ids of their own.
    pub timestamps: bool,
}

impl Shape {
    /// A busy Python service, as captured: 45,643 samples over 191 stacks in 4.3 MB of pprof.
    pub const BUSY: Shape = Shape { samples: 45_000, stacks: 200, timestamps: true };
    /// A service of medium load.
    pub const MEDIUM: Shape = Shape { samples: 5_000, stacks: 400, timestamps: true };
    /// A quiet service.
    pub const QUIET: Shape = Shape { samples: 300, stacks: 150, timestamps: true };
    /// The least that is still a profile, for filling a store with very many of them.
    pub const TINY: Shape = Shape { samples: 10, stacks: 20, timestamps: false };
}

/// A ready upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The multipart content type with its boundary.
    pub content_type: String,
    /// The request body.
    pub body: Bytes,
    /// Bytes of pprof before compression.
    pub uncompressed: usize,
}

/// Services with hosts and versions. Encoding pprof is much slower than sending it, so that each service encodes
/// a few attachments once and sends them in turn, each time as another process and period.
pub struct Fleet {
    services: Vec<Service>,
    hosts: usize,
}

struct Service {
    name: String,
    language: Language,
    attachments: Vec<Attachment>,
}

struct Attachment {
    compressed: Vec<u8>,
    uncompressed: usize,
}

impl Fleet {
    /// `services` services on `hosts` hosts each, with `variants` different profiles per service.
    pub fn new(
        seed: u64,
        services: usize,
        hosts: usize,
        variants: usize,
        shape: Shape,
    ) -> anyhow::Result<Fleet> {
        let services = (0..services)
            .map(|index| Service::new(seed.wrapping_add(index as u64), index, variants, shape))
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Fleet { services, hosts })
    }

    /// The name of a service.
    pub fn service_name(&self, service: usize) -> &str {
        &self.services[service % self.services.len()].name
    }

    /// The upload of one service on one host for the period that ends at `end`.
    pub fn upload(&self, service: usize, host: usize, end: jiff::Timestamp) -> anyhow::Result<Upload> {
        let service_index = service % self.services.len();
        let service = &self.services[service_index];
        let host = host % self.hosts;
        let minute = usize::try_from(end.as_second() / 60).unwrap_or(0);
        let attachment = &service.attachments[(minute + host) % service.attachments.len()];
        let (family, file_name, runtime) = match service.language {
            Language::Python => ("python", "profile.pprof", "CPython"),
            Language::Node => ("node", "wall.pprof", "nodejs"),
        };
        let start = end - jiff::SignedDuration::from_secs(60);
        let tags = [
            ("service", service.name.clone()),
            ("env", "prod".to_owned()),
            ("version", format!("1.{}.0", minute / 360 % 10)),
            ("host", format!("host-{service_index:02}-{host:03}")),
            ("runtime-id", format!("{service_index:016x}{host:016x}")),
            ("runtime", runtime.to_owned()),
            ("process_id", (1000 + host).to_string()),
            ("kube_namespace", format!("team-{}", service_index % 7)),
            ("zone", format!("zone-{}", host % 3)),
        ];
        let mut upload = UploadBuilder::new(family, start, end)
            .endpoint_counts([("GET /orders", 420), ("GET /search", 990), ("POST /cart", 77)])
            .attachment(file_name, attachment.compressed.clone(), Compression::None);
        for (key, value) in tags {
            upload = upload.tag(key, value);
        }
        let built = upload.build()?;
        Ok(Upload {
            content_type: built.content_type,
            body: built.body,
            uncompressed: attachment.uncompressed,
        })
    }
}

impl Service {
    fn new(seed: u64, index: usize, variants: usize, shape: Shape) -> anyhow::Result<Service> {
        const NAMES: [&str; 10] = [
            "checkout", "search", "cart", "orders", "users", "billing", "shipping", "catalog", "reviews",
            "gateway",
        ];
        let name = format!("{}-{index:02}", NAMES[index % NAMES.len()]);
        let language = if index.is_multiple_of(2) { Language::Python } else { Language::Node };
        let attachments = (0..variants)
            .map(|variant| {
                let profile = synthesize(seed, variant as u64, language, shape);
                let encoded = vesta_formats::pprof::encode(&profile);
                let compressed = vesta_formats::compression::compress_zstd(&encoded, 1)?;
                Ok(Attachment { compressed, uncompressed: encoded.len() })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Service { name, language, attachments })
    }
}

const PYTHON_TYPES: [(&str, &str); 19] = [
    ("cpu-time", "nanoseconds"),
    ("cpu-samples", "count"),
    ("wall-time", "nanoseconds"),
    ("wall-samples", "count"),
    ("exception-samples", "count"),
    ("lock-acquire-wait", "nanoseconds"),
    ("lock-acquire", "count"),
    ("lock-release-hold", "nanoseconds"),
    ("lock-release", "count"),
    ("alloc-space", "bytes"),
    ("alloc-samples", "count"),
    ("heap-space", "bytes"),
    ("heap-live-samples", "count"),
    ("gpu-time", "nanoseconds"),
    ("gpu-samples", "count"),
    ("gpu-space", "bytes"),
    ("gpu-alloc-samples", "count"),
    ("gpu-flops", "count"),
    ("gpu-flops-samples", "count"),
];
const NODE_TYPES: [(&str, &str); 3] = [("sample", "count"), ("wall", "nanoseconds"), ("cpu", "nanoseconds")];

/// The profile of one period. The stacks follow from `seed`, so that all profiles of a service share them; which
/// of them are hot, and by how much, follows from `variant` too.
fn synthesize(seed: u64, variant: u64, language: Language, shape: Shape) -> Profile {
    let types: &[(&str, &str)] = if language == Language::Python { &PYTHON_TYPES } else { &NODE_TYPES };
    let mut profile = Profile::new(types.iter().map(|(name, unit)| ValueType::new(*name, *unit)).collect());
    let stacks = synthesize_stacks(&mut profile, &mut Rng::with_seed(seed), shape.stacks);
    let mut random = Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(variant));
    let labels = label_sets(&mut profile);
    let mut values = vec![0_i64; types.len()];
    for index in 0..shape.samples {
        values.fill(0);
        let jitter = i64::from(random.u32(0..2_000_000));
        match (language, index % 10) {
            (Language::Node, _) => values.copy_from_slice(&[1, 10_101_010, 9_000_000 + jitter]),
            (Language::Python, 0..=5) => {
                values[9] = i64::from(random.u32(64..1 << 20));
                values[10] = 1 + jitter / 1000;
            }
            (Language::Python, _) => {
                values[0] = 8_000_000 + jitter;
                values[1] = 1;
                values[2] = 10_000_000 + jitter;
                values[3] = 1;
            }
        }
        let in_request = random.u8(0..6) == 0;
        let (thread_labels, request_labels) = labels[random.usize(0..labels.len())];
        let timestamp = 1_795_215_616_000_000_000 + i64::from(random.u32(..)) * 13;
        profile.samples.push(Sample {
            stack: stacks[zipf(&mut random, stacks.len())],
            values: &values,
            labels: if in_request { request_labels } else { thread_labels },
            timestamp_ns: if shape.timestamps { timestamp } else { 0 },
            span_id: if in_request && shape.timestamps { random.u64(1..) } else { 0 },
            local_root_span_id: if in_request && shape.timestamps { random.u64(1..) } else { 0 },
            ..Sample::default()
        });
    }
    profile
}

/// Stacks that share their way from the root, 5 to 60 frames deep.
fn synthesize_stacks(profile: &mut Profile, random: &mut Rng, count: usize) -> Vec<StackId> {
    let frames: Vec<FrameId> = (0..count.max(20) * 2)
        .map(|index| {
            let function = profile.strings.intern(&format!("{}_{index}", VERBS[index % VERBS.len()]));
            let file =
                profile.strings.intern(&format!("/app/{}/module_{}.py", PACKAGES[index % 7], index / 9));
            let line = 10 + u32::try_from(index % 400).unwrap_or(0);
            profile.frames.intern(Frame { function, file, line, start_line: line - 5, ..Frame::default() })
        })
        .collect();
    let mut paths: Vec<Vec<FrameId>> = vec![vec![frames[0]]];
    while paths.len() < count + 1 {
        let mut path = paths[zipf(random, paths.len())].clone();
        path.truncate(60);
        for _ in 0..random.usize(1..8) {
            path.push(frames[random.usize(0..frames.len())]);
        }
        paths.push(path);
    }
    paths
        .iter()
        .skip(1)
        .map(|path| profile.stacks.intern(&path.iter().rev().copied().collect::<Vec<_>>()))
        .collect()
}

const VERBS: [&str; 8] = ["handle", "load", "render", "parse", "query", "encode", "commit", "validate"];
const PACKAGES: [&str; 7] = ["orders", "search", "db", "cache", "http", "templates", "auth"];

/// Pairs of label sets: of a thread, and of the same thread within a request.
fn label_sets(profile: &mut Profile) -> Vec<(LabelSetId, LabelSetId)> {
    let thread_id = profile.strings.intern("thread id");
    let thread_name = profile.strings.intern("thread name");
    let endpoint = profile.strings.intern("trace endpoint");
    let mut sets = Vec::new();
    for thread in 0..8_i64 {
        let name = profile.strings.intern(&format!("worker-{thread}"));
        let id = Label { key: thread_id, value: LabelValue::Number(140_000 + thread, StringId::EMPTY) };
        let thread = [id, Label { key: thread_name, value: LabelValue::Text(name) }];
        for route in ["GET /orders", "GET /search", "POST /cart"] {
            let route = Label { key: endpoint, value: LabelValue::Text(profile.strings.intern(route)) };
            let request = [thread[0], thread[1], route];
            sets.push((profile.label_sets.intern(&thread), profile.label_sets.intern(&request)));
        }
    }
    sets
}

/// A position below `count`, small ones much more often: a power law with exponent about 1.
fn zipf(random: &mut Rng, count: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are far below 2^52, and the result lies between 0 and count"
    )]
    let position = ((count as f64 + 1.0).powf(random.f64()) - 1.0) as usize;
    position.min(count - 1)
}
