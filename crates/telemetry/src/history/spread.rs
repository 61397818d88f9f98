//! How long things took within a slice.

use super::target::grown;
use crate::histogram::{BOUNDS, BUCKETS};

/// How long things took, by the buckets of [`crate::Histogram`]. Those of several slices, targets or groups add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread(pub(super) [u32; BUCKETS]);

impl Spread {
    pub(super) fn between(before: &[u64; BUCKETS], after: &[u64; BUCKETS]) -> Self {
        let mut spread = Self::default();
        for (to, (before, after)) in spread.0.iter_mut().zip(before.iter().zip(after)) {
            *to = grown(*before, *after);
        }
        spread
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to = to.saturating_add(from);
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// The time, in seconds, within which that part of all was done, as if each bucket were filled evenly; what is above all bounds
    /// counts as the highest. None where there was nothing.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = part.clamp(0.0, 1.0) * self.count() as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (count, (bound, _)) in self.0.iter().zip(BOUNDS) {
            let (count, bound) = (f64::from(*count), bound as f64 / 1e6);
            if count > 0.0 && below + count >= wanted {
                return Some(lower + (bound - lower) * ((wanted - below) / count).max(0.0));
            }
            (below, lower) = (below + count, bound);
        }
        (self.count() > 0).then_some(lower)
    }
}
