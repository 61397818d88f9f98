//! The only place that reads a clock.

use std::time::Instant;

/// The time by the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
