//! What differs between processors: registers, system calls, thread-local storage, and the first instructions of hooks.
//!
//! Hooks begin in assembly for three reasons. What an allocation costs while nothing is sampled is then four
//! instructions and a jump, with no frame: the allocator returns straight to the program. The registers of the caller
//! are at hand, so that no frame of ours is in any stack. And C++ exceptions and thread cancellation pass, since there
//! is nothing of Rust to pass through.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::REGISTERS;
#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::REGISTERS;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;
