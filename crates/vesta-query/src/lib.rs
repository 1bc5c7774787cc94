//! vesta-query
