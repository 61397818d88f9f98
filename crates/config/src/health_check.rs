//! The `health_check` of a target group.

use std::time::Duration;

use clingfish_model::{HealthCheck, health::StatusMatcher};

use crate::{report::Report, section::Section, units::show_duration, value::Value};

const INTERVAL: &str = "health_check.interval";
const TIMEOUT: &str = "health_check.timeout";

/// Reads the health check of a group; what is wrong in it has its default.
pub(crate) fn read(section: &Section<'_>, report: &mut Report<'_>) -> HealthCheck {
    let default = HealthCheck::default();
    let path = section.value("health_check.path");
    let port = section.value("health_check.port");
    let matcher = section.value("health_check.matcher");
    let check = HealthCheck {
        enabled: section.bool("health_check.enabled", default.enabled, report),
        path: path.and_then(|value| read_path(value, report)).unwrap_or(default.path),
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
        matcher: matcher.and_then(|value| read_matcher(value, report)).unwrap_or(default.matcher),
    };
    refuse_slow_timeout(&check, section, report);
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

fn read_matcher(value: &Value<'_>, report: &mut Report<'_>) -> Option<StatusMatcher> {
    StatusMatcher::parse(value.text(report)?)
        .map_err(|error| value.refuse_error(report, &error))
        .ok()
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
