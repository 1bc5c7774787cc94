//! An upload with its envelope read.

use crate::event::EventError;
use crate::multipart::{self, Clipped};
use crate::{Event, Headers, Identity, Limits, Part, Problem, Tags, UploadError, identity};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// An upload: the body as it came, and what its envelope says.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The whole body, byte for byte.
    pub body: Bytes,
    /// The headers that came with it.
    pub headers: Headers,
    /// All parts in the order of the body, `event.json` among them.
    pub parts: Vec<Part>,
    /// What `event.json` says.
    pub event: Event,
    /// The tags of the event and those that the headers add.
    pub tags: Tags,
    /// Who the upload is from.
    pub identity: Identity,
    /// What was wrong with the envelope, though not so wrong as to refuse it.
    pub problems: Vec<Problem>,
    event_part: usize,
}

/// Parts of the format from before 2021, which had one form field per fact.
const OLD_PARTS: &[&str] = &["recording-start", "recording-end", "data[0]", "types[0]", "chunk-data"];

impl Upload {
    /// Reads the envelope. Attachments are found, but not looked into.
    pub fn parse(headers: &Headers, body: Bytes, limits: &Limits) -> Result<Upload, UploadError> {
        let parts = multipart::read(headers.content_type(), &body, limits)?;
        let event_part = parts
            .iter()
            .position(|part| part.file_name() == "event.json")
            .or_else(|| parts.iter().position(|part| part.name == "event" || part.name == "event.json"))
            .ok_or_else(|| no_event(&parts))?;
        let part = &parts[event_part];
        let name = || part.file_name().to_owned();
        let json = vesta_formats::compression::decompress(&part.data, limits.json)
            .map_err(|error| UploadError::Decompress { part: name(), reason: error.to_string() })?;
        let (event, mut problems) = Event::decode(&json, limits)
            .map_err(|source: EventError| UploadError::Event { part: name(), source })?;
        problems.extend(envelope_problems(&parts, &event));
        let tags = identity::complete_tags(&event, headers);
        let identity = Identity::new(&event, &tags, headers);
        if tags.get("service").is_none() {
            problems.push(Problem::in_part(
                "event.json",
                format!("no tag `service`: the upload is kept under `{}`", identity.service),
            ));
        }
        problems.truncate(limits.problems);
        Ok(Upload { headers: headers.clone(), event, tags, identity, problems, event_part, parts, body })
    }

    /// All parts but the event, in the order of the body.
    pub fn attachments(&self) -> impl Iterator<Item = &Part> {
        let event_part = self.event_part;
        self.parts.iter().enumerate().filter(move |(index, _)| *index != event_part).map(|(_, part)| part)
    }

    /// The attachment of this file name.
    pub fn attachment(&self, file_name: &str) -> Option<&Part> {
        self.attachments().find(|part| part.file_name() == file_name)
    }

    /// A key that is the same for every copy of this upload that a client or an agent sends, and differs when any
    /// byte of any attachment does.
    ///
    /// It covers the process, the period and the tags of the event, and name and content of each attachment, in any
    /// order. It does not cover headers (agents in between add some), the boundary and the order of tags and parts
    /// (they change when a client sends again).
    pub fn dedupe_key(&self) -> u128 {
        let mut hasher = Xxh3::new();
        let identity = &self.identity;
        let tag = |key| self.event.tags.get(key).unwrap_or_default();
        for text in [identity.runtime_id.as_str(), &self.event.family, tag("service")] {
            update(&mut hasher, text.as_bytes());
        }
        for time in [self.event.start, self.event.end] {
            hasher.update(&time.as_nanosecond().to_le_bytes());
        }
        let tags = self.event.tags.to_sorted_strings();
        hasher.update(&(tags.len() as u64).to_le_bytes());
        tags.iter().for_each(|tag| update(&mut hasher, tag.as_bytes()));
        let mut attachments: Vec<(&str, u64, usize)> =
            self.attachments().map(|part| (part.file_name(), xxh3_64(&part.data), part.data.len())).collect();
        attachments.sort_unstable();
        for (name, hash, length) in attachments {
            update(&mut hasher, name.as_bytes());
            hasher.update(&hash.to_le_bytes());
            hasher.update(&(length as u64).to_le_bytes());
        }
        hasher.digest128()
    }

    /// Notes a period that the receiver's clock says is not over yet by more than an hour: one of the two clocks is
    /// wrong, and searches for recent profiles will not find this one.
    pub fn compare_clock(&mut self, received: Timestamp) {
        let ahead = self.event.start.duration_since(received);
        if ahead > SignedDuration::from_hours(1) {
            let message = format!(
                "`start` is {} hours after the time of receipt: check the clock of the sender",
                ahead.as_hours()
            );
            self.problems.push(Problem::in_part("event.json", message));
        }
    }
}

fn update(hasher: &mut Xxh3, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

fn no_event(parts: &[Part]) -> UploadError {
    if let Some(part) = parts.iter().find(|part| OLD_PARTS.contains(&part.name.as_str())) {
        return UploadError::OldFormat { part: part.name.clone() };
    }
    let mut names: Vec<String> =
        parts.iter().take(10).map(|part| Clipped(part.file_name()).to_string()).collect();
    if parts.len() > names.len() {
        names.push(format!("and {} more", parts.len() - names.len()));
    }
    UploadError::NoEvent { parts: if names.is_empty() { "none".to_owned() } else { names.join(", ") } }
}

fn envelope_problems(parts: &[Part], event: &Event) -> Vec<Problem> {
    let mut problems = Vec::new();
    if event.end < event.start {
        let message =
            format!("`end` ({}) is before `start` ({}): the clock was set back", event.end, event.start);
        problems.push(Problem::in_part("event.json", message));
    }
    let mut names = HashSet::new();
    for part in parts {
        if !names.insert(part.file_name()) {
            problems.push(Problem::in_part(
                part.file_name(),
                format!("part {} has the file name of an earlier part", part.number),
            ));
        }
    }
    // The list may be as long as the event: the number of problems is bounded here, not only where they are kept.
    for missing in event.attachments.iter().filter(|name| !names.contains(name.as_str())).take(10) {
        let name = Clipped(missing).to_string();
        problems.push(Problem::in_part(name, "it is listed in event.json, but is not in the upload"));
    }
    problems
}
