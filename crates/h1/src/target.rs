//! What a request is for: path, query, host and port (RFC 9112 section 3.2, RFC 3986 section 3.2).

use std::net::Ipv6Addr;

use clingfish_model::{Method, Span, Version};

use crate::{HeadError, bytes::starts_with_ignore_case};

/// Where the target's parts are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) path_and_query: Span,
    pub(crate) authority: Span,
}

/// Finds the parts of a request target and holds Host against them.
pub(crate) fn read(
    head: &[u8],
    method: Method,
    version: Version,
    target: Span,
    host: Option<Span>,
) -> Result<Target, HeadError> {
    match method {
        Method::Connect => return Err(HeadError::ConnectRefused),
        Method::Trace => return Err(HeadError::TraceRefused),
        _ => {}
    }
    if host.is_none() && version == Version::Http11 {
        return Err(HeadError::HostMissing);
    }
    if host.is_some_and(|host| !is_authority(host.of(head))) {
        return Err(HeadError::BadHost);
    }
    match target.of(head) {
        [b'/', ..] => {}
        b"*" if method == Method::Options => {}
        absolute => return read_absolute(head, absolute, method, target.start(), host),
    }
    Ok(Target { path_and_query: target, authority: host.unwrap_or_default() })
}

/// The absolute form: its authority overrides Host, and must agree with it.
fn read_absolute(
    head: &[u8],
    target: &[u8],
    method: Method,
    start: usize,
    host: Option<Span>,
) -> Result<Target, HeadError> {
    let (scheme, port): (&[u8], &[u8]) = if starts_with_ignore_case(target, b"http://") {
        (b"http://", b":80")
    } else if starts_with_ignore_case(target, b"https://") {
        (b"https://", b":443")
    } else {
        return Err(HeadError::BadTarget);
    };
    let rest = target.get(scheme.len()..).unwrap_or_default();
    let authority_len = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(authority_len).unwrap_or_default();
    if !is_authority(authority) {
        return Err(HeadError::BadHost);
    }
    if host.is_some_and(|host| !same_authority(host.of(head), authority, port)) {
        return Err(HeadError::HostDisagrees);
    }
    let authority_start = start + scheme.len();
    let path_and_query = match path {
        [b'/', ..] => Span::new(authority_start + authority_len, path.len()),
        // An empty path is `/`: the second one of the scheme's end will do. For OPTIONS it would be `*`, and before
        // a query there is no `/` to point at: nobody sends these.
        [] if method != Method::Options => Span::new(authority_start - 1, 1),
        _ => return Err(HeadError::BadTarget),
    };
    Ok(Target { path_and_query, authority: Span::new(authority_start, authority_len) })
}

/// Whether the bytes are a host with or without a port.
///
/// A host is an IPv6 address in brackets, or letters, digits, `-`, `.`, `_`, `~`. The generic syntax would allow percent
/// signs and punctuation, commas among them; no name that is looked up has these, and parsers differ about them.
pub(crate) fn is_authority(bytes: &[u8]) -> bool {
    if let Some(rest) = bytes.strip_prefix(b"[") {
        return crate::bytes::split_once(rest, b']')
            .is_some_and(|(address, port)| is_ipv6(address) && is_port_or_nothing(port));
    }
    let host_len = memchr::memchr(b':', bytes).unwrap_or(bytes.len());
    let (host, port) = bytes.split_at_checked(host_len).unwrap_or_default();
    let is_name_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    !host.is_empty() && host.iter().all(is_name_byte) && is_port_or_nothing(port)
}

fn is_ipv6(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn is_port_or_nothing(bytes: &[u8]) -> bool {
    let Some(digits) = bytes.strip_prefix(b":") else {
        return bytes.is_empty();
    };
    let is_number = (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_number
        && digits.iter().fold(0, |port, digit| port * 10 + u32::from(digit - b'0'))
            <= u32::from(u16::MAX)
}

/// Whether both name the same host and port, where `port` is the scheme's own.
pub(crate) fn same_authority(one: &[u8], other: &[u8], port: &[u8]) -> bool {
    without_port(one, port).eq_ignore_ascii_case(without_port(other, port))
}

/// Takes the scheme's own port off, which says nothing.
fn without_port<'a>(authority: &'a [u8], port: &[u8]) -> &'a [u8] {
    authority.strip_suffix(port).unwrap_or(authority)
}
