//! Stickiness without memory: a key of the request has a target, which consistent hashing finds anew each time.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU8,
    ops::RangeInclusive,
};

use super::is_token;

/// All requests with the same key go to the same target, as long as it is there and well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashAffinity {
    /// What the key is.
    pub key: HashKey,
    /// How uneven the load may get before keys leave their target; none is without bound.
    pub load_factor: Option<LoadFactor>,
}

/// What of a request says where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HashKey {
    /// The client's address, as the peer or a trusted proxy has it. ELBv2: `stickiness.type = source_ip`.
    ClientAddress(Prefixes),
    /// The value of the first field of that name.
    Header(KeyName),
    /// The value of the first cookie of that name.
    Cookie(KeyName),
    /// The value of the first pair of that name in the query, as it is written.
    Query(KeyName),
    /// A segment of the path in normal form, counted from 1.
    PathSegment(NonZeroU8),
    /// The name that the client asked for in its TLS handshake.
    TlsName,
}

/// How many bits of a client's address count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    ipv4: u8,
    ipv6: u8,
}

/// The name of a field, a cookie or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(Box<str>);

/// How many times the average of its peers a target may have in flight, in percent.
///
/// From 101 to 1000: 125 means a quarter more than the average. HAProxy: `hash-balance-factor`. The smaller, the more even,
/// and the more requests leave their home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadFactor(u16);

/// Why there is no such key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHashKey {
    /// RFC 9110 token.
    #[error("a name is 1 to 64 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// Parameters have a wider alphabet, but would have to be encoded beyond this.
    #[error("a query parameter is 1 to 64 letters, digits and -._~")]
    Query,
    /// Counted from 1.
    #[error("path segments are counted from 1 to 255")]
    Segment,
    /// None of ours.
    #[error("that is no key of a request")]
    Unknown,
}

impl HashKey {
    /// Reads `header:X-User`, `cookie:uid`, `query:room`, `path:2`, `tls_name` or `client`.
    pub fn parse(text: &str) -> Result<Self, BadHashKey> {
        match text.split_once(':') {
            None if text == "client" => Ok(Self::ClientAddress(Prefixes::default())),
            None if text == "tls_name" => Ok(Self::TlsName),
            Some(("header", name)) => KeyName::new(name).map(Self::Header),
            Some(("cookie", name)) => KeyName::new(name).map(Self::Cookie),
            Some(("query", name)) => {
                let is_unreserved = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
                let name = KeyName::new(name).ok();
                let name = name.filter(|name| name.as_str().bytes().all(is_unreserved));
                name.map(Self::Query).ok_or(BadHashKey::Query)
            }
            Some(("path", nth)) => {
                let nth = nth.parse().map_err(|_| BadHashKey::Segment)?;
                Ok(Self::PathSegment(nth))
            }
            _ => Err(BadHashKey::Unknown),
        }
    }
}

impl KeyName {
    /// Longest, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// Refuses what no field and no cookie is called.
    pub fn new(name: &str) -> Result<Self, BadHashKey> {
        let fits = (1..=Self::BYTES_MAX).contains(&name.len()) && name.bytes().all(is_token);
        if fits { Ok(Self(name.into())) } else { Err(BadHashKey::Name) }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Prefixes {
    /// Bits of an IPv4 address that may count.
    pub const IPV4: RangeInclusive<u8> = 1..=32;
    /// Bits of an IPv6 address that may count.
    pub const IPV6: RangeInclusive<u8> = 1..=128;

    /// None where either is out of its range.
    pub fn new(ipv4: u8, ipv6: u8) -> Option<Self> {
        (Self::IPV4.contains(&ipv4) && Self::IPV6.contains(&ipv6)).then_some(Self { ipv4, ipv6 })
    }

    /// Of an IPv4 address, 32 by default.
    pub fn ipv4(self) -> u8 {
        self.ipv4
    }

    /// Of an IPv6 address, 64 by default: one network has those, and its hosts take new addresses in it each day.
    pub fn ipv6(self) -> u8 {
        self.ipv6
    }

    /// The address with all bits 0 that do not count. An IPv4 address that is written as one of IPv6 is one of IPv4.
    pub fn mask(self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(ip) => {
                let drops = u32::BITS.saturating_sub(self.ipv4.into());
                Ipv4Addr::from_bits(ip.to_bits() >> drops << drops).into()
            }
            IpAddr::V6(ip) => {
                let drops = u128::BITS.saturating_sub(self.ipv6.into());
                Ipv6Addr::from_bits(ip.to_bits() >> drops << drops).into()
            }
        }
    }
}

impl Default for Prefixes {
    fn default() -> Self {
        Self { ipv4: 32, ipv6: 64 }
    }
}

impl LoadFactor {
    /// What a factor may be, in percent.
    pub const PERCENTS: RangeInclusive<u16> = 101..=1000;

    /// None where it is out of [`Self::PERCENTS`].
    pub fn from_percent(percent: u16) -> Option<Self> {
        Self::PERCENTS.contains(&percent).then_some(Self(percent))
    }

    /// The factor in percent.
    pub fn percent(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_above_one() {
        for (percent, is_legal) in
            [(0, false), (100, false), (101, true), (1000, true), (1001, false)]
        {
            assert_eq!(LoadFactor::from_percent(percent).is_some(), is_legal, "{percent}");
        }
    }

    #[test]
    fn a_key_is_a_place_and_a_name() {
        let name = |name| KeyName::new(name).unwrap();
        for (text, expected) in [
            ("client", Ok(HashKey::ClientAddress(Prefixes { ipv4: 32, ipv6: 64 }))),
            ("tls_name", Ok(HashKey::TlsName)),
            ("header:X-User", Ok(HashKey::Header(name("X-User")))),
            ("cookie:uid", Ok(HashKey::Cookie(name("uid")))),
            ("query:room", Ok(HashKey::Query(name("room")))),
            ("path:2", Ok(HashKey::PathSegment(NonZeroU8::MIN.saturating_add(1)))),
            ("path:0", Err(BadHashKey::Segment)),
            ("path:256", Err(BadHashKey::Segment)),
            ("path", Err(BadHashKey::Unknown)),
            ("header:", Err(BadHashKey::Name)),
            ("header:X User", Err(BadHashKey::Name)),
            ("cookie:a=b", Err(BadHashKey::Name)),
            ("query:a&b", Err(BadHashKey::Query)),
            ("query:", Err(BadHashKey::Query)),
            ("Header:X-User", Err(BadHashKey::Unknown)),
            ("client:1", Err(BadHashKey::Unknown)),
            ("", Err(BadHashKey::Unknown)),
        ] {
            assert_eq!(HashKey::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn only_the_prefix_of_an_address_counts() {
        for (ipv4, ipv6, address, masked) in [
            (32, 64, "203.0.113.7", "203.0.113.7"),
            (24, 64, "203.0.113.7", "203.0.113.0"),
            (1, 64, "203.0.113.7", "128.0.0.0"),
            (24, 64, "::ffff:203.0.113.7", "203.0.113.0"),
            (32, 64, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            (32, 48, "2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
            (32, 128, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
            (32, 1, "2001:db8::1", "::"),
        ] {
            let prefixes = Prefixes::new(ipv4, ipv6).unwrap();
            let expected: IpAddr = masked.parse().unwrap();
            assert_eq!(
                prefixes.mask(address.parse().unwrap()),
                expected,
                "{address} {ipv4} {ipv6}"
            );
        }
        for (ipv4, ipv6) in [(0, 64), (33, 64), (32, 0), (32, 129)] {
            assert_eq!(Prefixes::new(ipv4, ipv6), None);
        }
    }
}
