//! Sessions that are there for as long as a stream is open, though no request says so.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use clingfish_sessions::Mark;

use crate::{outcome::Outcome, view::TargetLocal, worker::Worker};

/// The open streams of one worker: who is there, and where.
#[derive(Debug, Default)]
pub(crate) struct Presences {
    open: RefCell<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    streams: HashMap<u64, Stream>,
}

#[derive(Debug)]
struct Stream {
    target: Rc<TargetLocal>,
    /// Its session, and where that lives; none where the client has no session.
    session: Option<(Mark, Rc<TargetLocal>)>,
}

impl Stream {
    fn note(&self, worker: usize) {
        if let Some((session, home)) = &self.session {
            home.saw(*session, worker);
        }
    }
}

impl Presences {
    /// Notes that everybody is still there. To be called often enough for the shortest duration that stickiness has.
    pub(crate) fn note(&self, worker: usize) {
        self.open.borrow().streams.values().for_each(|stream| stream.note(worker));
    }
}

/// A stream of a target, from its answer to its end, however it ends.
#[derive(Debug)]
pub(crate) struct Present<'w> {
    worker: &'w Worker,
    number: u64,
}

impl<'w> Present<'w> {
    pub(crate) fn begin(worker: &'w Worker, outcome: &Outcome) -> Option<Self> {
        let target = Rc::clone(outcome.group.as_ref()?.targets.get(outcome.target?)?);
        let session = outcome.whereabouts(worker);
        let session = session.map(|(session, home)| (session, Rc::clone(home)));
        target.target.cell.stream_begins(worker.index);
        let stream = Stream { target, session };
        stream.note(worker.index);
        let mut open = worker.presences.open.borrow_mut();
        let number = open.next;
        open.next += 1;
        open.streams.insert(number, stream);
        Some(Self { worker, number })
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let gone = self.worker.presences.open.borrow_mut().streams.remove(&self.number);
        if let Some(Stream { target, .. }) = gone {
            target.target.cell.stream_ends(self.worker.index);
        }
    }
}
