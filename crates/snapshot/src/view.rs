//! The pure conductor: a request head becomes a group, a claim, and a placement.

use std::time::Duration;

use clingfish_affinity::{
    Binding, Claim, Home, Judgement, KeyRing, Memo, Opened, Origin, Reading, SessionId, Token,
    Verdict, import, judge, read, read_header, tokens_in,
};
use clingfish_balance::{Cursor, KeyHash, least_outstanding, next_in_turn};
use clingfish_model::{
    Algorithm, FieldId, GroupHash, RequestHead, TargetHash, UnixMillis,
    limits::{ATTEMPTS_MAX, FIRST_HOME_WINDOW},
};
use clingfish_rules::Request;

use crate::{Group, ListenerView, Routed};

/// What a decision depends on beside the snapshot and the request.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Wall-clock time.
    pub now: UnixMillis,
    /// Random, for balancers that sample.
    pub random: u64,
}

/// A home that earlier requests of the same connection found, and that no cookie carries yet.
///
/// Requests that are pipelined, or sent before the first answer is in, would otherwise each begin a session elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstHome {
    /// The group that it is of.
    pub group: GroupHash,
    /// The home.
    pub target: TargetHash,
    /// The session that began there.
    pub session: SessionId,
    /// When.
    pub since: UnixMillis,
}

/// Targets that this request has tried in vain, by index.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    indices: [usize; ATTEMPTS_MAX],
    len: usize,
}

/// Where a request goes, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Index in [`Group::targets`].
    pub target: usize,
    /// What became of the claim; none where the group has no stickiness.
    pub judgement: Option<Judgement>,
}

/// There is nobody to send the request to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTarget {
    /// The group has no target that takes new sessions.
    #[error("the target group has no target that takes new sessions")]
    NoneRegistered,
    /// Every target that could be tried has been.
    #[error("every target has been tried")]
    AllTried,
}

impl Tried {
    /// Notes one more; beyond [`ATTEMPTS_MAX`] nothing is noted, because no request tries more.
    pub fn add(&mut self, target: usize) {
        if let Some(slot) = self.indices.get_mut(self.len) {
            *slot = target;
            self.len += 1;
        }
    }

    /// Whether it was tried.
    pub fn contains(&self, target: usize) -> bool {
        self.indices.iter().take(self.len).any(|tried| *tried == target)
    }

    /// Them all.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.indices.iter().take(self.len).copied()
    }

    /// How many were.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Placement {
    /// The reason, for log and metric.
    pub fn verdict(&self) -> Verdict {
        self.judgement.map_or(Verdict::Off, Judgement::verdict)
    }
}

impl ListenerView {
    /// What the rules of this listener do with a request; nothing where none applies and there is no default action.
    ///
    /// Neither argument is asked where every request goes to one group: that costs no more than if there were no rules.
    #[inline]
    pub fn route<'r>(
        &self,
        request: impl FnOnce() -> Request<'r>,
        random: impl FnOnce() -> u64,
    ) -> Option<Routed<'_>> {
        self.routes.find(request, random)
    }
}

