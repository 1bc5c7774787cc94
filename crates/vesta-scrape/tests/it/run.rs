//! Periods, uploads, and what goes wrong.

use crate::http::{Request, serve};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Endpoint, Trust};
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_scrape::{Kind, Outcome, Output, Settings, Target, run};
use vesta_upload::{Headers, Limits, Upload};

const PATIENCE: Duration = Duration::from_secs(60);

fn pprof(types: &[(&str, &str)], rows: &[(&str, &[i64])]) -> Vec<u8> {
    let mut profile = Profile::new(types.iter().map(|(name, unit)| ValueType::new(*name, *unit)).collect());
    for (name, values) in rows {
        let function = profile.strings.intern(name);
        let frame = profile.frames.intern(Frame { function, ..Frame::default() });
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, values, ..Sample::default() });
    }
    vesta_formats::pprof::encode(&profile)
}

/// Go's heap profile: so much was allocated, so much of it is in use.
fn heap(allocated: i64, in_use: i64) -> Vec<u8> {
    let types = [
        ("alloc_objects", "count"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("inuse_space", "bytes"),
    ];
    pprof(&types, &[("main.work", &[allocated / 10, allocated, in_use / 10, in_use])])
}

pub(crate) fn cpu() -> Vec<u8> {
    pprof(&[("samples", "count"), ("cpu", "nanoseconds")], &[("main.work", &[3, 30_000_000])])
}

pub(crate) fn settings(targets: &[SocketAddr], kinds: &[Kind]) -> Settings {
    Settings {
        targets: targets.iter().map(|target| Target::parse(&target.to_string()).unwrap()).collect(),
        kinds: kinds.to_vec(),
        every: None,
        cpu: Duration::from_secs(1),
        service: Some("web".to_owned()),
        family: "go".to_owned(),
        tags: Vec::new(),
        headers: Vec::new(),
        bearer_token_file: None,
        trust: Trust::default(),
        endpoint: None,
        output: None,
    }
}

/// An intake that hands on the uploads that it takes.
fn intake() -> (Endpoint, Receiver<Upload>) {
    let (send, receive) = channel();
    let send = Mutex::new(send);
    let address = serve(move |request| {
        let content_type = request.head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
        let headers = Headers::new(content_type, []);
        let upload = Upload::parse(&headers, request.body.into(), &Limits::default()).unwrap();
        // A test that has seen enough no longer listens.
        let _ = send.lock().unwrap().send(upload);
        (200, Vec::new())
    });
    (Endpoint::parse(&format!("http://{address}")).unwrap(), receive)
}

fn totals(upload: &Upload) -> HashMap<String, i64> {
    let decoded = upload.decode(&Limits::default());
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded.value_types().into_iter().map(|total| (total.value_type.name.to_string(), total.total)).collect()
}

pub(crate) fn once(settings: &Settings) -> (Outcome, Vec<String>) {
    let notes = Mutex::new(Vec::new());
    let outcome = run(settings, &Deadline::after(PATIENCE), &|text| notes.lock().unwrap().push(text));
    (outcome, notes.into_inner().unwrap())
}

/// Runs on a schedule until the test has seen enough.
struct Running {
    stop: Deadline,
    thread: std::thread::JoinHandle<Outcome>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(settings: Settings) -> Running {
        let (stop, notes) = (Deadline::after(PATIENCE), Arc::new(Mutex::new(Vec::new())));
        let (until, taken) = (stop.clone(), notes.clone());
        let thread =
            std::thread::spawn(move || run(&settings, &until, &|text| taken.lock().unwrap().push(text)));
        Running { stop, thread, notes }
    }

    fn stop(self) -> (Outcome, Vec<String>) {
        self.stop.shorten(Instant::now());
        let outcome = self.thread.join().unwrap();
        let notes = self.notes.lock().unwrap().clone();
        (outcome, notes)
    }
}

#[test]
fn one_period_is_one_upload_as_the_library_for_go_sends_it() {
    let allocated = AtomicI64::new(1_000);
    let target = serve(move |request: Request| match request.path.as_str() {
        "/debug/pprof/profile?seconds=1" => (200, cpu()),
        "/debug/pprof/heap" => (200, heap(allocated.fetch_add(500, Ordering::SeqCst), 300)),
        "/debug/pprof/goroutine" => (200, pprof(&[("goroutine", "count")], &[("main.main", &[7])])),
        "/debug/pprof/mutex" | "/debug/pprof/block" => {
            (200, pprof(&[("contentions", "count"), ("delay", "nanoseconds")], &[]))
        }
        path => panic!("nobody wants {path}"),
    });
    let (endpoint, uploads) = intake();
    let settings = Settings { endpoint: Some(endpoint), ..settings(&[target], &Kind::DEFAULT) };
    let (outcome, notes) = once(&settings);
    assert_eq!(outcome, Outcome { uploads: 1, ..Outcome::default() }, "{notes:?}");

    let upload = uploads.recv_timeout(PATIENCE).unwrap();
    assert_eq!(upload.event.family, "go");
    assert_eq!(upload.tags.get("service"), Some("web"));
    assert_eq!(upload.tags.get("instance"), Some(target.to_string().as_str()));
    let mut files: Vec<&str> = upload.attachments().map(vesta_upload::Part::file_name).collect();
    files.sort_unstable();
    assert_eq!(
        files,
        ["cpu.pprof", "delta-block.pprof", "delta-heap.pprof", "delta-mutex.pprof", "goroutines.pprof"]
    );
    let totals = totals(&upload);
    assert_eq!((totals["alloc-space"], totals["heap-space"]), (500, 300));
    assert_eq!((totals["cpu-time"], totals["cpu-samples"], totals["goroutines"]), (30_000_000, 3, 7));
    let period = upload.event.end.duration_since(upload.event.start);
    assert!(period >= jiff::SignedDuration::from_secs(1), "{period}");
}

#[test]
fn a_target_that_restarts_is_another_process() {
    let answers = [1_000, 1_400, 90, 120];
    let next = AtomicI64::new(0);
    let target = serve(move |_| {
        let index = usize::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
        (200, heap(answers[index.min(answers.len() - 1)], 50))
    });
    let (endpoint, uploads) = intake();
    let running = Running::start(Settings {
        endpoint: Some(endpoint),
        every: Some(Duration::from_secs(1)),
        ..settings(&[target], &[Kind::Heap])
    });
    let seen: Vec<(i64, String)> = (0..3)
        .map(|_| uploads.recv_timeout(PATIENCE).unwrap())
        .map(|upload| (totals(&upload)["alloc-space"], upload.tags.get("runtime-id").unwrap().to_owned()))
        .collect();
    let (_, notes) = running.stop();
    let allocated: Vec<i64> = seen.iter().map(|(allocated, _)| *allocated).collect();
    assert_eq!(allocated, [400, 90, 30]);
    assert!(seen[0].1 != seen[1].1 && seen[1].1 == seen[2].1, "{seen:?}");
    assert_eq!(notes, [format!("{target} has restarted")]);
}

#[test]
fn what_a_target_does_not_have_is_asked_for_once() {
    let asked = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
    let seen = asked.clone();
    let target = serve(move |request: Request| {
        *seen.lock().unwrap().entry(request.path.clone()).or_default() += 1;
        if request.path == "/debug/pprof/heap" {
            (200, heap(10, 10))
        } else {
            (404, b"no such page".to_vec())
        }
    });
    let (endpoint, uploads) = intake();
    let running = Running::start(Settings {
        endpoint: Some(endpoint),
        every: Some(Duration::from_secs(1)),
        ..settings(&[target], &Kind::DEFAULT)
    });
    for _ in 0..2 {
        uploads.recv_timeout(PATIENCE).unwrap();
    }
    let (outcome, notes) = running.stop();
    assert!(outcome.uploads >= 2 && outcome.failed == 0, "{outcome:?}");
    let asked = asked.lock().unwrap();
    for (path, times) in asked.iter() {
        assert!(path == "/debug/pprof/heap" || *times == 1, "{asked:?}");
    }
    assert_eq!((asked.len(), notes.len()), (5, 4), "{notes:?}");
}

#[test]
fn the_signal_to_stop_sends_what_the_counters_have_and_waits_for_no_cpu_profile() {
    let (asked, begun) = channel();
    let asked = Mutex::new(asked);
    let allocated = AtomicI64::new(0);
    let target = serve(move |request: Request| {
        if request.path.starts_with("/debug/pprof/profile") {
            asked.lock().unwrap().send(()).unwrap();
            std::thread::park_timeout(PATIENCE);
        }
        (200, heap(allocated.fetch_add(70, Ordering::SeqCst), 5))
    });
    let (endpoint, uploads) = intake();
    let running = Running::start(Settings {
        endpoint: Some(endpoint),
        every: Some(PATIENCE),
        cpu: PATIENCE,
        ..settings(&[target], &[Kind::Cpu, Kind::Heap])
    });
    begun.recv_timeout(PATIENCE).unwrap();
    let started = Instant::now();
    let (outcome, notes) = running.stop();
    assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());
    assert_eq!(outcome, Outcome { uploads: 1, ..Outcome::default() }, "{notes:?}");
    assert_eq!(totals(&uploads.recv_timeout(PATIENCE).unwrap())["alloc-space"], 70);
    let given_up = format!("the CPU profile of {target} was given up, ");
    assert!(
        notes.len() == 1 && notes[0].starts_with(&given_up) && notes[0].ends_with(" s before its end"),
        "{notes:?}"
    );
}

