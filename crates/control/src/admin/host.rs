//! Whether a request to the admin address means us.
//!
//! A page in an operator's browser may send requests to any address under a name of its own (DNS rebinding). Its Host is then
//! that name, which gives it away.

use std::net::{IpAddr, SocketAddr};

/// Whether `host` (a Host field, with or without a port) is one of the admin address `bound`, `localhost`, or in `hosts`.
///
/// Where `bound` is every address of the machine, any address is ours: a rebound name is never an address.
pub(crate) fn is_ours(host: &str, bound: SocketAddr, hosts: &[String]) -> bool {
    let Some(name) = without_port(host) else {
        return false;
    };
    if let Some(address) = address(name) {
        return address.is_loopback() || address == bound.ip() || bound.ip().is_unspecified();
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    is("localhost") || hosts.iter().any(|known| is(without_port(known).unwrap_or(known)))
}

/// An address as a Host writes it: IPv6 in brackets.
fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().filter(IpAddr::is_ipv6),
        None => name.parse().ok().filter(IpAddr::is_ipv4),
    }
}

/// What is before the port; none where the text is no host at all.
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(_) => host.split_at(host.find(']')? + 1),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
    (is_port && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_hosts_are_answered() {
        let hosts = ["ops.example".to_owned(), "lb.example:9080".to_owned()];
        let loopback = "127.0.0.1:9080";
        let everywhere = "0.0.0.0:9080";
        let one = "10.0.0.5:9080";
        for (host, bound, expected) in [
            ("127.0.0.1:9080", loopback, true),
            ("127.0.0.1", loopback, true),
            ("localhost:9080", loopback, true),
            ("LOCALHOST.", loopback, true),
            ("localhost:1", loopback, true),
            ("[::1]:9080", loopback, true),
            ("[::1]", one, true),
            ("10.0.0.5:9080", one, true),
            ("10.0.0.6:9080", one, false),
            ("10.0.0.6:9080", everywhere, true),
            ("[2001:db8::1]:9080", "[::]:9080", true),
            ("ops.example", loopback, true),
            ("Ops.Example:9080", everywhere, true),
            ("lb.example", loopback, true),
            ("evil.example:9080", loopback, false),
            ("evil.example:9080", everywhere, false),
            ("localhost.evil.example", loopback, false),
            ("127.0.0.1.evil.example", loopback, false),
            ("127.0.0.1@evil.example", loopback, false),
            ("127.0.0.1:9080:1", loopback, false),
            ("::1", loopback, false),
            ("[localhost]", loopback, false),
            ("[::1", loopback, false),
            ("[::1]x", loopback, false),
            (":9080", loopback, false),
            ("", loopback, false),
        ] {
            let bound = bound.parse().unwrap();
            assert_eq!(is_ours(host, bound, &hosts), expected, "{host:?} at {bound}");
        }
    }
}
