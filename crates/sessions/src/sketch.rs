//! How many sessions there are, without a list of them: what each worker has seen lately, and how many that is in any window.
//!
//! A session is hashed to a register and a level; a level of k comes once in 2^k sessions, so that the highest levels of all registers tell
//! how many there were. Each register keeps its three highest (O. Ertl, UltraLogLog, 2023), which says more than the highest
//! alone. [`Sightings`] is what a worker writes. [`Recent`] gathers it and remembers when each level was last seen, as far as that can still
//! matter (Y. Chabchoub and G. Hébrail, Sliding HyperLogLog, 2010), so that any window can be asked for.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

use clingfish_model::mix;

mod estimate;
mod recent;

pub use recent::Recent;

/// Bits of a hash that choose the register.
const REGISTER_BITS: u32 = 13;

/// Registers of a sketch: a standard error of 0.84 %, so that one estimate in 3,000 is off by more than 3 %.
const REGISTERS: usize = 1 << REGISTER_BITS;

/// Levels of a register that count: its highest, and as many below it as make three.
const DEPTH: u32 = 3;

/// What stands for a session in a sketch: a hash that nobody outside can aim, of which every bit depends on every bit of the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(u64);

impl Mark {
    /// Mixes an id, or a hash of one, with a secret of the process.
    #[inline]
    pub fn of(id: u64, secret: u64) -> Self {
        Self(mix(id ^ secret))
    }

    #[inline]
    fn register(self) -> usize {
        (self.0 >> (u64::BITS - REGISTER_BITS)) as usize
    }

    /// 1 in half of all cases, 2 in a quarter, and so on, to 52.
    #[inline]
    fn level(self) -> u32 {
        1 + ((self.0 << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))).leading_zeros()
    }
}

/// The levels of one register, in a byte: the highest, and whether each of the two below it was seen. Zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Levels(u8);

impl Levels {
    /// Where the bit of a level is in [`Self::bits`], beyond its number.
    const OFFSET: u32 = DEPTH - 1;

    /// One bit for each level. There is always one: without levels that of level 0, which nobody has.
    #[inline]
    fn bits(self) -> u64 {
        u64::from(4 | (self.0 & 3)) << (self.0 >> 2)
    }

    /// The highest of them, and those below it that count.
    #[inline]
    fn of_bits(bits: u64) -> Self {
        // The bit of level 0 makes no difference beside another, and spares asking whether there is any.
        let highest = (bits | 4).ilog2().wrapping_sub(Self::OFFSET);
        Self((highest << 2) as u8 | ((bits >> highest) & 3) as u8)
    }

    #[inline]
    fn with(self, level: u32) -> Self {
        Self::of_bits(self.bits() | (1 << (level + Self::OFFSET)))
    }

    /// Whether the level makes no difference: it is there, or below those that count.
    #[inline]
    fn covers(self, level: u32) -> bool {
        match u32::from(self.0 >> 2).wrapping_sub(level) {
            below @ 0..DEPTH => ((4 | (self.0 & 3)) << below) & 4 != 0,
            // More than 52 is less than nothing: the level is above them all.
            below => below <= 52,
        }
    }

    fn and(self, others: Self) -> Self {
        Self::of_bits(self.bits() | others.bits())
    }

    fn highest(self) -> u32 {
        u32::from(self.0 >> 2)
    }

    /// Those that it has, highest first.
    fn iter(self) -> impl Iterator<Item = u32> {
        (1..=self.highest()).rev().take(DEPTH as usize).filter(move |level| self.has(*level))
    }

    fn has(self, level: u32) -> bool {
        level > 0 && self.bits() & (1 << (level + Self::OFFSET)) != 0
    }
}

