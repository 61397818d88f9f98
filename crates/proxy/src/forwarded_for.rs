//! Who the client is behind proxies that are trusted.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The client's address by the X-Forwarded-For that a trusted proxy sent: the last one that is not a trusted proxy's itself, or
/// the first where all are. What stands before something that is no address does not count. None where there is none.
pub(crate) fn client<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let addresses = values.flat_map(|value| value.split(|c| *c == b','));
    let addresses = addresses.map(<[u8]>::trim_ascii).filter(|text| !text.is_empty());
    addresses.fold(None, |client: Option<IpAddr>, text| {
        let address = address(text)?;
        let is_proxy = trusted.iter().any(|network| network.contains(&address));
        // From left to right, which finds the same: whoever is no proxy replaces all before.
        client.filter(|_| is_proxy).or(Some(address))
    })
}

/// An address with or without a port; of IPv6 with or without brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse().ok().map(|at: SocketAddr| at.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for (values, expected) in [
            (&["203.0.113.7"][..], Some("203.0.113.7")),
            (&["198.51.100.1, 203.0.113.7"], Some("203.0.113.7")),
            (&["203.0.113.7, 10.0.0.1, 10.0.0.2"], Some("203.0.113.7")),
            (&["198.51.100.1", "203.0.113.7,10.0.0.1"], Some("203.0.113.7")),
            (&["10.0.0.3, 10.0.0.4"], Some("10.0.0.3")),
            (&["203.0.113.7:4711, [fd00::1]:80, [fd00::2]"], Some("203.0.113.7")),
            (&["2001:db8::7"], Some("2001:db8::7")),
            (&["::ffff:203.0.113.7"], Some("203.0.113.7")),
            (&["203.0.113.7, unknown, 10.0.0.1"], Some("10.0.0.1")),
            (&["203.0.113.7, _hidden"], None),
            (&[" , "], None),
            (&[], None),
        ] {
            let found = client(values.iter().map(|value| value.as_bytes()), &trusted);
            assert_eq!(found, expected.map(|text| text.parse().unwrap()), "{values:?}");
        }
    }
}
