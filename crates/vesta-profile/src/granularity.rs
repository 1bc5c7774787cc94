//! What counts as one function in a flame graph.

use crate::{FrameId, FrameKind, FrameTable, Libraries, Origin, StringId, StringTable};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::cmp::Ordering;
use std::hash::BuildHasher;

/// What frames have to share to be one node under the same parent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// Name, file and module of the function.
    #[default]
    Function,
    /// The function and the line within it.
    Line,
    /// The file; the module for frames without a file.
    File,
    /// The package, as [`Origin`] tells it; the module for frames of which it is not known.
    Package,
}

impl Granularity {
    /// Reads `function`, `line`, `file` or `package`.
    pub fn parse(text: &str) -> Option<Granularity> {
        Some(match text {
            "function" => Granularity::Function,
            "line" => Granularity::Line,
            "file" => Granularity::File,
            "package" => Granularity::Package,
            _ => return None,
        })
    }

    /// The word that [`Granularity::parse`] reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Granularity::Function => "function",
            Granularity::Line => "line",
            Granularity::File => "file",
            Granularity::Package => "package",
        }
    }
}

/// A row of one [`FunctionTable`], or one of the two nodes that stand for no function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

impl FunctionId {
    /// The row `[no stack]`, in every table: samples whose stack the profiler could not take.
    pub const NO_STACK: FunctionId = FunctionId(0);
    /// Not a row: the node `(other)` that carries what pruning dropped from its parent.
    pub const OTHER: FunctionId = FunctionId(u32::MAX - 1);
    /// Not a row: the root of a tree.
    pub const ROOT: FunctionId = FunctionId(u32::MAX);

    /// The position in the table; out of range of every table for [`FunctionId::OTHER`] and [`FunctionId::ROOT`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What one row of a [`FunctionTable`] says. Strings belong to that table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Function {
    /// The name to show. Never empty: what has no name gets one in square brackets.
    pub name: StringId,
    /// The source file; empty if it is not known or not part of the granularity.
    pub file: StringId,
    /// The module; empty if it is not known or not part of the granularity.
    pub module: StringId,
    /// The line, for [`Granularity::Line`] only; else 0.
    pub line: u32,
    /// The package that it is part of; empty if that is not known. Follows from name, file and module, so it does not
    /// tell functions apart.
    pub package: StringId,
    /// Whose code it is. Of a file or package with several kinds, the first of them in the order of [`FrameKind`].
    pub kind: FrameKind,
}

/// Functions of two tables that may be the same at another place.
#[derive(Default)]
struct Moved {
    own: Vec<FunctionId>,
    other: Vec<FunctionId>,
}

impl Function {
    /// What tells functions apart.
    fn identity(&self) -> (StringId, StringId, StringId, u32) {
        (self.name, self.file, self.module, self.line)
    }

    /// What stands for this function at a granularity.
    fn at(self, granularity: Granularity, unknown: StringId) -> Function {
        let Function { file, module, package, kind, .. } = self;
        let or_unknown = |name: StringId| if name == StringId::EMPTY { unknown } else { name };
        let named = |name: StringId| if name == StringId::EMPTY { module } else { name };
        match granularity {
            Granularity::Line => self,
            Granularity::Function => Function { line: 0, ..self },
            Granularity::File => {
                Function { name: or_unknown(named(file)), file, module, line: 0, package, kind }
            }
            Granularity::Package => {
                let name = or_unknown(named(package));
                Function { name, package, kind, ..Function::default() }
            }
        }
    }
}

/// Functions stored once each, with strings of their own, and the function of every frame.
///
/// It stands apart from the profile it was made of, so that trees of different profiles can be compared by content.
#[derive(Clone, Debug)]
pub struct FunctionTable {
    strings: StringTable,
    rows: Vec<Function>,
    index: HashTable<u32>,
    hasher: FixedState,
    /// The function of every frame of the table this one was made of.
    of_frame: Vec<FunctionId>,
    /// `ranks[i]` is the position of row `i` in the order of names, which decides between equal totals.
    ranks: Vec<u32>,
}

impl Default for FunctionTable {
    fn default() -> Self {
        let mut table = FunctionTable {
            strings: StringTable::new(),
            rows: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
            of_frame: Vec::new(),
            ranks: vec![0],
        };
        let name = table.strings.intern("[no stack]");
        table.intern(Function { name, ..Function::default() });
        table
    }
}

impl FunctionTable {
    /// The functions of all `frames`, at this granularity.
    pub fn new(strings: &StringTable, frames: &FrameTable, granularity: Granularity) -> Self {
        Self::with_libraries(strings, frames, granularity, &Libraries::new())
    }

