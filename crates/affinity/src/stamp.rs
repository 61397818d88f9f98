//! Whether an answer carries a new cookie, and what that says.

use std::time::Duration;

use clingfish_model::{TargetHash, UnixMillis, stickiness::OnCacheable};

use crate::{
    claim::Claim,
    judge::Judgement,
    policy::Policy,
    token::{Opened, SessionId, Token},
};

/// What a placement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The target that answered.
    pub target: TargetHash,
    /// Whether the client speaks https, as for [`crate::SetCookie`].
    pub https: bool,
    /// Fresh random bytes, used if a session begins.
    pub session: SessionId,
}

/// What an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// No cookie, for that reason.
    Leave(Left),
    /// A cookie with this token, sealed.
    Write {
        /// What it says.
        token: Token,
        /// Whether the response's Cache-Control becomes `private`, since it said that it may be shared.
        mark_private: bool,
    },
}

/// Why an answer carries no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The one that the client has says the same and is young enough.
    Unchanged,
    /// A detour: the home stays.
    Detour,
    /// Caches may share the response, and with it the cookie.
    Shareable,
}

/// Decides about one answer of a target. `is_shareable` (see [`crate::cacheable`]) is asked only where it matters.
///
/// In alb style every answer carries a fresh token. In clingfish style one is written when something changed: a new home, an
/// older key, another configuration, or a tenth of the duration has passed. Neither is written on a detour.
pub fn stamp(
    claim: &Claim,
    judgement: Judgement,
    policy: &Policy,
    binding: Binding,
    is_shareable: impl FnOnce() -> bool,
    now: UnixMillis,
) -> Stamp {
    if judgement == Judgement::Detour {
        return Stamp::Leave(Left::Detour);
    }
    let token = renewed(claim, judgement, policy, binding, now);
    if policy.is_alb() {
        return Stamp::Write { token, mark_private: false };
    }
    if is_unchanged(claim, judgement, policy, binding, now) {
        return Stamp::Leave(Left::Unchanged);
    }
    let mark_private = is_shareable();
    if mark_private && policy.on_cacheable() == OnCacheable::Skip {
        return Stamp::Leave(Left::Shareable);
    }
    Stamp::Write { token, mark_private }
}

/// What the client's next token says.
///
/// A session that lost its home keeps its id and the time it began, so that an absolute limit holds; any other rehomed client
/// begins a session.
fn renewed(
    claim: &Claim,
    judgement: Judgement,
    policy: &Policy,
    binding: Binding,
    now: UnixMillis,
) -> Token {
    let (session, issued, generation) = match claim {
        // A beginning that lies ahead was noted where a clock is fast: without the cut it would never age.
        Claim::Bound(Opened { token, .. }) if judgement.verdict().keeps_session() => {
            (token.session, token.issued.min(now), token.generation)
        }
        _ => (binding.session, now, 0),
    };
    Token {
        target: binding.target,
        group: policy.group(),
        session,
        issued,
        last_seen: now,
        generation,
        flags: policy.mark(binding.https),
    }
}

fn is_unchanged(
    claim: &Claim,
    judgement: Judgement,
    policy: &Policy,
    binding: Binding,
    now: UnixMillis,
) -> bool {
    let Claim::Bound(Opened { token, by_current_key: true }) = claim else {
        return false;
    };
    judgement == Judgement::Keep
        && token.target == binding.target
        && token.flags & Policy::MARK_BITS == policy.mark(binding.https)
        && distance(token.last_seen, now) < policy.renew_after()
}

/// How far apart two times are. A token that a fast clock dates ahead is written anew too, before its Max-Age ends.
fn distance(a: UnixMillis, b: UnixMillis) -> Duration {
    a.since(b).max(b.since(a))
}
