//! Fields as the `http` crate has them, and as everybody else here has them: lines, and positions in a run of bytes.

use bytes::Bytes;
use clingfish_h1::{body, downgrade, write};
use clingfish_model::{Field, FieldId, Span};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Field lines, each `name: value` with its line end, as HTTP/2 sends them. One copy of the bytes serves all values.
///
/// The lines come from a head that was read, or are ours; what is no field nevertheless is left out.
pub(crate) fn of_lines(lines: &[u8]) -> HeaderMap {
    let bytes = Bytes::copy_from_slice(lines);
    let mut map = HeaderMap::with_capacity(16);
    let mut at = 0;
    while let Some(rest) = lines.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        if let Some((name, value)) = line(rest.get(..len).unwrap_or_default(), at, &bytes) {
            // It fails beyond 32,768 fields only, far above the limit on heads.
            let _ = map.try_append(name, value);
        }
        at += len;
    }
    map
}

fn line(line: &[u8], at: usize, bytes: &Bytes) -> Option<(HeaderName, HeaderValue)> {
    let colon = memchr::memchr(b':', line)?;
    let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
    let value = line.get(colon + 1..)?;
    let start = at + colon + 1 + (value.len() - value.trim_ascii_start().len());
    let end = start + value.trim_ascii().len();
    let mut value = HeaderValue::from_maybe_shared(bytes.slice(start..end)).ok()?;
    // No value comes twice: kept for later reference (RFC 7541 section 2.3.2) it would push out those that do, and be compared with
    // each that follows.
    value.set_sensitive(name.as_str() == "x-amzn-trace-id");
    Some((name, value))
}

/// Trailers as lines, those that may go further.
pub(crate) fn trailers(map: Option<HeaderMap>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in map.iter().flatten() {
        let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
        if body::may_trail(name) && downgrade::judge_trailers([(name, value)]).is_ok() {
            write::field(&mut out, name, value);
        }
    }
    out
}

/// Appends names and values to `bytes`, and notes where they are. Cookie fields, which HTTP/2 may send in crumbs, become one
/// (RFC 9113 section 8.2.3).
pub(crate) fn place(map: &HeaderMap, bytes: &mut Vec<u8>, fields: &mut Vec<Field>) {
    fields.clear();
    for (name, value) in map {
        let id = FieldId::of(name.as_str().as_bytes());
        if id != FieldId::Cookie {
            let name = append(name.as_str().as_bytes(), bytes);
            let value = append(value.as_bytes(), bytes);
            fields.push(Field { name, value, id });
        }
    }
    let mut crumbs = map.get_all(http::header::COOKIE).iter();
    let Some(first) = crumbs.next() else { return };
    let name = append(b"cookie", bytes);
    let start = bytes.len();
    bytes.extend_from_slice(first.as_bytes());
    for crumb in crumbs {
        bytes.extend_from_slice(b"; ");
        bytes.extend_from_slice(crumb.as_bytes());
    }
    let value = Span::new(start, bytes.len() - start);
    fields.push(Field { name, value, id: FieldId::Cookie });
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
        let lines = b"Date: now\r\nSet-Cookie: a=1\r\nset-cookie:  b=2 \r\nX-Empty: \r\n";
        let map = of_lines(lines);
        let cookies: Vec<_> =
            map.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(cookies, ["a=1", "b=2"]);
        assert_eq!(map["x-empty"], "");
        let out = trailers(Some(map));
        assert_eq!(out, b"x-empty: \r\n", "what rooms look at comes too late in trailers");
    }

    #[test]
    fn crumbs_of_a_cookie_are_joined() {
        let map = of_lines(b"cookie: a=1\r\naccept: */*\r\ncookie: b=2\r\n");
        let (mut bytes, mut fields) = (Vec::new(), Vec::new());
        place(&map, &mut bytes, &mut fields);
        let cookies: Vec<_> =
            fields.iter().filter(|f| f.id == FieldId::Cookie).map(|f| f.value.of(&bytes)).collect();
        assert_eq!(cookies, [b"a=1; b=2".as_slice()]);
        assert_eq!(fields.len(), 2);
    }
}
