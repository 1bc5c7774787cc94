//! The loop of each target.

use crate::answer::{self, Answer};
use crate::fetch::{FetchError, Fetcher};
use crate::state::{Readings, TargetState};
use crate::{Kind, Settings, Target, files};
use jiff::Timestamp;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Exporter, Protocol, Sender, Trust};
use vesta_upload::{BuildError, Built, Compression, Limits, Upload, UploadBuilder, UploadError, otlp};

/// How long an upload may take when there is nothing else to do; within a schedule it may take a period.
const LAST_UPLOAD: Duration = Duration::from_secs(10);
/// How long the last reading may take after the signal to stop.
const LAST_READING: Duration = Duration::from_secs(5);
/// How far the end of a CPU profile may be for the signal to stop to wait for it.
const NEAR: Duration = Duration::from_secs(5);
/// How long a CPU profile may be late.
const LATE: Duration = Duration::from_secs(30);
/// How often one looks whether it is time to stop while a CPU profile is late.
const GLANCE: Duration = Duration::from_millis(100);

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Uploads that were acknowledged.
    pub uploads: u64,
    /// Uploads that were not.
    pub failed: u64,
    /// Files that were written.
    pub files: u64,
    /// Targets of which there is no profile at all.
    pub silent_targets: u64,
}

/// Scrapes all targets until `stop` is over, or once. `note` is told what went wrong, and when it is right again.
pub fn run(settings: &Settings, stop: &Deadline, note: &(dyn Fn(String) + Sync)) -> Outcome {
    let sender = Sender { name: "vesta-scrape", version: env!("CARGO_PKG_VERSION"), container_id: None };
    let exporter = settings.endpoint.clone();
    let exporter = exporter.map(|endpoint| Exporter::new(endpoint, &sender, &Trust::System));
    let (fetcher, exporter) = (Fetcher::new(settings), exporter.as_ref());
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> = settings
            .targets
            .iter()
            .map(|target| {
                let fetcher = fetcher.clone();
                scope.spawn(move || {
                    let state = TargetState::new(target, &settings.kinds);
                    let mut scraper = Scraper {
                        settings,
                        state,
                        fetcher,
                        exporter,
                        stop,
                        note,
                        outcome: Outcome::default(),
                        is_silent: false,
                        last_reading: None,
                        is_missed: false,
                    };
                    scraper.run();
                    scraper.outcome
                })
            })
            .collect();
        for thread in threads {
            let of_target = thread.join().unwrap_or_default();
            outcome.uploads += of_target.uploads;
            outcome.failed += of_target.failed;
            outcome.files += of_target.files;
            outcome.silent_targets += u64::from(of_target.uploads + of_target.failed + of_target.files == 0);
        }
    });
    outcome
}

/// The loop of one target.
struct Scraper<'a> {
    settings: &'a Settings,
    state: TargetState<'a>,
    fetcher: Fetcher,
    exporter: Option<&'a Exporter>,
    stop: &'a Deadline,
    note: &'a (dyn Fn(String) + Sync),
    outcome: Outcome,
    /// Whether it did not answer the last time, which is said once.
    is_silent: bool,
    /// When counters were last read.
    last_reading: Option<Timestamp>,
    /// Whether they could not be read at the end of the last period.
    is_missed: bool,
}

/// A CPU profile that was asked for.
struct CpuRequest {
    /// When it should be there.
    ends: Instant,
    answer: mpsc::Receiver<(Result<Vec<u8>, FetchError>, Timestamp)>,
}

/// Profiles of one span of time.
struct Span {
    start: Timestamp,
    end: Timestamp,
    answers: Vec<Answer>,
}

