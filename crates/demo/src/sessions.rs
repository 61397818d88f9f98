//! The memory of one instance: who is signed in, and what lies in their carts.

use std::{collections::HashMap, time::Instant};

use crate::limits::{CART_ITEMS_MAX, SESSION_IDLE, SESSIONS_MAX};

/// What one instance remembers of one visitor. Gone when the instance stops; no other instance has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// The name that the visitor signed in with.
    pub(crate) user: Option<String>,
    /// At most [`CART_ITEMS_MAX`] things.
    pub(crate) cart: Vec<String>,
}

impl Session {
    /// Puts a thing in the cart; a full cart stays as it is.
    pub(crate) fn add(&mut self, item: String) {
        if self.cart.len() < CART_ITEMS_MAX {
            self.cart.push(item);
        }
    }
}

/// Every session of one instance, by the value of its `sid` cookie.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_sid: HashMap<String, (Session, Instant)>,
}

impl Sessions {
    /// The visitor's session, which is hereby not idle any more.
    pub(crate) fn find(&mut self, sid: &str, now: Instant) -> Option<&mut Session> {
        let (session, seen) = self.by_sid.get_mut(sid)?;
        if now.duration_since(*seen) > SESSION_IDLE {
            return None;
        }
        *seen = now;
        Some(session)
    }

    /// Forgets a session.
    pub(crate) fn close(&mut self, sid: &str) -> Option<Session> {
        self.by_sid.remove(sid).map(|(session, _)| session)
    }

    /// Remembers a session, at the cost of the one that was idle longest when memory is full.
    pub(crate) fn open(&mut self, sid: String, session: Session, now: Instant) {
        self.by_sid.retain(|_, (_, seen)| now.duration_since(*seen) <= SESSION_IDLE);
        if self.by_sid.len() >= SESSIONS_MAX {
            let idlest = self.by_sid.iter().min_by_key(|(_, (_, seen))| *seen);
            if let Some(sid) = idlest.map(|(sid, _)| sid.clone()) {
                self.by_sid.remove(&sid);
            }
        }
        self.by_sid.insert(sid, (session, now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ada() -> Session {
        Session { user: Some("Ada".into()), cart: Vec::new() }
    }

    #[test]
    fn a_session_is_forgotten_after_an_idle_hour_only() {
        let start = crate::clock::now();
        let mut sessions = Sessions::default();
        sessions.open("s".into(), ada(), start);
        for (after, known) in [
            (SESSION_IDLE, true),
            (SESSION_IDLE * 2, true),
            (SESSION_IDLE * 3 + Duration::from_millis(1), false),
            (SESSION_IDLE * 3 + Duration::from_millis(1), false),
        ] {
            let found = sessions.find("s", start + after).is_some();
            assert_eq!(found, known, "{after:?} after sign-in");
        }
    }

    #[test]
    fn full_memory_forgets_the_idlest() {
        let start = crate::clock::now();
        let mut sessions = Sessions::default();
        for at in 0..=SESSIONS_MAX {
            let now = start + Duration::from_millis(at as u64);
            sessions.open(at.to_string(), ada(), now);
        }
        assert!(sessions.find("0", start).is_none());
        assert!(sessions.find("1", start).is_some());
        assert_eq!(sessions.by_sid.len(), SESSIONS_MAX);
    }

    #[test]
    fn a_full_cart_takes_nothing() {
        let mut session = ada();
        for _ in 0..CART_ITEMS_MAX * 2 {
            session.add("rope".into());
        }
        assert_eq!(session.cart.len(), CART_ITEMS_MAX);
    }
}
