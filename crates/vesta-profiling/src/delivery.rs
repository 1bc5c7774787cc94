//! What happens to windows, on a thread of its own: files, metrics, uploads.

use crate::identity::{Identity, ORIGIN, VERSION, own_container_id};
use crate::log::{Level, Log};
use crate::output::{self, Draw, Output};
use crate::statsd::Statsd;
use crate::{Settings, envelope};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Exporter, SendError, Sender, Sent};
use vesta_native::Window;

/// Rounds that wait for the thread. One takes no longer than a period, so that more than one waits only when a disk or
/// a name server hangs.
const MAX_WAITING: usize = 3;

/// Takes windows to where they are wanted.
#[derive(Debug)]
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    thread: JoinHandle<Delivered>,
}

/// What came of all windows.
#[derive(Clone, Debug, Default)]
pub struct Delivered {
    /// Uploads that were acknowledged.
    pub uploads: u64,
    /// Uploads that were not.
    pub failed: u64,
    /// Windows without samples, which are not sent.
    pub empty: u64,
    /// Samples in all windows.
    pub samples: u64,
    /// The file that was written, if one was.
    pub file: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    rounds: VecDeque<Round>,
    /// The deadline of the upload that is being sent.
    sending: Option<Deadline>,
    /// Set when there will be no more rounds: until when what is left may be sent.
    end: Option<Instant>,
    /// What to do when somebody who waits for the end has been told that the last upload fails.
    last_word: Option<fn()>,
    dropped: u64,
}

#[derive(Debug)]
struct Round {
    windows: Vec<Window>,
    arrived: Instant,
}

struct Worker {
    shared: Arc<Shared>,
    log: Arc<Log>,
    identity: Identity,
    exporter: Option<Exporter>,
    output: Option<Output>,
    statsd: Option<Statsd>,
    pprof_prefix: Option<String>,
    show_samples: bool,
    period: Duration,
    sequence: u64,
    is_failing: bool,
    done: Delivered,
}

