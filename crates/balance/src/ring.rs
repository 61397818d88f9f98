//! Consistent hashing: which target a key has, from nothing but the ids and weights of the targets.
//!
//! A key falls into one of [`SLOTS`] slots. Each target comes to every slot at a time of its own, which its hash, its weight and the slot
//! alone decide; the first one is the slot's home, the next ones take over in turn when it must not be used. So a target
//! that comes or goes changes nothing between the others: that is rendezvous hashing, with its exact weights, and not a ring of points, whose
//! number would have to grow with the weights.
//!
//! What makes it quick is that a target's order of slots is a permutation that can be walked as well as looked up. Up to
//! [`LOOK_AT_ALL_MAX`] targets are compared for each key. For more, a table holds the first [`RANKS`] of every slot; it is filled by letting each
//! target walk its first few slots, not by comparing every target for every slot. Both find the same.

use clingfish_model::TargetHash;

use crate::{Bound, KeyHash, LOOK_AT_ALL_MAX, SPLIT_MIX_STEP, split_mix};

mod logarithm;
mod member;
mod table;

use member::Member;
use table::Table;

const SLOT_BITS: u32 = 18;

/// Slots that keys fall into, in every ring: fixed for ever. A target whose part of all weights is below one slot gets a slot or none.
pub const SLOTS: u32 = 1 << SLOT_BITS;

/// Targets that are looked at for a slot before another slot is.
pub const RANKS: usize = 4;

/// Slots that a key tries in turn before all targets are looked at.
pub const SLOTS_TRIED: u32 = 16;

/// Targets of one ring; those after it get no keys. More than [`clingfish_model::limits::TARGETS_MAX`].
pub const MEMBERS_MAX: usize = 65_535;

/// The homes of all keys.
///
/// # Laws
///
/// - A target that is removed, or gets less weight, loses keys of its own; all other keys stay. One that is added, or gets more weight, wins
///   keys; those that it does not win stay. The order of the list does not matter, and equal lists give equal rings everywhere.
/// - A target that is not eligible is stepped over, and its keys spread over the others by weight. They come back with it; nobody
///   else's key moves. Where fewer than [`RANKS`] are not eligible, removing them from the list moves nobody any more.
///
/// # Limits
///
/// [`MEMBERS_MAX`] targets. Up to [`LOOK_AT_ALL_MAX`] need no table; more need one of 2 MiB, which takes some 50 ms to make. A pick looks at one target where it is eligible and at
/// most at [`RANKS`] in each of [`SLOTS_TRIED`] slots, then at all.
///
/// ```
/// use clingfish_balance::{KeyHash, Ring};
/// use clingfish_model::TargetHash;
///
/// let ring = Ring::new([1, 2, 3].map(|id| (TargetHash([id; 16]), 1)));
/// let key = KeyHash::of(b"user-12345");
/// let home = ring.pick(key, |_| true);
/// assert_ne!(ring.pick(key, |target| Some(target) != home), home);
/// assert_eq!(ring.pick(key, |_| true), home);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// By position.
    weights: Box<[u16]>,
    /// Those of some weight, in the order of their hashes.
    members: Box<[Member]>,
    table: Option<Table>,
}

impl Ring {
    /// A ring of these targets, each with its weight; one of weight 0 gets no keys. Targets are known by their position
    /// afterwards, but keys go by their hashes, which must differ.
    pub fn new(targets: impl IntoIterator<Item = (TargetHash, u16)>) -> Self {
        let mut ring = Self::without_table(targets);
        if ring.members.len() > LOOK_AT_ALL_MAX {
            ring.table = Some(Table::new(&ring.members));
        }
        ring
    }

