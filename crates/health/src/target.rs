//! The health of one target: what checks and real traffic made of it.

use std::time::{Duration, Instant};

use clingfish_model::HealthCheck;

use crate::{Reason, State};

/// How long an ejected target stays out where no check can bring it back.
pub const EJECTION_PAUSE: Duration = Duration::from_secs(10);

/// Whether a target may get requests, with the reason where it may not.
///
/// A new target needs one good check. Afterwards a run of results as long as the group's threshold changes the state.
/// A target that real traffic ejected needs one good check only, unless checks fail as well.
///
/// Beside that it may have announced a drain. One check that says so is enough, as whoever is about to stop has no time for a
/// second one, and counts as a good check. It is taken back by as many good checks in a row without it as bring a target back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetHealth {
    condition: Condition,
    /// Results in a row that speak against the condition.
    against: u32,
    drain: Drain,
}

/// Whether a target wants to be drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Drain {
    /// It has not said so, or has taken it back.
    Off,
    /// It said so; since then that many good checks in a row did not.
    Announced { taken_back: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// Waits for its first good check.
    Initial,
    /// Passed its checks.
    Healthy,
    /// Is not checked.
    Unchecked,
    /// Failed its checks; the reason is that of the last failure.
    Failing(Reason),
    /// Refused real connections. `returns_at` is set where checks are off.
    Ejected { returns_at: Option<Instant> },
}

/// What one check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// A status that matches.
    Good,
    /// The target is there, and wants to be drained.
    Announced,
    /// A status that does not match.
    Status(u16),
    /// No answer in time.
    Timeout,
    /// No connection, or no HTTP answer.
    Failed,
    /// Nobody is called at that address.
    Forbidden,
}

impl CheckOutcome {
    /// Judges an answer: its status, and whether it has the field that announces a drain. An announcement comes first, so that
    /// neither `drain_status` nor `drain_header` has to keep clear of `matcher`.
    pub fn of_answer(status: u16, has_drain_header: bool, check: &HealthCheck) -> Self {
        if has_drain_header || check.announcement.has_status(status) {
            Self::Announced
        } else if check.matcher.matches(status) {
            Self::Good
        } else {
            Self::Status(status)
        }
    }

    fn failure(self) -> Option<Reason> {
        match self {
            Self::Good | Self::Announced => None,
            Self::Status(status) => Some(Reason::TargetResponseCodeMismatch(status)),
            Self::Timeout => Some(Reason::TargetTimeout),
            Self::Failed => Some(Reason::TargetFailedHealthChecks),
            Self::Forbidden => Some(Reason::AddressForbidden),
        }
    }
}

/// A change of a target's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// Why, where the state now is not healthy.
    pub reason: Option<Reason>,
}

/// How a target stands in its group, which decides what is reported beside its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Takes sessions.
    InUse,
    /// No listener uses the group.
    NotInUse,
    /// Takes no new sessions, by the operator's word: `drain = true`, or removed and still finishing.
    Draining,
}

impl TargetHealth {
    /// The health of a target that nobody has looked at.
    pub fn new(check: &HealthCheck) -> Self {
        Self::of(if check.enabled { Condition::Initial } else { Condition::Unchecked })
    }

    fn of(condition: Condition) -> Self {
        Self { condition, against: 0, drain: Drain::Off }
    }

    /// Whether it may get requests, as far as health goes; of one that announced a drain, those of sessions that it has.
    pub fn is_routable(&self) -> bool {
        matches!(self.condition, Condition::Healthy | Condition::Unchecked)
    }

    /// Whether it is well and wants to be drained.
    pub fn is_draining(&self) -> bool {
        self.condition == Condition::Healthy && self.drain != Drain::Off
    }

    /// The state, of a target in use.
    pub fn state(&self) -> State {
        match self.condition {
            Condition::Initial => State::Initial,
            Condition::Healthy if self.is_draining() => State::Draining,
            Condition::Healthy => State::Healthy,
            Condition::Unchecked => State::Unavailable,
            Condition::Failing(_) | Condition::Ejected { .. } => State::Unhealthy,
        }
    }

    /// The reason, of a target in use; none where it is healthy.
    pub fn reason(&self) -> Option<Reason> {
        match self.condition {
            Condition::Initial => Some(Reason::ElbInitialHealthChecking),
            Condition::Healthy => self.is_draining().then_some(Reason::DrainAnnounced),
            Condition::Unchecked => Some(Reason::TargetHealthCheckDisabled),
            Condition::Failing(reason) => Some(reason),
            Condition::Ejected { .. } => Some(Reason::ConnectFailures),
        }
    }

