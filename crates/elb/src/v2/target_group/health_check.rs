//! The health check of a target group, as requests give it and as the file has it.

use std::time::Duration;

use clingfish_model::{
    CheckProtocol, Edit, HealthCheck, Place, ProtocolVersion, Setting, TargetGroup,
    health::{Announcement, StatusMatcher},
};

use super::protocol;
use crate::{Code, Error, Input};

/// What ELBv2 calls the target's own port.
pub(super) const TRAFFIC_PORT: &str = "traffic-port";

/// What a request says of a health check; nothing where it is silent.
#[derive(Debug, Default)]
pub(super) struct Given {
    enabled: Option<bool>,
    protocol: Option<&'static str>,
    port: Option<Option<u16>>,
    path: Option<String>,
    interval: Option<u64>,
    timeout: Option<u64>,
    healthy: Option<u32>,
    unhealthy: Option<u32>,
    matcher: Option<Codes>,
}

/// `Matcher`, of which a group can have one half.
#[derive(Debug, Default)]
struct Codes {
    http: Option<String>,
    grpc: Option<String>,
}

/// ALB's defaults for targets that speak so.
pub(super) fn of_alb(version: ProtocolVersion) -> HealthCheck {
    let default = HealthCheck::of(version);
    let matcher = match version {
        ProtocolVersion::Grpc => default.matcher,
        ProtocolVersion::Http1 | ProtocolVersion::Http2 => StatusMatcher::parse("200", version)
            .expect("200 is a status that may be listed: see StatusMatcher::HTTP"),
    };
    HealthCheck {
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(5),
        healthy_threshold: 5,
        unhealthy_threshold: 2,
        matcher,
        ..default
    }
}

impl Given {
    /// Reads the members that creating and modifying a group have in common.
    pub(super) fn read(input: &mut Input) -> Result<Self, Error> {
        const PROTOCOLS: [&str; 9] =
            ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];
        let seconds = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        let count = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
        Ok(Self {
            enabled: input.boolean("HealthCheckEnabled")?,
            protocol: input.choice("HealthCheckProtocol", &PROTOCOLS.map(|word| (word, word)))?,
            port: input.text("HealthCheckPort")?.map(|text| read_port(&text)).transpose()?,
            path: input.sized_text("HealthCheckPath", 1..=HealthCheck::PATH_BYTES_MAX)?,
            interval: seconds(input.integer("HealthCheckIntervalSeconds", 5..=300)?),
            timeout: seconds(input.integer("HealthCheckTimeoutSeconds", 2..=120)?),
            healthy: count(input.integer("HealthyThresholdCount", 2..=10)?),
            unhealthy: count(input.integer("UnhealthyThresholdCount", 2..=10)?),
            matcher: input.structure("Matcher", |input| {
                Ok(Codes { http: input.text("HttpCode")?, grpc: input.text("GrpcCode")? })
            })?,
        })
    }

    /// The check that comes of it in place of the group's own.
    pub(super) fn over(self, group: &TargetGroup) -> Result<HealthCheck, Error> {
        let current = &group.health_check;
        let is_timed = self.interval.is_some() || self.timeout.is_some();
        let protocol = read_protocol(self.protocol, group)?;
        if protocol == CheckProtocol::Tcp && (self.path.is_some() || self.matcher.is_some()) {
            let message = "Health check path and matcher cannot be specified for health checks with the TCP protocol";
            return Err(Error::new(Code::InvalidConfigurationRequest, message));
        }
        let matcher = self.matcher.map(|codes| codes.read(group.protocol_version)).transpose()?;
        let check = HealthCheck {
            enabled: self.enabled.unwrap_or(current.enabled),
            protocol,
            version: current.version,
            path: self.path.map(read_path).transpose()?.unwrap_or_else(|| current.path.clone()),
            port: self.port.unwrap_or(current.port),
            interval: self.interval.map_or(current.interval, Duration::from_secs),
            timeout: self.timeout.map_or(current.timeout, Duration::from_secs),
            healthy_threshold: self.healthy.unwrap_or(current.healthy_threshold),
            unhealthy_threshold: self.unhealthy.unwrap_or(current.unhealthy_threshold),
            matcher: matcher.flatten().unwrap_or_else(|| current.matcher.clone()),
            announcement: current.announcement.clone(),
            proxy_protocol: current.proxy_protocol,
        };
        if current.enabled && !check.enabled {
            let kind = group.target_type.as_str();
            let message = format!(
                "Health check enabled must be true for target groups with target type '{kind}'"
            );
            return Err(Error::validation(message));
        }
        if is_timed && check.timeout >= check.interval {
            let (timeout, interval) = (seconds(check.timeout), seconds(check.interval));
            return Err(Error::validation(format!(
                "Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
            )));
        }
        Ok(check)
    }
}

