//! Records of one worker on their way to the writer.

use clingfish_model::limits::{ACCESS_LOG_BATCH_BYTES_MAX, ATTEMPTS_MAX};

use super::{
    encode,
    record::{Attempt, Facts, Record, TEXTS, Texts},
};

/// Records in the form that is cheapest to make: sizes known beforehand, one copy each, nothing formatted.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Which worker it goes back to.
    pub(super) worker: usize,
    /// Lines of that worker that were lost before these.
    pub(super) lost_before: u64,
    entries: Vec<Entry>,
    attempts: Vec<Attempt>,
    /// The texts of all entries, one after another.
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    facts: Facts,
    attempts: u8,
    lengths: [u16; TEXTS],
}

impl Batch {
    pub(super) fn new(worker: usize) -> Self {
        Self { worker, ..Self::default() }
    }

    /// A new one for the same worker, with as much room as this one turned out to need.
    pub(super) fn successor(&self) -> Self {
        Self {
            worker: self.worker,
            lost_before: 0,
            entries: Vec::with_capacity(self.entries.len()),
            attempts: Vec::with_capacity(self.attempts.len()),
            text: Vec::with_capacity(self.text.len()),
        }
    }

    pub(super) fn push(&mut self, record: &Record<'_>) {
        let mut lengths = [0; TEXTS];
        for (length, (text, max)) in lengths.iter_mut().zip(record.texts.parts()) {
            if text.is_empty() {
                // Several are, of most requests.
                continue;
            }
            let kept = text.get(..max).unwrap_or(text);
            *length = u16::try_from(kept.len()).unwrap_or(u16::MAX);
            self.text.extend_from_slice(kept);
        }
        let attempts = record.attempts.get(..ATTEMPTS_MAX).unwrap_or(record.attempts);
        self.attempts.extend_from_slice(attempts);
        self.entries.push(Entry {
            facts: *record.facts,
            attempts: u8::try_from(attempts.len()).unwrap_or(u8::MAX),
            lengths,
        });
        debug_assert!(self.bytes() <= ACCESS_LOG_BATCH_BYTES_MAX, "one record fits a batch");
    }

    /// The records in their order, and whether their texts are plain: to look at all texts of a record at once costs less than one by one.
    pub(super) fn records(&self) -> impl Iterator<Item = (Record<'_>, bool)> {
        let (mut text, mut attempts) = (&*self.text, &*self.attempts);
        self.entries.iter().map(move |entry| {
            let length = entry.lengths.iter().map(|length| usize::from(*length)).sum();
            let mut own = take(&mut text, length);
            let is_plain = encode::are_plain(own);
            let parts = entry.lengths.map(|length| take(&mut own, usize::from(length)));
            let (facts, texts) = (&entry.facts, Texts::from_parts(parts));
            let attempts = take(&mut attempts, usize::from(entry.attempts));
            (Record { facts, texts, attempts }, is_plain)
        })
    }

    pub(super) fn clear(&mut self) {
        self.lost_before = 0;
        self.entries.clear();
        self.attempts.clear();
        self.text.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn lines(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Size of what it holds.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.entries) + size_of_val(&*self.attempts) + self.text.len()
    }

    /// Size of one more record, before anything is cut.
    pub(super) fn bytes_of(record: &Record<'_>) -> usize {
        let texts: usize = record.texts.parts().iter().map(|(text, _)| text.len()).sum();
        size_of::<Entry>() + size_of_val(record.attempts) + texts
    }
}

fn take<'a, T>(from: &mut &'a [T], count: usize) -> &'a [T] {
    let (taken, rest) = from.split_at_checked(count).unwrap_or((from, &[]));
    *from = rest;
    taken
}
