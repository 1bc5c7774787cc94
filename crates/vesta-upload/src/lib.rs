//! vesta-upload
