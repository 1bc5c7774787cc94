//! Permalinks: short addresses of what the page shows, with copies of the profiles behind it.
//!
//! A link is a small file, `links/ID.json`. The uploads that it pins are in a store of its own, `pinned/ID`: retention
//! does not touch them, and they are gone when the link is.

use crate::config::ServerConfig;
use crate::problem::Problem;
use crate::shelf::{Shelf, remove_folder, small_store};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use vesta_query::Limits;
use vesta_store::{Clock, OpenError, ProfileId, Retention, StoreConfig};

/// The most links there are at a time.
pub(crate) const MOST_LINKS: usize = 10_000;
/// The most profiles that one link pins.
pub(crate) const MOST_PROFILES: usize = 2000;
/// Stores of links that are kept open.
const MOST_OPEN: usize = 4;
/// Characters of an id: 58 of them stand for 70 bits, so that nobody guesses one.
const ID_LENGTH: usize = 12;
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// A hundred years: what is pinned goes when its link does.
const FOR_EVER: Duration = Duration::from_hours(100 * 365 * 24);

/// The name of a link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LinkId(String);

/// What is stored of a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Link {
    /// A path of the page, with its parameters.
    pub(crate) url: String,
    /// When it was made, in RFC 3339.
    pub(crate) created: String,
    /// Why nothing is pinned.
    pub(crate) notice: Option<String>,
    /// Bytes of the uploads that it pins.
    pub(crate) bytes: u64,
    /// The profiles that it pins: the ids they had, and those of the copies.
    pub(crate) profiles: Vec<(String, String)>,
}

/// The copies of a link, and which profile each of them is.
#[derive(Clone)]
pub(crate) struct Pinned {
    pub(crate) shelf: Shelf,
    /// The id of the copy, by the id of the original.
    pub(crate) copies: Arc<HashMap<ProfileId, ProfileId>>,
    /// The id of the original, by the id of the copy.
    pub(crate) originals: Arc<HashMap<ProfileId, ProfileId>>,
}

/// All links of a server.
pub(crate) struct Links {
    folder: PathBuf,
    pinned: PathBuf,
    template: StoreConfig,
    limits: Limits,
    /// The last used last.
    open: Mutex<Vec<(LinkId, Pinned)>>,
    /// Held by whoever makes or deletes a link, so that bounds hold.
    pub(crate) changing: Mutex<()>,
}

impl LinkId {
    /// A new one, that nobody can guess.
    pub(crate) fn new() -> Result<Self, Problem> {
        let mut id = String::new();
        while id.len() < ID_LENGTH {
            let mut bytes = [0u8; 16];
            getrandom::fill(&mut bytes).map_err(|error| {
                let error = io::Error::other(error.to_string());
                Problem::internal("no random numbers from the system", &error)
            })?;
            // Six bits of each byte; those that stand for no character are thrown away, so that all are equally likely.
            let characters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
            id.extend(characters.take(ID_LENGTH - id.len()).map(|&byte| char::from(byte)));
        }
        Ok(LinkId(id))
    }

    /// Reads one. Nothing else gets into the name of a file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == ID_LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        fits.then(|| LinkId(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Links {
    /// The links below the data folder. Copies that no link has are removed: their link was being made when the server
    /// was killed.
    pub(crate) fn new(
        config: &ServerConfig,
        clock: Arc<dyn Clock>,
        main: &StoreConfig,
        limits: Limits,
    ) -> Links {
        let (folder, pinned) = (config.data.join("links"), config.data.join("pinned"));
        let retention = Retention { max_age: FOR_EVER, max_disk_share: 1.0, max_bytes: None };
        let template = small_store(&pinned, config, clock, main, retention);
        let links =
            Links { folder, pinned, template, limits, open: Mutex::default(), changing: Mutex::default() };
        if let Err(error) = links.remove_orphans() {
            tracing::warn!(%error, "cannot look for copies of profiles that no link has");
        }
        links
    }

