//! Hooks of functions that run another program: the variables that the constructor took out of the environment are put
//! into that of the new program, so that it is followed, while the program itself never sees them.
#![expect(unsafe_op_in_unsafe_fn, reason = "these are the functions of C, with its rules")]

use crate::architecture::{number, plain_stub, variadic_stub};
use crate::system::{self, MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use crate::table::{self, Index, original};
use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicUsize, Ordering};

plain_stub!("vesta_hooks_execve", execve);
plain_stub!("vesta_hooks_execv", execv);
plain_stub!("vesta_hooks_execvpe", execvpe);
plain_stub!("vesta_hooks_execvp", execvp);
plain_stub!("vesta_hooks_execveat", execveat);
plain_stub!("vesta_hooks_fexecve", fexecve);
plain_stub!("vesta_hooks_posix_spawn", posix_spawn);
plain_stub!("vesta_hooks_posix_spawnp", posix_spawnp);
plain_stub!("vesta_hooks_system", system);
plain_stub!("vesta_hooks_popen", popen);
variadic_stub!("vesta_hooks_execl", execl);
variadic_stub!("vesta_hooks_execlp", execlp);
variadic_stub!("vesta_hooks_execle", execle);

type Text = *const c_char;
type List = *const Text;

/// Longest text of a variable that is changed; with a longer one the new program is not followed.
const TEXT_BYTES: usize = 4096;
/// Variables that fit on the stack. More are kept in memory from the kernel.
const FEW: usize = 512;

/// The whole variable `VESTA_HOOKS=...`; empty while there is nothing to follow with.
static mut VARIABLE: [u8; TEXT_BYTES] = [0; TEXT_BYTES];
/// `LD_PRELOAD=` and the path of this library.
static mut PRELOAD: [u8; TEXT_BYTES] = [0; TEXT_BYTES];
/// The C library's `environ`.
static ENVIRON: AtomicUsize = AtomicUsize::new(0);

pub(crate) const PRELOAD_NAME: &[u8] = b"LD_PRELOAD=";

/// What to put into environments, and where this process's own is. `false` when it is too long.
///
/// # Safety
/// Before any hook runs.
pub(crate) unsafe fn prepare(variable: &[u8], path: &[u8], environ: usize) -> bool {
    if variable.len() >= TEXT_BYTES || PRELOAD_NAME.len() + path.len() >= TEXT_BYTES {
        return false;
    }
    let copy = |to: *mut u8, from: &[u8]| core::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len());
    copy((&raw mut VARIABLE).cast(), variable);
    copy((&raw mut PRELOAD).cast(), PRELOAD_NAME);
    copy((&raw mut PRELOAD).cast::<u8>().add(PRELOAD_NAME.len()), path);
    ENVIRON.store(environ, Ordering::Release);
    true
}

fn environ() -> List {
    let address = ENVIRON.load(Ordering::Acquire);
    // SAFETY: the C library's variable.
    if address == 0 { core::ptr::null() } else { unsafe { *(address as *const List) } }
}

unsafe fn text(address: *const u8) -> &'static [u8] {
    CStr::from_ptr(address.cast()).to_bytes()
}

/// Calls `run` with `variables` and ours.
unsafe fn with_ours(variables: List, run: impl FnOnce(List) -> usize) -> usize {
    let variable = text((&raw const VARIABLE).cast());
    let preload = text((&raw const PRELOAD).cast());
    let path = &preload[PRELOAD_NAME.len().min(preload.len())..];
    let mut count = 0;
    if !variables.is_null() {
        while !(*variables.add(count)).is_null() {
            count += 1;
        }
    }
    // After `chroot` the library may be out of reach, and the dynamic linker would complain to the terminal.
    if variable.is_empty() || !reachable(path) {
        return run(variables);
    }
    let mut few = [core::mem::MaybeUninit::<Text>::uninit(); FEW];
    let mut many = None;
    let list = if count + 3 <= FEW {
        few.as_mut_ptr().cast::<Text>()
    } else {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS;
        let bytes = (count + 3) * 8;
        match system::map(0, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) {
            Ok(address) => {
                many = Some((address, bytes));
                address as *mut Text
            }
            Err(_) => return run(variables),
        }
    };
    let name = &variable[..variable.iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1)];
    let mut merged = [core::mem::MaybeUninit::<u8>::uninit(); TEXT_BYTES];
    let mut has_preload = false;
    let mut length = 0;
    for at in 0..count {
        let entry = *variables.add(at);
        let value = text(entry.cast());
        if value.starts_with(name) {
            continue;
        }
        *list.add(length) = entry;
        if let Some(others) = value.strip_prefix(PRELOAD_NAME)
            && !has_preload
        {
            has_preload = true;
            if !has_entry(others, path) {
                match merge(value, path, merged.as_mut_ptr().cast()) {
                    Some(merged) => *list.add(length) = merged,
                    // Too long: not followed, but run as it is.
                    None => {
                        give_back(many);
                        return run(variables);
                    }
                }
            }
        }
        length += 1;
    }
    if !has_preload {
        *list.add(length) = preload.as_ptr().cast();
        length += 1;
    }
    *list.add(length) = variable.as_ptr().cast();
    *list.add(length + 1) = core::ptr::null();
    let result = run(list);
    give_back(many);
    result
}

