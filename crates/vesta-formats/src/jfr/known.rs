//! How to read the constants that every recording has.

use super::metadata::{TypeIndex, Types};
use super::program::Program;

/// Programs for the types that the JDK, native images and async-profiler alike use for stacks and threads.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) strings: Option<TypeIndex>,
    /// `truncated`, `frames`.
    pub(super) stack_trace: KnownType,
    /// `method`, `lineNumber`, `bytecodeIndex`, `type`.
    pub(super) stack_frame: KnownType,
    /// `type`, `name`, `descriptor`, `hidden`.
    pub(super) method: KnownType,
    /// `name`.
    pub(super) class: KnownType,
    /// `osName`, `osThreadId`, `javaName`, `javaThreadId`, `group`, `virtual`.
    pub(super) thread: KnownType,
    /// `name`.
    pub(super) thread_group: KnownType,
}

/// A type that may be in the chunk, and how to read it.
#[derive(Debug)]
pub(super) struct KnownType {
    pub(super) type_index: Option<TypeIndex>,
    pub(super) program: Program,
}

impl Known {
    pub(super) fn new(types: &Types) -> Self {
        let known = |name: &str, paths: &[&str]| {
            let type_index = types.index_of_name(name);
            let program = type_index.map(|index| Program::whole(types, index, paths)).unwrap_or_default();
            KnownType { type_index, program }
        };
        let thread = ["osName", "osThreadId", "javaName", "javaThreadId", "group", "virtual"];
        Known {
            strings: types.index_of_name("java.lang.String"),
            stack_trace: known("jdk.types.StackTrace", &["truncated", "frames"]),
            stack_frame: known("jdk.types.StackFrame", &["method", "lineNumber", "bytecodeIndex", "type"]),
            method: known("jdk.types.Method", &["type", "name", "descriptor", "hidden"]),
            class: known("java.lang.Class", &["name"]),
            thread: known("java.lang.Thread", &thread),
            thread_group: known("jdk.types.ThreadGroup", &["name"]),
        }
    }
}
