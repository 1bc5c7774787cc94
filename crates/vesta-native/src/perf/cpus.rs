//! The CPUs that are online: their numbers may have gaps, and the list may change.

/// The CPUs of the kernel's list, such as `0-3,8`.
pub(super) fn parse(list: &str) -> Vec<u32> {
    // More than any kernel is built for, so that nonsense takes no memory.
    const MAX_CPUS: usize = 8192;
    let mut cpus = Vec::new();
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            cpus.extend((first..=last).take(MAX_CPUS.saturating_sub(cpus.len())));
        }
    }
    cpus.sort_unstable();
    cpus.dedup();
    cpus
}

/// The CPUs that are online now; the first if the kernel does not say.
pub(super) fn online() -> Vec<u32> {
    let list = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    match parse(&list) {
        cpus if cpus.is_empty() => vec![0],
        cpus => cpus,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn gaps_ranges_and_nonsense_are_read() {
        assert_eq!(parse("0-3,8\n"), [0, 1, 2, 3, 8]);
        assert_eq!(parse("5"), [5]);
        assert_eq!(parse("2-1,x,,7-"), Vec::<u32>::new());
        assert_eq!(parse("0-4294967295").len(), 8192);
    }
}
