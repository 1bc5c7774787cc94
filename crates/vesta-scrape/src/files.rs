//! Profiles as files.

use crate::answer::Answer;
use crate::{Output, Target};
use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use vesta_formats::compression;
use vesta_upload::{Built, Limits, Upload};

/// Writes what was collected, and answers how many files that are.
pub(crate) fn write(
    output: &Output,
    target: &Target,
    end: Timestamp,
    answers: &[Answer],
    built: &[Built],
) -> Result<u64, (PathBuf, io::Error)> {
    match output {
        Output::Folder(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| (folder.clone(), error))?;
            let instance: String =
                target.instance().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
            let time = end.strftime("%Y%m%dT%H%M%S.%3fZ");
            for answer in answers {
                let path = folder.join(format!("{instance}-{time}-{}", answer.file_name));
                let bytes =
                    if answer.is_plain() { gzip(&path, &answer.bytes)? } else { answer.bytes.clone() };
                put(&path, &bytes)?;
            }
            Ok(answers.len() as u64)
        }
        Output::File(path) => {
            let profile = whole(built);
            put(path, &gzip(path, &vesta_formats::pprof::encode(&profile))?)?;
            Ok(1)
        }
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._".contains(character)
}

fn gzip(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, (PathBuf, io::Error)> {
    compression::compress_gzip(bytes).map_err(|error| (path.to_owned(), error))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), (PathBuf, io::Error)> {
    std::fs::write(path, bytes).map_err(|error| (path.to_owned(), error))
}

/// All profiles of some uploads as one, with value types that are named as a server names them.
fn whole(built: &[Built]) -> vesta_profile::Profile {
    let mut whole = vesta_profile::Profile::default();
    for built in built {
        let limits = Limits::default();
        if let Ok(upload) = Upload::parse(&built.headers(), built.body.clone(), &limits) {
            for (_, profile) in &upload.decode(&limits).profiles {
                whole.merge(profile);
            }
        }
    }
    whole
}
