//! Whether and how sessions stay with their target.

use std::{ops::RangeInclusive, time::Duration};

mod app_cookie;
mod hash;
mod header;
mod identity;
mod import;

pub use app_cookie::{AppCookie, AppCookieName, BadAppCookie};
pub use hash::{BadHashKey, HashAffinity, HashKey, KeyName, LoadFactor, Prefixes};
pub use header::{BadHeader, HeaderToken};
pub use identity::{BadIdPlace, Carrier, IdBirth, IdPlace, Learn, PLACES_MAX, Route, Wrap};
pub use import::{ForeignCookie, HaproxyDates, Key, Scheme};

/// The stickiness of a target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stickiness {
    /// Every request is placed anew.
    Off,
    /// A sealed cookie of our own. ELBv2: `stickiness.type = lb_cookie`.
    LbCookie(LbCookie),
    /// A sealed cookie of our own that goes with one of the application's. ELBv2: `stickiness.type = app_cookie`.
    AppCookie(AppCookie),
    /// A sealed token in header fields, for clients that keep no cookies.
    Header(HeaderToken),
    /// No token at all: a key of the request has its target. ELBv2: `stickiness.type = source_ip` is one of these.
    Hash(HashAffinity),
    /// The application writes its target's id into its own session id.
    Route(Route),
    /// A table of session ids that the application has handed out.
    Learn(Learn),
    /// The application's session id goes out sealed together with its home.
    Wrap(Wrap),
}

impl Stickiness {
    /// What the file has as `type`; `off` where nothing sticks.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::LbCookie(_) => "lb_cookie",
            Self::AppCookie(_) => "app_cookie",
            Self::Header(_) => "header",
            Self::Hash(_) => "hash",
            Self::Route(_) => "route",
            Self::Learn(_) => "learn",
            Self::Wrap(_) => "wrap",
        }
    }
}

/// Duration-based stickiness by a sealed cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LbCookie {
    /// Idle limit, judged by the current configuration; 1 s to 7 d, 1 d by default.
    /// ELBv2: `stickiness.lb_cookie.duration_seconds`.
    pub duration: Duration,
    /// Limit from the session's first request, whatever its activity; none by default.
    pub absolute: Option<Duration>,
    /// Whose cookies these look like.
    pub style: CookieStyle,
    /// What happens to a response that caches may share.
    pub on_cacheable: OnCacheable,
    /// Lets targets see our tokens; off by default.
    pub forward_tokens: bool,
}

impl Stickiness {
    /// How long a session stays that is not seen; none where nothing says so, or nothing stays.
    pub fn duration(&self) -> Option<Duration> {
        match self {
            Self::LbCookie(cookie) => Some(cookie.duration),
            Self::AppCookie(app) => Some(app.token.duration),
            Self::Header(header) => Some(header.duration),
            Self::Learn(learn) => Some(learn.duration),
            Self::Off | Self::Hash(_) | Self::Route(_) | Self::Wrap(_) => None,
        }
    }
}

impl LbCookie {
    /// Default of [`Self::duration`].
    pub const DURATION: Duration = Duration::from_secs(86_400);
    /// Bounds of [`Self::duration`] and [`Self::absolute`]' lower bound.
    pub const DURATIONS: RangeInclusive<Duration> =
        Duration::from_secs(1)..=Duration::from_secs(604_800);
    /// Bounds of [`Self::absolute`].
    pub const ABSOLUTES: RangeInclusive<Duration> =
        Duration::from_secs(1)..=Duration::from_secs(365 * 86_400);
}

/// What a response gets that says it may be shared between users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCacheable {
    /// No cookie: a shared cache would hand one home to everybody.
    Skip,
    /// The cookie, and `Cache-Control: private`.
    Mark,
}

/// Whose cookies ours look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CookieStyle {
    /// One cookie with attributes of one's choice, and on https its twin for other sites, written when something changed.
    Clingfish(CookieShape),
    /// `AWSALB` and `AWSALBCORS`, or `AWSALBAPP-0` to `-3` where they follow the application's cookie, byte for byte as ALB
    /// writes them, on every response of a target.
    Alb,
    /// `AWSELB` and `AWSELBCORS` as the Classic Load Balancer writes them: once, and the client alone ends their life.
    Classic {
        /// Their Max-Age; none is a browser's session. Where they follow the application's cookie, its attributes count instead.
        max_age: Option<Duration>,
    },
}

