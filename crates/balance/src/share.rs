//! How much of its weight a target counts for at the moment.

/// A part of a target's weight, from a 64th to all of it.
///
/// Targets in slow start and those that fail more than their peers count for less than they are configured to; never for nothing,
/// so that nobody starves and every target goes on being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u8);

impl Share {
    /// The whole weight.
    pub const FULL: Self = Self(64);
    /// The least that a target counts for.
    pub const LEAST: Self = Self(1);

    /// `part` of `whole`, within the limits; everything of nothing.
    pub fn of(part: u128, whole: u128) -> Self {
        let parts = part.saturating_mul(u128::from(Self::FULL.0)).checked_div(whole);
        Self::from_parts(parts.and_then(|parts| u8::try_from(parts).ok()).unwrap_or(u8::MAX))
    }

    /// So many parts of 64, within the limits.
    pub fn from_parts(parts: u8) -> Self {
        Self(parts.clamp(Self::LEAST.0, Self::FULL.0))
    }

    /// How many parts of 64.
    pub fn parts(self) -> u8 {
        self.0
    }

    /// Half of it, or the least.
    #[must_use]
    pub fn halved(self) -> Self {
        Self::from_parts(self.0 / 2)
    }

    /// Twice of it, or all.
    #[must_use]
    pub fn doubled(self) -> Self {
        Self::from_parts(self.0.saturating_mul(2))
    }

    /// That part of a weight, for [`crate::Schedule`] and [`crate::Lottery`]. Weights up to 1023 fit.
    pub fn weigh(self, weight: u16) -> u16 {
        weight.saturating_mul(u16::from(self.0))
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::FULL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_their_limits() {
        for (part, whole, expected) in
            [(0, 30, 1), (15, 30, 32), (29, 30, 61), (30, 30, 64), (90, 30, 64), (5, 0, 64)]
        {
            assert_eq!(Share::of(part, whole).parts(), expected, "{part} of {whole}");
        }
        assert_eq!(Share::FULL.doubled(), Share::FULL);
        assert_eq!(Share::LEAST.halved(), Share::LEAST);
        assert_eq!(Share::FULL.halved().doubled(), Share::FULL);
        assert_eq!(Share::FULL.weigh(999), 63_936);
    }
}
