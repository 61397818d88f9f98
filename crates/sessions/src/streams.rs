//! Sessions whose client is present by a stream: an open one, or one that ended not long ago.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashMap},
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use clingfish_model::{GroupHash, UnixMillis};

use crate::cell::part;

#[cfg(test)]
mod tests;

/// Shards, each with a lock of its own.
const SHARDS: usize = 64;

/// A session of tokens, and the group that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey {
    /// The group.
    pub group: GroupHash,
    /// The session's random bytes. Clients get them sealed and cannot choose them.
    pub session: [u8; 8],
}

/// Any order will do, as long as there is one.
impl Ord for StreamKey {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.session, self.group.0).cmp(&(other.session, other.group.0))
    }
}

impl PartialOrd for StreamKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What noting a stream came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// The session was not there.
    New,
    /// It was there.
    Known,
    /// It was not there, and the one that would have been dropped next left for it.
    Displaced,
    /// It was not there and did not get in: all that could have made room have streams that are open.
    Refused,
}

/// When clients with streams were last seen, for all workers: now while one is open, else when the last one ended.
///
/// Tokens tell when a client was last seen, and none can be renewed while a stream runs. Only streams write here, and only tokens
/// that have expired are looked up, so ordinary requests never come by.
///
/// An entry is dropped once its idle limit is over, at the next stream that meets its shard.
///
/// ```
/// use std::time::Duration;
/// use clingfish_model::{GroupHash, UnixMillis};
/// use clingfish_sessions::{Noted, StreamKey, Streams};
///
/// let (streams, idle) = (Streams::new(Streams::SESSIONS_MAX), Duration::from_secs(60));
/// let key = StreamKey { group: GroupHash([1; 8]), session: [2; 8] };
/// assert_eq!(streams.begin(key, UnixMillis(0)), Noted::New);
/// assert_eq!(streams.last_seen(key, UnixMillis(3_600_000)), Some(UnixMillis(3_600_000)));
/// streams.end(key, UnixMillis(3_600_000), idle);
/// assert_eq!(streams.last_seen(key, UnixMillis(3_660_000)), Some(UnixMillis(3_600_000)));
/// assert_eq!(streams.last_seen(key, UnixMillis(3_660_001)), None);
/// ```
#[derive(Debug)]
pub struct Streams {
    /// Each lock protects one shard's entries and their order, which have to agree. It is held for one step at one session.
    shards: Box<[Mutex<Shard>]>,
}

#[derive(Debug)]
struct Shard {
    sessions_max: usize,
    entries: HashMap<StreamKey, Entry>,
    /// Entries without an open stream, by the moment after which they are dropped.
    ended: BTreeSet<(UnixMillis, StreamKey)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    open: u32,
    last_seen: UnixMillis,
    /// The last moment at which it counts. While a stream is open: what earlier ones left.
    until: UnixMillis,
}

impl Streams {
    /// Sessions that are kept by default. A hundred bytes each, so about 20 MB when all are there.
    pub const SESSIONS_MAX: NonZeroU32 = NonZeroU32::new(200_000).expect("it is not zero");

    /// With so many sessions at the most, all shards together; rounded up to a whole number for each shard.
    pub fn new(sessions_max: NonZeroU32) -> Self {
        let each = (sessions_max.get() as usize).div_ceil(SHARDS);
        Self { shards: (0..SHARDS).map(|_| Mutex::new(Shard::new(each))).collect() }
    }

    /// A stream begins. Unless it is refused, [`Self::end`] has to follow.
    pub fn begin(&self, key: StreamKey, now: UnixMillis) -> Noted {
        self.lock(key).begin(key, now)
    }

    /// A stream that began has ended. `idle` is how long its client may stay away.
    pub fn end(&self, key: StreamKey, now: UnixMillis, idle: Duration) {
        self.lock(key).end(key, now, idle);
    }

    /// A stream has ended of whose beginning nobody told.
    pub fn note(&self, key: StreamKey, now: UnixMillis, idle: Duration) -> Noted {
        let mut shard = self.lock(key);
        let noted = shard.begin(key, now);
        if noted != Noted::Refused {
            shard.end(key, now, idle);
        }
        noted
    }

    /// When the session's client was last seen by a stream: now, if one is open. None if it had none, or too long ago.
    pub fn last_seen(&self, key: StreamKey, now: UnixMillis) -> Option<UnixMillis> {
        let entry = *self.lock(key).entries.get(&key)?;
        match entry.open {
            0 => (now <= entry.until).then_some(entry.last_seen),
            _ => Some(now.max(entry.last_seen)),
        }
    }

    /// Whether a stream of the session is open.
    pub fn is_open(&self, key: StreamKey) -> bool {
        self.lock(key).entries.get(&key).is_some_and(|entry| entry.open > 0)
    }

    /// How many sessions there are, those included that are about to be dropped.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| whole(shard).entries.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self, key: StreamKey) -> MutexGuard<'_, Shard> {
        let shard = self.shards.get(part(u64::from_be_bytes(key.session), self.shards.len()));
        whole(shard.expect("a part is below their number, which is not zero"))
    }
}

/// A shard's steps do not panic half-way, so a poisoned one is whole.
fn whole(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn new(sessions_max: usize) -> Self {
        Self { sessions_max, entries: HashMap::new(), ended: BTreeSet::new() }
    }

    fn begin(&mut self, key: StreamKey, now: UnixMillis) -> Noted {
        self.drop_expired(now);
        if let Some(entry) = self.entries.get_mut(&key) {
            self.ended.remove(&(entry.until, key));
            entry.open = entry.open.saturating_add(1);
            return Noted::Known;
        }
        let mut noted = Noted::New;
        if self.entries.len() >= self.sessions_max {
            let Some((_, next)) = self.ended.pop_first() else {
                return Noted::Refused;
            };
            self.entries.remove(&next);
            noted = Noted::Displaced;
        }
        self.entries.insert(key, Entry { open: 1, last_seen: now, until: now });
        noted
    }

    fn end(&mut self, key: StreamKey, now: UnixMillis, idle: Duration) {
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.open > 0) else {
            debug_assert!(false, "what ends has begun");
            return;
        };
        entry.open -= 1;
        // Workers' clocks may differ by a little: what was seen later stays.
        entry.last_seen = entry.last_seen.max(now);
        entry.until = entry.until.max(entry.last_seen + idle);
        if entry.open == 0 {
            self.ended.insert((entry.until, key));
        }
        self.drop_expired(now);
    }

    fn drop_expired(&mut self, now: UnixMillis) {
        while let Some((until, _)) = self.ended.first()
            && *until < now
            && let Some((_, key)) = self.ended.pop_first()
        {
            self.entries.remove(&key);
        }
        if self.entries.is_empty() && self.entries.capacity() > Self::SMALL {
            // Memory of a busier time goes back.
            self.entries = HashMap::new();
        }
    }

    /// Entries that an empty shard may keep room for.
    const SMALL: usize = 64;
}
