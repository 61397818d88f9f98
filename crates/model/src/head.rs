//! A message head in one form, whatever version of HTTP brought it.
//!
//! A head is a run of bytes plus positions in them. The positions ([`RequestParts`], [`ResponseParts`]) hold no borrow,
//! so that a worker can use the same ones for request after request; [`RequestHead`] and [`ResponseHead`] join both for reading.

mod name;

use std::fmt;

use name::Pattern;

/// A run of bytes inside a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// The run of `len` bytes from `start` on. Heads are far below 4 GiB; longer runs are cut.
    pub fn new(start: usize, len: usize) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: narrow(start), len: narrow(len) }
    }

    /// The bytes; empty where the span is of another head.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// First byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    /// Whether it has no byte.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// One field line: where its name and value are, and which field it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name as received.
    pub name: Span,
    /// The value without surrounding white space.
    pub value: Span,
    /// Which field, for those that we look at.
    pub id: FieldId,
}

/// The fields of a head, in order.
///
/// It knows which of those that we look at are there: most that are asked for are not, and then none is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    list: Vec<Field>,
    /// A bit for each id.
    there: u64,
}

impl Fields {
    /// Adds one behind the others.
    pub fn push(&mut self, field: Field) {
        self.there |= field.id.bit();
        self.list.push(field);
    }

    /// Takes all of them out.
    pub fn clear(&mut self) {
        self.there = 0;
        self.list.clear();
    }

    /// All of them.
    pub fn all(&self) -> &[Field] {
        &self.list
    }

    /// Those with that id.
    pub fn with(&self, id: FieldId) -> impl Iterator<Item = &Field> + Clone {
        let some: &[Field] = if self.there & id.bit() == 0 { &[] } else { &self.list };
        some.iter().filter(move |field| field.id == id)
    }

    fn lines<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = FieldLine<'a>> + Clone {
        self.list.iter().map(move |field| FieldLine {
            id: field.id,
            name: field.name.of(bytes),
            value: field.value.of(bytes),
        })
    }

    fn values<'a>(
        &'a self,
        bytes: &'a [u8],
        id: FieldId,
    ) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.with(id).map(move |field| field.value.of(bytes))
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(all: I) -> Self {
        let mut fields = Self::default();
        all.into_iter().for_each(|field| fields.push(field));
        fields
    }
}

macro_rules! field_ids {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)?) => {
        /// The fields that some room looks at; every other is [`FieldId::Other`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum FieldId {
            $(#[doc = $text] $variant,)*
            /// Any other field: goes through untouched.
            Other,
        }

        impl FieldId {
            /// Every field that some room looks at.
            pub const KNOWN: &[Self] = &[$(Self::$variant),*];

            /// In the order of the variants.
            const PATTERNS: &[Pattern] = &[$(Pattern::of($text.as_bytes())),*];

            /// Its name in lower case; empty for [`Self::Other`].
            pub const fn name(self) -> &'static [u8] {
                match self {
                    $(Self::$variant => $text.as_bytes(),)*
                    Self::Other => b"",
                }
            }
        }
    };
}

field_ids! {
    Te = "te",
    Age = "age",
    Date = "date",
    Host = "host",
    Allow = "allow",
    Cookie = "cookie",
    Expect = "expect",
    Origin = "origin",
    Server = "server",
    Pragma = "pragma",
    Expires = "expires",
    Trailer = "trailer",
    Upgrade = "upgrade",
    Location = "location",
    Forwarded = "forwarded",
    Connection = "connection",
    KeepAlive = "keep-alive",
    SetCookie = "set-cookie",
    UserAgent = "user-agent",
    ContentType = "content-type",
    CacheControl = "cache-control",
    Authorization = "authorization",
    Http2Settings = "http2-settings",
    ContentLength = "content-length",
    XForwardedFor = "x-forwarded-for",
    XAmznTraceId = "x-amzn-trace-id",
    XForwardedHost = "x-forwarded-host",
    XForwardedPort = "x-forwarded-port",
    ProxyConnection = "proxy-connection",
    XForwardedProto = "x-forwarded-proto",
    TransferEncoding = "transfer-encoding",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    SecWebSocketKey = "sec-websocket-key",
}

impl FieldId {
    const fn bit(self) -> u64 {
        const { assert!((Self::Other as u32) < u64::BITS, "a bit for each id") };
        1 << self as u32
    }

