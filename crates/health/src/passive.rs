//! What real traffic says about targets, and what to do when none is left.

use clingfish_model::{MinimumHealthy, limits::CONNECT_FAILURES_MAX};

/// What follows from a failed connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// A momentary condition: the target stays.
    Keep,
    /// The target is out until its next good check.
    Eject,
}

/// Decides after a failed connect on real traffic; `in_a_row` counts this one too and starts again with each success.
///
/// A worker that raced past the limit gets `Eject` as well: ejecting twice does no harm.
pub fn after_connect_failure(in_a_row: u32) -> AfterFailure {
    if in_a_row >= CONNECT_FAILURES_MAX { AfterFailure::Eject } else { AfterFailure::Keep }
}

/// Whether requests may go to every registered target, healthy or not, because too few are healthy.
///
/// `registered` does not count draining targets, which never get new sessions; homes are honoured all the same. With
/// cross-zone off, both count the targets of one zone.
pub fn fail_open(healthy: usize, registered: usize, minimum: MinimumHealthy) -> bool {
    registered > 0 && !minimum.is_met(healthy, registered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_eject() {
        for (in_a_row, expected) in [
            (1, AfterFailure::Keep),
            (2, AfterFailure::Keep),
            (3, AfterFailure::Eject),
            (4, AfterFailure::Eject),
        ] {
            assert_eq!(after_connect_failure(in_a_row), expected, "{in_a_row}");
        }
    }

    #[test]
    fn all_targets_serve_when_too_few_are_healthy() {
        let half = MinimumHealthy { percentage: Some(50), ..MinimumHealthy::default() };
        for (healthy, registered, minimum, expected) in [
            (0, 3, MinimumHealthy::default(), true),
            (1, 3, MinimumHealthy::default(), false),
            (1, 3, half, true),
            (2, 3, half, false),
            (0, 0, half, false),
        ] {
            let row = format!("{healthy} of {registered} by {minimum:?}");
            assert_eq!(fail_open(healthy, registered, minimum), expected, "{row}");
        }
    }
}
