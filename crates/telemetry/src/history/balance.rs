//! How evenly a group's targets are busy.

use super::target::PERMILLE;

/// The busiest target against the average of all, each by its weight.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    top: f64,
    sum: f64,
    targets: u32,
}

impl Balance {
    /// Adds what one target has that may get more.
    pub(super) fn add(&mut self, load: u64, weight: u16) {
        let load = load as f64 / f64::from(weight.max(1));
        self.top = self.top.max(load);
        self.sum += load;
        self.targets += 1;
    }

    /// In thousandths: 1000 is even. 0 where there is nothing to compare.
    pub(super) fn permille(&self) -> u32 {
        if self.targets < 2 || self.sum <= 0.0 {
            return 0;
        }
        let times = self.top * f64::from(self.targets) / self.sum;
        // As many times as there are targets at the most, and a cast keeps to the bounds.
        (times * f64::from(PERMILLE)).round() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_is_compared_with_the_average_by_weight() {
        for (loads, expected) in [
            (&[][..], 0),
            (&[(7, 1)], 0),
            (&[(0, 1), (0, 1)], 0),
            (&[(5, 1), (5, 1)], 1_000),
            (&[(30, 3), (10, 1)], 1_000),
            (&[(10, 1), (0, 1)], 2_000),
            (&[(3, 1), (1, 1), (2, 1)], 1_500),
            (&[(1, 1), (0, 1), (0, 1)], 3_000),
        ] {
            let mut balance = Balance::default();
            loads.iter().for_each(|(load, weight)| balance.add(*load, *weight));
            assert_eq!(balance.permille(), expected, "{loads:?}");
        }
    }
}
