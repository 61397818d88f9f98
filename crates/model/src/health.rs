//! How targets are probed.

use std::time::Duration;

/// The probe of a target group.
///
/// # Defaults
///
/// - enabled, `GET /` on the target's own port, any status from 200 to 399 is good
/// - every 10 s, 5 s to answer, 2 good checks in a row to return, 2 bad ones to leave
///
/// ALB checks every 30 s and wants 5 good ones; a session that waits two minutes for its home is a lost one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Off means that every target counts as healthy until connects fail.
    pub enabled: bool,
    /// Path and query, 1 to 1024 characters, starting with `/`.
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
    /// Which statuses are good.
    pub matcher: StatusMatcher,
}

impl HealthCheck {
    /// Bounds of [`Self::interval`].
    pub const INTERVAL: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(300);
    /// Bounds of [`Self::timeout`].
    pub const TIMEOUT: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(50)..=Duration::from_secs(120);
    /// Bounds of both thresholds.
    pub const THRESHOLD: std::ops::RangeInclusive<u32> = 1..=10;
    /// Longest path, in bytes.
    pub const PATH_BYTES_MAX: usize = 1024;
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "/".into(),
            port: None,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            matcher: StatusMatcher::default(),
        }
    }
}

/// A list of statuses and ranges, as ELBv2's `Matcher.HttpCode`: `200`, `200,202`, `200-299`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMatcher(Vec<(u16, u16)>);

impl StatusMatcher {
    /// Parses the list. Statuses run from 200 to 499, as ALB's do.
    pub fn parse(text: &str) -> Result<Self, BadMatcher> {
        let bad = || BadMatcher { text: text.to_owned() };
        let status = |digits: &str| {
            let value: u16 = digits.trim().parse().map_err(|_| bad())?;
            if (200..=499).contains(&value) { Ok(value) } else { Err(bad()) }
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

    /// Whether the status is good.
    pub fn matches(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl Default for StatusMatcher {
    fn default() -> Self {
        Self(vec![(200, 399)])
    }
}

impl std::fmt::Display for StatusMatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

/// A matcher that is not a list of statuses from 200 to 499.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a list of statuses: write \"200\", \"200,202\" or \"200-299\", each from 200 to 499"
)]
pub struct BadMatcher {
    /// What was written.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matcher_reads_what_alb_reads() {
        for (text, good, bad) in [
            ("200", 200, 201),
            ("200,202", 202, 201),
            ("200-299", 299, 300),
            ("200,300-302", 301, 299),
        ] {
            let matcher = StatusMatcher::parse(text).unwrap();
            assert!(matcher.matches(good), "{text}");
            assert!(!matcher.matches(bad), "{text}");
            assert_eq!(matcher.to_string(), text);
        }
        for text in ["", "199", "500", "2xx", "300-200", "200,", "-"] {
            assert!(StatusMatcher::parse(text).is_err(), "{text}");
        }
    }
}
