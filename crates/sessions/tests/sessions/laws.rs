//! The table against a model that is simple enough to be right: a list.

use std::{collections::HashMap, num::NonZeroU32, time::Duration};

use clingfish_model::{TargetHash, UnixMillis};
use clingfish_sessions::{ClientKey, Evicted, Found, Learned, Limits, Seed, SessionKey, Table};
use proptest::prelude::*;

const IDLE: Duration = Duration::from_millis(50);

fn key(number: u8) -> SessionKey {
    SessionKey::of(&Seed::new([[1; 16], [2; 16]]), &[number])
}

fn client(number: u8) -> ClientKey {
    ClientKey::of(&Seed::new([[1; 16], [2; 16]]), [192, 0, 2, number].into())
}

fn target(number: u8) -> TargetHash {
    TargetHash([number; 16])
}

#[derive(Clone, Debug)]
enum Step {
    Find(u8),
    Peek(u8),
    Learn { key: u8, target: u8, client: u8 },
    Forget(u8),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let step = prop_oneof![
        3 => (0..30u8).prop_map(Step::Find),
        1 => (0..30u8).prop_map(Step::Peek),
        6 => (0..30u8, 0..3u8, 0..4u8)
            .prop_map(|(key, target, client)| Step::Learn { key, target, client }),
        1 => (0..30u8).prop_map(Step::Forget),
        1 => Just(Step::Sweep),
    ];
    prop::collection::vec((1..12u64, step), 0..300)
}

#[derive(Clone, Copy, Debug)]
struct Session {
    key: u8,
    client: u8,
    found: Found,
}

impl Session {
    fn has_expired(&self, now: UnixMillis) -> bool {
        now.since(self.found.last_seen) > IDLE
    }
}

/// What the table should hold. No two steps share a time, so that the one unseen for longest is one only.
struct Model {
    sessions: Vec<Session>,
    sessions_max: usize,
    per_client_max: usize,
}

impl Model {
    fn find(&mut self, key: u8, now: UnixMillis) -> Option<Found> {
        self.drop_if_expired(key, now);
        let session = self.sessions.iter_mut().find(|session| session.key == key)?;
        let found = session.found;
        session.found.last_seen = now;
        Some(found)
    }

    fn learn(&mut self, key: u8, target: TargetHash, client: u8, now: UnixMillis) -> Learned {
        self.drop_if_expired(key, now);
        if let Some(known) = self.sessions.iter_mut().find(|session| session.key == key) {
            known.found.last_seen = now;
            let from = std::mem::replace(&mut known.found.target, target);
            if from == target {
                return Learned::Renewed;
            }
            known.found.learned = now;
            return Learned::Moved { from };
        }
        let by_quota = if self.held(client) < self.per_client_max {
            None
        } else {
            self.evict(now, Some(client))
        };
        let by_room =
            if self.sessions.len() < self.sessions_max { None } else { self.evict(now, None) };
        let found = Found { target, learned: now, last_seen: now };
        self.sessions.push(Session { key, client, found });
        Learned::New { by_quota, by_room }
    }

    fn held(&self, client: u8) -> usize {
        self.sessions.iter().filter(|session| session.client == client).count()
    }

    fn evict(&mut self, now: UnixMillis, client: Option<u8>) -> Option<Evicted> {
        let may_leave = |session: &Session| client.is_none_or(|client| session.client == client);
        let candidates = self.sessions.iter().filter(|session| may_leave(session));
        let victim = *candidates.min_by_key(|session| session.found.last_seen)?;
        self.sessions.retain(|session| session.key != victim.key);
        let Found { target, last_seen, .. } = victim.found;
        Some(Evicted { target, last_seen, expired: victim.has_expired(now) })
    }

    fn drop_if_expired(&mut self, key: u8, now: UnixMillis) {
        self.sessions.retain(|session| session.key != key || !session.has_expired(now));
    }
}

fn limits(sessions_max: u32, per_client_max: u32) -> Limits {
    let limit = |number| NonZeroU32::new(number).expect("no limit here is zero");
    Limits { sessions_max: limit(sessions_max), per_client_max: limit(per_client_max) }
}

proptest! {
    #[test]
    fn a_small_table_does_what_a_list_does(
        sessions_max in 1..16u32,
        per_client_max in 1..8u32,
        steps in steps(),
    ) {
        let table = Table::new(limits(sessions_max, per_client_max));
        let mut model = Model {
            sessions: Vec::new(),
            sessions_max: sessions_max as usize,
            per_client_max: per_client_max as usize,
        };
        let mut now = UnixMillis(1_764_429_704_000);
        for (after, step) in steps {
            now = now + Duration::from_millis(after);
            match step {
                Step::Find(at) => {
                    prop_assert_eq!(table.find(key(at), now, IDLE), model.find(at, now), "{:?}", step);
                }
                Step::Peek(at) => {
                    let fresh = model.sessions.iter().find(|it| it.key == at && !it.has_expired(now));
                    prop_assert_eq!(table.peek(key(at), now, IDLE), fresh.map(|it| it.found));
                }
                Step::Learn { key: at, target: home, client: who } => {
                    let learned = table.learn(key(at), target(home), client(who), now, IDLE);
                    prop_assert_eq!(learned, model.learn(at, target(home), who, now), "{:?}", step);
                }
                Step::Forget(at) => {
                    let before = model.sessions.len();
                    model.sessions.retain(|session| session.key != at);
                    prop_assert_eq!(table.forget(key(at)), model.sessions.len() < before);
                }
                Step::Sweep => {
                    let before = model.sessions.len();
                    model.sessions.retain(|session| !session.has_expired(now));
                    let swept = table.sweep(now, IDLE, usize::MAX);
                    prop_assert_eq!(swept.expired, before - model.sessions.len());
                }
            }
            prop_assert_eq!(table.len(), model.sessions.len() as u64);
            prop_assert!(table.len() <= u64::from(sessions_max));
            for who in 0..4 {
                prop_assert_eq!(table.held(client(who)) as usize, model.held(who));
                prop_assert!(table.held(client(who)) <= per_client_max);
            }
        }
        let mut by_target = HashMap::new();
        for session in model.sessions.iter().filter(|session| !session.has_expired(now)) {
            *by_target.entry(session.found.target).or_insert(0) += 1;
        }
        prop_assert_eq!(table.count_by_target(now, IDLE, 3).by_target, by_target);
    }
}
