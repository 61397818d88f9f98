//! Connections that were closed for their PROXY header, by cause.

use crate::Counter;

/// Why a connection was closed before its first byte for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreambleRefusal {
    /// Its peer may not connect here.
    NotAllowed,
    /// It begins with something else.
    Missing,
    /// What looks like a PROXY header is none, or one that we do not know.
    Malformed,
    /// Its additions are too long.
    TooLong,
    /// It took too long to come.
    Timeout,
    /// The peer closed before it was whole.
    Closed,
}

impl PreambleRefusal {
    const ALL: [Self; 6] = [
        Self::NotAllowed,
        Self::Missing,
        Self::Malformed,
        Self::TooLong,
        Self::Timeout,
        Self::Closed,
    ];

    /// A short stable word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
        }
    }
}

/// A count for each cause. One thread writes.
#[derive(Debug, Default)]
pub struct PreambleRefusals([Counter; PreambleRefusal::ALL.len()]);

impl PreambleRefusals {
    /// Counts one connection; on the owning thread only.
    pub fn count(&self, refusal: PreambleRefusal) {
        let both = PreambleRefusal::ALL.iter().zip(&self.0);
        both.filter(|(of, _)| **of == refusal).for_each(|(_, counter)| counter.increment());
    }

    /// Causes that have occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let both = PreambleRefusal::ALL.iter().zip(&self.0);
        both.map(|(of, counter)| (of.as_str(), counter.value())).filter(|(_, count)| *count > 0)
    }
}