/// Sessions that one worker has seen since somebody took them: 8 KiB. The worker alone adds; whoever collects takes.
///
/// ```
/// use std::time::Duration;
/// use clingfish_sessions::{Mark, Recent, Sightings};
///
/// let (worker, mut recent) = (Sightings::default(), Recent::default());
/// for session in 0..500 {
///     worker.add(Mark::of(session, 7));
///     worker.add(Mark::of(session, 7)); // again
/// }
/// let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
/// recent.collect([&worker], Duration::from_secs(10), day);
/// let estimate = recent.estimate(Duration::from_secs(20), hour);
/// assert!((490..=510).contains(&estimate), "{estimate}");
/// assert_eq!(recent.estimate(Duration::from_secs(10) + hour * 2, hour), 0);
/// ```
#[derive(Debug)]
pub struct Sightings([AtomicU8; REGISTERS]);

impl Default for Sightings {
    fn default() -> Self {
        Self([const { AtomicU8::new(0) }; REGISTERS])
    }
}

impl Sightings {
    /// Notes that a session was seen; on the owning thread only.
    ///
    /// Loads and stores instead of changing atomically, which is enough for one writer. If what it looks at is taken in between, it comes
    /// back once more: then a level is remembered as seen a moment later than it was.
    #[inline]
    pub fn add(&self, mark: Mark) {
        let Some(register) = self.0.get(mark.register()) else { return };
        let (before, level) = (Levels(register.load(Relaxed)), mark.level());
        if !before.covers(level) {
            raise(register, before, level);
        }
    }

    fn take(&self) -> impl Iterator<Item = Levels> {
        self.0.iter().map(|register| match register.load(Relaxed) {
            0 => Levels(0),
            _ => Levels(register.swap(0, Relaxed)),
        })
    }
}

/// Rarely, once some were seen.
#[cold]
fn raise(register: &AtomicU8, before: Levels, level: u32) {
    let Levels(after) = before.with(level);
    register.store(after, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_keeps_its_three_highest_levels() {
        for (levels, highest, kept) in [
            (&[][..], 0, &[][..]),
            (&[1], 1, &[1]),
            (&[2], 2, &[2]),
            (&[1, 3], 3, &[1, 3]),
            (&[1, 2, 3, 4], 4, &[2, 3, 4]),
            (&[9, 1, 8], 9, &[8, 9]),
            (&[52, 51, 50, 49], 52, &[50, 51, 52]),
        ] {
            let all = levels.iter().fold(Levels::default(), |all, level| all.with(*level));
            assert_eq!(all.highest(), highest, "{levels:?}");
            let has: Vec<u32> = (0..=52).filter(|level| all.has(*level)).collect();
            assert_eq!(has, kept, "{levels:?}");
        }
    }

    #[test]
    fn a_level_is_covered_if_it_makes_no_difference() {
        let all = (0..=u8::MAX).map(Levels).filter(|levels| levels.highest() <= 52);
        for levels in all {
            for level in 1..=52 {
                let changes = levels.with(level) != levels;
                assert_eq!(levels.covers(level), !changes, "{levels:?} {level}");
            }
        }
    }

    #[test]
    fn registers_of_two_workers_are_one_that_saw_all() {
        for a in 1..12 {
            for b in 1..12 {
                let (first, second) = (Levels(0).with(a), Levels(0).with(b).with(3));
                assert_eq!(first.and(second), Levels(0).with(3).with(a).with(b), "{a} {b}");
            }
        }
    }

    #[test]
    fn levels_come_half_as_often_each() {
        let mut counts = [0u32; 53];
        for id in 0..1 << 16 {
            counts[Mark::of(id, 1).level() as usize] += 1;
        }
        for (level, expected) in [(1, 32_768), (2, 16_384), (3, 8_192), (4, 4_096)] {
            let found: u32 = counts[level];
            assert!(found.abs_diff(expected) < expected / 20, "level {level}: {found}");
        }
        let top = |bits| Mark(bits).level();
        assert_eq!((top(u64::MAX), top(0)), (1, 52));
    }
}
