//! A group's stickiness, worked out once so that requests only compare and copy.

use std::time::Duration;

use clingfish_model::{
    GroupHash, LbCookie, UnixMillis,
    stickiness::{CookieAttributes, CookieShape, CookieStyle, OnCacheable, SameSite, Secure},
};

use crate::{
    cookie::CookieNames,
    fnv,
    keyring::KeyRing,
    token::{Alphabet, Purpose, Sealed, Token},
};

/// How one target group keeps its sessions: a compiled [`LbCookie`].
#[derive(Clone, Debug)]
pub struct Policy {
    group: GroupHash,
    names: CookieNames,
    idle_limit: Duration,
    renew_after: Duration,
    absolute: Option<Duration>,
    on_cacheable: OnCacheable,
    forwards_tokens: bool,
    /// On http and on https.
    marks: [u16; 2],
    dress: Dress,
}

/// The parts of a Set-Cookie value that are the same for all.
#[derive(Clone, Debug)]
pub(crate) enum Dress {
    Alb,
    Clingfish {
        /// `name=`.
        lead: Vec<u8>,
        /// Whether Max-Age and Expires come after the value.
        is_lasting: bool,
        /// The other attributes on http and on https.
        tails: [Vec<u8>; 2],
        /// The cookie beside it.
        twin: Option<Twin>,
    },
}

/// What a twin's Set-Cookie value has of its own.
#[derive(Clone, Debug)]
pub(crate) struct Twin {
    /// `name_x=`.
    pub(crate) lead: Vec<u8>,
    /// The other attributes.
    pub(crate) tail: Vec<u8>,
    /// Whether it is written whatever we know of the client's scheme.
    is_always: bool,
}

impl Policy {
    /// The bits of a token's flags that hold the [`Self::mark`].
    pub const MARK_BITS: u16 = 0x0fff;

    /// Works out what follows from the configuration of one group.
    pub fn new(cookie: &LbCookie, group: GroupHash) -> Self {
        let tenth = cookie.duration / 10;
        let (names, dress, idle_limit) = match &cookie.style {
            CookieStyle::Alb => (CookieNames::Alb, Dress::Alb, cookie.duration),
            CookieStyle::Clingfish(shape) => {
                let name = shape.attributes().name.as_bytes().into();
                let has_twin = shape.has_twin();
                (
                    if has_twin { CookieNames::Pair(name) } else { CookieNames::One(name) },
                    Dress::clingfish(shape),
                    // A token is up to a tenth older than the client's last visit: see `stamp`.
                    cookie.duration + tenth,
                )
            }
        };
        Self {
            group,
            names,
            idle_limit,
            renew_after: tenth,
            absolute: cookie.absolute,
            on_cacheable: cookie.on_cacheable,
            forwards_tokens: cookie.forward_tokens,
            marks: [false, true].map(|https| mark(cookie, &dress, https)),
            dress,
        }
    }

    /// The group whose homes count.
    pub fn group(&self) -> GroupHash {
        self.group
    }

    /// The names of its cookies, whether the client's scheme lets it have both or not.
    pub fn names(&self) -> &CookieNames {
        &self.names
    }

    /// The age at which a token no longer counts: the duration in alb style, a tenth more in clingfish style.
    pub fn idle_limit(&self) -> Duration {
        self.idle_limit
    }

    /// The age of a session at which it ends, whatever its activity.
    pub fn absolute(&self) -> Option<Duration> {
        self.absolute
    }

    /// The age at which a clingfish-style token is written anew: a tenth of the duration.
    pub fn renew_after(&self) -> Duration {
        self.renew_after
    }

    /// Twelve bits that change when durations or attributes do. A token carries them, so that a client's cookie is written
    /// anew on its next visit after a change instead of when the old Max-Age has cost it its home. They differ between http
    /// and https where the cookies do, so that who comes by https for the first time gets what http could not give.
    pub fn mark(&self, https: bool) -> u16 {
        let [plain, secure] = self.marks;
        if https { secure } else { plain }
    }

