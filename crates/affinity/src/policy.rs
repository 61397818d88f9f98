//! A group's stickiness, worked out once so that requests only compare and copy.

use std::time::Duration;

use clingfish_model::{
    GroupHash, LbCookie, UnixMillis,
    stickiness::{
        AppCookie, CookieAttributes, CookieShape, CookieStyle, HeaderToken, OnCacheable, SameSite,
        Secure,
    },
};

use crate::{
    cookie::CookieNames,
    fnv,
    keyring::KeyRing,
    token::{Alphabet, Opened, Purpose, Sealed, Token},
};

/// How one target group keeps its sessions by tokens: a compiled [`LbCookie`], [`AppCookie`] or [`HeaderToken`].
#[derive(Clone, Debug)]
pub struct Policy {
    group: GroupHash,
    names: CookieNames,
    idle_limit: Duration,
    renew_after: Duration,
    /// Both once more, as requests compare them: in whole milliseconds, rounded so that a time of whole ones compares the same.
    idle_millis: u64,
    renew_millis: u64,
    absolute: Option<Duration>,
    on_cacheable: OnCacheable,
    forwards_tokens: bool,
    /// The application's cookie that ours goes with.
    app_cookie: Option<Box<[u8]>>,
    /// Name and parameter, where no cookie carries the token.
    header: Option<HeaderToken>,
    purpose: Purpose,
    same_site: SameSite,
    /// On http and on https.
    marks: [u16; 2],
    dress: Dress,
}

/// The parts of what carries a token that are the same for all.
#[derive(Clone, Debug)]
pub(crate) enum Dress {
    /// `AWSALB` and `AWSALBCORS`.
    Alb,
    /// `AWSALBAPP-0` to `AWSALBAPP-3`.
    AlbApp,
    /// `AWSELB` and `AWSELBCORS`.
    Classic {
        /// `;PATH=/;MAX-AGE=900`.
        tail: Vec<u8>,
    },
    /// A field of its own.
    Header {
        /// `Name: `.
        lead: Vec<u8>,
    },
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
        let (names, dress) = match &cookie.style {
            CookieStyle::Alb => (CookieNames::Alb, Dress::Alb),
            CookieStyle::Classic { max_age } => (CookieNames::Classic, Dress::classic(*max_age)),
            CookieStyle::Clingfish(shape) => {
                let name = shape.attributes().name.as_bytes().into();
                let is_pair = shape.has_twin();
                let names = if is_pair { CookieNames::Pair(name) } else { CookieNames::One(name) };
                (names, Dress::clingfish(shape, is_pair))
            }
        };
        Self::of(cookie, group, names, dress)
    }

    /// Works out how a group's cookie goes with one of its application.
    pub fn following(app: &AppCookie, group: GroupHash) -> Self {
        let (names, dress) = match &app.token.style {
            CookieStyle::Alb => (CookieNames::AlbApp, Dress::AlbApp),
            CookieStyle::Classic { .. } => (CookieNames::Classic, Dress::classic(None)),
            CookieStyle::Clingfish(shape) => {
                let name = shape.attributes().name.as_bytes().into();
                // Both cookies are needed: where the application's does not go, a twin of ours is of no use.
                (CookieNames::One(name), Dress::clingfish(shape, false))
            }
        };
        let app_cookie = Some(app.name.as_str().as_bytes().into());
        let plain = Self::of(&app.token, group, names, dress);
        let purpose = if plain.is_classic() { Purpose::Classic } else { Purpose::AppCookie };
        Self { app_cookie, purpose, ..plain }
    }

    /// Works out how a group's tokens travel in header fields.
    pub fn in_header(header: &HeaderToken, group: GroupHash) -> Self {
        let life = LbCookie {
            duration: header.duration,
            absolute: header.absolute,
            style: CookieStyle::Alb,
            on_cacheable: OnCacheable::Skip,
            forward_tokens: false,
        };
        let dress = Dress::Header { lead: format!("{}: ", header.name()).into_bytes() };
        Self { header: Some(header.clone()), ..Self::of(&life, group, CookieNames::None, dress) }
    }

    /// Works out how tokens that name groups travel, one for all of a forward.
    pub(crate) fn of_groups(cookie: &LbCookie) -> Self {
        // Which group it is comes with each stamp.
        let plain = Self::new(cookie, GroupHash([0; 8]));
        let names = if plain.is_alb() { CookieNames::AlbGroup } else { plain.names.clone() };
        Self { names, purpose: Purpose::Group, ..plain }
    }

    fn of(cookie: &LbCookie, group: GroupHash, names: CookieNames, dress: Dress) -> Self {
        let tenth = cookie.duration / 10;
        let idle_limit = match dress {
            Dress::Alb | Dress::AlbApp => cookie.duration,
            // The client alone ends its life.
            Dress::Classic { .. } => Duration::MAX,
            // A token is up to a tenth older than the client's last visit: see `stamp`.
            Dress::Clingfish { .. } | Dress::Header { .. } => cookie.duration + tenth,
        };
        let same_site = match &cookie.style {
            CookieStyle::Clingfish(shape) => shape.attributes().same_site,
            _ => SameSite::None,
        };
        Self {
            group,
            names,
            idle_limit,
            renew_after: tenth,
            idle_millis: millis(idle_limit.as_nanos() / NANOS_PER_MILLI),
            renew_millis: millis(tenth.as_nanos().div_ceil(NANOS_PER_MILLI)),
            absolute: cookie.absolute,
            on_cacheable: cookie.on_cacheable,
            forwards_tokens: cookie.forward_tokens,
            app_cookie: None,
            header: None,
            purpose: match dress {
                Dress::Classic { .. } => Purpose::Classic,
                Dress::Header { .. } => Purpose::Header,
                Dress::Alb | Dress::AlbApp | Dress::Clingfish { .. } => Purpose::LbCookie,
            },
            same_site,
            marks: [false, true].map(|https| mark(cookie, &dress, https)),
            dress,
        }
    }

    /// The group whose homes count.
    pub fn group(&self) -> GroupHash {
        self.group
    }

    /// Whether a token is of this group.
    pub(crate) fn owns(&self, opened: &Opened) -> bool {
        opened.token.group == self.group
    }

    /// The names of its cookies, whether the client's scheme lets it have both or not.
    pub fn names(&self) -> &CookieNames {
        &self.names
    }

    /// The age at which a token no longer counts: the duration in alb style, a tenth more in clingfish style.
    pub fn idle_limit(&self) -> Duration {
        self.idle_limit
    }

    /// Whether the client of that token has been away for too long, as far as the token knows.
    pub fn has_idled(&self, token: &Token, now: UnixMillis) -> bool {
        now.0.saturating_sub(token.last_seen.0) > self.idle_millis
    }

    /// Whether that token need not be written anew yet. One that a fast clock dates ahead is, before its Max-Age ends.
    pub(crate) fn is_young(&self, token: &Token, now: UnixMillis) -> bool {
        token.last_seen.0.abs_diff(now.0) < self.renew_millis
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
        matches!(self.dress, Dress::Alb | Dress::AlbApp)
    }

    /// Whether requests that come before the first cookie went out share a home. Not as at ALB, and not where the application
    /// decides who has a session.
    pub fn shares_first_homes(&self) -> bool {
        !self.is_alb() && self.app_cookie.is_none()
    }

    /// Whether cookies are the Classic Load Balancer's, which are written once.
    pub fn is_classic(&self) -> bool {
        matches!(self.dress, Dress::Classic { .. })
    }

    /// Whether one cookie holds the homes of several groups.
    pub fn is_shared_by_groups(&self) -> bool {
        matches!(self.dress, Dress::AlbApp)
    }

    /// The application's cookie that a request must bring together with ours.
    pub fn app_cookie(&self) -> Option<&[u8]> {
        self.app_cookie.as_deref()
    }

    /// Where tokens travel that are in no cookie.
    pub fn header(&self) -> Option<&HeaderToken> {
        self.header.as_ref()
    }

    /// Whether a twin is written beside the main cookie.
    pub fn has_twin(&self, https: bool) -> bool {
        self.dress.twin(https).is_some()
    }

    /// When browsers withhold the main cookie.
    pub fn same_site(&self) -> SameSite {
        self.same_site
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
            Dress::Alb | Dress::AlbApp => Alphabet::Standard,
            Dress::Classic { .. } => Alphabet::Hex,
            Dress::Clingfish { .. } | Dress::Header { .. } => Alphabet::UrlSafe,
        }
    }

    /// What its tokens are for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Seals a token for this group. The nonce must be random and used once.
    pub fn seal(&self, token: &Token, ring: &KeyRing, nonce: [u8; 24], now: UnixMillis) -> Sealed {
        token.seal(ring.sealing_key(now), self.purpose(), nonce, self.alphabet())
    }

    pub(crate) fn dress(&self) -> &Dress {
        &self.dress
    }
}

