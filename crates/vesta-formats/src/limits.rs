//! How much a decoder may take.

/// Bounds on what one file may make a decoder do. The defaults hold several times what the biggest known client
/// sends (libdatadog caps a compressed pprof at 16 MiB, some five times that uncompressed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, after decompression. Default 256 MiB.
    pub max_bytes: usize,
    /// Bytes that the profile and the decoder's tables may take, roughly, besides the file itself.
    /// Default 512 MiB.
    pub max_memory: usize,
    /// Samples. Default 8,388,608.
    pub max_samples: usize,
    /// Value types. Default 64; libdatadog knows 40, of which Python uses 19 at once.
    pub max_value_types: usize,
    /// Frames of one stack; deeper ones keep their leaf end. Default 4,096.
    pub max_stack_depth: usize,
    /// Labels of one sample; further ones are left out. Default 128.
    pub max_labels_per_sample: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_bytes: 256 << 20,
            max_memory: 512 << 20,
            max_samples: 8 << 20,
            max_value_types: 64,
            max_stack_depth: 4096,
            max_labels_per_sample: 128,
        }
    }
}