unsafe fn give_back(many: Option<(usize, usize)>) {
    if let Some((address, bytes)) = many {
        system::unmap(address, bytes);
    }
}

/// Whether `path` is one of the libraries in `LD_PRELOAD`, which are separated by colons or spaces.
pub(crate) fn has_entry(value: &[u8], path: &[u8]) -> bool {
    value.split(|byte| matches!(byte, b':' | b' ')).any(|entry| entry == path)
}

/// `LD_PRELOAD=theirs:ours`.
unsafe fn merge(variable: &[u8], path: &[u8], to: *mut u8) -> Option<Text> {
    let length = variable.len();
    if length + path.len() + 2 > TEXT_BYTES {
        return None;
    }
    core::ptr::copy_nonoverlapping(variable.as_ptr(), to, length);
    // An empty one needs no colon; a trailing one would be an empty entry, which the linker passes over.
    let colon = usize::from(length > PRELOAD_NAME.len());
    *to.add(length) = b':';
    core::ptr::copy_nonoverlapping(path.as_ptr(), to.add(length + colon), path.len());
    *to.add(length + colon + path.len()) = 0;
    Some(to.cast())
}

unsafe fn reachable(path: &[u8]) -> bool {
    const AT_WORKING_DIRECTORY: usize = -100isize as usize;
    const READABLE: usize = 4;
    let arguments = [AT_WORKING_DIRECTORY, path.as_ptr() as usize, READABLE, 0, 0, 0];
    system::call(number::FACCESSAT, arguments).is_ok()
}

unsafe extern "C" fn execve(path: usize, arguments: usize, variables: List) -> usize {
    with_ours(variables, |list| table::call(Index::Execve, [path, arguments, list as usize, 0, 0, 0]))
}

unsafe extern "C" fn execv(path: usize, arguments: usize) -> usize {
    execve(path, arguments, environ())
}

unsafe extern "C" fn execvpe(file: usize, arguments: usize, variables: List) -> usize {
    with_ours(variables, |list| table::call(Index::Execvpe, [file, arguments, list as usize, 0, 0, 0]))
}

unsafe extern "C" fn execvp(file: usize, arguments: usize) -> usize {
    if original(Index::Execvpe) == 0 {
        return table::call(Index::Execvp, [file, arguments, 0, 0, 0, 0]);
    }
    execvpe(file, arguments, environ())
}

unsafe extern "C" fn execveat(
    fd: usize,
    path: usize,
    arguments: usize,
    variables: List,
    flags: usize,
) -> usize {
    with_ours(variables, |list| table::call(Index::Execveat, [fd, path, arguments, list as usize, flags, 0]))
}

unsafe extern "C" fn fexecve(fd: usize, arguments: usize, variables: List) -> usize {
    with_ours(variables, |list| table::call(Index::Fexecve, [fd, arguments, list as usize, 0, 0, 0]))
}

unsafe extern "C" fn execl(path: usize, arguments: List) -> usize {
    execve(path, arguments as usize, environ())
}

unsafe extern "C" fn execlp(file: usize, arguments: List) -> usize {
    execvp(file, arguments as usize)
}

/// The environment follows the null that ends the arguments.
unsafe extern "C" fn execle(path: usize, arguments: List) -> usize {
    let mut end = arguments;
    while !(*end).is_null() {
        end = end.add(1);
    }
    execve(path, arguments as usize, (*end.add(1)).cast())
}

unsafe extern "C" fn posix_spawn(
    pid: usize,
    path: usize,
    actions: usize,
    attributes: usize,
    arguments: usize,
    variables: List,
) -> usize {
    with_ours(variables, |list| {
        table::call(Index::PosixSpawn, [pid, path, actions, attributes, arguments, list as usize])
    })
}