    /// The functions of all `frames`, at this granularity, with packages and kinds that `libraries` help to find.
    pub fn with_libraries(
        strings: &StringTable,
        frames: &FrameTable,
        granularity: Granularity,
        libraries: &Libraries,
    ) -> Self {
        let mut table = FunctionTable::default();
        // Strings are copied once each, however many frames share them.
        let mut copied = vec![StringId::EMPTY; strings.len()];
        let mut copy = |to: &mut StringTable, id: StringId| {
            let Some(slot) = copied.get_mut(id.index()) else { return StringId::EMPTY };
            if *slot == StringId::EMPTY && id != StringId::EMPTY {
                *slot = to.intern(strings.get(id));
            }
            *slot
        };
        let mut origins: HashMap<[StringId; 3], (StringId, FrameKind), FixedState> = HashMap::default();
        table.of_frame.reserve_exact(frames.len());
        for frame in frames.as_slice() {
            let text = &mut table.strings;
            let (package, kind) =
                *origins.entry([frame.function, frame.file, frame.module]).or_insert_with_key(|ids| {
                    let [name, file, module] = ids.map(|id| strings.get(id));
                    let origin = Origin::of(name, file, module, libraries);
                    (text.intern(&origin.package), origin.kind)
                });
            let function = Function {
                name: if frame.function == StringId::EMPTY {
                    unknown(text, strings.get(frame.module), frame.address)
                } else {
                    copy(text, frame.function)
                },
                file: copy(text, frame.file),
                module: copy(text, frame.module),
                line: if granularity == Granularity::Line { frame.line } else { 0 },
                package,
                kind,
            };
            let id = table.intern(function);
            table.of_frame.push(id);
        }
        match granularity {
            Granularity::Function | Granularity::Line => table.rank(),
            Granularity::File | Granularity::Package => table = table.coarsen(granularity).0,
        }
        table
    }

