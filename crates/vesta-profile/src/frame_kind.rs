//! Whose code a frame is.

/// Whose code a frame is: what tells the reader of a flame graph where to look first.
///
/// The order is that of preference when frames of several kinds become one node: the reader's own code before all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FrameKind {
    /// Code of the service itself: a source file that no package manager put where it is.
    Own,
    /// Code that a package manager brought.
    Library,
    /// What comes with the language.
    StandardLibrary,
    /// Native code below a managed language, or of a shared library.
    Native,
    /// The kernel of the operating system.
    Kernel,
    /// What the runtime does for itself: garbage collection, compilation, waiting for events.
    Runtime,
    /// Nothing that is known of the frame tells.
    #[default]
    Unknown,
}

impl FrameKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [FrameKind; 7] = [
        FrameKind::Own,
        FrameKind::Library,
        FrameKind::StandardLibrary,
        FrameKind::Native,
        FrameKind::Kernel,
        FrameKind::Runtime,
        FrameKind::Unknown,
    ];

    /// The number that stands for the kind outside of the program.
    pub fn code(self) -> u8 {
        match self {
            FrameKind::Own => 0,
            FrameKind::Library => 1,
            FrameKind::StandardLibrary => 2,
            FrameKind::Native => 3,
            FrameKind::Kernel => 4,
            FrameKind::Runtime => 5,
            FrameKind::Unknown => 6,
        }
    }
}
