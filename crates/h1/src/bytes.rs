//! Classes of bytes (RFC 9110 section 5.6.2, RFC 3986).

use memchr::memchr;

/// Whether a byte may be in a token.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Whether the bytes are a token: one byte at least.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// Whether the bytes may be in a field value or reason phrase: no control characters but the tab. Bytes from 0x80 on
/// (UTF-8 in practice) may.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let is_bad = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    // Without an early end, which would keep the compiler from looking at many bytes at once.
    !bytes.iter().fold(false, |found, &byte| found | is_bad(byte))
}

/// Takes spaces and tabs off both ends, and nothing else: no vertical tab, no Unicode.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list, empty ones left out (RFC 9110 section 5.6.1.2).
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim).filter(|member| !member.is_empty())
}

/// Splits at the first occurrence of a byte, leaving it out.
pub(crate) fn split_once(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = bytes.split_at_checked(memchr(at, bytes)?)?;
    Some((before, rest.get(1..)?))
}

/// Whether the bytes begin with `prefix` in any case.
pub(crate) fn starts_with_ignore_case(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
