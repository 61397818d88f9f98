//! HAProxy's dates. Their five characters were computed in Python from the definition: `(seconds + 3) >> 2` in base64.

use super::*;

/// 1_764_429_704, which is now.
const TODAY: &str = "aSsPi";
/// 1_764_427_904, half an hour ago.
const HALF_AN_HOUR: &str = "aSsIg";
/// 1_764_400_904, eight hours ago.
const EIGHT_HOURS: &str = "aSqfC";

fn scheme(max_idle: Option<u64>, max_life: Option<u64>) -> Scheme {
    let seconds = |limit: Option<u64>| limit.map(Duration::from_secs);
    let dates = HaproxyDates { max_idle: seconds(max_idle), max_life: seconds(max_life) };
    Scheme::HaproxyName { dates }
}

#[test]
fn dates_behind_a_word_do_not_hide_it() {
    for value in ["a", "a|", "a||", &format!("a|{TODAY}"), &format!("a|{TODAY}|{EIGHT_HOURS}")] {
        expect(&scheme(None, None), &[(value, Ok(A))]);
        expect(&scheme(Some(1800), Some(28_800)), &[(value, Ok(A))]);
    }
    expect(&scheme(None, None), &[(&format!("c|{TODAY}"), Err(NoHome::Unknown))]);
}

#[test]
fn a_dynamic_word_may_have_dates_too() {
    let dates = HaproxyDates { max_idle: Some(Duration::from_secs(60)), max_life: None };
    let scheme = Scheme::HaproxyDynamic { key: Key::new("MYKEY"), dates };
    expect(
        &scheme,
        &[
            (&format!("c81ac2d2a4a662ad|{TODAY}"), Ok(A)),
            (&format!("c81ac2d2a4a662ad|{HALF_AN_HOUR}"), Err(NoHome::TooOld)),
        ],
    );
}

#[test]
fn an_idle_client_is_as_forgotten_as_by_haproxy() {
    let value = format!("a|{HALF_AN_HOUR}|{EIGHT_HOURS}");
    for (max_idle, max_life, home) in [
        (Some(1800), None, Ok(A)),
        (Some(1799), None, Err(NoHome::TooOld)),
        (None, Some(28_800), Ok(A)),
        (None, Some(28_799), Err(NoHome::TooOld)),
        (Some(1799), Some(28_800), Err(NoHome::TooOld)),
        (Some(1800), Some(28_800), Ok(A)),
    ] {
        expect(&scheme(max_idle, max_life), &[(&value, home)]);
    }
}

#[test]
fn what_is_not_a_date_gives_no_age() {
    for dates in ["aSsI", "aSs*g", "=====", "AAAAA", "aSsI|aSqf", "|aSqf", "\u{fc}\u{fc}\u{fc}"] {
        expect(&scheme(Some(1), Some(1)), &[(&format!("a|{dates}"), Ok(A))]);
    }
}

#[test]
fn a_date_ahead_is_forgiven_for_a_day() {
    let import = import(&scheme(Some(60), None), &[a()]);
    let value = format!("a|{TODAY}");
    for (ahead, home) in [(86_400, Ok(A)), (86_401, Err(NoHome::TooOld))] {
        let now = UnixMillis(NOW.0 - ahead * 1000);
        assert_eq!(import.home(value.as_bytes(), now), home, "{ahead} seconds");
    }
}
