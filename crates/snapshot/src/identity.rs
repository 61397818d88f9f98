//! Homes that the application's own session ids name: by their text, by a table, or by the envelope that they come in.
//!
//! [`Group::identify`] looks at a request once, before it is placed. It is the one step of a decision that takes a lock: a shard of the
//! table of learned ids, for a moment. [`Group::hear`] and [`Group::bear`] look at answers.

use std::{collections::HashMap, net::IpAddr, ops::ControlFlow, sync::Arc};

use clingfish_affinity::{
    Claim, Judgement, KeyRing, Named, Namer, OpenError, Reading, Refusal, SessionId,
    identity::{
        self, Birth, each_birth, each_id,
        envelope::{self, Unwrapped},
        route, session_of,
    },
    judge,
};
use clingfish_model::{
    FieldId, Method, RequestHead, ResponseHead, Stickiness, TargetGroup, TargetHash, TargetId,
    UnixMillis,
    head::FieldLine,
    limits::SESSION_ID_BYTES_MAX,
    stickiness::{Carrier, IdPlace, Learn, Route, Wrap},
};
use clingfish_sessions::{ClientKey, Found, Limits, Seed, SessionKey, Table};

use crate::{Group, Snapshot, Target};

/// How the application's own ids name homes.
#[derive(Debug)]
pub enum Identity {
    /// By their text, in which a target of the group is named; where that is among the group's targets, by its id.
    Route(Route, HashMap<Box<str>, usize>),
    /// By a table.
    Learn(Learn, Arc<Learned>),
    /// By their envelope, which comes in that place.
    Wrap(Wrap, IdPlace),
}

/// The ids of one group that were learned, for all workers. Carried from snapshot to snapshot, as cells are.
#[derive(Debug)]
pub struct Learned {
    /// Which target each lives on.
    pub table: Table,
    seed: Seed,
}

/// The id that a request came with, as far as the answer depends on it.
#[derive(Debug)]
pub enum Presented<'g> {
    /// One that is learned, or may be.
    Learned {
        /// What the table calls it.
        key: SessionKey,
        /// Which cookie brought it; none where no cookie did.
        cookie: Option<&'g str>,
        /// The request deletes what the id stands for.
        deletes: bool,
        /// The table knew it.
        is_known: bool,
    },
    /// One in an envelope of ours.
    Wrapped {
        /// The text that came.
        envelope: Box<[u8]>,
        /// What was in it.
        unwrapped: Box<Unwrapped>,
    },
}

/// What an answer is seen by.
#[derive(Clone, Copy, Debug)]
pub struct Hearing<'a> {
    /// What the request came with.
    pub presented: Option<&'a Presented<'a>>,
    /// What became of its claim.
    pub judgement: Option<Judgement>,
    /// Who answers, by index.
    pub target: usize,
    /// Who asked.
    pub client: IpAddr,
    /// When.
    pub now: UnixMillis,
}

/// What became of an id that an answer brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Born {
    /// Stands for its session.
    pub session: SessionId,
    /// Nobody knew it before.
    pub is_new: bool,
}

impl Learned {
    /// The table that a group has; the one that it had before, if it had one.
    pub(crate) fn carried(
        spec: &TargetGroup,
        ring: &KeyRing,
        previous: Option<&Snapshot>,
    ) -> Option<Arc<Self>> {
        let Stickiness::Learn(learn) = &spec.stickiness else { return None };
        let mut groups = previous.iter().flat_map(|previous| &previous.groups);
        let before = groups.find(|group| group.spec.name == spec.name);
        let kept = before.and_then(|group| group.learned()).map(Arc::clone);
        Some(kept.unwrap_or_else(|| Arc::new(Self::new(learn, ring))))
    }

    fn new(learn: &Learn, ring: &KeyRing) -> Self {
        let limits =
            Limits { sessions_max: learn.sessions_max, per_client_max: learn.per_client_max };
        // Nobody outside knows it, and two tables with one seed tell nothing of each other.
        let secret = ring.keys().first().map(|key| key.derive("learned sessions"));
        let (halves, _) = secret.as_ref().map_or(Default::default(), |secret| secret.as_chunks());
        let mut halves = halves.iter().copied();
        let mut half = || halves.next().unwrap_or_default();
        Self { table: Table::new(limits), seed: Seed::new([half(), half()]) }
    }
}

