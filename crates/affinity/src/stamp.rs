//! Whether an answer carries a new cookie, and what that says.

use clingfish_model::{TargetHash, UnixMillis, stickiness::OnCacheable};

use crate::{
    app_cookie::{self, AppSets},
    claim::Claim,
    judge::Judgement,
    policy::Policy,
    site::Withheld,
    token::{Opened, SessionId, Token},
};

/// What a placement came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The target that answered.
    pub target: TargetHash,
    /// Whether the client speaks https, as for [`crate::SetCookie`].
    pub https: bool,
    /// Fresh random bytes, used if a session begins.
    pub session: SessionId,
    /// Flags of the application's cookie (see [`crate::AppSets::flags`]) where the answer sets it and ours goes with it.
    pub app_sets: Option<u16>,
    /// The request brought the application's cookie.
    pub has_app_cookie: bool,
    /// What the browser may have kept from us.
    pub withheld: Withheld,
    /// The answer begins a stream, in which no cookie can be renewed.
    pub begins_stream: bool,
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
        /// The twin alone is written, since the client may have a main cookie that its browser kept from us.
        twin_only: bool,
    },
    /// What ALB writes where there is nothing to bind: `_remove_`.
    Remove,
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
    /// The application has not set its cookie.
    NoAppCookie,
    /// The request comes from another site, whose browser may have kept the cookie of a session from us.
    CrossSite,
}

/// Decides about one answer of a target. `is_shareable` (see [`crate::cacheable`]) is asked only where it matters.
///
/// In alb style every answer carries a fresh token. In clingfish style one is written when something changed: a new home, an
/// older key, another configuration, a tenth of the duration has passed, or a stream begins. Neither is written on a detour.
pub fn stamp(
    claim: &Claim,
    judgement: Judgement,
    policy: &Policy,
    binding: Binding,
    is_shareable: impl FnOnce() -> bool,
    now: UnixMillis,
) -> Stamp {
    // First what most answers are: whoever is at home goes on with a session.
    if !policy.is_alb() && is_unchanged(claim, judgement, policy, binding, now) {
        return Stamp::Leave(Left::Unchanged);
    }
    if matches!(judgement, Judgement::Detour) {
        return Stamp::Leave(Left::Detour);
    }
    if policy.app_cookie().is_some() && !is_accompanied(judgement, policy, binding) {
        return if policy.is_alb() { Stamp::Remove } else { Stamp::Leave(Left::NoAppCookie) };
    }
    let token = || renewed(claim, judgement, policy, binding, now);
    if policy.is_alb() {
        let token = token();
        return Stamp::Write { token, mark_private: false, twin_only: false };
    }
    // The application's own cookie has been overwritten already where ours goes with it.
    let twin_only = policy.app_cookie().is_none()
        && claim.session().is_none()
        && binding.withheld != Withheld::Nothing;
    if twin_only && !(policy.has_twin(binding.https) && binding.withheld == Withheld::Embedded) {
        return Stamp::Leave(Left::CrossSite);
    }
    let mark_private = is_shareable();
    if mark_private && policy.on_cacheable() == OnCacheable::Skip {
        return Stamp::Leave(Left::Shareable);
    }
    Stamp::Write { token: token(), mark_private, twin_only }
}

/// Whether the application has a session for ours to go with. ALB asks its answer; a client that brings the application's cookie
/// has one too.
fn is_accompanied(judgement: Judgement, policy: &Policy, binding: Binding) -> bool {
    binding.app_sets.is_some()
        || judgement.keeps_session()
        || binding.has_app_cookie && !policy.is_classic() && !policy.is_alb()
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
        Claim::Bound(Opened { token, .. }) if judgement.keeps_session() => {
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
        flags: policy.mark(binding.https) | app_flags(claim, binding),
    }
}

/// What the token notes of the application's cookie: as it is set now, or as it was.
fn app_flags(claim: &Claim, binding: Binding) -> u16 {
    let noted = match claim {
        Claim::Bound(opened) => opened.token.flags & AppSets::FLAG_BITS,
        _ => AppSets::PLAIN,
    };
    let follows = binding.app_sets.is_some() || binding.has_app_cookie;
    if follows { binding.app_sets.unwrap_or(noted) } else { 0 }
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
    let is_kept = matches!(judgement, Judgement::Keep) && token.target == binding.target;
    if !is_kept || binding.app_sets.is_some() {
        return false;
    }
    let is_final = policy.app_cookie().is_some() && !app_cookie::is_renewable(token);
    is_final
        || policy.is_classic()
        || !binding.begins_stream
            && token.flags & Policy::MARK_BITS == policy.mark(binding.https)
            && policy.is_young(token, now)
}
