//! What must hold for the workspace as a whole.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod architecture;
