//! The blocks of a file, for many changes of one list of them.

use std::collections::BTreeSet;

use clingfish_model::Setting;

use super::{block::Block, order::Order};

/// Blocks whose neighbours are found in no time, and those of one list among them.
#[derive(Debug)]
pub(super) struct Chain {
    blocks: Vec<Block>,
    order: Order,
    /// Of the list: in the order of their numbers, since new ones come last.
    like: BTreeSet<usize>,
}

impl Chain {
    pub(super) fn new(blocks: Vec<Block>, like: BTreeSet<usize>) -> Self {
        Self { order: Order::new(blocks.len()), blocks, like }
    }

    /// Whether nothing of the list is left.
    pub(super) fn has_none(&self) -> bool {
        self.like.is_empty()
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Block> {
        self.blocks.get_mut(at)
    }

    /// Adds a block behind the last one of the list and says its number.
    pub(super) fn add(
        &mut self,
        keys: Vec<String>,
        settings: &[(&str, Setting)],
        newline: &str,
    ) -> usize {
        let last = self.like.last().copied();
        let mut block = Block::new(keys, true, settings, newline);
        let is_followed = last.is_some_and(|last| self.order.behind(last).is_some());
        block.part(last.and_then(|last| self.blocks.get_mut(last)), is_followed, newline);
        self.blocks.push(block);
        let at = self.order.insert(last);
        self.like.insert(at);
        at
    }

    /// Takes a block away.
    pub(super) fn remove(&mut self, at: usize) {
        let (before, was_last) = (self.order.before(at), self.order.behind(at).is_none());
        let tail = self.blocks.get(at).map_or("", Block::tail).to_owned();
        self.order.remove(at);
        self.like.remove(&at);
        if let Some(before) = before.and_then(|before| self.blocks.get_mut(before)) {
            before.take_over(&tail, was_last);
        }
    }

    /// All that are left, in order.
    pub(super) fn into_blocks(self) -> Vec<Block> {
        let mut blocks: Vec<Option<Block>> = self.blocks.into_iter().map(Some).collect();
        self.order.iter().filter_map(|at| blocks.get_mut(at)?.take()).collect()
    }
}
