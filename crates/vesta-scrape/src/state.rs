//! What is known of one target from period to period.

use crate::answer::{self, Answer};
use crate::fetch::{FetchError, Fetcher};
use crate::{Kind, Target};
use std::collections::HashMap;
use std::time::Duration;
use vesta_export::Deadline;
use vesta_profile::{Counters, Since};
use xxhash_rust::xxh3::xxh3_128;

/// What is known of one target from period to period.
pub(crate) struct TargetState<'a> {
    pub(crate) target: &'a Target,
    /// Kinds that it may have.
    kinds: Vec<Kind>,
    counters: HashMap<Kind, Counters>,
    /// How often it was seen to be another process than before.
    restarts: u64,
}

/// What could be read at the end of a period.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    pub(crate) answers: Vec<Answer>,
    pub(crate) errors: Vec<FetchError>,
    /// Kinds that turned out to be missing.
    pub(crate) missing: Vec<FetchError>,
    /// Whether the target is another process than before.
    pub(crate) restarted: bool,
    /// Whether anything answered.
    pub(crate) answered: bool,
}

impl<'a> TargetState<'a> {
    pub(crate) fn new(target: &'a Target, wanted: &[Kind]) -> TargetState<'a> {
        TargetState { target, kinds: target.kinds(wanted), counters: HashMap::new(), restarts: 0 }
    }

    /// Whether CPU profiles are asked for.
    pub(crate) fn wants_cpu(&self) -> bool {
        self.kinds.contains(&Kind::Cpu)
    }

    /// No longer asks for a kind.
    pub(crate) fn forget(&mut self, kind: Kind) {
        self.kinds.retain(|known| *known != kind);
    }

    /// Whether there is anything left to ask for.
    pub(crate) fn is_over(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Reads what counters are counted from.
    pub(crate) fn read_base(&mut self, fetcher: &Fetcher, until: &Deadline) -> Readings {
        self.read_kinds(fetcher, until, Kind::has_counters)
    }

    /// Reads everything but CPU profiles.
    pub(crate) fn read(&mut self, fetcher: &Fetcher, until: &Deadline) -> Readings {
        self.read_kinds(fetcher, until, |kind| kind != Kind::Cpu)
    }

    fn read_kinds(&mut self, fetcher: &Fetcher, until: &Deadline, wanted: fn(Kind) -> bool) -> Readings {
        let mut readings = Readings::default();
        for kind in self.kinds.clone().into_iter().filter(|kind| wanted(*kind)) {
            match self.read_one(kind, fetcher, until, &mut readings.restarted) {
                Ok(answer) => {
                    readings.answered = true;
                    readings.answers.extend(answer);
                }
                Err(error) if error.is_missing() => {
                    readings.answered = true;
                    self.forget(kind);
                    readings.missing.push(error);
                }
                Err(error) => {
                    let is_silent = error.is_silence();
                    readings.errors.push(error);
                    // One that does not answer does not answer five times either.
                    if is_silent {
                        break;
                    }
                }
            }
        }
        self.restarts += u64::from(readings.restarted);
        readings
    }

    fn read_one(
        &mut self,
        kind: Kind,
        fetcher: &Fetcher,
        until: &Deadline,
        restarted: &mut bool,
    ) -> Result<Option<Answer>, FetchError> {
        let url = self.target.request(kind, Duration::ZERO);
        let bytes = fetcher.get(&url, Duration::ZERO, until)?;
        let profile = answer::read(&url, &bytes)?;
        if !kind.has_counters() {
            return Ok(Some(Answer { file_name: kind.file_name(), bytes }));
        }
        let reading =
            self.counters.entry(kind).or_default().read(&profile, |value_type| kind.is_counter(value_type));
        *restarted |= reading.since == Since::Restart;
        if reading.since == Since::Start {
            return Ok(None);
        }
        let bytes = vesta_formats::pprof::encode(&reading.profile);
        Ok(Some(Answer { file_name: kind.file_name(), bytes }))
    }

    /// Names the process: the same target has the same name until it restarts, also for another scraper.
    pub(crate) fn runtime_id(&self, service: &str) -> String {
        let text = format!("{service}\n{}\n{}", self.target.identity(), self.restarts);
        let hash = format!("{:032x}", xxh3_128(text.as_bytes()));
        let (a, rest) = hash.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        format!("{a}-{b}-{c}-{d}-{e}")
    }
}
