//! The attributes of a group: their names, defaults and values.

use clingfish_model::{
    LbCookie, MinimumHealthy, Setting, TargetGroup,
    stickiness::{AppCookieName, BadAppCookie},
};

use super::{super::protocol, conflict, stickiness};
use crate::Error;

/// An attribute that every group of an application load balancer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Delay,
    Sticky,
    Type,
    LbSeconds,
    CookieName,
    AppSeconds,
    SlowStart,
    Algorithm,
    Mitigation,
    CrossZone,
    DnsCount,
    DnsPercentage,
    RoutingCount,
    RoutingPercentage,
}

/// Attributes that groups of other kinds have.
const OF_OTHERS: [&str; 8] = [
    "deregistration_delay.connection_termination.enabled",
    "lambda.multi_value_headers.enabled",
    "preserve_client_ip.enabled",
    "proxy_protocol_v2.enabled",
    "target_failover.on_deregistration",
    "target_failover.on_unhealthy",
    "target_health_state.unhealthy.connection_termination.enabled",
    "target_health_state.unhealthy.draining_interval_seconds",
];

impl Key {
    /// All of them, in the order in which they are shown.
    pub(super) const ALL: [Self; 14] = [
        Self::Delay,
        Self::Sticky,
        Self::Type,
        Self::LbSeconds,
        Self::CookieName,
        Self::AppSeconds,
        Self::SlowStart,
        Self::Algorithm,
        Self::Mitigation,
        Self::CrossZone,
        Self::DnsCount,
        Self::DnsPercentage,
        Self::RoutingCount,
        Self::RoutingPercentage,
    ];

    /// What is said of stickiness, whether it is on or not.
    pub(super) const OF_STICKINESS: [Self; 4] =
        [Self::Type, Self::LbSeconds, Self::CookieName, Self::AppSeconds];

    /// The attribute of that name.
    pub(super) fn named(name: &str, group: &TargetGroup) -> Result<Self, Error> {
        if let Some(key) = Self::ALL.into_iter().find(|key| key.as_str() == name) {
            return Ok(key);
        }
        if OF_OTHERS.contains(&name) {
            return Err(conflict(format!(
                "Target group attribute key '{name}' is not supported for target groups with the {} protocol",
                protocol(group)
            )));
        }
        let message = format!("Target group attribute key '{name}' is not recognized");
        Err(Error::validation(message))
    }

    /// ELBv2's name.
    pub(super) fn as_str(self) -> &'static str {
        self.row().0
    }

    /// ALB's default.
    pub(super) fn default(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Delay => ("deregistration_delay.timeout_seconds", "300"),
            Self::Sticky => ("stickiness.enabled", "false"),
            Self::Type => ("stickiness.type", stickiness::LB),
            Self::LbSeconds => ("stickiness.lb_cookie.duration_seconds", "86400"),
            Self::CookieName => ("stickiness.app_cookie.cookie_name", ""),
            Self::AppSeconds => ("stickiness.app_cookie.duration_seconds", "86400"),
            Self::SlowStart => ("slow_start.duration_seconds", "0"),
            Self::Algorithm => ("load_balancing.algorithm.type", "round_robin"),
            Self::Mitigation => ("load_balancing.algorithm.anomaly_mitigation", "off"),
            Self::CrossZone => {
                ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration")
            }
            Self::DnsCount => {
                ("target_group_health.dns_failover.minimum_healthy_targets.count", "1")
            }
            Self::DnsPercentage => {
                ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off")
            }
            Self::RoutingCount => {
                ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1")
            }
            Self::RoutingPercentage => (
                "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
                "off",
            ),
        }
    }

    /// A value of it as it is kept.
    pub(super) fn read(self, text: &str, group: &TargetGroup) -> Result<String, Error> {
        let counts = MinimumHealthy::COUNTS;
        let counts = (*counts.start()).into()..=(*counts.end()).into();
        match self {
            Self::Delay => self.number(text, 0..=3600),
            Self::Sticky => self.word(&text.to_ascii_lowercase(), &["true", "false"]),
            Self::Type => read_type(text, group),
            Self::LbSeconds | Self::AppSeconds => {
                let durations = LbCookie::DURATIONS;
                self.number(text, durations.start().as_secs()..=durations.end().as_secs())
            }
            Self::CookieName => read_cookie_name(text),
            Self::SlowStart if text == "0" => Ok(text.into()),
            Self::SlowStart => self.number(text, 30..=900),
            Self::Algorithm => {
                let words = ["round_robin", "least_outstanding_requests", stickiness::RANDOM];
                self.word(text, &words)
            }
            Self::Mitigation => self.word(text, &["on", "off"]),
            Self::CrossZone => {
                self.word(text, &["true", "false", "use_load_balancer_configuration"])
            }
            Self::DnsCount | Self::DnsPercentage | Self::RoutingPercentage if text == "off" => {
                Ok(text.into())
            }
            Self::DnsCount | Self::RoutingCount => self.number(text, counts),
            Self::DnsPercentage | Self::RoutingPercentage => self.number(text, 1..=100),
        }
    }

    /// The key of the file and the value there; none of stickiness, which the file has otherwise.
    pub(super) fn setting(self, text: &str) -> Option<(&'static str, Setting)> {
        let number = || match text.parse() {
            Ok(number) => Setting::Integer(number),
            Err(_) => Setting::text(text),
        };
        let setting = match self {
            Self::Delay => ("deregistration_delay", Setting::Text(format!("{text}s"))),
            Self::SlowStart => ("slow_start", Setting::Text(format!("{text}s"))),
            Self::Algorithm => ("algorithm", Setting::text(text)),
            Self::Mitigation => ("anomaly_mitigation", Setting::text(text)),
            Self::CrossZone => (
                "cross_zone",
                match text {
                    "true" => Setting::Bool(true),
                    "false" => Setting::Bool(false),
                    other => Setting::text(other),
                },
            ),
            Self::DnsCount | Self::DnsPercentage => (self.as_str(), number()),
            Self::RoutingCount => ("minimum_healthy.count", number()),
            Self::RoutingPercentage => ("minimum_healthy.percentage", number()),
            Self::Sticky | Self::Type | Self::LbSeconds | Self::CookieName | Self::AppSeconds => {
                return None;
            }
        };
        Some(setting)
    }

    fn number(self, text: &str, range: std::ops::RangeInclusive<u64>) -> Result<String, Error> {
        let is_number = text.bytes().all(|c| c.is_ascii_digit());
        match text.parse::<u64>() {
            Ok(number) if is_number && range.contains(&number) => Ok(number.to_string()),
            _ => Err(Error::validation(format!(
                "'{}' value '{text}' must be between '{}-{}' inclusive",
                self.as_str(),
                range.start(),
                range.end()
            ))),
        }
    }

    fn word(self, text: &str, words: &[&str]) -> Result<String, Error> {
        if words.contains(&text) {
            return Ok(text.into());
        }
        let words = words.join(", ");
        let message = format!("'{}' value '{text}' must be one of [{words}]", self.as_str());
        Err(Error::validation(message))
    }
}

