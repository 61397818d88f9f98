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
    let [year, month, day] = numbers(date, '-')?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
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