impl Delivery {
    /// Starts the thread.
    pub(crate) fn start(
        settings: &Settings,
        identity: Identity,
        draw: Option<Draw>,
        log: Arc<Log>,
    ) -> io::Result<Delivery> {
        let container_id = own_container_id();
        let sender = Sender { name: ORIGIN, version: VERSION, container_id: container_id.as_deref() };
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            shared: Arc::clone(&shared),
            log,
            identity,
            exporter: settings
                .endpoint
                .clone()
                .map(|endpoint| Exporter::new(endpoint, &sender, &settings.trust)),
            output: settings.output.clone().map(|path| Output::new(path, draw)),
            statsd: settings.internal_stats.as_deref().map(Statsd::new),
            pprof_prefix: settings.pprof_prefix.clone(),
            show_samples: settings.show_samples,
            period: settings.upload_period,
            sequence: 0,
            is_failing: false,
            done: Delivered::default(),
        };
        let thread =
            std::thread::Builder::new().name("vesta-export".to_owned()).spawn(move || worker.run())?;
        Ok(Delivery { shared, thread })
    }

    /// Hands over the windows of a period. The oldest are dropped when too many wait.
    pub(crate) fn take(&self, windows: Vec<Window>) {
        let mut queue = self.shared.lock();
        queue.rounds.push_back(Round { windows, arrived: Instant::now() });
        if queue.rounds.len() > MAX_WAITING {
            queue.rounds.pop_front();
            queue.dropped += 1;
        }
        self.shared.wake.notify_all();
    }

    /// Has this function called when the log says that the last upload fails: what comes after is for nobody.
    pub(crate) fn on_last_word(&self, function: fn()) {
        self.shared.lock().last_word = Some(function);
    }

    /// Delivers what is left, and takes no longer than this for it. `None` when the thread is stuck in a disk or a name
    /// server and is left behind.
    pub(crate) fn finish(self, patience: Duration) -> Option<Delivered> {
        let end = Instant::now() + patience;
        {
            let mut queue = self.shared.lock();
            queue.end = Some(end);
            if let Some(sending) = &queue.sending {
                sending.shorten(end);
            }
            self.shared.wake.notify_all();
        }
        // An attempt ends by its deadline; what may take longer is closing a file on a dead network disk.
        let limit = end + Duration::from_secs(1);
        let mut queue = self.shared.lock();
        while !self.thread.is_finished() {
            let left = limit.checked_duration_since(Instant::now())?;
            let wait = left.min(Duration::from_millis(20));
            queue = self.shared.wake.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(queue);
        self.thread.join().ok()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker {
    fn run(mut self) -> Delivered {
        vesta_hooks::exclude_current_thread();
        while let Some((round, dropped)) = self.next() {
            if dropped > 0 {
                self.log
                    .error(format!("{dropped} periods were dropped: delivery takes longer than a period"));
            }
            self.deliver(&round);
        }
        if let Some(output) = &self.output {
            match output.write() {
                Ok(()) => self.done.file = Some(output.path().to_owned()),
                Err(error) => self.log.error(format!("cannot write {}: {error}", output.path().display())),
            }
        }
        self.shared.wake.notify_all();
        self.done
    }

    fn next(&self) -> Option<(Round, u64)> {
        let mut queue = self.shared.lock();
        queue.sending = None;
        loop {
            if let Some(round) = queue.rounds.pop_front() {
                return Some((round, std::mem::take(&mut queue.dropped)));
            }
            if queue.end.is_some() {
                return None;
            }
            queue = self.shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn deliver(&mut self, round: &Round) {
        if let Some(output) = &mut self.output {
            output.add(&round.windows);
        }
        let mut bytes = None;
        for window in &round.windows {
            let samples = u64::try_from(window.profile.samples.len()).unwrap_or(u64::MAX);
            self.done.samples += samples;
            if self.show_samples {
                self.show(window);
            }
            // The first upload goes out although nothing happened: that it arrives says that all is set up well.
            if samples == 0 && (self.sequence > 0 || window.service.is_some()) {
                self.done.empty += 1;
                continue;
            }
            if let Some(prefix) = &self.pprof_prefix {
                match output::write_copy(prefix, window, self.sequence) {
                    Ok(path) => self.log.debug(format!("wrote {}", path.display())),
                    Err(error) => self.log.error(format!("cannot write a copy to {prefix}: {error}")),
                }
            }
            if self.exporter.is_some() {
                bytes = self.upload(window, round.arrived + self.period).or(bytes);
            }
            self.sequence += 1;
        }
        let statistics = round.windows.first().map(|window| &window.statistics);
        if let (Some(statsd), Some(statistics)) = (&self.statsd, statistics)
            && let Err(error) = statsd.send(statistics, bytes)
        {
            self.log.info(format!("cannot send metrics of the profiler: {error}"));
        }
        if let Some(statistics) = statistics {
            for (problem, count) in &statistics.problems {
                self.log.info(format!("{problem} ({count} times)"));
            }
            self.log.debug(format!("{statistics:?}"));
        }
    }

    /// Sends a window. Answers the size of the upload.
    fn upload(&mut self, window: &Window, until: Instant) -> Option<usize> {
        let exporter = self.exporter.as_ref()?;
        let protocol = exporter.endpoint().protocol();
        let built = match envelope::build(protocol, &self.identity, window, self.sequence) {
            Ok(built) => built,
            Err(error) => {
                self.log.error(format!("a profile cannot be sent: {error}"));
                return None;
            }
        };
        let deadline = Deadline::at(until);
        {
            let mut queue = self.shared.lock();
            if let Some(end) = queue.end {
                deadline.shorten(end);
            }
            queue.sending = Some(deadline.clone());
        }
        let (shared, log, is_failing) = (&self.shared, &self.log, &mut self.is_failing);
        // At the end of a command nobody may be listening any more when the last attempt has failed.
        let mut failed = |reason: &str| {
            let (is_ending, last_word) = {
                let queue = shared.lock();
                (queue.end.is_some(), queue.last_word)
            };
            if is_ending && !std::mem::replace(is_failing, true) {
                let left = deadline.remaining().unwrap_or_default().as_secs_f64();
                let endpoint = exporter.endpoint();
                log.error(format!(
                    "cannot send to {endpoint}: {reason}; the last profile is lost unless that changes within \
                     {left:.0} s"
                ));
            }
            if let (true, Some(last_word)) = (is_ending, last_word) {
                last_word();
            }
        };
        let sent = exporter.send_watched(&built.content_type, &built.body, &deadline, &mut failed);
        let service = self.identity.service(window);
        match sent {
            Ok(Sent { attempts, remark }) => {
                self.done.uploads += 1;
                if let Some(remark) = remark {
                    self.log
                        .warn(format!("{} took a profile of {service}, but {remark}", exporter.endpoint()));
                }
                if std::mem::take(&mut self.is_failing) {
                    self.log.warn(format!("profiles arrive at {} again", exporter.endpoint()));
                }
                self.log.info(format!(
                    "sent a profile of {service} to {}: {} samples, {} bytes, {attempts} attempts",
                    exporter.endpoint(),
                    window.profile.samples.len(),
                    built.body.len()
                ));
            }
            Err(error) => {
                self.done.failed += 1;
                let is_about_this_one = matches!(error, SendError::Rejected { .. });
                if is_about_this_one || !std::mem::replace(&mut self.is_failing, true) {
                    self.log.error(format!("{error}; profiling goes on"));
                } else {
                    self.log.info(error.to_string());
                }
            }
        }
        Some(built.body.len())
    }

    fn show(&self, window: &Window) {
        if self.log.wants(Level::Error) {
            let text =
                vesta_formats::collapsed::encode(&window.profile, output::most_useful(&window.profile));
            text.lines().for_each(|line| self.log.error(format!("sample: {line}")));
        }
    }
}
