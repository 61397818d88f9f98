//! The key by which consistent hashing finds a client's target.

use std::net::IpAddr;

use clingfish_model::{
    FieldId, RequestHead,
    head::{split_query, without_port},
    stickiness::{HashKey, KeyName},
};

use crate::cookie;

/// Where a request comes from, as far as it may be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The client's address: the peer's, or what a trusted proxy says.
    pub client: IpAddr,
    /// The name of the client's TLS handshake, in small letters; none without TLS or without a name.
    pub tls_name: Option<&'a str>,
}

/// A key that was found: these bytes are hashed, on every instance and for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// Text as the client wrote it.
    Text(&'a [u8]),
    /// The network of an IPv4 address, 0 where the prefix ends.
    Ipv4([u8; 4]),
    /// The network of an IPv6 address, 0 where the prefix ends.
    Ipv6([u8; 16]),
}

impl Key<'_> {
    /// The bytes that are hashed.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            Self::Ipv4(octets) => octets,
            Self::Ipv6(octets) => octets,
        }
    }
}

/// Finds the key of a request. None where it has none, or an empty one: all clients without a name are not one client.
///
/// The first field, cookie or pair of that name counts, byte for byte; escapes are not resolved. `origin` is asked only where the
/// key is in it. The field `Host` is the host that was asked for, whatever the version of HTTP, without the port.
pub fn find_key<'a>(
    head: RequestHead<'a>,
    key: &HashKey,
    origin: impl FnOnce() -> Origin<'a>,
) -> Option<Key<'a>> {
    let text = match key {
        HashKey::ClientAddress(prefixes) => {
            return Some(match prefixes.mask(origin().client) {
                IpAddr::V4(ip) => Key::Ipv4(ip.octets()),
                IpAddr::V6(ip) => Key::Ipv6(ip.octets()),
            });
        }
        HashKey::TlsName => origin().tls_name?.as_bytes(),
        HashKey::Header(name) => header(head, name)?,
        HashKey::Cookie(name) => {
            let mut pairs = head.values(FieldId::Cookie).flat_map(cookie::pairs);
            pairs.find(|pair| pair.name == name.as_str().as_bytes())?.value
        }
        HashKey::Query(name) => {
            let query = split_query(head.path_and_query()).1;
            let mut pairs = query.split(|c| *c == b'&').map(|pair| split_at(pair, b'='));
            pairs.find(|(key, _)| *key == name.as_str().as_bytes())?.1
        }
        HashKey::PathSegment(nth) => {
            let path = split_query(head.path_and_query()).0;
            path.split(|c| *c == b'/').nth(usize::from(nth.get()))?
        }
    };
    (!text.is_empty()).then_some(Key::Text(text))
}

fn header<'a>(head: RequestHead<'a>, name: &KeyName) -> Option<&'a [u8]> {
    let name = name.as_str().as_bytes();
    if name.eq_ignore_ascii_case(FieldId::Host.name()) {
        return Some(without_port(head.authority()));
    }
    head.fields().find(|line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value)
}

/// What stands before the first `at`, and what behind it.
fn split_at(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    let end = memchr::memchr(at, bytes).unwrap_or(bytes.len());
    (bytes.get(..end).unwrap_or(bytes), bytes.get(end + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use clingfish_model::{Field, Span, head::RequestParts};

    use super::*;

    const ORIGIN: Origin<'static> =
        Origin { client: IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7)), tls_name: None };

    /// A head of that path and these fields, each `name: value`.
    fn head(path: &str, fields: &[&str]) -> (Vec<u8>, RequestParts) {
        let mut parts = RequestParts::default();
        let mut bytes = path.as_bytes().to_vec();
        parts.path_and_query = Span::new(0, path.len());
        for field in fields {
            let (name, value) = field.split_once(": ").unwrap();
            let name_at = Span::new(bytes.len(), name.len());
            bytes.extend_from_slice(name.as_bytes());
            let value_at = Span::new(bytes.len(), value.len());
            bytes.extend_from_slice(value.as_bytes());
            if name == "Host" {
                parts.authority = value_at;
            }
            let id = FieldId::of(name.as_bytes());
            parts.fields.push(Field { name: name_at, value: value_at, id });
        }
        (bytes, parts)
    }

    #[test]
    fn a_key_is_found_where_it_is_said_to_be() {
        let fields = [
            "Host: shop.example:81",
            "x-user: ada",
            "X-User: eve",
            "Cookie: a=1; uid=u7",
            "Cookie: uid=u8; empty=",
        ];
        let (bytes, parts) = head("/chat/rooms/blue?x=1&room=a%20b&room=c", &fields);
        for (key, expected) in [
            ("header:X-User", Some("ada")),
            ("header:host", Some("shop.example")),
            ("header:X-Other", None),
            ("cookie:uid", Some("u7")),
            ("cookie:UID", None),
            ("cookie:empty", None),
            ("query:room", Some("a%20b")),
            ("query:ROOM", None),
            ("path:1", Some("chat")),
            ("path:3", Some("blue")),
            ("path:4", None),
            ("tls_name", None),
        ] {
            let wanted = HashKey::parse(key).unwrap();
            let found = find_key(RequestHead::new(&bytes, &parts), &wanted, || ORIGIN);
            assert_eq!(found, expected.map(|text| Key::Text(text.as_bytes())), "{key}");
        }
    }

    #[test]
    fn the_segment_behind_a_last_slash_is_none() {
        let (bytes, parts) = head("/chat/", &[]);
        let second = HashKey::parse("path:2").unwrap();
        assert_eq!(find_key(RequestHead::new(&bytes, &parts), &second, || ORIGIN), None);
    }

    #[test]
    fn an_address_is_the_octets_of_its_network_and_a_name_its_letters() {
        let (bytes, parts) = head("/", &[]);
        let head = RequestHead::new(&bytes, &parts);
        let client = HashKey::parse("client").unwrap();
        let find = |key: &HashKey, origin| find_key(head, key, move || origin);
        assert_eq!(find(&client, ORIGIN), Some(Key::Ipv4([203, 0, 113, 7])));
        let from =
            Origin { client: "2001:db8::1:2:3:4".parse().unwrap(), tls_name: Some("a.example") };
        let octets = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(find(&client, from), Some(Key::Ipv6(octets)));
        assert_eq!(find(&HashKey::TlsName, from), Some(Key::Text(b"a.example")));
    }
}
