//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName, VIA},
};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Where a request comes from, as far as it can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Who asks, or the nearest known who passes it on.
    pub(crate) address: IpAddr,
    /// Whether somebody whom nobody trusts has passed it on, so that it may come from anywhere.
    pub(crate) is_veiled: bool,
    /// Whether everybody on its way is on this machine. Another machine's loopback is not ours.
    pub(crate) is_loopback: bool,
    /// Whether it came by TLS, to us or to the trusted proxy before us.
    pub(crate) is_tls: bool,
}

impl Peer {
    /// Looks through proxies that are trusted, and at the marks that others leave.
    pub(crate) fn of(
        connected: IpAddr,
        is_tls: bool,
        headers: &HeaderMap,
        trusted: &[IpNet],
    ) -> Self {
        let connected = connected.to_canonical();
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
        let mut peer = Self {
            address: connected,
            is_veiled: [FORWARDED, VIA, X_REAL_IP].iter().any(|name| headers.contains_key(name)),
            is_loopback: connected.is_loopback(),
            is_tls,
        };
        if !is_trusted(connected) {
            peer.is_veiled |= headers.contains_key(X_FORWARDED_FOR);
            return peer;
        }
        if let Some(proto) = headers.get(X_FORWARDED_PROTO) {
            peer.is_tls = proto.as_bytes().eq_ignore_ascii_case(b"https");
        }
        let Some(hops) = hops(headers) else {
            peer.is_veiled = true;
            return peer;
        };
        // What a proxy that is trusted says beside them is about the same hops.
        peer.is_veiled &= hops.is_empty();
        for hop in hops.into_iter().rev() {
            peer.address = hop;
            peer.is_loopback &= hop.is_loopback();
            if !is_trusted(hop) {
                break;
            }
        }
        peer
    }

    /// Whether it comes from this machine, beyond doubt.
    pub(crate) fn is_local(&self) -> bool {
        self.is_loopback && !self.is_veiled
    }
}

/// All addresses of X-Forwarded-For, the nearest last; none where one is not an address.
fn hops(headers: &HeaderMap) -> Option<Vec<IpAddr>> {
    let mut hops = Vec::new();
    for field in headers.get_all(X_FORWARDED_FOR) {
        for hop in field.to_str().ok()?.split(',') {
            hops.push(address(hop.trim())?.to_canonical());
        }
    }
    Some(hops)
}

/// With or without a port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let plain = inside.unwrap_or(text).parse().ok();
    plain.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_request_is_local_only_if_nothing_says_otherwise() {
        for (connected, fields, address, is_local) in [
            ("127.0.0.1", [].as_slice(), "127.0.0.1", true),
            ("::1", &[], "::1", true),
            ("::ffff:127.0.0.1", &[], "127.0.0.1", true),
            ("192.0.2.1", &[], "192.0.2.1", false),
            // Nobody trusts these.
            ("127.0.0.1", &[("x-forwarded-for", "127.0.0.1")], "127.0.0.1", false),
            ("127.0.0.1", &[("via", "1.1 proxy")], "127.0.0.1", false),
            ("127.0.0.1", &[("forwarded", "for=192.0.2.1")], "127.0.0.1", false),
            ("127.0.0.1", &[("x-real-ip", "192.0.2.1")], "127.0.0.1", false),
            ("192.0.2.1", &[("x-forwarded-for", "127.0.0.1")], "192.0.2.1", false),
            // These are trusted: 127.0.0.9 and 10.0.0.0/8.
            ("127.0.0.9", &[], "127.0.0.9", true),
            ("127.0.0.9", &[("x-forwarded-for", "127.0.0.1")], "127.0.0.1", true),
            ("127.0.0.9", &[("x-forwarded-for", "192.0.2.1")], "192.0.2.1", false),
            ("127.0.0.9", &[("x-forwarded-for", "127.0.0.1, 192.0.2.1")], "192.0.2.1", false),
            ("127.0.0.9", &[("x-forwarded-for", "192.0.2.1, 10.0.0.1")], "192.0.2.1", false),
            ("127.0.0.9", &[("x-forwarded-for", "127.0.0.1, 10.0.0.1")], "127.0.0.1", false),
            ("10.0.0.1", &[("x-forwarded-for", "127.0.0.1")], "127.0.0.1", false),
            ("10.0.0.1", &[("x-forwarded-for", "[2001:db8::1]:80")], "2001:db8::1", false),
            ("127.0.0.9", &[("x-forwarded-for", "unknown")], "127.0.0.9", false),
            ("127.0.0.9", &[("x-forwarded-for", "127.0.0.1,")], "127.0.0.9", false),
            ("127.0.0.9", &[("via", "1.1 proxy")], "127.0.0.9", false),
            (
                "127.0.0.9",
                &[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "127.0.0.1")],
                "127.0.0.1",
                true,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let trusted = ["127.0.0.9/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
            let peer = Peer::of(connected.parse().unwrap(), false, &headers, &trusted);
            let case = format!("{connected} {fields:?}");
            assert_eq!(peer.address, address.parse::<IpAddr>().unwrap(), "{case}");
            assert_eq!(peer.is_local(), is_local, "{case}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed_about_tls() {
        for (connected, proto, expected) in [
            ("10.0.0.1", Some("https"), true),
            ("10.0.0.1", Some("http"), false),
            ("10.0.0.1", None, false),
            ("192.0.2.1", Some("https"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(proto) = proto {
                headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
            }
            let trusted = ["10.0.0.0/8".parse().unwrap()];
            let peer = Peer::of(connected.parse().unwrap(), false, &headers, &trusted);
            assert_eq!(peer.is_tls, expected, "{connected} {proto:?}");
        }
    }
}
