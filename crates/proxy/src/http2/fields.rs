//! Fields as the `http` crate has them, and as everybody else here has them: lines, and positions in a run of bytes.

use clingfish_h1::{HeadError, body, downgrade, write};
use clingfish_model::{Field, FieldId, Span, head::Fields};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Field lines, each `name: value` with its line end, as HTTP/2 sends them.
///
/// Each value is a copy of its own: parts of one that is shared are counted by atomic steps, of which each costs as much as a copy.
///
/// The lines come from a head that was read, or are ours; what is no field of HTTP/2 nevertheless (RFC 9113 section 8.2.2) is left out.
pub(crate) fn of_lines(lines: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(memchr::memchr_iter(b'\n', lines).count());
    let mut at = 0;
    while let Some(rest) = lines.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        if let Some((name, value)) = line(rest.get(..len).unwrap_or_default()) {
            // It fails beyond 32,768 fields only, far above the limit on heads.
            let _ = map.try_append(name, value);
        }
        at += len;
    }
    map
}

fn line(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = memchr::memchr(b':', line)?;
    let name = line.get(..colon)?;
    let id = FieldId::of(name);
    // Nobody but us looks at what we send.
    if downgrade::is_of_connection(id) {
        return None;
    }
    let name = self::name(id, name)?;
    let mut value = HeaderValue::from_bytes(value(line.get(colon + 1..)?)).ok()?;
    // No value comes twice: kept for later reference (RFC 7541 section 2.3.2) it would push out those that do, and be compared with
    // each that follows.
    value.set_sensitive(id == FieldId::XAmznTraceId);
    Some((name, value))
}

/// The value in the rest of a line behind its colon.
fn value(rest: &[u8]) -> &[u8] {
    match rest {
        [b' ', value @ .., b'\r', b'\n'] => value.trim_ascii(),
        _ => rest.trim_ascii(),
    }
}

/// A name: those that most requests have without a look at each byte, and those that `http` does not know without a copy.
fn name(id: FieldId, name: &[u8]) -> Option<HeaderName> {
    static TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
    static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    static FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
    static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
    static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
    static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
    static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
    static GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
    static GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
    Some(match (id, name) {
        (FieldId::Te, _) => header::TE,
        (FieldId::Date, _) => header::DATE,
        (FieldId::Cookie, _) => header::COOKIE,
        (FieldId::Server, _) => header::SERVER,
        (FieldId::SetCookie, _) => header::SET_COOKIE,
        (FieldId::UserAgent, _) => header::USER_AGENT,
        (FieldId::ContentType, _) => header::CONTENT_TYPE,
        (FieldId::CacheControl, _) => header::CACHE_CONTROL,
        (FieldId::ContentLength, _) => header::CONTENT_LENGTH,
        (FieldId::XAmznTraceId, _) => TRACE_ID.clone(),
        (FieldId::XForwardedFor, _) => FORWARDED_FOR.clone(),
        (FieldId::XForwardedPort, _) => FORWARDED_PORT.clone(),
        (FieldId::XForwardedProto, _) => FORWARDED_PROTO.clone(),
        (FieldId::Other, b"grpc-status") => GRPC_STATUS.clone(),
        (FieldId::Other, b"grpc-message") => GRPC_MESSAGE.clone(),
        (FieldId::Other, b"grpc-timeout") => GRPC_TIMEOUT.clone(),
        (FieldId::Other, b"grpc-encoding") => GRPC_ENCODING.clone(),
        (FieldId::Other, b"grpc-accept-encoding") => GRPC_ACCEPT_ENCODING.clone(),
        _ => HeaderName::from_bytes(name).ok()?,
    })
}

/// Those of a message's trailers that may go further.
pub(crate) fn trailers(map: Option<HeaderMap>) -> HeaderMap {
    let map = map.unwrap_or_default();
    let goes_on = |(name, value): &(&HeaderName, &HeaderValue)| {
        let name = name.as_str().as_bytes();
        body::may_trail(name) && downgrade::judge_field(name, value.as_bytes()).is_ok()
    };
    if map.iter().all(|field| goes_on(&field)) {
        return map;
    }
    let mut rest = HeaderMap::new();
    for (name, value) in map.iter().filter(goes_on) {
        // As in `of_lines`.
        let _ = rest.try_append(name, value.clone());
    }
    rest
}

