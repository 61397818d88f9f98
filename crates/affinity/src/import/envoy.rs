//! Envoy's value: base64 of an address, or of a protobuf record `{ string address = 1; uint64 expires = 2; }`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::VALUE_BYTES_MAX;

/// What a record begins with: field 1, with a length. No address as text begins so.
const ADDRESS_TAG: u8 = 1 << 3 | 2;

/// The address in a value, as Envoy printed it.
///
/// Envoy writes the fields of a record in order, so the address is the first, and what follows does not matter here.
pub(super) fn address<'a>(
    value: &[u8],
    scratch: &'a mut [u8; VALUE_BYTES_MAX],
) -> Option<&'a [u8]> {
    let length = STANDARD.decode_slice(value, scratch).ok()?;
    let decoded = scratch.get(..length)?;
    match decoded.split_first() {
        Some((&ADDRESS_TAG, rest)) => {
            let (length, rest) = length_of(rest)?;
            rest.get(..length)
        }
        _ => Some(decoded),
    }
}

/// A length of one or two bytes, seven bits each, and what follows: more than [`VALUE_BYTES_MAX`] bytes cannot be there.
fn length_of(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&low, rest) = bytes.split_first()?;
    if low < 0x80 {
        return Some((low.into(), rest));
    }
    let (&high, rest) = rest.split_first()?;
    (high < 0x80).then_some((usize::from(low & 0x7f) | usize::from(high) << 7, rest))
}
