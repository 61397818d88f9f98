//! One part of the table: what one lock protects.

use std::time::Duration;

use clingfish_model::{TargetHash, UnixMillis};
use hashbrown::HashTable;

use crate::{
    entry::{Entry, Moment, Slot},
    key::{ClientKey, SessionKey},
    outcome::{Evicted, Found},
    slab::Slab,
};

/// Sessions by key, and each client's sessions as a ring.
///
/// The index is hashbrown's: five bytes a place at up to seven eighths full, no second copy of the keys, and SIMD.
#[derive(Debug)]
pub(crate) struct Shard {
    slab: Slab,
    index: HashTable<Slot>,
    /// One slot of each client's ring: where to look next when one of its sessions has to leave.
    rings: HashTable<Slot>,
    sessions_max: usize,
    /// Where to look next for a session that has to leave.
    hand: usize,
    /// Where the sweep goes on.
    broom: usize,
}

/// What a look-up came to.
#[derive(Debug)]
pub(crate) enum Lookup {
    Found(Found),
    Absent,
    /// It had expired, and is gone.
    Expired(ClientKey),
}

/// What learning a known session came to.
#[derive(Debug)]
pub(crate) enum Known {
    Renewed,
    Moved {
        from: TargetHash,
    },
    Absent,
    /// It had expired, and is gone.
    Expired(ClientKey),
}

/// A session that could leave in a client's favour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) key: SessionKey,
    pub(crate) last_seen: UnixMillis,
    /// How many sessions of the client were compared.
    pub(crate) looked: usize,
}

impl Shard {
    /// How many sessions are compared to find the one that was not seen for longest.
    pub(crate) const WINDOW: usize = 16;

    pub(crate) fn new(sessions_max: usize) -> Self {
        let (index, rings) = (HashTable::new(), HashTable::new());
        Self { slab: Slab::new(), index, rings, sessions_max, hand: 0, broom: 0 }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let tables = self.index.allocation_size() + self.rings.allocation_size();
        self.slab.memory_bytes() + tables
    }

    /// Finds a session and says that it was seen now.
    pub(crate) fn find(&mut self, key: SessionKey, now: UnixMillis, idle: Duration) -> Lookup {
        let Some(slot) = self.slot(key) else { return Lookup::Absent };
        let entry = self.slab.at_mut(slot);
        if entry.has_expired(now, idle) {
            return Lookup::Expired(self.remove(slot).client);
        }
        let found = entry.found();
        entry.touch(now);
        Lookup::Found(found)
    }

    /// Finds a session and changes nothing.
    pub(crate) fn peek(&self, key: SessionKey, now: UnixMillis, idle: Duration) -> Option<Found> {
        let entry = self.slab.at(self.slot(key)?);
        (!entry.has_expired(now, idle)).then(|| entry.found())
    }

    /// Learns a session again, if it is known.
    pub(crate) fn learn_again(
        &mut self,
        key: SessionKey,
        target: TargetHash,
        now: UnixMillis,
        idle: Duration,
    ) -> Known {
        let Some(slot) = self.slot(key) else { return Known::Absent };
        let entry = self.slab.at_mut(slot);
        if entry.has_expired(now, idle) {
            return Known::Expired(self.remove(slot).client);
        }
        entry.touch(now);
        if entry.target == target {
            return Known::Renewed;
        }
        entry.learned = Moment::new(now);
        Known::Moved { from: std::mem::replace(&mut entry.target, target) }
    }

    /// Learns a session that is not known, after one has left if need be.
    pub(crate) fn insert(
        &mut self,
        key: SessionKey,
        target: TargetHash,
        client: ClientKey,
        now: UnixMillis,
        idle: Duration,
    ) -> Option<(ClientKey, Evicted)> {
        let evicted = self.make_room(now, idle);
        let (at, none) = (Moment::new(now), Slot::NONE);
        let entry =
            Entry { key, target, learned: at, last_seen: at, client, previous: none, next: none };
        let slot = self.slab.insert(entry);
        let slab = &self.slab;
        self.index.insert_unique(key.index_bits(), slot, |&slot| slab.at(slot).key.index_bits());
        self.join_ring(slot, client);
        evicted
    }

    /// Forgets a session.
    pub(crate) fn take(&mut self, key: SessionKey) -> Option<Entry> {
        let slot = self.slot(key)?;
        Some(self.remove(slot))
    }

    /// Forgets a session if it is this client's.
    pub(crate) fn take_of(&mut self, key: SessionKey, client: ClientKey) -> Option<Entry> {
        let slot = self.slot(key)?;
        (self.slab.at(slot).client == client).then(|| self.remove(slot))
    }

