//! The PROXY protocol, versions 1 and 2: what a balancer of connections says of its client before the client's first byte.
//!
//! No I/O: [`read`] takes the bytes so far, [`Preamble::write`] appends to some. The specification is HAProxy's `proxy-protocol.txt`.
//!
//! ```
//! use clingfish_proxy_protocol::{Preamble, read};
//!
//! let bytes = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\nGET / HTTP/1.1\r\n";
//! let (preamble, len) = read(bytes)?.expect("it is whole");
//! let Preamble::Proxied { source, .. } = preamble else { panic!("it has addresses") };
//! assert_eq!(source.to_string(), "192.0.2.7:40000");
//! assert!(bytes[len..].starts_with(b"GET "));
//! # Ok::<(), clingfish_proxy_protocol::PreambleError>(())
//! ```

pub mod fuzzing;
mod v1;
mod v2;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What stands before the client's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preamble {
    /// The sender speaks for itself, or does not know its client: the connection's own addresses hold.
    Local,
    /// The sender speaks for a client.
    Proxied {
        /// The client.
        source: SocketAddr,
        /// What the client connected to.
        destination: SocketAddr,
    },
}

/// How a preamble is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One line of text.
    V1,
    /// Binary.
    V2,
}

/// Why bytes are no preamble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreambleError {
    /// They begin with something else.
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    /// The line of version 1 is not as it should be.
    #[error("the PROXY line is malformed")]
    MalformedLine,
    /// A version, command, family or transport of version 2 that is not known, or one that is no stream.
    #[error("the PROXY header has a version, command or address family that is not known")]
    Unsupported,
    /// The header of version 2 is too short for its addresses.
    #[error("the PROXY header is too short for its addresses")]
    TooShort,
    /// Longer than [`BYTES_MAX`].
    #[error("the PROXY header is longer than {BYTES_MAX} bytes")]
    TooLong,
}

impl PreambleError {
    /// A short stable word for logs and metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::MalformedLine | Self::Unsupported | Self::TooShort => "malformed",
            Self::TooLong => "too_long",
        }
    }
}

/// Longest preamble that is read, additions (TLV) included. Those that are seen have some hundred bytes at the most.
pub const BYTES_MAX: usize = 4096;

/// Reads a preamble from the front of `bytes`; none while its end is still to come. Gives its length too.
///
/// The outcome does not depend on how the bytes came in: what is wrong is told as soon as it is certain.
///
/// # Errors
///
/// When the bytes cannot become a preamble, whatever follows.
pub fn read(bytes: &[u8]) -> Result<Option<(Preamble, usize)>, PreambleError> {
    if begins(bytes, v2::SIGNATURE) {
        v2::read(bytes)
    } else if begins(bytes, v1::SIGNATURE) {
        v1::read(bytes)
    } else {
        Err(PreambleError::Missing)
    }
}

/// Whether `bytes` are the begin of `signature`, or begin with it.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(a, b)| a == b)
}

impl Preamble {
    /// What is said to a target about a client; both addresses become IPv6 where one of them is.
    pub fn of(source: SocketAddr, destination: SocketAddr) -> Self {
        let (source, destination) = (canonical(source), canonical(destination));
        if source.is_ipv4() == destination.is_ipv4() {
            return Self::Proxied { source, destination };
        }
        Self::Proxied { source: mapped(source), destination: mapped(destination) }
    }

    /// Appends the preamble.
    pub fn write(&self, version: Version, out: &mut Vec<u8>) {
        match version {
            Version::V1 => v1::write(self, out),
            Version::V2 => v2::write(self, out),
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn mapped(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(IpAddr::V6(ipv6(address.ip())), address.port())
}

fn ipv6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

#[cfg(test)]
mod tests;
