//! The system calls around perf events, and nothing else.

#![expect(unsafe_code, reason = "system calls take pointers")]

use perf_event_open_sys::bindings::{PERF_FLAG_FD_CLOEXEC, PERIOD, perf_event_attr};
use perf_event_open_sys::ioctls;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Opens an event of a thread on a CPU; of all threads if `thread` is `None`.
pub(super) fn open(attributes: &mut perf_event_attr, thread: Option<u32>, cpu: u32) -> io::Result<OwnedFd> {
    let pid = match thread {
        Some(thread) => i32::try_from(thread).map_err(|_| io::Error::from_raw_os_error(libc::ESRCH))?,
        None => -1,
    };
    let cpu = i32::try_from(cpu).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
    // SAFETY: the attributes are a live structure of the size that they state.
    let fd = unsafe {
        perf_event_open_sys::perf_event_open(attributes, pid, cpu, -1, u64::from(PERF_FLAG_FD_CLOEXEC))
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call returned a new descriptor that nothing else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The id that the event's records carry.
pub(super) fn id(event: &OwnedFd) -> io::Result<u64> {
    let mut id = 0;
    // SAFETY: the descriptor is open, and the pointer is to a live u64, which the call fills.
    check(unsafe { ioctls::ID(event.as_raw_fd(), &raw mut id) })?;
    Ok(id)
}

/// Makes the records of `event` go to the ring of `ring`.
pub(super) fn set_output(event: &OwnedFd, ring: RawFd) -> io::Result<()> {
    // SAFETY: two numbers of descriptors; nothing is read or written.
    check(unsafe { ioctls::SET_OUTPUT(event.as_raw_fd(), ring) })
}

/// Changes the period, or the frequency if the event has one.
pub(super) fn set_period(event: &OwnedFd, period: u64) -> io::Result<()> {
    // The binding passes the number where the kernel takes a pointer.
    // SAFETY: the pointer is to a live u64, which the call reads.
    check(unsafe { libc::ioctl(event.as_raw_fd(), libc::Ioctl::from(PERIOD), &raw const period) })
}

/// Stops the event, and those that threads inherited of it.
pub(super) fn disable(event: &OwnedFd) -> io::Result<()> {
    // SAFETY: a number of a descriptor; nothing is read or written.
    check(unsafe { ioctls::DISABLE(event.as_raw_fd(), 0) })
}

/// Waits for any of several descriptors.
#[derive(Debug)]
pub(super) struct Poll {
    epoll: OwnedFd,
}

/// What a descriptor has to say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready {
    pub(super) key: u64,
    pub(super) hung_up: bool,
}

impl Poll {
    pub(super) fn new() -> io::Result<Poll> {
        // SAFETY: no pointers are involved.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        check(fd.min(0))?;
        // SAFETY: the call returned a new descriptor that nothing else owns.
        Ok(Poll { epoll: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    pub(super) fn add(&self, fd: RawFd, key: u64) -> io::Result<()> {
        let mut event =
            libc::epoll_event { events: u32::try_from(libc::EPOLLIN).unwrap_or_default(), u64: key };
        // SAFETY: the pointer is to a live event, which the call reads.
        check(unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, fd, &raw mut event) })
    }

    pub(super) fn remove(&self, fd: RawFd) -> io::Result<()> {
        // SAFETY: the pointer may be null for this operation.
        check(unsafe {
            libc::epoll_ctl(self.epoll.as_raw_fd(), libc::EPOLL_CTL_DEL, fd, std::ptr::null_mut())
        })
    }

    /// Up to 64 descriptors that are ready; none when the time is over or a signal came.
    pub(super) fn wait(&self, timeout: Duration) -> io::Result<Vec<Ready>> {
        // Rounded up, so that a wait of less than a millisecond does not spin.
        let milliseconds = i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 64];
        // SAFETY: the pointer and the count are those of a live array, of which the call fills a part.
        let count =
            unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), 64, milliseconds) };
        let Ok(count) = usize::try_from(count) else {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(Vec::new()) } else { Err(error) };
        };
        let hung_up = u32::try_from(libc::EPOLLHUP | libc::EPOLLERR).unwrap_or_default();
        let ready =
            |event: &libc::epoll_event| Ready { key: event.u64, hung_up: event.events & hung_up != 0 };
        Ok(events.iter().take(count).map(ready).collect())
    }
}

impl AsRawFd for Poll {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}

/// Raises the limit of open files to `needed` if the hard limit allows it. Returns the limit that holds then.
pub(super) fn raise_file_limit(needed: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live structure, which the call fills.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return 1024;
    }
    if limit.rlim_cur < needed && limit.rlim_cur < limit.rlim_max {
        let raised = libc::rlimit { rlim_cur: limit.rlim_max, rlim_max: limit.rlim_max };
        // SAFETY: the pointer is to a live structure, which the call reads.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) } == 0 {
            return raised.rlim_cur;
        }
    }
    limit.rlim_cur
}

/// Copies memory of another process into `buffer`. Returns how many bytes could be read.
pub(super) fn read_memory(pid: u32, address: u64, buffer: &mut [u8]) -> usize {
    let (Ok(pid), Ok(address)) = (i32::try_from(pid), usize::try_from(address)) else { return 0 };
    let local = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let remote = libc::iovec { iov_base: std::ptr::without_provenance_mut(address), iov_len: buffer.len() };
    // SAFETY: the local part is a live buffer of the stated size; the remote part is never accessed from here, and the
    // kernel checks it.
    let count = unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
    usize::try_from(count).unwrap_or(0).min(buffer.len())
}

/// A clock of the kernel.
pub(super) fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which the call fills.
    let outcome = unsafe { libc::clock_gettime(id, &raw mut time) };
    match (outcome, u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec)) {
        (0, Ok(seconds), Ok(nanoseconds)) => Duration::new(seconds, nanoseconds),
        _ => Duration::ZERO,
    }
}

/// Words that are as they are in memory, seen as bytes.
#[inline]
pub(super) fn bytes_of(words: &[u64]) -> &[u8] {
    // SAFETY: the pointer and the size are those of a live slice, every byte of which is initialized, and bytes have no
    // alignment and no invalid values.
    unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) }
}

/// Words as bytes to write to.
pub(super) fn bytes_of_mut(words: &mut [u64]) -> &mut [u8] {
    // SAFETY: the pointer and the size are those of a live slice, every byte of which is initialized, and any bytes make a
    // valid word.
    unsafe { std::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), size_of_val(words)) }
}

fn check(outcome: i32) -> io::Result<()> {
    if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
