//! One target's own order of all slots, and when it comes to each.

use clingfish_model::TargetHash;

use super::{SLOT_BITS, SLOTS, logarithm::minus_log2_of_rest};
use crate::split_mix;

const MASK: u32 = SLOTS - 1;
/// Bits of a turn that its jitter adds.
const JITTER_BITS: u32 = 32 - SLOT_BITS;

/// A target that takes part, and what its fixed hash makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// In the caller's list.
    pub(super) position: u16,
    pub(super) weight: u16,
    /// Among the members in the order of their hashes: settles ties, the same in whatever order they come.
    rank: u16,
    /// `2^64 / weight`.
    per_weight: u64,
    /// Odd, so that multiplying by them can be undone.
    factors: [u32; 3],
    summands: [u32; 2],
    jitter: u32,
}

impl Member {
    pub(super) fn new(hash: TargetHash, weight: u16, position: u16, rank: u16) -> Self {
        let number = u128::from_le_bytes(hash.0);
        let (mut low, mut high) = (number as u64, (number >> 64) as u64);
        let mut draw = || (split_mix(&mut low) ^ split_mix(&mut high).rotate_left(32)) as u32;
        Self {
            position,
            weight,
            rank,
            per_weight: u64::MAX / u64::from(weight.max(1)),
            factors: [draw() | 1, draw() | 1, draw() | 1],
            summands: [draw(), draw()],
            jitter: draw() | 1,
        }
    }

    /// Its claim to a slot. The smallest claim is that of the slot's home.
    ///
    /// The upper 48 bits are the time at which the target comes to the slot, the lower ones its rank. Times are spread as those of
    /// a Poisson process whose rate is the weight, so that each target is first as often as its weight says.
    pub(super) fn claim(&self, slot: u32) -> u64 {
        self.claim_at(slot, self.turn(slot))
    }

    /// Its claim to a slot that it comes to in that turn.
    pub(super) fn claim_at(&self, slot: u32, turn: u32) -> u64 {
        let jitter = slot.wrapping_mul(self.jitter) >> SLOT_BITS;
        self.time(turn << JITTER_BITS | jitter) << 16 | u64::from(self.rank)
    }

    /// No claim of this turn or a later one is up to the horizon.
    pub(super) fn turns_until(&self, horizon: u64) -> u32 {
        let (mut low, mut high) = (0, SLOTS);
        while low < high {
            let middle = low.midpoint(high);
            if self.claim_from(middle) <= horizon { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// No claim of that turn, nor of a later one, is smaller.
    fn claim_from(&self, turn: u32) -> u64 {
        self.time(turn << JITTER_BITS) << 16
    }

    fn time(&self, part: u32) -> u64 {
        let logarithm = u128::from(minus_log2_of_rest(part) << 3);
        ((logarithm * u128::from(self.per_weight)) >> 64) as u64
    }

    /// When it comes to that slot, of [`SLOTS`] turns: a permutation, which [`Self::route`] walks the other way.
    fn turn(&self, slot: u32) -> u32 {
        let [first, second, third] = self.factors;
        let [before, between] = self.summands;
        let x = half_mixed(slot.wrapping_add(before).wrapping_mul(first));
        let x = half_mixed(x.wrapping_mul(second).wrapping_add(between));
        x.wrapping_mul(third) & MASK
    }

    /// The slots in the order of its turns.
    pub(super) fn route(&self) -> Route {
        Route { inverses: self.factors.map(inverse), summands: self.summands }
    }
}

/// Which slot a target comes to in each turn.
pub(super) struct Route {
    inverses: [u32; 3],
    summands: [u32; 2],
}

impl Route {
    pub(super) fn slot(&self, turn: u32) -> u32 {
        let [first, second, third] = self.inverses;
        let [before, between] = self.summands;
        let x = half_mixed(turn.wrapping_mul(third));
        let x = half_mixed(x.wrapping_sub(between).wrapping_mul(second));
        x.wrapping_mul(first).wrapping_sub(before) & MASK
    }
}

/// Mixes the upper half of a slot's bits into the lower; doing it twice undoes it.
fn half_mixed(x: u32) -> u32 {
    let x = x & MASK;
    x ^ (x >> (SLOT_BITS / 2))
}

/// The number that undoes multiplying by an odd one, by Newton's method: each round doubles the bits that are right.
fn inverse(odd: u32) -> u32 {
    (0..5).fold(odd, |x, _| x.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(x))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_comes_to_every_slot_once() {
        for at in 0..20 {
            let member = Member::new(TargetHash([at; 16]), 1, 0, 0);
            let route = member.route();
            for turn in 0..SLOTS {
                assert_eq!(member.turn(route.slot(turn)), turn, "{at}");
            }
        }
    }

    #[test]
    fn later_turns_have_larger_claims() {
        for weight in [1, 2, 999] {
            let member = Member::new(TargetHash([7; 16]), weight, 0, 5);
            for turn in [0, 1, 2, 1_000, SLOTS - 2] {
                let claim = |turn| member.claim_at(member.route().slot(turn), turn);
                assert!(member.claim_from(turn) <= claim(turn), "{turn} of {weight}");
                assert!(claim(turn) < member.claim_from(turn + 1), "{turn} of {weight}");
            }
        }
    }
}
