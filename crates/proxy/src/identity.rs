//! Room `identity`: the application's own session ids, learned or wrapped before a client gets to see them.

use std::cell::{Cell, RefCell};

use clingfish_affinity::identity::{
    body::{Encoded, Finder, Looking},
    envelope, session_of,
};
use clingfish_model::{ResponseHead, head::FieldLine};
use clingfish_snapshot::{
    Group, Identity, Presented,
    identity::{Born, Hearing},
};

use crate::{outcome::Outcome, receive::Receiver, view::GroupLocal};

/// An id of an answer that goes out in an envelope.
#[derive(Debug)]
pub(crate) struct Wrapped<'a> {
    group: &'a Group,
    id: &'a [u8],
    envelope: Vec<u8>,
    hearing: Hearing<'a>,
}

impl Wrapped<'_> {
    /// A field's value with the envelope in it; none where the id is not in it.
    pub(crate) fn value(&self, line: &FieldLine<'_>) -> Option<Vec<u8>> {
        self.group.wrapped(line, self.id, &self.envelope, self.hearing.now)
    }
}

/// Looks for ids in the beginning of a body that passes.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    finder: RefCell<Finder<'a>>,
    group: &'a GroupLocal,
    hearing: Hearing<'a>,
    born: Cell<Option<Born>>,
}

impl Watch<'_> {
    /// Looks at what is about to go to the client.
    pub(crate) fn see(&self, data: &[u8]) {
        let mut finder = self.finder.borrow_mut();
        if !finder.is_on() {
            return;
        }
        let looking = finder.feed(data, |id| {
            if let Some(born) = self.group.group.bear(id, self.hearing) {
                self.born.set(Some(born));
                self.group.count(born);
            }
        });
        if looking == Looking::GivenUp && self.born.get().is_none() {
            self.group.meter.id_searches_given_up.increment();
        }
    }

    /// Whether more of the body has to be seen.
    pub(crate) fn is_on(&self) -> bool {
        self.finder.borrow().is_on()
    }

    /// Tells which session began, if one did.
    pub(crate) fn tell(&self, outcome: &mut Outcome) {
        if let Some(born) = self.born.get() {
            outcome.bound(born.session);
        }
    }
}

impl GroupLocal {
    fn count(&self, born: Born) {
        // Where there is a cookie too, whoever writes it counts.
        if born.is_new && self.group.policy.is_none() {
            self.meter.sessions_created.increment();
        }
    }
}

impl Receiver<'_> {
    /// What this answer is seen by; none in groups whose homes the application does not name.
    pub(crate) fn hearing(&self, outcome: &Outcome) -> Option<Hearing<'_>> {
        self.group.group.identity.as_ref()?;
        let head = self.exchange.head;
        Some(Hearing {
            presented: self.presented,
            judgement: self.placement.judgement,
            target: self.placement.target,
            client: self.exchange.facts.client(head, &self.exchange.listener.balancer),
            now: self.answered(outcome),
        })
    }

    /// Takes note of what the head says.
    pub(crate) fn hear(&self, head: ResponseHead<'_>, hearing: Hearing<'_>, outcome: &mut Outcome) {
        if let Some(Presented::Learned { key, is_known: true, .. }) = self.presented
            && let Some(home) = self.reading.claim.home()
        {
            outcome.learned = Some((*key, home));
        }
        if let Some(born) = self.group.group.hear(head, hearing) {
            outcome.bound(born.session);
            self.group.count(born);
        }
    }

    /// The id of this answer, in its envelope.
    pub(crate) fn wrap<'h>(
        &'h self,
        head: ResponseHead<'h>,
        hearing: Hearing<'h>,
        outcome: &mut Outcome,
    ) -> Option<Wrapped<'h>> {
        let group = &*self.group.group;
        let id = group.to_wrap(head, hearing.now)?;
        let address = group.address(id, hearing)?;
        let exchange = self.exchange;
        let key = exchange.view.snapshot.ring.sealing_key(hearing.now);
        let nonce = exchange.worker.entropy.borrow_mut().bytes();
        let mut text = Vec::new();
        if !envelope::seal(id, address, key, nonce, &mut text) {
            self.group.meter.ids_not_wrapped.increment();
            return None;
        }
        let came = matches!(self.presented, Some(Presented::Wrapped { unwrapped, .. }) if unwrapped.id() == id);
        if !came {
            outcome.bound(session_of(group.hash, id));
            self.group.meter.sessions_created.increment();
        }
        Some(Wrapped { group, id, envelope: text, hearing })
    }

    /// What looks for ids in the body of this answer: none came with the request, and this may be where one is born.
    pub(crate) fn watch<'h>(
        &'h self,
        head: ResponseHead<'_>,
        hearing: Hearing<'h>,
    ) -> Option<Watch<'h>> {
        let Some(Identity::Learn(learn, _)) = self.group.group.identity.as_deref() else {
            return None;
        };
        if hearing.presented.is_some() || !learn.concerns(self.exchange.head.path_and_query()) {
            return None;
        }
        match Finder::new(head, &learn.births) {
            Ok(finder) => Some(Watch {
                finder: RefCell::new(finder?),
                group: self.group,
                hearing,
                born: Cell::default(),
            }),
            Err(Encoded) => {
                self.group.meter.id_searches_given_up.increment();
                None
            }
        }
    }
}

/// Puts the id that was in an envelope into its place, in what `out` has from `start` on.
pub(crate) fn unwrap_in(presented: &Presented<'_>, out: &mut Vec<u8>, start: usize) {
    let Presented::Wrapped { envelope, unwrapped } = presented else { return };
    let written = out.get(start..).unwrap_or_default();
    if let Some(at) = written.windows(envelope.len()).position(|text| *text == **envelope) {
        let at = start + at;
        out.splice(at..at + envelope.len(), unwrapped.id().iter().copied());
    }
}