fn read_type(text: &str, group: &TargetGroup) -> Result<String, Error> {
    match text {
        stickiness::LB | stickiness::APP => Ok(text.into()),
        "source_ip" => Err(conflict(format!(
            "Stickiness type 'source_ip' is not supported for target groups with the {} protocol",
            protocol(group)
        ))),
        _ => {
            let message = "'Stickiness type' must be one of [app_cookie, lb_cookie, source_ip]";
            Err(Error::validation(message))
        }
    }
}

/// Empty is none.
fn read_cookie_name(text: &str) -> Result<String, Error> {
    match AppCookieName::new(text) {
        _ if text.is_empty() => Ok(String::new()),
        Ok(name) => Ok(name.as_str().into()),
        Err(BadAppCookie::Reserved) => Err(conflict(format!(
            "Application cookie name '{text}' is not allowed: names that begin with AWSALB, AWSALBAPP, AWSALBTG or AWSELB are reserved"
        ))),
        Err(_) => Err(Error::validation(format!(
            "Application cookie name '{text}' is not valid: a cookie name is 1 to 256 letters, digits and !#$%&'*+-.^_`|~"
        ))),
    }
}

/// What the attributes of a group are, as ELBv2 writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Values(Vec<(Key, String)>);

impl Values {
    /// Those of the group.
    pub(super) fn of(group: &TargetGroup) -> Self {
        let one = |key: Key| (key, value(key, group));
        Self(Key::ALL.map(one).into())
    }

    /// The value of that attribute.
    pub(super) fn get(&self, key: Key) -> &str {
        let found = self.0.iter().find(|(other, _)| *other == key);
        found.map_or(key.default(), |(_, text)| text)
    }

    /// Gives an attribute another value.
    pub(super) fn set(&mut self, key: Key, text: String) {
        for (_, old) in self.0.iter_mut().filter(|(other, _)| *other == key) {
            old.clone_from(&text);
        }
    }

    /// Whether stickiness is on.
    pub(super) fn is_sticky(&self) -> bool {
        self.get(Key::Sticky) == "true"
    }
}

fn value(key: Key, group: &TargetGroup) -> String {
    let off_or = |number: Option<u32>| number.map_or_else(|| "off".into(), |n| n.to_string());
    let thresholds = group.health_thresholds;
    match key {
        Key::Delay => group.deregistration_delay.as_secs().to_string(),
        Key::SlowStart => group.slow_start.duration().as_secs().to_string(),
        Key::Algorithm => group.algorithm.as_str().into(),
        Key::Mitigation => if group.algorithm.mitigates_anomalies() { "on" } else { "off" }.into(),
        Key::CrossZone => group.cross_zone.as_str().into(),
        Key::DnsCount => off_or(thresholds.dns.count),
        Key::DnsPercentage => off_or(thresholds.dns.percentage),
        Key::RoutingCount => off_or(thresholds.routing.count),
        Key::RoutingPercentage => off_or(thresholds.routing.percentage),
        Key::Sticky | Key::Type | Key::LbSeconds | Key::CookieName | Key::AppSeconds => {
            stickiness::value(key, group)
        }
    }
}
