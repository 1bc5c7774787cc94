//! System calls about processes and signals, as safe functions. No other file of this crate has unsafe code, except the
//! one with the functions for C.

#![expect(unsafe_code, reason = "system calls")]

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What became of a call to `fork`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fork {
    /// This is the new process.
    Child,
    /// This is the old one, and that is the id of the new one.
    Parent(i32),
}

/// How a process changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Exited(i32),
    Killed(i32),
    Stopped,
    Continued,
}

/// A signal that came, and whether the kernel sent it (a terminal, to the whole group) rather than a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    pub(crate) number: i32,
    pub(crate) is_from_kernel: bool,
}

/// A set of blocked signals.
pub(crate) struct Mask(libc::sigset_t);

/// A user to become.
#[derive(Clone, Debug)]
pub(crate) struct User {
    name: CString,
    uid: libc::uid_t,
    gid: libc::gid_t,
}

/// What `SIGPIPE` did before Rust's runtime set it to be ignored, as a number of `sighandler_t`.
static PIPE_ACTION: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

/// Runs before `main`, and so before Rust's runtime changes `SIGPIPE`: a command must find it as the shell left it.
extern "C" fn record_pipe_action() {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the pointer is to memory of the right type, and a null pointer for the new action changes nothing.
    let action = unsafe {
        if libc::sigaction(libc::SIGPIPE, ptr::null(), action.as_mut_ptr()) != 0 {
            return;
        }
        action.assume_init()
    };
    PIPE_ACTION.store(action.sa_sigaction, Ordering::Relaxed);
}

#[used]
// SAFETY: the section holds pointers to functions without arguments that the C library calls once, which is what this is.
#[unsafe(link_section = ".init_array")]
static RECORD_PIPE_ACTION: extern "C" fn() = record_pipe_action;

/// Sets `SIGPIPE` back to what it was when the program began.
pub(crate) fn restore_pipe_action() {
    let _ = &RECORD_PIPE_ACTION;
    let action = PIPE_ACTION.load(Ordering::Relaxed);
    if action == libc::SIG_DFL || action == libc::SIG_IGN {
        // SAFETY: both are valid actions.
        unsafe { libc::signal(libc::SIGPIPE, action) };
    }
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Forks. The caller must have one thread only: in the child there is no other, whatever lock it held.
pub(crate) fn fork() -> io::Result<Fork> {
    // SAFETY: the process has one thread, as the function demands, so that the child may do anything.
    match check(unsafe { libc::fork() })? {
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child)),
    }
}

/// How many threads this process has.
pub(crate) fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

/// Ends the process at once, without what `exit` runs.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: it takes any number and does not return.
    unsafe { libc::_exit(code) }
}

/// Waits for a child. `None` with `no_wait` when nothing changed, or when there is no such child.
pub(crate) fn wait(child: i32, no_wait: bool) -> Option<Change> {
    let flags = if no_wait { libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED } else { 0 };
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a local variable.
        match check(unsafe { libc::waitpid(child, &raw mut status, flags) }) {
            Ok(0) => return None,
            Ok(_) if libc::WIFEXITED(status) => return Some(Change::Exited(libc::WEXITSTATUS(status))),
            Ok(_) if libc::WIFSIGNALED(status) => return Some(Change::Killed(libc::WTERMSIG(status))),
            Ok(_) if libc::WIFSTOPPED(status) => return Some(Change::Stopped),
            Ok(_) => return Some(Change::Continued),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// A pair of connected sockets that are closed on `exec`.
pub(crate) fn socket_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut pair = [-1; 2];
    // SAFETY: the pointer is to an array of two numbers.
    check(unsafe {
        libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, pair.as_mut_ptr())
    })?;
    // SAFETY: the call succeeded, so both are open and nobody else's.
    Ok(unsafe { (OwnedFd::from_raw_fd(pair[0]), OwnedFd::from_raw_fd(pair[1])) })
}

/// Waits until a descriptor can be read. False when time is up.
pub(crate) fn wait_readable(descriptor: RawFd, milliseconds: i32) -> bool {
    let mut entry = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
    // SAFETY: the pointer is to one entry, as the count says.
    unsafe { libc::poll(&raw mut entry, 1, milliseconds) > 0 }
}

/// Makes a session of its own, out of reach of the terminal.
pub(crate) fn new_session() {
    // SAFETY: no arguments; it fails for a leader of a group, which a forked process is not.
    unsafe { libc::setsid() };
}

/// Closes all descriptors from 3 on, except this one.
pub(crate) fn close_all_but(keep: RawFd) {
    let last = libc::c_uint::MAX;
    let kept = libc::c_uint::try_from(keep).unwrap_or(2);
    let close = |from: libc::c_uint, to: libc::c_uint| {
        // SAFETY: nothing in this freshly forked process uses the descriptors that are closed.
        from > to || unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) } == 0
    };
    if kept >= 3 && close(3, kept - 1) && close(kept + 1, last) {
        return;
    }
    // Kernels before 5.9.
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let open: Vec<RawFd> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor >= 3 && *descriptor != keep) {
        // SAFETY: as above; the descriptor of the listing itself is closed already, which fails and does no harm.
        unsafe { libc::close(descriptor) };
    }
}

