//! The `health_check` of a target group.

use std::time::Duration;

use clingfish_model::{
    CheckProtocol, HealthCheck, ProtocolVersion,
    health::{Announcement, DrainHeader, StatusMatcher},
};

use crate::{report::Report, section::Section, units::show_duration, value::Value};

const PROTOCOL: &str = "health_check.protocol";
const PATH: &str = "health_check.path";
const MATCHER: &str = "health_check.matcher";
const DRAIN_STATUS: &str = "health_check.drain_status";
const DRAIN_HEADER: &str = "health_check.drain_header";
const INTERVAL: &str = "health_check.interval";
const TIMEOUT: &str = "health_check.timeout";

/// Reads the health check of a group whose targets speak that version; what is wrong in it has its default.
pub(crate) fn read(
    version: ProtocolVersion,
    has_tls: bool,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> HealthCheck {
    let protocol = if has_tls { CheckProtocol::Https } else { CheckProtocol::Http };
    let default = HealthCheck { protocol, ..HealthCheck::of(version) };
    let path = section.value(PATH).and_then(|value| read_path(value, report));
    let port = section.value("health_check.port");
    let matcher = section.value(MATCHER).and_then(|value| read_matcher(value, version, report));
    let protocols = [CheckProtocol::Http, CheckProtocol::Https, CheckProtocol::Tcp]
        .map(|protocol| (protocol.as_str(), protocol));
    let check = HealthCheck {
        version,
        protocol: section.word(PROTOCOL, &protocols, default.protocol, report),
        proxy_protocol: default.proxy_protocol,
        enabled: section.bool("health_check.enabled", default.enabled, report),
        matcher: matcher.unwrap_or_else(|| match path.as_deref() {
            // A server that has this method says 0 where it is well; ALB's 12 could only be wrong.
            Some(HealthCheck::GRPC_HEALTH_PATH) if version == ProtocolVersion::Grpc => {
                StatusMatcher::ok()
            }
            _ => default.matcher,
        }),
        announcement: read_announcement(version, section, report),
        path: path.unwrap_or(default.path),
        port: port.and_then(|value| read_port(value, report)),
        interval: section.duration(INTERVAL, HealthCheck::INTERVAL, default.interval, report),
        timeout: section.duration(TIMEOUT, HealthCheck::TIMEOUT, default.timeout, report),
        healthy_threshold: threshold(
            section,
            "health_check.healthy_threshold",
            default.healthy_threshold,
            report,
        ),
        unhealthy_threshold: threshold(
            section,
            "health_check.unhealthy_threshold",
            default.unhealthy_threshold,
            report,
        ),
    };
    refuse_slow_timeout(&check, section, report);
    refuse_request_over_tcp(&check, section, report);
    refuse_endless_drain(&check, section, report);
    check
}

fn threshold(section: &Section<'_>, key: &str, default: u32, report: &mut Report<'_>) -> u32 {
    let (low, high) = HealthCheck::THRESHOLD.into_inner();
    section
        .integer(key, u64::from(low)..=u64::from(high), report)
        .and_then(|number| u32::try_from(number).ok())
        .unwrap_or(default)
}

fn read_path(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let path = value.text(report)?;
    let legal = path.starts_with('/')
        && path.len() <= HealthCheck::PATH_BYTES_MAX
        && path.bytes().all(|c| c.is_ascii_graphic() && c != b'#');
    if !legal {
        let message = format!("{} = {path:?} is not the path of a request", value.name);
        let help = format!(
            "write a path that starts with / and has at most {} visible ASCII characters, \
             such as \"/healthz\"",
            HealthCheck::PATH_BYTES_MAX
        );
        value.refuse(report, message, help);
    }
    legal.then(|| path.to_owned())
}

fn read_port(value: &Value<'_>, report: &mut Report<'_>) -> Option<u16> {
    if value.as_str() == Some("traffic-port") {
        return None;
    }
    if let Some(text) = value.as_str() {
        let message = format!("{} = {text:?} is not a port", value.name);
        let help = "write a number without quotes, or \"traffic-port\" for the target's own";
        value.refuse(report, message, help);
        return None;
    }
    let port = value.integer(report, 1..=u64::from(u16::MAX))?;
    u16::try_from(port).ok()
}

fn read_matcher(
    value: &Value<'_>,
    version: ProtocolVersion,
    report: &mut Report<'_>,
) -> Option<StatusMatcher> {
    let is_grpc = version == ProtocolVersion::Grpc;
    let other = if is_grpc { "matcher.http_code" } else { "matcher.grpc_code" };
    if value.name == other {
        let message = format!("{other} does not go with protocol_version = {:?}", version.as_str());
        let help = format!("write {MATCHER}, or another protocol_version");
        value.refuse(report, message, help);
        return None;
    }
    StatusMatcher::parse(value.text(report)?, version)
        .map_err(|error| value.refuse_error(report, &error))
        .ok()
}

fn read_announcement(
    version: ProtocolVersion,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Announcement {
    let status = section.value(DRAIN_STATUS).and_then(|value| {
        StatusMatcher::parse_drain(value.text(report)?, version)
            .map_err(|error| value.refuse_error(report, &error))
            .ok()
    });
    let header = section.value(DRAIN_HEADER).and_then(|value| {
        DrainHeader::parse(value.text(report)?)
            .map_err(|error| value.refuse_error(report, &error))
            .ok()
    });
    Announcement { status, header }
}

/// Where every good status announces a drain, no target could ever take sessions.
fn refuse_endless_drain(check: &HealthCheck, section: &Section<'_>, report: &mut Report<'_>) {
    let Some(value) = section.value(DRAIN_STATUS) else { return };
    let Some(status) = &check.announcement.status else { return };
    if status.covers(&check.matcher) {
        let message = format!("{} = \"{status}\" leaves no status that is simply good", value.name);
        let help = format!(
            "{MATCHER} is \"{}\": write another status for the drain, such as \"503\"",
            check.matcher
        );
        value.refuse(report, message, help);
    }
}

/// A check that only connects asks for nothing, and is told nothing.
fn refuse_request_over_tcp(check: &HealthCheck, section: &Section<'_>, report: &mut Report<'_>) {
    if check.protocol != CheckProtocol::Tcp {
        return;
    }
    let keys = [PATH, MATCHER, DRAIN_STATUS, DRAIN_HEADER];
    for value in keys.into_iter().filter_map(|key| section.value(key)) {
        let message = format!("{} has no meaning with {PROTOCOL} = \"TCP\"", value.name);
        value.refuse(report, message, format!("remove it, or write {PROTOCOL} = \"HTTP\""));
    }
}

/// A check must be over before the next one starts.
fn refuse_slow_timeout(check: &HealthCheck, section: &Section<'_>, report: &mut Report<'_>) {
    if check.timeout < check.interval {
        return;
    }
    let (timeout, interval) = (show_duration(check.timeout), show_duration(check.interval));
    let (value, help) = match (section.value(TIMEOUT), section.value(INTERVAL)) {
        (Some(value), _) => (value, "write a shorter timeout or a longer interval".to_owned()),
        (None, Some(value)) => {
            let half = show_duration(half(check.interval));
            (value, format!("also write {TIMEOUT} = {half:?}"))
        }
        (None, None) => return,
    };
    let message = format!(
        "a health check may take {timeout} ({TIMEOUT}), which is not less than {interval} ({INTERVAL})"
    );
    value.refuse(report, message, help);
}

fn half(interval: Duration) -> Duration {
    Duration::from_millis(u64::try_from(interval.as_millis() / 2).unwrap_or(u64::MAX))
}
