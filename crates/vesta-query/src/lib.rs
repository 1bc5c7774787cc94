//! Questions about profiles: which there are, how much they use, and where it goes.
//!
//! # Problem
//!
//! Somebody looks at a page and waits. They search among a million profiles, see what tags there are to narrow the
//! search with, and want one flame graph over everything that is left, whether that is one profile or a day of a
//! fleet. Numbers have to add up exactly, and no question may bring the server down.
//!
//! # Design
//!
//! - **A question is two scans.** The first goes over the table of profiles and finds those in scope; terms are
//!   tried once per distinct value of a column, not once per row. The second goes over the samples of those
//!   profiles and adds them up by stack. If the scope is made of whole services, the second scan does not even
//!   look at profile ids.
//! - **DataFusion reads, prunes and aggregates**; what stacks look like is asked of the store afterwards, once per
//!   stack, and the tree is built outside of the engine, which measured faster than an aggregate function.
//! - **Snapshot types are never summed over time.** Of every process (by runtime id, else service and host) the latest
//!   profile in scope with such values counts, and processes are summed.
//! - **Every answer says what stands behind it** ([`Basis`]), and what was left out of it.
//! - **Everything is bounded** ([`Limits`]): profiles and stacks per question, questions at a time, and time.
//!
//! # Non-goals
//!
//! No HTTP and no JSON (`vesta-server`), no storage (`vesta-store`), no arithmetic on trees (`vesta-profile`).
//!
//! ```no_run
//! # async fn example(store: std::sync::Arc<vesta_store::Store>, now: vesta_store::Timestamp) -> Result<(), vesta_query::QueryError> {
//! use vesta_query::{Engine, FlameGraphOptions, SampleScope, Scope, time};
//!
//! let engine = Engine::new(store);
//! let scope = Scope::parse("service:web -version:1.0.*", time::parse_range("now-1h", "now", now)?)?;
//! let graph = engine.flame_graph(&SampleScope::new(scope, "cpu-time"), &FlameGraphOptions::default()).await?;
//! println!("{} ns in {} profiles", graph.total, graph.basis.profiles);
//! # Ok(())
//! # }
//! ```

pub mod scope;
pub mod time;

mod dimension;
mod error;
mod focus;
mod question;

mod engine;

mod profile_detail;
mod profile_list;

mod facets;
mod measure;
mod measures;
mod series;
mod table;
mod tag_keys;
mod tag_sets;
mod type_series;
mod types;

mod breakdown;
mod call_graph;
mod compare;
mod export;
mod flame_graph;
mod labels;
mod missing_symbols;
mod profile_totals;
mod raw;
mod sandwich;
mod spans;
mod timeline;
mod top;

mod column;
mod extent;
mod matcher;
mod measure_values;
mod names;
mod profile_rows;
mod profile_scan;
mod provenance;
mod selection;
mod stack_sums;
mod transformed_sums;
mod value_sums;

pub use breakdown::{Breakdown, BreakdownOptions, BreakdownOther, BreakdownRow};
pub use call_graph::{CallGraphOptions, ScopeCallGraph};
pub use compare::{CompareOptions, ComparedSide, Comparison, Evidence};
pub use dimension::Dimension;
pub use engine::{Engine, Limits};
pub use error::QueryError;
pub use export::Export;
pub use facets::{Facet, FacetOptions, FacetValue, Facets};
pub use flame_graph::{FlameGraph, FlameGraphOptions, FunctionKey};
pub use focus::{Focus, FocusOn, SpanFocus};
pub use labels::{LabelOptions, LabelSummary, LabelValueTotal, Labels};
pub use measure::Measure;
pub use measures::{Histogram, MeasureSummary, Measures};
pub use missing_symbols::{MissingModule, MissingSymbols};
pub use profile_detail::{ProfileDetail, TypeTotal};
pub use profile_list::{Cursor, ListOptions, ProfileList, ProfileSummary, Sort};
pub use profile_totals::ProfileTotal;
pub use question::{Basis, SampleScope, Scope, parse_filter, parse_transform};
pub use sandwich::{SandwichGraph, SandwichOptions};
pub use series::{Series, SeriesGroup, SeriesOptions};
pub use spans::SpanId;
pub use table::{Table, TableColumn, TableOptions, TableRow};
pub use tag_keys::{TagKey, TagKeyOptions, TagKeys};
pub use tag_sets::{TagSet, TagSetOptions, TagSets};
pub use timeline::ProcessTimeline;
pub use top::{TopList, TopOptions};
pub use type_series::TypeSeriesOptions;
pub use types::{TypeSummary, Types};
