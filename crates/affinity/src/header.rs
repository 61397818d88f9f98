//! Tokens in header fields and query parameters, for clients that keep no cookies.

use clingfish_model::{FieldId, RequestHead, Span, UnixMillis, limits, stickiness::HeaderToken};

use crate::{
    claim::{Claim, Reading, tokens_in, weigh},
    cookie::Cuts,
    keyring::KeyRing,
    memo::Memo,
    policy::Policy,
};

/// Reads the token of a request in its header field, or else in its query. Of [`limits::COOKIES_TRIED_MAX`] the one of this group
/// counts, or else the first that opens; targets see none that opens.
pub fn read_header(
    head: RequestHead<'_>,
    policy: &Policy,
    ring: &KeyRing,
    now: UnixMillis,
    memo: &mut Memo,
) -> Reading {
    let cookies = head.values(FieldId::Cookie);
    let mut reading = Reading { cuts: tokens_in(cookies, ring, now, memo), ..Reading::default() };
    let Some(header) = policy.header() else {
        return reading;
    };
    let mut open = |text: &[u8], claim: &mut Claim| {
        let opened = memo.open(text, ring, policy.purpose(), policy.alphabet(), now);
        weigh(claim, opened, |opened| policy.owns(opened));
        opened.is_ok()
    };
    for (ordinal, value) in fields(head, header).take(limits::COOKIES_TRIED_MAX) {
        if open(value, &mut reading.claim) {
            reading.cuts.add_field(ordinal);
        }
    }
    if let Some((span, value)) = parameter(head.path_and_query(), header.query().as_bytes())
        && open(value, &mut reading.claim)
    {
        reading.cuts.add_parameter(span);
    }
    if policy.forwards_tokens() {
        reading.cuts = Cuts::default();
    }
    reading
}

/// The values of the field, each with its ordinal among all fields.
fn fields<'a>(
    head: RequestHead<'a>,
    header: &HeaderToken,
) -> impl Iterator<Item = (usize, &'a [u8])> {
    let name = header.name().as_bytes();
    let is_named = move |name_of: &[u8]| name_of.eq_ignore_ascii_case(name);
    let fields = head.fields().enumerate();
    fields
        .filter(move |(_, line)| line.id == FieldId::Other && is_named(line.name))
        .map(|(ordinal, line)| (ordinal, line.value))
}

/// A path and query for logs, which tokens do not go into: `-` in place of the value. None where there is no such parameter.
pub fn without_token(path_and_query: &[u8], header: &HeaderToken) -> Option<Vec<u8>> {
    let (span, value) = parameter(path_and_query, header.query().as_bytes())?;
    let before = path_and_query.get(..span.end() - value.len())?;
    Some([before, b"-", path_and_query.get(span.end()..)?].concat())
}

/// The first parameter of that name: from its name to its end, and its value. Tokens need no encoding.
fn parameter<'a>(path_and_query: &'a [u8], name: &[u8]) -> Option<(Span, &'a [u8])> {
    let mut start = memchr::memchr(b'?', path_and_query)? + 1;
    for part in path_and_query.get(start..)?.split(|c| *c == b'&') {
        let value = part.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"="));
        if let Some(value) = value {
            return Some((Span::new(start, part.len()), value));
        }
        start += part.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_query_is_what_else_was_there() {
        for (path, value, left) in [
            ("/a?t=1", "1", "/a"),
            ("/a?t=1&b=2", "1", "/a?b=2"),
            ("/a?b=2&t=1", "1", "/a?b=2"),
            ("/a?b=2&t=&c=3", "", "/a?b=2&c=3"),
            ("/a?bt=2&t=1&t=2", "1", "/a?bt=2&t=2"),
        ] {
            let (span, found) = parameter(path.as_bytes(), b"t").unwrap();
            assert_eq!(found, value.as_bytes(), "{path}");
            let mut cuts = Cuts::default();
            cuts.add_parameter(span);
            assert_eq!(cuts.path(path.as_bytes()).concat(), left.as_bytes(), "{path}");
        }
        let header = HeaderToken::new("X-Home", "t", std::time::Duration::MAX, None).unwrap();
        assert_eq!(
            without_token(b"/a?t=1&b=2", &header).as_deref(),
            Some(b"/a?t=-&b=2".as_slice())
        );
        assert_eq!(without_token(b"/a?b=2", &header), None);
        for path in ["/a", "/t=1", "/a?", "/a?t", "/a?bt=1"] {
            assert_eq!(parameter(path.as_bytes(), b"t"), None, "{path}");
        }
    }
}
