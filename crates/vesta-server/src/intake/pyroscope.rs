//! Uploads of Pyroscope's clients, in both of their protocols: `/ingest`, where the URL says what the body is, and the
//! call `push.v1.PusherService/Push`, where labels do. Each profile becomes an upload of its own.

mod ingest;
mod labels;
mod name;
mod push;

pub(crate) use ingest::ingest;
pub(crate) use push::push;
