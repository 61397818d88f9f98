//! HAProxy's values: dynamic words, and the dates behind a word.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use clingfish_model::{
    UnixMillis,
    stickiness::{HaproxyDates, Key},
};
use twox_hash::XxHash64;

use super::NoHome;

/// A date that lies further ahead than this makes a cookie worthless: it is more than a clock that goes wrong.
const AHEAD_MAX: Duration = Duration::from_secs(86_400);

/// Characters of a date.
const DATE_CHARS: usize = 5;

/// Seconds that one step of a date stands for.
const DATE_STEP_SECONDS: u64 = 4;

/// The word of a value whose dates are still good.
pub(super) fn word(limits: HaproxyDates, value: &[u8], now: UnixMillis) -> Result<&[u8], NoHome> {
    let (word, dates) = at_bar(value);
    let Some(dates) = dates else { return Ok(word) };
    let (_, first) = at_bar(dates);
    let is_good = |text: Option<&[u8]>, limit: Option<Duration>| {
        limit.is_none_or(|limit| text.and_then(date).is_none_or(|date| is_within(date, limit, now)))
    };
    if is_good(first, limits.max_life) && is_good(Some(dates), limits.max_idle) {
        Ok(word)
    } else {
        Err(NoHome::TooOld)
    }
}

/// What stands before the first `|`, and what stands behind it.
pub(super) fn at_bar(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'|', value).and_then(|bar| value.split_at_checked(bar)) {
        Some((before, rest)) => (before, rest.get(1..)),
        None => (value, None),
    }
}

/// The date at the start of the text, in seconds since 1970. What is not one is no date, and so is 0.
fn date(text: &[u8]) -> Option<u64> {
    let digits = text.get(..DATE_CHARS)?;
    let steps = digits.iter().try_fold(0, |steps, digit| Some(steps << 6 | six_bits(*digit)?))?;
    (steps > 0).then_some(steps * DATE_STEP_SECONDS)
}

fn six_bits(digit: u8) -> Option<u64> {
    let bits = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(bits.into())
}

fn is_within(date: u64, limit: Duration, now: UnixMillis) -> bool {
    let now = now.0 / 1000;
    let (age, ahead) = (now.saturating_sub(date), date.saturating_sub(now));
    age <= limit.as_secs() && ahead <= AHEAD_MAX.as_secs()
}

/// The word that `dynamic-cookie-key` gives to a server at this address.
pub(super) fn dynamic(key: &Key, address: SocketAddr) -> String {
    let port = u32::from(address.port()).to_be_bytes();
    let bytes = match address.ip() {
        IpAddr::V4(ip) => [key.bytes(), &ip.octets(), &port].concat(),
        IpAddr::V6(ip) => [key.bytes(), &ip.octets(), &port].concat(),
    };
    format!("{:016x}", XxHash64::oneshot(0, &bytes))
}
