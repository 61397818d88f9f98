//! States and reason codes as `DescribeTargetHealth` of ELBv2 writes them.

use std::borrow::Cow;

/// The health of a target as it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Has not passed its first check; gets no requests.
    Initial,
    /// Passes its checks.
    Healthy,
    /// Fails its checks, or refused real connections.
    Unhealthy,
    /// Belongs to a group that no listener uses; not checked.
    Unused,
    /// Takes no new sessions: it leaves, or wants to be drained.
    Draining,
    /// Not checked, and taken for healthy.
    Unavailable,
}

impl State {
    /// Every state, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Initial,
        Self::Healthy,
        Self::Unhealthy,
        Self::Unused,
        Self::Draining,
        Self::Unavailable,
    ];

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Unused => "unused",
            Self::Draining => "draining",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Why a target is in a state other than healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Its address is not known yet.
    ElbRegistrationInProgress,
    /// Its first check is under way.
    ElbInitialHealthChecking,
    /// The last check was answered with this status, which does not match.
    TargetResponseCodeMismatch(u16),
    /// The last check was not answered in time.
    TargetTimeout,
    /// The last check failed to connect, or brought no HTTP answer.
    TargetFailedHealthChecks,
    /// Connects failed on real traffic. ALB has no such reason.
    ConnectFailures,
    /// Its address is one that no target may have, so nobody calls it. ALB has no such reason.
    AddressForbidden,
    /// Its group's checks are off.
    TargetHealthCheckDisabled,
    /// It leaves, or drains by the operator's word.
    TargetDeregistrationInProgress,
    /// It wants to be drained, by what it answered to a check. ALB has no such reason.
    DrainAnnounced,
    /// It is not in its group.
    TargetNotRegistered,
    /// No listener uses its group.
    TargetNotInUse,
}

impl Reason {
    /// ELBv2's reason code; `Clingfish.` in front where ELBv2 has none.
    pub fn code(self) -> &'static str {
        match self {
            Self::ElbRegistrationInProgress => "Elb.RegistrationInProgress",
            Self::ElbInitialHealthChecking => "Elb.InitialHealthChecking",
            Self::TargetResponseCodeMismatch(_) => "Target.ResponseCodeMismatch",
            Self::TargetTimeout => "Target.Timeout",
            Self::TargetFailedHealthChecks => "Target.FailedHealthChecks",
            Self::ConnectFailures => "Clingfish.ConnectFailures",
            Self::AddressForbidden => "Clingfish.AddressForbidden",
            Self::TargetHealthCheckDisabled => "Target.HealthCheckDisabled",
            Self::TargetDeregistrationInProgress => "Target.DeregistrationInProgress",
            Self::DrainAnnounced => "Clingfish.DrainAnnounced",
            Self::TargetNotRegistered => "Target.NotRegistered",
            Self::TargetNotInUse => "Target.NotInUse",
        }
    }

    /// ELBv2's text for people.
    pub fn description(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::TargetResponseCodeMismatch(status) => {
                return Cow::Owned(format!("Health checks failed with these codes: [{status}]"));
            }
            Self::ElbRegistrationInProgress => "Target registration is in progress",
            Self::ElbInitialHealthChecking => "Initial health checks in progress",
            Self::TargetTimeout => "Request timed out",
            Self::TargetFailedHealthChecks => "Health checks failed",
            Self::ConnectFailures => "Connections for requests of clients failed",
            Self::AddressForbidden => "The address is one that no target may have",
            Self::TargetHealthCheckDisabled => "Health checks are disabled",
            Self::TargetDeregistrationInProgress => "Target deregistration is in progress",
            Self::DrainAnnounced => "The target announces by its health check that it drains",
            Self::TargetNotRegistered => "Target is not registered to the target group",
            Self::TargetNotInUse => {
                "Target group is not configured to receive traffic from the load balancer"
            }
        })
    }
}
