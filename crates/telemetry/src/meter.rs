//! What one worker counts: per target group, per target, and for itself.
//!
//! Each meter starts on cache lines of its own (two, since processors fetch neighbours), so that no worker slows another.

mod answers;
mod group;
mod preambles;
mod worker;

pub use answers::{ANSWERS_MAX, OwnAnswers};
pub use group::{CLASSES, GroupMeter, GroupTotals, RequestEnd};
pub use preambles::{PreambleRefusal, PreambleRefusals};
pub use worker::{Held, WorkerMeter, WorkerTotals};

use crate::Counter;

/// What one worker counts for one target.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct TargetMeter {
    /// Requests sent to it, retries included.
    pub requests: Counter,
    /// Its answers with a status of 500 or more.
    pub responses_5xx: Counter,
    /// Connects that failed on real traffic.
    pub connect_failures: Counter,
}

/// What all workers counted for one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetTotals {
    /// Sum of [`TargetMeter::requests`].
    pub requests: u64,
    /// Sum of [`TargetMeter::responses_5xx`].
    pub responses_5xx: u64,
    /// Sum of [`TargetMeter::connect_failures`].
    pub connect_failures: u64,
}

impl TargetTotals {
    /// Adds what one worker counted.
    pub fn add(&mut self, meter: &TargetMeter) {
        self.requests += meter.requests.value();
        self.responses_5xx += meter.responses_5xx.value();
        self.connect_failures += meter.connect_failures.value();
    }
}
