//! Polite limits: so many requests per second, so many in all.

use std::{cell::Cell, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::CheckError;
use crate::clock;

/// Lets requests go one after another, a fixed time apart.
pub(super) struct Pace {
    apart: Duration,
    requests_max: usize,
    count: Cell<usize>,
    next: Cell<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(rate: u32, requests_max: usize) -> Self {
        let apart = Duration::from_secs(1) / rate.max(1);
        Self { apart, requests_max, count: Cell::new(0), next: Cell::new(None) }
    }

    /// Waits until the next request may go.
    pub(super) async fn turn(&self) -> Result<(), CheckError> {
        self.turns(1).await
    }

    /// Waits until so many may go at once; the next one waits all the longer.
    pub(super) async fn turns(&self, number: u32) -> Result<(), CheckError> {
        let count = self.count.get() + number as usize;
        if count > self.requests_max {
            return Err(CheckError::Spent(self.requests_max));
        }
        self.count.set(count);
        let now = clock::now();
        let turn = self.next.get().map_or(now, |next| next.max(now));
        self.next.set(Some(turn + self.apart * number));
        if turn > now {
            sleep_until(turn).await;
        }
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.count.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_go_a_fixed_time_apart_until_the_limit() {
        let pace = Pace::new(10, 5);
        let start = clock::now();
        pace.turn().await.unwrap();
        pace.turns(3).await.unwrap();
        assert_eq!(clock::now() - start, Duration::from_millis(100));
        pace.turn().await.unwrap();
        assert_eq!(clock::now() - start, Duration::from_millis(400));
        assert!(matches!(pace.turn().await, Err(CheckError::Spent(5))));
        assert_eq!(pace.count(), 5);
    }
}
