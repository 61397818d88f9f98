//! Targets that have become healthy grow into their share, so that caches can fill.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use clingfish_model::SlowStart;

use crate::Share;

/// The slow starts of one group, by ALB's rules.
///
/// A target enters when it becomes healthy while some healthy one is not in it. Those that were there when it was switched on, or
/// that came together into an empty group, do not enter as long as they stay healthy.
#[derive(Debug, Default)]
pub struct SlowStarts {
    slow_start: SlowStart,
    rows: HashMap<u64, Stage>,
}

/// How a target is, as far as slow start goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// Nobody has looked at it.
    Untested,
    /// It may get new sessions.
    Healthy,
    /// It may not.
    Unhealthy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Does not enter when it becomes healthy.
    Exempt,
    /// Enters when it becomes healthy.
    Waiting,
    Growing {
        since: Instant,
    },
    Grown,
}

impl SlowStarts {
    /// Takes how the targets that take new sessions are now, each with a number of its own that is never used again. To be
    /// called when one of them has come, gone or changed, and when [`Self::next_change`] has come.
    pub fn follow(&mut self, slow_start: SlowStart, targets: &[(u64, Fitness)], now: Instant) {
        let was_off = !self.slow_start.is_on();
        self.slow_start = slow_start;
        if !slow_start.is_on() {
            self.rows.clear();
            return;
        }
        let is_begin = was_off || self.rows.is_empty();
        let mut rows = HashMap::with_capacity(targets.len());
        for (serial, fitness) in targets {
            let arrival = if is_begin { Stage::Exempt } else { Stage::Waiting };
            let stage = self.rows.get(serial).copied().unwrap_or(arrival);
            rows.insert(*serial, self.aged(stage, *fitness, now));
        }
        // Those of one look do not count for each other: it is chance who is first in it.
        let has_grown = targets.iter().any(|(serial, fitness)| {
            *fitness == Fitness::Healthy && rows.get(serial) == Some(&Stage::Grown)
        });
        let entry = if has_grown { Stage::Growing { since: now } } else { Stage::Grown };
        for (serial, _) in targets.iter().filter(|(_, fitness)| *fitness == Fitness::Healthy) {
            if let Some(stage) = rows.get_mut(serial).filter(|stage| **stage == Stage::Waiting) {
                *stage = entry;
            }
        }
        self.rows = rows;
    }

    fn aged(&self, stage: Stage, fitness: Fitness, now: Instant) -> Stage {
        match (stage, fitness) {
            (_, Fitness::Unhealthy) => Stage::Waiting,
            (Stage::Exempt, Fitness::Healthy) => Stage::Grown,
            (Stage::Growing { since }, _)
                if now.saturating_duration_since(since) >= self.slow_start.duration() =>
            {
                Stage::Grown
            }
            _ => stage,
        }
    }

    /// How much of its weight a target counts for.
    pub fn share(&self, serial: u64, now: Instant) -> Share {
        match self.rows.get(&serial) {
            Some(Stage::Growing { since }) => {
                let grown_for = now.saturating_duration_since(*since);
                Share::of(grown_for.as_nanos(), self.slow_start.duration().as_nanos())
            }
            _ => Share::FULL,
        }
    }

    /// When some share is another one; none while all are full.
    pub fn next_change(&self, now: Instant) -> Option<Instant> {
        let duration = self.slow_start.duration();
        let next = |since: &Instant| {
            let parts =
                now.saturating_duration_since(*since).as_nanos() * u128::from(Share::FULL.parts());
            let done = u32::try_from(parts / duration.as_nanos().max(1)).unwrap_or(u32::MAX);
            let next = (done + 1).min(u32::from(Share::FULL.parts()));
            *since + step(duration, next)
        };
        let growing = self.rows.values().filter_map(|stage| match stage {
            Stage::Growing { since } => Some(next(since)),
            _ => None,
        });
        growing.min()
    }
}

/// After how much time a share has so many parts: rounded up, so that it is not a little less then.
fn step(duration: Duration, parts: u32) -> Duration {
    duration * parts / u32::from(Share::FULL.parts()) + Duration::from_nanos(1)
}

#[cfg(test)]
mod tests;
