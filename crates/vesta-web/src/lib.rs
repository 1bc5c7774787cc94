//! vesta-web
