//! How many sessions the levels of all registers speak for.

use super::{DEPTH, Levels, REGISTERS};

/// Levels go up to 52.
const LEVELS: usize = 64;

/// What the registers of a sketch say, summed up.
///
/// With x sessions for each register, the number of those at level k is Poisson distributed with mean x / 2^k. So a register has seen a
/// level with a likelihood of 1 - exp(-x / 2^k), and has not with one of exp(-x / 2^k). The x that makes what was seen most likely
/// is the estimate. That holds for any number of sessions: neither few nor many need another formula.
#[derive(Debug)]
pub(super) struct Evidence {
    /// How many registers have seen each level.
    seen: [u32; LEVELS],
    /// The sum of 1 / 2^k over all levels that registers are known not to have seen.
    unseen: f64,
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self { seen: [0; LEVELS], unseen: 0.0 }
    }

    /// One more register.
    pub(super) fn add(&mut self, levels: Levels) {
        let highest = levels.highest();
        // All levels above it together.
        self.unseen += rarity(highest);
        for level in (1..=highest).rev().take(DEPTH as usize) {
            match self.seen.get_mut(level as usize) {
                Some(seen) if levels.has(level) => *seen += 1,
                _ => self.unseen += rarity(level),
            }
        }
    }

    /// Registers of which nothing was seen.
    pub(super) fn add_empty(&mut self, registers: usize) {
        self.unseen += registers as f64;
    }

    /// The most likely number of sessions.
    pub(super) fn estimate(&self) -> u64 {
        let levels = || {
            let all = (0..).zip(&self.seen).filter(|(_, seen)| **seen > 0);
            all.map(|(level, seen)| (f64::from(*seen), rarity(level)))
        };
        let total: f64 = levels().map(|(seen, _)| seen).sum();
        if total == 0.0 {
            return 0;
        }
        // The derivative of the logarithm of the likelihood falls and is convex. From a point on its left, as this one is, Newton's method
        // comes ever nearer and never steps over.
        let mut x =
            total / (self.unseen + levels().map(|(seen, part)| seen * part / 2.0).sum::<f64>());
        for _ in 0..STEPS_MAX {
            let (mut slope, mut fall) = (-self.unseen, 0.0);
            for (seen, part) in levels() {
                let grown = (x * part).exp_m1();
                slope += seen * part / grown;
                fall += seen * part * part * (grown + 1.0) / (grown * grown);
            }
            let step = slope / fall;
            x += step;
            if step <= x * PRECISION {
                break;
            }
        }
        (x * REGISTERS as f64).round() as u64
    }
}

/// Far more than are needed: six or so.
const STEPS_MAX: u32 = 64;

/// Relative; a thousandth of the statistical error.
const PRECISION: f64 = 1e-5;

/// 1 / 2^level.
fn rarity(level: u32) -> f64 {
    (-f64::from(level)).exp2()
}
