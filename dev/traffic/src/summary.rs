//! What a generator tells the benchmark: one line, times in microseconds.

use std::time::{Duration, Instant};

use crate::clock;

/// Work that was done, and how long each piece took.
#[derive(Debug)]
pub(crate) struct Summary {
    started: Instant,
    ends: Instant,
    micros: Vec<u32>,
}

impl Summary {
    /// Begins to count.
    pub(crate) fn begin(length: Duration) -> Self {
        let started = clock::now();
        Self { started, ends: started + length, micros: Vec::new() }
    }

    /// One piece that began at `began` is done; whether there is time for another.
    pub(crate) fn count(&mut self, began: Instant) -> bool {
        let now = clock::now();
        let micros = now.saturating_duration_since(began).as_micros();
        self.micros.push(u32::try_from(micros).unwrap_or(u32::MAX));
        now < self.ends
    }

    /// `RESULT pieces micros 0 p50 p99 errors`, as the script for wrk has it.
    pub(crate) fn print(mut self, errors: usize) {
        let micros = clock::now().saturating_duration_since(self.started).as_micros();
        self.micros.sort_unstable();
        let at = |percent: usize| {
            self.micros.get(self.micros.len() * percent / 100).copied().unwrap_or_default()
        };
        println!("RESULT {} {micros} 0 {} {} {errors}", self.micros.len(), at(50), at(99));
    }
}
