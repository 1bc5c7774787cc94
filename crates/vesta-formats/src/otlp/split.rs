//! Cutting a message into one per process.

use super::OtlpError;
use super::any_value::{AnyValue, key_value};
use super::attributes::{key_value_and_unit, two_numbers};
use super::contents::{Contents, Dictionary};
use super::release::{Release, messages};
use super::resource::Resource;
use super::rewrite::{Message, Rewriter};
use super::schema::{NONE, Table};
use super::value_types::Header;
use crate::Limits;
use crate::budget::Budget;
use crate::wire::{Malformed, Reader, Value, write_bytes, write_number, write_varint};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A message, cut into parts.
#[derive(Debug, Default)]
pub struct Split {
    /// One per process, in the order in which they first come.
    pub parts: Vec<Part>,
    /// How many profiles the message has, also those without samples.
    pub profiles: usize,
}

/// What a message has of one process: a message with all fields of the one it is from, and of the dictionary only what
/// they refer to. The same message gives the same bytes.
#[derive(Debug, Default)]
pub struct Part {
    /// What is known of the process: the attributes of its resource, and those of samples that are about the process.
    pub resource: Resource,
    /// The name of the profiler, if it tells.
    pub scope: String,
    /// The message.
    pub bytes: Vec<u8>,
    /// Profiles in it.
    pub profiles: usize,
    /// When the first of them starts, in nanoseconds since the Unix epoch; 0 if none tells.
    pub start_ns: u64,
    /// When the last of them ends.
    pub end_ns: u64,
    /// The types of frames (`native`, `cpython`, ...), with the number of locations of each.
    pub frame_types: BTreeMap<String, usize>,
}

/// Attributes of samples that are about the process, which profilers of whole hosts write where one resource has many
/// processes. The first of them tells processes apart.
const OF_PROCESSES: &[&str] = &[
    "process.pid",
    "service.name",
    "container.id",
    "process.executable.name",
    "process.executable.path",
    "process.command_line",
    "process.runtime.name",
];

/// The most processes of one message.
const MOST_PARTS: usize = 65_536;
/// What a part takes besides its bytes, and what a sample takes while its process is looked for.
const PART_BYTES: usize = 512;
const SAMPLE_BYTES: usize = 32;

/// Cuts an uncompressed message into one per process. Resources with the same attributes are one process.
pub fn split(bytes: &[u8], limits: &Limits) -> Result<Split, OtlpError> {
    let mut budget = Budget::new(limits.max_memory);
    let contents = Contents::read(bytes, limits, &mut budget)?;
    if let Some((at, why)) = contents.broken {
        return Err(OtlpError::Malformed { at, why });
    }
    let release = Release::of(&contents);
    let dictionary = &contents.dictionary;
    let mut splitter = Splitter {
        dictionary,
        release,
        processes: Processes::new(dictionary),
        groups: Vec::new(),
        by_resource: HashMap::default(),
        profiles: 0,
    };
    for resource in &contents.resources {
        splitter.resource(resource, &mut budget)?;
    }
    let profiles = splitter.profiles;
    let mut rewriter = Rewriter::new(dictionary, release);
    let mut parts = Vec::with_capacity(splitter.groups.len());
    for group in splitter.groups.iter().filter(|group| group.profiles > 0) {
        parts.push(group.write(&mut rewriter, limits, &mut budget)?);
    }
    Ok(Split { parts, profiles })
}

/// What belongs to one process, by where it is in the message.
struct Group<'a> {
    resource: Resource,
    pieces: Vec<Piece<'a>>,
    profiles: usize,
}

/// Profiles of one resource.
struct Piece<'a> {
    /// A `ResourceProfiles`.
    resource: &'a [u8],
    /// The samples that belong to the process; none if all do.
    samples: Option<Vec<OfProfile<'a>>>,
}

/// Samples of one profile.
struct OfProfile<'a> {
    /// A `ScopeProfiles`.
    scope: &'a [u8],
    profile: &'a [u8],
    samples: Vec<&'a [u8]>,
    /// The list that samples of release 1.7 have parts of.
    locations: Rc<[u64]>,
}

struct Splitter<'a, 'd> {
    dictionary: &'d Dictionary<'a>,
    release: Release,
    processes: Processes<'a>,
    groups: Vec<Group<'a>>,
    by_resource: HashMap<Vec<(String, String)>, usize, FixedState>,
    profiles: usize,
}

