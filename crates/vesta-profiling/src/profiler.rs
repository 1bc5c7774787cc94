//! Profiling the program that this library is a part of.

use crate::log::Log;
use crate::service::{Service, ServiceError, Subject};
use crate::settings::{Settings, SettingsError, Sources};
use crate::{hooks, system};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::Target;

/// How long the end waits for the last upload when nobody says how long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a profiler of this process runs, and in which process: a fork has none.
static ACTIVE: Mutex<Option<u32>> = Mutex::new(None);

/// A profiler of this process. It ends when it is dropped or [stopped](Profiler::stop).
#[derive(Debug)]
pub struct Profiler {
    /// `None` when settings say not to profile.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: Arc<AtomicBool>,
    patience: Arc<Mutex<Duration>>,
    ended: Receiver<()>,
    process: u32,
}

/// Why a profiler did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// One runs already.
    #[error("this process is profiled already; stop that profiler first")]
    Active,
    /// What was asked for cannot be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Nothing can be sampled.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A thread could not be started.
    #[error("cannot start a thread: {0}; check the limit of processes (ulimit -u)")]
    Thread(std::io::Error),
}

/// What to profile and where to send it. What is not said here comes from the environment, as for `vesta run`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    flags: Vec<(String, String)>,
}

impl Builder {
    /// The name of the service.
    pub fn service(self, name: &str) -> Builder {
        self.set("service", name)
    }

    /// The environment, such as `prod`.
    pub fn environment(self, name: &str) -> Builder {
        self.set("environment", name)
    }

    /// The version of the service.
    pub fn version(self, version: &str) -> Builder {
        self.set("service-version", version)
    }

    /// A further tag.
    pub fn tag(mut self, key: &str, value: &str) -> Builder {
        let tag = format!("{key}:{value}");
        match self.flags.iter_mut().find(|(name, _)| name == "tags") {
            Some((_, tags)) => {
                tags.push(',');
                tags.push_str(&tag);
                self
            }
            None => self.set("tags", &format!("{tag},")),
        }
    }

    /// Where uploads go: `http://host:8126`, `unix:///path`.
    pub fn url(self, url: &str) -> Builder {
        self.set("url", url)
    }

    /// How long a profile is.
    pub fn upload_period(self, period: Duration) -> Builder {
        self.set("upload-period", &period.as_secs_f64().to_string())
    }

    /// What is sampled: `default`, `cpu_only`, `alloc_live_heap`, ...
    pub fn preset(self, name: &str) -> Builder {
        self.set("preset", name)
    }

    /// Any [setting](crate::settings::SETTINGS) by its name.
    pub fn set(mut self, name: &str, value: &str) -> Builder {
        self.flags.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts profiling. Answers when sampling has begun.
    pub fn start(self) -> Result<Profiler, StartError> {
        let environment = |name: &str| std::env::var(name).ok();
        let sources = Sources { environment: &environment, default_file: false };
        let settings = Settings::from_sources(&self.flags, &sources)?;
        if !settings.enabled {
            return Ok(Profiler { running: None });
        }
        let process = std::process::id();
        let mut active = ACTIVE.lock().unwrap_or_else(PoisonError::into_inner);
        if *active == Some(process) {
            return Err(StartError::Active);
        }
        let running = launch(settings)?;
        *active = Some(process);
        Ok(Profiler { running: Some(running) })
    }
}

impl Profiler {
    /// What to profile and where to send it.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Ends profiling and sends what was seen last, within this time. Whether all of it was done in time. In a child
    /// that was forked there is nothing to end.
    pub fn stop(mut self, patience: Duration) -> bool {
        self.end(patience)
    }

    fn end(&mut self, patience: Duration) -> bool {
        let Some(running) = self.running.take() else { return true };
        if running.process != std::process::id() {
            return true;
        }
        *running.patience.lock().unwrap_or_else(PoisonError::into_inner) = patience;
        running.stop.store(true, Ordering::Relaxed);
        // The hooks first: from here on the program does nothing for the profiler any more.
        vesta_hooks::stop(patience.min(Duration::from_millis(100)));
        let limit = Instant::now() + patience + Duration::from_millis(500);
        let left = limit.saturating_duration_since(Instant::now());
        let is_done = running.ended.recv_timeout(left).is_ok();
        *ACTIVE.lock().unwrap_or_else(PoisonError::into_inner) = None;
        is_done
    }
}

impl Drop for Profiler {
    fn drop(&mut self) {
        self.end(PATIENCE);
    }
}

/// Starts the thread that profiles, and waits until it does.
fn launch(settings: Settings) -> Result<Running, StartError> {
    let stop = Arc::new(AtomicBool::new(false));
    let patience = Arc::new(Mutex::new(PATIENCE));
    let (said, says) = channel();
    let (ends, ended) = channel();
    let (flag, limit) = (Arc::clone(&stop), Arc::clone(&patience));
    // Signals are for the program: the threads of the profiler get none.
    let mask = system::Mask::block_all();
    let thread = std::thread::Builder::new().name("vesta-profiler".to_owned()).spawn(move || {
        vesta_hooks::exclude_current_thread();
        match start(&settings) {
            Ok(service) => {
                let _ = said.send(Ok(()));
                service.run(&flag, || (), || *limit.lock().unwrap_or_else(PoisonError::into_inner));
                let _ = ends.send(());
            }
            Err(error) => {
                let _ = said.send(Err(error));
            }
        }
    });
    mask.apply();
    thread.map_err(StartError::Thread)?;
    let gone = || ServiceError::Thread(std::io::Error::other("it ended without a word"));
    says.recv().unwrap_or_else(|_| Err(gone()))?;
    Ok(Running { stop, patience, ended, process: std::process::id() })
}

fn start(settings: &Settings) -> Result<Service, ServiceError> {
    let log = Arc::new(Log::open(settings.log_level, &settings.log_mode));
    let process_id = std::process::id();
    let program = system::process_name(process_id).unwrap_or_else(|| "native".to_owned());
    let subject = Subject { program, process_id, target: Target::Processes(vec![process_id]) };
    let events: Vec<EventSpec> = settings.all_events(true);
    let hooks = hooks::start_here(settings, &events, &log);
    Service::start(settings, subject, hooks, None, log)
}

impl fmt::Display for Profiler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.running.is_some() { "profiling" } else { "not profiling" })
    }
}
