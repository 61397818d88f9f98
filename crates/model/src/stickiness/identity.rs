//! Stickiness by a session id that the application makes, and no token of ours beside it.

use std::{fmt, num::NonZeroU32, ops::RangeInclusive, time::Duration};

use super::LbCookie;

/// Where a request may carry the application's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdPlace {
    /// A cookie of that name.
    Cookie(String),
    /// A header field of that name.
    Header(String),
    /// A query parameter of that name.
    Query(String),
    /// The segment of the path that follows this beginning: `/upload/` for `/upload/ID/file`.
    PathAfter(String),
    /// A parameter of the path, as in `/cart;jsessionid=ID`.
    PathParameter(String),
}

/// Where an answer may bring a new id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdBirth {
    /// A Set-Cookie field for that name.
    Cookie(String),
    /// A header field of that name.
    Header(String),
    /// A member of that name in a JSON body, at its top or one level down.
    Json(String),
    /// A query parameter of that name, in the first event of an event stream.
    Event(String),
}

/// Stickiness by the target's id, which the application writes at the end of its own. Clingfish reads it and writes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where ids are looked for, in order; never empty.
    pub places: Vec<IdPlace>,
    /// What stands between the application's part and the target's id; `.` by default.
    pub separator: u8,
}

/// Stickiness by a table of ids that the application has handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learn {
    /// Where answers bring ids; never empty.
    pub births: Vec<IdBirth>,
    /// Where requests carry them, in order; never empty.
    pub places: Vec<IdPlace>,
    /// Requests whose path begins otherwise have no id; `/` by default.
    pub path_prefix: String,
    /// How long an id counts that nobody comes with; 1 s to 7 d, 1 d by default.
    pub duration: Duration,
    /// Ids that are kept at the most, the least recently seen leave first; 1,000,000 by default.
    pub sessions_max: NonZeroU32,
    /// Ids that one client address can cause to be kept; 10,000 by default.
    pub per_client_max: NonZeroU32,
    /// A sealed cookie beside the table, for clients that keep cookies: it knows the home when the table is empty. None by default.
    pub cookie: Option<LbCookie>,
}

/// Stickiness by the application's id itself, which goes out sealed together with its home and comes back to the target as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// What carries the id both ways.
    pub carrier: Carrier,
    /// How old an envelope may be; none by default, as the application ends its sessions itself.
    pub absolute: Option<Duration>,
}

/// What carries an id in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A header field of that name.
    Header(String),
    /// A cookie of that name.
    Cookie(String),
}

/// Why a text names no place for an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadIdPlace {
    /// It does not begin with a kind that exists.
    #[error("names no place that an id can have here")]
    Kind,
    /// Not a name that a cookie, header or parameter may have.
    #[error("a name is 1 to 256 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// Not a beginning of a path.
    #[error("what stands before the id in a path starts and ends with /")]
    Path,
}

/// Most places, or births, of one group.
pub const PLACES_MAX: usize = 8;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 256;

impl Route {
    /// Default of [`Self::separator`].
    pub const SEPARATOR: u8 = b'.';
}

impl Learn {
    /// Default of [`Self::sessions_max`].
    pub const SESSIONS: NonZeroU32 = NonZeroU32::new(1_000_000).expect("not zero");
    /// Bounds of [`Self::sessions_max`] and [`Self::per_client_max`].
    pub const SESSIONS_MAX: RangeInclusive<u64> = 1..=100_000_000;
    /// Default of [`Self::per_client_max`].
    pub const PER_CLIENT: NonZeroU32 = NonZeroU32::new(10_000).expect("not zero");

    /// Whether a request is one of those that have ids, by its path.
    pub fn concerns(&self, path_and_query: &[u8]) -> bool {
        path_and_query.starts_with(self.path_prefix.as_bytes())
    }
}

