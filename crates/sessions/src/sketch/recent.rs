//! What was seen in windows that end now.

use std::time::Duration;

use super::{DEPTH, Levels, REGISTERS, Sightings, estimate::Evidence};

/// Sessions of one target, seen lately by any worker: when each level of each register was last seen, as far as it can still matter.
///
/// Times are spans since a moment that the caller chooses, the same at each call, and count in whole seconds. Not more than [`Recent::BYTES_MAX`],
/// however many sessions there are; without any, nothing.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// How many entries each register has; empty where no register has any.
    lengths: Box<[u8]>,
    /// Those of the first register, then those of the second, and so on. Of one register in order of levels, highest first.
    entries: Vec<Entry>,
}

/// A level, and when it was last seen, in six and 26 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(u32);

/// A moment in seconds. Counts begin again after two years, so that it says how long ago something was, never when.
type Second = u32;

impl Entry {
    const TIME_BITS: u32 = 26;
    const TIME_MASK: u32 = (1 << Self::TIME_BITS) - 1;

    fn new(level: u32, seen: Second) -> Self {
        Self(level << Self::TIME_BITS | seen & Self::TIME_MASK)
    }

    fn level(self) -> u32 {
        self.0 >> Self::TIME_BITS
    }

    fn age(self, now: Second) -> u32 {
        now.wrapping_sub(self.0) & Self::TIME_MASK
    }
}

fn second(at: Duration) -> Second {
    // What is cut off is what entries do not have room for anyway.
    at.as_secs() as Second
}

fn seconds(window: Duration) -> u32 {
    u32::try_from(window.as_secs()).unwrap_or(u32::MAX)
}

impl Recent {
    /// Entries that one register keeps at the most. About as many as the logarithm of sessions per register: sixteen are for a hundred million.
    const ENTRIES_MAX: usize = 16;

    /// Memory of the entries at the most. With 100,000 sessions a register has four or five.
    pub const BYTES_MAX: usize = REGISTERS * (1 + Self::ENTRIES_MAX * size_of::<Entry>());

    /// Takes what workers have seen, as seen now, and lets go of what was seen longer ago than `keep`.
    pub fn collect<'a>(
        &mut self,
        workers: impl IntoIterator<Item = &'a Sightings>,
        now: Duration,
        keep: Duration,
    ) {
        let mut fresh = [Levels::default(); REGISTERS];
        let mut is_news = false;
        for worker in workers {
            for (all, taken) in fresh.iter_mut().zip(worker.take()) {
                if taken != Levels::default() {
                    *all = all.and(taken);
                    is_news = true;
                }
            }
        }
        if is_news || !self.entries.is_empty() {
            *self = self.after(&fresh, second(now), seconds(keep));
        }
    }

    /// How many sessions were seen in a window that ends now. Not more are known of than [`Self::collect`] has kept.
    pub fn estimate(&self, now: Duration, window: Duration) -> u64 {
        let (now, window) = (second(now), seconds(window));
        let mut evidence = Evidence::new();
        for entries in self.registers() {
            let seen = entries.iter().filter(|entry| entry.age(now) <= window);
            evidence.add(seen.fold(Levels::default(), |all, entry| all.with(entry.level())));
        }
        evidence.add_empty(REGISTERS - self.lengths.len());
        evidence.estimate()
    }

    /// Whether nothing was seen that is still remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Memory that it takes, in bytes, without what the allocator adds.
    pub fn memory_bytes(&self) -> usize {
        self.lengths.len() + self.entries.capacity() * size_of::<Entry>()
    }

    fn registers(&self) -> impl Iterator<Item = &[Entry]> {
        let mut rest = &*self.entries;
        self.lengths.iter().map(move |length| {
            let (entries, after) = rest.split_at_checked(usize::from(*length)).unwrap_or_default();
            rest = after;
            entries
        })
    }

    fn after(&self, fresh: &[Levels; REGISTERS], now: Second, keep: u32) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len());
        let mut lengths = Vec::with_capacity(REGISTERS);
        let known = self.registers().chain(std::iter::repeat(&[][..]));
        for (fresh, known) in fresh.iter().zip(known) {
            let first = entries.len();
            let mut keep_if = |entry: Entry| {
                let kept = entries.get(first..).unwrap_or_default();
                let has_room = kept.len() < Self::ENTRIES_MAX;
                if has_room && entry.age(now) <= keep && matters(kept, entry, now) {
                    entries.push(entry);
                }
            };
            let mut known = known.iter().filter(|entry| !fresh.has(entry.level())).peekable();
            for level in fresh.iter() {
                while let Some(higher) = known.next_if(|entry| entry.level() > level) {
                    keep_if(*higher);
                }
                keep_if(Entry::new(level, now));
            }
            known.for_each(|entry| keep_if(*entry));
            lengths.push((entries.len() - first) as u8);
        }
        if entries.is_empty() {
            return Self::default();
        }
        entries.shrink_to_fit();
        Self { lengths: lengths.into(), entries }
    }
}

/// Whether there may be a window in which a level is among the three highest of its register: not if one that is higher by three was seen
/// since.
fn matters(higher: &[Entry], entry: Entry, now: Second) -> bool {
    let hides =
        |other: &Entry| other.level() >= entry.level() + DEPTH && other.age(now) <= entry.age(now);
    !higher.iter().any(hides)
}

#[cfg(test)]
mod tests;
