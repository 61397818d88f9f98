//! An hour of slices, as far as there is something in them.

use std::collections::VecDeque;

use clingfish_model::{
    UnixMillis,
    limits::{HISTORY_SLICE, HISTORY_SLICES},
};

/// Which slice, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nth(u32);

impl Nth {
    pub(super) fn of(now: UnixMillis) -> Self {
        Self(u32::try_from(now.0 / Self::millis()).unwrap_or(u32::MAX))
    }

    pub(super) fn begin(self) -> UnixMillis {
        UnixMillis(u64::from(self.0) * Self::millis())
    }

    /// All slices of the hour that ends with this one.
    pub(super) fn hour(self) -> impl Iterator<Item = Self> {
        let first = self.0.saturating_sub(HISTORY_SLICES as u32 - 1);
        (first..=self.0).map(Self)
    }

    fn millis() -> u64 {
        HISTORY_SLICE.as_millis() as u64
    }
}

#[derive(Debug)]
pub(super) struct Track<S>(VecDeque<(Nth, S)>);

impl<S> Default for Track<S> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<S: Default + PartialEq> Track<S> {
    /// Adds the slice of that number, and lets go of what is an hour older. Of the first of a process nobody knows how long it was.
    pub(super) fn push(&mut self, nth: Nth, slice: S, is_first: bool) {
        while self.0.front().is_some_and(|(old, _)| old.0 + HISTORY_SLICES as u32 <= nth.0) {
            self.0.pop_front();
        }
        if !is_first && slice != S::default() {
            self.0.push_back((nth, slice));
        } else if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
    }

    /// Slices that end after that time, and when each began.
    pub(super) fn since(&self, from: UnixMillis) -> impl Iterator<Item = (UnixMillis, &S)> {
        let slices = self.0.iter().map(|(nth, slice)| (nth.begin(), slice));
        slices.filter(move |(at, _)| *at + HISTORY_SLICE > from)
    }
}
