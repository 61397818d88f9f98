//! Recent requests: a sample of what workers have served, for those who ask why a request went where it went.
//!
//! A worker asks its [`Sampler`] about each request, which costs a comparison or two, and keeps a [`Sample`] of few. What a client got that is
//! not usual, such as a lost home, is kept among any number of hits: requests of one [`Sort`] to one target group give way to their own kind first.

mod pace;
mod sample;
mod sort;

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use clingfish_model::limits::RECENT_REQUESTS_MAX;

pub use pace::{Pace, Sampler};
pub use sample::{KeptHead, Sample};
pub use sort::Sort;

/// The samples of all workers, at most [`RECENT_REQUESTS_MAX`]. Off until [`Self::turn`].
#[derive(Debug, Default)]
pub struct Recent {
    is_on: AtomicBool,
    /// Protects the samples. Workers take it for those few requests that they keep, readers to copy pointers; nobody does anything
    /// slow meanwhile.
    shelf: Mutex<Shelf>,
}

impl Recent {
    /// Whether samples are kept.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    /// Keeps samples from now on, or forgets them all and keeps no more.
    pub fn turn(&self, is_on: bool) {
        self.is_on.store(is_on, Relaxed);
        if !is_on {
            *self.shelf() = Shelf::default();
        }
    }

    /// Keeps a sample. One of a usual sort is dropped where somebody else is at the shelf, so that its worker does not wait.
    pub fn keep(&self, sample: Sample) {
        let shelf = match self.shelf.try_lock() {
            Ok(shelf) => Some(shelf),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if sample.sort.is_usual() => None,
            Err(TryLockError::WouldBlock) => Some(self.shelf()),
        };
        // Asked behind the lock: what comes late is not kept after all was forgotten.
        if let Some(mut shelf) = shelf.filter(|_| self.is_on()) {
            shelf.put(sample);
        }
    }

    /// All of them, newest first.
    pub fn all(&self) -> Vec<Arc<Sample>> {
        self.shelf().samples.iter().rev().map(Arc::clone).collect()
    }

    /// The one of that number, if it is still there.
    pub fn find(&self, id: u64) -> Option<Arc<Sample>> {
        self.shelf().samples.iter().rev().find(|sample| sample.id == id).map(Arc::clone)
    }

    /// A thread that panicked while it held the lock left whole samples behind; a count that is off by one makes the shelf less fair, no more.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What has to give way to its own kind: requests of one sort to one target group.
type Kind = (Option<Box<str>>, Sort);

#[derive(Debug, Default)]
struct Shelf {
    last_id: u64,
    /// Oldest first.
    samples: VecDeque<Arc<Sample>>,
    counts: HashMap<Kind, usize>,
}

impl Shelf {
    fn put(&mut self, mut sample: Sample) {
        self.last_id += 1;
        sample.id = self.last_id;
        *self.counts.entry(kind(&sample)).or_default() += 1;
        self.samples.push_back(Arc::new(sample));
        if self.samples.len() > RECENT_REQUESTS_MAX {
            self.make_room();
        }
    }

    /// The kind that has most gives its oldest; among equals, whichever has the oldest of all.
    fn make_room(&mut self) {
        let most = self.counts.values().copied().max().unwrap_or_default();
        let gives = |sample: &Arc<Sample>| self.counts.get(&kind(sample)) == Some(&most);
        let at = self.samples.iter().position(gives).unwrap_or_default();
        let Some(gone) = self.samples.remove(at) else { return };
        let gone = kind(&gone);
        if let Some(count) = self.counts.get_mut(&gone) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(&gone);
            }
        }
    }
}

fn kind(sample: &Sample) -> Kind {
    (sample.group.clone(), sample.sort)
}

#[cfg(test)]
mod tests;
