//! Two algorithms: in turn, and the fewest requests in flight.

use crate::{Cursor, Schedule, split_mix};

/// Targets of a group up to which [`least_outstanding`] looks at every one.
pub const LOOK_AT_ALL_MAX: usize = 32;

/// Targets that [`least_outstanding`] looks at in a larger group.
pub const SAMPLES: usize = 8;

/// Picks the next eligible target in turn and moves the cursor past it.
///
/// # Cost
///
/// One step where the next target is eligible. Ineligible ones are stepped over once per cycle, so a pick takes
/// `1 / share of eligible slots` steps on average, however many targets there are, and one cycle at the most. A caller that
/// knows that nobody is eligible should not ask.
pub fn next_in_turn(
    schedule: &Schedule,
    cursor: &mut Cursor,
    eligible: impl Fn(usize) -> bool,
) -> Option<usize> {
    for step in 0..schedule.len() as u64 {
        let target = schedule.at(cursor.0.wrapping_add(step))?;
        if eligible(target) {
            cursor.advance(step + 1);
            return Some(target);
        }
    }
    None
}

/// Picks the eligible target with the fewest requests in flight for its weight; targets that are equally busy take turns.
///
/// Looks at all targets of a group of up to [`LOOK_AT_ALL_MAX`], and in larger ones at [`SAMPLES`] that `random` draws from
/// the schedule: enough to stay away from the busiest, at a cost that does not grow. Weight 0 is never picked.
pub fn least_outstanding(
    schedule: &Schedule,
    cursor: &mut Cursor,
    random: u64,
    eligible: impl Fn(usize) -> bool,
    load: impl Fn(usize) -> u32,
) -> Option<usize> {
    if schedule.weights().len() > LOOK_AT_ALL_MAX {
        return least_of_samples(schedule, random, &eligible, load)
            .or_else(|| next_in_turn(schedule, cursor, eligible));
    }
    let idlest = idlest_of_all(schedule, eligible, load);
    match idlest.count_ones() {
        0 => None,
        // The turn could be far away where weights differ much, and there is no one to share it with.
        1 => Some(idlest.trailing_zeros() as usize),
        _ => next_in_turn(schedule, cursor, |target| idlest & bit(target) != 0),
    }
}

/// The set of equally least busy targets, as bits. Each load is read once: other cores change it all the time.
fn idlest_of_all(
    schedule: &Schedule,
    eligible: impl Fn(usize) -> bool,
    load: impl Fn(usize) -> u32,
) -> u32 {
    let mut best: Option<Busy> = None;
    let mut set = 0;
    for (target, weight) in schedule.weights().iter().enumerate() {
        if *weight == 0 || !eligible(target) {
            continue;
        }
        let busy = Busy::new(load(target), *weight);
        if best.is_none_or(|best| busy.is_less_than(best)) {
            best = Some(busy);
            set = bit(target);
        } else if best.is_some_and(|best| !best.is_less_than(busy)) {
            set |= bit(target);
        }
    }
    set
}

fn bit(target: usize) -> u32 {
    u32::try_from(target).ok().and_then(|target| 1_u32.checked_shl(target)).unwrap_or(0)
}

/// Draws by the schedule, so that the first of equally busy samples comes out by weight.
fn least_of_samples(
    schedule: &Schedule,
    random: u64,
    eligible: impl Fn(usize) -> bool,
    load: impl Fn(usize) -> u32,
) -> Option<usize> {
    let mut best: Option<(usize, Busy)> = None;
    let mut seed = random;
    for _ in 0..SAMPLES {
        let target = schedule.at(split_mix(&mut seed))?;
        if !eligible(target) {
            continue;
        }
        let weight = schedule.weights().get(target).copied().unwrap_or(1);
        let busy = Busy::new(load(target), weight);
        if best.is_none_or(|(_, best)| busy.is_less_than(best)) {
            best = Some((target, busy));
        }
    }
    best.map(|(target, _)| target)
}

/// Requests in flight per weight, as a fraction.
#[derive(Clone, Copy)]
struct Busy {
    load: u64,
    weight: u64,
}

impl Busy {
    fn new(load: u32, weight: u16) -> Self {
        Self { load: u64::from(load), weight: u64::from(weight) }
    }

    fn is_less_than(self, other: Self) -> bool {
        self.load * other.weight < other.load * self.weight
    }
}

#[cfg(test)]
mod tests;
