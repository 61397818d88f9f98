//! Which requests are sampled: pure, with the time as an argument.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use clingfish_model::limits::{RECENT_EVERY, RECENT_GROUP_EVERY, RECENT_UNUSUAL_PER_SECOND};

use super::Sort;

/// When the next request of one target group may be sampled on one worker.
#[derive(Debug)]
pub struct Pace(Cell<Instant>);

/// What one worker samples.
#[derive(Debug)]
pub struct Sampler {
    /// When the next usual request may be.
    next: Cell<Instant>,
    /// For requests that no target group gets.
    apart: Pace,
    /// For each sort the second that runs, and how many were sampled in it.
    unusual: [Cell<(Instant, u32)>; Sort::COUNT],
}

impl Pace {
    /// One that takes the next request.
    pub fn new(now: Instant) -> Self {
        Self(Cell::new(now))
    }
}

impl Sampler {
    /// One that takes the next request.
    pub fn new(now: Instant) -> Self {
        Self {
            next: Cell::new(now),
            apart: Pace::new(now),
            unusual: std::array::from_fn(|_| Cell::new((now, 0))),
        }
    }

    /// Whether a request that ends now is sampled; `pace` is that of its group. Most are told by one comparison that they are not.
    #[inline]
    pub fn wants(&self, sort: Sort, pace: Option<&Pace>, now: Instant) -> bool {
        if sort.is_usual() {
            return now >= self.next.get() && self.takes(pace.unwrap_or(&self.apart), now);
        }
        self.takes_unusual(sort, now)
    }

    fn takes(&self, pace: &Pace, now: Instant) -> bool {
        if now < pace.0.get() {
            return false;
        }
        pace.0.set(now + RECENT_GROUP_EVERY);
        self.next.set(now + RECENT_EVERY);
        true
    }

    #[cold]
    fn takes_unusual(&self, sort: Sort, now: Instant) -> bool {
        let Some(second) = self.unusual.get(sort.index()) else { return false };
        let (began, taken) = second.get();
        if now.saturating_duration_since(began) >= Duration::from_secs(1) {
            second.set((now, 1));
            return true;
        }
        second.set((began, taken.saturating_add(1)));
        taken < RECENT_UNUSUAL_PER_SECOND
    }
}