    fn remove_orphans(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.pinned) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let id = entry.file_name().to_str().and_then(LinkId::parse);
            if let Some(id) = id.filter(|id| !self.file(id).exists()) {
                remove_folder(&self.pinned.join(id.as_str()))?;
            }
        }
        Ok(())
    }

    fn file(&self, id: &LinkId) -> PathBuf {
        self.folder.join(format!("{}.json", id.as_str()))
    }

    /// The link of this id.
    pub(crate) async fn get(&self, id: &LinkId) -> Result<Link, Problem> {
        let file = self.file(id);
        let read = blocking(move || fs::read(file)).await;
        let bytes = match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_link(id.as_str())),
            other => other.map_err(|error| Problem::internal("cannot read the link", &error))?,
        };
        serde_json::from_slice(&bytes).map_err(|error| Problem::internal("cannot read the link", &error))
    }

    /// How many links there are, and the bytes that they pin. Reads all of them: links are made by hand, so rarely.
    pub(crate) async fn usage(&self) -> Result<(usize, u64), Problem> {
        let folder = self.folder.clone();
        let work = blocking(move || {
            let (mut count, mut bytes) = (0, 0_u64);
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
                other => other?,
            };
            for entry in entries {
                let path = entry?.path();
                if path.extension().is_none_or(|extension| extension != "json") {
                    continue;
                }
                count += 1;
                let link: Option<Link> =
                    fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
                bytes = bytes.saturating_add(link.map_or(0, |link| link.bytes));
            }
            Ok((count, bytes))
        });
        work.await.map_err(|error| Problem::internal("cannot read the links", &error))
    }

    /// Stores a link: all of it or nothing.
    pub(crate) async fn put(&self, id: &LinkId, link: &Link) -> Result<(), Problem> {
        let failed =
            |error: &(dyn std::error::Error + 'static)| Problem::internal("cannot store the link", error);
        let text = serde_json::to_vec_pretty(link).map_err(|error| failed(&error))?;
        let (folder, file) = (self.folder.clone(), self.file(id));
        let work = blocking(move || {
            fs::create_dir_all(&folder)?;
            let fresh = file.with_extension("new");
            let _ = fs::remove_file(&fresh);
            let mut writer = OpenOptions::new().write(true).create_new(true).open(&fresh)?;
            writer.write_all(&text)?;
            writer.sync_all()?;
            fs::rename(&fresh, &file)?;
            File::open(&folder)?.sync_all()
        });
        work.await.map_err(|error| failed(&error))
    }

    /// A store for the copies of a link that is being made.
    pub(crate) async fn make_shelf(&self, id: &LinkId) -> Result<Shelf, Problem> {
        let config = StoreConfig { root: self.pinned.join(id.as_str()), ..self.template.clone() };
        match Shelf::open(config, self.limits).await {
            Ok(shelf) => Ok(shelf),
            // A question that still runs holds a store that was closed meanwhile.
            Err(OpenError::Locked { .. }) => {
                Err(Problem::unavailable("the profiles of the link are being closed", Duration::from_secs(1)))
            }
            Err(error) => Err(Problem::internal("cannot open the profiles of the link", &error)),
        }
    }

    /// What a link pins, opened if it is not.
    pub(crate) async fn pinned(&self, id: &LinkId) -> Result<Pinned, Problem> {
        let mut open = self.open.lock().await;
        if let Some(at) = open.iter().position(|(known, _)| known == id) {
            let found = open.remove(at);
            let pinned = found.1.clone();
            open.push(found);
            return Ok(pinned);
        }
        let link = self.get(id).await?;
        if link.profiles.is_empty() {
            let why = link.notice.unwrap_or_else(|| "it had no profiles in scope".to_owned());
            return Err(Problem::not_found(format!("the link `{}` pins no profiles: {why}", id.as_str()))
                .hint("leave out `link` to see what is still stored"));
        }
        let shelf = self.make_shelf(id).await?;
        let ids = |(original, copy): &(String, String)| Some((original.parse().ok()?, copy.parse().ok()?));
        let copies: HashMap<ProfileId, ProfileId> = link.profiles.iter().filter_map(ids).collect();
        let originals = copies.iter().map(|(&original, &copy)| (copy, original)).collect();
        let pinned = Pinned { shelf, copies: Arc::new(copies), originals: Arc::new(originals) };
        open.push((id.clone(), pinned.clone()));
        let closed = if open.len() > MOST_OPEN { Some(open.remove(0)) } else { None };
        drop(open);
        if let Some((_, pinned)) = closed {
            close(pinned.shelf).await;
        }
        Ok(pinned)
    }

    /// Deletes a link and what it pins.
    pub(crate) async fn delete(&self, id: &LinkId) -> Result<(), Problem> {
        let _changing = self.changing.lock().await;
        self.get(id).await?;
        let mut open = self.open.lock().await;
        let known = open.iter().position(|(known, _)| known == id).map(|at| open.remove(at));
        let file = self.file(id);
        let deleted = blocking(move || fs::remove_file(file)).await;
        deleted.map_err(|error| Problem::internal("cannot delete the link", &error))?;
        if let Some((_, pinned)) = known {
            close(pinned.shelf).await;
        }
        drop(open);
        self.discard(id).await;
        Ok(())
    }

    /// Removes the copies of a link that is no more, or that came to nothing.
    pub(crate) async fn discard(&self, id: &LinkId) {
        let folder = self.pinned.join(id.as_str());
        if let Err(error) = blocking(move || remove_folder(&folder)).await {
            // They are removed at the next start.
            tracing::warn!(link = id.as_str(), %error, "cannot remove the profiles of a deleted link");
        }
    }

    /// Closes all stores.
    pub(crate) async fn close(&self) {
        for (_, pinned) in self.open.lock().await.drain(..) {
            close(pinned.shelf).await;
        }
    }
}

/// Closes a store. What was appended to it is on disk already.
pub(crate) async fn close(shelf: Shelf) {
    if let Err(error) = shelf.store.shutdown().await {
        tracing::warn!(%error, "the profiles of a link were not closed well; they are read from their log next time");
    }
}

/// That there is no such link.
pub(crate) fn no_link(id: &str) -> Problem {
    Problem::not_found(format!("there is no link `{id}`")).hint("it may have been deleted")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
