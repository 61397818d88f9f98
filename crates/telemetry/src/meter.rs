//! What one worker counts: per target group, per target, and for itself.
//!
//! Each meter starts on cache lines of its own (two, since processors fetch neighbours), so that no worker slows another.

mod answers;
mod group;
mod preambles;
mod target;
mod worker;

pub use answers::{ANSWERS_MAX, OwnAnswers};
pub use group::{CLASSES, GroupMeter, GroupTotals, RequestEnd};
pub use preambles::{PreambleRefusal, PreambleRefusals};
pub use target::{TargetMeter, TargetTimes, TargetTotals};
pub use worker::{Held, WorkerMeter, WorkerTotals};
