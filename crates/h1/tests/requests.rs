//! The rules for request heads, row by row, and over every way to cut them.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/requests.rs"]
mod table;

use clingfish_h1::{BodyLength, HeadError, Progress, RequestFraming, Upgrade, parse_request};
use clingfish_model::{RequestHead, head::RequestParts, listener::RequestLimits};

use table::Verdict;

#[test]
fn each_request_head_gets_its_verdict() {
    for (bytes, verdict) in table::rows() {
        assert_eq!(judge(bytes, &[]), Spelled::from(verdict), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_request_head_gets_the_same_verdict_however_it_is_cut() {
    for (bytes, verdict) in table::rows() {
        let every_byte: Vec<usize> = (0..bytes.len()).collect();
        let once = every_byte.iter().map(|&at| vec![at]);
        for cuts in once.chain([every_byte.clone()]) {
            assert_eq!(
                judge(bytes, &cuts),
                Spelled::from(verdict),
                "{} cut at {cuts:?}",
                bytes.escape_ascii()
            );
        }
    }
}

#[test]
fn a_request_is_refused_as_soon_as_a_limit_is_passed() {
    let limits = RequestLimits {
        request_line_bytes_max: 20,
        field_bytes_max: 12,
        head_bytes_max: 60,
        fields_max: 3,
        ..RequestLimits::default()
    };
    let start = "GET / HTTP/1.1\r\n";
    let field = "X: 456789012\r\n";
    let fields = [start, field, field, field].concat();
    for (at_limit, past_it, error) in [
        ("GET /123456 HTTP/1.1\r\n", "GET /1234567 HTTP/1.1", HeadError::StartLineTooLong),
        ("GET /123456789012345", "GET /1234567890123456", HeadError::StartLineTooLong),
        ("X: 456789012\r", "X: 4567890123", HeadError::FieldTooLarge),
        ("X: 456789012\r\n", "X: 4567890123\r\n", HeadError::FieldTooLarge),
        ("A:1\r\nA:2\r\nA:3\r\nA:4\r", "A:1\r\nA:2\r\nA:3\r\nA:4\r\n", HeadError::TooManyFields),
        (&[&fields, "X:"].concat(), &[&fields, "X: "].concat(), HeadError::HeadTooLarge),
    ] {
        let with_start = |text: &str| match text.starts_with("GET") {
            true => text.to_owned(),
            false => [start, text].concat(),
        };
        let read = |text: &str| {
            let text = with_start(text);
            parse_request(text.as_bytes(), 0, &limits, &mut RequestParts::default())
        };
        assert_eq!(read(at_limit), Ok(Progress::Partial), "{at_limit:?}");
        assert_eq!(read(past_it), Err(error), "{past_it:?}");
    }
}

#[test]
fn a_whole_head_is_held_to_the_same_limits() {
    let limits = RequestLimits {
        request_line_bytes_max: 20,
        field_bytes_max: 10,
        head_bytes_max: 56,
        fields_max: 3,
        ..RequestLimits::default()
    };
    for (bytes, error) in [
        ("GET /123456 HTTP/1.1\r\nHost: a\r\nX: 4567890\r\nX: 456789\r\n\r\n", None),
        ("GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n", Some(HeadError::StartLineTooLong)),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: 45678901\r\n\r\n", Some(HeadError::FieldTooLarge)),
        ("GET / HTTP/1.1\r\nHost: a\r\nX:1\r\nX:2\r\nX:3\r\n\r\n", Some(HeadError::TooManyFields)),
        (
            "GET /123456 HTTP/1.1\r\nHost: a\r\nX: 4567890\r\nX: 4567890\r\n\r\n",
            Some(HeadError::HeadTooLarge),
        ),
    ] {
        let outcome = parse_request(bytes.as_bytes(), 0, &limits, &mut RequestParts::default());
        assert_eq!(outcome.err(), error, "{bytes:?}");
    }
}

#[test]
fn a_trickled_head_costs_linear_time() {
    // Quadratic time would be 2^31 steps here and more than a minute.
    let mut head = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
    for _ in 0..60 {
        head.extend_from_slice(&[b'x'; 8]);
        head.extend_from_slice(b": ");
        head.extend_from_slice(&[b'y'; 1000]);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let mut parts = RequestParts::default();
    let limits = RequestLimits::default();
    for end in 1..head.len() {
        let outcome = parse_request(&head[..end], end - 1, &limits, &mut parts);
        assert_eq!(outcome, Ok(Progress::Partial));
    }
    let outcome = parse_request(&head, head.len() - 1, &limits, &mut parts);
    assert!(matches!(outcome, Ok(Progress::Complete(_))));
    assert_eq!(parts.fields.all().len(), 61);
}

/// A verdict in comparable form.
#[derive(Debug, PartialEq)]
enum Spelled {
    Accepted(String),
    Partial,
    Refused(HeadError),
}

impl From<Verdict> for Spelled {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Accepted(text) => Self::Accepted(text.to_owned()),
            Verdict::Partial => Self::Partial,
            Verdict::Refused(error) => Self::Refused(error),
        }
    }
}

/// Reads bytes that come in pieces which end at `cuts`.
fn judge(bytes: &[u8], cuts: &[usize]) -> Spelled {
    let mut parts = RequestParts::default();
    let limits = RequestLimits::default();
    let mut seen = 0;
    for &end in cuts.iter().chain([&bytes.len()]) {
        match parse_request(&bytes[..end], seen, &limits, &mut parts) {
            Ok(Progress::Partial) => seen = end,
            Ok(Progress::Complete(framing)) => {
                return Spelled::Accepted(spell(&bytes[..end], &parts, framing));
            }
            Err(error) => return Spelled::Refused(error),
        }
    }
    Spelled::Partial
}

fn spell(bytes: &[u8], parts: &RequestParts, framing: RequestFraming) -> String {
    let head = RequestHead::new(bytes, parts);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut spelled = vec![
        text(head.method_name()),
        text(head.path_and_query()),
        format!("@{}", text(head.authority())),
        match framing.body {
            BodyLength::None => "none".to_owned(),
            BodyLength::Known(length) => length.to_string(),
            BodyLength::Chunked => "chunked".to_owned(),
            BodyLength::UntilClose => "until close".to_owned(),
        },
    ];
    for (holds, word) in [
        (framing.persistent, "persistent"),
        (framing.expect_continue, "continue"),
        (framing.upgrade == Some(Upgrade::WebSocket), "websocket"),
    ] {
        if holds {
            spelled.push(word.to_owned());
        }
    }
    spelled.join(" ")
}
