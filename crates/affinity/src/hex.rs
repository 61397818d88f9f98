//! Upper-case hexadecimal digits, and no others: each value has one text.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The `N` bytes of `2 * N` digits.
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, rest) = text.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// Writes as many bytes as there is room for; gives the number of digits.
pub(crate) fn encode(bytes: &[u8], text: &mut [u8]) -> usize {
    let (pairs, _) = text.as_chunks_mut::<2>();
    let written = pairs.iter_mut().zip(bytes).map(|(pair, byte)| {
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        *pair = [digit(byte >> 4), digit(byte & 15)];
    });
    written.count() * 2
}

fn digit(c: u8) -> Option<u8> {
    match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'A'..=b'F' => Some(c - b'A' + 10),
        _ => None,
    }
}
