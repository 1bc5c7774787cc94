//! The line of a sample that says what was sampled, and when.

/// What such a line says. What it does not say is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) command: &'a str,
    pub(super) pid: &'a str,
    pub(super) tid: &'a str,
    pub(super) cpu: &'a str,
    pub(super) time_ns: Option<i64>,
    pub(super) period: Option<i64>,
    pub(super) event: &'a str,
    /// The frame of a sample without a stack, which is in the same line.
    pub(super) frame: Option<&'a str>,
    /// Whether this is not a sample, but something else that happened (`--show-mmap-events` and the like).
    pub(super) is_record: bool,
}

impl<'a> Head<'a> {
    /// Reads a line: `command pid/tid [cpu] time: period event: rest`.
    pub(super) fn read(line: &'a str) -> Option<Head<'a>> {
        let (command, ids, mut rest) = find_ids(line)?;
        let (pid, tid) = ids.split_once('/').unwrap_or(("", ids));
        let mut head = Head { command: command.trim(), pid, tid, ..Head::default() };
        if let Some((cpu, after)) = word(rest)
            && let Some(cpu) = cpu.strip_prefix('[').and_then(|cpu| cpu.strip_suffix(']'))
        {
            let cpu_number = cpu.trim_start_matches('0');
            head.cpu = if cpu_number.is_empty() { "0" } else { cpu_number };
            rest = after;
        }
        if let Some((time, after)) = word(rest)
            && let Some(time) = time.strip_suffix(':').and_then(nanoseconds)
        {
            head.time_ns = Some(time);
            rest = after;
        }
        if let Some((period, after)) = word(rest)
            && let Ok(period) = period.parse()
            && word(after).is_some_and(|(event, _)| event.ends_with(':'))
        {
            head.period = Some(period);
            rest = after;
        }
        if let Some((event, after)) = word(rest)
            && let Some(event) = event.strip_suffix(':')
        {
            head.event = event;
            rest = after;
        }
        head.is_record = rest.trim_start().starts_with("PERF_RECORD_");
        // What is behind a tracepoint are its arguments.
        let is_tracepoint = crate::perf_events::event_name(head.event).contains(':');
        head.frame = Some(rest.trim()).filter(|rest| !is_tracepoint && super::frames::is_frame(rest));
        let says_something = head.time_ns.is_some() || !head.event.is_empty() || head.frame.is_some();
        says_something.then_some(head)
    }

    /// Whether other text hardly looks like this.
    pub(super) fn is_certain(&self) -> bool {
        self.time_ns.is_some() || (!self.event.is_empty() && self.period.is_some())
    }
}

/// The command, which may have blanks and numbers, the ids, and what is after them: the first number behind which
/// goes on what goes on behind ids.
fn find_ids(line: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some((found, rest)) = line.get(from..).and_then(word) {
        let start = line.len() - rest.len() - found.len();
        if is_ids(found) && goes_on_like_a_head(rest) {
            return Some((line.get(..start)?, found, rest));
        }
        from = line.len() - rest.len();
    }
    None
}

fn is_ids(word: &str) -> bool {
    let is_id = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    word.split_once('/').map_or_else(|| is_id(word), |(pid, tid)| is_id(pid) && is_id(tid))
}

fn goes_on_like_a_head(rest: &str) -> bool {
    let Some((next, after)) = word(rest) else { return false };
    let is_cpu = next.starts_with('[') && next.ends_with(']');
    let is_time = next.strip_suffix(':').is_some_and(|time| nanoseconds(time).is_some());
    let is_period = next.parse::<u64>().is_ok() && word(after).is_some_and(|(event, _)| event.ends_with(':'));
    is_cpu || is_time || is_period || (next.len() > 2 && next.ends_with(':'))
}

/// The first word of a text, and what is after it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Seconds with six or nine digits behind the point.
fn nanoseconds(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.')?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(seconds) || !is_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let digits = u32::try_from(fraction.len()).ok()?;
    let nanoseconds = fraction.parse::<i64>().ok()? * 10_i64.pow(9 - digits);
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}
