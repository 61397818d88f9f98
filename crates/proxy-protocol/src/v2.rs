//! Version 2: a signature, four bytes, addresses, and additions that are not looked at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::{BYTES_MAX, Preamble, PreambleError, ipv6};

pub(crate) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length of what follows.
const HEAD_BYTES: usize = 16;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

const UNSPECIFIED: u8 = 0x00;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;

pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Preamble, usize)>, PreambleError> {
    let Some((head, rest)) = bytes.split_at_checked(HEAD_BYTES) else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *head else {
        return Ok(None);
    };
    if !matches!(command, LOCAL | PROXY) {
        return Err(PreambleError::Unsupported);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if HEAD_BYTES + length > BYTES_MAX {
        return Err(PreambleError::TooLong);
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let preamble = match (command, family) {
        // A health check of the sender: its family says nothing.
        (LOCAL, _) | (_, UNSPECIFIED | UNIX_STREAM) => Preamble::Local,
        (_, TCP4) => addresses::<4>(body)?,
        (_, TCP6) => addresses::<16>(body)?,
        _ => return Err(PreambleError::Unsupported),
    };
    Ok(Some((preamble, HEAD_BYTES + length)))
}

/// Two addresses of `N` bytes, two ports.
fn addresses<const N: usize>(body: &[u8]) -> Result<Preamble, PreambleError>
where
    [u8; N]: Octets,
{
    let parts = body.split_first_chunk::<N>().and_then(|(source, rest)| {
        let (destination, rest) = rest.split_first_chunk::<N>()?;
        let (ports, _) = rest.split_first_chunk::<4>()?;
        Some((*source, *destination, *ports))
    });
    let (source, destination, [a, b, c, d]) = parts.ok_or(PreambleError::TooShort)?;
    Ok(Preamble::Proxied {
        source: SocketAddr::new(source.ip(), u16::from_be_bytes([a, b])),
        destination: SocketAddr::new(destination.ip(), u16::from_be_bytes([c, d])),
    })
}

/// Bytes that are an address.
trait Octets: Copy {
    fn ip(self) -> IpAddr;
}

impl Octets for [u8; 4] {
    fn ip(self) -> IpAddr {
        Ipv4Addr::from(self).into()
    }
}

impl Octets for [u8; 16] {
    fn ip(self) -> IpAddr {
        Ipv6Addr::from(self).into()
    }
}

pub(crate) fn write(preamble: &Preamble, out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    let Preamble::Proxied { source, destination } = preamble else {
        return out.extend_from_slice(&[LOCAL, UNSPECIFIED, 0, 0]);
    };
    match (source.ip(), destination.ip()) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            out.extend_from_slice(&[PROXY, TCP4, 0, 12]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
        }
        (source, destination) => {
            out.extend_from_slice(&[PROXY, TCP6, 0, 36]);
            out.extend_from_slice(&ipv6(source).octets());
            out.extend_from_slice(&ipv6(destination).octets());
        }
    }
    out.extend_from_slice(&source.port().to_be_bytes());
    out.extend_from_slice(&destination.port().to_be_bytes());
}
