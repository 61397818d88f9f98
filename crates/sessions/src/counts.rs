//! Counters of a shard, and their sum.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Found,
    Missed,
    Learned,
    Renewed,
    Moved,
    Refused,
    QuotaHit,
    Forgotten,
    Expired,
    EvictedFull,
    EvictedQuota,
}

/// One counter for each [`Event`]. Relaxed: they are read for metrics, and nothing is decided by them.
#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; Event::EvictedQuota as usize + 1]);

impl Counters {
    pub(crate) fn count(&self, event: Event) {
        self.of(event).fetch_add(1, Ordering::Relaxed);
    }

    fn of(&self, event: Event) -> &AtomicU64 {
        self.0.get(event as usize).expect("there is a counter for the last event, so for each")
    }
}

/// What has happened to a table since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Look-ups that found a session.
    pub found: u64,
    /// Look-ups that found none, or one that had expired.
    pub missed: u64,
    /// Sessions that were new.
    pub learned: u64,
    /// Sessions that were learned again with the same target.
    pub renewed: u64,
    /// Sessions that were learned again with another target.
    pub moved: u64,
    /// Sessions that were not learned.
    pub refused: u64,
    /// Times that a new session met a client with its quota full.
    pub quota_hits: u64,
    /// Sessions that were forgotten on request.
    pub forgotten: u64,
    /// Sessions that left because they had not been seen for too long.
    pub expired: u64,
    /// Sessions that left before that because the table was full.
    pub evicted_full: u64,
    /// Sessions that left before that because their client held its quota.
    pub evicted_quota: u64,
}

impl Counts {
    /// Sessions that came and have not left. Taken while workers go on, this is off by what they do meanwhile.
    pub fn sessions(&self) -> u64 {
        let left = self.forgotten + self.expired + self.evicted_full + self.evicted_quota;
        self.learned.saturating_sub(left)
    }

    pub(crate) fn add(&mut self, counters: &Counters) {
        let of = |event| counters.of(event).load(Ordering::Relaxed);
        self.found += of(Event::Found);
        self.missed += of(Event::Missed);
        self.learned += of(Event::Learned);
        self.renewed += of(Event::Renewed);
        self.moved += of(Event::Moved);
        self.refused += of(Event::Refused);
        self.quota_hits += of(Event::QuotaHit);
        self.forgotten += of(Event::Forgotten);
        self.expired += of(Event::Expired);
        self.evicted_full += of(Event::EvictedFull);
        self.evicted_quota += of(Event::EvictedQuota);
    }
}
