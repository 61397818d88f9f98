//! A shard with its lock and its counters.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    counts::{Counters, Event},
    shard::Shard,
};

/// On cache lines of its own, so that workers in different shards do not meet.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Cell {
    /// Protects one shard's index, entries and rings, which have to agree. Held for one step at one session, or for
    /// [`SLICE`](crate::table::SLICE) slots of a sweep; never while another lock is taken, and never over an await.
    shard: Mutex<Shard>,
    counters: Counters,
}

impl Cell {
    pub(crate) fn new(sessions_max: usize) -> Self {
        Self { shard: Mutex::new(Shard::new(sessions_max)), counters: Counters::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Shard> {
        // No code of others runs under the lock, and a shard's steps do not panic half-way, so a poisoned shard is whole.
        self.shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, event: Event) {
        self.counters.count(event);
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// Which of `parts` a hash falls to: its high bits, so that any number of parts will do.
pub(crate) fn part(hash: u64, parts: usize) -> usize {
    ((u128::from(hash) * parts as u128) >> 64) as usize
}
