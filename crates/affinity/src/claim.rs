//! What a request says about its home.

use clingfish_model::{GroupHash, TargetHash, UnixMillis, limits};

use crate::{
    cookie::{self, CookieNames, Cuts, Pair},
    keyring::KeyRing,
    memo::Memo,
    policy::Policy,
    token::{self, OpenError, Opened, Purpose, SessionId, Token},
};

/// What a request says about its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// No cookie of ours.
    Nothing,
    /// A token that opened. Whether it holds is for [`crate::judge`] to say.
    Bound(Opened),
    /// A cookie of our name that is no token of ours.
    Refused(Refusal),
}

/// Why a cookie of our name does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Damaged, cut, encoded, or made by somebody else.
    Forged,
    /// It names a key that is not in the ring: another balancer's, or one that has retired.
    UnknownKey,
}

impl Claim {
    /// The target that the request says it belongs to.
    pub fn home(&self) -> Option<TargetHash> {
        match self {
            Self::Bound(opened) => Some(opened.token.target),
            Self::Nothing | Self::Refused(_) => None,
        }
    }

    /// The session that the request says it belongs to.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Bound(opened) => Some(opened.token.session),
            Self::Nothing | Self::Refused(_) => None,
        }
    }
}

/// What [`read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What the request says about its home.
    pub claim: Claim,
    /// What targets do not get to see.
    pub cuts: Cuts,
}

/// Reads the Cookie fields of a request, in order.
///
/// Of the cookies of the group's name the first [`limits::COOKIES_TRIED_MAX`] are tried. The first that opens and is of this
/// group is the claim; else the first that opens; else the reason why the first did not.
/// Cookies of other names that hold a token of our ring, again as many, are only noted to be cut.
pub fn read<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    policy: &Policy,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Reading {
    let own = Some((policy.names(), policy.group()));
    let mut reading = Search::new(own, ring, now, memo).run(fields);
    if policy.forwards_tokens() {
        reading.cuts = Cuts::default();
    }
    reading
}

/// Finds the tokens of our ring that a group without stickiness hides from its targets.
pub fn tokens_in<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Cuts {
    Search::new(None, ring, now, memo).run(fields).cuts
}

struct Search<'s> {
    own: Option<(&'s CookieNames, GroupHash)>,
    ring: &'s KeyRing,
    now: UnixMillis,
    memo: &'s mut Memo,
    own_left: usize,
    others_left: usize,
    reading: Reading,
}

impl<'s> Search<'s> {
    fn new(
        own: Option<(&'s CookieNames, GroupHash)>,
        ring: &'s KeyRing,
        now: UnixMillis,
        memo: &'s mut Memo,
    ) -> Self {
        Self {
            own,
            ring,
            now,
            memo,
            own_left: limits::COOKIES_TRIED_MAX,
            others_left: limits::COOKIES_TRIED_MAX,
            reading: Reading { claim: Claim::Nothing, cuts: Cuts::default() },
        }
    }

    fn run<'a>(mut self, fields: impl Iterator<Item = &'a [u8]>) -> Reading {
        for (field, value) in fields.enumerate() {
            for span in cookie::segments(value) {
                if self.may_concern(span.of(value))
                    && let Some(pair) = cookie::pair(value, span)
                {
                    self.visit(field, &pair);
                }
            }
        }
        self.reading
    }

    /// Most cookies end here: they have another name and are too short for a token.
    fn may_concern(&self, segment: &[u8]) -> bool {
        segment.len() > Token::TEXT_BYTES
            || self.own.is_some_and(|(names, _)| names.may_begin(segment))
    }

    fn visit(&mut self, field: usize, pair: &Pair<'_>) {
        match self.own {
            Some((names, group)) if names.include(pair.name) => self.visit_own(field, pair, group),
            _ => self.visit_other(field, pair),
        }
    }

    fn visit_own(&mut self, field: usize, pair: &Pair<'_>, group: GroupHash) {
        let Some(left) = self.own_left.checked_sub(1) else {
            return;
        };
        self.own_left = left;
        let opened = self.open(pair);
        if opened.is_ok() {
            self.reading.cuts.add(field, pair.span);
        }
        self.reading.claim = better(self.reading.claim, opened, group);
    }

    fn visit_other(&mut self, field: usize, pair: &Pair<'_>) {
        let ours = token::key_id(pair.value, cookie::alphabet_of(pair.name))
            .is_some_and(|id| self.ring.key(id, self.now).is_some());
        let Some(left) = self.others_left.checked_sub(1).filter(|_| ours) else {
            return;
        };
        self.others_left = left;
        if self.open(pair).is_ok() {
            self.reading.cuts.add(field, pair.span);
        }
    }

    fn open(&mut self, pair: &Pair<'_>) -> Result<Opened, OpenError> {
        let alphabet = cookie::alphabet_of(pair.name);
        self.memo.open(pair.value, self.ring, Purpose::LbCookie, alphabet, self.now)
    }
}

/// The claim after one more cookie of our name.
fn better(claim: Claim, opened: Result<Opened, OpenError>, group: GroupHash) -> Claim {
    match (claim, opened) {
        (Claim::Bound(found), Ok(opened))
            if found.token.group == group || opened.token.group != group =>
        {
            claim
        }
        (_, Ok(opened)) => Claim::Bound(opened),
        (Claim::Nothing, Err(OpenError::UnknownKey)) => Claim::Refused(Refusal::UnknownKey),
        (Claim::Nothing, Err(OpenError::NotAToken | OpenError::Forged)) => {
            Claim::Refused(Refusal::Forged)
        }
        (Claim::Bound(_) | Claim::Refused(_), Err(_)) => claim,
    }
}
