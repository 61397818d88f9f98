//! Keeps idle connections to one target, for one worker.

use std::time::{Duration, Instant};

/// Idle connections, the most recently used first out, because that one is the least likely to be closed by the target.
///
/// Generic over what is kept, so that its tests need no network.
#[derive(Debug)]
pub struct IdlePool<C> {
    idle: Vec<Idle<C>>,
    idle_max: usize,
    age_max: Duration,
}

#[derive(Debug)]
struct Idle<C> {
    connection: C,
    since: Instant,
}

impl<C> IdlePool<C> {
    /// How long a connection may lie idle: well below the 60 s or more that applications keep theirs.
    pub const AGE_MAX: Duration = Duration::from_secs(4);

    /// An empty pool that keeps at most `idle_max` connections, each idle for at most `age_max`.
    pub fn new(idle_max: usize, age_max: Duration) -> Self {
        Self { idle: Vec::new(), idle_max, age_max }
    }

    /// Takes the newest connection that is young enough and passes `is_usable`; drops those that do not.
    pub fn take(&mut self, now: Instant, mut is_usable: impl FnMut(&C) -> bool) -> Option<C> {
        while let Some(idle) = self.idle.pop() {
            if now.saturating_duration_since(idle.since) >= self.age_max {
                // Everything below it is older still.
                self.idle.clear();
                return None;
            }
            if is_usable(&idle.connection) {
                return Some(idle.connection);
            }
        }
        None
    }

    /// Gives a connection back; a full pool drops its oldest.
    pub fn give(&mut self, connection: C, now: Instant) {
        if self.idle.len() >= self.idle_max && !self.idle.is_empty() {
            self.idle.remove(0);
        }
        if self.idle_max > 0 {
            self.idle.push(Idle { connection, since: now });
        }
    }

    /// Drops what is too old or no longer usable, and memory that an earlier peak left.
    pub fn sweep(&mut self, now: Instant, mut is_usable: impl FnMut(&C) -> bool) {
        let age_max = self.age_max;
        self.idle.retain(|idle| {
            now.saturating_duration_since(idle.since) < age_max && is_usable(&idle.connection)
        });
        if self.idle.is_empty() {
            self.idle.shrink_to_fit();
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.idle = Vec::new();
    }

    /// How many are idle.
    pub fn len(&self) -> usize {
        self.idle.len()
    }

    /// Whether none is idle.
    pub fn is_empty(&self) -> bool {
        self.idle.is_empty()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests need some instant to count from")]
mod tests {
    use super::*;

    fn pool() -> (IdlePool<u32>, Instant) {
        (IdlePool::new(3, Duration::from_secs(4)), Instant::now())
    }

    #[test]
    fn the_newest_comes_out_first() {
        let (mut pool, now) = pool();
        for connection in 0..5 {
            pool.give(connection, now);
        }
        assert_eq!(pool.len(), 3);
        assert_eq!(pool.take(now, |_| true), Some(4));
        assert_eq!(pool.take(now, |c| *c != 3), Some(2));
        assert_eq!(pool.take(now, |_| true), None);
    }

    #[test]
    fn old_connections_are_never_used() {
        let (mut pool, now) = pool();
        pool.give(1, now);
        pool.give(2, now + Duration::from_secs(3));
        pool.sweep(now + Duration::from_secs(4), |_| true);
        assert_eq!(pool.len(), 1);
        assert_eq!(pool.take(now + Duration::from_secs(7), |_| true), None);
    }
}
