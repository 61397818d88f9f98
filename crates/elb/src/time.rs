//! Moments as signatures write them.

use clingfish_model::{
    UnixMillis,
    time::{DAY_SECONDS, civil, days},
};

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

#[cfg(test)]
mod tests {
    use super::*;

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