impl Codes {
    /// The half that targets of that kind have.
    fn read(self, version: ProtocolVersion) -> Result<Option<StatusMatcher>, Error> {
        let is_grpc = version == ProtocolVersion::Grpc;
        let (own, other) = if is_grpc { (self.grpc, self.http) } else { (self.http, self.grpc) };
        let (word, other_word) = if is_grpc { ("gRPC", "HTTP") } else { ("HTTP", "gRPC") };
        if other.is_some() {
            return Err(Error::validation(format!(
                "Health check matcher {other_word} code cannot be specified for target groups with protocol version '{}'",
                version.as_str()
            )));
        }
        let legal = if is_grpc { StatusMatcher::GRPC } else { StatusMatcher::HTTP };
        let read = |text: String| {
            StatusMatcher::parse(&text, version).map_err(|_| {
                Error::validation(format!(
                    "Health check matcher {word} code '{text}' must be within '{}-{}' inclusive",
                    legal.start(),
                    legal.end()
                ))
            })
        };
        own.map(read).transpose()
    }
}

fn read_protocol(given: Option<&'static str>, group: &TargetGroup) -> Result<CheckProtocol, Error> {
    let current = group.health_check.protocol;
    match given {
        None => Ok(current),
        Some("HTTP") => Ok(CheckProtocol::Http),
        Some("HTTPS") => Ok(CheckProtocol::Https),
        Some(word) if word == current.as_str() => Ok(current),
        Some(word) => Err(Error::new(
            Code::InvalidConfigurationRequest,
            format!(
                "Health check protocol '{word}' is not supported for target groups with the {} protocol",
                protocol(group)
            ),
        )),
    }
}

fn read_port(text: &str) -> Result<Option<u16>, Error> {
    let is_number = text.bytes().all(|c| c.is_ascii_digit());
    match text.parse() {
        _ if text == TRAFFIC_PORT => Ok(None),
        Ok(port) if is_number && port > 0 => Ok(Some(port)),
        _ => Err(Error::validation(format!(
            "Health check port '{text}' must be either '{TRAFFIC_PORT}' or between '1-65535' inclusive"
        ))),
    }
}

/// The file's rule for paths, which is that of a request's line.
fn read_path(path: String) -> Result<String, Error> {
    if !path.starts_with('/') {
        return Err(Error::validation(format!(
            "Health check path '{path}' must begin with a '/' character"
        )));
    }
    if path.bytes().all(|c| c.is_ascii_graphic() && c != b'#') {
        return Ok(path);
    }
    Err(Error::validation(format!("Health check path '{path}' is not a valid path")))
}

/// Whole seconds, as ELBv2 has them: a part of one counts as one.
pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Everything of a check, in the file's words.
pub(crate) fn settings(check: &HealthCheck) -> Vec<(&'static str, Setting)> {
    let mut settings = vec![
        ("health_check.enabled", Setting::Bool(check.enabled)),
        ("health_check.protocol", Setting::text(check.protocol.as_str())),
        (
            "health_check.port",
            match check.port {
                Some(port) => Setting::Integer(port.into()),
                None => Setting::text(TRAFFIC_PORT),
            },
        ),
        ("health_check.interval", duration(check.interval)),
        ("health_check.timeout", duration(check.timeout)),
        ("health_check.healthy_threshold", Setting::Integer(check.healthy_threshold.into())),
        ("health_check.unhealthy_threshold", Setting::Integer(check.unhealthy_threshold.into())),
    ];
    if check.protocol != CheckProtocol::Tcp {
        settings.push(("health_check.path", Setting::text(&check.path)));
        settings.push(("health_check.matcher", Setting::text(check.matcher.to_string())));
        let Announcement { status, header } = &check.announcement;
        let put = |key, text: Option<String>| text.map(|text| (key, Setting::Text(text)));
        let status = status.as_ref().map(ToString::to_string);
        let header = header.as_ref().map(ToString::to_string);
        settings.extend(put("health_check.drain_status", status));
        settings.extend(put("health_check.drain_header", header));
    }
    settings
}

fn duration(duration: Duration) -> Setting {
    match duration.subsec_nanos() {
        0 => Setting::seconds(duration.as_secs()),
        _ => Setting::Text(format!("{}ms", duration.as_millis())),
    }
}

/// What is to be written so that the group has this check.
pub(super) fn edits(group: &TargetGroup, wanted: &HealthCheck) -> Vec<Edit> {
    let current = &group.health_check;
    let place = Place::TargetGroup(group.name.clone());
    if wanted == current {
        return Vec::new();
    }
    let set = |(key, setting)| Edit::Set(place.clone(), key, setting);
    if !current.enabled {
        // The file may say no more than `health_check = false`, beside which nothing can stand.
        let clear = Edit::Unset(place.clone(), "health_check");
        return [clear].into_iter().chain(settings(wanted).into_iter().map(set)).collect();
    }
    let before = settings(current);
    // Where the file does not say which statuses are good, that follows from gRPC's path.
    let is_other_call =
        group.protocol_version == ProtocolVersion::Grpc && wanted.path != current.path;
    let follows = |key| key == "health_check.matcher" && is_other_call;
    let changed = settings(wanted)
        .into_iter()
        .filter(|(key, setting)| follows(*key) || !before.contains(&(*key, setting.clone())));
    changed.map(set).collect()
}