    /// The functions at a coarser granularity, and which of them each function of this table is part of. A table of
    /// files or packages cannot be made any finer: it is given back as it is.
    pub fn coarsen(&self, granularity: Granularity) -> (FunctionTable, Vec<FunctionId>) {
        let mut coarse = FunctionTable { strings: self.strings.clone(), ..FunctionTable::default() };
        coarse.rows.clear();
        coarse.index.clear();
        let empty = coarse.strings.intern("[unknown]");
        let ids: Vec<FunctionId> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, &row)| match index {
                0 => row,
                _ => row.at(granularity, empty),
            })
            .map(|row| coarse.intern(row))
            .collect();
        let part_of = |id: &FunctionId| ids.get(id.index()).copied().unwrap_or(FunctionId::NO_STACK);
        coarse.of_frame = self.of_frame.iter().map(part_of).collect();
        coarse.rank();
        (coarse, ids)
    }

    /// Adds the rows of `other` and tells the id that each of them has here.
    pub fn absorb(&mut self, other: &FunctionTable) -> Vec<FunctionId> {
        let strings: Vec<StringId> = other.strings.iter().map(|text| self.strings.intern(text)).collect();
        let text = |id: StringId| strings.get(id.index()).copied().unwrap_or_default();
        let ids = other
            .rows
            .iter()
            .map(|row| Function {
                name: text(row.name),
                file: text(row.file),
                module: text(row.module),
                line: row.line,
                package: text(row.package),
                kind: row.kind,
            })
            .map(|row| self.intern(row))
            .collect();
        self.rank();
        ids
    }

    /// Adds the rows of `other` like [`FunctionTable::absorb`], but takes functions as one that only moved: releases are
    /// deployed to folders of their own, and binaries are called after their versions. A function has moved if it has the
    /// name, the name of the file and the package of another, and each table has just one such function that the other
    /// table has not.
    pub fn absorb_moved(&mut self, other: &FunctionTable) -> Vec<FunctionId> {
        let known = self.rows.len();
        let mut ids = self.absorb(other);
        let mut is_shared = vec![false; known];
        for id in &ids {
            if let Some(shared) = is_shared.get_mut(id.index()) {
                *shared = true;
            }
        }
        let text = |id: StringId| self.strings.get(id);
        let mut places: HashMap<_, Moved, FixedState> = HashMap::default();
        for (id, row) in (0u32..).zip(&self.rows) {
            if is_shared.get(id as usize) == Some(&true) {
                continue;
            }
            let file = text(row.file).rsplit(['/', '\\']).next().unwrap_or_default();
            // The package of own code is its folder, which is what may have changed.
            let package = if row.kind == FrameKind::Own { StringId::EMPTY } else { row.package };
            let moved = places.entry((row.name, file, package, row.kind, row.line)).or_default();
            let side = if (id as usize) < known { &mut moved.own } else { &mut moved.other };
            side.push(FunctionId(id));
        }
        let moved: HashMap<FunctionId, FunctionId, FixedState> = places
            .into_values()
            .filter_map(|moved| match (moved.own.as_slice(), moved.other.as_slice()) {
                ([own], [other]) => Some((*other, *own)),
                _ => None,
            })
            .collect();
        for id in &mut ids {
            *id = moved.get(id).copied().unwrap_or(*id);
        }
        ids
    }

    /// The row that stands for a whole package, added if there is none.
    pub(crate) fn add_package(&mut self, package: &str, kind: FrameKind) -> FunctionId {
        let name = self.strings.intern(package);
        self.add(Function { name, package: name, kind, ..Function::default() })
    }

    /// The row of this name and nothing else, added if there is none.
    pub(crate) fn add_named(&mut self, name: &str, kind: FrameKind) -> FunctionId {
        let name = self.strings.intern(name);
        self.add(Function { name, kind, ..Function::default() })
    }

    fn add(&mut self, row: Function) -> FunctionId {
        let rows = self.rows.len();
        let id = self.intern(row);
        if self.rows.len() > rows {
            self.rank();
        }
        id
    }

    /// The function of a frame of the table that this one was made of.
    pub fn of(&self, frame: FrameId) -> FunctionId {
        self.of_frame.get(frame.index()).copied().unwrap_or(FunctionId::NO_STACK)
    }

    /// The functions of all frames, in the order of the ids of frames.
    pub(crate) fn of_frames(&self) -> &[FunctionId] {
        &self.of_frame
    }

    /// The row of `id`; an empty one for [`FunctionId::ROOT`] and [`FunctionId::OTHER`].
    pub fn get(&self, id: FunctionId) -> Function {
        self.rows.get(id.index()).copied().unwrap_or_default()
    }

    /// The name to show for any node of a tree: of its function, or `root`, or `(other)`.
    pub fn name(&self, id: FunctionId) -> &str {
        match id {
            FunctionId::ROOT => "root",
            FunctionId::OTHER => "(other)",
            id => self.strings.get(self.get(id).name),
        }
    }

    /// The rows in the order of their ids.
    pub fn as_slice(&self) -> &[Function] {
        &self.rows
    }

    /// The strings of the rows.
    pub fn strings(&self) -> &StringTable {
        &self.strings
    }

    /// The ids of all functions with this name, in ascending order.
    pub fn named<'a>(&'a self, name: &str) -> impl Iterator<Item = FunctionId> + 'a {
        let name = self.strings.find(name).filter(|&id| id != StringId::EMPTY);
        (0u32..).zip(&self.rows).filter(move |(_, row)| Some(row.name) == name).map(|(id, _)| FunctionId(id))
    }

    /// How many rows there are, `[no stack]` included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never true: `[no stack]` is always there.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The order of siblings with equal totals: by name, then file, module and line; `(other)` comes last.
    pub fn rank_of(&self, id: FunctionId) -> u32 {
        self.ranks.get(id.index()).copied().unwrap_or(u32::MAX)
    }

    fn intern(&mut self, row: Function) -> FunctionId {
        let (rows, hasher) = (&mut self.rows, &self.hasher);
        let hash = hasher.hash_one(row.identity());
        if let Some(&found) = self.index.find(hash, |&id| rows[id as usize].identity() == row.identity()) {
            let known = &mut rows[found as usize];
            known.kind = known.kind.min(row.kind);
            return FunctionId(found);
        }
        let id = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        rows.push(row);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(rows[id as usize].identity()));
        FunctionId(id)
    }

    fn rank(&mut self) {
        let texts: Vec<&str> = self.strings.iter().collect();
        let text = |id: StringId| texts.get(id.index()).copied().unwrap_or_default();
        let compare = |a: &Function, b: &Function| -> Ordering {
            // Equal ids are equal texts, which spares most of the comparisons of long paths.
            let by = |a: StringId, b: StringId| if a == b { Ordering::Equal } else { text(a).cmp(text(b)) };
            by(a.name, b.name)
                .then_with(|| by(a.file, b.file))
                .then_with(|| by(a.module, b.module))
                .then_with(|| a.line.cmp(&b.line))
        };
        let mut order: Vec<u32> = (0u32..).take(self.rows.len()).collect();
        order.sort_unstable_by(|&a, &b| compare(&self.rows[a as usize], &self.rows[b as usize]));
        self.ranks.clear();
        self.ranks.resize(self.rows.len(), 0);
        for (rank, row) in (0u32..).zip(order) {
            self.ranks[row as usize] = rank;
        }
    }
}

/// The name of a function that has none: `libfoo.so+0x1234` where its place in the file is known, else `[libfoo.so]`, or
/// `[unknown]` where not even the module is known.
fn unknown(strings: &mut StringTable, module: &str, address: u64) -> StringId {
    match (base_name(module), address) {
        ("", _) => strings.intern("[unknown]"),
        (base, 0) => strings.intern(&format!("[{base}]")),
        (base, address) => strings.intern(&format!("{base}+{address:#x}")),
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}
