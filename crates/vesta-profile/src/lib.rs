//! The data model of Vesta: what a profile is, with no opinion on where it came from or where it is kept.
//!
//! # Problem
//!
//! Every profiler has its own file format and its own names for the same thing. Everything after decoding
//! (storage, search, flame graphs, comparison) wants one shape that is small in memory and quick to walk.
//!
//! # Design
//!
//! A [`Profile`] is columnar and interned. Strings, frames, stacks and label sets are stored once each and named by
//! small ids; samples are parallel columns of those ids and of values, one value column per [`ValueType`].
//! Ids are meaningful only within the profile (or table) that made them. Names that must hold across profiles are
//! content hashes, see [`ContentHash`].
//!
//! What is asked of samples is a [`FlameTree`]: stacks merged from the root, each node with its own value and the
//! total below it. A [`FunctionTable`] says what counts as one function, and keeps strings of its own, so that trees
//! of different profiles compare by content ([`DiffTree`]). Whatever [`FlameTree::prune`] leaves out stays in the
//! tree as `(other)`: the root's total never changes. Trees can be hundreds of thousands of nodes deep, so nothing
//! here recurses. Sums stop at the ends of `i64` instead of wrapping.
//!
//! Whose code a function is (the service's own, a library's, the kernel's, ...) follows from names and paths, and from
//! what processes tell of their [`Libraries`]; see [`Origin`].
//!
//! # Non-goals
//!
//! No I/O, no serialization, no clock, no threads, no async. Formats live in `vesta-formats`.
//!
//! ```
//! use vesta_profile::{FlameTree, Frame, FunctionTable, Granularity, Profile, Sample, ValueType};
//!
//! let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
//! let main = profile.strings.intern("main");
//! let frame = profile.frames.intern(Frame { function: main, ..Frame::default() });
//! let stack = profile.stacks.intern(&[frame]);
//! profile.samples.push(Sample { stack, values: &[10_000_000], ..Sample::default() });
//!
//! let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
//! let values = profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
//! let tree = FlameTree::from_stacks(&functions, &profile.stacks, values);
//! assert_eq!(tree.total(), profile.samples.total(0));
//! assert_eq!(functions.name(tree.functions()[1]), "main");
//! ```

pub mod significance;

mod content_hash;
mod frame;
mod label;
mod mapping;
mod profile;
mod sample;
mod stack;
mod strings;
mod trace_id;
mod value_type;

mod aggregate;
mod counters;
mod filter;
mod merge;

mod call_graph;
mod diff;
mod frame_kind;
mod granularity;
mod libraries;
mod origin;
mod pattern;
mod sandwich;
mod timeline;
mod top;
mod transform;
mod tree;

pub use aggregate::{Aggregated, AggregatedColumn, DroppedKey, aggregate, aggregate_samples};
pub use call_graph::{CallEdge, CallGraph};
pub use content_hash::{ContentHash, frame_hashes, stack_hashes};
pub use counters::{Counters, Reading, Since};
pub use diff::{DiffColumns, DiffSide, DiffTree, FunctionChange, FunctionSide, PrunedDiff};
pub use filter::{FrameFilter, LabelFilter, LabelMatch, Selection};
pub use frame::{Frame, FrameId, FrameTable};
pub use frame_kind::FrameKind;
pub use granularity::{Function, FunctionId, FunctionTable, Granularity};
pub use label::{Label, LabelSetId, LabelSetTable, LabelValue};
pub use libraries::{Libraries, Library};
pub use mapping::{Mapping, MappingTable};
pub use origin::Origin;
pub use pattern::FunctionPattern;
pub use profile::{Period, Profile};
pub use sample::{Sample, SampleTable};
pub use sandwich::Sandwich;
pub use stack::{StackId, StackTable};
pub use strings::{StringId, StringTable};
pub use timeline::{Event, Lane, LaneKind, State, Timeline, TimelineOptions, timeline};
pub use top::{TopBy, TopFunction, top};
pub use trace_id::low_64_bits;
pub use transform::Transform;
pub use tree::{FlameTree, Pruned};
pub use value_type::{CanonicalType, Kind, Unit, ValueType};