#[test]
fn a_cpu_profile_that_ended_before_the_signal_to_stop_is_sent() {
    let (asked, begun) = channel();
    let (asked, end) = (Mutex::new(asked), Arc::new(AtomicI64::new(0)));
    let ended = end.clone();
    let target = serve(move |_| {
        asked.lock().unwrap().send(()).unwrap();
        while ended.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        (200, cpu())
    });
    let (endpoint, uploads) = intake();
    // Its end is near when the signal comes, so it is waited for.
    let running = Running::start(Settings {
        endpoint: Some(endpoint),
        every: Some(PATIENCE),
        ..settings(&[target], &[Kind::Cpu])
    });
    begun.recv_timeout(PATIENCE).unwrap();
    running.stop.shorten(Instant::now());
    end.store(1, Ordering::SeqCst);
    let (outcome, notes) = running.stop();
    assert_eq!((outcome, notes), (Outcome { uploads: 1, ..Outcome::default() }, Vec::new()));
    assert_eq!(totals(&uploads.recv_timeout(PATIENCE).unwrap())["cpu-time"], 30_000_000);
}

#[test]
fn a_silent_target_harms_no_other() {
    let gone = serve(|_| (500, b"cpu profiling already in use".to_vec()));
    let target = serve(|_| (200, cpu()));
    let (endpoint, uploads) = intake();
    let settings = Settings { endpoint: Some(endpoint), ..settings(&[gone, target], &[Kind::Cpu]) };
    let (outcome, notes) = once(&settings);
    assert_eq!((outcome.uploads, outcome.silent_targets), (1, 1));
    assert_eq!(
        notes,
        [format!("http://{gone}/debug/pprof/profile?seconds=1 answers 500: cpu profiling already in use")]
    );
    let host = target.to_string();
    assert_eq!(uploads.recv_timeout(PATIENCE).unwrap().tags.get("instance"), Some(host.as_str()));
}

