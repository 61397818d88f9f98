//! Classes of requests, row by row, over every way to cut them, and what each mode makes of them.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use clingfish_h1::{
    Progress,
    desync::{
        Class,
        Reason::{self, *},
        Treatment, classify_refused, resembles_framing, treat,
    },
    parse_request,
};
use clingfish_model::{DesyncMode, head::RequestParts, listener::RequestLimits};

/// A head, whether it can be read, and why it is not compliant.
type Row = (&'static [u8], bool, Option<Reason>);

const ROWS: &[Row] = &[
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, None),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true, None),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", true, None),
    (b"GET / HTTP/1.0\r\n\r\n", true, None),
    // Bodies that have no meaning.
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true, Some(GetHeadZeroContentLength)),
    (b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true, Some(GetHeadZeroContentLength)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", true, Some(UndefinedContentLengthSemantics)),
    (b"HEAD / HTTP/1.0\r\nContent-Length: 1\r\n\r\n", true, Some(UndefinedContentLengthSemantics)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", true, Some(UndefinedTransferEncodingSemantics)),
    (b"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", true, None),
    // Names that could be taken for those that frame.
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n", true, Some(SuspiciousHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent--Length: 5\r\nContent-Length: 0\r\n\r\n", true, Some(MultipleContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n'content-length': 6\r\n\r\n", true, Some(MultipleContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: x\r\n\r\n", true, Some(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer.Encoding: chunked\r\n\r\n", true, Some(SuspiciousHeader)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", false, Some(SuspiciousHeader)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTran\xc5\xbffer-Encoding: chunked\r\n\r\n", false, Some(SuspiciousHeader)),
    (b"POST / HTTP/1.1\r\nHost: a\r\n Transfer-Encoding: chunked\r\n\r\n", false, Some(SuspiciousHeader)),
    (b"POST / HTTP/1.1\r\nHost: a\r\n\x01Content-Length\x01: 5\r\n\r\n", false, Some(SuspiciousHeader)),
    // Framing.
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", false, Some(DuplicateContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", false, Some(MultipleContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\n", false, Some(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", false, Some(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", false, Some(BothTeClPresent)),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", false, Some(UndefinedTransferEncodingSemantics)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", false, Some(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", false, Some(MultipleTransferEncodingChunked)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", false, None),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", false, None),
    // Fields.
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", false, Some(NonCompliantHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", false, Some(NonCompliantHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa4: b\r\n\r\n", false, Some(NonCompliantHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n", false, Some(BadHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", false, Some(BadHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", false, Some(BadHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", false, Some(BadHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", false, Some(EmptyHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n \t: b\r\n\r\n", false, Some(EmptyHeader)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", false, Some(EmptyHeader)),
    (b"GET / HTTP/1.1\r\n\r\n", false, None),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", false, None),
    // Start lines.
    (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadMethod)),
    (b"\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadMethod)),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", false, Some(BadMethod)),
    (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(SpaceInUri)),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(SpaceInUri)),
    (b"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(AmbiguousUri)),
    (b"GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(AmbiguousUri)),
    (b"GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadUri)),
    (b"GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadUri)),
    (b"GET /a\nb HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadUri)),
    (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", false, None),
    (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", false, None),
    (b"GET a HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", false, Some(BadContentLength)),
    (b"GET HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(AmbiguousUri)),
    (b"GET\r\nHost: a\r\n\r\n", false, Some(AmbiguousUri)),
    (b"GET /a\r\nHost: a\r\n\r\n", false, Some(NonCompliantVersion)),
    (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", false, Some(NonCompliantVersion)),
    (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", false, Some(NonCompliantVersion)),
    (b"GET / HTTP/1.1 \t\r\nHost: a\r\n\r\n", false, Some(NonCompliantVersion)),
    (b"GET / HTTP/0.8\r\nHost: a\r\n\r\n", false, Some(BadVersion)),
    (b"GET / HTTP/1.11\r\nHost: a\r\n\r\n", false, Some(BadVersion)),
    (b"GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", false, Some(BadVersion)),
    (b"GET / HTTP/1.1\nHost: a\r\n\r\n", false, Some(BadVersion)),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", false, None),
    // The worst counts, of two in one class the first.
    (b"GET /a HTTP/1.1\r\nHost: a\r\nX: \x01\r\nContent-Length: 5\r\n\r\n", false, Some(UndefinedContentLengthSemantics)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\nTransfer-Encoding: x\r\nContent-Length: y\r\n\r\n", false, Some(BadTransferEncoding)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\nTransfer-Encoding: x\r\n\r\n", false, Some(BadHeader)),
];

#[test]
fn each_head_has_its_class() {
    for &(bytes, is_read, reason) in ROWS {
        assert_eq!(read(bytes, &[]), (is_read, reason), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_head_has_the_same_class_however_it_is_cut() {
    for &(bytes, is_read, reason) in ROWS {
        let every_byte: Vec<usize> = (0..bytes.len()).collect();
        for cuts in every_byte.iter().map(|&at| vec![at]).chain([every_byte.clone()]) {
            let seen = read(bytes, &cuts);
            assert_eq!(seen, (is_read, reason), "{} cut at {cuts:?}", bytes.escape_ascii());
        }
    }
}

#[test]
fn each_mode_lets_through_what_alb_lets_through() {
    for (mode, none, acceptable, ambiguous, severe) in [
        (DesyncMode::Monitor, "forward", "forward", "forward", "forward"),
        (DesyncMode::Defensive, "forward", "forward", "isolate", "refuse"),
        (DesyncMode::Strictest, "forward", "refuse", "refuse", "refuse"),
    ] {
        let word = |reason| match treat(mode, reason) {
            Treatment::Forward => "forward",
            Treatment::Isolate => "isolate",
            Treatment::Refuse => "refuse",
        };
        assert_eq!(word(None), none, "{mode:?} of a compliant request");
        for reason in Reason::ALL {
            let expected = match reason.class() {
                Class::Acceptable => acceptable,
                Class::Ambiguous => ambiguous,
                Class::Severe => severe,
            };
            assert_eq!(word(Some(*reason)), expected, "{mode:?} of {reason:?}");
        }
    }
}

#[test]
fn names_that_only_begin_or_end_like_framing_resemble_nothing() {
    for (name, expected) in [
        ("transfer_encoding", true),
        ("TRANSFER-ENCODING-", true),
        ("--content-length", true),
        ("content.length", true),
        ("content-------length", true),
        ("content-length", false),
        ("transfer-encoding", false),
        ("transfer-encoding2", false),
        ("x-content-length", false),
        ("content-length-x", false),
        ("contentlength", false),
        ("content-strength", false),
        ("transfer-encodin", false),
        ("", false),
        ("-------------------", false),
    ] {
        assert_eq!(resembles_framing(name.as_bytes()), expected, "{name}");
    }
}

/// Reads bytes that come in pieces which end at `cuts`: whether it worked, and the class.
fn read(bytes: &[u8], cuts: &[usize]) -> (bool, Option<Reason>) {
    let mut parts = RequestParts::default();
    let limits = RequestLimits::default();
    let mut seen = 0;
    for &end in cuts.iter().chain([&bytes.len()]) {
        match parse_request(&bytes[..end], seen, &limits, &mut parts) {
            Ok(Progress::Partial) => seen = end,
            Ok(Progress::Complete(framing)) => return (true, framing.desync),
            Err(error) => return (false, classify_refused(&bytes[..end], error)),
        }
    }
    panic!("no end: {}", bytes.escape_ascii());
}
