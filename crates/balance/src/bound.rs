//! How much more than the average a target may have to do before its keys go elsewhere.

use clingfish_model::stickiness::LoadFactor;

/// The bound on the load of each target, for one pick: [`LoadFactor`] times its share, by weight, of all that is in flight, this request
/// included, and rounded up. (Mirrokni, Thorup and Zadimoghaddam: Consistent Hashing with Bounded Loads.)
///
/// Where [`Self::total`] is not less than what the eligible targets have in flight and [`Self::weight`] not more than they weigh together, one of
/// them always has room.
#[derive(Clone, Copy, Debug)]
pub struct Bound<L> {
    /// How far above the average a target may be.
    pub factor: LoadFactor,
    /// Requests that the eligible targets have in flight, without this one.
    pub total: u64,
    /// Weights of the eligible targets, summed up. [`crate::Ring::weight`] where all are.
    pub weight: u64,
    /// Requests that a target has in flight, by its position.
    pub in_flight: L,
}

impl<L: Fn(usize) -> u32> Bound<L> {
    /// Whether that target, of that weight, may take one more.
    pub fn has_room(&self, target: usize, weight: u16) -> bool {
        // `load < ceil(limit)` is `load < limit` for whole loads, and needs no division.
        let load = u128::from((self.in_flight)(target)) * u128::from(self.weight) * 100;
        let share = u128::from(self.total.saturating_add(1)) * u128::from(weight);
        load < share * u128::from(self.factor.percent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_have_the_factor_times_its_share_rounded_up() {
        for (percent, total, weight, of, most) in [
            // ceil(1.25 * 100 / 10) = 13
            (125, 99, 1, 10, 13),
            (125, 0, 1, 10, 1),
            // ceil(1.01 * 100 / 100) = 2
            (101, 99, 1, 100, 2),
            // ceil(2 * 30 * 2 / 3) = 40
            (200, 29, 2, 3, 40),
            (125, 99, 0, 10, 0),
        ] {
            let factor = LoadFactor::from_percent(percent).unwrap();
            let has_room =
                |load| Bound { factor, total, weight: of, in_flight: |_| load }.has_room(0, weight);
            assert!(!has_room(most), "{percent} % of {total}, {weight} of {of}");
            assert!(most == 0 || has_room(most - 1), "{percent} % of {total}, {weight} of {of}");
        }
    }
}
