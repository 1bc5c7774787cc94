//! What an address stands for.

/// One function an address is in. An address in inlined code is in several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// The name as a person writes it.
    pub function: String,
    /// The name as the linker knows it, when it differs.
    pub system_name: String,
    /// The source file; empty when unknown.
    pub file: String,
    /// The line within the file; 0 when unknown.
    pub line: u32,
    /// The line where the function starts; 0 when unknown.
    pub start_line: u32,
    /// Whether the compiler put this function into the next one.
    pub inlined: bool,
}

impl Symbol {
    /// A function known by the name the linker has for it, and nothing else.
    pub(crate) fn from_system_name(name: &str) -> Self {
        let function = crate::demangle(name).into_owned();
        let system_name = if function == name { String::new() } else { name.to_owned() };
        Self { function, system_name, ..Self::default() }
    }

    /// Takes the linker's name where debug information has none (assembly), or one without its scope: of a function in
    /// an anonymous namespace or of a lambda it knows `operator()` only. Also where a library defines a function under an
    /// internal name and exports it under another: `free` says more than `__GI___libc_free`.
    pub(crate) fn complete(&mut self, name: &str) {
        let nameless = self.function.is_empty();
        if !nameless && !self.system_name.is_empty() {
            return;
        }
        let demangled = crate::demangle(name);
        let is_internal = self.function.starts_with("__") && !name.starts_with('_');
        if nameless || is_internal || (demangled != name && demangled.contains(&self.function)) {
            self.system_name = if demangled == name { String::new() } else { name.to_owned() };
            self.function = demangled.into_owned();
        }
    }
}
