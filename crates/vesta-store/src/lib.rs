//! vesta-store
