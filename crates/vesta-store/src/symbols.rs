//! What the stack ids of samples stand for.

use crate::core::lock;
use crate::symbol_files::{BuildId, Named, Places, SymbolFiles, is_place};
use crate::tables::data_file::DataFile;
use crate::tables::provider::TableView;
use crate::tables::schema::Table;
use crate::{ReadError, Snapshot};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::prelude::{Expr, col, lit};
use foldhash::fast::FixedState;
use futures::StreamExt;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use vesta_profile::{Frame, FrameId, FrameTable, StackId, StackTable, StringId, StringTable};

/// With at most this many ids to look for, files are searched for them; with more, they are read through.
const FEW_IDS: usize = 64;
/// Bytes that a frame and a stack take in the cache besides their contents.
const FRAME_BYTES: usize = 96;
const STACK_BYTES: usize = 48;

/// Frames and stacks by their content hash, kept in memory.
///
/// The cache holds what queries asked for. When it is past its bound, it is emptied before the next load, so it is
/// never larger than its bound and what one query needs.
///
/// Frames without a function are looked up in symbol files, and become the functions that were put into each other at
/// their place. When symbol files change that such frames are of, the cache is emptied as well.
pub struct Symbols {
    cache: Mutex<Cache>,
    files: Arc<SymbolFiles>,
    /// Held while loading, so that questions asked at the same time load once.
    loading: tokio::sync::Mutex<()>,
    max_bytes: usize,
}

#[derive(Default)]
struct Cache {
    strings: Arc<StringTable>,
    frames: Arc<FrameTable>,
    stacks: Arc<StackTable>,
    frame_ids: HashMap<i64, FrameId, FixedState>,
    stack_ids: HashMap<i64, StackId, FixedState>,
    /// Bytes of the stacks' frames.
    stack_bytes: usize,
    /// What frames without a function stand for, leaf first.
    expanded: HashMap<FrameId, Vec<FrameId>, FixedState>,
    /// The build ids of frames that have or had no function.
    build_ids: HashSet<StringId, FixedState>,
    /// The generation of the symbol files that names are of.
    generation: u64,
}

/// Stacks with everything their ids refer to. The tables are shared and may hold more than was asked for.
#[derive(Clone, Debug)]
pub struct ResolvedStacks {
    /// Strings of the frames.
    pub strings: Arc<StringTable>,
    /// Frames of the stacks.
    pub frames: Arc<FrameTable>,
    /// The stacks.
    pub stacks: Arc<StackTable>,
    /// For each stack id that was asked for, in order, its stack.
    pub ids: Vec<StackId>,
    /// How many of the ids are in no table; they got a stack with one frame that says so.
    pub unknown: usize,
}

/// A stack that was read: its id, and the ids of its frames, leaf first.
type LoadedStack = (i64, Vec<i64>);
/// Rows of table frames that were read.
type LoadedFrames = (RecordBatch, Vec<usize>);

impl Symbols {
    pub(crate) fn new(max_bytes: usize, files: Arc<SymbolFiles>) -> Self {
        Symbols { cache: Mutex::default(), files, loading: tokio::sync::Mutex::default(), max_bytes }
    }

    /// The stacks of these ids. `services` says which services they come from, none for any; it is a hint that saves
    /// reading.
    pub async fn resolve(
        &self,
        snapshot: &Snapshot,
        services: &[String],
        stack_ids: &[i64],
    ) -> Result<ResolvedStacks, ReadError> {
        if let Some(resolved) = self.current().resolve(stack_ids) {
            return Ok(resolved);
        }
        let _guard = self.loading.lock().await;
        let mut missing = {
            let mut cache = self.current();
            if cache.bytes() > self.max_bytes {
                *cache = Cache { generation: cache.generation, ..Cache::default() };
            }
            missing_ids(stack_ids.iter().copied(), &cache.stack_ids)
        };
        let mut stacks = Vec::new();
        load(snapshot, Table::Stacks, services, &mut missing, |batch, rows| {
            let (ids, frames) =
                (batch.column(1).as_primitive::<Int64Type>(), batch.column(2).as_list::<i32>());
            for &row in rows {
                stacks
                    .push((ids.value(row), frames.value(row).as_primitive::<Int64Type>().values().to_vec()));
            }
        })
        .await?;
        let frame_ids = stacks.iter().flat_map(|(_, frames)| frames.iter().copied());
        let mut missing_frames = missing_ids(frame_ids, &lock(&self.cache).frame_ids);
        let mut frames = Vec::new();
        load(snapshot, Table::Frames, services, &mut missing_frames, |batch, rows| {
            frames.push((batch.clone(), rows.to_vec()));
        })
        .await?;
        let generation = self.files.generation();
        let named = self.files.name(places_of(&frames)).await;
        let mut cache = lock(&self.cache);
        cache.insert(&stacks, &frames, &missing_frames, &named);
        // Changes since the names were made may have been looked at already, when these frames were not there yet.
        cache.generation = cache.generation.min(generation);
        Ok(cache.resolve_or_unknown(stack_ids))
    }

