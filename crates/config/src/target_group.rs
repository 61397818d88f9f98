//! `[target_groups.NAME]`.

use std::time::Duration;

use clingfish_model::{Algorithm, Name, ProtocolVersion, TargetGroup};

use crate::{health_check, report::Report, section::Section, stickiness, targets};

/// Reads one target group; what is wrong in it has its default.
pub(crate) fn read(name: Name, section: &Section<'_>, report: &mut Report<'_>) -> TargetGroup {
    let targets = section.value("targets");
    let targets = targets.map_or_else(Vec::new, |value| targets::read(value, section, report));
    if targets.is_empty() {
        report.warning(
            section.at,
            &section.path,
            format!("{} has no targets: its requests are answered with 503", section.label),
            "write targets = [\"10.0.0.1:3000\"]",
        );
    }
    TargetGroup {
        protocol_version: read_protocol_version(section, report),
        algorithm: read_algorithm(section, report),
        stickiness: stickiness::read(&name, section, report),
        health_check: health_check::read(section, report),
        deregistration_delay: section.duration(
            "deregistration_delay",
            Duration::ZERO..=TargetGroup::DEREGISTRATION_DELAY_MAX,
            TargetGroup::DEREGISTRATION_DELAY,
            report,
        ),
        connect_timeout: section.duration(
            "connect_timeout",
            TargetGroup::CONNECT_TIMEOUTS,
            TargetGroup::CONNECT_TIMEOUT,
            report,
        ),
        response_timeout: section.duration(
            "response_timeout",
            TargetGroup::RESPONSE_TIMEOUTS,
            TargetGroup::RESPONSE_TIMEOUT,
            report,
        ),
        ..TargetGroup::new(name, targets)
    }
}

fn read_protocol_version(section: &Section<'_>, report: &mut Report<'_>) -> ProtocolVersion {
    let words = [ProtocolVersion::Http1, ProtocolVersion::Http2, ProtocolVersion::Grpc]
        .map(|version| (version.as_str(), version));
    section.word("protocol_version", &words, ProtocolVersion::default(), report)
}

fn read_algorithm(section: &Section<'_>, report: &mut Report<'_>) -> Algorithm {
    let words = [Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests]
        .map(|algorithm| (algorithm.as_str(), algorithm));
    section
        .value("algorithm")
        .and_then(|value| value.word(report, &words, &["weighted_random"]))
        .unwrap_or(Algorithm::RoundRobin)
}
