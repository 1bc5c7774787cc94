//! What a recording says about its process: the JVM, its flags, system properties, the machine.

use super::redaction;
use crate::jfr::Event;
use std::collections::BTreeMap;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// The JVM.
    Runtime,
    /// The machine and its operating system.
    Platform,
    /// The profiler.
    Profiler,
    /// Settings of the profiler.
    ProfilerSettings,
    /// Flags of the JVM that are not what they are by default.
    Flags,
    /// System properties.
    Properties,
}

/// One thing that a recording says about its process. Secrets are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub section: Section,
    /// The name.
    pub name: String,
    /// The value, as text.
    pub value: String,
}

/// Facts by section and name. The first one stays: engines repeat what the JVM has said better before.
#[derive(Default)]
pub(super) struct Information(BTreeMap<(Section, String), String>);

/// The most facts, and the longest value in bytes: class paths are long.
const MOST: usize = 4_000;
const LONGEST: usize = 4_096;

/// The longest name in bytes; nothing has one that is longer.
const LONGEST_NAME: usize = 512;

/// Properties that say what others say, or nothing about the process.
const DULL: [&str; 4] = ["line.separator", "java.vm.specification", "java.specification", "sun.arch.data"];

impl Information {
    /// Adds a fact if it says anything.
    pub(super) fn add(&mut self, section: Section, name: &str, value: &str) {
        let value = value.trim();
        let is_name = (1..=LONGEST_NAME).contains(&name.len());
        if !is_name || value.is_empty() || self.0.len() >= MOST {
            return;
        }
        let key = (section, name.to_owned());
        if self.0.contains_key(&key) {
            return;
        }
        let mut value = redaction::value(name, value).into_owned();
        if value.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0);
            value.truncate(end);
            value.push('…');
        }
        self.0.insert(key, value);
    }

    /// Adds the texts of an event under these names.
    pub(super) fn add_texts(&mut self, section: Section, event: &Event<'_>, names: &[&str]) {
        for (index, name) in names.iter().enumerate() {
            if let Some(text) = event.text(index) {
                self.add(section, name, &text);
            }
        }
    }

    /// Adds the numbers of an event under these names. Numbers below zero say that there is none.
    pub(super) fn add_numbers(&mut self, section: Section, event: &Event<'_>, names: &[&str]) {
        for (index, name) in names.iter().enumerate() {
            if let Some(number) = event.integer(index).filter(|&number| number >= 0) {
                self.add(section, name, &number.to_string());
            }
        }
    }

    pub(super) fn property(&mut self, key: &str, value: &str) {
        if !DULL.iter().any(|dull| key.starts_with(dull)) {
            self.add(Section::Properties, key, value);
        }
    }

    /// A flag of the JVM; what it has by default is not worth a thousand lines.
    pub(super) fn flag(&mut self, name: &str, value: &str, origin: &str) {
        if !origin.eq_ignore_ascii_case("default") {
            self.add(Section::Flags, name, value);
        }
    }

    /// A flag that got another value while the JVM ran.
    pub(super) fn flag_change(&mut self, name: &str, value: &str, origin: &str) {
        self.add(Section::Flags, name, &format!("{value} (changed by {origin})"));
    }

    pub(super) fn finish(self) -> Vec<Fact> {
        let facts = self.0.into_iter();
        facts.map(|((section, name), value)| Fact { section, name, value }).collect()
    }
}
