//! Envoy's value: base64 of an address, or of a protobuf record `{ string address = 1; uint64 expires = 2; }`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clingfish_model::UnixMillis;

use super::{NoHome, VALUE_BYTES_MAX};

/// What a record begins with: field 1, with a length. No address as text begins so.
const ADDRESS_TAG: u8 = 1 << 3 | 2;

/// What stands before the end: field 2, a number.
const EXPIRES_TAG: u8 = 2 << 3;

/// Seconds below this do not count from 1970 but from when the machine was started, as older releases have it. No machine has been
/// up for 31 years.
const UPTIME_MAX: u64 = 1_000_000_000;

/// Bytes of a number: seven bits in each.
const NUMBER_BYTES_MAX: usize = 10;

/// The address in a value whose end has not come, as Envoy printed it.
///
/// Envoy writes the fields of a record in order, so the address is the first.
pub(super) fn address<'a>(
    value: &[u8],
    now: UnixMillis,
    scratch: &'a mut [u8; VALUE_BYTES_MAX],
) -> Result<&'a [u8], NoHome> {
    let length = STANDARD.decode_slice(value, scratch).map_err(|_| NoHome::Malformed)?;
    let decoded = scratch.get(..length).ok_or(NoHome::Malformed)?;
    let Some(record) = decoded.strip_prefix(&[ADDRESS_TAG]) else { return Ok(decoded) };
    let (address, rest) = text(record).ok_or(NoHome::Malformed)?;
    if is_over(rest, now) { Err(NoHome::TooOld) } else { Ok(address) }
}

/// A text behind its length, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// Whether the second field is an end that has passed. One that nobody but that machine can judge has not.
fn is_over(field: &[u8], now: UnixMillis) -> bool {
    let end = field.strip_prefix(&[EXPIRES_TAG]).and_then(number);
    end.is_some_and(|(end, _)| end >= UPTIME_MAX && now.0 / 1000 > end)
}

/// A number, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let last = bytes.iter().take(NUMBER_BYTES_MAX).position(|byte| *byte < 0x80)?;
    let (number, rest) = bytes.split_at_checked(last + 1)?;
    let more = |value: u64, byte: &u8| value << 7 | u64::from(byte & 0x7f);
    Some((number.iter().rev().fold(0, more), rest))
}
