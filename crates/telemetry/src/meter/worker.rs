//! What one worker counts for itself.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Counter, Gauge,
    meter::{OwnAnswers, PreambleRefusals},
};

/// What one worker counts for itself.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct WorkerMeter {
    /// Requests whose head was read, refused ones included.
    pub requests: Counter,
    /// Requests that are not compliant, refused ones included.
    pub non_compliant: NonCompliant,
    /// Client connections accepted.
    pub connections_accepted: Counter,
    /// Client connections closed at once because there were too many.
    pub connections_refused: Counter,
    /// Client connections open now.
    pub connections_active: Gauge,
    /// Client connections open now that wait for their next request.
    pub connections_idle: Gauge,
    /// WebSocket tunnels open now.
    pub tunnels_active: Gauge,
    /// Streams open now that keep their session alive.
    pub session_streams_active: Gauge,
    /// Sessions whose streams began to be noted.
    pub stream_sessions_noted: Counter,
    /// Sessions that were forgotten early, as others with streams needed room.
    pub stream_sessions_evicted: Counter,
    /// Sessions whose streams were not noted, as there was no room.
    pub stream_sessions_refused: Counter,
    /// Requests whose token had expired, but for a stream of its session.
    pub stream_sessions_kept: Counter,
    /// Connections opened to targets.
    pub upstream_connects: Counter,
    /// Requests sent on a connection that was open already.
    pub upstream_reuses: Counter,
    /// Full TLS handshakes with clients.
    pub tls_handshakes: Counter,
    /// TLS handshakes with clients that a ticket made short.
    pub tls_resumptions: Counter,
    /// TLS handshakes with clients that came to nothing.
    pub tls_handshakes_failed: Counter,
    /// Requests that ended in a panic.
    pub panics: Counter,
    /// Requests of which invalid header fields were dropped.
    pub dropped_invalid_headers: Counter,
    /// Client connections closed for their PROXY header.
    pub preambles_refused: PreambleRefusals,
    /// Answers that no target gave.
    pub own_answers: OwnAnswers,
}

/// Requests that are not compliant, by ALB's desync classes.
#[derive(Debug, Default)]
pub struct NonCompliant {
    /// Not as the RFCs have it, but no risk.
    pub acceptable: Counter,
    /// Parsers differ about them.
    pub ambiguous: Counter,
    /// They look like attacks.
    pub severe: Counter,
}

impl WorkerMeter {
    /// Counts one thing as existing until the returned value is dropped.
    pub fn hold(self: &Arc<Self>, which: fn(&Self) -> &Gauge) -> Held {
        which(self).increment();
        Held { meter: Arc::clone(self), which }
    }
}

/// Counts one thing from creation to drop, however it ends. Stays on the worker that made it.
#[derive(Debug)]
pub struct Held {
    meter: Arc<WorkerMeter>,
    which: fn(&WorkerMeter) -> &Gauge,
}

impl Drop for Held {
    fn drop(&mut self) {
        (self.which)(&self.meter).decrement();
    }
}

/// What all workers counted for themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    /// Sum of [`WorkerMeter::requests`].
    pub requests: u64,
    /// Sums of [`WorkerMeter::non_compliant`]: acceptable, ambiguous, severe.
    pub non_compliant: [u64; 3],
    /// Sum of [`WorkerMeter::connections_accepted`].
    pub connections_accepted: u64,
    /// Sum of [`WorkerMeter::connections_refused`].
    pub connections_refused: u64,
    /// Sum of [`WorkerMeter::connections_active`].
    pub connections_active: u64,
    /// Sum of [`WorkerMeter::connections_idle`].
    pub connections_idle: u64,
    /// Sum of [`WorkerMeter::tunnels_active`].
    pub tunnels_active: u64,
    /// Sum of [`WorkerMeter::session_streams_active`].
    pub session_streams_active: u64,
    /// Sum of [`WorkerMeter::stream_sessions_noted`].
    pub stream_sessions_noted: u64,
    /// Sum of [`WorkerMeter::stream_sessions_evicted`].
    pub stream_sessions_evicted: u64,
    /// Sum of [`WorkerMeter::stream_sessions_refused`].
    pub stream_sessions_refused: u64,
    /// Sum of [`WorkerMeter::stream_sessions_kept`].
    pub stream_sessions_kept: u64,
    /// Sum of [`WorkerMeter::upstream_connects`].
    pub upstream_connects: u64,
    /// Sum of [`WorkerMeter::upstream_reuses`].
    pub upstream_reuses: u64,
    /// Sum of [`WorkerMeter::tls_handshakes`].
    pub tls_handshakes: u64,
    /// Sum of [`WorkerMeter::tls_resumptions`].
    pub tls_resumptions: u64,
    /// Sum of [`WorkerMeter::tls_handshakes_failed`].
    pub tls_handshakes_failed: u64,
    /// Sum of [`WorkerMeter::panics`].
    pub panics: u64,
    /// Sum of [`WorkerMeter::dropped_invalid_headers`].
    pub dropped_invalid_headers: u64,
    /// Sum of [`WorkerMeter::preambles_refused`], by cause.
    pub preambles_refused: BTreeMap<&'static str, u64>,
    /// Sum of [`WorkerMeter::own_answers`], by status and cause.
    pub own_answers: BTreeMap<(u16, &'static str), u64>,
}

impl WorkerTotals {
    /// Adds what one worker counted.
    pub fn add(&mut self, meter: &WorkerMeter) {
        self.requests += meter.requests.value();
        let NonCompliant { acceptable, ambiguous, severe } = &meter.non_compliant;
        for (sum, counter) in self.non_compliant.iter_mut().zip([acceptable, ambiguous, severe]) {
            *sum += counter.value();
        }
        self.connections_accepted += meter.connections_accepted.value();
        self.connections_refused += meter.connections_refused.value();
        self.connections_active += meter.connections_active.value();
        self.connections_idle += meter.connections_idle.value();
        self.tunnels_active += meter.tunnels_active.value();
        self.session_streams_active += meter.session_streams_active.value();
        self.stream_sessions_noted += meter.stream_sessions_noted.value();
        self.stream_sessions_evicted += meter.stream_sessions_evicted.value();
        self.stream_sessions_refused += meter.stream_sessions_refused.value();
        self.stream_sessions_kept += meter.stream_sessions_kept.value();
        self.upstream_connects += meter.upstream_connects.value();
        self.upstream_reuses += meter.upstream_reuses.value();
        self.tls_handshakes += meter.tls_handshakes.value();
        self.tls_resumptions += meter.tls_resumptions.value();
        self.tls_handshakes_failed += meter.tls_handshakes_failed.value();
        self.panics += meter.panics.value();
        self.dropped_invalid_headers += meter.dropped_invalid_headers.value();
        for (reason, count) in meter.preambles_refused.iter() {
            *self.preambles_refused.entry(reason).or_default() += count;
        }
        for (key, count) in meter.own_answers.iter() {
            *self.own_answers.entry(key).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_connection_counts_until_it_is_dropped() {
        let meter = Arc::new(WorkerMeter::default());
        let first = meter.hold(|meter| &meter.connections_active);
        let second = meter.hold(|meter| &meter.connections_active);
        assert_eq!(meter.connections_active.value(), 2);
        drop(first);
        assert_eq!(meter.connections_active.value(), 1);
        drop(second);
        assert_eq!(meter.connections_active.value(), 0);
    }
}
