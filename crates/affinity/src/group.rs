//! The second kind of home: the target group that a weighted forward chose for a session.
//!
//! Its token is sealed for [`Purpose::Group`]: the field `group` names the chosen group, the target is all zeros. It is judged by
//! the forward that the request meets, so that a session stays although weights change.

use clingfish_model::{
    GroupHash, GroupStickiness, LbCookie, TargetHash, UnixMillis, stickiness::OnCacheable,
};

use crate::{
    claim::{Claim, Heard, Refusal, weigh},
    cookie::{self, Pair},
    judge::Judgement,
    keyring::KeyRing,
    memo::Memo,
    policy::Policy,
    stamp::{Binding, Stamp, stamp},
    token::{OpenError, Opened, Purpose, Token},
    verdict::Verdict,
};

/// What a group's token says in place of a target.
pub const NO_TARGET: TargetHash = TargetHash([0; 16]);

/// How one forward keeps sessions with their group: a compiled [`GroupStickiness`].
#[derive(Clone, Debug)]
pub struct GroupPolicy(Policy);

impl GroupPolicy {
    /// Works out what follows from the configuration of one forward.
    pub fn new(stickiness: &GroupStickiness) -> Self {
        let cookie = LbCookie {
            duration: stickiness.duration,
            absolute: None,
            style: stickiness.style.clone(),
            on_cacheable: OnCacheable::Skip,
            forward_tokens: false,
        };
        Self(Policy::of_groups(&cookie))
    }

    /// Names, life and looks of its cookies.
    pub fn cookie(&self) -> &Policy {
        &self.0
    }
}

/// Reads which group a request says it belongs to, out of its Cookie fields, in order. `is_offered` says whether a group is one
/// of the forward's.
///
/// As many cookies are tried as [`crate::read`] tries. The first of each name that opens and names a group of the forward counts,
/// of a pair the one that was written later; else the first that opens; else the reason why the first did not.
pub fn read_group<'a>(
    fields: impl Iterator<Item = &'a [u8]>,
    policy: &GroupPolicy,
    is_offered: impl Fn(GroupHash) -> bool,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Claim {
    let names = policy.0.names();
    let mut claim = Claim::Nothing;
    let mut heard = Heard::default();
    for (role, pair) in fields
        .flat_map(cookie::pairs)
        .filter_map(|pair| Some((names.role(pair.name)?, pair)))
        .take(clingfish_model::limits::COOKIES_TRIED_MAX)
    {
        let opened = open(&pair, ring, now, memo);
        let is_own = |opened: &Opened| is_offered(opened.token.group);
        let is_repeated = opened.as_ref().is_ok_and(is_own) && heard.again(role);
        if !is_repeated {
            weigh(&mut claim, opened, is_own);
        }
    }
    claim
}

fn open(
    pair: &Pair<'_>,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Result<Opened, OpenError> {
    memo.open(pair.value, ring, Purpose::Group, cookie::alphabet_of(pair.name), now)
}

/// The group that a claim holds for, or why it holds for none. Whether that group can serve anybody is for the caller to see.
///
/// Ages are judged by the current configuration, as [`crate::judge`] does it.
pub fn judge_group(
    claim: &Claim,
    policy: &GroupPolicy,
    is_offered: impl Fn(GroupHash) -> bool,
    now: UnixMillis,
) -> Result<GroupHash, Verdict> {
    let token = match claim {
        Claim::Bound(opened) => &opened.token,
        Claim::Refused(Refusal::Forged) => return Err(Verdict::Forged),
        Claim::Refused(Refusal::UnknownKey) => return Err(Verdict::UnknownKey),
        // Nothing but a token names a group.
        _ => return Err(Verdict::New),
    };
    if !is_offered(token.group) {
        Err(Verdict::ForeignGroup)
    } else if policy.0.has_idled(token, now) {
        Err(Verdict::ExpiredIdle)
    } else {
        Ok(token.group)
    }
}

/// Decides whether the answer of a target of `group` carries a cookie: as [`stamp`] does. `binding`'s target does not matter.
pub fn stamp_group(
    claim: &Claim,
    judgement: Judgement,
    policy: &GroupPolicy,
    group: GroupHash,
    binding: Binding,
    is_shareable: impl FnOnce() -> bool,
    now: UnixMillis,
) -> Stamp {
    let binding = Binding { target: NO_TARGET, ..binding };
    match stamp(claim, judgement, &policy.0, binding, is_shareable, now) {
        Stamp::Write { token, mark_private, twin_only } => {
            Stamp::Write { token: Token { group, ..token }, mark_private, twin_only }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
