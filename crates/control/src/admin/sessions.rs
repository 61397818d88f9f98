//! Who has signed in to the web console: in memory, bounded, and not for long.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use clingfish_model::{
    Secret,
    limits::{CONSOLE_SESSION_AGE_MAX, CONSOLE_SESSION_IDLE_MAX, CONSOLE_SESSIONS_MAX},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{credentials::Proof, token::hex};

/// Sessions of the console.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// By the hash of what the cookie holds. The mutex protects it from requests that come at the same time.
    table: Mutex<HashMap<Hash, Session>>,
}

type Hash = [u8; 32];

/// Somebody who has signed in.
#[derive(Debug)]
struct Session {
    /// What they have shown. Whether it still counts is for each request to see.
    proof: Proof,
    since: Instant,
    /// When a person did something last.
    active: Instant,
}

/// Whether a person asks, or a page that nobody touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Person,
    Page,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= CONSOLE_SESSION_AGE_MAX
            || now.saturating_duration_since(self.active) >= CONSOLE_SESSION_IDLE_MAX
    }
}

impl Sessions {
    /// Begins a session; gives what its cookie holds.
    ///
    /// # Errors
    ///
    /// Where the system has no randomness to give.
    pub(crate) fn open(&self, proof: Proof, now: Instant) -> io::Result<Secret> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
        let id = Secret::new(hex(&*bytes));
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= CONSOLE_SESSIONS_MAX {
            make_room(&mut table, now);
        }
        table.insert(hash(id.expose()), Session { proof, since: now, active: now });
        Ok(id)
    }

    /// What the owner of that cookie has shown; none if the session is over or never was.
    pub(crate) fn find(&self, id: &str, asker: Asker, now: Instant) -> Option<Proof> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = hash(id);
        let session = table.get_mut(&hash)?;
        if session.is_over(now) {
            table.remove(&hash);
            return None;
        }
        if asker == Asker::Person {
            session.active = now;
        }
        Some(session.proof.clone())
    }

    /// Ends a session.
    pub(crate) fn close(&self, id: &str) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.remove(&hash(id));
    }
}

/// Forgets what is over, or else who did nothing for longest.
fn make_room(table: &mut HashMap<Hash, Session>, now: Instant) {
    table.retain(|_, session| !session.is_over(now));
    if table.len() >= CONSOLE_SESSIONS_MAX {
        let idlest = table.iter().min_by_key(|(_, session)| session.active).map(|(hash, _)| *hash);
        idlest.and_then(|hash| table.remove(&hash));
    }
}

fn hash(id: &str) -> Hash {
    Sha256::digest(id).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn proof(number: u8) -> Proof {
        Proof::Token([number; 32])
    }

    #[test]
    fn a_session_lasts_while_somebody_is_there_and_no_longer_than_a_shift() {
        let (sessions, start) = (Sessions::default(), crate::clock::now());
        let id = sessions.open(proof(1), start).unwrap();
        let other = sessions.open(proof(2), start).unwrap();
        assert_ne!(id, other);
        let step = CONSOLE_SESSION_IDLE_MAX - Duration::from_secs(1);
        let mut now = start;
        while now + step < start + CONSOLE_SESSION_AGE_MAX {
            now += step;
            assert_eq!(sessions.find(id.expose(), Asker::Person, now), Some(proof(1)));
        }
        let end = start + CONSOLE_SESSION_AGE_MAX;
        assert_eq!(sessions.find(id.expose(), Asker::Person, end), None);
        let idle = start + CONSOLE_SESSION_IDLE_MAX;
        assert_eq!(sessions.find(other.expose(), Asker::Person, idle), None);
        assert!(sessions.table.lock().unwrap().is_empty());
    }

    #[test]
    fn a_page_that_nobody_touches_keeps_no_session_alive() {
        let (sessions, start) = (Sessions::default(), crate::clock::now());
        let id = sessions.open(proof(1), start).unwrap();
        let later = start + CONSOLE_SESSION_IDLE_MAX - Duration::from_secs(1);
        assert!(sessions.find(id.expose(), Asker::Page, later).is_some());
        let end = start + CONSOLE_SESSION_IDLE_MAX;
        assert_eq!(sessions.find(id.expose(), Asker::Page, end), None);
    }

    #[test]
    fn who_signs_out_is_out_and_nobody_else() {
        let (sessions, now) = (Sessions::default(), crate::clock::now());
        let (one, other) =
            (sessions.open(proof(1), now).unwrap(), sessions.open(proof(2), now).unwrap());
        sessions.close(one.expose());
        sessions.close("unheard of");
        assert_eq!(sessions.find(one.expose(), Asker::Person, now), None);
        assert_eq!(sessions.find(other.expose(), Asker::Person, now), Some(proof(2)));
        assert_eq!(sessions.find("", Asker::Person, now), None);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_those_who_are_there() {
        let (sessions, start) = (Sessions::default(), crate::clock::now());
        let idle = sessions.open(proof(0), start).unwrap();
        let mut now = start;
        let mut last = None;
        for _ in 0..CONSOLE_SESSIONS_MAX {
            now += Duration::from_millis(1);
            last = Some(sessions.open(proof(1), now).unwrap());
        }
        assert_eq!(sessions.table.lock().unwrap().len(), CONSOLE_SESSIONS_MAX);
        assert_eq!(sessions.find(idle.expose(), Asker::Page, now), None);
        assert!(sessions.find(last.unwrap().expose(), Asker::Page, now).is_some());
    }
}