#[test]
fn what_is_no_profile_is_not_sent() {
    let target = serve(|_| (200, b"<html>Sign in</html>".to_vec()));
    let (endpoint, _uploads) = intake();
    let (outcome, notes) =
        once(&Settings { endpoint: Some(endpoint), ..settings(&[target], &[Kind::Goroutine]) });
    assert_eq!(outcome, Outcome { silent_targets: 1, ..Outcome::default() });
    assert!(notes.len() == 1 && notes[0].contains("no profile"), "{notes:?}");
}

#[test]
fn user_and_password_of_an_address_go_to_the_target_and_nowhere_else() {
    // `vesta:hea/rth`
    let target = serve(|request: Request| {
        let is_known = request.head.contains("authorization: basic dmvzdge6agvhl3j0aa==");
        if is_known { (200, cpu()) } else { (401, b"who are you?".to_vec()) }
    });
    let folder = tempfile::tempdir().unwrap();
    let with = |password: &str| Settings {
        targets: vec![Target::parse(&format!("http://vesta:{password}@{target}")).unwrap()],
        output: Some(Output::File(folder.path().join("out.pb.gz"))),
        ..settings(&[], &[Kind::Cpu])
    };
    let (outcome, notes) = once(&with("hea%2Frth"));
    assert_eq!(outcome, Outcome { files: 1, ..Outcome::default() }, "{notes:?}");
    let (outcome, notes) = once(&with("wrong"));
    assert_eq!(outcome.silent_targets, 1);
    assert_eq!(notes, [format!("http://{target}/debug/pprof/profile?seconds=1 answers 401: who are you?")]);
}

#[test]
fn headers_and_the_token_of_the_file_go_to_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "hearth\n").unwrap();
    let target = serve(|request: Request| {
        let is_known =
            request.head.contains("authorization: bearer hearth") && request.head.contains("x-team: a");
        if is_known { (200, cpu()) } else { (401, Vec::new()) }
    });
    let file = folder.path().join("out.pb.gz");
    let settings = Settings {
        headers: vec![("X-Team".to_owned(), "a".to_owned())],
        bearer_token_file: Some(token),
        output: Some(Output::File(file.clone())),
        ..settings(&[target], &[Kind::Cpu])
    };
    let (outcome, notes) = once(&settings);
    assert_eq!(outcome, Outcome { files: 1, ..Outcome::default() }, "{notes:?}");
    let plain =
        vesta_formats::compression::decompress(&std::fs::read(file).unwrap(), 1 << 20).unwrap().into_owned();
    let profile = vesta_formats::pprof::decode(&plain, &vesta_formats::Limits::default()).unwrap().profile;
    let names: Vec<&str> = profile.value_types.iter().map(|value_type| value_type.name.as_str()).collect();
    assert_eq!(names, ["cpu-samples", "cpu"]);
}