    fn without_table(targets: impl IntoIterator<Item = (TargetHash, u16)>) -> Self {
        let targets: Vec<_> = targets.into_iter().take(MEMBERS_MAX).zip(0_u16..).collect();
        let weights = targets.iter().map(|((_, weight), _)| *weight).collect();
        let mut targets: Vec<_> =
            targets.into_iter().filter(|((_, weight), _)| *weight > 0).collect();
        targets.sort_unstable_by_key(|((hash, _), position)| (hash.0, *position));
        let member = |(((hash, weight), position), rank)| Member::new(hash, weight, position, rank);
        Self { weights, members: targets.into_iter().zip(0..).map(member).collect(), table: None }
    }

    /// The first eligible target of a key, by its position in the list; none where nobody is.
    pub fn pick(&self, key: KeyHash, is_eligible: impl Fn(usize) -> bool) -> Option<usize> {
        let home = self.home(key.slot(0))?;
        if is_eligible(home) { Some(home) } else { self.next_best(key, is_eligible) }
    }

    /// As [`Self::pick`], but targets without room are stepped over too. Where nobody has room, the bound does not count.
    pub fn pick_bounded(
        &self,
        key: KeyHash,
        is_eligible: impl Fn(usize) -> bool,
        bound: &Bound<impl Fn(usize) -> u32>,
    ) -> Option<usize> {
        let has_room = |at: usize| {
            is_eligible(at)
                && self.weights.get(at).is_some_and(|weight| bound.has_room(at, *weight))
        };
        self.pick(key, has_room).or_else(|| self.pick(key, is_eligible))
    }

    /// All weights, summed up.
    pub fn weight(&self) -> u64 {
        self.weights.iter().map(|weight| u64::from(*weight)).sum()
    }

    /// Of [`SLOTS`], how many each target is home to, by position.
    pub fn shares(&self) -> Vec<u32> {
        let mut shares = vec![0; self.weights.len()];
        for home in (0..SLOTS).filter_map(|slot| self.home(slot)) {
            if let Some(share) = shares.get_mut(home) {
                *share += 1;
            }
        }
        shares
    }

    /// Memory that it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let lists = size_of_val(&*self.weights) + size_of_val(&*self.members);
        size_of::<Self>() + lists + self.table.as_ref().map_or(0, Table::bytes)
    }

    fn home(&self, slot: u32) -> Option<usize> {
        if let Some(table) = &self.table {
            return table.row(slot).first().copied().map(usize::from);
        }
        let first = self.members.iter().map(|member| member.claim(slot)).min()?;
        self.position(first)
    }

    fn next_best(&self, key: KeyHash, may: impl Fn(usize) -> bool) -> Option<usize> {
        (0..SLOTS_TRIED)
            .find_map(|attempt| self.in_row(key.slot(attempt), &may))
            .or_else(|| self.of_all(key.slot(0), may))
    }

    /// Among the first [`RANKS`] of a slot.
    fn in_row(&self, slot: u32, may: impl Fn(usize) -> bool) -> Option<usize> {
        if let Some(table) = &self.table {
            return table.row(slot).iter().copied().map(usize::from).find(|at| may(*at));
        }
        let claims = table::smallest(&self.members, slot);
        claims.into_iter().filter_map(|claim| self.position(claim)).find(|at| may(*at))
    }

    fn of_all(&self, slot: u32, may: impl Fn(usize) -> bool) -> Option<usize> {
        let eligible = self.members.iter().filter(|member| may(usize::from(member.position)));
        eligible.min_by_key(|member| member.claim(slot)).map(|member| usize::from(member.position))
    }

    fn position(&self, claim: u64) -> Option<usize> {
        table::member_of(&self.members, claim).map(|member| usize::from(member.position))
    }
}

impl KeyHash {
    /// The slot that the key falls into, and those that it tries after it: the upper bits of what SplitMix64 makes of it.
    fn slot(self, attempt: u32) -> u32 {
        let hash = match u64::from(attempt) {
            0 => self.0,
            attempt => split_mix(&mut self.0.wrapping_add(SPLIT_MIX_STEP.wrapping_mul(attempt))),
        };
        (hash >> (u64::BITS - SLOT_BITS)) as u32
    }
}

#[cfg(test)]
mod tests;
