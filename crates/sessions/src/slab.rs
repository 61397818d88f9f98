//! The entries of a shard, in pieces of memory that never move.

use crate::entry::{Entry, Slot};

/// Entries by slot; slots that were left are taken again first.
#[derive(Debug)]
pub(crate) struct Slab {
    /// All full but the last one. Pieces, as one that grew would be copied each time and leave holes that nothing fits into.
    chunks: Vec<Vec<Entry>>,
    slots: usize,
    /// The slot that was left last; each names the one before it in `next`. `previous` is `NONE` only in slots that were left.
    free: Slot,
    live: usize,
}

/// Why indexing cannot fail.
const LIVE: &str = "index and rings name live slots only: insert and remove keep both";

impl Slab {
    /// Entries in a chunk: 1792 bytes, so that a shard with few sessions takes little.
    const CHUNK: usize = 32;

    pub(crate) fn new() -> Self {
        Self { chunks: Vec::new(), slots: 0, free: Slot::NONE, live: 0 }
    }

    /// How many entries are live.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// How many slots there are, live or not.
    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let list = self.chunks.capacity() * size_of::<Vec<Entry>>();
        list + self.chunks.len() * Self::CHUNK * size_of::<Entry>()
    }

    pub(crate) fn at(&self, slot: Slot) -> &Entry {
        let (chunk, at) = Self::place(slot);
        self.chunks.get(chunk).and_then(|chunk| chunk.get(at)).expect(LIVE)
    }

    pub(crate) fn at_mut(&mut self, slot: Slot) -> &mut Entry {
        let (chunk, at) = Self::place(slot);
        self.chunks.get_mut(chunk).and_then(|chunk| chunk.get_mut(at)).expect(LIVE)
    }

    fn place(slot: Slot) -> (usize, usize) {
        let slot = slot.0 as usize;
        (slot / Self::CHUNK, slot % Self::CHUNK)
    }

    /// The live entries among `count` slots from `first`.
    pub(crate) fn range(
        &self,
        first: usize,
        count: usize,
    ) -> impl Iterator<Item = (Slot, &Entry)> + '_ {
        let end = first.saturating_add(count).min(self.slots);
        let slots = (first as u32..end as u32).map(Slot).map(|slot| (slot, self.at(slot)));
        slots.filter(|(_, entry)| entry.previous != Slot::NONE)
    }

    /// Keeps an entry, alone in its ring.
    pub(crate) fn insert(&mut self, mut entry: Entry) -> Slot {
        self.live += 1;
        let slot = self.free;
        if slot == Slot::NONE {
            return self.push(entry);
        }
        (entry.previous, entry.next) = (slot, slot);
        self.free = std::mem::replace(self.at_mut(slot), entry).next;
        slot
    }

    fn push(&mut self, mut entry: Entry) -> Slot {
        let slot = Slot(u32::try_from(self.slots).expect("a shard's share is below 2^32"));
        (entry.previous, entry.next) = (slot, slot);
        self.slots += 1;
        match self.chunks.last_mut() {
            Some(last) if last.len() < Self::CHUNK => last.push(entry),
            _ => {
                let mut chunk = Vec::with_capacity(Self::CHUNK);
                chunk.push(entry);
                self.chunks.push(chunk);
            }
        }
        slot
    }

    /// Leaves a slot whose entry is in no ring any more.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.live -= 1;
        let free = self.free;
        let entry = self.at_mut(slot);
        (entry.previous, entry.next) = (Slot::NONE, free);
        self.free = slot;
    }
}
