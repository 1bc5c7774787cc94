//! Threads and processes as `/proc` lists them.

use std::fs;

/// The threads of a process; none if there is no such process.
pub(super) fn of_process(pid: u32) -> Vec<u32> {
    numbers(&format!("/proc/{pid}/task"))
}

/// Whether a process is there, ended or not.
pub(super) fn exists(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// All processes.
pub(super) fn processes() -> Vec<u32> {
    numbers("/proc")
}

/// Whether a thread is asleep: the state after the name, which may itself hold anything.
pub(super) fn is_asleep(pid: u32, tid: u32) -> bool {
    let stat = fs::read(format!("/proc/{pid}/task/{tid}/stat")).unwrap_or_default();
    let end_of_name = stat.iter().rposition(|byte| *byte == b')');
    matches!(end_of_name.and_then(|end| stat.get(end + 2)), Some(b'S' | b'D' | b'T'))
}

fn numbers(folder: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}
