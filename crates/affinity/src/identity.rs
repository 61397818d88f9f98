//! The application's own session ids: finding them in requests and answers.
//!
//! Where the application makes the id, a request says its home in one of three ways: the id [names its target](route), a table knows it,
//! or it comes in [an envelope](envelope) of ours. Nothing here knows which; it finds ids and hands them on.

pub mod body;
pub mod envelope;
pub mod route;

mod events;
mod json;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, ops::ControlFlow};

use clingfish_model::{
    FieldId, GroupHash, RequestHead, ResponseHead, UnixMillis,
    head::split_query,
    limits::{SESSION_ID_BYTES_MAX, SESSION_IDS_TRIED_MAX},
    mix,
    stickiness::{IdBirth, IdPlace},
};

use crate::{cookie, token::SessionId};

/// What an answer says about an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Birth<'a> {
    /// The client has this id from now on.
    Id(&'a [u8]),
    /// The client is to forget its cookie of this name.
    End(&'a str),
}

/// Shows `visit` the ids of a request, in the order of `places`, until it breaks or [`SESSION_IDS_TRIED_MAX`] are shown.
///
/// Ids of queries and paths come as their percent-encoding means them. Those of more than `bytes_max` are none.
pub fn each_id<'p, 'a>(
    head: RequestHead<'a>,
    places: &'p [IdPlace],
    bytes_max: usize,
    mut visit: impl FnMut(&'p IdPlace, Cow<'a, [u8]>) -> ControlFlow<()>,
) {
    let mut left = SESSION_IDS_TRIED_MAX;
    for place in places {
        let mut show = |id: Cow<'a, [u8]>| {
            if id.is_empty() || id.len() > bytes_max {
                return ControlFlow::Continue(());
            }
            left = left.saturating_sub(1);
            let going = visit(place, id);
            if left == 0 { ControlFlow::Break(()) } else { going }
        };
        if each_at(head, place, &mut show).is_break() {
            return;
        }
    }
}

fn each_at<'a>(
    head: RequestHead<'a>,
    place: &IdPlace,
    show: &mut impl FnMut(Cow<'a, [u8]>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    match place {
        IdPlace::Cookie(name) => head.values(FieldId::Cookie).try_for_each(|field| {
            let mut segments = cookie::segments(field).map(|span| span.of(field));
            segments.try_for_each(|segment| {
                let id = cookie::value_of(segment, name.as_bytes());
                id.map_or(ControlFlow::Continue(()), |id| show(Cow::Borrowed(id)))
            })
        }),
        IdPlace::Header(name) => {
            let mut named = head.fields().filter(|line| is_named(line.name, name));
            named.try_for_each(|line| show(Cow::Borrowed(line.value)))
        }
        IdPlace::Query(name) => {
            let (_, query) = split_query(head.path_and_query());
            parameter(query, name).map_or(ControlFlow::Continue(()), |id| show(percent_decoded(id)))
        }
        IdPlace::PathAfter(before) => {
            let (path, _) = split_query(head.path_and_query());
            let rest = path.strip_prefix(before.as_bytes()).unwrap_or_default();
            let segment = rest.split(|c| matches!(c, b'/' | b';')).next().unwrap_or_default();
            show(percent_decoded(segment))
        }
        IdPlace::PathParameter(name) => {
            let (path, _) = split_query(head.path_and_query());
            let mut parameters = path.split(|c| *c == b';').skip(1);
            let id = parameters.find_map(|text| value_of(text, name)).unwrap_or_default();
            show(percent_decoded(id.split(|c| *c == b'/').next().unwrap_or_default()))
        }
    }
}

