//! Dates as cookies and the key ring write them, without allocation where it counts.

use clingfish_model::UnixMillis;

const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// 9999-12-31T23:59:59Z: what four digits of a year can say.
const SECONDS_MAX: u64 = 253_402_300_799;
const DAY_SECONDS: u64 = 86_400;

/// Appends `Sat, 29 Nov 2025 15:21:44 GMT`. Times after the year 9999 are written as its end.
pub(crate) fn write_imf_fixdate(seconds: u64, out: &mut Vec<u8>) {
    let seconds = seconds.min(SECONDS_MAX);
    let date = Civil::of(seconds / DAY_SECONDS);
    let weekday = usize::try_from(seconds / DAY_SECONDS % 7).unwrap_or_default();
    let month = usize::try_from(date.month - 1).unwrap_or_default();
    out.extend(DAYS.get(weekday).copied().unwrap_or(b"Thu"));
    out.extend(b", ");
    push_digits::<2>(date.day, out);
    out.push(b' ');
    out.extend(MONTHS.get(month).copied().unwrap_or(b"Jan"));
    out.push(b' ');
    push_digits::<4>(date.year, out);
    out.push(b' ');
    push_clock(seconds, out);
    out.extend(b" GMT");
}

/// `2026-01-31T12:00:00.000Z`. Times after the year 9999 are written as its end.
pub fn rfc3339(time: UnixMillis) -> String {
    let millis = time.0.min(SECONDS_MAX * 1000 + 999);
    let date = Civil::of(millis / 1000 / DAY_SECONDS);
    let mut out = Vec::with_capacity(24);
    push_digits::<4>(date.year, &mut out);
    out.push(b'-');
    push_digits::<2>(date.month, &mut out);
    out.push(b'-');
    push_digits::<2>(date.day, &mut out);
    out.push(b'T');
    push_clock(millis / 1000, &mut out);
    out.push(b'.');
    push_digits::<3>(millis % 1000, &mut out);
    out.push(b'Z');
    out.into_iter().map(char::from).collect()
}

/// Reads what [`rfc3339`] writes; the fraction may be missing. Nothing else of RFC 3339.
pub(crate) fn parse_rfc3339(text: &str) -> Option<UnixMillis> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    let month = digits(expect(&mut rest, b'-')?, 2)?;
    let day = digits(expect(&mut rest, b'-')?, 2)?;
    let hour = digits(expect(&mut rest, b'T')?, 2)?;
    let minute = digits(expect(&mut rest, b':')?, 2)?;
    let second = digits(expect(&mut rest, b':')?, 2)?;
    let millis = match rest {
        b"Z" => 0,
        _ => digits(expect(&mut rest, b'.')?, 3)?,
    };
    if rest != b"Z" || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = Civil { year, month, day }.days()?;
    Some(UnixMillis((days * DAY_SECONDS + hour * 3600 + minute * 60 + second) * 1000 + millis))
}

/// A day of the proleptic Gregorian calendar, from 1970 on.
#[derive(PartialEq, Eq)]
struct Civil {
    year: u64,
    month: u64,
    day: u64,
}

impl Civil {
    /// The day that is `days` after 1970-01-01. (Howard Hinnant's `civil_from_days`: years begin in March, so that leap
    /// days come last, and repeat every 146,097 days.)
    fn of(days: u64) -> Self {
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
        }
    }

    /// Days since 1970-01-01; none for a day that does not exist or lies before.
    fn days(&self) -> Option<u64> {
        if self.year < 1970 || !(1..=12).contains(&self.month) || !(1..=31).contains(&self.day) {
            return None;
        }
        let year = self.year - u64::from(self.month <= 2);
        let (era, year_of_era) = (year / 400, year % 400);
        let from_march = (self.month + 9) % 12;
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (era * 146_097 + day_of_era).checked_sub(719_468)?;
        (Self::of(days) == *self).then_some(days)
    }
}

fn push_clock(seconds: u64, out: &mut Vec<u8>) {
    push_digits::<2>(seconds / 3600 % 24, out);
    out.push(b':');
    push_digits::<2>(seconds / 60 % 60, out);
    out.push(b':');
    push_digits::<2>(seconds % 60, out);
}

/// The last `N` decimal digits.
fn push_digits<const N: usize>(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend(digits);
}

fn digits(rest: &mut &[u8], count: usize) -> Option<u64> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    head.iter()
        .try_fold(0, |number, c| c.is_ascii_digit().then(|| number * 10 + u64::from(c - b'0')))
}

/// Takes one byte that must be `wanted`.
fn expect<'a, 'b>(rest: &'a mut &'b [u8], wanted: u8) -> Option<&'a mut &'b [u8]> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    (*first == wanted).then_some(rest)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn imf(seconds: u64) -> String {
        let mut out = Vec::new();
        write_imf_fixdate(seconds, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_days_are_written_as_cookies_want_them() {
        for (seconds, expected) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_764_429_704, "Sat, 29 Nov 2025 15:21:44 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (u64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(imf(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn only_plain_utc_times_that_exist_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2025-11-29T15:21:44.007Z", Some(1_764_429_704_007)),
            ("2025-11-29T15:21:44Z", Some(1_764_429_704_000)),
            ("2025-02-29T00:00:00Z", None),
            ("2025-13-01T00:00:00Z", None),
            ("2025-11-29T24:00:00Z", None),
            ("2025-11-29T15:21:44+00:00", None),
            ("2025-11-29T15:21:44.00Z", None),
            ("2025-11-29T15:21:44Z ", None),
            ("1969-12-31T23:59:59Z", None),
            ("+025-11-29T15:21:44Z", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text).map(|time| time.0), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_is_written_as_another_library_writes_it(seconds in 0..=SECONDS_MAX) {
            let theirs = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            prop_assert_eq!(imf(seconds), theirs);
        }

        #[test]
        fn every_time_is_read_back(millis in 0..=SECONDS_MAX * 1000) {
            prop_assert_eq!(parse_rfc3339(&rfc3339(UnixMillis(millis))), Some(UnixMillis(millis)));
        }
    }
}