    /// The cache, without anything that symbol files say otherwise by now.
    fn current(&self) -> MutexGuard<'_, Cache> {
        let mut cache = lock(&self.cache);
        let generation = self.files.generation();
        if cache.generation != generation {
            let changed = self.files.changed_since(cache.generation);
            let concerns = |build_id: &BuildId| {
                cache.strings.find(build_id.as_str()).is_some_and(|id| cache.build_ids.contains(&id))
            };
            if changed.is_none_or(|changed| changed.iter().any(concerns)) {
                *cache = Cache::default();
            }
            cache.generation = generation;
        }
        cache
    }
}

impl Cache {
    fn bytes(&self) -> usize {
        self.strings.heap_size()
            + self.frames.len() * FRAME_BYTES
            + self.stacks.len() * STACK_BYTES
            + self.stack_bytes
            + self.expanded.values().map(|frames| size_of_val(frames.as_slice()) + STACK_BYTES).sum::<usize>()
    }

    /// The stacks of these ids, if all are known.
    fn resolve(&self, stack_ids: &[i64]) -> Option<ResolvedStacks> {
        let ids: Option<Vec<StackId>> = stack_ids.iter().map(|id| self.get(*id)).collect();
        Some(self.resolved(ids?, 0))
    }

    /// The stacks of these ids; one that says so for each that is not known.
    fn resolve_or_unknown(&mut self, stack_ids: &[i64]) -> ResolvedStacks {
        let mut unknown = 0;
        let mut placeholder = None;
        let mut ids = Vec::with_capacity(stack_ids.len());
        for &id in stack_ids {
            ids.push(match self.get(id) {
                Some(stack) => stack,
                None => {
                    unknown += 1;
                    *placeholder.get_or_insert_with(|| self.placeholder("[unknown stack]"))
                }
            });
        }
        self.resolved(ids, unknown)
    }

    fn get(&self, id: i64) -> Option<StackId> {
        if id == 0 { Some(StackId::EMPTY) } else { self.stack_ids.get(&id).copied() }
    }

    fn resolved(&self, ids: Vec<StackId>, unknown: usize) -> ResolvedStacks {
        ResolvedStacks {
            strings: Arc::clone(&self.strings),
            frames: Arc::clone(&self.frames),
            stacks: Arc::clone(&self.stacks),
            ids,
            unknown,
        }
    }

    fn placeholder(&mut self, name: &str) -> StackId {
        let frame = self.placeholder_frame(name);
        Arc::make_mut(&mut self.stacks).intern(&[frame])
    }

    fn placeholder_frame(&mut self, name: &str) -> FrameId {
        let function = Arc::make_mut(&mut self.strings).intern(name);
        Arc::make_mut(&mut self.frames).intern(Frame { function, ..Frame::default() })
    }

    fn insert(
        &mut self,
        stacks: &[LoadedStack],
        frames: &[LoadedFrames],
        lost: &HashSet<i64, FixedState>,
        named: &Named,
    ) {
        if stacks.is_empty() {
            return;
        }
        let (strings, table) = (Arc::make_mut(&mut self.strings), Arc::make_mut(&mut self.frames));
        for (batch, rows) in frames {
            insert_frames(batch, rows, strings, table, |hash, id, frame, strings, table| {
                self.frame_ids.insert(hash, id);
                if is_place(&frame) {
                    self.build_ids.insert(frame.build_id);
                }
                if let Some(frames) = named.frames(&frame, strings, table) {
                    self.expanded.insert(id, frames);
                }
            });
        }
        let unknown =
            if lost.is_empty() { FrameId::default() } else { self.placeholder_frame("[unknown frame]") };
        let table = Arc::make_mut(&mut self.stacks);
        let mut local = Vec::new();
        for (id, frame_ids) in stacks {
            local.clear();
            for id in frame_ids {
                let frame = self.frame_ids.get(id).copied().unwrap_or(unknown);
                match self.expanded.get(&frame) {
                    Some(frames) => local.extend_from_slice(frames),
                    None => local.push(frame),
                }
            }
            self.stack_bytes += local.len() * size_of::<FrameId>();
            self.stack_ids.insert(*id, table.intern(&local));
        }
    }
}

fn missing_ids<T>(
    ids: impl Iterator<Item = i64>,
    known: &HashMap<i64, T, FixedState>,
) -> HashSet<i64, FixedState> {
    ids.filter(|id| *id != 0 && !known.contains_key(id)).collect()
}

