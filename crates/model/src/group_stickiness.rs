//! Whether and how sessions stay with the target group that a weighted forward chose for them.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    GroupHash, LbCookie, Name,
    stickiness::{CookieAttributes, CookieShape, CookieStyle},
};

/// The group stickiness of a forward. ELBv2: `TargetGroupStickinessConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStickiness {
    /// Idle limit, judged by the current configuration; 1 s to 7 d, 1 h by default. ELBv2: `DurationSeconds`.
    pub duration: Duration,
    /// Whose cookies these look like: in alb style `AWSALBTG` and `AWSALBTGCORS`.
    pub style: CookieStyle,
    /// Whether a session moves to another group when its own has no target that could serve it; off by default, as ALB.
    pub failover: bool,
}

impl GroupStickiness {
    /// Default of [`Self::duration`]: that of AWS's console.
    pub const DURATION: Duration = Duration::from_secs(3_600);
    /// Bounds of [`Self::duration`].
    pub const DURATIONS: RangeInclusive<Duration> = LbCookie::DURATIONS;

    /// The name of its cookie where none is configured: `cling_tg_` and 8 hex digits of the first group.
    pub fn default_name(first: &Name) -> String {
        format!("cling_tg_{}", GroupHash::of(first).short())
    }

    /// Every default, for a forward whose first group is that one.
    pub fn of(first: &Name) -> Self {
        let attributes = CookieAttributes::named(Self::default_name(first));
        let shape = CookieShape::new(attributes).expect("a name's hash is hexadecimal digits");
        Self { duration: Self::DURATION, style: CookieStyle::Clingfish(shape), failover: false }
    }
}
