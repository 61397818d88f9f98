//! The rules for requests of HTTP/2 that become HTTP/1, row by row.

use clingfish_h1::{
    HeadError::{self, *},
    Upgrade,
    desync::Reason,
    downgrade::{self, Judged, Pseudo},
    fuzzing,
};
use proptest::{collection::vec, prelude::*, sample::select};

type Fields<'a> = &'a [(&'a [u8], &'a [u8])];

const GET: Pseudo<'_> = Pseudo {
    method: b"GET",
    scheme: Some(b"https"),
    authority: Some(b"a.example"),
    path: Some(b"/x?y"),
    protocol: None,
};

fn judge<'a>(pseudo: Pseudo<'a>, fields: Fields<'a>) -> Result<Judged<'a>, HeadError> {
    downgrade::judge(&pseudo, fields.iter().copied(), |_, _, _| Ok(()))
}

#[test]
fn pseudo_fields_are_held_to_the_rules_of_a_request_line() {
    let with_path = |path| Pseudo { path: Some(path), ..GET };
    let with_method = |method| Pseudo { method, ..GET };
    for (pseudo, error) in [
        (GET, None),
        (with_method(b"M-SEARCH"), None),
        (with_method(b""), Some(BadMethod)),
        (with_method(b"GET / HTTP/1.1\r\nx: y"), Some(BadMethod)),
        (with_method(b"G T"), Some(BadMethod)),
        (with_method(b"G\xc3\xa4T"), Some(BadMethod)),
        (with_method(b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"), Some(BadMethod)),
        (with_method(b"TRACE"), Some(TraceRefused)),
        (with_method(b"CONNECT"), Some(ConnectRefused)),
        (Pseudo { method: b"CONNECT", protocol: Some(b"websocket"), ..GET }, None),
        (
            Pseudo { method: b"CONNECT", protocol: Some(b"connect-udp"), ..GET },
            Some(ConnectRefused),
        ),
        (Pseudo { protocol: Some(b"websocket"), ..GET }, Some(BadPseudoField)),
        (with_path(b"/"), None),
        (with_path(b"//b/../c%zz|\"{}"), None),
        (with_path(b""), Some(BadTarget)),
        (with_path(b"x"), Some(BadTarget)),
        (with_path(b"?x"), Some(BadTarget)),
        (with_path(b"*"), Some(BadTarget)),
        (with_path(b"http://b.example/"), Some(BadTarget)),
        (with_path(b"/a b"), Some(BadTarget)),
        (with_path(b"/a\tb"), Some(BadTarget)),
        (with_path(b"/ HTTP/1.1\r\nHost: b\r\n\r\n"), Some(BadTarget)),
        (with_path(b"/a#b"), Some(BadTarget)),
        (with_path(b"/\x7f"), Some(BadTarget)),
        (with_path(b"/\xc3\xa4"), Some(BadTarget)),
        (with_path(b"/\0"), Some(BadTarget)),
        (Pseudo { method: b"OPTIONS", path: Some(b"*"), ..GET }, None),
        (Pseudo { path: None, ..GET }, Some(BadPseudoField)),
        (Pseudo { scheme: Some(b"http"), ..GET }, None),
        (Pseudo { scheme: None, ..GET }, Some(BadPseudoField)),
        (Pseudo { scheme: Some(b"ftp"), ..GET }, Some(BadPseudoField)),
        (Pseudo { scheme: Some(b"http://b/ HTTP/1.1\r\n"), ..GET }, Some(BadPseudoField)),
    ] {
        assert_eq!(judge(pseudo, &[]).err(), error, "{pseudo:?}");
    }
}

#[test]
fn field_lines_are_held_to_the_rules_of_http1_and_more() {
    for (name, value, error) in [
        ("accept", "*/*", None),
        ("x", "", None),
        ("x", "a\tb", None),
        ("x", "\u{e4}", None),
        ("x!#$%&'*+-.^_`|~9", "a", None),
        ("te", "trailers", None),
        ("te", "Trailers", None),
        ("content-length", "0", None),
        ("expect", "100-Continue", None),
        ("", "a", Some(BadFieldName)),
        ("X", "a", Some(BadFieldName)),
        ("x y", "a", Some(BadFieldName)),
        ("x ", "a", Some(BadFieldName)),
        ("x:y", "a", Some(BadFieldName)),
        (":path", "/b", Some(BadFieldName)),
        ("x\r\ny", "a", Some(BadFieldName)),
        ("x\0", "a", Some(BadFieldName)),
        ("x\u{e4}", "a", Some(BadFieldName)),
        ("x", "a\r\ncontent-length: 5", Some(BadFieldValue)),
        ("x", "a\nb", Some(BadFieldValue)),
        ("x", "a\rb", Some(BadFieldValue)),
        ("x", "a\0b", Some(BadFieldValue)),
        ("x", "a\u{1}b", Some(BadFieldValue)),
        ("x", "a\u{7f}", Some(BadFieldValue)),
        ("x", " a", Some(BadFieldValue)),
        ("x", "a\t", Some(BadFieldValue)),
        ("x", " ", Some(BadFieldValue)),
        ("connection", "close", Some(ConnectionField)),
        ("keep-alive", "5", Some(ConnectionField)),
        ("proxy-connection", "close", Some(ConnectionField)),
        ("transfer-encoding", "chunked", Some(ConnectionField)),
        ("upgrade", "websocket", Some(ConnectionField)),
        ("te", "gzip", Some(ConnectionField)),
        ("te", "trailers, gzip", Some(ConnectionField)),
        ("content-length", "+5", Some(BadContentLength)),
        ("content-length", "", Some(BadContentLength)),
        ("content-length", "9223372036854775808", Some(BadContentLength)),
        ("content-length", "5,5", Some(ContentLengthRepeated)),
        ("expect", "200-ok", Some(UnknownExpectation)),
    ] {
        let field = [(name.as_bytes(), value.as_bytes())];
        assert_eq!(judge(GET, &field).err(), error, "{name:?}: {value:?}");
    }
}

#[test]
fn fields_that_frame_or_route_come_once() {
    for (name, value, error) in [
        (b"content-length".as_slice(), b"5".as_slice(), ContentLengthRepeated),
        (b"host", b"a.example", HostRepeated),
        (b"expect", b"100-continue", UnknownExpectation),
    ] {
        assert!(judge(GET, &[(name, value)]).is_ok(), "{}", name.escape_ascii());
        let twice = [(name, value), (name, value)];
        assert_eq!(judge(GET, &twice).err(), Some(error), "{}", name.escape_ascii());
    }
}

#[test]
fn authority_and_host_agree_and_one_is_there() {
    for (scheme, authority, host, expected) in [
        ("https", Some("a"), None, Ok("a")),
        ("https", None, Some("a"), Ok("a")),
        ("https", Some("a"), Some("A"), Ok("a")),
        ("https", Some("a:443"), Some("a"), Ok("a:443")),
        ("http", Some("a"), Some("a:80"), Ok("a")),
        ("https", Some("a"), Some("a:80"), Err(HostDisagrees)),
        ("https", Some("a"), Some("b"), Err(HostDisagrees)),
        ("https", Some("a"), Some(""), Err(BadHost)),
        ("https", Some(""), Some("a"), Err(BadHost)),
        ("https", Some("u@a"), None, Err(BadHost)),
        ("https", Some("a/b"), None, Err(BadHost)),
        ("https", Some("a\r\nb"), None, Err(BadHost)),
        ("https", None, None, Err(HostMissing)),
    ] {
        let pseudo = Pseudo {
            scheme: Some(scheme.as_bytes()),
            authority: authority.map(str::as_bytes),
            ..GET
        };
        let fields: Vec<_> =
            host.map(|host| (b"host".as_slice(), host.as_bytes())).into_iter().collect();
        let judged = judge(pseudo, &fields).map(|judged| judged.authority);
        assert_eq!(judged, expected.map(str::as_bytes), "{authority:?} and {host:?}");
    }
}

#[test]
fn a_sound_request_says_what_its_translation_needs() {
    let fields: Fields<'_> = &[(b"expect", b"100-continue"), (b"content-length", b"7")];
    let expected = Judged {
        authority: b"a.example",
        content_length: Some(7),
        expect_continue: true,
        upgrade: None,
        desync: None,
    };
    assert_eq!(judge(GET, fields), Ok(expected));
    let lookalike = judge(GET, &[(b"transfer--encoding", b"chunked")]).map(|judged| judged.desync);
    assert_eq!(lookalike, Ok(Some(Reason::SuspiciousHeader)));
    let connect = Pseudo { method: b"CONNECT", protocol: Some(b"websocket"), ..GET };
    let upgrade = judge(connect, &[]).map(|judged| judged.upgrade);
    assert_eq!(upgrade, Ok(Some(Upgrade::WebSocket)));
}

#[test]
fn trailers_are_held_to_the_rules_of_fields() {
    let judge = |name, value| downgrade::judge_field(name, value).map(drop);
    assert_eq!(judge(b"grpc-status".as_slice(), b"0".as_slice()), Ok(()));
    assert_eq!(judge(b":status", b"200"), Err(BadFieldName));
    assert_eq!(judge(b"x", b"a\r\n\r\nGET / HTTP/1.1"), Err(BadFieldValue));
    assert_eq!(judge(b"transfer-encoding", b"chunked"), Err(ConnectionField));
}

/// Bytes that look like a name, value or path often enough to pass, and like an attack often enough not to.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"/",
        b"a",
        b"a.b",
        b":80",
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"chunked",
        b"5",
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\0",
        b":",
        b"#",
        b"\xff",
        b"x-",
        b"_",
        b"A",
        b"*",
        b",",
    ];
    vec(select(pieces), 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_passes_reads_the_same_as_one_request_of_http1(
        path in likely_bytes(),
        authority in likely_bytes(),
        fields in vec((likely_bytes(), likely_bytes()), 0..4),
    ) {
        let mut parts = vec![b"GET".to_vec(), path, authority];
        parts.extend(fields.into_iter().flat_map(|(name, value)| [name, value]));
        fuzzing::downgrade(&parts.join(&0xfe));
    }
}