/// Fields as lines.
pub(crate) fn to_lines(map: &HeaderMap) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in map {
        write::field(&mut out, name.as_str().as_bytes(), value.as_bytes());
    }
    out
}

/// Writes the fields of a map one after the other, and notes where they are. Cookie fields, which HTTP/2 may send in crumbs, become one
/// behind all others (RFC 9113 section 8.2.3).
pub(crate) struct Placing<'p> {
    bytes: &'p mut Vec<u8>,
    fields: &'p mut Fields,
    bytes_max: usize,
    has_cookie: bool,
}

impl<'p> Placing<'p> {
    /// Into `bytes` and `fields`, which are emptied. No name and value may have more than `bytes_max` together.
    pub(crate) fn begin(bytes: &'p mut Vec<u8>, fields: &'p mut Fields, bytes_max: usize) -> Self {
        bytes.clear();
        fields.clear();
        Self { bytes, fields, bytes_max, has_cookie: false }
    }

    /// Takes the next field of the map.
    pub(crate) fn take(&mut self, id: FieldId, name: &[u8], value: &[u8]) -> Result<(), HeadError> {
        if name.len() + value.len() > self.bytes_max {
            return Err(HeadError::FieldTooLarge);
        }
        if id == FieldId::Cookie {
            self.has_cookie = true;
        } else {
            let (name, value) = (append(name, self.bytes), append(value, self.bytes));
            self.fields.push(Field { name, value, id });
        }
        Ok(())
    }

    /// Writes what is left, once all fields of that map have been taken.
    pub(crate) fn finish(self, map: &HeaderMap) {
        if !self.has_cookie {
            return;
        }
        let name = append(b"cookie", self.bytes);
        let start = self.bytes.len();
        for (at, crumb) in map.get_all(header::COOKIE).iter().enumerate() {
            if at > 0 {
                self.bytes.extend_from_slice(b"; ");
            }
            self.bytes.extend_from_slice(crumb.as_bytes());
        }
        let value = Span::new(start, self.bytes.len() - start);
        self.fields.push(Field { name, value, id: FieldId::Cookie });
    }
}

/// Appends a text, and says where it is.
pub(crate) fn append(text: &[u8], bytes: &mut Vec<u8>) -> Span {
    let start = bytes.len();
    bytes.extend_from_slice(text);
    Span::new(start, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_fields_and_lines_again() {
        let lines = b"Date: now\r\nKeep-Alive: timeout=5\r\nConnection: close\r\nSet-Cookie: a=1\r\nset-cookie:  b=2 \r\nX-Empty: \r\n";
        let map = of_lines(lines);
        let cookies: Vec<_> =
            map.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(map["x-empty"], "");
        assert_eq!(map.len(), 4, "{map:?}");
        let rest = trailers(Some(map));
        let late = "what rooms look at comes too late in trailers";
        assert_eq!(to_lines(&rest), b"x-empty: \r\n", "{late}");
        assert_eq!(trailers(Some(rest.clone())), rest);
        assert_eq!(trailers(None), HeaderMap::new());
    }

    #[test]
    fn crumbs_of_a_cookie_are_joined() {
        let map = of_lines(b"cookie: a=1\r\naccept: */*\r\ncookie: b=2\r\n");
        let (mut bytes, mut fields) = (Vec::new(), Fields::default());
        let mut placing = Placing::begin(&mut bytes, &mut fields, 9);
        for (name, value) in &map {
            let name = name.as_str().as_bytes();
            placing.take(FieldId::of(name), name, value.as_bytes()).unwrap();
        }
        assert_eq!(placing.take(FieldId::Other, b"abcde", b"12345"), Err(HeadError::FieldTooLarge));
        placing.finish(&map);
        let cookies: Vec<_> = fields.with(FieldId::Cookie).map(|f| f.value.of(&bytes)).collect();
        assert_eq!(cookies, [b"a=1; b=2".as_slice()]);
        assert_eq!(fields.all().len(), 2);
    }
}