/// Name and attributes of a clingfish-style cookie. Made by [`CookieShape::new`] only, so browsers accept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieShape(CookieAttributes);

/// The parts of a [`CookieShape`], unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieAttributes {
    /// A cookie name; `cling_<8 hex of the group>` by default.
    pub name: String,
    /// `/` by default.
    pub path: String,
    /// None by default: the host alone.
    pub domain: Option<String>,
    /// True by default.
    pub http_only: bool,
    /// `Lax` by default.
    pub same_site: SameSite,
    /// By the request's own scheme, by default.
    pub secure: Secure,
    /// Only with `secure`; off by default.
    pub partitioned: bool,
    /// True: no Max-Age and Expires, the browser forgets it when it closes; false by default.
    pub browser_session: bool,
    /// Whether a twin is written beside it on https, for requests that come from other sites; true by default.
    /// See [`CookieShape::has_twin`].
    pub cross_site: bool,
}

/// The `SameSite` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent on the site's own requests only.
    Strict,
    /// Also when a person follows a link.
    Lax,
    /// Sent always; browsers want `Secure` with it.
    None,
}

/// When the `Secure` attribute is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secure {
    /// On https, as the listener or a trusted proxy says.
    Auto,
    /// Always: something in front of us speaks TLS.
    Always,
    /// Never.
    Never,
}

/// Why browsers would reject a cookie of that shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCookie {
    /// RFC 6265 token, at most 256 characters.
    #[error("a cookie name is 1 to 256 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// ALB's names mean ALB's cookies.
    #[error("names that start with AWSALB or AWSELB belong to style = \"alb\" and \"classic\"")]
    ReservedName,
    /// Starts with `/`, visible ASCII without `;`, at most 1024 bytes.
    #[error("a cookie path starts with / and has no ; and no control characters")]
    Path,
    /// A host name.
    #[error("a cookie domain is a host name such as example.com")]
    Domain,
    /// Browsers drop it.
    #[error("browsers reject SameSite=None without Secure: set secure = \"always\"")]
    NoneWithoutSecure,
    /// Browsers drop it.
    #[error("browsers reject Partitioned without Secure: set secure = \"always\"")]
    PartitionedWithoutSecure,
    /// Browsers drop it.
    #[error("browsers reject __Secure- names without Secure: set secure = \"always\"")]
    SecurePrefix,
    /// Browsers drop it.
    #[error(
        "browsers reject __Host- names without Secure, with a Domain, or with a Path other than /"
    )]
    HostPrefix,
}

impl CookieShape {
    /// Longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 256;
    /// Longest attribute value, in bytes: what browsers keep.
    pub const ATTRIBUTE_BYTES_MAX: usize = 1024;
    /// What a twin's name has at its end.
    pub const TWIN_SUFFIX: &str = "_x";
    /// What a name starts with that browsers tie to one host.
    pub const HOST_PREFIX: &str = "__Host-";

