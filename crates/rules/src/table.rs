//! A map that never changes, from bytes to values. Looking up costs the same however much it holds.
//!
//! Keys come from the configuration, and what clients send is only looked up, so that nobody can make keys collide on purpose.

use std::collections::BTreeMap;

/// Bytes to values.
#[derive(Clone, Debug)]
pub(crate) struct Table<V> {
    /// Four times as many as entries at least, and a power of two.
    slots: Box<[Slot]>,
    entries: Box<[(Box<[u8]>, V)]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Bits of the hash that do not choose the slot: where these differ, keys need no look.
    tag: u32,
    /// Position in the entries, plus one; 0 is free.
    entry: u32,
}

impl<V> Table<V> {
    pub(crate) fn new(map: BTreeMap<Vec<u8>, V>) -> Self {
        let entries: Box<[_]> =
            map.into_iter().map(|(key, value)| (key.into_boxed_slice(), value)).collect();
        let count = (entries.len() * 4).next_power_of_two();
        let mut slots = vec![Slot::default(); count].into_boxed_slice();
        for (entry, (key, _)) in (1..).zip(&entries) {
            let hash = hash(key);
            let free = probe(&slots, hash).find(|(_, slot)| slot.entry == 0);
            if let Some(slot) = free.and_then(|(at, _)| slots.get_mut(at)) {
                *slot = Slot { tag: tag(hash), entry };
            }
        }
        Self { slots, entries }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key that equals `key` by `is_equal`, which must not tell apart what the hash does not.
    pub(crate) fn find(&self, key: &[u8], is_equal: impl Fn(&[u8], &[u8]) -> bool) -> Option<&V> {
        let hash = hash(key);
        for (_, slot) in probe(&self.slots, hash) {
            let entry = (slot.entry as usize).checked_sub(1)?;
            if slot.tag == tag(hash) {
                let (own, value) = self.entries.get(entry)?;
                if is_equal(own, key) {
                    return Some(value);
                }
            }
        }
        None
    }
}

/// The slots for a hash, in the order in which they are tried.
fn probe(slots: &[Slot], hash: u64) -> impl Iterator<Item = (usize, Slot)> {
    let mask = slots.len().wrapping_sub(1);
    let first = hash as usize;
    (0..slots.len()).filter_map(move |step| {
        let slot = first.wrapping_add(step) & mask;
        Some((slot, *slots.get(slot)?))
    })
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Eight bytes at a time; letters of either case are alike.
fn hash(bytes: &[u8]) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| {
        let mixed = u128::from(state ^ (word | LOWER)) * u128::from(FACTOR);
        (mixed >> 64) as u64 ^ mixed as u64
    };
    let (words, rest) = bytes.as_chunks();
    let state =
        words.iter().fold(bytes.len() as u64, |state, word| mix(state, u64::from_le_bytes(*word)));
    let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(state, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(count: u32) -> Table<u32> {
        Table::new((0..count).map(|number| (key(number), number)).collect())
    }

    fn key(number: u32) -> Vec<u8> {
        format!("tenant-{number}.shop.example").into_bytes()
    }

    #[test]
    fn every_key_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 1000] {
            let table = table(count);
            for number in 0..count {
                assert_eq!(table.find(&key(number), <[u8]>::eq), Some(&number), "{count}");
            }
            assert_eq!(table.find(&key(count), <[u8]>::eq), None, "{count}");
        }
    }

    #[test]
    fn case_is_the_callers_to_judge() {
        let table = table(10);
        let upper = key(7).to_ascii_uppercase();
        assert_eq!(table.find(&upper, <[u8]>::eq_ignore_ascii_case), Some(&7));
        assert_eq!(table.find(&upper, <[u8]>::eq), None);
    }

    #[test]
    fn similar_keys_seldom_meet() {
        let table = table(5000);
        let compared = std::cell::Cell::new(0);
        for number in 0..5000 {
            let equal = |own: &[u8], other: &[u8]| {
                compared.set(compared.get() + 1);
                own == other
            };
            assert_eq!(table.find(&key(number), equal), Some(&number));
        }
        assert!(compared.get() < 5010, "{} comparisons for 5000 keys", compared.get());
        let steps = |number| {
            probe(&table.slots, hash(&key(number))).take_while(|(_, slot)| slot.entry != 0)
        };
        let total: usize = (5000..10_000).map(|number| steps(number).count()).sum();
        assert!(total < 5000, "{total} slots are taken where 5000 other keys look");
    }
}
