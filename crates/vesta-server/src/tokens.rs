//! Tokens: who may do what. Only hashes are stored.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::time::SystemTime;
use subtle::ConstantTimeEq;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Queries and downloads.
    Read,
    /// Uploads.
    Write,
    /// Everything.
    Admin,
}

impl Scope {
    /// Whether a token of this scope may do what needs `wanted`.
    pub fn covers(self, wanted: Scope) -> bool {
        self == Scope::Admin || self == wanted
    }

    /// The name, as in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read" => Ok(Scope::Read),
            "write" => Ok(Scope::Write),
            "admin" => Ok(Scope::Admin),
            _ => Err(format!("`{text}` is not a scope: write read, write or admin")),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token just made. This is the only time its secrets can be seen.
#[derive(Clone)]
pub struct NewToken {
    /// What is stored of it.
    pub token: Token,
    /// The secret: `vst_` and 64 hexadecimal digits.
    pub secret: String,
    /// The same for clients that only send 32 lower-case letters and digits in `DD-API-KEY`, as the Go library does.
    pub api_key: String,
}

/// What is stored of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names the token in lists and when it is revoked; not a secret.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was made, in RFC 3339.
    pub created: String,
    /// SHA-256 of the secret, in hexadecimal.
    secret_sha256: String,
    /// SHA-256 of the short form, in hexadecimal.
    api_key_sha256: String,
}

/// Why tokens cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("cannot access the tokens in {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what this program wrote.
    #[error("{} is not a list of tokens", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The system has no random numbers.
    #[error("no random numbers from the system: {0}")]
    Random(String),
    /// No token has this id.
    #[error("there is no token `{0}`")]
    NoSuchToken(String),
}

/// The file of tokens in the data folder: `tokens.json`, readable by its owner only and replaced as a whole.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// The tokens of the server whose data are in `data`.
    pub fn new(data: &Path) -> Self {
        TokenFile { path: data.join("tokens.json") }
    }

    /// Makes a token. A running server knows it at once.
    pub fn create(&self, name: &str, scope: Scope, now: SystemTime) -> Result<NewToken, TokenError> {
        let secret = format!("vst_{}", random_hex::<32>()?);
        let api_key = random_hex::<16>()?;
        let token = Token {
            id: random_hex::<4>()?,
            name: name.to_owned(),
            scope,
            created: created(now),
            secret_sha256: hash(&secret),
            api_key_sha256: hash(&api_key),
        };
        self.update(|tokens| {
            tokens.push(token.clone());
            Ok(())
        })?;
        Ok(NewToken { token, secret, api_key })
    }

    /// All tokens, the oldest first.
    pub fn list(&self) -> Result<Vec<Token>, TokenError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| TokenError::Corrupt { path: self.path.clone(), source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.io(error)),
        }
    }

    /// Makes a token worthless, at once also for a running server.
    pub fn revoke(&self, id: &str) -> Result<Token, TokenError> {
        self.update(|tokens| {
            let position = tokens.iter().position(|token| token.id == id);
            position.map(|at| tokens.remove(at)).ok_or_else(|| TokenError::NoSuchToken(id.to_owned()))
        })
    }

    fn update<T>(
        &self,
        change: impl FnOnce(&mut Vec<Token>) -> Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|error| self.io(error))?;
        }
        let lock = self.private(&self.path.with_extension("lock"))?;
        lock.lock().map_err(|error| self.io(error))?;
        let mut tokens = self.list()?;
        let changed = change(&mut tokens)?;
        self.replace(&tokens)?;
        Ok(changed)
    }

    fn replace(&self, tokens: &[Token]) -> Result<(), TokenError> {
        let fresh = self.path.with_extension("new");
        let text = serde_json::to_vec_pretty(tokens)
            .map_err(|source| TokenError::Corrupt { path: self.path.clone(), source })?;
        let write = || -> io::Result<()> {
            let _ = fs::remove_file(&fresh);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)?;
            self.path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        write().map_err(|error| self.io(error))
    }

    fn private(&self, path: &Path) -> Result<File, TokenError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        options.open(path).map_err(|error| self.io(error))
    }

    fn io(&self, source: io::Error) -> TokenError {
        TokenError::Io { path: self.path.clone(), source }
    }
}

/// The tokens as a running server sees them: re-read whenever the file changes.
#[derive(Debug)]
pub(crate) struct Tokens {
    file: TokenFile,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    version: Option<FileVersion>,
    tokens: Vec<StoredHash>,
}

/// A replaced file has another inode, so that a change within one tick of the clock is seen, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileVersion {
    inode: u64,
    size: u64,
    modified_ns: (i64, i64),
}

#[derive(Clone, Copy, Debug)]
struct StoredHash {
    scope: Scope,
    secret: [u8; 32],
    api_key: [u8; 32],
}

impl Tokens {
    pub(crate) fn new(data: &Path) -> Self {
        Tokens { file: TokenFile::new(data), known: Mutex::default() }
    }

    /// The scope of the token with this secret. Takes the same time for every secret.
    pub(crate) fn verify(&self, secret: &str) -> Option<Scope> {
        let presented: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.refresh(&mut known);
        let mut scope = None;
        for token in &known.tokens {
            let same = token.secret.ct_eq(&presented) | token.api_key.ct_eq(&presented);
            if bool::from(same) {
                scope = Some(token.scope);
            }
        }
        scope
    }

    /// Whether there is any token.
    pub(crate) fn any(&self) -> bool {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.refresh(&mut known);
        !known.tokens.is_empty()
    }

    /// Keeps the last good list when the file cannot be read: a half-edited file must not lock everybody out, and
    /// must not let anybody in.
    fn refresh(&self, known: &mut Known) {
        let version = match fs::metadata(&self.file.path) {
            Ok(metadata) => Some(FileVersion {
                inode: metadata.ino(),
                size: metadata.size(),
                modified_ns: (metadata.mtime(), metadata.mtime_nsec()),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::error!(%error, "cannot look at the tokens; the last ones stay valid");
                return;
            }
        };
        if version == known.version {
            return;
        }
        known.version = version;
        match self.file.list() {
            Ok(tokens) => known.tokens = tokens.iter().filter_map(StoredHash::read).collect(),
            Err(error) => tracing::error!(%error, "cannot read the tokens; the last ones stay valid"),
        }
    }
}

impl StoredHash {
    fn read(token: &Token) -> Option<Self> {
        Some(StoredHash {
            scope: token.scope,
            secret: unhex(&token.secret_sha256)?,
            api_key: unhex(&token.api_key_sha256)?,
        })
    }
}

fn random_hex<const N: usize>() -> Result<String, TokenError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::Random(error.to_string()))?;
    Ok(hex(&bytes))
}

fn created(now: SystemTime) -> String {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.unwrap_or_default().to_string()
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
