//! What has changed, by whom, and the texts that were in force: an append-only audit log and the revisions beside it.
//!
//! A change is written down before it is made. [`History::begin`] fails where it cannot be, and then the change must not be made;
//! [`History::end`] adds what came of it. What a process that was killed in between has left open, [`History::settle`] answers by
//! what the file holds.

use std::{collections::VecDeque, io, path::Path};

use clingfish_model::{UnixMillis, limits::EVENTS_KEPT_MAX};

pub use self::{
    annals::Annals,
    diff::{Diff, masked},
    event::{Entry, Event, Outcome},
};
use self::{journal::Journal, revisions::Revisions};

mod annals;
mod diff;
mod event;
mod journal;
mod revisions;

/// The audit log and the revisions of one state directory.
#[derive(Debug)]
pub struct History {
    journal: Journal,
    revisions: Revisions,
    /// The newest, oldest first.
    entries: VecDeque<Entry>,
    last_id: u64,
    last_revision: u64,
}

/// A change that is written down and not made yet.
#[derive(Debug)]
#[must_use = "whoever begins a change says what came of it"]
pub struct Begun {
    id: u64,
    revision: u64,
}

impl History {
    /// Reads what `folder` remembers, and begins what is missing.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut history = Self {
            journal: Journal::open(folder)?,
            revisions: Revisions::open(folder)?,
            entries: VecDeque::new(),
            last_id: 0,
            last_revision: 0,
        };
        for line in history.journal.newest(2 * EVENTS_KEPT_MAX)? {
            if let Some((id, outcome)) = event::read_outcome(&line) {
                history.note_outcome(id, outcome);
            } else if let Some(entry) = Entry::read(&line) {
                history.note(entry);
            }
        }
        if history.entries.is_empty() {
            // Somebody removed the log; numbers are not used twice all the same.
            history.last_revision = history.revisions.last().unwrap_or_default();
        }
        Ok(history)
    }

    /// The newest revision that was in force; zero before the first. After a start, [`Self::settle`] may still raise it.
    pub fn last_revision(&self) -> u64 {
        self.last_revision
    }

    /// Writes down what is about to be changed, and to which text. Must not be changed if this fails. May wait for a slow disk.
    pub fn begin(&mut self, event: Event, text: &[u8]) -> io::Result<Begun> {
        let (revision, at) = (event.revision, event.at);
        let begun = Begun { id: self.add(event, Outcome::Intended)?, revision };
        // After its line, so that no text is kept that nobody tells of.
        match self.revisions.save(revision, text) {
            Ok(()) => Ok(begun),
            Err(error) => {
                let reason = format!("cannot keep the text of the revision: {error}");
                // What cannot be written down now is found out by `settle`.
                let _ = self.end(begun, Outcome::refused(&reason), at);
                Err(error)
            }
        }
    }

    /// Writes down what came of it. An error does not undo what was done; it is remembered until the process ends.
    pub fn end(&mut self, begun: Begun, outcome: Outcome, at: UnixMillis) -> io::Result<()> {
        if matches!(outcome, Outcome::Refused { .. }) {
            self.revisions.remove(begun.revision);
        }
        let line = event::outcome_line(begun.id, &outcome, at);
        self.note_outcome(begun.id, outcome);
        self.journal.append(&line)
    }

    /// Writes down what has happened already, such as an edit by hand, with the text in force where that is another one now.
    pub fn record(
        &mut self,
        event: Event,
        outcome: Outcome,
        text: Option<&[u8]>,
    ) -> io::Result<()> {
        let revision = event.revision;
        self.add(event, outcome)?;
        text.map_or(Ok(()), |text| self.revisions.save(revision, text))
    }

    /// To be called once, at a start: says of a change that was cut short whether it was made, by what the file holds.
    pub fn settle(&mut self, in_file: &[u8], at: UnixMillis) -> io::Result<()> {
        let open = self.entries.back().filter(|entry| entry.outcome == Outcome::Intended);
        let Some(begun) = open.map(|entry| Begun { id: entry.id, revision: entry.event.revision })
        else {
            return Ok(());
        };
        let outcome = match self.revisions.text(begun.revision)? {
            Some(text) if text == in_file => Outcome::Applied,
            Some(_) | None => {
                Outcome::refused("the process ended meanwhile, and the file holds something else")
            }
        };
        self.end(begun, outcome, at)
    }

    /// The first `limit` after the one with that id, or else the newest; oldest first. As many as are remembered.
    pub fn events(&self, after: Option<u64>, limit: usize) -> Vec<Entry> {
        match after {
            Some(after) => {
                self.entries.iter().filter(|entry| entry.id > after).take(limit).cloned().collect()
            }
            None => {
                let skipped = self.entries.len().saturating_sub(limit);
                self.entries.iter().skip(skipped).cloned().collect()
            }
        }
    }

    /// The text that was in force at a revision; none where that is no longer kept.
    pub fn text_at(&self, revision: u64) -> io::Result<Option<Vec<u8>>> {
        self.revisions.text_at(revision)
    }

    /// The revisions whose texts are kept, oldest first.
    pub fn kept(&self) -> Vec<u64> {
        self.revisions.kept().collect()
    }

    /// The newest event that made a revision, where it is remembered.
    pub fn maker(&self, revision: u64) -> Option<&Entry> {
        let is_maker =
            |entry: &&Entry| entry.event.revision == revision && entry.outcome == Outcome::Applied;
        self.entries.iter().rev().find(is_maker)
    }

    /// What differs between the texts of two revisions, if both are still kept. Secrets are masked.
    pub fn diff(&self, a: u64, b: u64) -> io::Result<Option<Diff>> {
        let (a, b) = (self.text_at(a)?, self.text_at(b)?);
        Ok(a.zip(b).map(|(a, b)| Diff::between(&a, &b)))
    }

    fn add(&mut self, event: Event, outcome: Outcome) -> io::Result<u64> {
        // Taken even if this fails: the line may be on disk all the same.
        self.last_id += 1;
        let id = self.last_id;
        let entry = Entry { id, event, outcome };
        self.journal.append(&entry.to_line())?;
        self.note(entry);
        Ok(id)
    }

    fn note(&mut self, entry: Entry) {
        self.last_id = self.last_id.max(entry.id);
        if entry.outcome == Outcome::Applied {
            self.last_revision = self.last_revision.max(entry.event.revision);
        }
        if self.entries.len() == EVENTS_KEPT_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    fn note_outcome(&mut self, id: u64, outcome: Outcome) {
        let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) else {
            return;
        };
        entry.outcome = outcome;
        if entry.outcome == Outcome::Applied {
            self.last_revision = self.last_revision.max(entry.event.revision);
        }
    }
}

#[cfg(test)]
mod tests;
