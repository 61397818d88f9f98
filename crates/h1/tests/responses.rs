//! The rules for response heads, row by row, and over every way to cut them.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

use clingfish_h1::{
    BodyLength, HeadError, HeadError::*, Progress, RequestContext, ResponseKind, Upgrade,
    parse_response,
};
use clingfish_model::{ResponseHead, head::ResponseParts, listener::RequestLimits};

/// The bytes, and either `status reason, body, what else holds` or the error.
type Row = (&'static [u8], Result<&'static str, HeadError>);

/// Answers to a GET.
const ROWS: &[Row] = &[
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Ok("200 OK 5 persistent")),
    (
        b"HTTP/1.1 200 Very \xc3\xa4 well\r\nContent-Length: 0\r\n\r\n",
        Ok("200 Very \u{e4} well 0 persistent"),
    ),
    (b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", Ok("200  0 persistent")),
    (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Ok("200  0 persistent")),
    (b"HTTP/1.1 200\r\n\r\n", Ok("200  until close")),
    (b"HTTP/1.1 999 X\r\nTransfer-Encoding: Chunked\r\n\r\n", Ok("999 X chunked persistent")),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", Ok("200 OK 1")),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", Ok("200 OK 1")),
    (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n",
        Ok("200 OK 1 persistent"),
    ),
    (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n", Ok("200 OK until close")),
    (b"HTTP/1.1 204 No Content\r\n\r\n", Ok("204 No Content none persistent")),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", Ok("204 No Content none persistent")),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", Ok("204 No Content none")),
    (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", Ok("204 No Content none")),
    (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        Ok("304 Not Modified none persistent"),
    ),
    (b"HTTP/1.1 100 Continue\r\n\r\n", Ok("100 Continue none persistent interim")),
    (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        Ok("103 Early Hints none persistent interim"),
    ),
    (
        b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n",
        Err(UnaskedUpgrade),
    ),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        Err(ContentLengthRepeated),
    ),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", Err(ContentLengthRepeated)),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Err(BadContentLength)),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        Err(ContentLengthWithTransferEncoding),
    ),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Err(TransferEncodingInHttp10)),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Err(UnknownTransferCoding)),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        Err(BadTransferEncoding),
    ),
    (b"HTTP/1.1 200 OK\r\nConnection: Set-Cookie\r\n\r\n", Err(ForbiddenConnectionOption)),
    (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", Err(BadFieldName)),
    (b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", Err(BadFieldName)),
    (b"HTTP/1.1 200 OK\r\n: a\r\n\r\n", Err(BadFieldName)),
    (b"HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n", Err(BadFieldValue)),
    (b"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", Err(BadLineEnd)),
    (b"HTTP/1.1 200 OK\nX: a\r\n\r\n", Err(BadLineEnd)),
    (b"HTTP/1.1 200 OK\r\nX: a\r\n\n", Err(BadLineEnd)),
    (b"HTTP/1.1 200 O\0K\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 200 O\rK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 099 X\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 20 OK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 2000 OK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 +20 OK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1  200 OK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1 200\tOK\r\n\r\n", Err(BadStatus)),
    (b"HTTP/1.1\r\n\r\n", Err(MalformedStartLine)),
    (b"HTTP/1.1 \r\n\r\n", Err(MalformedStartLine)),
    (b"HTTP/1.1\t200 OK\r\n\r\n", Err(BadVersion)),
    (b"HTTP/2.0 200 OK\r\n\r\n", Err(UnsupportedVersion)),
    (b"HTTP/1.2 200 OK\r\n\r\n", Err(UnsupportedVersion)),
    (b"ICY 200 OK\r\n\r\n", Err(BadVersion)),
    (b"\r\nHTTP/1.1 200 OK\r\n\r\n", Err(MalformedStartLine)),
    (b"<html>", Err(BadVersion)),
    (b"HTTP/1.1 200 O\rK", Err(BadStatus)),
    (b"HTTP/1.1 200 OK\nX", Err(BadLineEnd)),
    (b"", Ok("partial")),
    (b"HTTP/1.1 2", Ok("partial")),
    (b"HTTP/1.1 200 OK\r\nX: a\r\n", Ok("partial")),
];

#[test]
fn each_response_head_gets_its_verdict_however_it_is_cut() {
    for &(bytes, verdict) in ROWS {
        let every_byte: Vec<usize> = (0..bytes.len()).collect();
        let once = every_byte.iter().map(|&at| vec![at]);
        for cuts in once.chain([vec![], every_byte.clone()]) {
            assert_eq!(
                judge(bytes, &cuts, RequestContext::default()),
                verdict.map(str::to_owned),
                "{} cut at {cuts:?}",
                bytes.escape_ascii()
            );
        }
    }
}

#[test]
fn the_request_decides_about_body_and_upgrade() {
    let head = RequestContext { head_request: true, upgrade: None };
    let websocket = RequestContext { head_request: false, upgrade: Some(Upgrade::WebSocket) };
    let to = |version: &str, protocol: &str| {
        format!("HTTP/{version} 101 X\r\nConnection: upgrade\r\nUpgrade: {protocol}\r\n\r\n")
    };
    for (request, response, verdict) in [
        (
            head,
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_owned(),
            Ok("200 OK none persistent"),
        ),
        (
            head,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
            Ok("200 OK none persistent"),
        ),
        (head, "HTTP/1.1 200 OK\r\n\r\n".to_owned(), Ok("200 OK none persistent")),
        (head, to("1.1", "websocket"), Err(UnaskedUpgrade)),
        (websocket, to("1.1", "WebSocket"), Ok("101 X none persistent switching")),
        (websocket, to("1.1", "x"), Err(UnaskedUpgrade)),
        (websocket, to("1.1", "websocket, x"), Err(UnaskedUpgrade)),
        (websocket, to("1.1", "h2c"), Err(UnaskedUpgrade)),
        (websocket, to("1.0", "websocket"), Err(UnaskedUpgrade)),
        (websocket, "HTTP/1.1 101 X\r\n\r\n".to_owned(), Err(UnaskedUpgrade)),
        (
            websocket,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
            Ok("200 OK 0 persistent"),
        ),
    ] {
        let outcome = judge(response.as_bytes(), &[], request);
        assert_eq!(outcome, verdict.map(str::to_owned), "{request:?} {response:?}");
    }
}

#[test]
fn a_response_head_is_refused_as_soon_as_it_is_too_large() {
    let limits = RequestLimits { response_head_bytes_max: 64, ..RequestLimits::default() };
    let mut bytes = b"HTTP/1.1 200 OK\r\nX: ".to_vec();
    bytes.resize(64, b'x');
    let read = |bytes: &[u8]| {
        let parts = &mut ResponseParts::default();
        parse_response(bytes, 0, &limits, RequestContext::default(), parts)
    };
    assert_eq!(read(&bytes), Ok(Progress::Partial));
    bytes.push(b'x');
    assert_eq!(read(&bytes), Err(HeadTooLarge));
}

/// Reads bytes that come in pieces which end at `cuts`.
fn judge(bytes: &[u8], cuts: &[usize], request: RequestContext) -> Result<String, HeadError> {
    let mut parts = ResponseParts::default();
    let limits = RequestLimits::default();
    let mut seen = 0;
    for &end in cuts.iter().chain([&bytes.len()]) {
        let Progress::Complete(framing) =
            parse_response(&bytes[..end], seen, &limits, request, &mut parts)?
        else {
            seen = end;
            continue;
        };
        assert_eq!(framing.head_len, end, "the head ends with the row");
        let head = ResponseHead::new(bytes, &parts);
        let body = match framing.body {
            BodyLength::None => "none".to_owned(),
            BodyLength::Known(length) => length.to_string(),
            BodyLength::Chunked => "chunked".to_owned(),
            BodyLength::UntilClose => "until close".to_owned(),
        };
        let reason = str::from_utf8(head.reason()).expect("UTF-8");
        let persistent = if framing.persistent { " persistent" } else { "" };
        let kind = match framing.kind {
            ResponseKind::Interim => " interim",
            ResponseKind::SwitchingProtocols => " switching",
            ResponseKind::Final => "",
        };
        return Ok(format!("{} {reason} {body}{persistent}{kind}", head.status()));
    }
    Ok("partial".to_owned())
}