impl Identity {
    pub(crate) fn of(
        stickiness: &Stickiness,
        targets: &[Target],
        learned: Option<Arc<Learned>>,
    ) -> Option<Self> {
        match stickiness {
            Stickiness::Route(route) => {
                let indices = targets.iter().enumerate();
                let by_id = indices.map(|(index, target)| (target.id.as_str().into(), index));
                Some(Self::Route(route.clone(), by_id.collect()))
            }
            Stickiness::Learn(learn) => Some(Self::Learn(learn.clone(), learned?)),
            Stickiness::Wrap(wrap) => {
                let place = match &wrap.carrier {
                    Carrier::Header(name) => IdPlace::Header(name.clone()),
                    Carrier::Cookie(name) => IdPlace::Cookie(name.clone()),
                };
                Some(Self::Wrap(wrap.clone(), place))
            }
            _ => None,
        }
    }
}

impl Group {
    /// The ids that were learned here; none where none are.
    pub fn learned(&self) -> Option<&Arc<Learned>> {
        match self.identity.as_deref()? {
            Identity::Learn(_, learned) => Some(learned),
            Identity::Route(..) | Identity::Wrap(..) => None,
        }
    }

    /// Looks for an id of the application, which goes before our cookie: the session of that id lives where it says.
    ///
    /// Gives what the answer has to be seen by.
    #[inline]
    pub fn identify(
        &self,
        head: RequestHead<'_>,
        ring: &KeyRing,
        now: UnixMillis,
        reading: &mut Reading,
    ) -> Option<Presented<'_>> {
        let find = |table: &Table, key, learn: &Learn| table.find(key, now, learn.duration);
        self.identify_by(head, ring, now, reading, find)
    }

    /// As [`Self::identify`], but nobody notices: no session counts as seen.
    pub fn foresee(
        &self,
        head: RequestHead<'_>,
        ring: &KeyRing,
        now: UnixMillis,
        reading: &mut Reading,
    ) {
        let find = |table: &Table, key, learn: &Learn| table.peek(key, now, learn.duration);
        self.identify_by(head, ring, now, reading, find);
    }

    #[inline]
    fn identify_by(
        &self,
        head: RequestHead<'_>,
        ring: &KeyRing,
        now: UnixMillis,
        reading: &mut Reading,
        find: impl Fn(&Table, SessionKey, &Learn) -> Option<Found>,
    ) -> Option<Presented<'_>> {
        match self.identity.as_deref()? {
            Identity::Route(route, by_id) => {
                self.identify_routed(head, (route, by_id), reading);
                None
            }
            Identity::Learn(learn, learned) => {
                let find = |key| find(&learned.table, key, learn);
                self.identify_learned(head, (learn, &learned.seed), now, reading, find)
            }
            Identity::Wrap(wrap, place) => {
                self.identify_wrapped(head, wrap, place, ring, now, reading)
            }
        }
    }

    /// The first id that names a target of ours; else what the first id says.
    fn identify_routed(
        &self,
        head: RequestHead<'_>,
        (route, by_id): (&Route, &HashMap<Box<str>, usize>),
        reading: &mut Reading,
    ) {
        each_id(head, &route.places, SESSION_ID_BYTES_MAX, |_, id| {
            let session = session_of(self.hash, &id);
            let (target, is_ours) = self.named_in(&id, route.separator, by_id);
            let claim = target.map_or(Claim::Unknown(session), |target| {
                Claim::Named(Named { target, session, by: Namer::Application })
            });
            if is_ours || reading.claim == Claim::Nothing {
                reading.claim = claim;
            }
            if is_ours { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    /// The target that an id names, and whether it is one of ours. Of several the first that takes its sessions, else the first that is
    /// ours, else the last name of all, which may have been.
    fn named_in(
        &self,
        id: &[u8],
        separator: u8,
        by_id: &HashMap<Box<str>, usize>,
    ) -> (Option<TargetHash>, bool) {
        let (mut ours, mut last) = (None, None);
        for name in route::names(id, separator) {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if let Some(target) = by_id.get(name).and_then(|index| self.targets.get(*index)) {
                last = Some(target.hash);
                if target.cell.keeps_sessions() {
                    return (last, true);
                }
                ours = ours.or(last);
            } else if let Ok(id) = TargetId::new(name) {
                // One that is leaving is known by its hash alone.
                last = Some(id.hash());
            }
        }
        (ours.or(last), ours.is_some())
    }

    fn identify_learned<'g>(
        &self,
        head: RequestHead<'_>,
        (learn, seed): (&'g Learn, &Seed),
        now: UnixMillis,
        reading: &mut Reading,
        find: impl Fn(SessionKey) -> Option<Found>,
    ) -> Option<Presented<'g>> {
        if !learn.concerns(head.path_and_query()) {
            return None;
        }
        let (mut found, mut presented) = (None, None);
        each_id(head, &learn.places, SESSION_ID_BYTES_MAX, |place, id| {
            let key = SessionKey::of(seed, &id);
            let home = find(key).map(|found| found.target);
            if home.is_none() && found.is_some() {
                return ControlFlow::Continue(());
            }
            found = Some((home, session_of(self.hash, &id)));
            presented = Some(Presented::Learned {
                key,
                cookie: match place {
                    IdPlace::Cookie(name) => Some(name),
                    _ => None,
                },
                deletes: head.method() == Method::Delete && place.ends_by_delete(),
                is_known: home.is_some(),
            });
            if home.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let (home, session) = found?;
        let by_cookie = judge(
            &reading.claim,
            self.policy.as_ref(),
            |_| clingfish_affinity::Home::Eligible,
            now,
        );
        match home {
            // Both say the same: the cookie is renewed as ever.
            Some(target)
                if by_cookie == Judgement::Keep && reading.claim.home() == Some(target) => {}
            Some(target) => {
                reading.claim = Claim::Named(Named { target, session, by: Namer::Table });
            }
            // A cookie remembers what the table does not.
            None if matches!(by_cookie, Judgement::Keep | Judgement::Adopt) => {}
            None => reading.claim = Claim::Unknown(session),
        }
        presented
    }

    fn identify_wrapped(
        &self,
        head: RequestHead<'_>,
        wrap: &Wrap,
        place: &IdPlace,
        ring: &KeyRing,
        now: UnixMillis,
        reading: &mut Reading,
    ) -> Option<Presented<'static>> {
        let mut presented = None;
        each_id(head, std::slice::from_ref(place), envelope::TEXT_BYTES_MAX, |_, text| {
            let claim = match envelope::open(&text, ring, now) {
                Ok(unwrapped) if unwrapped.address.group == self.hash => {
                    let session = session_of(self.hash, unwrapped.id());
                    let (address, age) = (unwrapped.address, now.since(unwrapped.address.issued));
                    let (envelope, unwrapped) = (text.into(), Box::new(unwrapped));
                    presented = Some(Presented::Wrapped { envelope, unwrapped });
                    reading.claim = match wrap.absolute {
                        Some(limit) if age >= limit => Claim::Unknown(session),
                        _ => Claim::Named(Named {
                            target: address.target,
                            session,
                            by: Namer::Envelope,
                        }),
                    };
                    return ControlFlow::Break(());
                }
                Err(OpenError::Forged) => Claim::Refused(Refusal::Forged),
                Err(OpenError::UnknownKey) => Claim::Refused(Refusal::UnknownKey),
                _ => Claim::Unknown(session_of(self.hash, &text)),
            };
            if reading.claim == Claim::Nothing {
                reading.claim = claim;
            }
            ControlFlow::Continue(())
        });
        presented
    }

    /// Takes note of what the head of an answer says about ids, before the client gets to see it.
    ///
    /// An id that the table did not know, or whose home is gone, lives from now on with the target that answers it without an error. That
    /// another target served it for a moment changes nothing.
    pub fn hear(&self, head: ResponseHead<'_>, hearing: Hearing<'_>) -> Option<Born> {
        let Identity::Learn(learn, learned) = self.identity.as_deref()? else { return None };
        let (mut born, mut has_ended) = (None, false);
        each_birth(head, &learn.births, hearing.now, |birth| match birth {
            Birth::Id(id) => born = born.or(self.bear(id, hearing)),
            Birth::End(name) => has_ended |= hearing.is_cookie(name),
        });
        let Some(Presented::Learned { key, deletes, is_known, .. }) = hearing.presented else {
            return born;
        };
        if head.status() >= 400 {
            return born;
        }
        match hearing.judgement {
            Some(Judgement::Keep) if has_ended || *deletes => {
                learned.table.forget(*key);
            }
            // Seen already, and at home.
            Some(Judgement::Keep) if *is_known => {}
            Some(Judgement::Detour) => {}
            _ if has_ended => {}
            _ => {
                self.learn(*key, hearing);
            }
        }
        born
    }

    /// Learns an id that an answer brings, wherever in it.
    pub fn bear(&self, id: &[u8], hearing: Hearing<'_>) -> Option<Born> {
        let learned = self.learned()?;
        let key = SessionKey::of(&learned.seed, id);
        let session = session_of(self.hash, id);
        if let Some(Presented::Learned { key: came, is_known, .. }) = hearing.presented
            && *came == key
            && (hearing.judgement == Some(Judgement::Detour)
                || hearing.judgement == Some(Judgement::Keep) && *is_known)
        {
            return None;
        }
        Some(Born { session, is_new: self.learn(key, hearing) })
    }

    /// True where nobody knew it before.
    fn learn(&self, key: SessionKey, hearing: Hearing<'_>) -> bool {
        let (Some(Identity::Learn(learn, learned)), Some(target)) =
            (self.identity.as_deref(), self.targets.get(hearing.target))
        else {
            return false;
        };
        let client = ClientKey::of(&learned.seed, hearing.client);
        let outcome = learned.table.learn(key, target.hash, client, hearing.now, learn.duration);
        matches!(outcome, clingfish_sessions::Learned::New { .. })
    }

    /// A long exchange of a learned id has ended: it was seen until now, wherever it lives.
    pub fn seen(&self, key: SessionKey, home: TargetHash, client: IpAddr, now: UnixMillis) {
        if let Some(Identity::Learn(learn, learned)) = self.identity.as_deref()
            && learned.table.find(key, now, learn.duration).is_none()
        {
            let client = ClientKey::of(&learned.seed, client);
            learned.table.learn(key, home, client, now, learn.duration);
        }
    }

    /// Drops learned ids that nobody came with for too long, in about so many places of the table.
    pub fn sweep(&self, now: UnixMillis, places: usize) {
        if let Some(Identity::Learn(learn, learned)) = self.identity.as_deref() {
            learned.table.sweep(now, learn.duration, places);
        }
    }

    /// The home that an id of this answer goes out with, where ids go out in envelopes.
    ///
    /// An id that came from its home and is served by another target for a moment stays at home.
    pub fn address(&self, id: &[u8], hearing: Hearing<'_>) -> Option<envelope::Address> {
        let target = match hearing.presented {
            Some(Presented::Wrapped { unwrapped, .. })
                if hearing.judgement == Some(Judgement::Detour) && unwrapped.id() == id =>
            {
                unwrapped.address.target
            }
            _ => self.targets.get(hearing.target)?.hash,
        };
        Some(envelope::Address { target, group: self.hash, issued: hearing.now })
    }

    /// The id of an answer that goes out in an envelope.
    pub fn to_wrap<'a>(&'a self, head: ResponseHead<'a>, now: UnixMillis) -> Option<&'a [u8]> {
        let Identity::Wrap(wrap, _) = self.identity.as_deref()? else { return None };
        match &wrap.carrier {
            Carrier::Header(name) => {
                let mut lines = head.fields();
                lines.find(|line| identity::is_named(line.name, name)).map(|line| line.value)
            }
            Carrier::Cookie(name) => head
                .values(FieldId::SetCookie)
                // The last is what a browser keeps.
                .filter_map(|value| identity::id_set_by(value, name, now))
                .last(),
        }
    }

    /// The value of a field of an answer with the envelope in place of the id; none where the id is not in it.
    pub fn wrapped(
        &self,
        line: &FieldLine<'_>,
        id: &[u8],
        envelope: &[u8],
        now: UnixMillis,
    ) -> Option<Vec<u8>> {
        let Identity::Wrap(wrap, _) = self.identity.as_deref()? else { return None };
        match &wrap.carrier {
            Carrier::Header(name) => {
                (identity::is_named(line.name, name) && line.value == id).then(|| envelope.to_vec())
            }
            Carrier::Cookie(name) => {
                let is_set = line.id == FieldId::SetCookie
                    && identity::id_set_by(line.value, name, now) == Some(id);
                let equals = line.value.iter().position(|c| *c == b'=').filter(|_| is_set)?;
                let (before, rest) = line.value.split_at_checked(equals + 1)?;
                let at = rest.windows(id.len().max(1)).position(|window| window == id)?;
                let after = rest.get(at + id.len()..)?;
                Some([before, envelope, after].concat())
            }
        }
    }

    /// Whether a field of that name may carry what goes in envelopes.
    pub fn carries(&self, id: FieldId, name: &[u8]) -> bool {
        match self.identity.as_deref() {
            Some(Identity::Wrap(wrap, _)) => match &wrap.carrier {
                Carrier::Header(carrier) => identity::is_named(name, carrier),
                Carrier::Cookie(_) => matches!(id, FieldId::Cookie | FieldId::SetCookie),
            },
            _ => false,
        }
    }
}

impl Hearing<'_> {
    fn is_cookie(&self, name: &str) -> bool {
        matches!(self.presented, Some(Presented::Learned { cookie: Some(came), .. }) if *came == name)
    }
}