impl<'a> Splitter<'a, '_> {
    fn resource(&mut self, bytes: &'a [u8], budget: &mut Budget) -> Result<(), OtlpError> {
        check(bytes)?;
        let resource = Resource::read(bytes, self.dictionary);
        let scopes = || messages(bytes, 2);
        let profiles = scopes().flat_map(|scope| messages(scope, 2)).count();
        self.profiles += profiles;
        let is_whole = resource.get("process.pid").is_some() || !self.processes.any();
        if is_whole {
            let group = self.group(resource, budget)?;
            group.profiles += profiles;
            group.pieces.push(Piece { resource: bytes, samples: None });
            return Ok(());
        }
        for scope in scopes() {
            check(scope)?;
            for profile in messages(scope, 2) {
                self.profile((bytes, scope, profile), &resource, budget)?;
            }
        }
        Ok(())
    }

    /// Gives the samples of a profile to the processes that they name.
    fn profile(
        &mut self,
        (bytes, scope, profile): (&'a [u8], &'a [u8], &'a [u8]),
        resource: &Resource,
        budget: &mut Budget,
    ) -> Result<(), OtlpError> {
        check(profile)?;
        let mut of_processes: Vec<(usize, Vec<&'a [u8]>)> = Vec::new();
        let mut places: HashMap<usize, usize, FixedState> = HashMap::default();
        let field = self.release.sample().attributes;
        for sample in messages(profile, 2) {
            budget.take(SAMPLE_BYTES)?;
            let process = self.processes.of(sample, field, budget)?;
            let place = *places.entry(process).or_insert(of_processes.len());
            if place == of_processes.len() {
                of_processes.push((process, Vec::new()));
            }
            if let Some((_, samples)) = of_processes.get_mut(place) {
                samples.push(sample);
            }
        }
        let locations = self.locations(profile, budget)?;
        for (process, samples) in of_processes {
            let mut resource = resource.clone();
            self.processes.describe(process, &mut resource);
            let group = self.group(resource, budget)?;
            group.profiles += 1;
            let part = OfProfile { scope, profile, samples, locations: Rc::clone(&locations) };
            match group.pieces.last_mut() {
                Some(Piece { resource, samples: Some(parts) }) if std::ptr::eq(*resource, bytes) => {
                    parts.push(part);
                }
                _ => group.pieces.push(Piece { resource: bytes, samples: Some(vec![part]) }),
            }
        }
        Ok(())
    }

    fn locations(&self, profile: &[u8], budget: &mut Budget) -> Result<Rc<[u64]>, OtlpError> {
        let field = self.release.profile().locations;
        let mut locations = Vec::new();
        for index in indices(profile, field) {
            budget.take(2 * size_of::<u64>())?;
            locations.push(index);
        }
        Ok(locations.into())
    }

    fn group(&mut self, resource: Resource, budget: &mut Budget) -> Result<&mut Group<'a>, OtlpError> {
        let key: Vec<(String, String)> =
            resource.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let next = self.groups.len();
        let place = match self.by_resource.get(&key) {
            Some(&place) => place,
            None => {
                if next >= MOST_PARTS {
                    return Err(OtlpError::TooMany { what: "processes", limit: MOST_PARTS });
                }
                let text: usize = key.iter().map(|(key, value)| 2 * (key.len() + value.len()) + 96).sum();
                budget.take(PART_BYTES + text)?;
                self.by_resource.insert(key, next);
                self.groups.push(Group { resource, pieces: Vec::new(), profiles: 0 });
                next
            }
        };
        Ok(&mut self.groups[place])
    }
}

impl<'a> Group<'a> {
    fn write(
        &self,
        rewriter: &mut Rewriter<'a, '_>,
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Part, OtlpError> {
        let release = rewriter.release();
        let mut part =
            Part { resource: self.resource.clone(), profiles: self.profiles, start_ns: 0, ..Part::default() };
        let mut message = Vec::new();
        for piece in &self.pieces {
            message.clear();
            match &piece.samples {
                None => rewriter.copy(Message::ResourceProfiles, piece.resource, &mut message),
                Some(samples) => copy_some(piece.resource, samples, rewriter, budget, &mut message)?,
            }
            budget.take(message.len() + 8)?;
            write_bytes(&mut part.bytes, 1, &message);
            part.describe(&message, release, limits);
        }
        let dictionary = rewriter.finish(budget)?;
        part.count_frame_types(&dictionary, release);
        write_bytes(&mut part.bytes, 2, &dictionary);
        Ok(part)
    }
}

impl Part {
    /// Notes the period and the profiler.
    fn describe(&mut self, resource_profiles: &[u8], release: Release, limits: &Limits) {
        for scope in messages(resource_profiles, 2) {
            let name = messages(scope, 1).flat_map(|scope| messages(scope, 1)).next().unwrap_or_default();
            if self.scope.is_empty() {
                self.scope =
                    String::from_utf8_lossy(name.get(..name.len().min(200)).unwrap_or_default()).into_owned();
            }
            for profile in messages(scope, 2) {
                let header = Header::read(profile, release, limits.max_value_types);
                if header.time_ns > 0 {
                    self.start_ns = match self.start_ns {
                        0 => header.time_ns,
                        start => start.min(header.time_ns),
                    };
                    self.end_ns = self.end_ns.max(header.time_ns.saturating_add(header.duration_ns));
                }
            }
        }
    }

