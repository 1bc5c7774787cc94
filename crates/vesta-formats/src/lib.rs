//! vesta-formats
