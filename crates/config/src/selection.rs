//! How a target group spreads new sessions: algorithm, slow start, zones, and how few targets may be healthy.

use std::{ops::RangeInclusive, time::Duration};

use clingfish_model::{Algorithm, CrossZone, HealthThresholds, MinimumHealthy, SlowStart, Target};

use crate::{report::Report, section::Section, value::Value};

const ALGORITHM: &str = "algorithm";
const MITIGATION: &str = "anomaly_mitigation";
const SLOW_START: &str = "slow_start";
const CROSS_ZONE: &str = "cross_zone";

/// Reads the algorithm, and whether it looks for anomalies.
pub(crate) fn read_algorithm(section: &Section<'_>, report: &mut Report<'_>) -> Algorithm {
    let algorithms = [
        Algorithm::RoundRobin,
        Algorithm::LeastOutstandingRequests,
        Algorithm::WeightedRandom { anomaly_mitigation: false },
    ];
    let words = algorithms.map(|algorithm| (algorithm.as_str(), algorithm));
    let algorithm = section.word(ALGORITHM, &words, Algorithm::RoundRobin, report);
    let mitigates = section.word(MITIGATION, &[("off", false), ("on", true)], false, report);
    match (algorithm, section.value(MITIGATION)) {
        (Algorithm::WeightedRandom { .. }, _) => {
            Algorithm::WeightedRandom { anomaly_mitigation: mitigates }
        }
        (_, Some(value)) if mitigates => {
            let message = format!("{} = \"on\" needs the algorithm weighted_random", value.name);
            value.refuse(report, message, "also write algorithm = \"weighted_random\"");
            algorithm
        }
        _ => algorithm,
    }
}

/// Reads the slow start; only a turn can be taken slowly.
pub(crate) fn read_slow_start(
    algorithm: Algorithm,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> SlowStart {
    let off = SlowStart::default();
    let Some(value) = section.value(SLOW_START) else {
        return off;
    };
    let range = Duration::ZERO..=*SlowStart::DURATIONS.end();
    let Some(duration) = value.duration(report, range) else {
        return off;
    };
    let Some(slow_start) = SlowStart::new(duration) else {
        let message = format!("{} = {} is too short", value.name, value.written(report));
        value.refuse(report, message, "write at least \"1s\", or \"0s\" to turn it off");
        return off;
    };
    if slow_start.is_on() && algorithm != Algorithm::RoundRobin {
        let algorithm = algorithm.as_str();
        let message = format!("{} does not go with algorithm = {algorithm:?}", value.name);
        value.refuse(report, message, "remove it, or write algorithm = \"round_robin\"");
    }
    slow_start
}

/// Refuses stickiness where new sessions are placed in a way that does not support it.
pub(crate) fn refuse_stickiness(
    algorithm: Algorithm,
    cross_zone: CrossZone,
    section: &Section<'_>,
    report: &mut Report<'_>,
) {
    if let (Algorithm::WeightedRandom { .. }, Some(value)) = (algorithm, section.value(ALGORITHM)) {
        value.refuse(
            report,
            "stickiness does not support the weighted random algorithm",
            "remove stickiness, or write algorithm = \"round_robin\"",
        );
    }
    if let (CrossZone::Off, Some(value)) = (cross_zone, section.value(CROSS_ZONE)) {
        value.refuse(
            report,
            "stickiness is not supported when cross-zone load balancing is off",
            "remove stickiness, or cross_zone = false",
        );
    }
}

/// Reads whether targets of other zones take part. If not, every target must say its zone, and the process must have one.
pub(crate) fn read_cross_zone(
    targets: &[Target],
    has_own_zone: bool,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> CrossZone {
    let Some(value) = section.value(CROSS_ZONE) else {
        return CrossZone::default();
    };
    let words = [("use_load_balancer_configuration", CrossZone::LoadBalancer)];
    let cross_zone = match (value.as_bool(), value.as_str()) {
        (Some(true), _) => CrossZone::On,
        (Some(false), _) => CrossZone::Off,
        (None, Some("true" | "false")) => {
            value.bool(report);
            return CrossZone::default();
        }
        _ => value.word(report, &words, &[]).unwrap_or_default(),
    };
    if cross_zone != CrossZone::Off {
        return cross_zone;
    }
    if !has_own_zone {
        let message = format!("{} = false, but this process has no zone", value.name);
        let help = "write availability_zone = \"a\" in [server], or start with --availability-zone";
        value.refuse(report, message, help);
    }
    for target in targets.iter().filter(|target| target.zone.is_none()) {
        let message = format!("{} = false, but target {} has no zone", value.name, target.id);
        let help = format!("write {{ address = \"{}\", zone = \"a\" }}", target.address);
        value.refuse(report, message, help);
    }
    cross_zone
}

/// Reads how few targets may be healthy.
pub(crate) fn read_thresholds(section: &Section<'_>, report: &mut Report<'_>) -> HealthThresholds {
    let default = MinimumHealthy::default();
    let mut read = |key, range, may_be_off, default| match section.value(key) {
        Some(value) => read_threshold(value, range, may_be_off, report).unwrap_or(default),
        None => default,
    };
    let (counts, percentages) = (MinimumHealthy::COUNTS, MinimumHealthy::PERCENTAGES);
    const DNS: [&str; 2] = [
        "target_group_health.dns_failover.minimum_healthy_targets.count",
        "target_group_health.dns_failover.minimum_healthy_targets.percentage",
    ];
    HealthThresholds {
        routing: MinimumHealthy {
            count: read("minimum_healthy.count", counts.clone(), false, default.count),
            percentage: read("minimum_healthy.percentage", percentages.clone(), true, None),
        },
        dns: MinimumHealthy {
            count: read(DNS[0], counts, true, default.count),
            percentage: read(DNS[1], percentages, true, None),
        },
    }
}

/// A number, or `off`; the outer `None` is a value that was refused.
fn read_threshold(
    value: &Value<'_>,
    range: RangeInclusive<u32>,
    may_be_off: bool,
    report: &mut Report<'_>,
) -> Option<Option<u32>> {
    let (low, high) = range.into_inner();
    match value.as_str() {
        Some("off") if may_be_off => Some(None),
        Some(text) => {
            let message = format!("{} = {text:?} is not a number of targets", value.name);
            let off = if may_be_off { ", or \"off\"" } else { "" };
            value.refuse(report, message, format!("write a number from {low} to {high}{off}"));
            None
        }
        None => {
            let number = value.integer(report, u64::from(low)..=u64::from(high))?;
            u32::try_from(number).ok().map(Some)
        }
    }
}
