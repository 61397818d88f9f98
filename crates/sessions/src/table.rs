//! The table: every session that was learned, for all workers.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clingfish_model::{TargetHash, UnixMillis};

use crate::{
    cell::{Cell, part},
    counts::{Counts, Event},
    entry::Entry,
    holdings::Holdings,
    key::{ClientKey, SessionKey},
    outcome::{Evicted, Found, Learned, Swept, TargetCounts},
    shard::{Candidate, Known, Lookup, Shard},
};

/// Sessions per shard, at most: what hashbrown keeps in 2048 places. A shard that grows to it copies 100 kB at the very most.
const SHARD_SESSIONS: usize = 1792;

/// Slots that a sweep or a count looks at before it lets go of the shard's lock.
pub(crate) const SLICE: usize = 256;

/// Shards that are searched for a client's oldest session once one was found.
const QUOTA_SHARDS: usize = 64;

/// How many sessions a table keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sessions in all. Those of one shard make room for each other, so the first leave when the table is about nine tenths full.
    pub sessions_max: NonZeroU32,
    /// Sessions that one client can cause to be kept.
    pub per_client_max: NonZeroU32,
}

/// Learned sessions, with a bound on their number, in shards that workers lock for a moment.
///
/// Each session belongs to the client that caused it to be learned. A client that holds its quota makes room by a session of its own:
/// the one unseen for longest among up to 16 of them. In a full shard the one unseen for longest leaves among 16 of its sessions, which
/// is an expired one if there is any among them. Memory grows with the number of sessions, about 90 bytes each (see the README).
///
/// ```
/// use std::{num::NonZeroU32, time::Duration};
/// use clingfish_model::{TargetHash, UnixMillis};
/// use clingfish_sessions::{ClientKey, Learned, Limits, Seed, SessionKey, Table};
///
/// let limit = |number| NonZeroU32::new(number).unwrap();
/// let table = Table::new(Limits { sessions_max: limit(1_000_000), per_client_max: limit(1_000) });
/// let seed = Seed::new([[1; 16], [2; 16]]); // random bytes in earnest
/// let idle = Duration::from_secs(1800);
///
/// // An answer of target 5 sets JSESSIONID.
/// let key = SessionKey::of(&seed, b"A1B2C3");
/// let client = ClientKey::of(&seed, "192.0.2.1".parse().unwrap());
/// let learned = table.learn(key, TargetHash([5; 16]), client, UnixMillis(1_000), idle);
/// assert_eq!(learned, Learned::New { by_quota: None, by_room: None });
///
/// // The client comes back with it.
/// let found = table.find(key, UnixMillis(2_000), idle).unwrap();
/// assert_eq!((found.target, found.last_seen), (TargetHash([5; 16]), UnixMillis(1_000)));
///
/// // It was away for too long.
/// assert_eq!(table.find(key, UnixMillis(2_000) + idle + Duration::from_millis(1), idle), None);
/// assert_eq!((table.len(), table.counts().expired), (0, 1));
/// ```
#[derive(Debug)]
pub struct Table {
    cells: Box<[Cell]>,
    holdings: Holdings,
    /// The shard where the sweep goes on.
    broom: AtomicUsize,
}

impl Table {
    /// An empty table: a fifth of a byte for each session that it may have one day.
    pub fn new(limits: Limits) -> Self {
        let sessions_max = limits.sessions_max.get() as usize;
        let shards = sessions_max.div_ceil(SHARD_SESSIONS);
        let (each, more) = (sessions_max / shards, sessions_max % shards);
        let cells = (0..shards).map(|shard| Cell::new(each + usize::from(shard < more))).collect();
        let holdings = Holdings::new(sessions_max, limits.per_client_max.get());
        Self { cells, holdings, broom: AtomicUsize::new(0) }
    }

    /// Finds a session that was seen within `idle` and notes that it was seen now.
    pub fn find(&self, key: SessionKey, now: UnixMillis, idle: Duration) -> Option<Found> {
        let cell = self.cell(key);
        let lookup = cell.lock().find(key, now, idle);
        match lookup {
            Lookup::Found(found) => {
                cell.count(Event::Found);
                return Some(found);
            }
            Lookup::Absent => {}
            Lookup::Expired(client) => self.left(cell, Event::Expired, client),
        }
        cell.count(Event::Missed);
        None
    }

