//! Moments as AWS writes them.

use clingfish_model::UnixMillis;

const DAY_SECONDS: u64 = 86_400;

/// ISO 8601 with milliseconds, in UTC: `2016-03-25T21:26:12.920Z`.
pub fn timestamp(time: UnixMillis) -> String {
    let (year, month, day) = civil(time.as_secs() / DAY_SECONDS);
    let (hour, minute, second) = clock(time);
    let millis = time.0 % 1000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The short form that signatures use, without milliseconds: `20160325T212612Z`.
pub(crate) fn compact(time: UnixMillis) -> String {
    let (year, month, day) = civil(time.as_secs() / DAY_SECONDS);
    let (hour, minute, second) = clock(time);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Reads the short form, for years from 1970 to 9999.
pub(crate) fn parse_compact(text: &str) -> Option<UnixMillis> {
    let digits = text.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    let is_number = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    if (date.len(), time.len()) != (8, 6) || !is_number(date) || !is_number(time) {
        return None;
    }
    let date: u64 = date.parse().ok()?;
    let time: u64 = time.parse().ok()?;
    let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
    let days = days(date / 10_000, date / 100 % 100, date % 100)?;
    let fits = hour < 24 && minute < 60 && second < 60;
    let seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    fits.then_some(UnixMillis(seconds * 1000))
}

fn clock(time: UnixMillis) -> (u64, u64, u64) {
    let of_day = time.as_secs() % DAY_SECONDS;
    (of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Days since 1970; none for a date that no calendar has.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let (shifted_year, shifted) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (shifted_year / 400, shifted_year % 400);
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    // The 31st of February is a day in March, which gives it away.
    (civil(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_those_of_a_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_001, "2000-03-01T00:00:00.001Z"),
            (1_458_941_172_920, "2016-03-25T21:26:12.920Z"),
            (1_801_418_400_000, "2027-01-31T18:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(timestamp(UnixMillis(millis)), text);
        }
        timestamp(UnixMillis(u64::MAX));
    }

    #[test]
    fn the_short_form_is_read_as_it_is_written() {
        for day in (0..60_000).step_by(7) {
            let time = UnixMillis((day * DAY_SECONDS + 45_296) * 1000);
            assert_eq!(parse_compact(&compact(time)), Some(time));
        }
        assert_eq!(compact(UnixMillis(1_440_938_160_000)), "20150830T123600Z");
    }

    #[test]
    fn what_no_calendar_has_is_no_time() {
        for text in [
            "20150229T000000Z",
            "20151301T000000Z",
            "20150830T240000Z",
            "20150830T126000Z",
            "20150800T000000Z",
            "19690101T000000Z",
            "20150830T123600",
            "2015-08-30T12:36:00Z",
            "+0150830T123600Z",
            "",
        ] {
            assert_eq!(parse_compact(text), None, "{text}");
        }
    }
}