    /// The one that was not seen for longest, of up to `at_most` of a client's sessions. The next look starts after them.
    pub(crate) fn candidate(&mut self, client: ClientKey, at_most: usize) -> Option<Candidate> {
        let slab = &self.slab;
        let of_client = |&slot: &Slot| slab.at(slot).client == client;
        let first = self.rings.find_mut(client.index_bits(), of_client)?;
        let (start, mut slot, mut looked) = (*first, *first, 0);
        let mut oldest = slab.at(start);
        while looked < at_most && (looked == 0 || slot != start) {
            let entry = slab.at(slot);
            if entry.last_seen.at() < oldest.last_seen.at() {
                oldest = entry;
            }
            looked += 1;
            slot = entry.next;
        }
        *first = slot;
        Some(Candidate { key: oldest.key, last_seen: oldest.last_seen.at(), looked })
    }

    /// Drops what has expired among the next `slots`; true at the end of the shard, whence the next sweep starts over.
    pub(crate) fn sweep(
        &mut self,
        now: UnixMillis,
        idle: Duration,
        slots: usize,
        expired: &mut Vec<ClientKey>,
    ) -> bool {
        let old = self.slab.range(self.broom, slots);
        let old = old.filter(|(_, entry)| entry.has_expired(now, idle));
        let old: Vec<Slot> = old.map(|(slot, _)| slot).collect();
        expired.extend(old.into_iter().map(|slot| self.remove(slot).client));
        if self.slab.live() == 0 {
            // Nobody lives here any more: memory of a busier time goes back.
            *self = Self::new(self.sessions_max);
        }
        self.broom += slots;
        let is_end = self.broom >= self.slab.slots();
        if is_end {
            self.broom = 0;
        }
        is_end
    }

    /// The targets of sessions that have not expired among `slots` from `first`; `None` past the end.
    pub(crate) fn targets(
        &self,
        first: usize,
        slots: usize,
        now: UnixMillis,
        idle: Duration,
    ) -> Option<Vec<TargetHash>> {
        if first >= self.slab.slots() {
            return None;
        }
        let fresh = self.slab.range(first, slots).map(|(_, entry)| entry);
        Some(
            fresh.filter(|entry| !entry.has_expired(now, idle)).map(|entry| entry.target).collect(),
        )
    }

    fn slot(&self, key: SessionKey) -> Option<Slot> {
        self.index.find(key.index_bits(), |&slot| self.slab.at(slot).key == key).copied()
    }

    /// In a full shard the session leaves that was not seen for longest, of the next few.
    fn make_room(&mut self, now: UnixMillis, idle: Duration) -> Option<(ClientKey, Evicted)> {
        if self.slab.live() < self.sessions_max {
            return None;
        }
        // A full shard has no empty slots. A window that is cut short at the end is made up for by the first slots.
        let rest = Self::WINDOW.saturating_sub(self.slab.slots().saturating_sub(self.hand));
        let window = self.slab.range(self.hand, Self::WINDOW).chain(self.slab.range(0, rest));
        let (slot, _) = window.min_by_key(|(_, entry)| entry.last_seen.at())?;
        self.hand = (self.hand + Self::WINDOW) % self.slab.slots().max(1);
        let entry = self.remove(slot);
        Some((entry.client, entry.evicted(entry.has_expired(now, idle))))
    }

    fn remove(&mut self, slot: Slot) -> Entry {
        let entry = self.slab.at(slot).clone();
        if let Ok(place) = self.index.find_entry(entry.key.index_bits(), |&other| other == slot) {
            place.remove();
        }
        self.leave_ring(slot, &entry);
        self.slab.remove(slot);
        entry
    }

    /// Puts an entry, alone so far, before the one where its client's ring is entered: last in turn.
    fn join_ring(&mut self, slot: Slot, client: ClientKey) {
        let slab = &self.slab;
        let of_client = |&other: &Slot| slab.at(other).client == client;
        let Some(&next) = self.rings.find(client.index_bits(), of_client) else {
            let hash = |&slot: &Slot| slab.at(slot).client.index_bits();
            self.rings.insert_unique(client.index_bits(), slot, hash);
            return;
        };
        let previous = slab.at(next).previous;
        let entry = self.slab.at_mut(slot);
        (entry.previous, entry.next) = (previous, next);
        self.slab.at_mut(previous).next = slot;
        self.slab.at_mut(next).previous = slot;
    }

    fn leave_ring(&mut self, slot: Slot, entry: &Entry) {
        self.slab.at_mut(entry.previous).next = entry.next;
        self.slab.at_mut(entry.next).previous = entry.previous;
        let Ok(mut first) =
            self.rings.find_entry(entry.client.index_bits(), |&other| other == slot)
        else {
            return;
        };
        if entry.next == slot {
            first.remove();
        } else {
            *first.get_mut() = entry.next;
        }
    }
}
