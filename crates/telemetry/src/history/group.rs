//! Ten seconds of a target group.

use clingfish_affinity::Verdict;

use super::{Metric, TargetNow, target::grown};
use crate::{
    HistogramTotals,
    histogram::{BOUNDS, BUCKETS},
    meter::GroupTotals,
};

/// What happened in a group in one slice, and what was true at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSlice {
    /// Requests by [`Verdict::index`].
    pub verdicts: [u32; Verdict::ALL.len()],
    /// Answers with a status of 500 or more, ours included.
    pub responses_5xx: u32,
    /// Sessions that began.
    pub sessions_created: u32,
    /// How long requests took.
    pub duration: Spread,
    /// How long targets took to answer.
    pub target_response: Spread,
    /// Sessions of all targets that were seen within the duration of stickiness.
    pub live_sessions: u32,
    /// Sessions of all targets that were seen within five minutes.
    pub active_sessions: u32,
}

/// How long things took, by the buckets of [`crate::Histogram`]. Those of several slices, or groups, add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread([u32; BUCKETS]);

impl Spread {
    fn between(before: &HistogramTotals, after: &HistogramTotals) -> Self {
        let mut spread = Self::default();
        let counts = before.buckets().iter().zip(after.buckets());
        for (to, (before, after)) in spread.0.iter_mut().zip(counts) {
            *to = grown(*before, *after);
        }
        spread
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Self) {
        for (to, from) in self.0.iter_mut().zip(other.0) {
            *to = to.saturating_add(from);
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.iter().copied().map(u64::from).sum()
    }

    /// The time, in seconds, within which that part of all was done, as if each bucket were filled evenly; what is above all bounds
    /// counts as the highest. None where there was nothing.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let wanted = part.clamp(0.0, 1.0) * self.count() as f64;
        let (mut below, mut lower) = (0.0, 0.0);
        for (count, (bound, _)) in self.0.iter().zip(BOUNDS) {
            let (count, bound) = (f64::from(*count), bound as f64 / 1e6);
            if count > 0.0 && below + count >= wanted {
                return Some(lower + (bound - lower) * ((wanted - below) / count).max(0.0));
            }
            (below, lower) = (below + count, bound);
        }
        (self.count() > 0).then_some(lower)
    }
}

impl GroupSlice {
    pub(super) fn between(before: &GroupTotals, after: &GroupTotals) -> Self {
        let mut slice = Self {
            sessions_created: grown(before.sessions_created, after.sessions_created),
            duration: Spread::between(&before.duration, &after.duration),
            target_response: Spread::between(&before.target_response, &after.target_response),
            ..Self::default()
        };
        for ((class, verdict, after), (.., before)) in after.requests().zip(before.requests()) {
            let count = grown(before, after);
            if let Some(of_verdict) = slice.verdicts.get_mut(verdict.index()) {
                *of_verdict = of_verdict.saturating_add(count);
            }
            if class == "5xx" {
                slice.responses_5xx = slice.responses_5xx.saturating_add(count);
            }
        }
        slice
    }

    /// Adds what is true of one of its targets.
    pub(super) fn add(&mut self, now: &TargetNow) {
        self.live_sessions = self.live_sessions.saturating_add(now.live_sessions);
        self.active_sessions = self.active_sessions.saturating_add(now.active_sessions);
    }

    /// Requests, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.verdicts.iter().copied().map(u64::from).sum()
    }

    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        let count = match metric {
            Metric::Requests => return Some(self.requests() as f64),
            Metric::Verdict(verdict) => self.verdicts.get(verdict.index()).copied()?,
            Metric::Responses5xx => self.responses_5xx,
            Metric::SessionsCreated => self.sessions_created,
            Metric::LiveSessions => self.live_sessions,
            Metric::ActiveSessions => self.active_sessions,
            Metric::Duration(part) => return self.duration.quantile(part),
            Metric::TargetResponse(part) => return self.target_response.quantile(part),
            Metric::ConnectFailures | Metric::InFlight | Metric::OpenStreams => return None,
        };
        Some(count.into())
    }
}
