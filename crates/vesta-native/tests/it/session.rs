//! Sessions on real programs with known shares.

mod cpu;
mod heap;
mod memory;
mod processes;
mod program;
mod unprivileged;
mod waits;