    /// Finds the field of that name, in any case.
    pub fn of(name: &[u8]) -> Self {
        let id = PLACES.get(name::place(name)).copied().unwrap_or(Self::Other);
        let fits = Self::PATTERNS.get(id as usize).is_some_and(|pattern| pattern.fits(name));
        if fits { id } else { Self::Other }
    }
}

/// Which field a name can be, by its [place](name::place): one at the most, so that one look is enough.
static PLACES: [FieldId; name::PLACES] = {
    let mut places = [FieldId::Other; name::PLACES];
    let mut rest = FieldId::KNOWN;
    while let [id, others @ ..] = rest {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
        let place = &mut places[name::place(id.name())];
        assert!(matches!(place, FieldId::Other), "two names have one place");
        *place = *id;
        rest = others;
    }
    places
};

/// The version of HTTP that a message speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As a request line has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The methods that framing and retries depend on. Compared byte for byte: methods are case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
    /// TRACE.
    Trace,
    /// CONNECT.
    Connect,
    /// Anything else, PATCH included.
    Other,
}

impl Method {
    /// Finds the method of that name.
    pub fn of(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether doing it twice is as doing it once (RFC 9110 section 9.2.2).
    pub fn is_idempotent(self) -> bool {
        matches!(
            self,
            Self::Get | Self::Head | Self::Put | Self::Delete | Self::Options | Self::Trace
        )
    }
}

/// Positions in a request head.
#[derive(Clone, Debug)]
pub struct RequestParts {
    /// The method.
    pub method: Method,
    /// Where the method's name is.
    pub method_name: Span,
    /// Path and query for the target, never empty: `/x?y`, or `*`.
    pub path_and_query: Span,
    /// Path and query as the client sent them, where normalising has changed them.
    pub sent_path_and_query: Option<Box<[u8]>>,
    /// Host and port that the client asked for, from `:authority`, absolute form or Host; empty where none was sent.
    pub authority: Span,
    /// The client's version.
    pub version: Version,
    /// All fields in order.
    pub fields: Fields,
}

impl Default for RequestParts {
    fn default() -> Self {
        Self {
            method: Method::Get,
            method_name: Span::default(),
            path_and_query: Span::default(),
            sent_path_and_query: None,
            authority: Span::default(),
            version: Version::Http11,
            fields: Fields::default(),
        }
    }
}

/// Positions in a response head.
#[derive(Clone, Debug)]
pub struct ResponseParts {
    /// 100 to 999.
    pub status: u16,
    /// The reason phrase, possibly empty.
    pub reason: Span,
    /// The target's version.
    pub version: Version,
    /// All fields in order.
    pub fields: Fields,
}

impl Default for ResponseParts {
    fn default() -> Self {
        Self {
            status: 200,
            reason: Span::default(),
            version: Version::Http11,
            fields: Fields::default(),
        }
    }
}

/// A request head for reading.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    bytes: &'a [u8],
    parts: &'a RequestParts,
}

impl<'a> RequestHead<'a> {
    /// Joins positions with the bytes that they are of.
    pub fn new(bytes: &'a [u8], parts: &'a RequestParts) -> Self {
        Self { bytes, parts }
    }

    /// The method.
    pub fn method(self) -> Method {
        self.parts.method
    }

    /// The method's name as received.
    pub fn method_name(self) -> &'a [u8] {
        self.parts.method_name.of(self.bytes)
    }

    /// Path and query as rules and targets get them: in normal form, unless that is off.
    pub fn path_and_query(self) -> &'a [u8] {
        self.parts.path_and_query.of(self.bytes)
    }

    /// Path and query as the client sent them, for the log.
    pub fn sent_path_and_query(self) -> &'a [u8] {
        self.parts.sent_path_and_query.as_deref().unwrap_or_else(|| self.path_and_query())
    }

    /// Host and port that the client asked for; empty where none was sent.
    pub fn authority(self) -> &'a [u8] {
        self.parts.authority.of(self.bytes)
    }

    /// The client's version.
    pub fn version(self) -> Version {
        self.parts.version
    }

    /// All fields in order.
    pub fn fields(self) -> impl Iterator<Item = FieldLine<'a>> + Clone {
        self.parts.fields.lines(self.bytes)
    }

    /// The values of one field, in order.
    pub fn values(self, id: FieldId) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.parts.fields.values(self.bytes, id)
    }

    /// The first value of one field.
    pub fn value(self, id: FieldId) -> Option<&'a [u8]> {
        self.values(id).next()
    }
}

