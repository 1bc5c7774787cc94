//! The log: every upload as it came, in the order of profile ids.
//!
//! A log is a folder of segments, `log/<id of its first profile>.vlog`. A segment is records, back to back. Segments
//! are only ever appended to, by one thread ([`writer`]); once a new one has begun, the old one never changes until
//! it is deleted as a whole.

pub(crate) mod reader;
pub(crate) mod record;
pub(crate) mod segment;
pub(crate) mod writer;
