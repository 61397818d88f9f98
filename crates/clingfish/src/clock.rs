//! The only place of the command line that reads a clock.

use std::time::Instant;

/// For spans and deadlines.
#[expect(clippy::disallowed_methods, reason = "this is the clock that others must use")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
