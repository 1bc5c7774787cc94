//! Addresses of native code to functions, files and lines.
//!
//! # Problem
//!
//! A native profiler sees addresses. What they mean is in the executable, next to it, in a folder of debug information,
//! on a server, in a table of Go's runtime, or in a file that a JIT compiler writes while it runs; and often only in
//! part of those.
//!
//! # Design constraints
//!
//! - All of it belongs to somebody else: to the profiled program, to a container, to an upload. Nothing here panics,
//!   maps a file, or takes more memory than the limits say. What cannot be read is left out and named in a [`Problem`].
//! - A [`Symbolizer`] is for one module, holds no file open, and is dropped as a whole; [`Symbolizer::heap_size`] says
//!   what that gives back.
//! - [`look_up`] is for few addresses of a large module, and reads what these need.
//! - Addresses are those the file states (`bias_of_mapping` leads there from those of a process), and the same address
//!   always gives the same answer, whatever was asked before.
//! - A [`symbol_file`] answers as the symbolizer it is made of, without debug information at hand.
//!
//! # Non-goals
//!
//! Walking stacks (`vesta-unwind`), knowing which modules a process has (`vesta-native`), the network: whoever wants
//! debuginfod passes a [`Fetch`]. 32-bit and big-endian machines.
//!
//! ```
//! use std::fs::File;
//! use vesta_symbols::{ElfFile, Search, Symbolizer};
//!
//! let path = std::env::current_exe()?;
//! let elf = ElfFile::open(File::open(&path)?)?;
//! let address = elf.segments().iter().find(|segment| segment.executable).map(|segment| segment.address);
//! let search = Search { path, ..Search::default() };
//! let symbolizer = Symbolizer::load(elf, &search);
//! let mut symbols = Vec::new();
//! symbolizer.resolve(address.unwrap_or(0), &mut symbols);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod code_map;
mod debug_info;
mod demangle;
mod elf;
mod go;
mod jit_dump;
mod jit_name;
mod little_endian;
mod mini_debug_info;
mod perf_map;
mod plt;
mod problem;
mod rooted;
mod search;
mod symbol;
pub mod symbol_file;
mod symbolizer;
mod table;
mod wanted;

pub use demangle::demangle;
pub use elf::{
    BuildIdKind, ElfError, ElfFile, Machine, SectionData, Segment, UnwindSections, address_of_offset,
    bias_of_mapping,
};
pub use jit_dump::JitDump;
pub use perf_map::PerfMap;
pub use problem::Problem;
pub use search::{Fetch, Search};
pub use symbol::Symbol;
pub use symbol_file::SymbolFile;
pub use symbolizer::{Symbolizer, look_up};
