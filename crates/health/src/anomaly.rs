//! Which targets fail more than their peers do.

use std::collections::VecDeque;

/// Looks that a comparison goes back; one a second.
pub const LOOKS: usize = 10;

/// Healthy targets below which nobody is compared, as at ALB.
pub const PEERS_MIN: usize = 3;

/// Errors below which nothing is said about a target.
const ERRORS_MIN: u64 = 5;

/// Requests below which nothing is said about its peers.
const PEER_ATTEMPTS_MIN: u64 = 10;

/// How far above its peers' a target's share of errors must be.
const FACTOR: f64 = 2.0;
const POINTS: f64 = 0.05;

/// How unlikely its errors must be to be chance, in standard deviations.
const DEVIATIONS: f64 = 4.0;

/// Requests sent to a target, and those that came to nothing: a status of 500 or more, or no connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub attempts: u64,
    /// Those that came to nothing.
    pub errors: u64,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self { attempts: self.attempts + other.attempts, errors: self.errors + other.errors }
    }

    /// What came since `earlier`; all of it where the counts have begun again.
    fn since(self, earlier: Self) -> Self {
        match (self.attempts.checked_sub(earlier.attempts), self.errors.checked_sub(earlier.errors))
        {
            (Some(attempts), Some(errors)) => Self { attempts, errors },
            _ => self,
        }
    }

    /// The share of errors; 0 of nothing.
    fn share(self) -> f64 {
        if self.attempts == 0 { 0.0 } else { self.errors as f64 / self.attempts as f64 }
    }
}

/// What one target did lately.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// Totals at the last looks, the oldest first; at most [`LOOKS`] and one.
    totals: VecDeque<Tally>,
}

impl Recent {
    /// Takes its totals at another look, and says what it did since [`LOOKS`] looks ago.
    pub fn look(&mut self, total: Tally) -> Tally {
        if self.totals.len() > LOOKS {
            self.totals.pop_front();
        }
        self.totals.push_back(total);
        self.totals.front().map_or_else(Tally::default, |oldest| total.since(*oldest))
    }
}

/// Which of these healthy targets are anomalous: their share of errors is far above that of all others together.
///
/// Where all fail alike nobody is, nor where there are fewer than [`PEERS_MIN`].
pub fn anomalies(targets: &[Tally]) -> Vec<bool> {
    let all = targets.iter().copied().fold(Tally::default(), Tally::plus);
    let is_anomalous = |target: &Tally| {
        let peers =
            Tally { attempts: all.attempts - target.attempts, errors: all.errors - target.errors };
        targets.len() >= PEERS_MIN && stands_out(*target, peers)
    };
    targets.iter().map(is_anomalous).collect()
}

fn stands_out(target: Tally, peers: Tally) -> bool {
    let expected = peers.share() * target.attempts as f64;
    let beyond_chance = target.errors as f64 > expected + DEVIATIONS * expected.sqrt();
    target.errors >= ERRORS_MIN
        && peers.attempts >= PEER_ATTEMPTS_MIN
        && target.share() >= peers.share() + POINTS
        && target.share() > peers.share() * FACTOR
        && beyond_chance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(attempts: u64, errors: u64) -> Tally {
        Tally { attempts, errors }
    }

    #[test]
    fn only_who_stands_out_is_anomalous() {
        type Row<'r> = (&'r str, &'r [(u64, u64)], &'r [bool]);
        let rows: &[Row<'_>] = &[
            ("one fails", &[(100, 100), (100, 0), (100, 0)], &[true, false, false]),
            ("all fail", &[(100, 100), (100, 100), (100, 100)], &[false, false, false]),
            ("all fail a little", &[(100, 6), (100, 9), (100, 7)], &[false, false, false]),
            ("one fails now and then", &[(100, 8), (100, 0), (100, 0)], &[true, false, false]),
            ("rarely", &[(1_000, 30), (1_000, 0), (1_000, 0)], &[false, false, false]),
            ("seldom seen", &[(4, 4), (100, 0), (100, 0)], &[false, false, false]),
            ("by chance", &[(30, 6), (300, 18), (300, 18)], &[false, false, false]),
            ("one of two", &[(100, 100), (100, 0)], &[false, false]),
            ("peers unknown", &[(100, 100), (2, 0), (3, 0)], &[false, false, false]),
            (
                "two of five",
                &[(100, 90), (100, 90), (100, 0), (100, 0), (100, 0)],
                &[true, true, false, false, false],
            ),
            ("most of them", &[(100, 90), (100, 90), (100, 0)], &[false, false, false]),
            ("nothing", &[], &[]),
            ("idle", &[(0, 0), (0, 0), (0, 0)], &[false, false, false]),
        ];
        for (what, targets, expected) in rows {
            let targets: Vec<_> = targets.iter().map(|(all, bad)| tally(*all, *bad)).collect();
            assert_eq!(anomalies(&targets), *expected, "{what}");
        }
    }

    #[test]
    fn only_the_last_looks_count() {
        let mut recent = Recent::default();
        assert_eq!(recent.look(tally(1_000, 900)), tally(0, 0), "what came before is not known");
        assert_eq!(recent.look(tally(1_010, 905)), tally(10, 5));
        for look in 1..LOOKS as u64 {
            assert_eq!(recent.look(tally(1_010 + look, 905)), tally(10 + look, 5), "{look}");
        }
        assert_eq!(recent.look(tally(1_019, 905)), tally(9, 0), "the errors are over");
        assert_eq!(recent.look(tally(3, 1)), tally(3, 1), "counts that began again");
    }
}
