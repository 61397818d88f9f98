//! Numbers, times, addresses and untrusted bytes as text.
//!
//! Written out by hand: the writer shares the machine with the workers, and `write!` would cost several times as much.

use std::{
    io::Write as _,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use clingfish_model::ResourceId;

use super::record::UnixMicros;

/// What stands for a missing value in ALB's format.
pub(super) const ABSENT: &[u8] = b"-";

/// Decimal digits.
pub(super) fn number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = last_digit(value);
        used += 1;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// Decimal digits after a point, with zeros in front.
fn fraction<const WIDTH: usize>(mut value: u32, out: &mut Vec<u8>) {
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = last_digit(u64::from(value));
        value /= 10;
    }
    out.push(b'.');
    out.extend_from_slice(&digits);
}

fn last_digit(value: u64) -> u8 {
    b'0' + (value % 10) as u8
}

/// Decimal digits, with a sign where it is below zero.
pub(super) fn signed(value: i32, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    number(u64::from(value.unsigned_abs()), out);
}

/// Sixteen hexadecimal digits.
pub(super) fn hex(value: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&hex_digits::<16>(value));
}

/// Eight hexadecimal digits.
pub(super) fn hex_short(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&hex_digits::<8>(u64::from(value)));
}

fn hex_digits<const WIDTH: usize>(value: u64) -> [u8; WIDTH] {
    let mut digits = [b'0'; WIDTH];
    for (at, digit) in digits.iter_mut().rev().enumerate() {
        *digit = hex_digit((value >> (4 * at)) as u8 & 0xf);
    }
    digits
}

fn hex_digit(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// Seconds with three decimals, as ALB.
pub(super) fn seconds_millis(span: Duration, out: &mut Vec<u8>) {
    number(span.as_secs(), out);
    fraction::<3>(span.subsec_millis(), out);
}

/// Seconds with six decimals.
pub(super) fn seconds_micros(span: Duration, out: &mut Vec<u8>) {
    number(span.as_secs(), out);
    fraction::<6>(span.subsec_micros(), out);
}

/// ISO 8601 with microseconds: `2026-11-20T10:26:05.123456Z`.
pub(super) fn time(at: UnixMicros, out: &mut Vec<u8>) {
    let (seconds, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
    let (year, month, day) = civil(seconds / 86_400);
    let [y1, y2, y3, y4] = [1000, 100, 10, 1].map(|unit| last_digit(year / unit));
    let [m1, m2, d1, d2] = [month / 10, month, day / 10, day].map(last_digit);
    let of_day = seconds % 86_400;
    let [h1, h2] = [of_day / 36_000, of_day / 3_600].map(last_digit);
    let [n1, n2] = [of_day / 600 % 6, of_day / 60].map(last_digit);
    let [s1, s2] = [of_day / 10 % 6, of_day].map(last_digit);
    out.extend_from_slice(&[
        y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2,
    ]);
    fraction::<6>(micros as u32, out);
    out.push(b'Z');
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`, for days that are not negative).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year + 400 * era + u64::from(month <= 2), month, day)
}

/// Address and port: `192.0.2.1:80`, `[2001:db8::1]:80`.
pub(super) fn address(address: SocketAddr, out: &mut Vec<u8>) {
    if let IpAddr::V4(ip) = address.ip() {
        for (octet, after) in ip.octets().into_iter().zip(*b"...:") {
            number(u64::from(octet), out);
            out.push(after);
        }
        number(u64::from(address.port()), out);
    } else {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{address}");
    }
}

/// The group's ARN around its name, which `quote` escapes. Region and account are made up: there are none here.
pub(super) fn group_arn(
    name: &[u8],
    id: ResourceId,
    quote: impl FnOnce(&[u8], &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"arn:aws:elasticloadbalancing:local:000000000000:targetgroup/");
    quote(name, out);
    out.push(b'/');
    hex(id.value(), out);
}

/// Bytes inside the quotes of ALB's format: quotes, backslashes and what is not visible ASCII become `\xNN`.
///
/// Not `\"`, since the usual expressions for these logs end a field at the next quote, whatever is before it.
pub(super) fn quoted_alb(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    if bytes.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    while let Some(at) = rest.iter().position(|byte| !is_plain(*byte)) {
        let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        if let Some((byte, after)) = special.split_first() {
            let _ = write!(out, "\\x{byte:02X}");
            rest = after;
        }
    }
    out.extend_from_slice(rest);
}

/// Bytes inside the quotes of a JSON string. What is not UTF-8 becomes U+FFFD; control characters, also those beyond ASCII that
/// terminals obey, become `\uNNNN`.
pub(super) fn quoted_json(bytes: &[u8], out: &mut Vec<u8>) {
    // Nearly all texts are plain, and a loop without an exit is one that the compiler can vectorise.
    if bytes.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        quoted_json_str(chunk.valid(), out);
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn quoted_json_str(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    let special = |c: char| c.is_control() || c == '"' || c == '\\';
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| special(*c)) {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        match c {
            '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
            _ => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
        rest = after.get(c.len_utf8()..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Visible ASCII and the space, without what ends or escapes in quotes.
fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) & (byte != b'"') & (byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_and_spans_read_as_usual() {
        for value in [0, 9, 10, 4_294_967_296, u64::MAX] {
            assert_eq!(text(|out| number(value, out)), value.to_string());
            assert_eq!(text(|out| hex(value, out)), format!("{value:016x}"));
        }
        let span = Duration::from_micros(1_002_345);
        assert_eq!(text(|out| seconds_millis(span, out)), "1.002");
        assert_eq!(text(|out| seconds_micros(span, out)), "1.002345");
    }

    #[test]
    fn times_follow_the_calendar() {
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z"),
            (1_795_170_365_120_000, "2026-11-20T10:26:05.120000Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
        ] {
            assert_eq!(text(|out| time(UnixMicros(micros), out)), expected);
        }
    }

    #[test]
    fn addresses_read_as_the_standard_library_writes_them() {
        for each in ["192.0.2.1:80", "0.0.0.0:0", "255.255.255.255:65535", "[2001:db8::1]:8080"] {
            assert_eq!(text(|out| address(each.parse().unwrap(), out)), each);
        }
    }

    #[test]
    fn untrusted_bytes_stay_inside_their_quotes() {
        for (bytes, alb, json) in [
            (&b"plain /x?y"[..], "plain /x?y", "plain /x?y"),
            (b"a\"b\\", "a\\x22b\\x5C", "a\\\"b\\\\"),
            (b"\r\n\0", "\\x0D\\x0A\\x00", "\\u000d\\u000a\\u0000"),
            ("ä\u{9b}".as_bytes(), "\\xC3\\xA4\\xC2\\x9B", "ä\\u009b"),
            (b"\xff\xfeok\xc3", "\\xFF\\xFEok\\xC3", "\u{fffd}\u{fffd}ok\u{fffd}"),
            (b"\x7f", "\\x7F", "\\u007f"),
        ] {
            assert_eq!(text(|out| quoted_alb(bytes, out)), alb, "{bytes:?}");
            assert_eq!(text(|out| quoted_json(bytes, out)), json, "{bytes:?}");
        }
    }
}
