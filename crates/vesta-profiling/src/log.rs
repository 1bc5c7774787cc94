//! What the profiler says: lines to standard error, standard output, syslog or a file, and never more than it must.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Mutex;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something works less well than asked.
    Warn,
    /// Something that happens rarely.
    Notice,
    /// What the profiler does.
    Info,
    /// More than that.
    Debug,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The system's log, as RFC 3164 says.
    Syslog,
    /// Nowhere.
    Disabled,
    /// The end of this file.
    File(PathBuf),
}

impl Level {
    /// Reads a level as `ddprof` names them.
    pub fn parse(text: &str) -> Option<Level> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Some(Level::Error),
            "warn" | "warning" => Some(Level::Warn),
            "notice" => Some(Level::Notice),
            "informational" | "info" => Some(Level::Info),
            "debug" => Some(Level::Debug),
            _ => None,
        }
    }

    pub(crate) fn expected() -> String {
        "is none of debug, informational, notice, warn, error".to_owned()
    }

    fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Notice => "notice",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    /// The severity of RFC 3164.
    fn severity(self) -> u8 {
        match self {
            Level::Error => 3,
            Level::Warn => 4,
            Level::Notice => 5,
            Level::Info => 6,
            Level::Debug => 7,
        }
    }
}

impl Mode {
    /// Reads where to log: any text that is no known word is a file.
    pub fn parse(text: &str) -> Mode {
        match text {
            "stdout" => Mode::Stdout,
            "stderr" | "" => Mode::Stderr,
            "syslog" => Mode::Syslog,
            "disable" | "disabled" => Mode::Disabled,
            path => Mode::File(PathBuf::from(path)),
        }
    }
}

/// Writes lines. A line that cannot be written is lost: a profiler has nobody to tell.
#[derive(Debug)]
pub(crate) struct Log {
    level: Level,
    sink: Mutex<Sink>,
}

#[derive(Debug)]
enum Sink {
    Stdout,
    Stderr,
    Syslog(UnixDatagram),
    File(File),
    Nowhere,
}

impl Log {
    /// Opens a log. Where a file cannot be opened, lines go to standard error, and the first says why.
    pub(crate) fn open(level: Level, mode: &Mode) -> Log {
        let mut trouble = None;
        let sink = match mode {
            Mode::Stdout => Sink::Stdout,
            Mode::Stderr => Sink::Stderr,
            Mode::Disabled => Sink::Nowhere,
            Mode::Syslog => match syslog() {
                Ok(socket) => Sink::Syslog(socket),
                Err(error) => {
                    trouble = Some(format!("cannot reach syslog at /dev/log: {error}"));
                    Sink::Stderr
                }
            },
            Mode::File(path) => match OpenOptions::new().append(true).create(true).open(path) {
                Ok(file) => Sink::File(file),
                Err(error) => {
                    trouble = Some(format!("cannot log to {}: {error}", path.display()));
                    Sink::Stderr
                }
            },
        };
        let log = Log { level, sink: Mutex::new(sink) };
        if let Some(trouble) = trouble {
            log.error(trouble);
        }
        log
    }

    /// Whether lines of this level are written.
    pub(crate) fn wants(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Something does not work.
    pub(crate) fn error(&self, text: impl AsRef<str>) {
        self.write(Level::Error, text.as_ref());
    }

    /// Something works less well than asked.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        self.write(Level::Warn, text.as_ref());
    }

    /// What the profiler does.
    pub(crate) fn info(&self, text: impl AsRef<str>) {
        self.write(Level::Info, text.as_ref());
    }

    /// More than that.
    pub(crate) fn debug(&self, text: impl AsRef<str>) {
        self.write(Level::Debug, text.as_ref());
    }

    fn write(&self, level: Level, text: &str) {
        if !self.wants(level) {
            return;
        }
        // The log of a thread that died in the middle of a line is as good as before.
        let mut sink = self.sink.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // One write, so that lines of several processes do not mix.
        let line = format!("vesta: {}: {text}\n", level.name());
        let _ = match &mut *sink {
            Sink::Stdout => std::io::stdout().write_all(line.as_bytes()),
            Sink::Stderr => std::io::stderr().write_all(line.as_bytes()),
            Sink::Syslog(socket) => socket.send(syslog_line(level, text).as_bytes()).map(|_| ()),
            Sink::File(file) => {
                let stamp = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
                file.write_all(format!("{stamp} {line}").as_bytes())
            }
            Sink::Nowhere => Ok(()),
        };
    }
}

fn syslog() -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect("/dev/log")?;
    // A log that is full must not stop the profiler.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// `<priority>Mmm dd hh:mm:ss tag[pid]: text`; the facility is `daemon` (3).
fn syslog_line(level: Level, text: &str) -> String {
    let priority = 3 * 8 + u32::from(level.severity());
    let stamp = jiff::Zoned::now().strftime("%b %e %H:%M:%S").to_string();
    format!("<{priority}>{stamp} vesta[{}]: {text}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::{Level, syslog_line};

    #[test]
    fn lines_for_syslog_are_as_rfc_3164_says() {
        let line = syslog_line(Level::Warn, "hello");
        // <28>Nov 26 17:00:01 vesta[1]: hello
        let (priority, rest) = line.split_once('>').unwrap_or_default();
        assert_eq!(priority, "<28");
        assert_eq!(rest.as_bytes().get(3), Some(&b' '));
        assert_eq!(rest.as_bytes().get(15), Some(&b' '));
        assert!(rest.ends_with(&format!("vesta[{}]: hello", std::process::id())), "{line}");
    }
}
