//! How many retries a group may have, so that a bad day does not become a storm.

use std::time::{Duration, Instant};

use clingfish_model::limits::{RETRIES_FLOOR_PER_SECOND, RETRY_BUDGET_PERCENT};

/// Credit for retries: every request earns a share of one, and some are always free.
///
/// In hundredths of a retry, so that a request's share is a whole number.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    credit: u32,
    free: u32,
    second_began: Instant,
}

impl RetryBudget {
    const RETRY: u32 = 100;
    /// Credit that a busy hour may leave for a bad minute.
    const CREDIT_MAX: u32 = 1000 * Self::RETRY;

    pub(crate) fn new(now: Instant) -> Self {
        Self { credit: 0, free: RETRIES_FLOOR_PER_SECOND, second_began: now }
    }

    /// A request came in.
    pub(crate) fn earn(&mut self) {
        self.credit = (self.credit + RETRY_BUDGET_PERCENT).min(Self::CREDIT_MAX);
    }

    /// Takes one retry, if there is one.
    pub(crate) fn spend(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.second_began) >= Duration::from_secs(1) {
            self.second_began = now;
            self.free = RETRIES_FLOOR_PER_SECOND;
        }
        if self.free > 0 {
            self.free -= 1;
            return true;
        }
        if self.credit >= Self::RETRY {
            self.credit -= Self::RETRY;
            return true;
        }
        false
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests need some instant to count from")]
mod tests {
    use super::*;

    #[test]
    fn retries_stay_within_their_share_and_a_few_are_always_free() {
        let now = Instant::now();
        let mut budget = RetryBudget::new(now);
        let granted = |budget: &mut RetryBudget, at| (0..1000).filter(|_| budget.spend(at)).count();
        assert_eq!(granted(&mut budget, now), RETRIES_FLOOR_PER_SECOND as usize);
        for _ in 0..100 {
            budget.earn();
        }
        assert_eq!(granted(&mut budget, now), RETRY_BUDGET_PERCENT as usize);
        let later = now + Duration::from_secs(1);
        assert_eq!(granted(&mut budget, later), RETRIES_FLOOR_PER_SECOND as usize);
    }
}
