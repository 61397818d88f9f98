//! The only place of this room that reads clocks.

use std::{
    cell::Cell,
    time::{Duration, Instant, SystemTime},
};

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

/// Wall-clock time for whoever has looked up the monotonic one already: the system is asked once in a while for how they differ.
#[derive(Debug)]
pub(crate) struct Wall {
    /// One moment, by either clock.
    known: Cell<(Instant, UnixMicros)>,
}

impl Wall {
    /// A clock that is set while we run is followed after this.
    const FRESH: Duration = Duration::from_millis(50);

    pub(crate) fn new(now: Instant) -> Self {
        Self { known: Cell::new((now, wall())) }
    }

    /// The wall-clock time at `now`, which was looked up just now.
    pub(crate) fn at(&self, now: Instant) -> UnixMicros {
        let (then, known) = self.known.get();
        match now.checked_duration_since(then) {
            Some(since) if since < Self::FRESH => {
                UnixMicros(known.0 + u64::from(since.subsec_micros()))
            }
            _ => {
                let known = wall();
                self.known.set((now, known));
                known
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_time_runs_on_between_looks_and_is_looked_up_again() {
        let now = now();
        let clock = Wall { known: Cell::new((now, UnixMicros(7))) };
        assert_eq!(clock.at(now), UnixMicros(7));
        assert_eq!(clock.at(now + Duration::from_micros(49_999)), UnixMicros(50_006));
        let before = wall();
        assert!(clock.at(now + Wall::FRESH) >= before, "a look at the system's clock");
        assert!(clock.at(now) >= before, "a time before the last look is looked up as well");
    }
}
