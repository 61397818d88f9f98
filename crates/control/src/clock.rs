//! The only place of this room that reads clocks.

use std::time::{Instant, SystemTime};

use clingfish_model::UnixMillis;

/// Monotonic time, for spans and deadlines. Stands still with the runtime's clock in tests.
#[expect(clippy::disallowed_methods, reason = "this is the clock that others must use")]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Wall-clock time, for keys and metrics.
#[expect(clippy::disallowed_methods, reason = "this is the clock that others must use")]
pub(crate) fn wall() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Ends at that time; never without one.
pub(crate) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
