//! vesta-server
