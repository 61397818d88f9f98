//! An hour of slices, as far as there is something in them.

use std::{collections::VecDeque, iter, marker::PhantomData};

use clingfish_model::{
    UnixMillis,
    limits::{HISTORY_SLICE, HISTORY_SLICES, HISTORY_TRACK_BYTES_MAX},
};

use super::pack::{self, Fields};

/// Which slice, counted from 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nth(u32);

impl Nth {
    pub(super) fn of(now: UnixMillis) -> Self {
        Self(u32::try_from(now.0 / Self::millis()).unwrap_or(u32::MAX))
    }

    pub(super) fn begin(self) -> UnixMillis {
        UnixMillis(u64::from(self.0) * Self::millis())
    }

    pub(super) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub(super) fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// All slices of the hour that ends with this one.
    pub(super) fn hour(self) -> impl Iterator<Item = Self> {
        (self.hour_begins().0..=self.0).map(Self)
    }

    /// The first slice of the hour that ends with this one.
    pub(super) fn hour_begins(self) -> Self {
        Self(self.0.saturating_sub(HISTORY_SLICES as u32 - 1))
    }

    fn millis() -> u64 {
        HISTORY_SLICE.as_millis() as u64
    }
}

/// Packed slices, oldest first: how many slices each is after the one before it, and what is in it.
#[derive(Debug)]
pub(super) struct Track<S> {
    /// Since when nothing is missing.
    begins: Option<Nth>,
    /// What the first one counts from.
    base: Nth,
    last: Nth,
    bytes: VecDeque<u8>,
    kind: PhantomData<S>,
}

impl<S> Default for Track<S> {
    fn default() -> Self {
        let (base, last) = (Nth::default(), Nth::default());
        Self { begins: None, base, last, bytes: VecDeque::new(), kind: PhantomData }
    }
}

/// By how much the room for slices grows.
const ROOM: usize = 512;

impl<S: Fields + PartialEq> Track<S> {
    /// Adds the slice of that number, and lets go of what is an hour older. Of the first of a process nobody knows how long it was.
    pub(super) fn push(&mut self, nth: Nth, slice: S, is_first: bool) {
        while self.first().is_some_and(|first| first < nth.hour_begins()) {
            self.forget_first();
        }
        if self.bytes.is_empty() {
            self.bytes = VecDeque::new();
        }
        if is_first {
            return;
        }
        self.begins.get_or_insert(nth);
        if slice == S::default() {
            return;
        }
        let mut packed = Vec::new();
        pack::pack(slice, &mut packed);
        self.append(nth, &packed);
    }

    fn append(&mut self, nth: Nth, packed: &[u8]) {
        let mut record = Vec::with_capacity(packed.len() + size_of::<Nth>() + 1);
        while self.bytes.len() + record.capacity() > HISTORY_TRACK_BYTES_MAX
            && !self.bytes.is_empty()
        {
            self.forget_first();
        }
        if self.bytes.is_empty() {
            (self.base, self.last) = (nth, nth);
        }
        pack::put(nth.0.saturating_sub(self.last.0).into(), &mut record);
        record.extend_from_slice(packed);
        if self.bytes.capacity() - self.bytes.len() < record.len() {
            self.bytes.reserve_exact(record.len().max(ROOM));
        }
        self.bytes.extend(record);
        self.last = nth;
    }

    /// Since when nothing is missing, of the hour that ends with this slice.
    pub(super) fn begins(&self, last: Nth) -> Option<Nth> {
        self.begins.map(|begins| begins.max(last.hour_begins()))
    }

    /// Slices that end after that time, and when each began.
    pub(super) fn since(&self, from: UnixMillis) -> impl Iterator<Item = (UnixMillis, S)> {
        let (mut bytes, mut at) = (self.bytes.iter().copied(), self.base);
        let slices = iter::from_fn(move || {
            at = Nth(at.0.saturating_add(pack::small(&mut bytes)?));
            Some((at.begin(), pack::unpack(&mut bytes)?))
        });
        slices.filter(move |(at, _)| *at + HISTORY_SLICE > from)
    }

    /// Bytes that are in use.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> (usize, usize) {
        (self.bytes.len(), self.bytes.capacity())
    }

    fn first(&self) -> Option<Nth> {
        let after = pack::small(&mut self.bytes.iter().copied())?;
        Some(Nth(self.base.0.saturating_add(after)))
    }

    fn forget_first(&mut self) {
        let mut bytes = self.bytes.iter().copied();
        let first = pack::small(&mut bytes).zip(pack::skip(&mut bytes));
        let left = bytes.len();
        let Some((after, ())) = first else {
            // What was packed here can be read here.
            debug_assert!(false, "a track holds something else than slices");
            return self.bytes.clear();
        };
        self.bytes.drain(..self.bytes.len() - left);
        self.base = Nth(self.base.0.saturating_add(after));
        self.begins = self.begins.max(Some(self.base.next()));
    }
}
