//! Which targets take part when a new session looks for one.

use std::{ops::RangeInclusive, time::Duration};

use crate::limits::TARGETS_MAX;

/// How a new session finds its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// In turn, smoothly by weight.
    RoundRobin,
    /// The one with the fewest requests in flight, by weight.
    LeastOutstandingRequests,
    /// By chance, by weight.
    WeightedRandom {
        /// Gives less to targets that fail more than the others do. ELBv2: `load_balancing.algorithm.anomaly_mitigation`.
        anomaly_mitigation: bool,
    },
}

impl Algorithm {
    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LeastOutstandingRequests => "least_outstanding_requests",
            Self::WeightedRandom { .. } => "weighted_random",
        }
    }

    /// Whether targets that fail more than the others do get less.
    pub fn mitigates_anomalies(self) -> bool {
        self == Self::WeightedRandom { anomaly_mitigation: true }
    }
}

/// How long a target that has become healthy takes to grow into its share of new sessions; off by default.
///
/// ELBv2: `slow_start.duration_seconds`, where it begins at 30 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlowStart(Duration);

impl SlowStart {
    /// Bounds where it is on.
    pub const DURATIONS: RangeInclusive<Duration> =
        Duration::from_secs(1)..=Duration::from_secs(900);

    /// Checks and keeps a duration; zero is off.
    pub fn new(duration: Duration) -> Option<Self> {
        (duration.is_zero() || Self::DURATIONS.contains(&duration)).then_some(Self(duration))
    }

    /// Whether there is any.
    pub fn is_on(self) -> bool {
        !self.0.is_zero()
    }

    /// From nothing to the full share; zero where it is off.
    pub fn duration(self) -> Duration {
        self.0
    }
}

/// Whether targets of other zones take part. ELBv2: `load_balancing.cross_zone.enabled` of target groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrossZone {
    /// As the load balancer has it, which is always on, as ALB's.
    #[default]
    LoadBalancer,
    /// They do.
    On,
    /// Only targets of the process's own zone do.
    Off,
}

impl CrossZone {
    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoadBalancer => "use_load_balancer_configuration",
            Self::On => "true",
            Self::Off => "false",
        }
    }
}

/// How few targets may be healthy. ELBv2: `target_group_health.*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthThresholds {
    /// Below it, requests go to unhealthy targets too. ELBv2: `unhealthy_state_routing`.
    pub routing: MinimumHealthy,
    /// Kept for ELBv2's sake: there is no DNS here that could leave a zone out. ELBv2: `dns_failover`.
    pub dns: MinimumHealthy,
}

/// A number of healthy targets, as a count, a share, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinimumHealthy {
    /// At least so many; 1 by default; none for `off`.
    pub count: Option<u32>,
    /// At least so many percent of those that are registered; off by default.
    pub percentage: Option<u32>,
}

impl MinimumHealthy {
    /// Bounds of [`Self::count`].
    pub const COUNTS: RangeInclusive<u32> = 1..=TARGETS_MAX as u32;
    /// Bounds of [`Self::percentage`].
    pub const PERCENTAGES: RangeInclusive<u32> = 1..=100;

    /// Whether so many healthy ones of so many suffice.
    pub fn is_met(self, healthy: usize, registered: usize) -> bool {
        let (healthy, registered) = (healthy as u64, registered as u64);
        self.count.is_none_or(|count| healthy >= u64::from(count))
            && self.percentage.is_none_or(|share| healthy * 100 >= registered * u64::from(share))
    }
}

impl Default for MinimumHealthy {
    fn default() -> Self {
        Self { count: Some(1), percentage: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_met_when_both_its_parts_are() {
        for (count, percentage, healthy, registered, expected) in [
            (Some(1), None, 0, 3, false),
            (Some(1), None, 1, 3, true),
            (Some(3), None, 2, 2, false),
            (Some(1), Some(50), 1, 2, true),
            (Some(1), Some(50), 1, 3, false),
            (Some(1), Some(100), 2, 2, true),
            (Some(2), Some(10), 1, 5, false),
            (None, Some(34), 1, 3, false),
            (None, None, 0, 3, true),
        ] {
            let minimum = MinimumHealthy { count, percentage };
            let row = format!("{healthy} of {registered} by {minimum:?}");
            assert_eq!(minimum.is_met(healthy, registered), expected, "{row}");
        }
    }

    #[test]
    fn slow_start_is_off_or_within_its_bounds() {
        for (millis, legal) in
            [(0, true), (999, false), (1_000, true), (900_000, true), (900_001, false)]
        {
            let made = SlowStart::new(Duration::from_millis(millis));
            assert_eq!(made.is_some(), legal, "{millis} ms");
            assert_eq!(made.is_some_and(SlowStart::is_on), legal && millis > 0, "{millis} ms");
        }
    }
}