const NANOS_PER_MILLI: u128 = 1_000_000;

fn millis(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Dress {
    fn classic(max_age: Option<Duration>) -> Self {
        let end = max_age.map(|age| format!(";MAX-AGE={}", age.as_secs())).unwrap_or_default();
        Self::Classic { tail: format!(";PATH=/{end}").into_bytes() }
    }

    fn clingfish(shape: &CookieShape, has_twin: bool) -> Self {
        let a = shape.attributes();
        Self::Clingfish {
            lead: format!("{}=", a.name).into_bytes(),
            is_lasting: !a.browser_session,
            tails: [false, true].map(|https| tail(a, https)),
            twin: has_twin.then(|| Twin::of(a)),
        }
    }

    /// The twin that goes with the cookie, where browsers would take it.
    pub(crate) fn twin(&self, https: bool) -> Option<&Twin> {
        match self {
            Self::Alb | Self::AlbApp | Self::Classic { .. } | Self::Header { .. } => None,
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
    let bytes = |span: Duration| span.as_millis().to_be_bytes();
    let mut hash = fnv::more(fnv::START, &bytes(cookie.duration));
    hash = fnv::more(hash, &bytes(cookie.absolute.unwrap_or_default()));
    if let Dress::Clingfish { is_lasting, tails, .. } = dress {
        hash = fnv::more(hash, &[u8::from(*is_lasting)]);
        let [plain, secure] = tails;
        hash = fnv::more(hash, if https { secure } else { plain });
        hash = dress.twin(https).map_or(hash, |twin| fnv::more(hash, &twin.tail));
    }
    if let Dress::Classic { tail } = dress {
        hash = fnv::more(hash, tail);
    }
    let [.., high, low] = (hash ^ (hash >> 32)).to_be_bytes();
    u16::from_be_bytes([high, low]) & Policy::MARK_BITS
}
