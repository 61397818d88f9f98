//! Dates as a person writes them.

use clingfish_model::{
    UnixMillis,
    time::{self, DAY_SECONDS},
};

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

fn days(date: &str) -> Option<u64> {
    let [year, month, day] = numbers(date, '-')?;
    time::days(year, month, day)
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
            assert_eq!(moment(text).unwrap().to_iso(), text);
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
