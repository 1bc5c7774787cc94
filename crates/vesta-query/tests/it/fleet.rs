//! Made-up processes in a real store.

use jiff::Timestamp as Jiff;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, ValueType};
use vesta_query::time::TimeRange;
use vesta_query::{Engine, Limits, SampleScope, Scope};
use vesta_store::{ProfileId, Store, StoreConfig, Timestamp};
use vesta_upload::{Compression, Upload, UploadBuilder};

/// 2026-11-21T00:00:00Z, in seconds.
pub(crate) const T0: i64 = 1_795_219_200;

/// A store in a folder of its own, with an engine over it.
pub(crate) struct Fleet {
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Engine,
    _folder: TempDir,
}

/// One upload to be made up: a minute of one process.
pub(crate) struct Minute {
    pub(crate) service: &'static str,
    pub(crate) tags: Vec<(&'static str, String)>,
    /// When it starts, in seconds after [`T0`].
    pub(crate) start: i64,
    pub(crate) types: Vec<(&'static str, &'static str)>,
    pub(crate) samples: Vec<Taken>,
    pub(crate) metrics: Vec<(&'static str, f64)>,
}

/// One sample: functions from the root to the leaf, values and labels.
pub(crate) struct Taken {
    pub(crate) stack: &'static [&'static str],
    pub(crate) values: Vec<i64>,
    pub(crate) labels: Vec<(&'static str, &'static str)>,
    pub(crate) span: u64,
}

impl Fleet {
    pub(crate) async fn new() -> Fleet {
        Self::with_limits(Limits { timeout: Duration::from_secs(600), ..Limits::default() }).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Fleet {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig { background: false, free_bytes: 0, ..StoreConfig::new(folder.path()) };
        let store = Arc::new(Store::open(config).await.unwrap());
        Fleet { engine: Engine::with_limits(store.clone(), limits), store, _folder: folder }
    }

    pub(crate) async fn of(minutes: impl IntoIterator<Item = Minute>) -> Fleet {
        let fleet = Fleet::new().await;
        for minute in minutes {
            fleet.add(minute).await;
        }
        fleet
    }

    pub(crate) async fn add(&self, minute: Minute) -> ProfileId {
        self.store.append(minute.upload()).await.unwrap().id
    }
}

impl Minute {
    /// A minute that spends `cpu` nanoseconds in `main;work`.
    pub(crate) fn of(service: &'static str, start: i64, cpu: i64) -> Minute {
        Minute {
            service,
            tags: Vec::new(),
            start,
            types: vec![("cpu-time", "nanoseconds")],
            samples: vec![taken(&["main", "work"], &[cpu])],
            metrics: Vec::new(),
        }
    }

    pub(crate) fn tag(mut self, key: &'static str, value: impl Into<String>) -> Minute {
        self.tags.push((key, value.into()));
        self
    }

    /// Of these types, with these samples.
    pub(crate) fn with(mut self, types: &[(&'static str, &'static str)], samples: Vec<Taken>) -> Minute {
        self.types = types.to_vec();
        self.samples = samples;
        self
    }

    fn upload(&self) -> Upload {
        let types = self.types.iter().map(|(name, unit)| ValueType::new(*name, *unit)).collect();
        let mut profile = Profile::new(types);
        for taken in &self.samples {
            let frames: Vec<_> = taken
                .stack
                .iter()
                .rev()
                .map(|name| {
                    let function = profile.strings.intern(name);
                    profile.frames.intern(Frame { function, ..Frame::default() })
                })
                .collect();
            let stack = profile.stacks.intern(&frames);
            let labels: Vec<Label> = taken
                .labels
                .iter()
                .map(|(key, value)| Label {
                    key: profile.strings.intern(key),
                    value: LabelValue::Text(profile.strings.intern(value)),
                })
                .collect();
            let labels = profile.label_sets.intern(&labels);
            let span_id = taken.span;
            profile.samples.push(Sample {
                stack,
                values: &taken.values,
                labels,
                span_id,
                ..Sample::default()
            });
        }
        let at = |seconds: i64| Jiff::from_second(T0 + seconds).unwrap();
        let mut builder =
            UploadBuilder::new("python", at(self.start), at(self.start + 60)).service(self.service);
        for (key, value) in &self.tags {
            builder = builder.tag(*key, value.as_str());
        }
        if !self.metrics.is_empty() {
            builder = builder.metrics(self.metrics.iter().copied());
        }
        let built = builder.profile("profile.pprof", &profile, Compression::None).build().unwrap();
        Upload::parse(&built.headers(), built.body, &vesta_upload::Limits::default()).unwrap()
    }
}

pub(crate) fn taken(stack: &'static [&'static str], values: &[i64]) -> Taken {
    Taken { stack, values: values.to_vec(), labels: Vec::new(), span: 0 }
}

impl Taken {
    pub(crate) fn label(mut self, key: &'static str, value: &'static str) -> Taken {
        self.labels.push((key, value));
        self
    }

    pub(crate) fn span(mut self, span: u64) -> Taken {
        self.span = span;
        self
    }
}

/// From `from` up to `to` seconds after [`T0`].
pub(crate) fn range(from: i64, to: i64) -> TimeRange {
    let at = |seconds: i64| Timestamp((T0 + seconds) * 1_000_000);
    TimeRange { from: at(from), to: at(to) }
}

/// What `query` finds in the first day.
pub(crate) fn scope(query: &str) -> Scope {
    Scope::parse(query, range(0, 86_400)).unwrap()
}

/// The samples of a type that `query` finds in the first day.
pub(crate) fn samples(query: &str, value_type: &str) -> SampleScope {
    SampleScope::new(scope(query), value_type)
}