    /// Finds a session without a trace, for those who only want to know.
    pub fn peek(&self, key: SessionKey, now: UnixMillis, idle: Duration) -> Option<Found> {
        self.cell(key).lock().peek(key, now, idle)
    }

    /// Learns that a session lives on `target`, and that it was seen now. `client` counts for a session that is new; one that is
    /// known stays with the client that it came from.
    pub fn learn(
        &self,
        key: SessionKey,
        target: TargetHash,
        client: ClientKey,
        now: UnixMillis,
        idle: Duration,
    ) -> Learned {
        let cell = self.cell(key);
        let known = cell.lock().learn_again(key, target, now, idle);
        if let Some(learned) = self.learned_again(cell, known) {
            return learned;
        }
        let by_quota = match self.take_place(cell, key, client, now, idle) {
            Ok(by_quota) => by_quota,
            Err(NoPlace) => {
                cell.count(Event::Refused);
                return Learned::Refused;
            }
        };
        let mut shard = cell.lock();
        // Meanwhile another worker may have learned it: then the place goes back.
        let known = shard.learn_again(key, target, now, idle);
        let by_room = match known {
            Known::Renewed | Known::Moved { .. } => None,
            Known::Absent | Known::Expired(_) => shard.insert(key, target, client, now, idle),
        };
        drop(shard);
        if let Some(learned) = self.learned_again(cell, known) {
            self.holdings.give_back(client);
            return learned;
        }
        cell.count(Event::Learned);
        let by_room = by_room.map(|(client, evicted)| {
            self.left(cell, Self::cause(evicted, Event::EvictedFull), client);
            evicted
        });
        Learned::New { by_quota, by_room }
    }

    /// Forgets a session; true if it was known.
    pub fn forget(&self, key: SessionKey) -> bool {
        let cell = self.cell(key);
        let taken = cell.lock().take(key);
        if let Some(entry) = &taken {
            self.left(cell, Event::Forgotten, entry.client);
        }
        taken.is_some()
    }

    /// Drops sessions that were not seen within `idle`, looking at about `budget` places and going on where the last sweep ended, once
    /// round at most. For a task of the control plane; with groups of different limits, by the longest.
    pub fn sweep(&self, now: UnixMillis, idle: Duration, budget: usize) -> Swept {
        let mut swept = Swept::default();
        let mut shards = 0;
        let mut expired = Vec::new();
        while swept.looked < budget && shards <= self.cells.len() {
            let at = self.broom.load(Ordering::Relaxed) % self.cells.len();
            let Some(cell) = self.cells.get(at) else { break };
            let is_end = cell.lock().sweep(now, idle, SLICE, &mut expired);
            swept.looked += SLICE;
            swept.expired += expired.len();
            expired.drain(..).for_each(|client| self.left(cell, Event::Expired, client));
            if is_end {
                self.broom.store(at + 1, Ordering::Relaxed);
                shards += 1;
            }
        }
        swept
    }

    /// Counts the sessions seen within `idle` on each target, of `targets_max` targets at most. Looks at the whole table, a slice at a
    /// time: not for the request path.
    pub fn count_by_target(
        &self,
        now: UnixMillis,
        idle: Duration,
        targets_max: usize,
    ) -> TargetCounts {
        let mut counts = TargetCounts::default();
        for cell in &self.cells {
            let slice = |first| cell.lock().targets(first, SLICE, now, idle);
            let slices = (0..).step_by(SLICE).map_while(slice);
            slices.flatten().for_each(|target| counts.add(target, targets_max));
        }
        counts
    }

    /// How many sessions there are, expired ones that nobody met included.
    pub fn len(&self) -> u64 {
        self.counts().sessions()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many sessions a client holds.
    pub fn held(&self, client: ClientKey) -> u32 {
        self.holdings.held(client)
    }

    /// What has happened so far.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.cells.iter().for_each(|cell| counts.add(cell.counters()));
        counts
    }

