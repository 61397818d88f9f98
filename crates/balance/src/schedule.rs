//! The order in which targets take their turns.

use std::cmp::Ordering;

/// Slots of one schedule; weights that would need more are scaled down.
pub const SLOTS_MAX: usize = 65_536;

/// Smooth weighted round robin, worked out once: each pick reads one slot.
///
/// Targets of equal weight form a class and take the turns of that class one after another; the classes' slots lie evenly
/// over the cycle, that is slot `j` of `n` at `(j + 0.5) / n`. So equal weights give the plain turn 0, 1, 2, …, and a target
/// never waits longer than its fair distance plus one slot for each other weight in use.
///
/// # Limits
///
/// [`SLOTS_MAX`] slots. Beyond, weights are scaled, and every weight above zero keeps one slot at least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    weights: Box<[u16]>,
    /// `None` stands for the plain turn over all targets, which needs no memory.
    slots: Option<Box<[u32]>>,
}

impl Schedule {
    /// Orders targets by their weights; those of weight 0 get no slot.
    pub fn new(weights: &[u16]) -> Self {
        let first = weights.first().copied().unwrap_or(0);
        let equal = first > 0 && weights.iter().all(|weight| *weight == first);
        Self { weights: weights.into(), slots: (!equal).then(|| spread(&slot_counts(weights))) }
    }

    /// Slots of one cycle; 0 where no target takes any.
    pub fn len(&self) -> usize {
        self.slots.as_ref().map_or(self.weights.len(), |slots| slots.len())
    }

    /// Whether no target takes any slot.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose turn it is at that position; the cycle repeats for ever.
    pub fn at(&self, position: u64) -> Option<usize> {
        let slot = position.checked_rem(self.len() as u64)? as usize;
        match &self.slots {
            Some(slots) => slots.get(slot).map(|target| *target as usize),
            None => Some(slot),
        }
    }

    /// The weights that it was made from.
    pub fn weights(&self) -> &[u16] {
        &self.weights
    }
}

/// A place in a schedule. One per core and target group: kept over reloads, never shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub u64);

impl Cursor {
    /// Moves on by so many slots.
    pub fn advance(&mut self, slots: u64) {
        self.0 = self.0.wrapping_add(slots);
    }
}

/// How many slots each target gets: its weight without the common divisor, scaled where that is too much.
fn slot_counts(weights: &[u16]) -> Vec<usize> {
    let divisor = weights.iter().fold(0, |a, b| gcd(a, *b)).max(1);
    let counts = weights.iter().map(|weight| usize::from(*weight / divisor)).collect::<Vec<_>>();
    let total: usize = counts.iter().sum();
    if total <= SLOTS_MAX {
        return counts;
    }
    // One slot each is set aside first, so that rounding up the small ones cannot pass the limit.
    let rest = SLOTS_MAX.saturating_sub(counts.len());
    counts
        .into_iter()
        .map(|count| match count {
            0 => 0,
            _ => (count * rest / total).max(1),
        })
        .collect()
}

fn gcd(a: u16, b: u16) -> u16 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Targets that have the same number of slots.
struct Class {
    slots_each: usize,
    members: Vec<u32>,
}

/// Lays the slots of all classes over one cycle.
fn spread(counts: &[usize]) -> Box<[u32]> {
    let mut slots = Vec::with_capacity(counts.iter().sum());
    for class in classes(counts) {
        let total = class.slots_each * class.members.len();
        for (at, member) in class.members.iter().cycle().take(total).enumerate() {
            slots.push(Slot { twice_at: 2 * at as u64 + 1, of: total as u64, target: *member });
        }
    }
    slots.sort_by(Slot::compare);
    slots.into_iter().map(|slot| slot.target).collect()
}

/// Heaviest first; members in the order of their indexes.
fn classes(counts: &[usize]) -> Vec<Class> {
    let mut order: Vec<(usize, u32)> =
        counts.iter().copied().zip(0..).filter(|(count, _)| *count > 0).collect();
    order.sort_by_key(|(count, target)| (std::cmp::Reverse(*count), *target));
    order
        .chunk_by(|a, b| a.0 == b.0)
        .map(|class| Class {
            slots_each: class.first().map_or(0, |(count, _)| *count),
            members: class.iter().map(|(_, target)| *target).collect(),
        })
        .collect()
}

/// A slot at `twice_at / (2 * of)` of the cycle, kept as a fraction: floats would round differently elsewhere.
struct Slot {
    twice_at: u64,
    of: u64,
    target: u32,
}

impl Slot {
    /// The stable sort leaves equal places in the order of their classes: the heavier one first.
    fn compare(&self, other: &Self) -> Ordering {
        (self.twice_at * other.of).cmp(&(other.twice_at * self.of))
    }
}

#[cfg(test)]
mod tests;
