//! What a balancer that is called sticky is taken to promise.

use std::fmt;

/// One promise. They are checked in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// Fresh clients are shared among several targets.
    SeveralTargets,
    /// A client that keeps its cookies is served by one target.
    ComesHome,
    /// So it is on a new connection.
    NewConnection,
    /// A new client's parallel first requests go to one target.
    ParallelFirst,
    /// HTTP/1.1 and HTTP/2 lead to the same target.
    Http2,
    /// A WebSocket leads to the same target.
    WebSocket,
    /// Requests of other sites' pages, with credentials, lead to the same target.
    CrossSite,
    /// Answers have the fields without which browsers hide them from other sites' pages.
    Cors,
    /// The cookie's flags protect it.
    CookieFlags,
    /// The cookie comes with every path and meets no other of its name.
    CookieScope,
    /// The cookie's dates are in order.
    CookieLife,
    /// The cookie shows nothing of what is inside.
    CookieOpaque,
    /// Forged and broken cookies do no harm.
    ForgedCookie,
    /// Who keeps coming stays beyond the cookie's first life.
    Expiry,
    /// Socket.IO's polling works.
    SocketIo,
    /// When a target is absent its clients are served and nobody else moves.
    TargetAbsent,
}

impl Promise {
    /// All of them, in the order in which they are checked.
    pub const ALL: &[Self] = &[
        Self::SeveralTargets,
        Self::ComesHome,
        Self::NewConnection,
        Self::ParallelFirst,
        Self::Http2,
        Self::WebSocket,
        Self::CrossSite,
        Self::Cors,
        Self::CookieFlags,
        Self::CookieScope,
        Self::CookieLife,
        Self::CookieOpaque,
        Self::ForgedCookie,
        Self::Expiry,
        Self::SocketIo,
        Self::TargetAbsent,
    ];

    /// Its name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::SeveralTargets => "several-targets",
            Self::ComesHome => "comes-home",
            Self::NewConnection => "new-connection",
            Self::ParallelFirst => "parallel-first",
            Self::Http2 => "http2",
            Self::WebSocket => "websocket",
            Self::CrossSite => "cross-site",
            Self::Cors => "cors",
            Self::CookieFlags => "cookie-flags",
            Self::CookieScope => "cookie-scope",
            Self::CookieLife => "cookie-life",
            Self::CookieOpaque => "cookie-opaque",
            Self::ForgedCookie => "forged-cookie",
            Self::Expiry => "expiry",
            Self::SocketIo => "socket-io",
            Self::TargetAbsent => "target-absent",
        }
    }

    /// The promise of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|promise| promise.name() == name)
    }

    /// The promise in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::SeveralTargets => "fresh clients are shared among several targets",
            Self::ComesHome => "a client with cookies comes home",
            Self::NewConnection => "so it does on a new connection",
            Self::ParallelFirst => "parallel first requests land together",
            Self::Http2 => "HTTP/1.1 and HTTP/2 agree",
            Self::WebSocket => "a WebSocket comes home",
            Self::CrossSite => "requests from other sites come home",
            Self::Cors => "other sites may read the answers",
            Self::CookieFlags => "the cookie's flags protect it",
            Self::CookieScope => "the cookie comes along everywhere",
            Self::CookieLife => "the cookie's dates are in order",
            Self::CookieOpaque => "the cookie shows nothing of what is inside",
            Self::ForgedCookie => "forged and broken cookies do no harm",
            Self::Expiry => "who keeps coming stays",
            Self::SocketIo => "Socket.IO's polling works",
            Self::TargetAbsent => "a target's absence disturbs its own clients only",
        }
    }

    /// What it means for users when it is broken.
    pub fn when_broken(self) -> &'static str {
        match self {
            Self::SeveralTargets => "Fresh clients get errors.",
            Self::ComesHome => {
                "Users lose their carts and logins at random: the next request may go to a target that does not know them."
            }
            Self::NewConnection => {
                "Users lose their sessions whenever their browser opens another connection: after a pause, on a new tab, on another network."
            }
            Self::ParallelFirst => {
                "A new visitor's page, scripts and pictures come from several targets; a session that one of them begins may be lost to the cookie of another."
            }
            Self::Http2 => "Programs and proxies that speak the other version lose the session.",
            Self::WebSocket => {
                "Live parts of the page (chat, notebooks, dashboards) speak to a target that does not know the user."
            }
            Self::CrossSite => {
                "Embedded pages, scripts of other origins and returns from payment pages find no session."
            }
            Self::Cors => {
                "Browsers hide the answers from other sites' scripts, or leave the cookies out."
            }
            Self::CookieFlags => {
                "Scanners report the cookie; scripts or eavesdroppers can read it, or browsers refuse it and stickiness is lost."
            }
            Self::CookieScope => "Parts of the site are served by other targets than the rest.",
            Self::CookieLife => {
                "Some clients drop the cookie at once or keep it for another time than was meant."
            }
            Self::CookieOpaque => {
                "Anybody can see how the network inside is built, and choose the target that serves them."
            }
            Self::ForgedCookie => {
                "Clients with an old or damaged cookie get errors, or no stickiness until they delete it."
            }
            Self::Expiry => "Users who are active lose their session after a fixed time.",
            Self::SocketIo => {
                "Socket.IO clients get \"Session ID unknown\" and connect again and again."
            }
            Self::TargetAbsent => {
                "The failure of one target reaches users: errors that stay, or sessions of healthy targets that move."
            }
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name())
    }
}

/// What became of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was kept.
    Kept,
    /// It was broken.
    Broken,
    /// Nothing that happened says either.
    CouldNotTell,
}

impl Outcome {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::CouldNotTell => "could-not-tell",
        }
    }
}

/// What a check came to, before it is known for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// What became of the promise.
    pub outcome: Outcome,
    /// What was sent and seen, a sentence each.
    pub evidence: Vec<String>,
}

impl Judgement {
    /// Kept, by that evidence.
    pub fn kept(evidence: impl Into<String>) -> Self {
        Self { outcome: Outcome::Kept, evidence: vec![evidence.into()] }
    }

    /// Broken, by that evidence.
    pub fn broken(evidence: impl Into<String>) -> Self {
        Self { outcome: Outcome::Broken, evidence: vec![evidence.into()] }
    }

    /// Could not be told, for that reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::CouldNotTell, evidence: vec![reason.into()] }
    }

    /// With one more sentence.
    #[must_use]
    pub fn and(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promise_is_found_by_its_name() {
        for promise in Promise::ALL {
            assert_eq!(Promise::of_name(promise.name()), Some(*promise));
        }
        assert_eq!(Promise::of_name("kept"), None);
    }
}
