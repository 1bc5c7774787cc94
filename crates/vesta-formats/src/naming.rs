//! Names for frames, in formats whose frames are names.

use vesta_profile::{FrameId, Profile};

/// The function; else where it is, as on the page.
pub(crate) fn frame_name(profile: &Profile, id: FrameId) -> String {
    let frame = profile.frames.get(id);
    let text = |id| profile.strings.get(id);
    match (text(frame.function), text(frame.module), text(frame.file)) {
        ("", "", "") if frame.address == 0 => "[unknown]".to_owned(),
        ("", "", "") => format!("{:#x}", frame.address),
        ("", "", file) => file.to_owned(),
        // As on the page: by the name of the file alone.
        ("", module, _) => match (module.rsplit(['/', '\\']).next().unwrap_or_default(), frame.address) {
            (base, 0) => format!("[{base}]"),
            (base, address) => format!("{base}+{address:#x}"),
        },
        (function, ..) => function.to_owned(),
    }
}
