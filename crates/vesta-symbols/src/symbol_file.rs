//! Symbol files: what a [`Symbolizer`](crate::Symbolizer) knows, in a form that a server keeps by build id and asks
//! without the executable or its debug information.
//!
//! # Format
//!
//! Numbers are little-endian and without a sign; all but those marked have 32 bits. Not compressed: who stores it does
//! that, and the tables suit it. Tables follow each other without gaps, and the file ends with the last.
//!
//! | part | content |
//! | --- | --- |
//! | header | `VESTASYM`, version (1), bytes of build id, counts of segments, rows, places, functions and strings, bytes of text, address of the first row (64 bits) |
//! | segments | offset in the file, bytes in the file, address, bytes in memory, 1 if executable (all 64 bits) |
//! | row starts | first address of each row, from that of the first row; ascending |
//! | row places | place of each row; all ones where there is no function |
//! | places | place of the call when inlined (a smaller number; all ones otherwise), function, string of file, line |
//! | functions | string of name, string of linker's name, start line |
//! | string ends | where in the text each string ends; it starts where the one before ends |
//! | build id | hexadecimal digits |
//! | text | UTF-8 |
//!
//! A row holds up to the next. Its place is the innermost function; the calls lead outwards. Number 0 is the empty
//! string.

mod decode;
mod encode;

pub use decode::{SymbolFile, SymbolFileError};
pub use encode::encode;

const MAGIC: &[u8; 8] = b"VESTASYM";
const VERSION: u32 = 1;
/// Magic, eight numbers, an address.
const HEADER: usize = 8 + 8 * 4 + 8;
const SEGMENT: usize = 5 * 8;
const PLACE: usize = 4 * 4;
const FUNCTION: usize = 3 * 4;
/// No place.
const NONE: u32 = u32::MAX;
