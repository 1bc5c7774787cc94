//! How much an upload may be.

/// Bounds on one upload. Passing one of the first three (or [`Limits::json`] with the event) is an error; passing one
/// of the others is a problem of the part that passed it, and the rest of the upload is kept.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the whole body. Client libraries cap their largest attachment at 16 MiB.
    pub body: usize,
    /// Parts of the body. Clients send fewer than ten.
    pub parts: usize,
    /// Bytes of the headers of one part.
    pub part_headers: usize,
    /// Bytes of one JSON part, after decompression.
    pub json: usize,
    /// Tags of one upload.
    pub tags: usize,
    /// Bytes of all attachments together, after decompression.
    pub decompressed: usize,
    /// Problems that are kept word for word; those after them are counted.
    pub problems: usize,
    /// What decoding one profile may take; its memory is for all profiles of an upload together.
    pub formats: vesta_formats::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 64 << 20,
            parts: 1_000,
            part_headers: 16 << 10,
            json: 8 << 20,
            tags: 1_000,
            decompressed: 512 << 20,
            problems: 100,
            formats: vesta_formats::Limits::default(),
        }
    }
}
