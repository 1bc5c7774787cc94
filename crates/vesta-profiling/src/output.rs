//! Profiles in a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use vesta_formats::{collapsed, compression, pprof};
use vesta_native::Window;
use vesta_profile::{Kind, Profile};

/// Draws a flame graph of one value type: its position, and a title.
pub type Draw = fn(&Profile, usize, &str) -> Vec<u8>;

/// A file that gets everything that is seen.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    draw: Option<Draw>,
    profile: Option<Profile>,
}

impl Output {
    pub(crate) fn new(path: PathBuf, draw: Option<Draw>) -> Output {
        Output { path, draw, profile: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a window. What is a state, such as the live heap, counts as it is in the last one.
    pub(crate) fn add(&mut self, windows: &[Window]) {
        if let Some(profile) = &mut self.profile {
            forget_states(profile);
        }
        for window in windows {
            match &mut self.profile {
                Some(profile) => profile.merge(&window.profile),
                None => self.profile = Some(window.profile.clone()),
            }
        }
    }

    /// Writes the file.
    pub(crate) fn write(&self) -> io::Result<()> {
        let empty = Profile::default();
        let profile = self.profile.as_ref().unwrap_or(&empty);
        let bytes = match (extension(&self.path).as_str(), self.draw) {
            ("svg", Some(draw)) => {
                let index = most_useful(profile);
                let name = profile.value_types.get(index).map_or("", |value_type| value_type.name.as_str());
                draw(profile, index, &format!("{name} of {}", self.path.display()))
            }
            ("folded" | "collapsed" | "txt", _) => {
                collapsed::encode(profile, most_useful(profile)).into_bytes()
            }
            ("zst", _) => compression::compress_zstd(&pprof::encode(profile), 3)?,
            _ => compression::compress_gzip(&pprof::encode(profile))?,
        };
        write_all(&self.path, &bytes)
    }
}

/// Writes a profile next to uploads: `PREFIX20261126T170001Z.pprof.zst`.
pub(crate) fn write_copy(prefix: &str, window: &Window, sequence: u64) -> io::Result<PathBuf> {
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(window.end_ns)).unwrap_or_default();
    let service = window.service.as_ref().map(|service| {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        format!("{}-", service.name.chars().map(plain).collect::<String>())
    });
    let path = PathBuf::from(format!(
        "{prefix}{}{}-{sequence}.pprof.zst",
        service.unwrap_or_default(),
        stamp.strftime("%Y%m%dT%H%M%SZ")
    ));
    write_all(&path, &compression::compress_zstd(&pprof::encode(&window.profile), 3)?)?;
    Ok(path)
}

/// Writes beside the file and renames, so that nobody reads half of it; devices and pipes are written to as they are.
fn write_all(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_plain = std::fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    if !is_plain {
        return std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial = PathBuf::from(name);
    let written = std::fs::write(&partial, bytes).and_then(|()| std::fs::rename(&partial, path));
    written.inspect_err(|_| {
        let _ = std::fs::remove_file(&partial);
    })
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// The value type that a picture or a list of stacks is of: the most useful one that is there.
pub(crate) fn most_useful(profile: &Profile) -> usize {
    let types = profile.value_types.iter().enumerate();
    let present = types.filter(|(index, _)| profile.samples.total(*index) != 0);
    present.min_by_key(|(_, value_type)| value_type.canonical().rank()).map_or(0, |(index, _)| index)
}

fn forget_states(profile: &mut Profile) {
    for (value_type, column) in profile.value_types.iter().zip(&mut profile.samples.values) {
        if value_type.canonical().kind == Kind::Snapshot {
            column.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Output;
    use std::path::PathBuf;
    use vesta_native::{Statistics, Window};
    use vesta_profile::{Profile, Sample, ValueType};

    fn window(allocated: i64, in_use: i64) -> Window {
        let types = vec![ValueType::new("alloc-space", "bytes"), ValueType::new("inuse-space", "bytes")];
        let mut profile = Profile::new(types);
        let stack = profile.stacks.intern(&[]);
        profile.samples.push(Sample { stack, values: &[allocated, in_use], ..Sample::default() });
        Window {
            service: None,
            profile,
            start_ns: 0,
            end_ns: 1,
            statistics: Statistics::default(),
            container_id: None,
            pids: Vec::new(),
            includes_kernel: false,
        }
    }

    #[test]
    fn what_happened_adds_up_and_a_state_is_that_of_the_end() {
        let mut output = Output::new(PathBuf::from("unused"), None);
        output.add(&[window(10, 10)]);
        output.add(&[window(5, 7)]);
        let totals = output.profile.map(|profile| (profile.samples.total(0), profile.samples.total(1)));
        assert_eq!(totals, Some((15, 7)));
    }
}
