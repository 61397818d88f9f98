//! Polite limits: so many requests per second, so many in all.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use super::CheckError;
use crate::clock;

/// Lets requests go one after another, a fixed time apart.
pub(super) struct Pace {
    apart: Duration,
    requests_max: usize,
    /// Protects what was let go so far; never held while anybody waits.
    so_far: Mutex<SoFar>,
}

#[derive(Clone, Copy, Default)]
struct SoFar {
    count: usize,
    next: Option<Instant>,
}

impl Pace {
    pub(super) fn new(rate: u32, requests_max: usize) -> Self {
        let apart = Duration::from_secs(1) / rate.max(1);
        Self { apart, requests_max, so_far: Mutex::default() }
    }

    /// Waits until the next request may go.
    pub(super) async fn turn(&self) -> Result<(), CheckError> {
        self.turns(1).await
    }

    /// Waits until so many may go at once; the next one waits all the longer.
    pub(super) async fn turns(&self, number: u32) -> Result<(), CheckError> {
        let now = clock::now();
        let turn = self.take(number, now)?;
        if turn > now {
            sleep_until(turn).await;
        }
        Ok(())
    }

    /// When so many may go.
    fn take(&self, number: u32, now: Instant) -> Result<Instant, CheckError> {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let count = so_far.count + number as usize;
        if count > self.requests_max {
            return Err(CheckError::Spent(self.requests_max));
        }
        let turn = so_far.next.map_or(now, |next| next.max(now));
        *so_far = SoFar { count, next: Some(turn + self.apart * number) };
        Ok(turn)
    }

    pub(super) fn count(&self) -> usize {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).count
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
