//! How targets are probed.

mod announcement;

use std::{fmt, ops::RangeInclusive, time::Duration};

use crate::ProtocolVersion;

use crate::target::ProxyProtocol;

pub use announcement::{Announcement, BadDrainHeader, DrainHeader};

/// The probe of a target group.
///
/// # Defaults
///
/// - enabled, `GET /` on the target's own port, any status from 200 to 399 is good; of a gRPC group, a call of
///   [`Self::GRPC_PATH`], and the status 12 (unimplemented) is good
/// - every 10 s, 5 s to answer, 2 good checks in a row to return, 2 bad ones to leave
///
/// ALB checks every 30 s and wants 5 good ones; a session that waits two minutes for its home is a lost one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Off means that every target counts as healthy until connects fail.
    pub enabled: bool,
    /// What a check is carried by.
    pub protocol: CheckProtocol,
    /// What is spoken over HTTP or HTTPS: as the group's targets do.
    pub version: ProtocolVersion,
    /// Path and query, or gRPC's service and method; 1 to 1024 characters, starting with `/`.
    pub path: String,
    /// Another port than the target's own.
    pub port: Option<u16>,
    /// From start to start; 100 ms to 300 s.
    pub interval: Duration,
    /// For the whole check; 50 ms to 120 s and less than the interval.
    pub timeout: Duration,
    /// Good checks in a row that bring a target back; 1 to 10. A new target needs one.
    pub healthy_threshold: u32,
    /// Bad checks in a row that take a target out; 1 to 10.
    pub unhealthy_threshold: u32,
    /// Which statuses are good; of gRPC, its own statuses.
    pub matcher: StatusMatcher,
    /// By what a target says that it wants to be drained. It comes before [`Self::matcher`].
    pub announcement: Announcement,
    /// The PROXY header that targets expect; one of our own, naming no client. Not sent to another port than the target's own.
    pub proxy_protocol: ProxyProtocol,
}

/// What a check is carried by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckProtocol {
    /// TCP, with a request over it.
    #[default]
    Http,
    /// TLS, with a request over it.
    Https,
    /// A connection is enough. ALB has no such check.
    Tcp,
}

impl CheckProtocol {
    /// Whether TLS is part of it.
    pub fn is_tls(self) -> bool {
        self == Self::Https
    }

    /// ELBv2's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
        }
    }
}

impl HealthCheck {
    /// Bounds of [`Self::interval`].
    pub const INTERVAL: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(300);
    /// Bounds of [`Self::timeout`].
    pub const TIMEOUT: RangeInclusive<Duration> =
        Duration::from_millis(50)..=Duration::from_secs(120);
    /// Bounds of both thresholds.
    pub const THRESHOLD: RangeInclusive<u32> = 1..=10;
    /// Longest path, in bytes.
    pub const PATH_BYTES_MAX: usize = 1024;
    /// The method that ALB calls, which no server has: that it says so shows that it is there.
    pub const GRPC_PATH: &str = "/AWS.ALB/healthcheck";
    /// The method of gRPC's own health service, whose answer must say `SERVING`.
    pub const GRPC_HEALTH_PATH: &str = "/grpc.health.v1.Health/Check";

    /// The check of targets that speak so, with every default.
    pub fn of(version: ProtocolVersion) -> Self {
        let default = Self { version, ..Self::default() };
        match version {
            ProtocolVersion::Grpc => Self {
                path: Self::GRPC_PATH.into(),
                matcher: StatusMatcher::unimplemented(),
                ..default
            },
            ProtocolVersion::Http1 | ProtocolVersion::Http2 => default,
        }
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: CheckProtocol::Http,
            version: ProtocolVersion::Http1,
            path: "/".into(),
            port: None,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            matcher: StatusMatcher::default(),
            announcement: Announcement::default(),
            proxy_protocol: ProxyProtocol::Off,
        }
    }
}

/// A list of statuses and ranges, as ELBv2's `Matcher.HttpCode` and `Matcher.GrpcCode`: `200`, `200,202`, `200-299`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMatcher(Vec<(u16, u16)>);

impl StatusMatcher {
    /// Statuses of HTTP that may be listed, as at ALB.
    pub const HTTP: RangeInclusive<u16> = 200..=499;
    /// Statuses of gRPC that may be listed, as at ALB.
    pub const GRPC: RangeInclusive<u16> = 0..=99;
    /// Statuses of HTTP by which a target may announce its drain: 503 is what most say.
    pub const HTTP_DRAIN: RangeInclusive<u16> = 200..=599;