impl Scraper<'_> {
    fn run(&mut self) {
        let base = self.state.read_base(&self.fetcher, self.stop);
        let answered = base.answered;
        self.tell(&base);
        if answered {
            self.last_reading = Some(Timestamp::now());
        } else if self.is_silent && self.settings.every.is_none() {
            return;
        }
        loop {
            let is_last = self.period();
            let is_stopped = is_last || self.stop.remaining().is_none();
            if is_stopped || self.settings.every.is_none() || self.state.is_over() {
                return;
            }
        }
    }

    /// One period. Answers whether it was the last.
    fn period(&mut self) -> bool {
        // Periods follow each other without a gap, but for those at whose end nothing could be read.
        let start = self.last_reading.filter(|_| !self.is_missed).unwrap_or_else(Timestamp::now);
        let cpu = self.state.wants_cpu().then(|| self.start_cpu());
        let is_stopped = !self.stop.pause(self.settings.period());
        let cpu = cpu.and_then(|request| self.cpu_answer(&request));
        let until = if is_stopped { Deadline::after(LAST_READING) } else { Deadline::after(LATE) };
        let readings = self.state.read(&self.fetcher, &until);
        let end = Timestamp::now();
        self.tell(&readings);
        if readings.restarted {
            (self.note)(format!("{} has restarted", self.state.target));
        }
        let mut spans = Vec::new();
        // Counters that could not be read for some periods grew all the while.
        let counted_from = self.last_reading.filter(|_| !readings.restarted).unwrap_or(start);
        self.is_missed = !readings.answered;
        if readings.answered {
            self.last_reading = Some(end);
        }
        let covers_all = self.settings.cpu() + Duration::from_secs(1) > self.settings.period();
        match cpu {
            Some((answer, _)) if covers_all && counted_from == start => {
                let answers = std::iter::once(answer).chain(readings.answers).collect();
                spans.push(Span { start, end, answers });
            }
            cpu => {
                spans.extend(cpu.map(|(answer, end)| Span { start, end, answers: vec![answer] }));
                spans.push(Span { start: counted_from, end, answers: readings.answers });
            }
        }
        spans.retain(|span| !span.answers.is_empty());
        self.deliver(spans, is_stopped);
        is_stopped
    }

    /// Asks for a CPU profile. It may outlast the scraper: who is told to stop does not wait for it.
    fn start_cpu(&self) -> CpuRequest {
        let (fetcher, takes, stop) = (self.fetcher.clone(), self.settings.cpu(), self.stop.clone());
        let url = self.state.target.request(Kind::Cpu, takes);
        let (send, answer) = mpsc::channel();
        std::thread::spawn(move || {
            let bytes = fetcher.get(&url, takes, &stop);
            let bytes = bytes.and_then(|bytes| answer::read(&url, &bytes).map(|_| bytes));
            // Nobody waits any more when the scraper was told to stop.
            let _ = send.send((bytes, Timestamp::now()));
        });
        CpuRequest { ends: Instant::now() + takes, answer }
    }

    fn cpu_answer(&mut self, request: &CpuRequest) -> Option<(Answer, Timestamp)> {
        let received = loop {
            match request.answer.recv_timeout(GLANCE) {
                Err(RecvTimeoutError::Timeout) if self.is_awaited(request.ends) => {}
                received => break received,
            }
        };
        let Ok((bytes, end)) = received else {
            let left = request.ends.saturating_duration_since(Instant::now()).as_secs();
            let when = if left > 0 { format!("{left} s before its end") } else { "as it is late".to_owned() };
            (self.note)(format!("the CPU profile of {} was given up, {when}", self.state.target));
            return None;
        };
        match bytes {
            Ok(bytes) => {
                self.hear();
                Some((Answer { file_name: Kind::Cpu.file_name(), bytes }, end))
            }
            Err(error) if error.is_missing() => {
                self.state.forget(Kind::Cpu);
                (self.note)(format!("{error}: it is not asked for again"));
                None
            }
            Err(error) => {
                self.complain(&error);
                None
            }
        }
    }

    /// Whether a CPU profile that should be there at this time is still waited for.
    fn is_awaited(&self, ends: Instant) -> bool {
        let now = Instant::now();
        match self.stop.remaining() {
            Some(_) => now < ends + LATE,
            None => now < ends + NEAR && ends < now + NEAR,
        }
    }

    /// Says what could not be read.
    fn tell(&mut self, readings: &Readings) {
        for missing in &readings.missing {
            (self.note)(format!("{missing}: it is not asked for again"));
        }
        if readings.errors.is_empty() && readings.answered {
            self.hear();
        }
        readings.errors.iter().for_each(|error| self.complain(error));
    }

    /// Says that the target answers, if it did not the last time.
    fn hear(&mut self) {
        if std::mem::take(&mut self.is_silent) {
            (self.note)(format!("{} answers again", self.state.target));
        }
    }

    /// Says what is wrong, once as long as it is.
    fn complain(&mut self, error: &FetchError) {
        let is_silent = error.is_silence();
        if !(is_silent && self.is_silent) {
            (self.note)(error.to_string());
        }
        self.is_silent |= is_silent;
    }

    fn deliver(&mut self, spans: Vec<Span>, is_stopped: bool) {
        let Some(end) = spans.iter().map(|span| span.end).max() else { return };
        let built: Result<Vec<Built>, BuildError> = spans.iter().map(|span| self.upload(span)).collect();
        let built = match built {
            Ok(built) => built,
            Err(error) => {
                self.outcome.failed += 1;
                return (self.note)(error.to_string());
            }
        };
        if let Some(output) = &self.settings.output {
            let answers: Vec<Answer> = spans.into_iter().flat_map(|span| span.answers).collect();
            match files::write(output, self.state.target, end, &answers, &built) {
                Ok(files) => self.outcome.files += files,
                Err((path, error)) => {
                    self.outcome.failed += 1;
                    (self.note)(format!("cannot write {}: {error}", path.display()));
                }
            }
        }
        let Some(exporter) = self.exporter else { return };
        let patience = if is_stopped { LAST_UPLOAD } else { self.settings.period().max(LAST_UPLOAD) };
        for built in built {
            match Self::send(exporter, built, &Deadline::after(patience)) {
                Ok(remark) => {
                    self.outcome.uploads += 1;
                    if let Some(remark) = remark {
                        (self.note)(format!("{} took a profile, but {remark}", exporter.endpoint()));
                    }
                }
                Err(error) => {
                    self.outcome.failed += 1;
                    (self.note)(error);
                }
            }
        }
    }

    /// Sends an upload in the protocol of the endpoint. Answers what the server has to say of it.
    fn send(exporter: &Exporter, built: Built, until: &Deadline) -> Result<Option<String>, String> {
        let built = match exporter.endpoint().protocol() {
            Protocol::Datadog => built,
            Protocol::Otlp => as_message(&built).map_err(|error| error.to_string())?,
        };
        let sent = exporter.send(&built.content_type, &built.body, until);
        sent.map(|sent| sent.remark).map_err(|error| error.to_string())
    }

    fn upload(&self, span: &Span) -> Result<Built, BuildError> {
        let Settings { family, tags, .. } = self.settings;
        let target: &Target = self.state.target;
        let service = self.settings.service.as_deref().unwrap_or(target.host());
        let mut upload = UploadBuilder::new(family, span.start, span.end)
            .service(service)
            .tag("runtime-id", self.state.runtime_id(service))
            .tag("instance", target.instance())
            .tags(tags.iter().cloned());
        if tags.iter().all(|tag| tag.key != "host") {
            upload = upload.tag("host", target.host());
        }
        if family == "go" {
            upload = upload.tag("runtime", "go");
        }
        for answer in &span.answers {
            let compression = if answer.is_plain() { Compression::Zstd } else { Compression::None };
            upload = upload.attachment(answer.file_name, answer.bytes.clone(), compression);
        }
        upload.build()
    }
}

/// The profiles of an upload as a message of OpenTelemetry.
fn as_message(built: &Built) -> Result<Built, UploadError> {
    let limits = Limits::default();
    let upload = Upload::parse(&built.headers(), built.body.clone(), &limits)?;
    let body = otlp::message_of_upload(&upload, &limits).into();
    Ok(Built { content_type: "application/x-protobuf".to_owned(), body })
}
