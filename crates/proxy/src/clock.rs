//! The only place of this room that reads clocks.

use std::time::{Instant, SystemTime};

use clingfish_telemetry::log::UnixMicros;

/// Monotonic time, for spans and deadlines.
#[expect(clippy::disallowed_methods, reason = "this is the clock that others must use")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Wall-clock time, for tokens and logs.
#[expect(clippy::disallowed_methods, reason = "this is the clock that others must use")]
pub(crate) fn wall() -> UnixMicros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMicros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
