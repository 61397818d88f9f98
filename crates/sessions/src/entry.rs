//! One session, in 56 bytes.

use std::time::Duration;

use clingfish_model::{TargetHash, UnixMillis};

use crate::{
    key::{ClientKey, SessionKey},
    outcome::{Evicted, Found},
};

/// What is kept of a session, and its place in the ring of its client's sessions.
///
/// A cache line for each would be eight bytes more, and look-ups were not quicker for it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: SessionKey,
    pub(crate) target: TargetHash,
    pub(crate) learned: Moment,
    pub(crate) last_seen: Moment,
    pub(crate) client: ClientKey,
    pub(crate) previous: Slot,
    pub(crate) next: Slot,
}

impl Entry {
    /// As long ago as the limit is not yet too long, as with tokens.
    pub(crate) fn has_expired(&self, now: UnixMillis, idle: Duration) -> bool {
        now.since(self.last_seen.at()) > idle
    }

    /// Workers' clocks may differ by a little: what was seen later stays.
    pub(crate) fn touch(&mut self, now: UnixMillis) {
        if self.last_seen.at() < now {
            self.last_seen = Moment::new(now);
        }
    }

    pub(crate) fn found(&self) -> Found {
        let (learned, last_seen) = (self.learned.at(), self.last_seen.at());
        Found { target: self.target, learned, last_seen }
    }

    pub(crate) fn evicted(&self, expired: bool) -> Evicted {
        Evicted { target: self.target, last_seen: self.last_seen.at(), expired }
    }
}

/// Where an entry is in its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// No slot: a shard never has as many.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// [`UnixMillis`] in six bytes, which last until the year 10889.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment([u8; 6]);

impl Moment {
    pub(crate) fn new(at: UnixMillis) -> Self {
        let [bytes @ .., _, _] = at.0.min((1 << 48) - 1).to_le_bytes();
        Self(bytes)
    }

    pub(crate) fn at(self) -> UnixMillis {
        let [a, b, c, d, e, f] = self.0;
        UnixMillis(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_56_bytes() {
        assert_eq!(size_of::<Entry>(), 56);
    }

    #[test]
    fn moments_keep_the_millisecond() {
        for millis in [0, 1, 1_764_429_704_123, (1 << 48) - 1] {
            assert_eq!(Moment::new(UnixMillis(millis)).at(), UnixMillis(millis));
        }
        assert_eq!(Moment::new(UnixMillis(u64::MAX)).at(), UnixMillis((1 << 48) - 1));
    }
}