    /// What `DescribeTargetHealth` says of it.
    pub fn report(&self, registration: Registration) -> (State, Option<Reason>) {
        match registration {
            Registration::InUse => (self.state(), self.reason()),
            Registration::NotInUse => (State::Unused, Some(Reason::TargetNotInUse)),
            Registration::Draining => {
                (State::Draining, Some(Reason::TargetDeregistrationInProgress))
            }
        }
    }

    /// When an ejected target returns by itself, for [`Self::end_pause`]; none where a check brings it back.
    pub fn returns_at(&self) -> Option<Instant> {
        match self.condition {
            Condition::Ejected { returns_at } => returns_at,
            _ => None,
        }
    }

    /// Takes the result of a check; a result that comes in after checks were turned off changes nothing.
    pub fn observe(&mut self, outcome: CheckOutcome, check: &HealthCheck) -> Option<Transition> {
        if !check.enabled {
            return None;
        }
        let next = match outcome.failure() {
            None => self.after_good(check),
            Some(reason) => self.after_bad(reason, check),
        };
        self.become_next(Self { drain: self.drain.after(outcome, check), ..next })
    }

    /// Takes a target out because connects failed on real traffic. Only one that gets requests can be ejected.
    pub fn eject(&mut self, check: &HealthCheck, now: Instant) -> Option<Transition> {
        if !self.is_routable() {
            return None;
        }
        let returns_at = (!check.enabled).then(|| now + EJECTION_PAUSE);
        self.become_next(Self { drain: self.drain, ..Self::of(Condition::Ejected { returns_at }) })
    }

    /// Lets an ejected target return whose pause is over.
    pub fn end_pause(&mut self, now: Instant) -> Option<Transition> {
        if self.returns_at().is_some_and(|at| at <= now) {
            return self.become_next(Self::of(Condition::Unchecked));
        }
        None
    }

    /// Takes a changed configuration. A target in service stays in service: turning checks on moves nobody. Where no check can
    /// announce a drain any more, none is announced.
    pub fn reconfigure(&mut self, check: &HealthCheck) -> Option<Transition> {
        let listens = check.enabled && !check.announcement.is_off();
        let drain = if listens { self.drain } else { Drain::Off };
        let condition = match (check.enabled, self.condition) {
            (false, _) => Condition::Unchecked,
            (true, Condition::Unchecked) => Condition::Healthy,
            // It had a pause because nothing was checked; the next good check ends it now.
            (true, Condition::Ejected { .. }) => Condition::Ejected { returns_at: None },
            (true, same) => same,
        };
        let against = if condition == self.condition { self.against } else { 0 };
        self.become_next(Self { condition, against, drain })
    }

    fn after_good(&self, check: &HealthCheck) -> Self {
        match self.condition {
            Condition::Failing(_) if self.against + 1 < check.healthy_threshold => {
                Self { against: self.against + 1, ..*self }
            }
            _ => Self::of(Condition::Healthy),
        }
    }

    fn after_bad(&self, reason: Reason, check: &HealthCheck) -> Self {
        match self.condition {
            Condition::Failing(_) => Self::of(Condition::Failing(reason)),
            _ if self.against + 1 >= check.unhealthy_threshold => {
                Self::of(Condition::Failing(reason))
            }
            _ => Self { against: self.against + 1, ..*self },
        }
    }

    fn become_next(&mut self, next: Self) -> Option<Transition> {
        let from = self.state();
        *self = next;
        let to = self.state();
        (from != to).then(|| Transition { from, to, reason: self.reason() })
    }
}

impl Drain {
    fn after(self, outcome: CheckOutcome, check: &HealthCheck) -> Self {
        match (self, outcome) {
            (_, CheckOutcome::Announced) => Self::Announced { taken_back: 0 },
            (Self::Off, _) => Self::Off,
            (Self::Announced { taken_back }, CheckOutcome::Good) => {
                let taken_back = taken_back + 1;
                let is_over = taken_back >= check.healthy_threshold;
                if is_over { Self::Off } else { Self::Announced { taken_back } }
            }
            // Whether it still wants to is not known; what it took back so far is no longer in a row.
            (Self::Announced { .. }, _) => Self::Announced { taken_back: 0 },
        }
    }
}

#[cfg(test)]
mod tests;
