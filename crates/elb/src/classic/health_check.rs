//! `ConfigureHealthCheck`: the one health check of a load balancer, in the Classic API's words and in the file's.

use std::{collections::BTreeMap, time::Duration};

use clingfish_model::{
    CheckProtocol, HealthCheck, ProtocolVersion,
    health::{Announcement, StatusMatcher},
};

use super::facts::Facts;
use crate::{Error, Input, Members, Plan, World, v2::target_group::health_check::seconds};

/// Where it is kept for the time without listeners.
const TARGET: &str = "health_check.target";
const INTERVAL: &str = "health_check.interval";
const TIMEOUT: &str = "health_check.timeout";
const HEALTHY: &str = "health_check.healthy_threshold";
const UNHEALTHY: &str = "health_check.unhealthy_threshold";

/// `ConfigureHealthCheck`.
pub(super) fn configure(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let check = input.structure("HealthCheck", read)?;
    let check = input.required("HealthCheck", check)?;
    let before = Facts::of(world.classic(&name)?, world);
    // The API has no word for it, so that it is not what is taken away; a check that only connects is told nothing.
    let announcement = match check.protocol {
        CheckProtocol::Tcp => Announcement::default(),
        CheckProtocol::Http | CheckProtocol::Https => before.check.announcement.clone(),
    };
    let check = HealthCheck { announcement, ..check };
    let mut after = before.clone();
    keep(&check, &mut after.attributes);
    after.check = check;
    let edits = after.edits(&before, world)?;
    Ok(Plan::change(name.clone(), edits, move |world| {
        let facts = Facts::of(world.classic(&name)?, world);
        Ok(Members::default().structure("HealthCheck", members(&facts.check)))
    }))
}

/// What AWS gives to a load balancer whose first listener has that instance port.
pub(super) fn default(instance_port: u16) -> HealthCheck {
    HealthCheck {
        protocol: CheckProtocol::Tcp,
        port: Some(instance_port),
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(5),
        healthy_threshold: 10,
        unhealthy_threshold: 2,
        ..of_classic()
    }
}

/// What the attributes keep, if they keep all of it.
pub(super) fn kept(attributes: &BTreeMap<String, String>) -> Option<HealthCheck> {
    let number = |key| attributes.get(key)?.parse().ok();
    let target = read_target(attributes.get(TARGET)?).ok()?;
    Some(HealthCheck {
        interval: Duration::from_secs(number(INTERVAL)?),
        timeout: Duration::from_secs(number(TIMEOUT)?),
        healthy_threshold: u32::try_from(number(HEALTHY)?).ok()?,
        unhealthy_threshold: u32::try_from(number(UNHEALTHY)?).ok()?,
        ..target
    })
}

/// Keeps it as text.
pub(super) fn keep(check: &HealthCheck, attributes: &mut BTreeMap<String, String>) {
    for (key, value) in [
        (TARGET, target(check)),
        (INTERVAL, seconds(check.interval).to_string()),
        (TIMEOUT, seconds(check.timeout).to_string()),
        (HEALTHY, check.healthy_threshold.to_string()),
        (UNHEALTHY, check.unhealthy_threshold.to_string()),
    ] {
        attributes.insert(key.into(), value);
    }
}

/// `HealthCheck` as answers have it.
pub(super) fn members(check: &HealthCheck) -> Members {
    Members::default()
        .text("Target", target(check))
        .value("Interval", seconds(check.interval))
        .value("Timeout", seconds(check.timeout))
        .value("UnhealthyThreshold", check.unhealthy_threshold)
        .value("HealthyThreshold", check.healthy_threshold)
}

fn read(input: &mut Input) -> Result<HealthCheck, Error> {
    let target = input.required_text("Target")?;
    let check = read_target(&target).map_err(Error::validation)?;
    let duration = |number: i64| Duration::from_secs(number.unsigned_abs());
    let interval = duration(input.required_integer("Interval", 5..=300)?);
    let timeout = duration(input.required_integer("Timeout", 2..=60)?);
    let unhealthy = input.required_integer("UnhealthyThreshold", 2..=10)?;
    let healthy = input.required_integer("HealthyThreshold", 2..=10)?;
    if timeout >= interval {
        return Err(Error::validation("HealthCheck timeout must be less than interval"));
    }
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(HealthCheck {
        interval,
        timeout,
        unhealthy_threshold: count(unhealthy),
        healthy_threshold: count(healthy),
        ..check
    })
}

/// Reads `HTTP:80/path`, `HTTPS:443/path` or `TCP:80`.
fn read_target(target: &str) -> Result<HealthCheck, String> {
    let (word, rest) = target.split_once(':').unwrap_or((target, ""));
    let protocol = match word.to_ascii_uppercase().as_str() {
        "HTTP" => CheckProtocol::Http,
        "HTTPS" => CheckProtocol::Https,
        "TCP" => CheckProtocol::Tcp,
        "SSL" => {
            return Err(
                "HealthCheck target protocol SSL is not supported: use TCP, or HTTPS with a path"
                    .into(),
            );
        }
        _ => {
            return Err("HealthCheck target must specify a protocol of HTTP, HTTPS or TCP, followed by a port".into());
        }
    };
    let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_number = !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit());
    let number = port.parse().ok().filter(|number| is_number && *number > 0);
    let Some(number) = number else {
        return Err(format!("HealthCheck target port '{port}' must be between 1 and 65535"));
    };
    let check = HealthCheck { protocol, port: Some(number), ..of_classic() };
    match (protocol, path) {
        (CheckProtocol::Tcp, "") => Ok(check),
        (CheckProtocol::Tcp, _) => {
            Err("HealthCheck TCP Target must not specify a path, e.g. TCP:80".into())
        }
        (_, "") => Err(format!(
            "HealthCheck {} Target must specify a port followed by a path that begins with a slash. e.g. {}:80/ping/this/path",
            protocol.as_str(),
            protocol.as_str()
        )),
        (_, path) if is_path(path) => Ok(HealthCheck { path: path.into(), ..check }),
        (_, path) => Err(format!("HealthCheck target path '{path}' is not a valid path")),
    }
}

/// What the file takes for a path of a check.
fn is_path(path: &str) -> bool {
    path.len() <= HealthCheck::PATH_BYTES_MAX
        && path.bytes().all(|c| c.is_ascii_graphic() && c != b'#')
}

fn target(check: &HealthCheck) -> String {
    let (protocol, port) = (check.protocol.as_str(), check.port.unwrap_or_default());
    match check.protocol {
        CheckProtocol::Tcp => format!("{protocol}:{port}"),
        CheckProtocol::Http | CheckProtocol::Https => format!("{protocol}:{port}{}", check.path),
    }
}

/// Only 200 is good.
fn of_classic() -> HealthCheck {
    let matcher = StatusMatcher::parse("200", ProtocolVersion::Http1)
        .expect("200 is a status that may be listed: see StatusMatcher::HTTP");
    HealthCheck { matcher, ..HealthCheck::default() }
}
