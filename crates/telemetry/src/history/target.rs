//! Ten seconds of a target.

use super::Metric;
use crate::meter::TargetTotals;

/// What is true of a target now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetNow {
    /// Sessions seen within the duration of stickiness.
    pub live_sessions: u32,
    /// Sessions seen within five minutes.
    pub active_sessions: u32,
    /// Requests that run.
    pub in_flight: u32,
    /// Open streams.
    pub open_streams: u32,
}

/// What happened at a target in one slice, and what was true at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetSlice {
    /// Requests, retries included.
    pub requests: u32,
    /// Answers with a status of 500 or more.
    pub responses_5xx: u32,
    /// Connects that failed.
    pub connect_failures: u32,
    /// What was true at its end.
    pub now: TargetNow,
}

impl TargetSlice {
    pub(super) fn between(before: &TargetTotals, after: &TargetTotals, now: TargetNow) -> Self {
        Self {
            requests: grown(before.requests, after.requests),
            responses_5xx: grown(before.responses_5xx, after.responses_5xx),
            connect_failures: grown(before.connect_failures, after.connect_failures),
            now,
        }
    }

    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        let count = match metric {
            Metric::Requests => self.requests,
            Metric::Responses5xx => self.responses_5xx,
            Metric::ConnectFailures => self.connect_failures,
            Metric::LiveSessions => self.now.live_sessions,
            Metric::ActiveSessions => self.now.active_sessions,
            Metric::InFlight => self.now.in_flight,
            Metric::OpenStreams => self.now.open_streams,
            Metric::Verdict(_)
            | Metric::Duration(_)
            | Metric::TargetResponse(_)
            | Metric::SessionsCreated => return None,
        };
        Some(count.into())
    }
}

/// By how much a count grew. One that is lower than before began again, with what went away and came back under its name.
pub(super) fn grown(before: u64, after: u64) -> u32 {
    u32::try_from(after.checked_sub(before).unwrap_or(after)).unwrap_or(u32::MAX)
}