impl Group {
    /// What the request says about its home, and what its target does not get to see. `origin` is asked only where a key is in it.
    pub fn claim<'a>(
        &self,
        head: RequestHead<'a>,
        origin: impl FnOnce() -> Origin<'a>,
        first_home: Option<&FirstHome>,
        ring: &KeyRing,
        now: UnixMillis,
        memo: &mut Memo,
    ) -> Reading {
        let cookies = head.values(FieldId::Cookie);
        let Some(policy) = &self.policy else {
            let claim = self.keys.as_ref().map_or(Claim::Nothing, |keys| keys.claim(head, origin));
            let cuts = tokens_in(cookies, ring, now, memo);
            return Reading { claim, cuts, ..Reading::default() };
        };
        let mut reading = match policy.header() {
            Some(_) => read_header(head, policy, ring, now, memo),
            None => read(cookies, policy, ring, now, memo),
        };
        if !self.imports.is_empty()
            && matches!(reading.claim, Claim::Nothing | Claim::Refused(_))
            && let Some(named) = import::find(head.values(FieldId::Cookie), &self.imports, now)
        {
            reading.claim = Claim::Named(named);
        }
        if let Claim::Nothing = reading.claim
            && let Some(first) = first_home.filter(|first| first.group == self.hash)
        {
            reading.claim = first.claim();
        }
        reading
    }

    /// Chooses the target. Pure but for the turn that `cursor` takes; live cells are read, never written.
    pub fn place(
        &self,
        claim: &Claim,
        circumstances: Circumstances,
        tried: &Tried,
        cursor: &mut Cursor,
    ) -> Result<Placement, NoTarget> {
        if let Claim::Keyed(key) = *claim
            && let Some(placement) = self.place_key(KeyHash(key), tried)
        {
            return Ok(placement);
        }
        let mut index = None;
        let home = |home| {
            index = self.find(home);
            self.home(home, index, tried)
        };
        let judgement =
            self.is_sticky().then(|| judge(claim, self.policy.as_ref(), home, circumstances.now));
        let target = match (judgement, index) {
            (Some(Judgement::Keep | Judgement::Adopt), Some(home)) => home,
            _ => self.pick(circumstances.random, tried, cursor)?,
        };
        Ok(Placement { target, judgement })
    }

    /// What an answer of that target binds its client to.
    pub fn binding(&self, target: usize, session: [u8; 8], https: bool) -> Option<Binding> {
        let target = self.targets.get(target)?.hash;
        Some(Binding { target, session: SessionId(session), https, ..Binding::default() })
    }

    /// Whether the home takes its client now, if it is in the group at that index. A target that has not been checked yet keeps
    /// its sessions: after a start, every home is one of these for a moment.
    fn home(&self, hash: TargetHash, index: Option<usize>, tried: &Tried) -> Home {
        let Some(index) = index else {
            let is_leaving = self.leaving.get(&hash).is_some_and(|cell| !cell.has_departed());
            return if is_leaving { Home::Draining } else { Home::Gone };
        };
        if tried.contains(index) {
            return Home::Refusing;
        }
        let keeps = self.targets.get(index).is_some_and(|target| target.cell.keeps_sessions());
        if keeps || self.roster().fail_open { Home::Eligible } else { Home::Unhealthy }
    }

    fn pick(&self, random: u64, tried: &Tried, cursor: &mut Cursor) -> Result<usize, NoTarget> {
        let roster = self.roster();
        let target_of = |member: usize| {
            let index = *roster.members.get(member)?;
            Some((index, self.targets.get(index)?))
        };
        let is_eligible = |member: usize| {
            target_of(member).is_some_and(|(index, target)| {
                let takes = target.cell.takes_sessions() || roster.fail_open;
                !tried.contains(index) && (takes || roster.last_resort && target.cell.is_routable())
            })
        };
        let member = match self.spec.algorithm {
            Algorithm::RoundRobin => next_in_turn(&roster.schedule, cursor, is_eligible),
            Algorithm::LeastOutstandingRequests => {
                let load =
                    |member| target_of(member).map_or(0, |(_, target)| target.cell.in_flight());
                least_outstanding(&roster.schedule, cursor, random, is_eligible, load)
            }
            Algorithm::WeightedRandom { .. } => roster.lottery.draw_eligible(random, is_eligible),
        };
        let none = if tried.is_empty() { NoTarget::NoneRegistered } else { NoTarget::AllTried };
        member.and_then(target_of).map(|(index, _)| index).ok_or(none)
    }
}

impl FirstHome {
    /// How long one counts.
    pub const WINDOW: Duration = FIRST_HOME_WINDOW;

    /// Whether it still counts.
    pub fn is_fresh(&self, now: UnixMillis, window: Duration) -> bool {
        now.since(self.since) < window
    }

    /// As if a cookie had brought it. Not by the current key, so that the answer carries the cookie that the client lacks.
    pub(crate) fn claim(&self) -> Claim {
        Claim::Bound(Opened {
            token: Token {
                target: self.target,
                group: self.group,
                session: self.session,
                issued: self.since,
                last_seen: self.since,
                generation: 0,
                flags: 0,
            },
            by_current_key: false,
        })
    }
}
