//! The half of the native profiler that runs inside the profiled process: allocation and lock hooks, and the ring they
//! write to; and the other end of that ring.
//!
//! # Problem
//!
//! A kernel can tell where a program computes, but not where it allocates: a probe on every `malloc` makes it a hundred
//! times slower. So the program itself has to choose the few allocations that are worth a look, in nanoseconds, without
//! being changed, and without ever being harmed by it.
//!
//! # Design
//!
//! - One crate, built twice. As a library for Rust it is the reader ([`Listener`], [`Ring`]) and the hooks for the process
//!   it is linked into ([`start`], [`stop`]). The build script compiles the same files once more without std and without any
//!   other library, as [`PRELOAD_LIBRARY`], which loads into programs of glibc and musl alike.
//! - Hooks are put into the tables through which loaded objects call each other. What a program calls within itself (an
//!   allocator that is linked statically, inlined atomics, Rust's own locks, which are futexes) is not seen.
//! - Allocations are sampled as a Poisson process over bytes: each byte is as likely as any other, with a mean of
//!   [`Options::allocation_interval_bytes`] between samples. An allocation is taken with probability p = 1 - exp(-size /
//!   interval), and stands for 1 / p of its size, so that sums are right whatever the sizes.
//! - Lock waits beyond [`Options::lock_threshold_ns`] are all taken; shorter ones likewise with p = 1 - exp(-wait / threshold).
//! - A sample is the caller's registers and a copy of its stack. Nobody waits: when the ring is full, what does not fit is
//!   counted as [`Lost`].
//! - No hook allocates, takes a lock that a signal, `fork` or a killed thread could leave held, changes `errno`, or leaves
//!   a frame on a stack.
//!
//! # Non-goals
//!
//! Unwinding and symbols. Programs without a dynamic linker. `pthread_cond_wait`: waiting for work is no contention.
//! Programs with an address sanitizer refuse to start with any preloaded library, and 32-bit ones complain of it.
//!
//! ```no_run
//! use vesta_hooks::{Event, Listener, Options};
//!
//! let (listener, mut ring) = Listener::bind(&Options::default())?;
//! let preload = std::env::var_os("LD_PRELOAD");
//! std::process::Command::new("ls").envs(listener.environment(preload.as_deref())).status()?;
//! ring.drain(u64::MAX, usize::MAX, &mut |event| {
//!     if let Event::Allocation(allocation) = event {
//!         println!("{} bytes at {:x}", allocation.weight_bytes(), allocation.place.registers[16]);
//!     }
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(vesta_preload, no_std)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "addresses, sizes and results of system calls change type all the time, and are 64 bits wide everywhere"
)]

#[cfg(not(all(
    target_os = "linux",
    target_endian = "little",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("hooks exist for Linux on x86-64 and aarch64");

mod allocation;
mod architecture;
#[cfg(not(vesta_preload))]
mod event;
mod exec;
#[cfg(not(vesta_preload))]
mod in_process;
mod install;
mod layout;
#[cfg(not(vesta_preload))]
mod listener;
mod live;
mod locks;
mod math;
mod objects;
mod options;
#[cfg_attr(
    not(vesta_preload),
    expect(dead_code, reason = "checked with the rest, used by the preload library alone")
)]
mod preload;
mod process;
#[cfg(not(vesta_preload))]
mod ring;
mod sampling;
mod system;
mod table;
mod thread;
mod writer;

pub use architecture::REGISTERS;
#[cfg(not(vesta_preload))]
pub use event::{
    Allocation, AllocationKind, Event, Free, LockKind, LockWait, Lost, Place, ProcessStart, StartCause,
};
#[cfg(not(vesta_preload))]
pub use in_process::{StartError, exclude_current_thread, is_active, start, stop};
#[cfg(not(vesta_preload))]
pub use listener::{ListenError, Listener, PRELOAD_LIBRARY};
pub use options::Options;
#[cfg(not(vesta_preload))]
pub use ring::Ring;
