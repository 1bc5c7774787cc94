//! Sampling heap profiles: how many bytes that are in use were allocated where.

use super::{Nodes, V8Error};
use crate::builder::{Builder, LimitError};
use crate::json::Json;
use vesta_profile::Sample;

/// A heap profile as it is read.
#[derive(Default)]
pub(super) struct HeapProfile {
    nodes: Nodes,
    /// Ids of the nodes of samples, and their sizes, which nodes have as well.
    samples: Vec<(i64, i64)>,
}

impl HeapProfile {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(super) fn read(&mut self, json: &mut Json<'_>, builder: &mut Builder<'_>) -> Result<(), V8Error> {
        if !json.object()? {
            return Ok(());
        }
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "head" => self.nodes.read_tree(json, builder)?,
                "samples" if json.array()? => {
                    while json.item()? {
                        self.read_sample(json, builder)?;
                    }
                }
                "samples" => {}
                _ => json.skip()?,
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, builder: &mut Builder<'_>) -> Result<(), LimitError> {
        let space = builder.value_type("heap-space", "bytes")?;
        let objects = builder.value_type("heap-live-samples", "count")?;
        builder.take(self.nodes.len() * 8)?;
        let mut samples = vec![0_i64; self.nodes.len()];
        // Samples that V8 took while it wrote the tree are in the list only.
        let mut lost = (0, 0_i64);
        for (id, size) in std::mem::take(&mut self.samples) {
            match self.nodes.find(id).and_then(|node| samples.get_mut(node as usize)) {
                Some(count) => *count += 1,
                None => {
                    lost = (lost.0 + 1, lost.1.saturating_add(size));
                    let what = "the node of a sample is missing, it is not under a function";
                    builder.problems.note(what, || format!("node {id}"));
                }
            }
        }
        let mut values = [0; 2];
        for (node, &count) in (0_u32..).zip(&samples) {
            let size = self.nodes.get(node).size;
            if size == 0 && count == 0 {
                continue;
            }
            values[space] = size;
            values[objects] = count;
            let path = self.nodes.path(node, builder)?;
            let stack = self.nodes.paths().stack(path, builder, || format!("node number {node}"))?;
            builder.sample(Sample { stack, values: &values, ..Sample::default() })?;
        }
        if lost.0 > 0 {
            values[space] = lost.1;
            values[objects] = lost.0;
            builder.sample(Sample { values: &values, ..Sample::default() })?;
        }
        Ok(())
    }

    fn read_sample(&mut self, json: &mut Json<'_>, builder: &mut Builder<'_>) -> Result<(), V8Error> {
        if !json.object()? {
            return Ok(());
        }
        let (mut node, mut size) = (None, None);
        while let Some(key) = json.key()? {
            match key.as_ref() {
                "nodeId" => node = json.integer()?,
                "size" => size = json.integer()?,
                _ => json.skip()?,
            }
        }
        builder.take(size_of::<(i64, i64)>())?;
        self.samples.extend(node.map(|node| (node, size.unwrap_or(0))));
        Ok(())
    }
}