/// Finds rows by the ids in their second column, and takes the ids that were found out of `missing`: first in
/// memory, then in files, the latest day first.
async fn load(
    snapshot: &Snapshot,
    table: Table,
    services: &[String],
    missing: &mut HashSet<i64, FixedState>,
    mut found: impl FnMut(&RecordBatch, &[usize]),
) -> Result<(), ReadError> {
    let view = snapshot.table(table);
    let mut take = |batch: &RecordBatch, missing: &mut HashSet<i64, FixedState>| {
        let ids = batch.column(1).as_primitive::<Int64Type>().values();
        let rows: Vec<usize> =
            ids.iter().enumerate().filter(|(_, id)| missing.remove(*id)).map(|(row, _)| row).collect();
        if !rows.is_empty() {
            found(batch, &rows);
        }
    };
    for batch in &view.memory {
        if missing.is_empty() {
            return Ok(());
        }
        take(&batch.rows, missing);
    }
    let mut days: BTreeMap<&str, Vec<Arc<DataFile>>> = BTreeMap::new();
    for file in view.files.iter() {
        days.entry(&file.date).or_default().push(Arc::clone(file));
    }
    for files in days.into_values().rev() {
        if missing.is_empty() {
            return Ok(());
        }
        let day = TableView { files: Arc::new(files), memory: Vec::new(), ..view.clone() };
        let mut rows = snapshot.session().read_table(Arc::new(day))?;
        if let Some(filter) = filter(table, services, missing) {
            rows = rows.filter(filter)?;
        }
        let mut batches = rows.execute_stream().await?;
        while let Some(batch) = batches.next().await.transpose()? {
            take(&batch, missing);
            if missing.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

fn filter(table: Table, services: &[String], missing: &HashSet<i64, FixedState>) -> Option<Expr> {
    let service = match services {
        [] => None,
        [service] => Some(col("service").eq(lit(service.clone()))),
        services => Some(col("service").in_list(services.iter().cloned().map(lit).collect(), false)),
    };
    let id = table.sort_columns().last()?;
    let ids = (missing.len() <= FEW_IDS)
        .then(|| col(*id).in_list(missing.iter().map(|&id| lit(id)).collect(), false));
    service.into_iter().chain(ids).reduce(Expr::and)
}

/// The places of frames that have no function.
fn places_of(frames: &[LoadedFrames]) -> Places {
    let mut places = Places::default();
    for (batch, rows) in frames {
        let functions: &StringArray = batch.column(2).as_string::<i32>();
        let build_ids = batch.column(8).as_dictionary::<Int32Type>();
        let words: &StringArray = build_ids.values().as_string::<i32>();
        let addresses = batch.column(9).as_primitive::<Int64Type>();
        for &row in rows {
            if !functions.value(row).is_empty() || addresses.value(row) == 0 {
                continue;
            }
            if let Some(key) = build_ids.key(row) {
                places.add(words.value(key), addresses.value(row).cast_unsigned());
            }
        }
    }
    places
}

/// Adds the frames of rows, and calls `added` with the hash, id and contents of each.
fn insert_frames(
    batch: &RecordBatch,
    rows: &[usize],
    strings: &mut StringTable,
    frames: &mut FrameTable,
    mut added: impl FnMut(i64, FrameId, Frame, &mut StringTable, &mut FrameTable),
) {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let (functions, system_names): (&StringArray, &StringArray) = (text(2), text(3));
    let mut files = Words::new(batch.column(4));
    let mut modules = Words::new(batch.column(7));
    let mut build_ids = Words::new(batch.column(8));
    let hashes = batch.column(1).as_primitive::<Int64Type>();
    let lines = batch.column(5).as_primitive::<Int32Type>();
    let start_lines = batch.column(6).as_primitive::<Int32Type>();
    let addresses = batch.column(9).as_primitive::<Int64Type>();
    let inlined = batch.column(10).as_boolean();
    for &row in rows {
        let frame = Frame {
            function: strings.intern(functions.value(row)),
            system_name: strings.intern(system_names.value(row)),
            file: files.get(row, strings),
            line: lines.value(row).cast_unsigned(),
            start_line: start_lines.value(row).cast_unsigned(),
            module: modules.get(row, strings),
            build_id: build_ids.get(row, strings),
            address: addresses.value(row).cast_unsigned(),
            inlined: inlined.value(row),
        };
        let id = frames.intern(frame);
        added(hashes.value(row), id, frame, strings, frames);
    }
}

/// A dictionary column whose words are interned once each.
struct Words<'a> {
    column: &'a arrow::array::DictionaryArray<Int32Type>,
    words: &'a StringArray,
    interned: Vec<Option<StringId>>,
}

impl<'a> Words<'a> {
    fn new(column: &'a ArrayRef) -> Self {
        let column = column.as_dictionary::<Int32Type>();
        let words = column.values().as_string::<i32>();
        Words { column, words, interned: vec![None; words.len()] }
    }

    fn get(&mut self, row: usize, strings: &mut StringTable) -> StringId {
        let Some(key) = self.column.key(row) else { return StringId::EMPTY };
        *self.interned[key].get_or_insert_with(|| strings.intern(self.words.value(key)))
    }
}