    fn count_frame_types(&mut self, dictionary: &[u8], release: Release) {
        const MOST_TYPES: usize = 64;
        let mut tables = Dictionary::default();
        let mut reader = Reader::new(dictionary);
        while let Ok(Some((field, Value::Bytes(entry)))) = reader.field() {
            if let Some(table) = Table::of_field(field) {
                tables.tables[table.position()].push(entry);
            }
        }
        let types: Vec<Option<String>> = tables
            .table(Table::Attributes)
            .iter()
            .map(|entry| {
                let (key, value) = attribute(entry, release, &tables);
                (key == "profile.frame.type").then(|| value.to_text(&tables).into_owned())
            })
            .collect();
        for location in tables.table(Table::Locations) {
            for index in indices(location, if release == Release::V1_7 { 5 } else { 4 }) {
                let found = usize::try_from(index).ok().and_then(|index| types.get(index)?.as_ref());
                if let Some(name) = found
                    && (self.frame_types.len() < MOST_TYPES || self.frame_types.contains_key(name))
                {
                    *self.frame_types.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }
}

/// Which processes samples name.
struct Processes<'a> {
    /// Of the attributes in the dictionary those about processes: which of the keys, and the value.
    attributes: HashMap<u64, (usize, String), FixedState>,
    /// Processes by the attributes that name them, the first without any.
    known: HashMap<Vec<u64>, usize, FixedState>,
    all: Vec<Vec<u64>>,
    /// Processes by lists of attributes that were seen.
    by_bytes: HashMap<&'a [u8], usize, FixedState>,
}

impl<'a> Processes<'a> {
    fn new(dictionary: &Dictionary<'a>) -> Self {
        let mut attributes = HashMap::default();
        // Attributes of release 1.7 have their key as text, which is a number in later ones.
        for (index, entry) in (0..).zip(dictionary.table(Table::Attributes)) {
            let is_text = matches!(Reader::new(entry).field(), Ok(Some((1, Value::Bytes(_)))));
            let release = if is_text { Release::V1_7 } else { Release::default() };
            let (key, value) = attribute(entry, release, dictionary);
            if let Some(rank) = OF_PROCESSES.iter().position(|known| *known == key) {
                attributes.insert(index, (rank, value.to_text(dictionary).into_owned()));
            }
        }
        let known = HashMap::from_iter([(Vec::new(), 0)]);
        Processes { attributes, known, all: vec![Vec::new()], by_bytes: HashMap::default() }
    }

    /// Whether samples could name any.
    fn any(&self) -> bool {
        self.attributes.values().any(|(rank, _)| *rank == 0)
    }

    /// The process of a sample.
    fn of(&mut self, sample: &'a [u8], field: u64, budget: &mut Budget) -> Result<usize, OtlpError> {
        let bytes = messages(sample, field).next().unwrap_or_default();
        if let Some(&process) = self.by_bytes.get(bytes) {
            return Ok(process);
        }
        let mut named: Vec<u64> =
            indices(sample, field).filter(|index| self.attributes.contains_key(index)).take(64).collect();
        named.sort_unstable();
        named.dedup();
        budget.take(SAMPLE_BYTES + named.len() * 16)?;
        let next = self.all.len();
        let process = *self.known.entry(named.clone()).or_insert(next);
        if process == next {
            self.all.push(named);
        }
        self.by_bytes.insert(bytes, process);
        Ok(process)
    }

    /// Adds what samples say of a process.
    fn describe(&self, process: usize, resource: &mut Resource) {
        let mut named: Vec<&(usize, String)> = self
            .all
            .get(process)
            .into_iter()
            .flatten()
            .filter_map(|index| self.attributes.get(index))
            .collect();
        named.sort_unstable();
        for (rank, value) in named {
            if let Some(key) = OF_PROCESSES.get(*rank) {
                resource.add(key, value);
            }
        }
    }
}

/// Copies a resource with some of its samples.
fn copy_some(
    resource: &[u8],
    parts: &[OfProfile<'_>],
    rewriter: &mut Rewriter<'_, '_>,
    budget: &mut Budget,
    output: &mut Vec<u8>,
) -> Result<(), OtlpError> {
    let mut parts = parts;
    let mut reader = Reader::new(resource);
    while let Ok(Some((field, value))) = reader.field() {
        let (2, Value::Bytes(scope)) = (field, value) else {
            rewriter.copy_field(Message::ResourceProfiles, field, value, output);
            continue;
        };
        let own = parts.iter().take_while(|part| std::ptr::eq(part.scope, scope)).count();
        let (own, rest) = parts.split_at(own);
        parts = rest;
        if !own.is_empty() {
            let mut copy = Vec::new();
            copy_scope(scope, own, rewriter, budget, &mut copy)?;
            write_bytes(output, 2, &copy);
        }
    }
    Ok(())
}

fn copy_scope(
    scope: &[u8],
    parts: &[OfProfile<'_>],
    rewriter: &mut Rewriter<'_, '_>,
    budget: &mut Budget,
    output: &mut Vec<u8>,
) -> Result<(), OtlpError> {
    let mut parts = parts.iter().peekable();
    let mut reader = Reader::new(scope);
    while let Ok(Some((field, value))) = reader.field() {
        let (2, Value::Bytes(profile)) = (field, value) else {
            rewriter.copy_field(Message::ScopeProfiles, field, value, output);
            continue;
        };
        if let Some(part) = parts.next_if(|part| std::ptr::eq(part.profile, profile)) {
            let mut copy = Vec::new();
            copy_profile(part, rewriter, budget, &mut copy)?;
            write_bytes(output, 2, &copy);
        }
    }
    Ok(())
}

fn copy_profile(
    part: &OfProfile<'_>,
    rewriter: &mut Rewriter<'_, '_>,
    budget: &mut Budget,
    output: &mut Vec<u8>,
) -> Result<(), OtlpError> {
    let locations = rewriter.release().profile().locations;
    each_field(part.profile, |field, value| {
        if field != 2 && field != locations {
            rewriter.copy_field(Message::Profile, field, value, output);
        }
    });
    if locations != NONE {
        return copy_samples_with_locations(part, locations, rewriter, budget, output);
    }
    for sample in &part.samples {
        rewriter.copy_field(Message::Profile, 2, Value::Bytes(sample), output);
    }
    Ok(())
}

/// Copies samples of release 1.7, with a list of their own locations in place of those of all.
fn copy_samples_with_locations(
    part: &OfProfile<'_>,
    field: u64,
    rewriter: &mut Rewriter<'_, '_>,
    budget: &mut Budget,
    output: &mut Vec<u8>,
) -> Result<(), OtlpError> {
    let mut packed = Vec::new();
    let mut next = 0;
    for sample in &part.samples {
        let [start, length] = two_numbers(sample);
        let range = usize::try_from(start).ok().zip(usize::try_from(length).ok());
        let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
        let own = range.and_then(|range| part.locations.get(range));
        // Locations that are not there stay so.
        let moved = own.map_or(start, |_| next);
        let own = own.unwrap_or_default();
        budget.take(own.len() * 2)?;
        for &location in own {
            write_varint(&mut packed, location);
            next += 1;
        }
        let mut copy = Vec::new();
        write_number(&mut copy, 1, moved);
        each_field(sample, |field, value| {
            if field != 1 {
                rewriter.copy_field(Message::Sample, field, value, &mut copy);
            }
        });
        write_bytes(output, 2, &copy);
    }
    rewriter.copy_field(Message::Profile, field, Value::Bytes(&packed), output);
    Ok(())
}

fn each_field<'a>(message: &'a [u8], mut each: impl FnMut(u64, Value<'a>)) {
    let mut reader = Reader::new(message);
    while let Ok(Some((field, value))) = reader.field() {
        each(field, value);
    }
}

/// The indices in a field, packed or not.
fn indices(message: &[u8], wanted: u64) -> impl Iterator<Item = u64> {
    let mut reader = Reader::new(message);
    let mut packed = Reader::new(&[]);
    std::iter::from_fn(move || {
        loop {
            if packed.left() > 0 {
                if let Ok(index) = packed.varint() {
                    return Some(index);
                }
                packed = Reader::new(&[]);
            }
            match reader.field() {
                Ok(Some((field, Value::Bytes(bytes)))) if field == wanted => packed = Reader::new(bytes),
                Ok(Some((field, Value::Varint(index)))) if field == wanted => return Some(index),
                Ok(Some(_)) => {}
                _ => return None,
            }
        }
    })
}

fn attribute<'a>(
    entry: &'a [u8],
    release: Release,
    dictionary: &Dictionary<'a>,
) -> (std::borrow::Cow<'a, str>, AnyValue<'a>) {
    if release == Release::V1_7 {
        return key_value(entry, dictionary);
    }
    let attribute = key_value_and_unit(entry, dictionary);
    (attribute.key, attribute.value)
}

/// Refuses a message that breaks off: what cannot be told to which process it belongs cannot be given to one.
fn check(message: &[u8]) -> Result<(), OtlpError> {
    let mut reader = Reader::new(message);
    loop {
        match reader.field() {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(Malformed { left, why }) => {
                return Err(OtlpError::Malformed { at: message.len() - left, why });
            }
        }
    }
}