    /// Memory that the table takes, in bytes, without what the allocator adds.
    pub fn memory_bytes(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.lock().memory_bytes());
        size_of::<Self>()
            + size_of_val(&*self.cells)
            + cells.sum::<usize>()
            + self.holdings.memory_bytes()
    }

    fn cell(&self, key: SessionKey) -> &Cell {
        self.cell_at(part(key.shard_bits(), self.cells.len()))
    }

    fn cell_at(&self, at: usize) -> &Cell {
        self.cells.get(at).expect("a part is below their number, which is not zero")
    }

    /// Does the accounts for a session that has left.
    fn left(&self, cell: &Cell, event: Event, client: ClientKey) {
        cell.count(event);
        self.holdings.give_back(client);
    }

    /// What was evicted after it had expired counts as expired.
    fn cause(evicted: Evicted, otherwise: Event) -> Event {
        if evicted.expired { Event::Expired } else { otherwise }
    }

    /// Counts what learning a known session came to, if it was known.
    fn learned_again(&self, cell: &Cell, known: Known) -> Option<Learned> {
        match known {
            Known::Renewed => {
                cell.count(Event::Renewed);
                Some(Learned::Renewed)
            }
            Known::Moved { from } => {
                cell.count(Event::Moved);
                Some(Learned::Moved { from })
            }
            Known::Absent => None,
            Known::Expired(client) => {
                self.left(cell, Event::Expired, client);
                None
            }
        }
    }

    /// Takes a place within the client's quota: a new one, or that of one of its sessions.
    fn take_place(
        &self,
        cell: &Cell,
        key: SessionKey,
        client: ClientKey,
        now: UnixMillis,
        idle: Duration,
    ) -> Result<Option<Evicted>, NoPlace> {
        if self.holdings.take(client) {
            return Ok(None);
        }
        cell.count(Event::QuotaHit);
        // Another worker may take the candidate away first: then its place is free, or there is another candidate.
        for _ in 0..2 {
            let candidate = self.candidate(key, client);
            let taken = candidate.and_then(|found| self.take_of(found.key, client));
            if let Some((cell, entry)) = taken {
                let evicted = entry.evicted(entry.has_expired(now, idle));
                // Its place is not given back: it goes to the new session.
                cell.count(Self::cause(evicted, Event::EvictedQuota));
                return Ok(Some(evicted));
            }
            if self.holdings.take(client) {
                return Ok(None);
            }
        }
        Err(NoPlace)
    }

    /// The one unseen for longest among some of a client's sessions. Where a client holds few sessions many shards have none of it, so the
    /// search ends after a while; no shard is locked while another is.
    fn candidate(&self, key: SessionKey, client: ClientKey) -> Option<Candidate> {
        let (mut oldest, mut looked): (Option<Candidate>, usize) = (None, 0);
        for (step, at) in tour(key, self.cells.len()).enumerate() {
            let rest = Shard::WINDOW.saturating_sub(looked);
            if rest == 0 || (looked > 0 && step >= QUOTA_SHARDS) {
                break;
            }
            let found = self.cell_at(at).lock().candidate(client, rest);
            looked += found.map_or(0, |found| found.looked);
            oldest = oldest.into_iter().chain(found).min_by_key(|candidate| candidate.last_seen);
        }
        oldest
    }

    /// Removes a session if it is this client's.
    fn take_of(&self, key: SessionKey, client: ClientKey) -> Option<(&Cell, Entry)> {
        let cell = self.cell(key);
        let entry = cell.lock().take_of(key, client)?;
        Some((cell, entry))
    }
}

/// All shards, each once, from that of a key and in an order of its own. If neighbours were always searched together, sessions would
/// live longer in some neighbourhoods than in others.
fn tour(key: SessionKey, shards: usize) -> impl Iterator<Item = usize> {
    let first = part(key.shard_bits(), shards);
    let stride = 1 + part(key.index_bits(), shards);
    let stride = (stride..).find(|&stride| have_no_common_factor(stride, shards)).unwrap_or(1);
    (0..shards).map(move |step| (first + step * stride) % shards)
}

/// By Euclid's algorithm.
fn have_no_common_factor(a: usize, b: usize) -> bool {
    if b == 0 { a == 1 } else { have_no_common_factor(b, a % b) }
}

/// A client holds its quota, and none of it can make room.
struct NoPlace;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::key::Seed;

    #[test]
    fn a_tour_visits_each_shard_once_from_that_of_the_key() {
        let seed = Seed::new([[1; 16], [2; 16]]);
        for shards in [1, 2, 3, 12, 558, 559, 560] {
            for number in 0..50u8 {
                let key = SessionKey::of(&seed, &[number]);
                let tour: Vec<usize> = tour(key, shards).collect();
                assert_eq!(tour[0], part(key.shard_bits(), shards));
                assert_eq!(tour.iter().collect::<HashSet<_>>().len(), shards, "{tour:?}");
            }
        }
    }
}
