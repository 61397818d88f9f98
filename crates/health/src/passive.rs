//! What real traffic says about targets, and what to do when none is left.

use clingfish_model::limits::CONNECT_FAILURES_MAX;

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
/// ALB's threshold at its default: fewer than one. `registered` does not count draining targets, which never get new
/// sessions; homes are honoured all the same.
pub fn fail_open(healthy: usize, registered: usize) -> bool {
    const HEALTHY_MIN: usize = 1;
    registered > 0 && healthy < HEALTHY_MIN
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
    fn all_targets_serve_when_none_is_healthy() {
        for (healthy, registered, expected) in [(0, 3, true), (1, 3, false), (0, 0, false)] {
            assert_eq!(fail_open(healthy, registered), expected, "{healthy} of {registered}");
        }
    }
}
