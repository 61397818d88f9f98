//! How many sessions each client holds: the quota.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use crate::{cell::part, key::ClientKey};

/// Counts of clients that hold any session, in shards of their own: a client's sessions are all over the table.
#[derive(Debug)]
pub(crate) struct Holdings {
    per_client_max: u32,
    /// Each lock protects the counts of the clients whose key falls to it; it is held for one step of one count.
    shards: Box<[Mutex<HashTable<Holding>>]>,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    client: ClientKey,
    held: u32,
}

impl Holdings {
    /// Clients per shard if every session had its own: fewer than the 1792 at which a table of 2048 places grows.
    const CLIENTS: usize = 1536;

    pub(crate) fn new(sessions_max: usize, per_client_max: u32) -> Self {
        let shards = (0..sessions_max.div_ceil(Self::CLIENTS)).map(|_| Mutex::default()).collect();
        Self { per_client_max, shards }
    }

    /// Adds one to what a client holds, unless that is its quota.
    pub(crate) fn take(&self, client: ClientKey) -> bool {
        let mut shard = self.lock(client);
        let (hash, is_it) = (client.index_bits(), |held: &Holding| held.client == client);
        let hasher = |holding: &Holding| holding.client.index_bits();
        let mut holding = shard.entry(hash, is_it, hasher).or_insert(Holding { client, held: 0 });
        let held = &mut holding.get_mut().held;
        if *held >= self.per_client_max {
            return false;
        }
        *held += 1;
        true
    }

    /// Takes one away; a client that holds none is not kept.
    pub(crate) fn give_back(&self, client: ClientKey) {
        let mut shard = self.lock(client);
        let found = shard.find_entry(client.index_bits(), |holding| holding.client == client);
        let Ok(mut holding) = found else {
            debug_assert!(false, "what is given back was taken");
            return;
        };
        holding.get_mut().held -= 1;
        if holding.get().held == 0 {
            holding.remove();
        }
    }

    /// How many a client holds.
    pub(crate) fn held(&self, client: ClientKey) -> u32 {
        let shard = self.lock(client);
        let found = shard.find(client.index_bits(), |holding| holding.client == client);
        found.map_or(0, |holding| holding.held)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let each = |shard: &Mutex<HashTable<Holding>>| {
            let table = shard.lock().unwrap_or_else(PoisonError::into_inner);
            table.allocation_size() + size_of_val(shard)
        };
        self.shards.iter().map(each).sum()
    }

    fn lock(&self, client: ClientKey) -> MutexGuard<'_, HashTable<Holding>> {
        let shard = self.shards.get(part(client.shard_bits(), self.shards.len()));
        let shard = shard.expect("a part is below their number, which is not zero");
        // Nothing in this file panics half-way through a change, so a poisoned table is whole.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