/// Puts `/dev/null` in place of these descriptors.
pub(crate) fn silence(descriptors: &[RawFd]) {
    let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") else { return };
    for &descriptor in descriptors {
        // SAFETY: both are numbers of descriptors; replacing standard streams is what is asked for.
        unsafe { libc::dup2(null.as_raw_fd(), descriptor) };
    }
}

/// Ignores these signals.
pub(crate) fn ignore(signals: &[i32]) {
    for &signal in signals {
        // SAFETY: ignoring is a valid action for any signal; for others the call fails.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Set by [`stop_on`].
static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn ask_to_stop(signal: libc::c_int) {
    STOP.store(true, Ordering::Relaxed);
    // The second one ends the process at once.
    // SAFETY: `signal` may be called in a handler.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Sets the flag when one of these signals comes. The second signal of the same kind ends the process.
pub(crate) fn stop_on(signals: &[i32]) -> &'static AtomicBool {
    for &signal in signals {
        let handler: extern "C" fn(libc::c_int) = ask_to_stop;
        // SAFETY: the handler does what is allowed in one.
        unsafe { libc::signal(signal, handler as *const () as libc::sighandler_t) };
    }
    &STOP
}

impl Mask {
    /// Blocks all signals in this thread, except those that a fault raises. Answers what was blocked before.
    pub(crate) fn block_all() -> Mask {
        let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
        let mut before = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: the pointers are to sets, which are initialized before they are read.
        unsafe {
            libc::sigfillset(all.as_mut_ptr());
            for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP] {
                libc::sigdelset(all.as_mut_ptr(), signal);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
            Mask(before.assume_init())
        }
    }

    /// Makes this the set of blocked signals.
    pub(crate) fn apply(&self) {
        // SAFETY: the pointer is to a set that the kernel wrote.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }

    /// Blocks nothing.
    pub(crate) fn clear() {
        let mut none = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: the set is initialized before it is read.
        unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut());
        }
    }
}

/// Takes the next of the blocked signals, and waits for it no longer than this.
pub(crate) fn next_signal(milliseconds: Option<i64>) -> Option<Signal> {
    let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let wait = milliseconds.map(|milliseconds| libc::timespec {
        tv_sec: milliseconds / 1_000,
        tv_nsec: milliseconds % 1_000 * 1_000_000,
    });
    let wait = wait.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the pointers are to a set, to memory for the answer, and to a time that outlives the call or null.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        let number = libc::sigtimedwait(all.as_ptr(), info.as_mut_ptr(), wait);
        if number <= 0 {
            return None;
        }
        Some(Signal { number, is_from_kernel: info.assume_init().si_code == libc::SI_KERNEL })
    }
}

/// Sends a signal.
pub(crate) fn send(process: i32, signal: i32) {
    // SAFETY: two numbers; what cannot be sent is an error that nobody needs.
    unsafe { libc::kill(process, signal) };
}

/// Whether there is such a process, and it may be sent a signal.
pub(crate) fn is_there(process: u32) -> bool {
    std::path::Path::new(&format!("/proc/{process}")).is_dir()
}

/// Ends this process by a signal, without a core dump of its own.
pub(crate) fn die_by(signal: i32) -> ! {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a local variable; the rest are numbers.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(signal, libc::SIG_DFL);
        Mask::clear();
        libc::raise(signal);
    }
    // A signal that ends no process.
    exit_now(128 + signal)
}

/// Stops this process, as a terminal would.
pub(crate) fn stop_self() {
    // SAFETY: a number.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Discards a `SIGCHLD` that is blocked and waits to be delivered, unless it waited before.
pub(crate) fn is_child_signal_pending() -> bool {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: the set is initialized by the call before it is read.
    unsafe { libc::sigpending(set.as_mut_ptr()) == 0 && libc::sigismember(set.as_ptr(), libc::SIGCHLD) == 1 }
}

/// Takes a pending `SIGCHLD` away.
pub(crate) fn take_child_signal() {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the set is initialized before it is read, and the time outlives the call.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), libc::SIGCHLD);
        libc::sigtimedwait(set.as_ptr(), ptr::null_mut(), &raw const now);
    }
}

/// The niceness of this process.
pub(crate) fn set_nice(nice: i32) -> io::Result<()> {
    // SAFETY: three numbers.
    check(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) }).map(|_| ())
}

