//! Timelines: what the threads of one process did, and when.

use crate::engine::compute;
use crate::{Engine, Focus, QueryError, Scope};
use std::sync::Arc;
use vesta_profile::{
    FunctionTable, Granularity, LabelFilter, Profile, Selection, Timeline, TimelineOptions, timeline,
};
use vesta_store::DecodedProfile;

/// The most profiles of one timeline.
const MOST_PROFILES: usize = 10;
/// The most bytes of decoded profiles.
const MOST_BYTES: usize = 256 << 20;
/// How many processes an error names.
const NAMED_PROCESSES: usize = 5;

/// What the threads of a process did, and when.
#[derive(Clone, Debug)]
pub struct ProcessTimeline {
    /// Lanes and events.
    pub timeline: Timeline,
    /// The functions of events.
    pub functions: FunctionTable,
    /// Where it starts, in nanoseconds since the Unix epoch.
    pub from_ns: i64,
    /// Where it ends.
    pub to_ns: i64,
    /// How many profiles it is made of.
    pub profiles: u64,
    /// What could not be read.
    pub problems: Vec<String>,
}

impl Engine {
    /// What the threads of a process did, and when: from the profiles of a scope, which must be few and of one process.
    pub async fn timeline(
        &self,
        scope: &Scope,
        filters: &[LabelFilter],
        focus: &Focus,
        options: &TimelineOptions,
    ) -> Result<ProcessTimeline, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let found = self.profiles_to_read(&snapshot, scope).await?;
            let mut processes: Vec<&str> = found.iter().map(|found| found.process.as_str()).collect();
            processes.sort_unstable();
            processes.dedup();
            if processes.len() > 1 {
                return Err(many_processes(&processes));
            }
            if found.len() > MOST_PROFILES {
                return Err(QueryError::TooMuch {
                    what: "profiles for one timeline",
                    found: u64::try_from(found.len()).unwrap_or(u64::MAX),
                    limit: MOST_PROFILES as u64,
                });
            }
            let (mut decoded, mut bytes, mut profiles) = (Vec::new(), 0, 0);
            for found in &found {
                let Some(profile) = self.decode_profile(found.id).await? else { continue };
                profiles += 1;
                let traces = self.decode_traces(found.id).await?;
                let traces = traces.filter(|traces| !traces.profile.samples.is_empty());
                for part in [Some(profile), traces].into_iter().flatten() {
                    bytes += part.profile.heap_size();
                    if bytes > MOST_BYTES {
                        return Err(QueryError::TooMuch {
                            what: "bytes of samples for one timeline",
                            found: bytes as u64,
                            limit: MOST_BYTES as u64,
                        });
                    }
                    decoded.push(self.store().named(&part).await);
                }
            }
            let (filters, focus, options) = (filters.to_vec(), *focus, *options);
            compute(move || Ok(ProcessTimeline { profiles, ..draw(&decoded, &filters, &focus, &options) }))
                .await
        })
        .await
    }
}

fn many_processes(processes: &[&str]) -> QueryError {
    let named = |key: &&&str| match key.split_once('\u{0}') {
        Some((service, host)) => format!("service:{service} host:{host}"),
        None => format!("runtime-id:{key}"),
    };
    let first: Vec<String> = processes.iter().take(NAMED_PROCESSES).map(|key| named(&key)).collect();
    let more = if processes.len() > NAMED_PROCESSES { ", ..." } else { "" };
    QueryError::ManyProcesses {
        found: processes.len(),
        hint: format!(
            "choose one process: add one of {}{more} to the search, or ask /api/v1/facets?facet=runtime-id",
            first.join(", ")
        ),
    }
}

fn draw(
    decoded: &[Arc<DecodedProfile>],
    filters: &[LabelFilter],
    focus: &Focus,
    options: &TimelineOptions,
) -> ProcessTimeline {
    let problems = decoded.iter().flat_map(|decoded| decoded.problems.iter().cloned()).collect();
    let start = decoded.iter().map(|decoded| decoded.start.0.saturating_mul(1000)).min().unwrap_or(0);
    let end = decoded.iter().map(|decoded| decoded.end.0.saturating_mul(1000)).max().unwrap_or(0);
    let (from_ns, to_ns) = match focus.window {
        Some((from, to)) => (from.clamp(start, end.max(start)), to.clamp(start, end.max(start))),
        None => (start, end),
    };
    // What began within the window may end after it, and is cut off there: only what is drawn is cut, so the window is
    // left out here.
    let drawn = Focus { window: None, ..*focus };
    let (timeline, functions) = match decoded {
        [only] => {
            let selection = drawn.select(only, filters);
            draw_one(&only.profile, &selection, (from_ns, to_ns), options)
        }
        several => {
            let mut whole = Profile::default();
            let mut selection = Selection::default();
            for decoded in several {
                let before = whole.samples.len();
                selection.rows.extend(drawn.select(decoded, filters).rows.iter().map(|row| before + row));
                whole.merge(&decoded.profile);
            }
            draw_one(&whole, &selection, (from_ns, to_ns), options)
        }
    };
    ProcessTimeline { timeline, functions, from_ns, to_ns, profiles: 0, problems }
}

fn draw_one(
    profile: &Profile,
    selection: &Selection,
    range: (i64, i64),
    options: &TimelineOptions,
) -> (Timeline, FunctionTable) {
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    (timeline(profile, &functions, Some(selection), range, options), functions)
}
