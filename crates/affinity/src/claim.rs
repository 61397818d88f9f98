//! What a request says about its home.

use clingfish_model::{TargetHash, UnixMillis, limits};

use crate::{
    app_cookie,
    cookie::{self, CookieNames, Cuts, Pair, Role},
    keyring::KeyRing,
    memo::Memo,
    policy::Policy,
    token::{self, OpenError, Opened, SessionId, Token},
};

/// What a request says about its home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// No cookie of ours.
    #[default]
    Nothing,
    /// A token that opened. Whether it holds is for [`crate::judge`] to say.
    Bound(Opened),
    /// Something that is no token of ours names the home.
    Named(Named),
    /// A key that consistent hashing places: the home is whoever the key falls to.
    Keyed(u64),
    /// Our token, but not the cookie of the application that it goes with.
    Unaccompanied(Opened),
    /// An id of the application that nobody knows here.
    Unknown(SessionId),
    /// A cookie of our name that is no token of ours.
    Refused(Refusal),
}

/// A home that is named without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The home.
    pub target: TargetHash,
    /// Stands for the session in logs.
    pub session: SessionId,
    /// Who says so.
    pub by: Namer,
}

/// Who names a home without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namer {
    /// The application, which writes its target's id into its own session id.
    Application,
    /// The table of learned sessions.
    Table,
    /// An envelope that carried the application's id.
    Envelope,
    /// A cookie of another balancer.
    ForeignCookie,
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
            Self::Named(named) => Some(named.target),
            _ => None,
        }
    }

    /// The claim of a client that was seen later than its token knows, since a stream of its session kept it company.
    ///
    /// The token no longer counts as made by the current key, so that the answer carries a new one. What else there is to judge,
    /// such as the absolute limit, is as it was.
    #[must_use]
    pub fn seen_at(self, last_seen: UnixMillis) -> Self {
        match self {
            Self::Bound(Opened { token, .. }) if token.last_seen < last_seen => {
                Self::Bound(Opened { token: Token { last_seen, ..token }, by_current_key: false })
            }
            _ => self,
        }
    }

    /// The session that the request says it belongs to.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Bound(opened) | Self::Unaccompanied(opened) => Some(opened.token.session),
            // Our session begins with our cookie.
            Self::Named(Named { by: Namer::ForeignCookie, .. }) => None,
            Self::Named(named) => Some(named.session),
            Self::Unknown(session) => Some(*session),
            Self::Nothing | Self::Keyed(_) | Self::Refused(_) => None,
        }
    }
}

/// What [`read`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the request says about its home.
    pub claim: Claim,
    /// What targets do not get to see.
    pub cuts: Cuts,
    /// The application's cookie is there that ours goes with.
    pub has_app_cookie: bool,
}

/// Reads the Cookie fields of a request, in order.
///
/// Of the cookies of the group's names the first [`limits::COOKIES_TRIED_MAX`] are tried. The first that opens and is of this
/// group is the claim; else the first that opens; else the reason why the first did not. Where a cookie and its twin say
/// different things, the one that was written later counts.
/// Cookies of other names that hold a token of our ring, again as many, are only noted to be cut.
pub fn read<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    policy: &Policy,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Reading {
    let mut reading = Search::new(Some(policy), ring, now, memo).run(fields);
    if policy.app_cookie().is_some()
        && !reading.has_app_cookie
        && let Claim::Bound(opened) = reading.claim
        && policy.owns(&opened)
    {
        reading.claim = Claim::Unaccompanied(opened);
    }
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

struct Search<'s, 'a> {
    own: Option<&'s Policy>,
    app_cookie: Option<&'s [u8]>,
    ring: &'s KeyRing,
    now: UnixMillis,
    memo: &'s mut Memo,
    own_left: usize,
    others_left: usize,
    heard: Heard,
    /// The last cookie of our names that was weighed: its twin mostly has the same value.
    weighed: Option<Weighed<'a>>,
    reading: Reading,
}

/// A cookie that the claim was held against.
#[derive(Clone, Copy)]
struct Weighed<'a> {
    value: &'a [u8],
    told: Told,
}

/// What a cookie of our names turned out to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// A token of this group.
    Own,
    /// One of another.
    Foreign,
    /// None that opens.
    Nothing,
}

