//! Whether a claim holds.

use clingfish_model::{TargetHash, UnixMillis};

use crate::{
    claim::{Claim, Named, Namer, Refusal},
    policy::Policy,
    token::Token,
    verdict::Verdict,
};

/// What a home can do for its client now, as its group sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Takes the request. A target that drains but keeps its sessions is one of these.
    Eligible,
    /// Fails its checks, while others do not.
    Unhealthy,
    /// Is being deregistered: finishes what runs and takes nothing.
    Draining,
    /// Is not in the group.
    Gone,
    /// Was tried for this very request and refused, or is full. A moment's condition, which moves nobody.
    Refusing,
}

/// What becomes of a request's claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The client goes home.
    Keep,
    /// It goes where a cookie of another balancer says, and gets ours.
    Adopt,
    /// Another target serves this request; the home stays the home.
    Detour,
    /// The client gets a new home, for that reason.
    Rehome(Verdict),
}

impl Judgement {
    /// Whether the client's session goes on, at home or elsewhere.
    pub fn keeps_session(self) -> bool {
        match self {
            Self::Keep | Self::Detour => true,
            Self::Adopt => false,
            Self::Rehome(verdict) => verdict.keeps_session(),
        }
    }

    /// The reason, for log and metric.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Keep => Verdict::Hit,
            Self::Adopt => Verdict::Imported,
            Self::Detour => Verdict::Detour,
            Self::Rehome(verdict) => verdict,
        }
    }
}

/// Decides whether a client may stay at home. `home` is asked at the most once, and only for a target of this group.
/// `policy` is that of tokens; a group that works without them has none.
///
/// Ages are judged by the current configuration. A token from the future, sealed where a clock is ahead, counts as fresh: only
/// holders of the keys can make one.
pub fn judge(
    claim: &Claim,
    policy: Option<&Policy>,
    home: impl FnOnce(TargetHash) -> Home,
    now: UnixMillis,
) -> Judgement {
    let target = match claim {
        // Where a key falls is for the group to say, which has the ring.
        Claim::Nothing | Claim::Keyed(_) => return Judgement::Rehome(Verdict::New),
        Claim::Refused(Refusal::Forged) => return Judgement::Rehome(Verdict::Forged),
        Claim::Refused(Refusal::UnknownKey) => return Judgement::Rehome(Verdict::UnknownKey),
        Claim::Unknown(_) => return Judgement::Rehome(Verdict::UnknownSession),
        Claim::Unaccompanied(_) => return Judgement::Rehome(Verdict::NoAppCookie),
        Claim::Bound(opened) => {
            match policy.and_then(|policy| objection(&opened.token, policy, now)) {
                Some(verdict) => return Judgement::Rehome(verdict),
                None => opened.token.target,
            }
        }
        Claim::Named(named) => named.target,
    };
    match home(target) {
        Home::Eligible if matches!(claim, Claim::Named(Named { by: Namer::ForeignCookie, .. })) => {
            Judgement::Adopt
        }
        Home::Eligible => Judgement::Keep,
        Home::Refusing => Judgement::Detour,
        Home::Unhealthy => Judgement::Rehome(Verdict::TargetUnhealthy),
        Home::Draining => Judgement::Rehome(Verdict::TargetDraining),
        Home::Gone => Judgement::Rehome(Verdict::TargetGone),
    }
}

/// What speaks against the token itself.
fn objection(token: &Token, policy: &Policy, now: UnixMillis) -> Option<Verdict> {
    let is_over = |limit| now.since(token.issued) > limit;
    if token.group != policy.group() {
        Some(Verdict::ForeignGroup)
    } else if policy.has_idled(token, now) {
        Some(Verdict::ExpiredIdle)
    } else if policy.absolute().is_some_and(is_over) {
        Some(Verdict::ExpiredAbsolute)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_goes_on_where_its_verdict_says_so() {
        let rehomed = Verdict::ALL.into_iter().map(Judgement::Rehome);
        for judgement in
            [Judgement::Keep, Judgement::Adopt, Judgement::Detour].into_iter().chain(rehomed)
        {
            assert_eq!(
                judgement.keeps_session(),
                judgement.verdict().keeps_session(),
                "{judgement:?}"
            );
        }
    }
}