/// Shows `visit` what an answer's head says about ids.
pub fn each_birth<'p, 'a>(
    head: ResponseHead<'a>,
    births: &'p [IdBirth],
    now: UnixMillis,
    mut visit: impl FnMut(Birth<'a>),
) where
    'p: 'a,
{
    for birth in births {
        match birth {
            IdBirth::Header(name) => {
                let named = head.fields().filter(|line| is_named(line.name, name));
                named.for_each(|line| visit_id(line.value, &mut visit));
            }
            IdBirth::Cookie(name) => {
                for value in head.values(FieldId::SetCookie) {
                    match set_cookie(value, name, now) {
                        Some(Set::Id(id)) => visit_id(id, &mut visit),
                        Some(Set::End) => visit(Birth::End(name)),
                        None => {}
                    }
                }
            }
            IdBirth::Json(_) | IdBirth::Event(_) => {}
        }
    }
}

fn visit_id<'a>(id: &'a [u8], visit: &mut impl FnMut(Birth<'a>)) {
    if !id.is_empty() && id.len() <= SESSION_ID_BYTES_MAX {
        visit(Birth::Id(id));
    }
}

/// What stands for the session of an id in logs: the same on every instance.
pub fn session_of(group: GroupHash, id: &[u8]) -> SessionId {
    // Eight bytes at a time: ids are long, and each request brings one. The length keeps apart those that end in zeros.
    let (words, rest) = id.as_chunks();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    let start = mix(u64::from_le_bytes(group.0) ^ id.len() as u64);
    let hash =
        words.iter().chain([&last]).fold(start, |hash, word| mix(hash ^ u64::from_le_bytes(*word)));
    SessionId(hash.to_be_bytes())
}

/// What a Set-Cookie value does with the cookie of one name.
enum Set<'a> {
    /// Sets it.
    Id(&'a [u8]),
    /// Takes it away.
    End,
}

fn set_cookie<'a>(value: &'a [u8], name: &str, now: UnixMillis) -> Option<Set<'a>> {
    let mut segments = cookie::segments(value);
    let pair = cookie::pair(value, segments.next()?).filter(|pair| pair.name == name.as_bytes())?;
    let is_over = |span: clingfish_model::Span| {
        cookie::pair(value, span)
            .is_some_and(|attribute| ends(attribute.name, attribute.value, now))
    };
    if pair.value.is_empty() || segments.any(is_over) {
        return Some(Set::End);
    }
    Some(Set::Id(pair.value))
}

/// The id that a Set-Cookie value gives the cookie of that name.
pub fn id_set_by<'a>(value: &'a [u8], name: &str, now: UnixMillis) -> Option<&'a [u8]> {
    match set_cookie(value, name, now)? {
        Set::Id(id) => Some(id),
        Set::End => None,
    }
}

/// Whether a cookie with that attribute is taken away rather than set.
fn ends(name: &[u8], value: &[u8], now: UnixMillis) -> bool {
    if name.eq_ignore_ascii_case(b"max-age") {
        return value == b"0" || value.first() == Some(&b'-');
    }
    let text = || std::str::from_utf8(value).ok();
    name.eq_ignore_ascii_case(b"expires")
        && text().and_then(|text| httpdate::parse_http_date(text).ok()).is_some_and(|end| {
            let since = end.duration_since(std::time::UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs()) <= now.as_secs()
        })
}

/// Whether a field has that name.
pub fn is_named(name: &[u8], wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted.as_bytes())
}

/// The first parameter of that name.
fn parameter<'a>(query: &'a [u8], name: &str) -> Option<&'a [u8]> {
    query.split(|c| *c == b'&').find_map(|text| value_of(text, name))
}

/// `value` of `name=value`.
fn value_of<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    text.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

/// What `%41` and the like mean; a `%` without two digits stays. A `+` is a `+`: ids are no forms.
fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, after @ ..] = rest {
        (rest, _) = match (first, after) {
            (b'%', [high, low, more @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (more, out.push(high << 4 | low)),
                _ => (after, out.push(b'%')),
            },
            _ => (after, out.push(*first)),
        };
    }
    Cow::Owned(out)
}

/// The value of a hexadecimal digit.
fn digit(c: u8) -> Option<u8> {
    char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
