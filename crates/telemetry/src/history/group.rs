//! Ten seconds of a target group.

use clingfish_affinity::Verdict;
use clingfish_health::State;

use super::{
    Metric, Spread, TargetNow,
    pack::Fields,
    target::{PERMILLE, grown},
};
use crate::meter::GroupTotals;

/// What happened in a group in one slice, and what was true at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSlice {
    /// Requests by [`Verdict::index`].
    pub verdicts: [u32; Verdict::ALL.len()],
    /// Answers with a status from 400 to 499, ours included.
    pub responses_4xx: u32,
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
    /// Targets, those that leave included.
    pub targets: u32,
    /// Those of them that are healthy.
    pub healthy: u32,
    /// Those that are unhealthy.
    pub unhealthy: u32,
    /// Those that drain.
    pub draining: u32,
    /// Those that health lets get requests; where there are no checks, all of them.
    pub routable: u32,
    pub(super) balance_of_requests: u32,
    pub(super) balance_of_sessions: u32,
}

impl Fields for GroupSlice {
    fn fields(&mut self) -> impl Iterator<Item = &mut u32> {
        let Self {
            verdicts,
            responses_4xx,
            responses_5xx,
            sessions_created,
            duration,
            target_response,
            live_sessions,
            active_sessions,
            targets,
            healthy,
            unhealthy,
            draining,
            routable,
            balance_of_requests,
            balance_of_sessions,
        } = self;
        let targets = [targets, healthy, routable, unhealthy, draining];
        let sessions = [live_sessions, active_sessions, balance_of_sessions, sessions_created];
        let counts = [balance_of_requests, responses_4xx, responses_5xx];
        let few = targets.into_iter().chain(sessions).chain(counts);
        few.chain(verdicts).chain(&mut duration.0).chain(&mut target_response.0)
    }
}

impl GroupSlice {
    pub(super) fn between(before: &GroupTotals, after: &GroupTotals) -> Self {
        let mut slice = Self {
            sessions_created: grown(before.sessions_created, after.sessions_created),
            duration: Spread::between(before.duration.buckets(), after.duration.buckets()),
            target_response: Spread::between(
                before.target_response.buckets(),
                after.target_response.buckets(),
            ),
            ..Self::default()
        };
        for ((class, verdict, after), (.., before)) in after.requests().zip(before.requests()) {
            let count = grown(before, after);
            if let Some(of_verdict) = slice.verdicts.get_mut(verdict.index()) {
                *of_verdict = of_verdict.saturating_add(count);
            }
            match class {
                "4xx" => slice.responses_4xx = slice.responses_4xx.saturating_add(count),
                "5xx" => slice.responses_5xx = slice.responses_5xx.saturating_add(count),
                _ => {}
            }
        }
        slice
    }

    /// Adds what is true of one of its targets.
    pub(super) fn add(&mut self, now: &TargetNow) {
        self.live_sessions = self.live_sessions.saturating_add(now.live_sessions);
        self.active_sessions = self.active_sessions.saturating_add(now.active_sessions);
        self.targets += 1;
        self.routable += u32::from(now.is_routable);
        match now.state {
            State::Healthy => self.healthy += 1,
            State::Unhealthy => self.unhealthy += 1,
            State::Draining => self.draining += 1,
            State::Initial | State::Unused | State::Unavailable => {}
        }
    }

    /// Requests of the busiest target against the average, by weight, of the targets that take new sessions: 1 is even. None where there
    /// were no two of them or no requests, and of groups whose targets are too many for a history.
    pub fn balance_of_requests(&self) -> Option<f64> {
        balance(self.balance_of_requests)
    }

    /// The same of live sessions.
    pub fn balance_of_sessions(&self) -> Option<f64> {
        balance(self.balance_of_sessions)
    }

    /// Requests, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.verdicts.iter().copied().map(u64::from).sum()
    }

    pub(super) fn value(&self, metric: Metric) -> Option<f64> {
        let count = match metric {
            Metric::Requests => return Some(self.requests() as f64),
            Metric::Verdict(verdict) => self.verdicts.get(verdict.index()).copied()?,
            Metric::Responses4xx => self.responses_4xx,
            Metric::Responses5xx => self.responses_5xx,
            Metric::SessionsCreated => self.sessions_created,
            Metric::LiveSessions => self.live_sessions,
            Metric::ActiveSessions => self.active_sessions,
            Metric::Duration(part) => return self.duration.quantile(part),
            Metric::TargetResponse(part) => return self.target_response.quantile(part),
            Metric::Healthy => self.healthy,
            Metric::BalanceOfRequests => return self.balance_of_requests(),
            Metric::BalanceOfSessions => return self.balance_of_sessions(),
            Metric::ConnectFailures | Metric::InFlight | Metric::OpenStreams | Metric::Out => {
                return None;
            }
        };
        Some(count.into())
    }
}

fn balance(permille: u32) -> Option<f64> {
    (permille > 0).then(|| f64::from(permille) / f64::from(PERMILLE))
}