    /// Whether cookies are written on every response of a target, as ALB does.
    pub fn is_alb(&self) -> bool {
        matches!(self.dress, Dress::Alb)
    }

    /// What a response gets that caches may share.
    pub fn on_cacheable(&self) -> OnCacheable {
        self.on_cacheable
    }

    /// Whether targets get to see our tokens.
    pub fn forwards_tokens(&self) -> bool {
        self.forwards_tokens
    }

    /// The alphabet of its tokens.
    pub fn alphabet(&self) -> Alphabet {
        match self.dress {
            Dress::Alb => Alphabet::Standard,
            Dress::Clingfish { .. } => Alphabet::UrlSafe,
        }
    }

    /// Seals a token for this group's cookie. The nonce must be random and used once.
    pub fn seal(&self, token: &Token, ring: &KeyRing, nonce: [u8; 24], now: UnixMillis) -> Sealed {
        token.seal(ring.sealing_key(now), Purpose::LbCookie, nonce, self.alphabet())
    }

    pub(crate) fn dress(&self) -> &Dress {
        &self.dress
    }
}

impl Dress {
    fn clingfish(shape: &CookieShape) -> Self {
        let a = shape.attributes();
        Self::Clingfish {
            lead: format!("{}=", a.name).into_bytes(),
            is_lasting: !a.browser_session,
            tails: [false, true].map(|https| tail(a, https)),
            twin: shape.has_twin().then(|| Twin::of(a)),
        }
    }

    /// The twin that goes with the cookie, where browsers would take it.
    pub(crate) fn twin(&self, https: bool) -> Option<&Twin> {
        match self {
            Self::Alb => None,
            Self::Clingfish { twin, .. } => twin.as_ref().filter(|twin| https || twin.is_always),
        }
    }
}

impl Twin {
    fn of(a: &CookieAttributes) -> Self {
        let own = CookieAttributes {
            name: format!("{}{}", a.name, CookieShape::TWIN_SUFFIX),
            secure: Secure::Always,
            same_site: SameSite::None,
            partitioned: true,
            ..a.clone()
        };
        Self {
            lead: format!("{}=", own.name).into_bytes(),
            tail: tail(&own, true),
            is_always: a.secure == Secure::Always,
        }
    }
}

/// `; Path=/; HttpOnly; SameSite=Lax` and so on, in an order that golden vectors hold.
fn tail(a: &CookieAttributes, https: bool) -> Vec<u8> {
    let is_secure = match a.secure {
        Secure::Auto => https,
        Secure::Always => true,
        Secure::Never => false,
    };
    let same_site = match a.same_site {
        SameSite::Strict => "; SameSite=Strict",
        SameSite::Lax => "; SameSite=Lax",
        SameSite::None => "; SameSite=None",
    };
    let mut tail = format!("; Path={}", a.path);
    if let Some(domain) = &a.domain {
        tail.push_str("; Domain=");
        tail.push_str(domain);
    }
    for (is_set, attribute) in [
        (a.http_only, "; HttpOnly"),
        (is_secure, "; Secure"),
        (true, same_site),
        (a.partitioned, "; Partitioned"),
    ] {
        if is_set {
            tail.push_str(attribute);
        }
    }
    tail.into_bytes()
}

fn mark(cookie: &LbCookie, dress: &Dress, https: bool) -> u16 {
    let millis = |span: Duration| span.as_millis().to_be_bytes();
    let mut hash = fnv::more(fnv::START, &millis(cookie.duration));
    hash = fnv::more(hash, &millis(cookie.absolute.unwrap_or_default()));
    if let Dress::Clingfish { is_lasting, tails, .. } = dress {
        hash = fnv::more(hash, &[u8::from(*is_lasting)]);
        let [plain, secure] = tails;
        hash = fnv::more(hash, if https { secure } else { plain });
        hash = dress.twin(https).map_or(hash, |twin| fnv::more(hash, &twin.tail));
    }
    let [.., high, low] = (hash ^ (hash >> 32)).to_be_bytes();
    u16::from_be_bytes([high, low]) & Policy::MARK_BITS
}