/// Which of a pair's cookies were of this group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    main: bool,
    twin: bool,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(
        own: Option<&'s Policy>,
        ring: &'s KeyRing,
        now: UnixMillis,
        memo: &'s mut Memo,
    ) -> Self {
        Self {
            own,
            app_cookie: own.and_then(Policy::app_cookie),
            ring,
            now,
            memo,
            own_left: limits::COOKIES_TRIED_MAX,
            others_left: limits::COOKIES_TRIED_MAX,
            heard: Heard::default(),
            weighed: None,
            reading: Reading::default(),
        }
    }

    fn run(mut self, fields: impl Iterator<Item = &'a [u8]>) -> Reading {
        for (field, value) in fields.enumerate() {
            for span in cookie::segments(value) {
                let segment = span.of(value);
                if !self.may_concern(segment) {
                    self.reading.has_app_cookie |= self.is_app_cookie(segment);
                } else if let Some(pair) = cookie::pair(value, span) {
                    self.visit(field, &pair);
                }
            }
        }
        self.reading
    }

    /// Most cookies end here: they have another name and are too short for a token.
    fn may_concern(&self, segment: &[u8]) -> bool {
        segment.len() > Token::TEXT_BYTES
            || app_cookie::is_removed(segment)
            || self.own.is_some_and(|policy| policy.names().may_begin(segment))
    }

    fn is_app_cookie(&self, segment: &[u8]) -> bool {
        self.app_cookie.is_some_and(|name| cookie::is_named(segment, name))
    }

    fn visit(&mut self, field: usize, pair: &Pair<'a>) {
        let own = self.own.and_then(|policy| Some((policy.names().role(pair.name)?, policy)));
        match own {
            Some((_, policy)) if policy.is_shared_by_groups() => {
                self.visit_shared(field, pair, policy);
            }
            Some((role, policy)) => self.visit_own(field, pair, role, policy),
            None if self.app_cookie == Some(pair.name) => self.reading.has_app_cookie = true,
            None => self.visit_other(field, pair),
        }
    }

    /// One shard of a cookie that holds the tokens of several groups.
    fn visit_shared(&mut self, field: usize, pair: &Pair<'a>, policy: &Policy) {
        let Some(left) = self.own_left.checked_sub(1) else {
            return;
        };
        self.own_left = left;
        let mut is_ours = pair.value == app_cookie::REMOVED;
        for text in app_cookie::tokens(pair.value) {
            let opened = self.open(text, policy);
            is_ours |= opened.is_ok();
            // Homes in other groups stand there by right, and say nothing of this one.
            if opened.is_ok_and(|opened| opened.token.group != policy.group()) {
                continue;
            }
            weigh(&mut self.reading.claim, opened, |opened| policy.owns(opened));
        }
        if is_ours {
            self.reading.cuts.add(field, pair.span);
        }
    }

    fn visit_own(&mut self, field: usize, pair: &Pair<'a>, role: Role, policy: &Policy) {
        let Some(left) = self.own_left.checked_sub(1) else {
            return;
        };
        self.own_left = left;
        if let Some(weighed) = self.weighed.filter(|weighed| weighed.value == pair.value) {
            // It says what the one before it said.
            self.note_own(field, pair, role, weighed.told);
            return;
        }
        let opened = self.open(pair.value, policy);
        let told = match &opened {
            Ok(opened) if policy.owns(opened) => Told::Own,
            Ok(_) => Told::Foreign,
            Err(_) => Told::Nothing,
        };
        let is_repeated = self.note_own(field, pair, role, told);
        if !is_repeated {
            self.weighed = Some(Weighed { value: pair.value, told });
            weigh(&mut self.reading.claim, opened, |opened| policy.owns(opened));
        }
    }

    /// What a cookie means to its name and to targets; true: there was one of this group already under that name.
    fn note_own(&mut self, field: usize, pair: &Pair<'a>, role: Role, told: Told) -> bool {
        if told != Told::Nothing {
            self.reading.cuts.add(field, pair.span);
        }
        told == Told::Own && self.heard.again(role)
    }

    fn visit_other(&mut self, field: usize, pair: &Pair<'_>) {
        // A cookie of several groups is known by the first of its tokens, and an empty shard by what it says.
        let is_shard = CookieNames::AlbApp.include(pair.name);
        if is_shard && pair.value == app_cookie::REMOVED {
            self.reading.cuts.add(field, pair.span);
            return;
        }
        let first = app_cookie::tokens(pair.value).next().filter(|_| is_shard);
        let text = first.unwrap_or(pair.value);
        let ours = token::key_id(text, cookie::alphabet_of(pair.name))
            .is_some_and(|id| self.ring.opener(id, self.now).is_some());
        let Some(left) = self.others_left.checked_sub(1).filter(|_| ours) else {
            return;
        };
        self.others_left = left;
        let alphabet = cookie::alphabet_of(pair.name);
        if self.memo.open_any(text, self.ring, alphabet, self.now).is_ok() {
            self.reading.cuts.add(field, pair.span);
        }
    }

    fn open(&mut self, text: &[u8], policy: &Policy) -> Result<Opened, OpenError> {
        self.memo.open(text, self.ring, policy.purpose(), policy.alphabet(), self.now)
    }
}

impl Heard {
    /// Notes a cookie of this group, and says whether one of its name was before it.
    pub(crate) fn again(&mut self, role: Role) -> bool {
        let heard = match role {
            Role::Main => &mut self.main,
            Role::Twin => &mut self.twin,
        };
        std::mem::replace(heard, true)
    }
}

/// Holds a claim against one more text that may be a token of ours. Of those that are meant for us comes only the first of each name.
pub(crate) fn weigh(
    claim: &mut Claim,
    opened: Result<Opened, OpenError>,
    is_own: impl Fn(&Opened) -> bool,
) {
    *claim = match (&*claim, opened) {
        (Claim::Bound(_), Ok(opened)) if !is_own(&opened) => return,
        // The other one of the pair.
        (Claim::Bound(found), Ok(opened))
            if is_own(found) && found.token.last_seen >= opened.token.last_seen =>
        {
            return;
        }
        (_, Ok(opened)) => Claim::Bound(opened),
        (Claim::Nothing, Err(OpenError::UnknownKey)) => Claim::Refused(Refusal::UnknownKey),
        (Claim::Nothing, Err(OpenError::NotAToken | OpenError::Forged)) => {
            Claim::Refused(Refusal::Forged)
        }
        (_, Err(_)) => return,
    };
}
