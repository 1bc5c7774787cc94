//! What the tests share: a folder, a clock, uploads, and questions.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use bytes::Bytes;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::prelude::{DataFrame, col, lit};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_store::{Clock, ProfileId, Snapshot, Store, StoreConfig, Timestamp};
use vesta_upload::build::{Compression, UploadBuilder};
use vesta_upload::{Headers, Limits, Upload};

/// 2026-11-21T00:00:00Z.
pub(crate) const MIDNIGHT_US: i64 = 1_795_219_200_000_000;
/// 2026-11-21T12:00:00Z.
pub(crate) const NOON_US: i64 = MIDNIGHT_US + 12 * 3_600_000_000;

/// A clock that tests set.
#[derive(Debug)]
pub(crate) struct TestClock {
    wall_us: AtomicI64,
    uptime_us: AtomicU64,
}

impl Default for TestClock {
    fn default() -> Self {
        TestClock { wall_us: AtomicI64::new(NOON_US), uptime_us: AtomicU64::new(0) }
    }
}

impl TestClock {
    /// Time passes.
    pub(crate) fn pass(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap();
        self.uptime_us.fetch_add(micros, Ordering::SeqCst);
        self.jump(i64::try_from(micros).unwrap());
    }

    /// Somebody sets the clock on the wall.
    pub(crate) fn jump(&self, micros: i64) {
        self.wall_us.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // A microsecond passes whenever somebody looks.
        Timestamp(self.wall_us.fetch_add(1, Ordering::SeqCst))
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(self.uptime_us.load(Ordering::SeqCst))
    }
}

/// A folder for a store, and the clock by which it goes.
pub(crate) struct Folder {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder { dir: tempfile::tempdir().unwrap(), clock: Arc::default() }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// A store that does nothing by itself.
    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig {
            background: false,
            free_bytes: 0,
            unlink_grace: Duration::ZERO,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ..StoreConfig::new(self.root())
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(self.config()).await.unwrap()
    }

    /// Copies the folder as it is now: what a crash at this moment would leave.
    pub(crate) fn crash(&self) -> Folder {
        let copy = Folder { dir: tempfile::tempdir().unwrap(), clock: Arc::clone(&self.clock) };
        copy_folder(&self.root(), &copy.root());
        copy
    }

    pub(crate) fn files_ending(&self, suffix: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        list_files(&self.root(), &mut files);
        files.retain(|file| file.to_string_lossy().ends_with(suffix));
        files.sort();
        files
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else if std::fs::copy(entry.path(), &target).is_err() {
            // A file that was staged, and got its name meanwhile.
            continue;
        }
    }
}

fn list_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { list_files(&path, files) } else { files.push(path) }
    }
}

/// An upload of a service with one stack per name, root to leaf separated by `;`, and the CPU time of each.
pub(crate) fn upload(service: &str, number: i64, stacks: &[(&str, i64)]) -> Upload {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    for (row, (names, value)) in stacks.iter().enumerate() {
        let mut frames = Vec::new();
        for name in names.rsplit(';') {
            let function = profile.strings.intern(name);
            let file = profile.strings.intern("app.py");
            frames.push(profile.frames.intern(Frame { function, file, line: 7, ..Frame::default() }));
        }
        let stack = profile.stacks.intern(&frames);
        let span_id = 1000 + row as u64;
        profile.samples.push(Sample { stack, values: &[*value], span_id, ..Sample::default() });
    }
    let start = jiff::Timestamp::from_microsecond(NOON_US - 60_000_000 + number * 1000).unwrap();
    let built = UploadBuilder::new("python", start, start + jiff::SignedDuration::from_secs(60))
        .service(service)
        .tag("env", "test")
        .tag("runtime-id", format!("process-{number}"))
        .profile("profile.pprof", &profile, Compression::None)
        .build()
        .unwrap();
    Upload::parse(&built.headers(), built.body.clone(), &Limits::default()).unwrap()
}

/// A plain upload, different for every number.
pub(crate) fn numbered(number: i64) -> Upload {
    upload("web", number, &[("main;work", 10 + number), ("main;sleep", 1)])
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uploads")
}

/// Every fixture: its name, its headers and its body.
pub(crate) fn fixture_uploads() -> Vec<(String, Headers, Bytes)> {
    let mut uploads = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(fixtures())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".body").map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        let headers = std::fs::read(fixtures().join(format!("{name}.headers.json"))).unwrap();
        let headers: serde_json::Value = serde_json::from_slice(&headers).unwrap();
        let pairs: Vec<(&str, &str)> = headers["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
            .collect();
        let body = std::fs::read(fixtures().join(format!("{name}.body"))).unwrap();
        uploads.push((name, Headers::from_pairs(pairs.iter().copied()), Bytes::from(body)));
    }
    assert!(!uploads.is_empty());
    uploads
}

pub(crate) async fn table(snapshot: &Snapshot, name: &str) -> DataFrame {
    snapshot.session().table(name).await.unwrap()
}

/// How many rows a table has.
pub(crate) async fn count(snapshot: &Snapshot, name: &str) -> usize {
    table(snapshot, name).await.count().await.unwrap()
}

/// How many profiles have this id.
pub(crate) async fn count_of(snapshot: &Snapshot, id: ProfileId) -> usize {
    table(snapshot, "profiles").await.filter(col("profile_id").eq(lit(id.0))).unwrap().count().await.unwrap()
}

/// All profiles: their runtime ids, sorted. Each upload of [`numbered`] has another.
pub(crate) async fn processes(snapshot: &Snapshot) -> Vec<String> {
    let rows = table(snapshot, "profiles").await.select_columns(&["runtime_id"]).unwrap();
    let mut names: Vec<String> =
        rows.collect().await.unwrap().iter().flat_map(|batch| texts(batch.column(0))).collect();
    names.sort();
    names
}

/// Sums over the samples by service and value type.
pub(crate) async fn totals(snapshot: &Snapshot) -> BTreeMap<(String, String), i64> {
    let rows = table(snapshot, "samples")
        .await
        .aggregate(vec![col("service"), col("value_type")], vec![sum(col("value"))])
        .unwrap();
    let mut totals = BTreeMap::new();
    for batch in rows.collect().await.unwrap() {
        let keys = texts(batch.column(0)).into_iter().zip(texts(batch.column(1)));
        totals.extend(keys.zip(batch.column(2).as_primitive::<Int64Type>().values().iter().copied()));
    }
    totals
}

fn texts(column: &ArrayRef) -> Vec<String> {
    let column = arrow::compute::cast(column, &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
}
