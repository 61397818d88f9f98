//! Dates as a person writes them.

use clingfish_model::UnixMillis;

const DAY_SECONDS: u64 = 86_400;

/// The end of `2027-01-31`, in UTC, or the moment `2027-01-31T18:00:00Z`.
pub(crate) fn end(text: &str) -> Option<UnixMillis> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time.strip_suffix(['Z', 'z']).unwrap_or(time))),
        None => (text, None),
    };
    let days = days(date)?;
    let seconds = match time {
        Some(time) => seconds(time)?,
        None => DAY_SECONDS - 1,
    };
    Some(UnixMillis((days * DAY_SECONDS + seconds) * 1000 + if time.is_none() { 999 } else { 0 }))
}

/// Days since 1970 (Howard Hinnant's `days_from_civil`), for years from 1970 to 9999.
fn days(date: &str) -> Option<u64> {
    let [year, month, day]: [u64; 3] = numbers(date, '-')?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=9999).contains(&year) || !(1..=longest).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The moment that TOML's own date and time mean, as they are shown; they need an offset for that.
pub(crate) fn moment(text: &str) -> Option<UnixMillis> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let offset_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = time.split_at_checked(offset_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let seconds = days(date)? * DAY_SECONDS + seconds(clock)?;
    let seconds = seconds.checked_add_signed(-ahead(offset)?)?;
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    Some(UnixMillis(seconds * 1000 + millis.parse::<u64>().ok()?))
}

/// How many seconds an offset such as `+01:30` is ahead of UTC.
fn ahead(offset: &str) -> Option<i64> {
    let Some(time) = offset.strip_prefix(['+', '-']) else { return Some(0) };
    let seconds = seconds(&format!("{time}:00")).and_then(|seconds| i64::try_from(seconds).ok())?;
    Some(if offset.starts_with('-') { -seconds } else { seconds })
}

/// A moment as TOML writes it: `2026-11-28T14:00:00.123Z`.
pub(crate) fn show(moment: UnixMillis) -> String {
    let (days, seconds) = (moment.as_secs() / DAY_SECONDS, moment.as_secs() % DAY_SECONDS);
    // Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (years + era * 400, if month < 10 { month + 3 } else { month - 9 });
    let year = if month <= 2 { year + 1 } else { year };
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let millis = moment.0 % 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

fn seconds(time: &str) -> Option<u64> {
    let [hour, minute, second] = numbers(time, ':')?;
    (hour < 24 && minute < 60 && second < 60).then_some(hour * 3600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let mut parts = text.split(between);
    let mut next = || parts.next().filter(is_number)?.parse().ok();
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_have_an_offset() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2027-01-31T18:00:00.123Z", Some(1_801_418_400_123)),
            ("2027-01-31 19:30:00.1239+01:30", Some(1_801_418_400_123)),
            ("2027-01-31T18:00:00", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("2027-01-31", None),
        ] {
            assert_eq!(moment(text), millis.map(UnixMillis), "{text}");
        }
        for text in
            ["1970-01-01T00:00:00.000Z", "2000-02-29T23:59:59.007Z", "2027-01-31T18:00:00.123Z"]
        {
            assert_eq!(show(moment(text).unwrap()), text);
        }
    }

    #[test]
    fn dates_are_days_to_their_end_and_times_are_moments() {
        for (text, millis) in [
            ("1970-01-01", Some(86_399_999)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("2027-01-31T18:00:00Z", Some(1_801_418_400_000)),
            ("2027-02-29", None),
            ("2027-13-01", None),
            ("2027-01", None),
            ("soon", None),
            ("2027-01-31T25:00:00Z", None),
            ("+2027-01-31", None),
        ] {
            assert_eq!(end(text), millis.map(UnixMillis), "{text}");
        }
    }
}
