//! Sessions that live on a target, and how many there are.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use clingfish_model::limits::ACTIVE_SESSION_WINDOW;
use clingfish_sessions::{Recent, Sightings};

/// Sessions of one target: what workers have seen, and what that came to when it was collected last.
///
/// Workers write each to memory of its own. The one task that collects takes it from there, a few seconds later at the most.
#[derive(Debug)]
pub struct Attendance {
    /// By worker; there once it has seen a session.
    sightings: Box<[OnceLock<Arc<Sightings>>]>,
    /// Protects what was collected. Taken by the task that collects, and by whoever asks for another window: never by a worker.
    recent: Mutex<Collected>,
    in_duration: AtomicU64,
    in_5m: AtomicU64,
}

/// What was collected, and when.
#[derive(Debug, Default)]
struct Collected {
    recent: Recent,
    at: Duration,
}

/// How many sessions a target has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveSessions {
    /// Seen within the duration of the group's stickiness.
    pub in_duration: u64,
    /// Seen within the last five minutes.
    pub in_5m: u64,
    /// Counted one by one, in a table. Else an estimate, with a standard error of less than 1 %.
    pub is_exact: bool,
}

impl Attendance {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            sightings: (0..workers.max(1)).map(|_| OnceLock::new()).collect(),
            recent: Mutex::default(),
            in_duration: AtomicU64::new(0),
            in_5m: AtomicU64::new(0),
        }
    }

    /// Where that worker notes sessions that it sees. Beyond the workers that were announced it is nobody's.
    pub fn sightings(&self, worker: usize) -> Arc<Sightings> {
        let of_worker = self.sightings.get(worker);
        of_worker
            .map_or_else(Arc::default, |of_worker| Arc::clone(of_worker.get_or_init(Arc::default)))
    }

    /// Takes what workers have seen since the last time. `now` is a span since some moment, the same for all of the process.
    pub fn collect(&self, now: Duration, duration: Duration) {
        let mut collected = self.lock();
        collected.at = now;
        let recent = &mut collected.recent;
        let seen = self.sightings.iter().filter_map(OnceLock::get).map(Arc::as_ref);
        recent.collect(seen, now, duration.max(ACTIVE_SESSION_WINDOW));
        let [in_duration, in_5m] =
            [duration, ACTIVE_SESSION_WINDOW].map(|window| recent.estimate(now, window));
        self.set(in_duration, in_5m);
    }

    /// Takes what somebody else has counted.
    pub fn set(&self, in_duration: u64, in_5m: u64) {
        self.in_duration.store(in_duration, Relaxed);
        self.in_5m.store(in_5m, Relaxed);
    }

    /// Sessions seen within the group's duration, and within five minutes, as they were collected last.
    pub fn counts(&self) -> (u64, u64) {
        (self.in_duration.load(Relaxed), self.in_5m.load(Relaxed))
    }

    /// Sessions seen within another window that ended when they were collected last; of a group whose sessions nobody else counts. Not
    /// more are known of than [`Self::collect`] was told to keep.
    pub fn estimate(&self, window: Duration) -> u64 {
        let collected = self.lock();
        collected.recent.estimate(collected.at, window)
    }

    /// Memory that what was seen takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let seen = self.sightings.iter().filter_map(OnceLock::get).count();
        seen * size_of::<Sightings>() + self.lock().recent.memory_bytes()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Collected> {
        // Nothing panics half-way through a change, so what a panic leaves behind is whole.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
