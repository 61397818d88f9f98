//! Which fields are between two hops only (RFC 9110 section 7.6.1).

use clingfish_model::{FieldId, head::FieldLine};

use crate::{
    HeadError,
    bytes::{is_token, list, starts_with_ignore_case},
};

/// What the Connection fields of one message say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConnectionOptions {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
}

impl ConnectionOptions {
    /// Adds the options of one Connection field.
    pub(crate) fn add(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if is_usual(value) {
            self.keep_alive = true;
            return Ok(());
        }
        for option in list(value) {
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade = true;
            } else if !is_token(option) {
                return Err(HeadError::BadConnectionOption);
            } else if is_end_to_end(option) {
                return Err(HeadError::ForbiddenConnectionOption);
            }
        }
        Ok(())
    }
}

/// Whether naming that field in Connection is an attempt to have it removed: it concerns every hop, or only we may set it.
fn is_end_to_end(option: &[u8]) -> bool {
    match FieldId::of(option) {
        FieldId::Te
        | FieldId::Trailer
        | FieldId::Upgrade
        | FieldId::KeepAlive
        | FieldId::Http2Settings
        | FieldId::ProxyConnection
        | FieldId::ProxyAuthenticate
        | FieldId::ProxyAuthorization => false,
        FieldId::Other => is_ours_to_set(option),
        _ => true,
    }
}

/// Whether the name is one of those by which proxies tell targets about the client.
pub(crate) fn is_ours_to_set(name: &[u8]) -> bool {
    [b"x-forwarded-".as_slice(), b"x-amzn-", b"x-real-ip"]
        .iter()
        .any(|start| starts_with_ignore_case(name, start))
}

/// The fields of one message that go no further than this hop.
///
/// `Connection` itself and what it names, `Keep-Alive`, `Proxy-Connection`, `TE`, `Upgrade`, `Transfer-Encoding` and
/// `HTTP2-Settings`. Whoever wants one of them on the next hop writes it anew. `Trailer` stays, since trailers go through
/// wherever the next hop takes chunks; `Proxy-Authenticate` and `Proxy-Authorization` stay, since they are not ours.
///
/// ```
/// use clingfish_h1::HopByHop;
/// use clingfish_model::{FieldId, head::FieldLine};
///
/// let named = HopByHop::new([b"close, X-Session-Hint".as_slice()].into_iter());
/// let line = FieldLine { id: FieldId::Other, name: b"x-session-hint", value: b"1" };
/// assert!(named.removes(&line));
/// ```
#[derive(Clone, Debug)]
pub struct HopByHop<I> {
    connection: I,
    names_fields: bool,
    accepts_trailers: bool,
}

impl<'a, I: Iterator<Item = &'a [u8]> + Clone> HopByHop<I> {
    /// Takes the values of all Connection fields of a head: `HopByHop::new(head.values(FieldId::Connection))`.
    pub fn new(connection: I) -> Self {
        let mut names_fields = false;
        let mut accepts_trailers = false;
        for option in connection.clone().filter(|value| !is_usual(value)).flat_map(list) {
            accepts_trailers |= option.eq_ignore_ascii_case(b"te");
            names_fields |= !is_known_option(option);
        }
        Self { connection, names_fields, accepts_trailers }
    }

    /// Whether the field is left out of what goes to the next hop.
    pub fn removes(&self, line: &FieldLine<'_>) -> bool {
        match line.id {
            FieldId::Connection
            | FieldId::KeepAlive
            | FieldId::ProxyConnection
            | FieldId::Te
            | FieldId::Upgrade
            | FieldId::TransferEncoding
            | FieldId::Http2Settings => true,
            _ => self.names_fields && self.names(line.name),
        }
    }

    /// Whether Connection names `TE`, without which a TE field was not meant for us. `TE: trailers` may then be written
    /// for the next hop, with a Connection that names it.
    pub fn names_te(&self) -> bool {
        self.accepts_trailers
    }

    fn names(&self, name: &[u8]) -> bool {
        self.connection.clone().flat_map(list).any(|option| option.eq_ignore_ascii_case(name))
    }
}

/// Whether a value says no more than most others do, as they write it: such a one need not be taken apart.
fn is_usual(value: &[u8]) -> bool {
    matches!(value, b"keep-alive" | b"Keep-Alive")
}

/// Options that mean something by themselves, or fields that are removed anyway.
fn is_known_option(option: &[u8]) -> bool {
    [b"close".as_slice(), b"keep-alive", b"upgrade", b"te"]
        .iter()
        .any(|known| option.eq_ignore_ascii_case(known))
}

/// Whether a name turns into one that framing, routing or we depend on when underscores are read as hyphens, as CGI and
/// its descendants do: `X_Forwarded_For`, `Content_Length`. Such fields are not forwarded.
pub fn is_twin(name: &[u8]) -> bool {
    /// Longest name that is compared; none that matters is longer.
    const NAME_BYTES_MAX: usize = 32;
    if memchr::memchr(b'_', name).is_none() {
        return false;
    }
    let mut twin = [0; NAME_BYTES_MAX];
    let len = name.len().min(NAME_BYTES_MAX);
    for (to, from) in twin.iter_mut().zip(name) {
        *to = if *from == b'_' { b'-' } else { *from };
    }
    let twin = twin.get(..len).unwrap_or_default();
    FieldId::of(twin) != FieldId::Other || is_ours_to_set(twin)
}
