//! What the table answers.

use std::collections::HashMap;

use clingfish_model::{TargetHash, UnixMillis};

/// A session that the table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it lives.
    pub target: TargetHash,
    /// When it was learned, or last moved to another target.
    pub learned: UnixMillis,
    /// When it was seen before this look.
    pub last_seen: UnixMillis,
}

/// What learning a session came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// The table did not know it, and does now.
    New {
        /// A session of the same client that left because the client held its quota.
        by_quota: Option<Evicted>,
        /// A session of anybody that left because the table was full.
        by_room: Option<Evicted>,
    },
    /// It was known and lives where it did.
    Renewed,
    /// It was known and lives elsewhere from now on.
    Moved {
        /// Where it lived before.
        from: TargetHash,
    },
    /// It was not learned: the client holds its quota, and none of its sessions could be found to make room, as other workers are
    /// about to insert or remove them. Happens only where a quota is smaller than the number of workers.
    Refused,
}

/// A session that had to leave for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// Where it lived.
    pub target: TargetHash,
    /// When it was seen last.
    pub last_seen: UnixMillis,
    /// It had expired, so nobody loses anything.
    pub expired: bool,
}

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many places it looked at.
    pub looked: usize,
    /// How many sessions had expired and are gone.
    pub expired: usize,
}

/// How many sessions live on each target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetCounts {
    /// Sessions by target, for as many targets as were asked for.
    pub by_target: HashMap<TargetHash, u64>,
    /// Sessions of targets beyond that number.
    pub others: u64,
}

impl TargetCounts {
    /// Counts one session; with `targets_max` targets counted already, a new target is one of the others.
    pub(crate) fn add(&mut self, target: TargetHash, targets_max: usize) {
        let is_full = self.by_target.len() >= targets_max;
        match self.by_target.get_mut(&target) {
            Some(count) => *count += 1,
            None if is_full => self.others += 1,
            None => {
                self.by_target.insert(target, 1);
            }
        }
    }
}
