//! Ten seconds of a target.

use clingfish_affinity::Verdict;
use clingfish_health::State;

use super::{Metric, Spread, pack::Fields};
use crate::meter::{TargetTimes, TargetTotals};

/// What is true of a target now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetNow {
    /// Sessions seen within the duration of stickiness.
    pub live_sessions: u32,
    /// Sessions seen within five minutes.
    pub active_sessions: u32,
    /// Requests that run.
    pub in_flight: u32,
    /// Open streams.
    pub open_streams: u32,
    /// What is reported of it.
    pub state: State,
    /// Whether health lets it get requests.
    pub is_routable: bool,
    /// Share of new sessions.
    pub weight: u16,
}

impl Default for TargetNow {
    /// A healthy one with nothing on it.
    fn default() -> Self {
        Self {
            live_sessions: 0,
            active_sessions: 0,
            in_flight: 0,
            open_streams: 0,
            state: State::Healthy,
            is_routable: true,
            weight: 1,
        }
    }
}

impl TargetNow {
    /// Whether new sessions may come to it, so that it is to be compared with others.
    pub(super) fn takes_sessions(&self) -> bool {
        self.is_routable && self.state != State::Draining && self.weight > 0
    }
}

/// A whole, in the parts of which a share of a slice is told.
pub(super) const PERMILLE: u32 = 1_000;

/// What happened at a target in one slice, and what was true at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetSlice {
    /// Requests that ended at it by [`Verdict::index`].
    pub verdicts: [u32; Verdict::ALL.len()],
    /// Answers with a status from 400 to 499.
    pub responses_4xx: u32,
    /// Answers with a status of 500 or more.
    pub responses_5xx: u32,
    /// Connects that failed.
    pub connect_failures: u32,
    /// How long its requests took.
    pub duration: Spread,
    /// How long it took to answer.
    pub target_response: Spread,
    /// Sessions seen within the duration of stickiness, at its end.
    pub live_sessions: u32,
    /// Sessions seen within five minutes, at its end.
    pub active_sessions: u32,
    /// Requests that ran at its end.
    pub in_flight: u32,
    /// Streams that were open at its end.
    pub open_streams: u32,
    /// In how many of a thousand parts of it health let no requests go there.
    pub out_permille: u32,
    /// What was reported of it at its end; 0 is healthy, so that healthy targets without requests take no room.
    state: u32,
}

impl Fields for TargetSlice {
    fn fields(&mut self) -> impl Iterator<Item = &mut u32> {
        let Self {
            verdicts,
            responses_4xx,
            responses_5xx,
            connect_failures,
            duration,
            target_response,
            live_sessions,
            active_sessions,
            in_flight,
            open_streams,
            out_permille,
            state,
        } = self;
        let moment = [live_sessions, active_sessions, state, out_permille, in_flight, open_streams];
        let counts = [responses_4xx, responses_5xx, connect_failures];
        moment
            .into_iter()
            .chain(counts)
            .chain(verdicts)
            .chain(&mut duration.0)
            .chain(&mut target_response.0)
    }
}

impl TargetSlice {
    pub(super) fn between(
        before: &(TargetTotals, TargetTimes),
        after: &(TargetTotals, TargetTimes),
    ) -> Self {
        let ((before, times_before), (after, times)) = (before, after);
        let mut verdicts = [0; Verdict::ALL.len()];
        let counts = before.verdicts.iter().zip(&after.verdicts);
        for (to, (before, after)) in verdicts.iter_mut().zip(counts) {
            *to = grown(*before, *after);
        }
        Self {
            verdicts,
            responses_4xx: grown(before.responses_4xx, after.responses_4xx),
            responses_5xx: grown(before.responses_5xx, after.responses_5xx),
            connect_failures: grown(before.connect_failures, after.connect_failures),
            duration: Spread::between(&times_before.duration, &times.duration),
            target_response: Spread::between(&times_before.target_response, &times.target_response),
            ..Self::default()
        }
    }

    /// The same with what is true at its end.
    pub(super) fn with(self, now: &TargetNow, out_permille: u32) -> Self {
        let state = match now.state {
            State::Healthy => 0,
            other => 1 + State::ALL.iter().position(|state| *state == other).unwrap_or(0) as u32,
        };
        Self {
            live_sessions: now.live_sessions,
            active_sessions: now.active_sessions,
            in_flight: now.in_flight,
            open_streams: now.open_streams,
            out_permille,
            state,
            ..self
        }
    }

    /// Requests that ended at it.
    pub fn requests(&self) -> u64 {
        self.verdicts.iter().copied().map(u64::from).sum()
    }

    /// What was reported of it at its end.
    pub fn state(&self) -> State {
        let other = self.state.checked_sub(1).and_then(|nth| State::ALL.get(nth as usize));
        other.copied().unwrap_or(State::Healthy)
    }

    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        let count = match metric {
            Metric::Requests => return Some(self.requests() as f64),
            Metric::Verdict(verdict) => self.verdicts.get(verdict.index()).copied()?,
            Metric::Responses4xx => self.responses_4xx,
            Metric::Responses5xx => self.responses_5xx,
            Metric::ConnectFailures => self.connect_failures,
            Metric::LiveSessions => self.live_sessions,
            Metric::ActiveSessions => self.active_sessions,
            Metric::InFlight => self.in_flight,
            Metric::OpenStreams => self.open_streams,
            Metric::Out => return Some(f64::from(self.out_permille) / f64::from(PERMILLE)),
            Metric::Duration(part) => return self.duration.quantile(part),
            Metric::TargetResponse(part) => return self.target_response.quantile(part),
            Metric::SessionsCreated
            | Metric::Healthy
            | Metric::BalanceOfRequests
            | Metric::BalanceOfSessions => return None,
        };
        Some(count.into())
    }
}

/// By how much a count grew. One that is lower than before began again, with what went away and came back under its name.
pub(super) fn grown(before: u64, after: u64) -> u32 {
    u32::try_from(after.checked_sub(before).unwrap_or(after)).unwrap_or(u32::MAX)
}
