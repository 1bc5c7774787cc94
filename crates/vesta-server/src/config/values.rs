//! Values of settings: how each is written in text and in TOML.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A value that a setting can have.
pub trait Setting: Sized {
    /// Reads the value from an environment variable or a flag.
    fn from_text(text: &str) -> Result<Self, String>;

    /// Reads the value from a TOML file.
    fn from_toml(value: &toml::Value) -> Result<Self, String>;

    /// The value as TOML; reads back as the same value.
    fn to_toml(&self) -> toml::Value;
}

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// Do not listen.
    Off,
    /// Listen at `HOST:PORT`; port 0 takes any free port.
    At(String),
    /// The same, but not at all if somebody else listens there: `HOST:PORT if free`.
    IfFree(String),
}

/// A number of bytes: `64MiB`, `2GB`, `1048576`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

/// A number of bytes, or `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteLimit(pub Option<u64>);

/// A length of time: `8d`, `1h30m`, `45s`; a bare number means seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

/// A share of the disk, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskShare(f64);

/// A list; in text its items are separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingList(pub Vec<String>);

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Listen {
    /// The address, if there is one.
    pub fn address(&self) -> Option<&str> {
        match self {
            Listen::Off => None,
            Listen::At(address) | Listen::IfFree(address) => Some(address),
        }
    }
}

/// What follows an address that may be left to others.
const IF_FREE: &str = " if free";

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text == "off" {
            return Ok(Listen::Off);
        }
        let wrong =
            || format!("`{text}` is not an address: write HOST:PORT, such as 127.0.0.1:8378, or `off`");
        let (address, if_free) = match text.strip_suffix(IF_FREE) {
            Some(address) => (address, true),
            None => (text, false),
        };
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        port.parse::<u16>().map_err(|_| wrong())?;
        match host {
            "" => Err(wrong()),
            host if host.contains(':') && !host.starts_with('[') => Err(wrong()),
            _ if if_free => Ok(Listen::IfFree(address.to_owned())),
            _ => Ok(Listen::At(address.to_owned())),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address().unwrap_or("off"))?;
        if matches!(self, Listen::IfFree(_)) { f.write_str(IF_FREE) } else { Ok(()) }
    }
}

const BYTE_UNITS: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
    ("", 1),
];

impl ByteSize {
    /// This many mebibytes.
    pub const fn from_mib(mebibytes: u64) -> Self {
        ByteSize(mebibytes << 20)
    }

    /// The bytes, as far as they can be addressed.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a number of bytes: write 64MiB, 2GB or 1048576");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let (_, scale) =
            BYTE_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit.trim())).ok_or_else(wrong)?;
        number.checked_mul(*scale).map(ByteSize).ok_or_else(wrong)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = BYTE_UNITS.iter().find(|(_, scale)| self.0 >= *scale && self.0.is_multiple_of(*scale));
        match exact {
            Some((unit, scale)) if *scale > 1 => write!(f, "{}{unit}", self.0 / scale),
            _ => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for ByteLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unlimited" | "none" => Ok(ByteLimit(None)),
            _ => text.parse::<ByteSize>().map(|size| ByteLimit(Some(size.0))),
        }
    }
}

impl fmt::Display for ByteLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bytes) => ByteSize(bytes).fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}

const TIME_UNITS: &[(char, u64)] = &[('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl Period {
    /// This many days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Period(Duration::from_secs(days * 86_400))
    }

    /// This many seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Period(Duration::from_secs(seconds))
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time: write 8d, 1h30m or 45s");
        if let Ok(seconds) = text.parse() {
            return Ok(Period::from_seconds(seconds));
        }
        let mut seconds = 0_u64;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
            let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
            let (_, scale) = TIME_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
            seconds =
                number.checked_mul(*scale).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
            rest = &rest[digits + unit.len_utf8()..];
        }
        if text.is_empty() { Err(wrong()) } else { Ok(Period::from_seconds(seconds)) }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_secs();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, scale) in TIME_UNITS.iter().filter(|(unit, _)| *unit != 'w') {
            if rest >= *scale {
                write!(f, "{}{unit}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

impl DiskShare {
    /// Half of the disk.
    pub const HALF: DiskShare = DiskShare(0.5);

    /// The share as a number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for DiskShare {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => text.parse::<f64>(),
        };
        match share {
            Ok(share) if share > 0.0 && share <= 1.0 => Ok(DiskShare(share)),
            _ => Err(format!("`{text}` is not a share of the disk: write a number such as 0.5 or 50%")),
        }
    }
}

impl fmt::Display for DiskShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("`{text}` is not a log format: write text or json")),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}

macro_rules! setting_from_str {
    ($($kind:ty),+) => {
        $(impl Setting for $kind {
            fn from_text(text: &str) -> Result<Self, String> {
                text.trim().parse()
            }

            fn from_toml(value: &toml::Value) -> Result<Self, String> {
                match value {
                    toml::Value::String(text) => Self::from_text(text),
                    toml::Value::Integer(_) | toml::Value::Float(_) => Self::from_text(&value.to_string()),
                    other => Err(format!("a {} does not fit here: write it as text", other.type_str())),
                }
            }

            fn to_toml(&self) -> toml::Value {
                toml::Value::String(self.to_string())
            }
        })+
    };
}

setting_from_str!(Listen, ByteSize, ByteLimit, Period, LogFormat);

impl Setting for DiskShare {
    fn from_text(text: &str) -> Result<Self, String> {
        text.trim().parse()
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        match value {
            toml::Value::String(text) => Self::from_text(text),
            other => Self::from_text(&other.to_string()),
        }
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Float(self.0)
    }
}

impl Setting for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("a {} is not text", value.type_str()))
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(self.clone())
    }
}

impl Setting for PathBuf {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(PathBuf::from(text))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        String::from_toml(value).map(PathBuf::from)
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::String(self.display().to_string())
    }
}

impl Setting for bool {
    fn from_text(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            _ => Err(format!("`{text}` is neither true nor false")),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("a {} is neither true nor false", value.type_str()))
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Boolean(*self)
    }
}

impl Setting for usize {
    fn from_text(text: &str) -> Result<Self, String> {
        match text.trim().parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("`{text}` is not a number of at least 1")),
        }
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        Self::from_text(&value.to_string())
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }
}

impl Setting for SettingList {
    fn from_text(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(SettingList(items.map(str::to_owned).collect()))
    }

    fn from_toml(value: &toml::Value) -> Result<Self, String> {
        let items =
            value.as_array().ok_or_else(|| format!("a {} is not a list of texts", value.type_str()))?;
        items.iter().map(String::from_toml).collect::<Result<_, _>>().map(SettingList)
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Array(self.0.iter().cloned().map(toml::Value::String).collect())
    }
}
