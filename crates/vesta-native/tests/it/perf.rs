//! The sampler on real programs: as root, and as a user with no rights.

mod decode;
mod events;
mod grammar;
mod off_cpu;
mod program;
mod unprivileged;
