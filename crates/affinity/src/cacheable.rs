//! Whether a response says that caches may share it between users, and with it a cookie.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clingfish_model::UnixMillis;

/// Whether a response may be shared, as its fields say: `public`, a positive `s-maxage` or `max-age`, or an `Expires` in the
/// future, without `private`, `no-store` or `no-cache="set-cookie"`.
///
/// `Expires` counts from `date`, else from `now`, and only where no `s-maxage` or `max-age` overrules it. What cannot be understood
/// says nothing. A response that says nothing is not shareable: caches that guess do not guess with Set-Cookie.
pub fn is_shareable<'a>(
    cache_control: impl Iterator<Item = &'a [u8]>,
    expires: Option<&[u8]>,
    date: Option<&[u8]>,
    now: UnixMillis,
) -> bool {
    let mut said = Said::default();
    for field in cache_control {
        directives(field).for_each(|directive| said.hear(directive));
    }
    if said.is_withheld {
        return false;
    }
    said.is_offered || (!said.has_age && expires.is_some_and(|at| is_later(at, date, now)))
}

#[derive(Default)]
struct Said {
    is_withheld: bool,
    is_offered: bool,
    has_age: bool,
}

impl Said {
    fn hear(&mut self, directive: &[u8]) {
        let (name, argument) = match memchr::memchr(b'=', directive) {
            Some(at) => {
                let (name, rest) = directive.split_at(at);
                (name.trim_ascii(), rest.get(1..).map(<[u8]>::trim_ascii))
            }
            None => (directive.trim_ascii(), None),
        };
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("public") {
            self.is_offered = true;
        } else if is("s-maxage") || is("max-age") {
            self.has_age = true;
            self.is_offered |= argument.is_some_and(is_positive);
        } else if is("no-store") {
            self.is_withheld = true;
        } else if is("private") {
            self.is_withheld |= argument.is_none_or(names_set_cookie);
        } else if is("no-cache") {
            self.is_withheld |= argument.is_some_and(names_set_cookie);
        }
    }
}

/// Splits at commas outside of quoted strings.
fn directives(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    field.split(move |c| {
        match c {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' => return !is_quoted,
            _ => {}
        }
        false
    })
}

fn unquoted(argument: &[u8]) -> &[u8] {
    argument.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(argument)
}

/// Digits, not all zero. However many: an age beyond any number is still an age.
fn is_positive(argument: &[u8]) -> bool {
    let digits = unquoted(argument);
    digits.iter().all(u8::is_ascii_digit) && digits.iter().any(|c| *c != b'0')
}

/// Whether a list of field names, quoted or not, has Set-Cookie in it.
fn names_set_cookie(argument: &[u8]) -> bool {
    unquoted(argument)
        .split(|c| *c == b',')
        .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"set-cookie"))
}

fn is_later(expires: &[u8], date: Option<&[u8]>, now: UnixMillis) -> bool {
    let from =
        date.and_then(parse).or_else(|| UNIX_EPOCH.checked_add(Duration::from_millis(now.0)));
    parse(expires).zip(from).is_some_and(|(expires, from)| expires > from)
}

fn parse(date: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(date).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sat, 29 Nov 2025 15:21:44 GMT.
    const NOW: UnixMillis = UnixMillis(1_764_429_704_000);

    fn shareable(cache_control: &[&str], expires: Option<&str>, date: Option<&str>) -> bool {
        let fields = cache_control.iter().map(|field| field.as_bytes());
        let [expires, date] = [expires, date].map(|date| date.map(str::as_bytes));
        is_shareable(fields, expires, date, NOW)
    }

    #[test]
    fn only_what_says_that_it_may_be_shared_is_shareable() {
        for (cache_control, expected) in [
            (&[] as &[&str], false),
            (&["public"], true),
            (&["PUBLIC, max-age=0"], true),
            (&["max-age=60"], true),
            (&["max-age=0"], false),
            (&["max-age=00"], false),
            (&["max-age=\"60\""], true),
            (&["max-age = 60"], true),
            (&["max-age=-1"], false),
            (&["max-age=x"], false),
            (&["max-age="], false),
            (&["max-age=99999999999999999999999"], true),
            (&["s-maxage=1"], true),
            (&["s-maxage=0"], false),
            (&["max-age=60, private"], false),
            (&["public", "private"], false),
            (&["public,no-store"], false),
            (&["public, no-cache"], true),
            (&["public, no-cache=\"Set-Cookie\""], false),
            (&["public, no-cache=\"a, set-cookie\""], false),
            (&["public, no-cache=\"a, b\""], true),
            (&["public, private=\"x-user\""], true),
            (&["public, private=\"set-cookie\""], false),
            (&["no-cache"], false),
            (&["x=\"a, private, b\", public"], true),
            (&["x=\"a\\\", private, b\", public"], true),
            (&["xpublic, publicx"], false),
        ] {
            let found = shareable(cache_control, None, None);
            assert_eq!(found, expected, "{cache_control:?}");
        }
    }

    #[test]
    fn expires_counts_from_date_where_nothing_overrules_it() {
        let (second, next) = ("Sat, 29 Nov 2025 15:21:44 GMT", "Sat, 29 Nov 2025 15:21:45 GMT");
        let late = "Thu, 29 Nov 2035 15:21:45 GMT";
        for (cache_control, expires, date, expected) in [
            (&[] as &[&str], next, None, true),
            (&[], second, None, false),
            (&[], "Saturday, 29-Nov-25 15:21:45 GMT", None, true),
            (&[], "Thu, 01 Jan 1970 00:00:00 GMT", None, false),
            (&[], "0", None, false),
            (&[], second, Some("Sat, 29 Nov 2025 15:21:43 GMT"), true),
            (&[], next, Some(next), false),
            (&[], next, Some("yesterday"), true),
            (&[], late, None, true),
            (&["max-age=0"], late, None, false),
            (&["private"], late, None, false),
        ] {
            let found = shareable(cache_control, Some(expires), date);
            assert_eq!(found, expected, "{cache_control:?} {expires} {date:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(
            field in prop::collection::vec(any::<u8>(), 0..64),
            expires in "\\PC{0,32}",
            now in any::<u64>(),
        ) {
            let fields = [field.as_slice()].into_iter();
            is_shareable(fields, Some(expires.as_bytes()), Some(&field), UnixMillis(now));
        }
    }
}
