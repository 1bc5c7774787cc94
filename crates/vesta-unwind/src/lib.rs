//! Native stacks from a copy of registers and stack: call frame information, frame pointers, Go's tables, and where there
//! is none of them, the code.
//!
//! # Problem
//!
//! A sampler of the kernel hands out the registers of a thread and the first kilobytes of its stack. Which functions
//! were active is in there, but only for one who knows, for each address, where the function keeps the return address:
//! compilers omit frame pointers and say so in `.eh_frame`, Go says it in tables of its own, code made at run time keeps
//! frame pointers, and hand-written assembly says nothing. One stack mixes them all.
//!
//! # Design constraints
//!
//! - Bytes in, addresses out: no files, no clock, no threads, no `unsafe`. Tables are shared between processes.
//! - Tables, registers and stacks are hostile. An unwind takes at most `max_frames` steps, each bounded, and says how it
//!   ended ([`End`]); a table takes a bounded amount of memory however often it is asked.
//! - Where no table speaks of a function, its code says how the stack is left (x86-64). It is read where such functions
//!   are many: the C library of musl has no tables at all.
//! - A frame is found in the cost of a cache hit: functions are decoded once, on first use, into rows of 24 bytes, and
//!   [`Unwinder`] remembers the row of each address.
//!
//! # Non-goals
//!
//! Names of addresses (`vesta-symbols`), and where bytes come from (`vesta-native`).
//!
//! ```
//! use vesta_unwind::{AddressSpace, End, Mapping, MappingKind, Registers, Stack, Unwinder};
//!
//! // Code without tables, at 0x1000 to 0x2000, keeps frame pointers: each frame is (caller's frame, return address).
//! let mut space = AddressSpace::new();
//! space.insert(Mapping { range: 0x1000..0x2000, bias: 0, info: None, kind: MappingKind::Jit });
//! let words: [u64; 4] = [0x8010, 0x1234, 0, 0x1456];
//! let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
//! let mut registers = Registers::partial(0x1100, 0x8000);
//! registers.set_fp(0x8000);
//!
//! let mut frames = Vec::new();
//! let stack = Stack { start: 0x8000, bytes: &bytes };
//! let end = Unwinder::new().unwind(&space, &registers, &stack, 128, &mut frames);
//! assert_eq!(frames, [0x1100, 0x1233, 0x1455]);
//! assert_eq!(end, End::Root);
//! ```

mod arch;
mod cfi;
mod expression;
mod gopclntab;
mod info;
mod registers;
mod rule;
mod space;
mod stack;
mod unwinder;

pub use info::{Section, Sections, UnwindInfo};
pub use registers::Registers;
pub use space::{AddressSpace, Mapping, MappingKind};
pub use stack::Stack;
pub use unwinder::{End, Unwinder, Why};