    /// Refuses what browsers reject (RFC 6265bis).
    pub fn new(attributes: CookieAttributes) -> Result<Self, BadCookie> {
        let a = &attributes;
        let named = |prefix: &str| {
            a.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let always = a.secure == Secure::Always;
        if a.name.is_empty() || a.name.len() > Self::NAME_BYTES_MAX || !a.name.bytes().all(is_token)
        {
            return Err(BadCookie::Name);
        }
        if is_reserved(&a.name) {
            return Err(BadCookie::ReservedName);
        }
        let plain = |c: u8| (0x20..0x7f).contains(&c) && c != b';';
        if !a.path.starts_with('/')
            || a.path.len() > Self::ATTRIBUTE_BYTES_MAX
            || !a.path.bytes().all(plain)
        {
            return Err(BadCookie::Path);
        }
        if a.domain.as_deref().is_some_and(|domain| !is_host_name(domain)) {
            return Err(BadCookie::Domain);
        }
        if a.same_site == SameSite::None && !always {
            return Err(BadCookie::NoneWithoutSecure);
        }
        if a.partitioned && !always {
            return Err(BadCookie::PartitionedWithoutSecure);
        }
        if named("__Secure-") && !always {
            return Err(BadCookie::SecurePrefix);
        }
        if named(Self::HOST_PREFIX) && (!always || a.domain.is_some() || a.path != "/") {
            return Err(BadCookie::HostPrefix);
        }
        Ok(Self(attributes))
    }

    /// The checked parts.
    pub fn attributes(&self) -> &CookieAttributes {
        &self.0
    }

    /// Whether a twin goes with it: the same value under the name with [`Self::TWIN_SUFFIX`], `SameSite=None; Secure; Partitioned`
    /// instead of its own. A cookie that is so itself needs none.
    pub fn has_twin(&self) -> bool {
        let a = &self.0;
        a.cross_site && !(a.same_site == SameSite::None && a.partitioned)
    }
}

impl CookieAttributes {
    /// Every default, under that name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: "/".into(),
            domain: None,
            http_only: true,
            same_site: SameSite::Lax,
            secure: Secure::Auto,
            partitioned: false,
            browser_session: false,
            cross_site: true,
        }
    }
}

/// Names that mean cookies of AWS's load balancers.
fn is_reserved(name: &str) -> bool {
    name.starts_with("AWSALB") || name.starts_with("AWSELB")
}

/// An RFC 9110 token character.
pub(crate) fn is_token(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c)
}

fn is_host_name(text: &str) -> bool {
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_reject_is_refused() {
        let base = || CookieAttributes::named("cling");
        let secure = || CookieAttributes { secure: Secure::Always, ..base() };
        for (attributes, expected) in [
            (base(), None),
            (CookieAttributes::named("a b"), Some(BadCookie::Name)),
            (CookieAttributes::named(""), Some(BadCookie::Name)),
            (CookieAttributes::named("AWSALB2"), Some(BadCookie::ReservedName)),
            (CookieAttributes::named("AWSELB"), Some(BadCookie::ReservedName)),
            (CookieAttributes { path: "x".into(), ..base() }, Some(BadCookie::Path)),
            (CookieAttributes { path: "/;a".into(), ..base() }, Some(BadCookie::Path)),
            (CookieAttributes { domain: Some("a..b".into()), ..base() }, Some(BadCookie::Domain)),
            (
                CookieAttributes { same_site: SameSite::None, ..base() },
                Some(BadCookie::NoneWithoutSecure),
            ),
            (CookieAttributes { same_site: SameSite::None, ..secure() }, None),
            (
                CookieAttributes { partitioned: true, ..base() },
                Some(BadCookie::PartitionedWithoutSecure),
            ),
            (CookieAttributes::named("__secure-x"), Some(BadCookie::SecurePrefix)),
            (CookieAttributes::named("__Host-x"), Some(BadCookie::HostPrefix)),
            (CookieAttributes { name: "__Host-x".into(), ..secure() }, None),
            (
                CookieAttributes { name: "__Host-x".into(), path: "/a".into(), ..secure() },
                Some(BadCookie::HostPrefix),
            ),
        ] {
            assert_eq!(CookieShape::new(attributes.clone()).err(), expected, "{attributes:?}");
        }
    }

    #[test]
    fn a_cookie_has_a_twin_unless_it_is_told_not_to_or_is_as_the_twin_would_be() {
        let base = || CookieAttributes { secure: Secure::Always, ..CookieAttributes::named("a") };
        let none = || CookieAttributes { same_site: SameSite::None, ..base() };
        for (attributes, expected) in [
            (CookieAttributes::named("a"), true),
            (base(), true),
            (CookieAttributes { partitioned: true, ..base() }, true),
            (none(), true),
            (CookieAttributes { partitioned: true, ..none() }, false),
            (CookieAttributes { cross_site: false, ..base() }, false),
        ] {
            let shape = CookieShape::new(attributes.clone()).unwrap();
            assert_eq!(shape.has_twin(), expected, "{attributes:?}");
        }
    }
}
