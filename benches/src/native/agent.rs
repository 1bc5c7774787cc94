//! An agent that keeps the metrics of what is sent to it.

use anyhow::Context;
use bytes::Bytes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use vesta_profile::Profile;
use vesta_upload::{Headers, Limits, Upload};

pub(crate) struct Agent {
    pub(crate) url: String,
    periods: Receiver<Metrics>,
    services: Arc<Counts>,
}

/// Samples of the benchmark's own services, beside which anything may run.
#[derive(Debug, Default)]
struct Counts {
    samples: AtomicU64,
    truncated: AtomicU64,
}

/// The metrics of one period.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    start: jiff::Timestamp,
    values: Vec<(String, f64)>,
}

impl Metrics {
    /// The value of a metric, by the end of its name; not a number when there is none.
    pub(crate) fn get(&self, name: &str) -> f64 {
        self.values.iter().find(|(key, _)| key.ends_with(name)).map_or(f64::NAN, |(_, value)| *value)
    }
}

impl Agent {
    pub(crate) fn start() -> anyhow::Result<Agent> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let (send, periods) = channel();
        let services = Arc::new(Counts::default());
        let counts = services.clone();
        thread::spawn(move || {
            // A host sends a profile for each service, all with the metrics of the same period.
            let mut known = None;
            let (send_all, all) = channel();
            thread::spawn(move || {
                for metrics in all {
                    let metrics: Metrics = metrics;
                    if known.replace(metrics.start) != Some(metrics.start) && send.send(metrics).is_err() {
                        break;
                    }
                }
            });
            for stream in listener.incoming().flatten() {
                let (sender, counts) = (send_all.clone(), counts.clone());
                thread::spawn(move || serve(&stream, &sender, &counts));
            }
        });
        Ok(Agent { url, periods, services })
    }

    /// CPU samples of the benchmark's services, and how many of them are truncated.
    pub(crate) fn samples_of_services(&self) -> (u64, u64) {
        (self.services.samples.load(Ordering::Relaxed), self.services.truncated.load(Ordering::Relaxed))
    }

    /// The first period, which has been sent.
    pub(crate) fn first(&self) -> anyhow::Result<Metrics> {
        self.next(Duration::from_secs(20))
    }

    pub(crate) fn next(&self, patience: Duration) -> anyhow::Result<Metrics> {
        self.periods.recv_timeout(patience).context("no profile was sent")
    }

    /// All periods that came since.
    pub(crate) fn rest(&self) -> impl Iterator<Item = Metrics> {
        self.periods.try_iter()
    }
}

fn serve(stream: &TcpStream, metrics: &Sender<Metrics>, services: &Counts) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers = Vec::new();
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .and_then(|(_, value)| value.parse().ok())?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        if let Ok(upload) = Upload::parse(&Headers::from_pairs(pairs), Bytes::from(body), &Limits::default())
        {
            let decoded = upload.decode(&Limits::default());
            decoded.profiles.iter().for_each(|(_, profile)| services.add(profile));
            metrics.send(Metrics { start: upload.event.start, values: decoded.metrics }).ok()?;
        }
        let mut out = stream;
        out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").ok()?;
    }
}

impl Counts {
    fn add(&self, profile: &Profile) {
        let Some(column) = profile.value_types.iter().position(|kind| kind.name == "cpu-samples") else {
            return;
        };
        for line in vesta_formats::collapsed::encode(profile, column).lines() {
            let Some((stack, count)) = line.rsplit_once(' ').filter(|_| line.starts_with("service-")) else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            self.samples.fetch_add(count, Ordering::Relaxed);
            if stack.contains(";[truncated]") {
                self.truncated.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}
