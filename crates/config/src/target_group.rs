//! `[target_groups.NAME]`.

use std::time::Duration;

use clingfish_model::{
    HealthCheck, Name, ProtocolVersion, Stickiness, TargetGroup,
    elb::{IpAddressType, TargetType},
};

use crate::{
    attributes, aws, health_check, record, report::Report, section::Section, selection, stickiness,
    targets, tls,
};

/// Reads one target group; what is wrong in it has its default.
pub(crate) fn read(
    name: Name,
    has_own_zone: bool,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> TargetGroup {
    let targets = section.value("targets");
    let targets = targets.map_or_else(Vec::new, |value| targets::read(value, section, report));
    if targets.is_empty() && !record::is_of_api(section) {
        report.warning(
            section.at,
            &section.path,
            format!("{} has no targets: its requests are answered with 503", section.label),
            "write targets = [\"10.0.0.1:3000\"]",
        );
    }
    let algorithm = selection::read_algorithm(section, report);
    let cross_zone = selection::read_cross_zone(&targets, has_own_zone, section, report);
    let stickiness = stickiness::read(&name, section, report);
    let imports = stickiness::import::read(section, &targets, report);
    if stickiness != Stickiness::Off {
        selection::refuse_stickiness(algorithm, cross_zone, section, report);
    }
    let protocol_version = read_protocol_version(section, report);
    let proxy_protocol = attributes::read_proxy_protocol(protocol_version, section, report);
    let tls = tls::read_target_group(section, report);
    let health_check = health_check::read(protocol_version, tls.is_some(), section, report);
    TargetGroup {
        protocol_version,
        tls,
        algorithm,
        slow_start: selection::read_slow_start(algorithm, section, report),
        cross_zone,
        stickiness,
        imports,
        health_check: HealthCheck { proxy_protocol, ..health_check },
        health_thresholds: selection::read_thresholds(section, report),
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
        proxy_protocol,
        record: record::read(section, report),
        target_type: section.word(
            "target_type",
            &TargetType::ALL.map(|kind| (kind.as_str(), kind)),
            TargetType::default(),
            report,
        ),
        port: section
            .integer("port", 1..=u64::from(u16::MAX), report)
            .and_then(|port| u16::try_from(port).ok()),
        vpc: section.value("vpc").and_then(|value| aws::read_id(value, report)),
        ip_address_type: section.word(
            "ip_address_type",
            &IpAddressType::OF_GROUPS.map(|kind| (kind.as_str(), kind)),
            IpAddressType::default(),
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
