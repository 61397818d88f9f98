//! Numbers, times, addresses and untrusted bytes as text.
//!
//! Written out by hand: the writer shares the machine with the workers, and `write!` would cost several times as much.

use std::{
    io::Write as _,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use clingfish_model::{Owner, time::civil};

use super::{digits, record::UnixMicros};

pub(super) use super::digits::{hex, hex_short, number};

use super::digits::padded;

/// What stands for a missing value in ALB's format.
pub(super) const ABSENT: &[u8] = b"-";

/// Decimal digits, with a sign where it is below zero.
pub(super) fn signed(value: i32, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    number(u64::from(value.unsigned_abs()), out);
}

/// Seconds with three decimals, as ALB.
pub(super) fn seconds_millis(span: Duration, out: &mut Vec<u8>) {
    number(span.as_secs(), out);
    out.push(b'.');
    padded::<3>(span.subsec_millis().into(), out);
}

/// Seconds with six decimals.
pub(super) fn seconds_micros(span: Duration, out: &mut Vec<u8>) {
    let (seconds, micros) = (span.as_secs(), span.subsec_micros().into());
    if seconds < 10 {
        return digits::brief_span(seconds, micros, out);
    }
    number(seconds, out);
    out.push(b'.');
    padded::<6>(micros, out);
}

/// What lines that are written one after another have in common.
#[derive(Debug)]
pub(super) struct Pen {
    pub(super) calendar: Calendar,
    /// What is before the name in a group's ARN.
    pub(super) group_arn: Vec<u8>,
}

impl Pen {
    pub(super) fn of(owner: &Owner) -> Self {
        let (region, account) = (owner.region(), owner.account());
        let group_arn = format!("arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/");
        Self { calendar: Calendar::default(), group_arn: group_arn.into() }
    }
}

/// Writes times, and knows the second that it wrote last: lines that follow each other share nearly all of it.
#[derive(Debug)]
pub(super) struct Calendar {
    second: u64,
    /// Up to the point.
    text: [u8; 20],
}

impl Default for Calendar {
    fn default() -> Self {
        Self { second: 0, text: *b"1970-01-01T00:00:00." }
    }
}

impl Calendar {
    /// ISO 8601 with microseconds: `2026-11-20T10:26:05.123456Z`.
    pub(super) fn write(&mut self, at: UnixMicros, out: &mut Vec<u8>) {
        let (second, micros) = (at.0 / 1_000_000, at.0 % 1_000_000);
        if second != self.second {
            *self = Self { second, text: up_to_the_second(second) };
        }
        out.extend_from_slice(&self.text);
        padded::<6>(micros, out);
        out.push(b'Z');
    }
}

/// `2026-11-20T10:26:05.`
fn up_to_the_second(seconds: u64) -> [u8; 20] {
    let digit = |value: u64| b'0' + (value % 10) as u8;
    let (year, month, day) = civil(seconds / 86_400);
    let [y1, y2, y3, y4] = [1000, 100, 10, 1].map(|unit| digit(year / unit));
    let [m1, m2, d1, d2] = [month / 10, month, day / 10, day].map(digit);
    let of_day = seconds % 86_400;
    let [h1, h2] = [of_day / 36_000, of_day / 3_600].map(digit);
    let [n1, n2] = [of_day / 600 % 6, of_day / 60].map(digit);
    let [s1, s2] = [of_day / 10 % 6, of_day].map(digit);
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'.']
}

/// Year, month and day of a second since 1970.
pub(super) fn date(second: u64) -> [u64; 3] {
    let (year, month, day) = civil(second / 86_400);
    [year, month, day]
}

/// Address and port: `192.0.2.1:80`, `[2001:db8::1]:80`.
pub(super) fn address(address: SocketAddr, out: &mut Vec<u8>) {
    if let IpAddr::V4(ip) = address.ip() {
        digits::octets(ip.octets(), out);
        number(address.port().into(), out);
    } else {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{address}");
    }
}

/// Whether all bytes can stand inside the quotes of either format as they are. Nearly all texts can.
pub(super) fn are_plain(bytes: &[u8]) -> bool {
    // Loops of fixed length and without an exit are what the compiler turns into vectors.
    let all = |chunk: &[u8; CHUNK]| chunk.iter().fold(true, |all, byte| all & is_plain(*byte));
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let mut last = [b' '; CHUNK];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    chunks.iter().fold(all(&last), |plain, chunk| plain & all(chunk))
}

const CHUNK: usize = 32;

/// Bytes inside the quotes of ALB's format: quotes, backslashes and what is not visible ASCII become `\xNN`.
///
/// Not `\"`, since the usual expressions for these logs end a field at the next quote, whatever is before it.
pub(super) fn quoted_alb(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
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
    fn spans_read_as_usual() {
        let span = Duration::from_micros(1_002_345);
        assert_eq!(text(|out| seconds_millis(span, out)), "1.002");
        assert_eq!(text(|out| seconds_micros(span, out)), "1.002345");
        assert_eq!(text(|out| seconds_micros(span * 100, out)), "100.234500");
    }

    #[test]
    fn times_follow_the_calendar() {
        let mut calendar = Calendar::default();
        for (micros, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_001, "2000-02-29T00:00:00.000001Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z"),
            (1_795_170_365_120_000, "2026-11-20T10:26:05.120000Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59.000000Z"),
        ] {
            let mut out = Vec::new();
            calendar.write(UnixMicros(micros), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
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
