//! Lines of frames: an address, a function with its offset, and the file in parentheses.

use crate::builder::{Builder, LimitError};
use vesta_profile::{Frame, FrameId, StringId};

/// The frames of one sample, leaf first.
#[derive(Default)]
pub(super) struct Frames(Vec<Frame>);

impl Frames {
    /// Reads a line below a sample. False if it is none of a frame.
    pub(super) fn read(&mut self, line: &str, builder: &mut Builder<'_>) -> Result<bool, LimitError> {
        let line = line.trim();
        if let Some(parts) = Parts::read(line) {
            let frame = parts.frame(builder)?;
            // Frames beyond what a stack may have are cut off; one more tells that there were some.
            if self.0.len() <= builder.max_stack_depth() {
                self.0.push(frame);
            }
            return Ok(true);
        }
        // With `-F +srcline`, the place in the source is in the next line.
        if let Some((file, number)) = line.rsplit_once(':')
            && let Ok(number) = number.parse::<u32>()
            && let Some(frame) = self.0.last_mut()
        {
            frame.file = builder.text(file)?;
            frame.line = number;
            return Ok(true);
        }
        // Where there is none, perf prints `libc.so.6[27249]`.
        let address =
            line.strip_suffix(']').and_then(|line| line.rsplit_once('[')).map(|(_, address)| address);
        Ok(!self.0.is_empty() && address.is_some_and(|address| u64::from_str_radix(address, 16).is_ok()))
    }

    /// The frames, leaf first; none are left.
    pub(super) fn finish(
        &mut self,
        into: &mut Vec<FrameId>,
        builder: &mut Builder<'_>,
    ) -> Result<(), LimitError> {
        into.clear();
        // Code that was put into its caller has no file of its own: it is in that of the caller, the next line.
        let mut module = StringId::EMPTY;
        for frame in self.0.iter_mut().rev() {
            match frame.inlined {
                true => frame.module = module,
                false => module = frame.module,
            }
        }
        for frame in self.0.drain(..) {
            into.push(builder.frame(frame)?);
        }
        Ok(())
    }
}

/// Whether a text is a frame, and can hardly be something else.
pub(super) fn is_frame(text: &str) -> bool {
    Parts::read(text).is_some()
}

struct Parts<'a> {
    address: u64,
    function: &'a str,
    module: &'a str,
    is_inlined: bool,
    /// The place in the file, where perf prints it (`-F +dsoff`).
    offset: Option<u64>,
}

impl<'a> Parts<'a> {
    fn read(line: &'a str) -> Option<Parts<'a>> {
        let (address, rest) = line.split_once(' ').unwrap_or((line, ""));
        let is_address = address.len() <= 16 && address.bytes().all(|byte| byte.is_ascii_hexdigit());
        let address = u64::from_str_radix(address, 16).ok().filter(|_| is_address)?;
        let rest = rest.trim();
        let (function, module) = split_module(rest);
        let is_inlined = module == "inlined";
        let (module, offset) = match module.rsplit_once("+0x") {
            Some((name, offset)) => match u64::from_str_radix(offset, 16) {
                Ok(offset) => (name, Some(offset)),
                Err(_) => (module, None),
            },
            None => (module, None),
        };
        Some(Parts { address, function: without_offset(function), module, is_inlined, offset })
    }

    fn frame(&self, builder: &mut Builder<'_>) -> Result<Frame, LimitError> {
        let is_known = |text: &str| !matches!(text, "" | "[unknown]" | "inlined" | "unknown");
        let function = if is_known(self.function) { self.function } else { "" };
        let module = if is_known(self.module) { self.module } else { "" };
        Ok(Frame {
            function: builder.text(function)?,
            module: builder.text(module)?,
            address: if function.is_empty() { self.offset.unwrap_or(self.address) } else { 0 },
            inlined: self.is_inlined,
            ..Frame::default()
        })
    }
}

/// A function, and what is in the parentheses at the end, which has parentheses itself for files that are deleted.
fn split_module(text: &str) -> (&str, &str) {
    let Some(inner) = text.strip_suffix(')') else { return (text, "") };
    let mut depth = 1_usize;
    for (at, byte) in inner.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            // Without a blank before it, it is the end of the function: `operator()` with no file.
            return match inner[..at].strip_suffix(' ') {
                Some(function) => (function.trim_end(), &inner[at + 1..]),
                None if at == 0 => ("", &inner[1..]),
                None => (text, ""),
            };
        }
    }
    (text, "")
}

fn without_offset(function: &str) -> &str {
    match function.rsplit_once("+0x") {
        Some((name, offset)) if !offset.is_empty() && offset.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            name
        }
        _ => function,
    }
}
