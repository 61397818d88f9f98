//! Which addresses targets and health checks never have: those that lead to secrets of the machine, and those that are no one's.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is never connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forbidden {
    /// 169.254.0.0/16, where clouds keep credentials (169.254.169.254), or fe80::/10.
    LinkLocal,
    /// Services that a cloud offers to its machines, metadata and credentials among them: fd00:ec2::/32 of AWS, fd20:ce::/32 of Google,
    /// 168.63.129.16 of Azure, 192.0.0.192 of Oracle, 100.100.100.200 of Alibaba.
    Metadata,
    /// 0.0.0.0/8 or `::`: where to listen, not where to connect.
    Unspecified,
    /// 224.0.0.0/4 or ff00::/8.
    Multicast,
    /// 255.255.255.255.
    Broadcast,
    /// The rest of 240.0.0.0/4, which nobody has.
    Reserved,
    /// This process's own address for operators.
    Admin,
}

impl Forbidden {
    /// A short stable word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LinkLocal => "link_local",
            Self::Metadata => "metadata",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Reserved => "reserved",
            Self::Admin => "admin",
        }
    }
}

/// What such an address is, to stand behind "is".
impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "an address of cloud metadata",
            Self::Unspecified => "an address to listen on",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Reserved => "a reserved address",
            Self::Admin => "the admin address of this process",
        })
    }
}

/// Why no target may have this address, whoever asks for it; none where it may.
///
/// Loopback may: see [`is_loopback`]. Addresses of IPv4 inside IPv6 are judged as what they lead to.
///
/// ```
/// use clingfish_model::reach::{Forbidden, refuse};
///
/// assert_eq!(refuse("169.254.169.254".parse()?), Some(Forbidden::LinkLocal));
/// assert_eq!(refuse("::ffff:169.254.169.254".parse()?), Some(Forbidden::LinkLocal));
/// assert_eq!(refuse("10.0.0.1".parse()?), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn refuse(address: IpAddr) -> Option<Forbidden> {
    match plain(address) {
        IpAddr::V4(address) => refuse_v4(address),
        IpAddr::V6(address) => refuse_v6(address),
    }
}

/// Whether an address leads back to this machine. Whoever lets strangers choose targets refuses these too.
pub fn is_loopback(address: IpAddr) -> bool {
    plain(address).is_loopback()
}

/// The address of IPv4 that an address of IPv6 stands for: mapped (`::ffff:0:0/96`), compatible (`::/96`), through a translator
/// (`64:ff9b::/96`, `64:ff9b:1::/48`) or a tunnel (6to4, `2002::/16`); any other as it is.
pub fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => translated(v6).map_or_else(|| v6.to_canonical(), IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// By RFC 6052's well-known prefix, RFC 8215's, RFC 3056's, or RFC 4291's of old.
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let ipv4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(ipv4(high, low)),
        // What is below is `::` and `::1`, and nobody's.
        [0, 0, 0, 0, 0, 0, high, low] if high > 0 => Some(ipv4(high, low)),
        _ => None,
    }
}

fn refuse_v4(address: Ipv4Addr) -> Option<Forbidden> {
    match address.octets() {
        [0, ..] => Some(Forbidden::Unspecified),
        [169, 254, ..] => Some(Forbidden::LinkLocal),
        [168, 63, 129, 16] | [192, 0, 0, 192] | [100, 100, 100, 200] => Some(Forbidden::Metadata),
        [224..=239, ..] => Some(Forbidden::Multicast),
        [255, 255, 255, 255] => Some(Forbidden::Broadcast),
        [240..=255, ..] => Some(Forbidden::Reserved),
        _ => None,
    }
}

fn refuse_v6(address: Ipv6Addr) -> Option<Forbidden> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Forbidden::Unspecified),
        [0xfe80..=0xfebf, ..] => Some(Forbidden::LinkLocal),
        [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..] => Some(Forbidden::Metadata),
        [0xff00..=0xffff, ..] => Some(Forbidden::Multicast),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_lead_to_secrets_or_to_no_one_are_refused_in_every_way_to_write_them() {
        for (address, expected) in [
            ("169.254.0.0", Some(Forbidden::LinkLocal)),
            ("169.254.169.254", Some(Forbidden::LinkLocal)),
            ("169.254.255.255", Some(Forbidden::LinkLocal)),
            ("::ffff:169.254.169.254", Some(Forbidden::LinkLocal)),
            ("64:ff9b::169.254.169.254", Some(Forbidden::LinkLocal)),
            ("169.253.255.255", None),
            ("169.255.0.0", None),
            ("fe80::1", Some(Forbidden::LinkLocal)),
            ("febf:ffff::1", Some(Forbidden::LinkLocal)),
            ("fe7f::1", None),
            ("fec0::1", None),
            ("fd00:ec2::254", Some(Forbidden::Metadata)),
            ("fd00:ec2::23", Some(Forbidden::Metadata)),
            ("fd00:ec3::254", None),
            ("0.0.0.0", Some(Forbidden::Unspecified)),
            ("0.1.2.3", Some(Forbidden::Unspecified)),
            ("::", Some(Forbidden::Unspecified)),
            ("::ffff:0.0.0.0", Some(Forbidden::Unspecified)),
            ("224.0.0.1", Some(Forbidden::Multicast)),
            ("239.255.255.255", Some(Forbidden::Multicast)),
            ("::ffff:224.0.0.1", Some(Forbidden::Multicast)),
            ("ff02::1", Some(Forbidden::Multicast)),
            ("240.0.0.1", Some(Forbidden::Reserved)),
            ("255.255.255.255", Some(Forbidden::Broadcast)),
            ("168.63.129.16", Some(Forbidden::Metadata)),
            ("192.0.0.192", Some(Forbidden::Metadata)),
            ("100.100.100.200", Some(Forbidden::Metadata)),
            ("100.100.100.201", None),
            ("fd20:ce::254", Some(Forbidden::Metadata)),
            ("2002:a9fe:a9fe::", Some(Forbidden::LinkLocal)),
            ("::a9fe:a9fe", Some(Forbidden::LinkLocal)),
            ("64:ff9b:1::a9fe:a9fe", Some(Forbidden::LinkLocal)),
            ("10.0.0.1", None),
            ("127.0.0.1", None),
            ("::1", None),
            ("::ffff:10.0.0.1", None),
            ("64:ff9b::10.0.0.1", None),
            ("2001:db8::1", None),
            ("fd00::1", None),
        ] {
            assert_eq!(refuse(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_way_to_write_it() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.255.0.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("64:ff9b::127.0.0.1", true),
            ("128.0.0.1", false),
            ("::2", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), expected, "{address}");
        }
    }
}
