//! The preload library: what runs when it is loaded.
#![expect(unsafe_op_in_unsafe_fn, reason = "runs before anything else, on raw memory")]

use crate::architecture::number;
use crate::install::{self, Plan};
use crate::layout::{self, Control, DETAIL_EXEC, Hello, MAGIC, Mapping, SocketAddress, VARIABLE, Welcome};
use crate::{exec, objects, system, writer};
use core::ffi::{CStr, c_char};

/// Nothing in here panics, but the language asks what would happen: the thread stops where it is.
#[cfg(vesta_preload)]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}

#[cfg(vesta_preload)]
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: unsafe extern "C" fn(i32, usize, *const *const c_char) = constructor;

/// Found by the in-process hooks, which then keep out.
#[cfg(vesta_preload)]
#[unsafe(no_mangle)]
pub static vesta_hooks_preloaded: u32 = 1;

/// Where the listener is, for children in other pid namespaces.
static mut NAME: [u8; 32] = [0; 32];
static mut TOKEN: [u8; 32] = [0; 32];

unsafe extern "C" fn constructor(_: i32, _: usize, variables: *const *const c_char) {
    let environ = objects::find(b"environ").unwrap_or(0);
    let mut list = if environ == 0 { core::ptr::null() } else { *(environ as *const *const *const c_char) };
    if list.is_null() && objects::find(b"gnu_get_libc_version").is_some() {
        // glibc passes the environment to constructors, but may not have set its variable yet; musl does the opposite.
        list = variables;
    }
    if list.is_null() {
        return;
    }
    let mut at = 0;
    let value = loop {
        let entry = *list.add(at);
        if entry.is_null() {
            return;
        }
        let entry = CStr::from_ptr(entry).to_bytes();
        if let Some([b'=', value @ ..]) = entry.strip_prefix(VARIABLE.as_bytes()) {
            break value;
        }
        at += 1;
    };
    let variable = CStr::from_ptr(*list.add(at)).to_bytes();
    // name:token:path
    if value.len() < 67 || value[32] != b':' || value[65] != b':' {
        return;
    }
    core::ptr::copy_nonoverlapping(value.as_ptr(), (&raw mut NAME).cast(), 32);
    core::ptr::copy_nonoverlapping(value.as_ptr().add(33), (&raw mut TOKEN).cast(), 32);
    let followed = exec::prepare(variable, &value[66..], environ);
    if followed {
        exec::take_out(list);
    }
    let Some((welcome, fd)) = greet() else { return };
    let options = welcome.options.clamped();
    let mapping = Mapping::new(fd, options.ring_bytes);
    system::close(fd);
    let Ok(mapping) = mapping else { return };
    writer::attach(&mapping);
    let plan = Plan {
        options,
        outer_pid: welcome.pid,
        cause: DETAIL_EXEC,
        exec: followed,
        skip_own_object: true,
        ask: Some(ask),
    };
    install::install(&plan);
}

fn ask() -> Option<u32> {
    // SAFETY: the descriptor is ours.
    unsafe {
        let (welcome, fd) = greet()?;
        system::close(fd);
        Some(welcome.pid)
    }
}

/// Asks the listener for the ring. Takes at most some seconds, and nothing when the listener is gone.
unsafe fn greet() -> Option<(Welcome, i32)> {
    const CLOSE_ON_EXEC: usize = 0o2_000_000;
    let socket = system::call(number::SOCKET, [1, 1 | CLOSE_ON_EXEC, 0, 0, 0, 0]).ok()?;
    let answer = greet_through(socket);
    system::close(socket as i32);
    answer
}

unsafe fn greet_through(socket: usize) -> Option<(Welcome, i32)> {
    const SOCKET_LEVEL: usize = 1;
    const RECEIVE_TIMEOUT: usize = 20;
    const SEND_TIMEOUT: usize = 21;
    const NO_SIGNAL: usize = 0x4000;
    let time = [2u64, 0];
    for option in [RECEIVE_TIMEOUT, SEND_TIMEOUT] {
        let address = (&raw const time) as usize;
        system::call(number::SETSOCKOPT, [socket, SOCKET_LEVEL, option, address, 16, 0]).ok()?;
    }
    let name = SocketAddress::new(NAME);
    let arguments = [socket, (&raw const name) as usize, SocketAddress::LENGTH, 0, 0, 0];
    system::call(number::CONNECT, arguments).ok()?;
    let hello = Hello { magic: MAGIC, token: TOKEN, pid: system::process_id(), padding: 0 };
    let bytes = size_of::<Hello>();
    let sent =
        system::call(number::SENDTO, [socket, (&raw const hello) as usize, bytes, NO_SIGNAL, 0, 0]).ok()?;
    if sent != bytes {
        return None;
    }
    let mut welcome = core::mem::MaybeUninit::<Welcome>::zeroed();
    let mut control = Control::new(-1);
    let address = welcome.as_mut_ptr() as usize;
    let received = layout::message(true, socket as i32, address, size_of::<Welcome>(), &mut control).ok()?;
    let fd = control.fd().filter(|fd| *fd >= 0)?;
    let welcome = welcome.assume_init();
    if received != size_of::<Welcome>() || welcome.magic != MAGIC {
        system::close(fd);
        return None;
    }
    Some((welcome, fd))
}
