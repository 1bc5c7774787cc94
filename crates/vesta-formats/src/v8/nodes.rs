//! Nodes of trees of calls.

use super::V8Error;
use crate::builder::{Builder, LimitError};
use crate::json::Json;
use crate::paths::{PathId, Paths};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use vesta_profile::{Frame, FrameId};

/// Nodes in the order of the file.
#[derive(Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    by_id: HashMap<i64, u32, FixedState>,
    /// Nodes and the ids of their children, where parents name those.
    children: Vec<(u32, i64)>,
    /// Nodes and the ids of their parents, where children name those.
    parents: Vec<(u32, i64)>,
    /// Lines of nodes and how many samples were there, by node.
    ticks: Vec<Ticks>,
    paths: Paths,
}

/// One node.
#[derive(Clone, Copy, Default)]
pub(crate) struct Node {
    /// The function; `None` for the root.
    frame: Option<FrameId>,
    /// The position of the caller.
    parent: Option<u32>,
    place: Place,
    /// How often a sample was here.
    pub(crate) hits: i64,
    /// Bytes in use that were allocated here.
    pub(crate) size: i64,
    /// Where its first entry in `ticks` that is not used up is, and where its last one ends.
    ticks: (u32, u32),
    /// Whether this is the time in which nothing ran.
    pub(crate) is_idle: bool,
}

#[derive(Clone, Copy)]
struct Ticks {
    line: u32,
    left: i64,
}

/// What is known of where a node is in the tree.
#[derive(Clone, Copy, Default)]
enum Place {
    #[default]
    Unknown,
    /// It is being looked for, so whoever finds it as a caller has found a circle.
    Searched,
    Known(PathId),
}

/// A function as files of V8 describe it.
#[derive(Default)]
struct CallFrame<'a> {
    name: Cow<'a, str>,
    url: Cow<'a, str>,
    /// From 1 on; 0 when it is not known.
    line: u32,
}

/// What a node takes, with its entry in the index.
const NODE_BYTES: usize = size_of::<Node>() + 24;

impl Nodes {
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn get(&self, node: u32) -> Node {
        self.nodes.get(node as usize).copied().unwrap_or_default()
    }

    /// The position of the node with this id.
    pub(crate) fn find(&self, id: i64) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    /// Reads an array of nodes that name each other by id.
    pub(crate) fn read_list(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), V8Error> {
        if !json.array()? {
            return Ok(());
        }
        while json.item()? {
            if !json.object()? {
                continue;
            }
            let node = self.add(None, builder)?;
            let mut frame = CallFrame::default();
            while let Some(key) = json.key()? {
                if key != "children" {
                    self.read_field(node, &key, &mut frame, json, builder)?;
                } else if json.array()? {
                    while json.item()? {
                        builder.take(size_of::<(u32, i64)>())?;
                        self.children.extend(json.integer()?.map(|id| (node, id)));
                    }
                }
            }
            self.name(node, &frame, builder)?;
        }
        Ok(())
    }

