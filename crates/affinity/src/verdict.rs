//! Why a request went where it went.

use std::fmt;

/// Why a request went where it went. Every placement has one; it reaches log, metric and API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No cookie of ours: a new client.
    New,
    /// Went home.
    Hit,
    /// Away for longer than the duration.
    ExpiredIdle,
    /// The session is older than its absolute limit.
    ExpiredAbsolute,
    /// The cookie is damaged or somebody else's making.
    Forged,
    /// The cookie's key is not in the ring.
    UnknownKey,
    /// The home is in another group.
    ForeignGroup,
    /// The home is no longer in the group.
    TargetGone,
    /// The home fails its checks.
    TargetUnhealthy,
    /// The home is being deregistered.
    TargetDraining,
    /// The home refused this request, which another target served; the binding stays.
    Detour,
    /// A cookie of another balancer, or of the one before this, named the home. It gets ours instead.
    Imported,
    /// The request has an id of the application that nobody knows here: it was never learned, or too long ago.
    UnknownSession,
    /// Our token came without the application's cookie that it goes with.
    NoAppCookie,
    /// The group has no stickiness.
    Off,
}

impl Verdict {
    /// All of them, in the order of [`Self::index`].
    pub const ALL: [Self; 15] = [
        Self::New,
        Self::Hit,
        Self::ExpiredIdle,
        Self::ExpiredAbsolute,
        Self::Forged,
        Self::UnknownKey,
        Self::ForeignGroup,
        Self::TargetGone,
        Self::TargetUnhealthy,
        Self::TargetDraining,
        Self::Detour,
        Self::Imported,
        Self::UnknownSession,
        Self::NoAppCookie,
        Self::Off,
    ];

    /// Its place in [`Self::ALL`], for counters.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name in logs, metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Hit => "hit",
            Self::ExpiredIdle => "expired_idle",
            Self::ExpiredAbsolute => "expired_absolute",
            Self::Forged => "forged",
            Self::UnknownKey => "unknown_key",
            Self::ForeignGroup => "foreign_group",
            Self::TargetGone => "target_gone",
            Self::TargetUnhealthy => "target_unhealthy",
            Self::TargetDraining => "target_draining",
            Self::Detour => "detour",
            Self::Imported => "imported",
            Self::UnknownSession => "unknown_session",
            Self::NoAppCookie => "no_app_cookie",
            Self::Off => "off",
        }
    }

    /// Whether the session lives on at another target: it lost its home, not its life.
    pub fn keeps_session(self) -> bool {
        match self {
            Self::Hit
            | Self::Detour
            | Self::TargetGone
            | Self::TargetUnhealthy
            | Self::TargetDraining => true,
            Self::New
            | Self::ExpiredIdle
            | Self::ExpiredAbsolute
            | Self::Forged
            | Self::UnknownKey
            | Self::ForeignGroup
            | Self::Imported
            | Self::UnknownSession
            | Self::NoAppCookie
            | Self::Off => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_stands_at_its_index_under_a_name_of_its_own() {
        let mut names: Vec<&str> = Vec::new();
        for (index, verdict) in Verdict::ALL.into_iter().enumerate() {
            assert_eq!(verdict.index(), index, "{verdict}");
            assert!(!names.contains(&verdict.as_str()), "{verdict}");
            names.push(verdict.as_str());
        }
        assert_eq!(Verdict::ALL.len(), Verdict::Off.index() + 1);
    }
}
