//! Numbers that one thread changes and any thread reads.
//!
//! The owner loads and stores instead of adding atomically: that is a plain addition to the processor, where a locked one would
//! cost twenty times as much. Two writers would lose counts, so each worker has meters of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows. One thread writes.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to the count; on the owning thread only.
    pub fn add(&self, count: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(count), Relaxed);
    }

    /// Adds one; on the owning thread only.
    pub fn increment(&self) {
        self.add(1);
    }

    /// The count so far.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number of things that exist now. One thread writes.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// One more; on the owning thread only.
    pub fn increment(&self) {
        self.0.store(self.0.load(Relaxed).wrapping_add(1), Relaxed);
    }

    /// One less; on the owning thread only.
    pub fn decrement(&self) {
        let before = self.0.load(Relaxed);
        debug_assert!(before > 0, "a gauge went below zero");
        self.0.store(before.saturating_sub(1), Relaxed);
    }

    /// How many exist now.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