impl IdPlace {
    /// Reads `cookie:NAME`, `header:NAME`, `query:NAME`, `path:/BEFORE/` or `path_parameter:NAME`.
    pub fn parse(text: &str) -> Result<Self, BadIdPlace> {
        let (kind, rest) = text.split_once(':').ok_or(BadIdPlace::Kind)?;
        match kind {
            "cookie" => Ok(Self::Cookie(name(rest)?)),
            "header" => Ok(Self::Header(name(rest)?)),
            "query" => Ok(Self::Query(name(rest)?)),
            "path_parameter" => Ok(Self::PathParameter(name(rest)?)),
            "path" => is_path_before(rest)
                .then(|| Self::PathAfter(rest.to_owned()))
                .ok_or(BadIdPlace::Path),
            _ => Err(BadIdPlace::Kind),
        }
    }

    /// Whether a request that asks to delete something asks for the end of the session: so it is in the Model Context Protocol.
    pub fn ends_by_delete(&self) -> bool {
        matches!(self, Self::Header(name) if name.eq_ignore_ascii_case("mcp-session-id"))
    }
}

impl IdBirth {
    /// Reads `cookie:NAME`, `header:NAME`, `json:NAME` or `event:NAME`.
    pub fn parse(text: &str) -> Result<Self, BadIdPlace> {
        let (kind, rest) = text.split_once(':').ok_or(BadIdPlace::Kind)?;
        match kind {
            "cookie" => Ok(Self::Cookie(name(rest)?)),
            "header" => Ok(Self::Header(name(rest)?)),
            "json" => Ok(Self::Json(name(rest)?)),
            "event" => Ok(Self::Event(name(rest)?)),
            _ => Err(BadIdPlace::Kind),
        }
    }

    /// Where clients bring such an id unless something else is said: where it came, or as a query parameter if that was a body.
    pub fn usual_place(&self) -> IdPlace {
        match self {
            Self::Cookie(name) => IdPlace::Cookie(name.clone()),
            Self::Header(name) => IdPlace::Header(name.clone()),
            Self::Json(name) | Self::Event(name) => IdPlace::Query(name.clone()),
        }
    }
}

impl Carrier {
    /// Reads `header:NAME` or `cookie:NAME`.
    pub fn parse(text: &str) -> Result<Self, BadIdPlace> {
        match IdPlace::parse(text)? {
            IdPlace::Header(name) => Ok(Self::Header(name)),
            IdPlace::Cookie(name) => Ok(Self::Cookie(name)),
            _ => Err(BadIdPlace::Kind),
        }
    }
}

impl fmt::Display for IdPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::PathAfter(before) => write!(f, "path:{before}"),
            Self::PathParameter(name) => write!(f, "path_parameter:{name}"),
        }
    }
}

impl fmt::Display for IdBirth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Json(name) => write!(f, "json:{name}"),
            Self::Event(name) => write!(f, "event:{name}"),
        }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
        }
    }
}

fn name(text: &str) -> Result<String, BadIdPlace> {
    let is_good = (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(super::is_token);
    is_good.then(|| text.to_owned()).ok_or(BadIdPlace::Name)
}

fn is_path_before(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_graphic() && !matches!(c, b'?' | b'#' | b';');
    text.starts_with('/')
        && text.ends_with('/')
        && text.len() <= NAME_BYTES_MAX
        && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_kind_and_name() {
        for text in [
            "cookie:JSESSIONID",
            "header:mcp-session-id",
            "query:sid",
            "path:/_stcore/upload_file/",
            "path_parameter:jsessionid",
        ] {
            assert_eq!(IdPlace::parse(text).map(|place| place.to_string()).as_deref(), Ok(text));
        }
        for (text, expected) in [
            ("sid", BadIdPlace::Kind),
            ("json:sid", BadIdPlace::Kind),
            ("query:", BadIdPlace::Name),
            ("cookie:a b", BadIdPlace::Name),
            ("path:upload", BadIdPlace::Path),
            ("path:/up?load/", BadIdPlace::Path),
        ] {
            assert_eq!(IdPlace::parse(text), Err(expected), "{text}");
        }
        assert_eq!(Carrier::parse("query:sid"), Err(BadIdPlace::Kind));
        let usual = IdBirth::parse("json:sid").map(|birth| birth.usual_place().to_string());
        assert_eq!(usual.as_deref(), Ok("query:sid"));
    }
}
