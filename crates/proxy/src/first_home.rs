//! A home, and a group, that requests of one connection share until a cookie carries it.

use std::{cell::Cell, fmt};

use clingfish_affinity::SessionId;
use clingfish_model::{GroupHash, TargetHash, UnixMillis};
use clingfish_snapshot::FirstHome;

/// What a connection remembers of the first session that began on it. Streams of HTTP/2 look at it at the same time.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// Its home.
    pub(crate) home: First,
    /// Its group, where a rule spreads sessions over several; with no target.
    pub(crate) group: First,
}

impl Remembered {
    /// There is none any more.
    pub(crate) fn forget(&self) {
        self.home.0.set(None);
        self.group.0.set(None);
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.home.look().is_none() && self.group.look().is_none()
    }
}

/// One of the two.
#[derive(Default)]
pub(crate) struct First(Cell<Option<Box<FirstHome>>>);

impl First {
    /// The home that requests without a cookie share now.
    pub(crate) fn shared(&self, now: UnixMillis) -> Option<FirstHome> {
        self.look().filter(|first| first.is_fresh(now, FirstHome::WINDOW))
    }

    /// The session that began there, whether or not others may still join it.
    pub(crate) fn session(&self, group: GroupHash, target: TargetHash) -> Option<SessionId> {
        let first = self.look()?;
        (first.group == group && first.target == target).then_some(first.session)
    }

    /// A session begins.
    pub(crate) fn begin(&self, first: FirstHome) {
        self.0.set(Some(Box::new(first)));
    }

    /// Its cookie goes out: whoever comes later without it is somebody else.
    pub(crate) fn close(&self, session: SessionId) {
        if let Some(first) = self.look().filter(|first| first.session == session) {
            self.begin(FirstHome { since: UnixMillis(0), ..first });
        }
    }

    fn look(&self) -> Option<FirstHome> {
        let first = self.0.take();
        let copy = first.as_deref().copied();
        self.0.set(first);
        copy
    }
}

impl fmt::Debug for First {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("First").field(&self.look()).finish()
    }
}
