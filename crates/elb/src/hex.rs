//! Hexadecimal digits.

/// Bytes as small digits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of small digits, so that there is one text for them; none when there is anything else or half a byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let small = |byte: u8| digit(byte).filter(|_| !byte.is_ascii_uppercase());
    let byte = |&[high, low]: &[u8; 2]| Some(small(high)? << 4 | small(low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// The value of one digit, small or capital.
pub(crate) fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