/// The CPUs that this thread and those that it starts run on.
pub(crate) fn set_affinity(cpus: &[usize]) -> io::Result<()> {
    let mut set = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: all zeros is the empty set, `CPU_SET` ignores numbers beyond it, and the size is that of the set.
    check(unsafe {
        let set = set.assume_init_mut();
        let most = size_of::<libc::cpu_set_t>() * 8;
        cpus.iter().filter(|cpu| **cpu < most).for_each(|cpu| libc::CPU_SET(*cpu, set));
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set)
    })
    .map(|_| ())
}

/// The name of this process in `ps`.
pub(crate) fn set_name(name: &std::ffi::CStr) {
    // SAFETY: the pointer is to a text that ends with zero.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

impl User {
    /// Finds a user by name or number.
    pub(crate) fn find(name: &str) -> io::Result<User> {
        let text = CString::new(name)?;
        // SAFETY: the text ends with zero; the answer is read before any other call that could change it, on the only
        // thread.
        let entry = unsafe {
            let mut entry = libc::getpwnam(text.as_ptr());
            if entry.is_null()
                && let Ok(uid) = name.parse()
            {
                entry = libc::getpwuid(uid);
            }
            if entry.is_null() { None } else { Some(((*entry).pw_uid, (*entry).pw_gid, (*entry).pw_name)) }
        };
        let (uid, gid, name) = entry.ok_or(io::ErrorKind::NotFound)?;
        // SAFETY: a name in an entry is a text that ends with zero.
        let name = unsafe { std::ffi::CStr::from_ptr(name) }.to_owned();
        Ok(User { name, uid, gid })
    }

    /// Becomes this user, for good.
    pub(crate) fn become_it(&self) -> io::Result<()> {
        // SAFETY: the text ends with zero; the rest are numbers.
        unsafe {
            check(libc::initgroups(self.name.as_ptr(), self.gid))?;
            check(libc::setgid(self.gid))?;
            check(libc::setuid(self.uid))?;
        }
        Ok(())
    }
}

unsafe extern "C" {
    /// The environment as the C library has it: order and duplicates as they came.
    static environ: *const *const libc::c_char;
}

/// Becomes another program, looked up as a shell does, with this environment beside the own. Comes back only when that
/// fails.
pub(crate) fn exec(command: &[OsString], variables: &[(OsString, OsString)]) -> io::Error {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(io::Error::from);
    let arguments: Result<Vec<CString>, _> = command.iter().map(|part| text(part.as_bytes())).collect();
    let added: Result<Vec<CString>, _> = variables
        .iter()
        .map(|(name, value)| {
            let mut pair = name.clone().into_vec();
            pair.push(b'=');
            pair.extend_from_slice(value.as_bytes());
            text(&pair)
        })
        .collect();
    let (arguments, added) = match (arguments, added) {
        (Ok(arguments), Ok(added)) => (arguments, added),
        (Err(error), _) | (_, Err(error)) => return error,
    };
    let Some(program) = arguments.first() else {
        return io::ErrorKind::InvalidInput.into();
    };
    let mut argv: Vec<*const libc::c_char> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    argv.push(ptr::null());
    let mut envp: Vec<*const libc::c_char> = Vec::new();
    // SAFETY: `environ` is null or an array of texts that ends with null, and no other thread changes it.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let bytes = std::ffi::CStr::from_ptr(*entry).to_bytes();
            let name = bytes.split(|byte| *byte == b'=').next().unwrap_or_default();
            if !variables.iter().any(|(added, _)| added.as_bytes() == name) {
                envp.push(*entry);
            }
            entry = entry.add(1);
        }
    }
    envp.extend(added.iter().map(|pair| pair.as_ptr()));
    envp.push(ptr::null());
    restore_pipe_action();
    // SAFETY: arrays of texts that end with zero, ended by null, alive until the call is over.
    unsafe { libc::execvpe(program.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    io::Error::last_os_error()
}

/// A path that stays the same when the working directory changes.
pub(crate) fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The name of a program: the last part of its path.
pub(crate) fn program_name(command: &OsStr) -> String {
    let path = std::path::Path::new(command);
    path.file_name().unwrap_or(command).to_string_lossy().into_owned()
}

/// The name of a process's program.
pub(crate) fn process_name(process: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    let executable = std::fs::read_link(format!("/proc/{process}/exe")).ok();
    let executable = executable.map(|path| program_name(path.as_os_str()));
    executable.or_else(|| Some(name.trim_end().to_owned()))
}

/// Has this function called when the program ends. Whether it will be.
pub(crate) fn at_exit(function: extern "C" fn()) -> bool {
    // SAFETY: the function stays for as long as the program: the library is never unloaded, see `c_api`.
    unsafe { libc::atexit(function) == 0 }
}

/// Lets a process that is no ancestor read the memory of this one, where Yama restricts that. Holds beyond `exec`.
pub(crate) fn let_read_memory(reader: u32) {
    // SAFETY: two numbers; kernels without Yama answer an error.
    unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::c_ulong::from(reader), 0, 0, 0) };
}
