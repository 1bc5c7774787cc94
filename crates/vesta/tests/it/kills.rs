//! `kill -9` at any moment loses no acknowledged upload, and keeps none twice.

use crate::server::Server;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_upload::build::{Built, Compression, UploadBuilder};

/// Each round has a data folder of its own: servers that live for a moment never compact their tables, so every start on the
/// same folder takes longer than the one before (1.2 s after 120 kills).
const ROUNDS: u64 = 5;
const KILLS: u64 = 40;
const UPLOADERS: usize = 4;
/// Small, so that tables are written now and then and kills fall into that as well.
const MEMORY: &[&str] = &["--limit-memory", "512KiB"];
/// How many acknowledgments the uploaders may be ahead of what a kill waits for. It keeps them busy at every kill, and the
/// log short.
const AHEAD: usize = 12;

#[test]
fn no_acknowledged_upload_is_lost_or_doubled_by_two_hundred_kills() {
    for _ in 0..ROUNDS {
        kill_under_load();
    }
}

fn kill_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let load = Load::default();
    let start = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30);
    thread::scope(|scope| {
        for _ in 0..UPLOADERS {
            scope.spawn(|| load.send_until_over(start));
        }
        for kill in 0..KILLS {
            let server = Server::start_in(&data, MEMORY);
            load.run_against(&server.intake);
            // Waiting for different numbers of acknowledgments puts the kills at different moments.
            load.wait_for_acknowledged(1 + kill % 13);
            if kill % 10 == 9 {
                let newest = load.acknowledged.lock().unwrap().last().copied().unwrap();
                assert_eq!(count(&server, &format!("version:{newest}")), 1, "after kill {kill}");
            }
            server.kill();
            // Whoever is given the port next is not that server.
            load.run_against("http://127.0.0.1:1");
        }
        load.stop();
    });

    let server = Server::start_in(&data, &[]);
    let mut stored: HashMap<u64, u64> = HashMap::new();
    let all = server.json(&["profiles", "--json", "--limit", "100000"]);
    for profile in all["profiles"].as_array().unwrap() {
        let number = profile["version"].as_str().unwrap().parse().unwrap();
        *stored.entry(number).or_default() += 1;
    }
    let acknowledged = load.acknowledged.lock().unwrap();
    assert!(acknowledged.len() as u64 >= KILLS);
    let lost: Vec<_> = acknowledged.iter().filter(|number| !stored.contains_key(number)).collect();
    let doubled: Vec<_> = stored.iter().filter(|(_, count)| **count > 1).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged uploads are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
    assert!(doubled.is_empty(), "{} uploads are there more than once: {doubled:?}", doubled.len());

    // Their samples are there as well, each once.
    let samples: u64 = server.json(&["top", "--json", "--type", "cpu-time"])["total"].as_u64().unwrap();
    assert_eq!(samples, stored.keys().map(|number| 1000 + number).sum::<u64>());
}

/// Uploads from several threads, all of which outlive the servers they send to.
#[derive(Default)]
struct Load {
    next: AtomicU64,
    over: AtomicBool,
    /// How many acknowledgments the uploaders may come to for now.
    allowed: AtomicUsize,
    /// Where the server is, this time.
    intake: Mutex<String>,
    another_server: Condvar,
    /// The numbers of the uploads that were acknowledged.
    acknowledged: Mutex<Vec<u64>>,
    progress: Condvar,
}

impl Load {
    fn run_against(&self, intake: &str) {
        intake.clone_into(&mut self.intake.lock().unwrap());
        self.another_server.notify_all();
    }

    fn stop(&self) {
        // Under the lock, so that no uploader misses it between looking and waiting.
        let acknowledged = self.acknowledged.lock().unwrap();
        self.over.store(true, Ordering::Relaxed);
        drop(acknowledged);
        self.progress.notify_all();
        self.run_against("nowhere");
    }

    fn wait_for_acknowledged(&self, more: u64) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let wanted = acknowledged.len() + usize::try_from(more).unwrap();
        self.allowed.store(wanted + AHEAD, Ordering::Relaxed);
        self.progress.notify_all();
        let patience = Duration::from_secs(60);
        let (acknowledged, timeout) = self
            .progress
            .wait_timeout_while(acknowledged, patience, |acknowledged| acknowledged.len() < wanted)
            .unwrap();
        assert!(!timeout.timed_out(), "{} acknowledged, waiting for {wanted}", acknowledged.len());
    }

    /// Sends one upload after the other. One that is not acknowledged is sent again, as clients do.
    fn send_until_over(&self, start: jiff::Timestamp) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .into();
        while !self.over.load(Ordering::Relaxed) {
            self.wait_until_allowed();
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let upload = upload(number, start);
            loop {
                let intake = self.intake.lock().unwrap().clone();
                if send(&agent, &intake, &upload) {
                    break;
                }
                if self.over.load(Ordering::Relaxed) {
                    return;
                }
                self.wait_for_another_server(&intake);
            }
            self.acknowledged.lock().unwrap().push(number);
            self.progress.notify_all();
        }
    }

    fn wait_until_allowed(&self) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let is_ahead = |acknowledged: &mut Vec<u64>| {
            acknowledged.len() >= self.allowed.load(Ordering::Relaxed) && !self.over.load(Ordering::Relaxed)
        };
        drop(self.progress.wait_while(acknowledged, is_ahead).unwrap());
    }

    /// Waits while there is only the server that has just failed, but not for long: it may only have been too busy.
    fn wait_for_another_server(&self, failed: &str) {
        let intake = self.intake.lock().unwrap();
        let patience = Duration::from_millis(200);
        drop(self.another_server.wait_timeout_while(intake, patience, |intake| intake == failed).unwrap());
    }
}

fn send(agent: &ureq::Agent, intake: &str, upload: &Built) -> bool {
    let request =
        agent.post(format!("{intake}/profiling/v1/input")).header("Content-Type", &upload.content_type);
    request.send(&upload.body[..]).is_ok_and(|answer| answer.status().is_success())
}

/// A small upload whose tags and values tell its number.
fn upload(number: u64, start: jiff::Timestamp) -> Built {
    let mut profile = Profile::new(vec![ValueType::new("cpu-time", "nanoseconds")]);
    let function = profile.strings.intern(&format!("work_{}", number % 7));
    let frame = profile.frames.intern(Frame { function, line: 1, ..Frame::default() });
    let stack = profile.stacks.intern(&[frame]);
    let value = 1000 + i64::try_from(number).unwrap();
    profile.samples.push(Sample { stack, values: &[value], ..Sample::default() });
    let start = start + jiff::SignedDuration::from_millis(i64::try_from(number).unwrap());
    UploadBuilder::new("python", start, start + jiff::SignedDuration::from_secs(1))
        .service("killed")
        .tag("version", number.to_string())
        .tag("runtime-id", format!("process-{}", number % 3))
        .profile("profile.pprof", &profile, Compression::None)
        .build()
        .unwrap()
}

fn count(server: &Server, query: &str) -> u64 {
    server.json(&["profiles", "--json", "--query", query])["total"].as_u64().unwrap()
}