    /// Reads a node that holds its children, which hold theirs. Trees are as deep as the stacks of programs, so this
    /// does not recurse.
    pub(crate) fn read_tree(
        &mut self,
        json: &mut Json<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), V8Error> {
        if !json.object()? {
            return Ok(());
        }
        let mut open = vec![(self.add(None, builder)?, CallFrame::default())];
        let mut is_among_children = false;
        while let Some((node, frame)) = open.last_mut() {
            let node = *node;
            if is_among_children {
                if !json.item()? {
                    is_among_children = false;
                } else if json.object()? {
                    builder.take(size_of::<(u32, CallFrame<'_>)>())?;
                    open.push((self.add(Some(node), builder)?, CallFrame::default()));
                    is_among_children = false;
                }
                continue;
            }
            match json.key()? {
                Some(key) if key == "children" => is_among_children = json.array()?,
                Some(key) => self.read_field(node, &key, frame, json, builder)?,
                None => {
                    let frame = std::mem::take(frame);
                    self.name(node, &frame, builder)?;
                    open.pop();
                    is_among_children = true;
                }
            }
        }
        Ok(())
    }

    /// Finds out who calls whom. To be called once, after all nodes were read.
    pub(crate) fn connect(&mut self, builder: &mut Builder<'_>) {
        for (parent, id) in std::mem::take(&mut self.children) {
            match self.by_id.get(&id) {
                Some(&child) => self.set_parent(child, parent, builder),
                None => builder.problems.note("a child of a node is missing", || format!("node {id}")),
            }
        }
        for (child, id) in std::mem::take(&mut self.parents) {
            match self.by_id.get(&id) {
                Some(&parent) => self.set_parent(child, parent, builder),
                None => builder.problems.note("the parent of a node is missing", || format!("node {id}")),
            }
        }
    }

    /// The chain of calls that a node is the end of.
    pub(crate) fn path(&mut self, node: u32, builder: &mut Builder<'_>) -> Result<PathId, LimitError> {
        let mut below = Vec::new();
        let mut at = Some(node);
        let mut path = PathId::ROOT;
        while let Some(index) = at
            && let Some(node) = self.nodes.get_mut(index as usize)
        {
            match node.place {
                Place::Known(known) => {
                    path = known;
                    break;
                }
                Place::Searched => {
                    let what = "nodes call each other in a circle, which is cut";
                    builder.problems.note(what, || format!("node number {index}"));
                    break;
                }
                Place::Unknown => {
                    node.place = Place::Searched;
                    below.push(index);
                    at = node.parent;
                }
            }
        }
        for index in below.into_iter().rev() {
            let Some(node) = self.nodes.get_mut(index as usize) else { continue };
            if let Some(frame) = node.frame {
                path = self.paths.call(path, frame, builder)?;
            }
            node.place = Place::Known(path);
        }
        Ok(path)
    }

    /// The chain of calls of a sample in a node, at this line, or at the next one that the node has samples of.
    pub(crate) fn sample_path(
        &mut self,
        node: u32,
        line: Option<u32>,
        builder: &mut Builder<'_>,
    ) -> Result<PathId, LimitError> {
        let path = self.path(node, builder)?;
        let (Some(frame), Some(line)) = (self.get(node).frame, line.or_else(|| self.next_line(node))) else {
            return Ok(path);
        };
        let frame = builder.profile.frames.get(frame);
        if line == 0 || line == frame.line {
            return Ok(path);
        }
        let frame = builder.frame(Frame { line, ..frame })?;
        self.paths.call(self.paths.caller(path), frame, builder)
    }

    pub(crate) fn paths(&mut self) -> &mut Paths {
        &mut self.paths
    }

    fn add(&mut self, parent: Option<u32>, builder: &mut Builder<'_>) -> Result<u32, LimitError> {
        builder.take(NODE_BYTES)?;
        self.nodes.push(Node { parent, ..Node::default() });
        Ok(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
    }

    fn read_field<'a>(
        &mut self,
        node: u32,
        key: &str,
        frame: &mut CallFrame<'a>,
        json: &mut Json<'a>,
        builder: &mut Builder<'_>,
    ) -> Result<(), V8Error> {
        match key {
            "id" => {
                if let Some(id) = json.integer()?
                    && self.by_id.insert(id, node).is_some()
                {
                    builder.problems.note("two nodes have one id", || format!("node {id}"));
                }
            }
            "parent" => {
                builder.take(size_of::<(u32, i64)>())?;
                self.parents.extend(json.integer()?.map(|id| (node, id)));
            }
            "callFrame" if json.object()? => {
                while let Some(key) = json.key()? {
                    frame.read_field(&key, 1, json)?;
                }
            }
            "callFrame" => {}
            "hitCount" => self.change(node, json.integer()?, |node, hits| node.hits = hits),
            "selfSize" => self.change(node, json.integer()?, |node, size| node.size = size),
            "positionTicks" => self.read_ticks(node, json, builder)?,
            // Before 2014 or so, what is in a call frame now was in the node, and lines counted from 1.
            _ => frame.read_field(key, 0, json)?,
        }
        Ok(())
    }

    fn read_ticks(
        &mut self,
        node: u32,
        json: &mut Json<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), V8Error> {
        if !json.array()? {
            return Ok(());
        }
        let start = self.ticks.len();
        while json.item()? {
            let (mut line, mut left) = (0, 0);
            if !json.object()? {
                continue;
            }
            while let Some(key) = json.key()? {
                match key.as_ref() {
                    "line" => line = json.integer()?.unwrap_or(0),
                    "ticks" => left = json.integer()?.unwrap_or(0),
                    _ => json.skip()?,
                }
            }
            builder.take(size_of::<Ticks>())?;
            self.ticks.push(Ticks { line: u32::try_from(line).unwrap_or(0), left });
        }
        let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let range = (index(start), index(self.ticks.len()));
        self.change(node, Some(range), |node, range| node.ticks = range);
        Ok(())
    }

    /// The next line that a node has samples of.
    fn next_line(&mut self, node: u32) -> Option<u32> {
        let node = self.nodes.get_mut(node as usize)?;
        while node.ticks.0 < node.ticks.1 {
            let ticks = self.ticks.get_mut(node.ticks.0 as usize)?;
            if ticks.left > 0 {
                ticks.left -= 1;
                return Some(ticks.line);
            }
            node.ticks.0 += 1;
        }
        None
    }

    fn change<T>(&mut self, node: u32, value: Option<T>, change: impl FnOnce(&mut Node, T)) {
        if let (Some(node), Some(value)) = (self.nodes.get_mut(node as usize), value) {
            change(node, value);
        }
    }

    fn set_parent(&mut self, child: u32, parent: u32, builder: &mut Builder<'_>) {
        let Some(node) = self.nodes.get_mut(child as usize) else { return };
        match node.parent {
            Some(known) if known != parent => {
                builder.problems.note("a node has two parents", || format!("node number {child}"));
            }
            _ => node.parent = Some(parent),
        }
    }

    /// Gives a node its function.
    fn name(
        &mut self,
        node: u32,
        frame: &CallFrame<'_>,
        builder: &mut Builder<'_>,
    ) -> Result<(), LimitError> {
        let name = match frame.name.as_ref() {
            "" => "(anonymous)",
            name => name,
        };
        if name == "(root)" {
            return Ok(());
        }
        let url = frame.url.strip_prefix("file://").filter(|path| path.starts_with('/'));
        let function = builder.text(name)?;
        let file = builder.text(url.unwrap_or(&frame.url))?;
        let line = frame.line;
        let id = builder.frame(Frame { function, file, line, start_line: line, ..Frame::default() })?;
        let is_idle = name == "(idle)";
        self.change(node, Some(id), |node, id| {
            node.frame = Some(id);
            node.is_idle = is_idle;
        });
        Ok(())
    }
}

impl<'a> CallFrame<'a> {
    fn read_field(&mut self, key: &str, first_line: i64, json: &mut Json<'a>) -> Result<(), V8Error> {
        match key {
            "functionName" => self.name = json.text()?.unwrap_or_default(),
            "url" => self.url = json.text()?.unwrap_or_default(),
            "lineNumber" => {
                let line = json.integer()?.unwrap_or(-1).saturating_add(first_line);
                self.line = u32::try_from(line).unwrap_or(0);
            }
            _ => json.skip()?,
        }
        Ok(())
    }
}