/// A response head for reading.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    bytes: &'a [u8],
    parts: &'a ResponseParts,
}

impl<'a> ResponseHead<'a> {
    /// Joins positions with the bytes that they are of.
    pub fn new(bytes: &'a [u8], parts: &'a ResponseParts) -> Self {
        Self { bytes, parts }
    }

    /// 100 to 999.
    pub fn status(self) -> u16 {
        self.parts.status
    }

    /// The reason phrase, possibly empty.
    pub fn reason(self) -> &'a [u8] {
        self.parts.reason.of(self.bytes)
    }

    /// The target's version.
    pub fn version(self) -> Version {
        self.parts.version
    }

    /// All fields in order.
    pub fn fields(self) -> impl Iterator<Item = FieldLine<'a>> + Clone {
        self.parts.fields.lines(self.bytes)
    }

    /// The values of one field, in order.
    pub fn values(self, id: FieldId) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.parts.fields.values(self.bytes, id)
    }

    /// The first value of one field.
    pub fn value(self, id: FieldId) -> Option<&'a [u8]> {
        self.values(id).next()
    }
}

/// `host` of `host:port` and `[v6]:port`.
pub fn without_port(authority: &[u8]) -> &[u8] {
    // Backwards: most hosts have no port and end in a letter.
    let last = authority.iter().rposition(|c| !c.is_ascii_digit());
    match last.and_then(|last| authority.split_at_checked(last)) {
        Some((host, [b':', ..])) => host,
        _ => authority,
    }
}

/// Path, and query without its question mark.
pub fn split_query(path_and_query: &[u8]) -> (&[u8], &[u8]) {
    let at = path_and_query.iter().position(|c| *c == b'?').unwrap_or(path_and_query.len());
    let (path, query) = path_and_query.split_at_checked(at).unwrap_or((path_and_query, b""));
    (path, query.get(1..).unwrap_or_default())
}

/// One field line for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLine<'a> {
    /// Which field.
    pub id: FieldId,
    /// The name as received.
    pub name: &'a [u8],
    /// The value without surrounding white space.
    pub value: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_found_in_any_case() {
        for (name, id) in [
            ("Host", FieldId::Host),
            ("SET-COOKIE", FieldId::SetCookie),
            ("x-amzn-trace-id", FieldId::XAmznTraceId),
            ("hosts", FieldId::Other),
            ("", FieldId::Other),
        ] {
            assert_eq!(FieldId::of(name.as_bytes()), id, "{name}");
        }
    }

    #[test]
    fn every_known_field_is_found_by_its_name() {
        for id in FieldId::KNOWN {
            assert_eq!(FieldId::of(id.name()), *id);
            assert_eq!(FieldId::of(&id.name().to_ascii_uppercase()), *id);
        }
    }

    #[test]
    fn fields_are_found_by_their_ids_and_those_that_are_not_there_are_not() {
        let field = |id: FieldId| Field { name: Span::default(), value: Span::default(), id };
        let ids = FieldId::KNOWN.iter().chain([&FieldId::Other]);
        for there in ids.clone() {
            let mut fields: Fields = [field(*there), field(*there)].into_iter().collect();
            for id in ids.clone() {
                let expected = if id == there { 2 } else { 0 };
                assert_eq!(fields.with(*id).count(), expected, "{id:?} in {there:?}");
            }
            fields.clear();
            assert_eq!((fields.with(*there).count(), fields.all().len()), (0, 0), "{there:?}");
        }
    }

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        for (authority, host) in [
            ("shop.example", "shop.example"),
            ("shop.example:8080", "shop.example"),
            ("shop.example:", "shop.example"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:80", "10.0.0.1"),
            ("4", "4"),
            ("", ""),
        ] {
            assert_eq!(without_port(authority.as_bytes()), host.as_bytes(), "{authority}");
        }
    }

    #[test]
    fn a_span_of_another_head_is_empty() {
        assert_eq!(Span::new(3, 9).of(b"short"), b"");
        assert_eq!(Span::new(1, 2).of(b"short"), b"ho");
    }
}