unsafe extern "C" fn posix_spawnp(
    pid: usize,
    file: usize,
    actions: usize,
    attributes: usize,
    arguments: usize,
    variables: List,
) -> usize {
    with_ours(variables, |list| {
        table::call(Index::PosixSpawnp, [pid, file, actions, attributes, arguments, list as usize])
    })
}

/// These run `sh` from within the C library, with `environ` and through no slot of a table: the variable points to a list
/// with ours for as long as they take. A thread that reads its environment meanwhile may see them.
unsafe fn with_environ(run: impl FnOnce() -> usize) -> usize {
    let variable = ENVIRON.load(Ordering::Acquire) as *mut List;
    if variable.is_null() {
        return run();
    }
    let theirs = *variable;
    with_ours(theirs, |list| {
        *variable = list;
        let result = run();
        // `setenv` in another thread has made a new list by copying ours; then theirs are in it.
        if *variable == list {
            *variable = theirs;
        } else {
            restore(*variable, theirs);
        }
        result
    })
}

/// Puts a copy of a list of ours right: what we added goes, and what we changed, which lives on our stack, becomes theirs.
unsafe fn restore(list: List, theirs: List) {
    let list = list.cast_mut();
    let (mut from, mut to) = (0, 0);
    while !(*list.add(from)).is_null() {
        let mut entry = *list.add(from);
        from += 1;
        if entry == (&raw const VARIABLE).cast() || entry == (&raw const PRELOAD).cast() {
            continue;
        }
        if text(entry.cast()).starts_with(PRELOAD_NAME) {
            let mut at = 0;
            while !theirs.is_null() && !(*theirs.add(at)).is_null() {
                if text((*theirs.add(at)).cast()).starts_with(PRELOAD_NAME) {
                    entry = *theirs.add(at);
                    break;
                }
                at += 1;
            }
        }
        *list.add(to) = entry;
        to += 1;
    }
    *list.add(to) = core::ptr::null();
}

/// Takes our variables out of a list, in place.
///
/// # Safety
/// The list ends with a null, its texts end with zeros and may be written.
pub(crate) unsafe fn take_out(list: List) {
    let preload = text((&raw const PRELOAD).cast());
    let variable = text((&raw const VARIABLE).cast());
    let list = list.cast_mut();
    let (mut from, mut to) = (0, 0);
    while !(*list.add(from)).is_null() {
        let entry = *list.add(from);
        from += 1;
        let value = text(entry.cast());
        let is_ours = value == variable
            || value.starts_with(PRELOAD_NAME) && !take_path_out(entry.cast_mut().cast(), preload);
        if !is_ours {
            *list.add(to) = entry;
            to += 1;
        }
    }
    *list.add(to) = core::ptr::null();
}

/// Takes our library out of the text of `LD_PRELOAD`, in place. `false` when nothing else is in it.
unsafe fn take_path_out(entry: *mut u8, preload: &[u8]) -> bool {
    let path = &preload[PRELOAD_NAME.len().min(preload.len())..];
    loop {
        let value = text(entry);
        let list = value.get(PRELOAD_NAME.len()..).unwrap_or_default();
        if path.is_empty() || !has_entry(list, path) {
            return true;
        }
        if list == path {
            return false;
        }
        // With the separator behind it, or the one in front when it is the last.
        let mut at = 0;
        while !has_entry_at(list, path, at) {
            at += 1;
        }
        let end = at + path.len();
        let (from, to) = if end < list.len() { (end + 1, at) } else { (end, at - 1) };
        let list = entry.add(PRELOAD_NAME.len());
        core::ptr::copy(list.add(from), list.add(to), value.len() + 1 - PRELOAD_NAME.len() - from);
    }
}

/// Whether the entry that begins here is `path`.
fn has_entry_at(list: &[u8], path: &[u8], at: usize) -> bool {
    let separates = |at: usize| matches!(list.get(at), None | Some(b':' | b' '));
    (at == 0 || separates(at - 1))
        && list.get(at..).is_some_and(|rest| rest.starts_with(path))
        && separates(at + path.len())
}

unsafe extern "C" fn system(command: usize) -> usize {
    with_environ(|| table::call(Index::System, [command, 0, 0, 0, 0, 0]))
}

unsafe extern "C" fn popen(command: usize, mode: usize) -> usize {
    with_environ(|| table::call(Index::Popen, [command, mode, 0, 0, 0, 0]))
}