    /// Parses a list of statuses, of HTTP or else of gRPC.
    pub fn parse(text: &str, version: ProtocolVersion) -> Result<Self, BadMatcher> {
        Self::within(text, if version == ProtocolVersion::Grpc { Self::GRPC } else { Self::HTTP })
    }

    /// Parses a list of statuses that announce a drain, of HTTP or else of gRPC.
    pub fn parse_drain(text: &str, version: ProtocolVersion) -> Result<Self, BadMatcher> {
        let is_grpc = version == ProtocolVersion::Grpc;
        Self::within(text, if is_grpc { Self::GRPC } else { Self::HTTP_DRAIN })
    }

    fn within(text: &str, legal: RangeInclusive<u16>) -> Result<Self, BadMatcher> {
        let bad = || BadMatcher { text: text.to_owned(), legal: legal.clone() };
        let status = |digits: &str| {
            let value: u16 = digits.trim().parse().map_err(|_| bad())?;
            if legal.contains(&value) { Ok(value) } else { Err(bad()) }
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high) = (status(low)?, status(high)?);
            if low > high {
                return Err(bad());
            }
            ranges.push((low, high));
        }
        Ok(Self(ranges))
    }

    /// gRPC's status of a method that nobody has; ALB's default.
    pub fn unimplemented() -> Self {
        Self(vec![(12, 12)])
    }

    /// gRPC's status of success.
    pub fn ok() -> Self {
        Self(vec![(0, 0)])
    }

    /// Whether the status is good.
    pub fn matches(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }

    /// Whether every status of the other is one of these.
    pub fn covers(&self, other: &Self) -> bool {
        let mut statuses = other.0.iter().flat_map(|(low, high)| *low..=*high);
        statuses.all(|status| self.matches(status))
    }
}

impl Default for StatusMatcher {
    fn default() -> Self {
        Self(vec![(200, 399)])
    }
}

impl fmt::Display for StatusMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (low, high)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if low == high {
                write!(f, "{comma}{low}")?;
            } else {
                write!(f, "{comma}{low}-{high}")?;
            }
        }
        Ok(())
    }
}

/// A matcher that is not a list of statuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BadMatcher {
    /// What was written.
    pub text: String,
    /// Statuses that may be listed.
    pub legal: RangeInclusive<u16>,
}

impl fmt::Display for BadMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, legal } = self;
        let (what, examples) = match legal {
            legal if *legal == StatusMatcher::GRPC => {
                ("statuses of gRPC", r#""0", "0,12" or "0-99""#)
            }
            legal if *legal == StatusMatcher::HTTP_DRAIN => {
                ("statuses", r#""503", "429,503" or "500-599""#)
            }
            _ => ("statuses", r#""200", "200,202" or "200-299""#),
        };
        let (first, last) = (legal.start(), legal.end());
        write!(f, "{text:?} is not a list of {what}: write {examples}, each from {first} to {last}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matcher_reads_what_alb_reads() {
        use ProtocolVersion::{Grpc, Http1};
        for (version, text, good, bad) in [
            (Http1, "200", 200, 201),
            (Http1, "200,202", 202, 201),
            (Http1, "200-299", 299, 300),
            (Http1, "200,300-302", 301, 299),
            (Grpc, "12", 12, 0),
            (Grpc, "0-99", 99, 200),
            (Grpc, "0,2-3", 3, 1),
        ] {
            let matcher = StatusMatcher::parse(text, version).unwrap();
            assert!(matcher.matches(good), "{text}");
            assert!(!matcher.matches(bad), "{text}");
            assert_eq!(matcher.to_string(), text);
        }
        for text in ["", "199", "500", "2xx", "300-200", "200,", "-"] {
            assert!(StatusMatcher::parse(text, Http1).is_err(), "{text}");
        }
        for (text, is_legal) in
            [("503", true), ("218,500-599", true), ("199", false), ("600", false)]
        {
            assert_eq!(StatusMatcher::parse_drain(text, Http1).is_ok(), is_legal, "{text}");
        }
        for text in ["", "100", "200", "OK", "3-2"] {
            assert!(StatusMatcher::parse_drain(text, Grpc).is_err(), "{text}");
            assert!(StatusMatcher::parse(text, Grpc).is_err(), "{text}");
        }
    }

    #[test]
    fn a_matcher_covers_what_has_no_status_beside_it() {
        let http = |text| StatusMatcher::parse_drain(text, ProtocolVersion::Http1).unwrap();
        for (one, other, expected) in [
            ("200-299", "200", true),
            ("200-299", "200,299", true),
            ("200-299", "200,300", false),
            ("200-250,251-299", "240-260", true),
            ("503", "200-399", false),
        ] {
            assert_eq!(http(one).covers(&http(other)), expected, "{one} of {other}");
        }
    }
}
