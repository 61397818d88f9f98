//! Request heads and what becomes of each: the rules as a table, shared by the tests.

use clingfish_h1::HeadError::{self, *};

/// What becomes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Accepted: method, target's path, `@` authority, body, then what else holds.
    Accepted(&'static str),
    /// No end yet.
    Partial,
    /// Refused.
    Refused(HeadError),
}

use Verdict::{Accepted, Partial, Refused};

/// One row: the bytes and their verdict.
pub(crate) type Row = (&'static [u8], Verdict);

/// Start lines and targets (RFC 9112 sections 2 and 3).
pub(crate) const START_LINES: &[Row] = &[
    (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET / @a none persistent"),
    ),
    (
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET / @a none persistent"),
    ),
    (
        b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(MalformedStartLine),
    ),
    (
        b"\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadLineEnd),
    ),
    (b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadMethod)),
    (b"GET / HTTP/1.0\r\n\r\n", Accepted("GET / @ none")),
    (b"GET / HTTP/1.1\nHost: a\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\n\nHost: a\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadMethod)),
    (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadMethod)),
    (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET /\r\n\r\n", Refused(MalformedStartLine)),
    (b"GET\r\n\r\n", Refused(MalformedStartLine)),
    (b"GET / \r\n\r\n", Refused(BadVersion)),
    (
        b"GET HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(MalformedStartLine),
    ),
    (
        b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("get / @a none persistent"),
    ),
    (
        b"PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("PATCH /x @a none persistent"),
    ),
    (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadMethod)),
    (
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / @a none persistent"),
    ),
    (
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadMethod),
    ),
    (
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        Refused(ConnectRefused),
    ),
    (
        b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(TraceRefused),
    ),
    (
        b"GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        Refused(UnsupportedVersion),
    ),
    (
        b"GET / HTTP/0.9\r\nHost: a\r\n\r\n",
        Refused(UnsupportedVersion),
    ),
    (
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        Refused(UnsupportedVersion),
    ),
    (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        Refused(UnsupportedVersion),
    ),
    (b"GET / HTTP/1.11\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET / HTTP/11\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET / http/1.1\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET / HTTP/1.\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (b"GET / ICY/1.1\r\nHost: a\r\n\r\n", Refused(BadVersion)),
    (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        Refused(BadMethod),
    ),
    (b"SSH-2.0-OpenSSH_9.6\r\n", Refused(MalformedStartLine)),
    (
        b"PROXY TCP4 10.0.0.1 10.0.0.2 5 80\r\n",
        Refused(BadVersion),
    ),
    (b"\0", Refused(BadMethod)),
    (
        b"GET /a|\"{}[]^`<>\\%zz?x=|&y HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET /a|\"{}[]^`<>\\%zz?x=|&y @a none persistent"),
    ),
    (
        b"GET //b/../c HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET //b/../c @a none persistent"),
    ),
    (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadTarget),
    ),
    (b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET /\x0b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadTarget)),
    (
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("OPTIONS * @a none persistent"),
    ),
    (
        b"OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadTarget),
    ),
    (
        b"GET http://a/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET /x?y @a none persistent"),
    ),
    (
        b"GET HTTP://A:80/x HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET /x @A:80 none persistent"),
    ),
    (
        b"GET https://a/x HTTP/1.1\r\nHost: A:443\r\n\r\n",
        Accepted("GET /x @a none persistent"),
    ),
    (
        b"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n",
        Accepted("GET / @a none persistent"),
    ),
    (b"GET http://a/ HTTP/1.0\r\n\r\n", Accepted("GET / @a none")),
    (
        b"GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadTarget),
    ),
    (
        b"OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadTarget),
    ),
    (
        b"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
        Refused(HostDisagrees),
    ),
    (
        b"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(HostDisagrees),
    ),
    (b"GET http://a/ HTTP/1.1\r\n\r\n", Refused(HostMissing)),
    (
        b"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadHost),
    ),
    (
        b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadHost),
    ),
    (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
        Accepted("GET / @a none persistent"),
    ),
    (
        b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        Refused(BadTarget),
    ),
    // Refused before their end is there.
    (b"\n", Refused(BadLineEnd)),
    (b"GET /\rx", Refused(BadTarget)),
    (b"GET / HTTP/1.1\nHost: a", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\nX", Refused(BadLineEnd)),
    (b"PRI * HTTP/2.0", Refused(UnsupportedVersion)),
    // The content of fields is judged with the whole head.
    (b"GET / HTTP/1.1\r\nHost : a\r\n", Partial),
    (b"", Partial),
    (b"\r", Partial),
    (b"\r\n\r\n", Partial),
    (b"GE", Partial),
    (b"GET /lo", Partial),
    (b"GET / HTTP/1.1\r", Partial),
    (b"GET / HTTP/1.1\r\nHost: a\r\n", Partial),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r", Partial),
];

/// Field lines, Host and Connection (RFC 9112 sections 3.2 and 5, RFC 9110 sections 7.6.1, 7.8 and 10.1.1).
pub(crate) const FIELDS: &[Row] = &[
    (b"GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t b \t\r\n\r\n", Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\xff\r\n\r\n", Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n", Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~9: b\r\n\r\n", Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX:\nY: b\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\n\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", Refused(BadFieldValue)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\r\n\r\n", Refused(BadFieldValue)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", Refused(BadLineEnd)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n", Refused(BadFieldValue)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\x0bc\r\n\r\n", Refused(BadFieldValue)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n", Refused(BadFieldValue)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tc\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\xc3\xa4: b\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n", Refused(BadFieldName)),
    (b"GET / HTTP/1.1\r\n\r\n", Refused(HostMissing)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Refused(HostRepeated)),
    (b"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", Refused(HostRepeated)),
    (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", Accepted("GET / @a.example:8080 none persistent")),
    (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", Accepted("GET / @[::1]:80 none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a_b-c~.\r\n\r\n", Accepted("GET / @a_b-c~. none persistent")),
    (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: [a]\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a%2eb\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", Refused(BadHost)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", Accepted("GET / @a none")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE ,,\r\n\r\n", Accepted("GET / @a none")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", Accepted("GET / @a none")),
    (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", Accepted("GET / @ none persistent")),
    (b"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", Accepted("GET / @ none")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, HTTP2-Settings, Keep-Alive\r\n\r\n",
        Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close x\r\n\r\n", Refused(BadConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: \"close\"\r\n\r\n", Refused(BadConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Host\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: content-length\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Transfer-Encoding\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: cookie\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Authorization\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-Whatever\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Amzn-Trace-Id\r\n\r\n", Refused(ForbiddenConnectionOption)),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        Accepted("GET / @a none persistent websocket")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\nContent-Length: 0\r\n\r\n",
        Accepted("GET / @a 0 persistent websocket")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket, x/1\r\n\r\n",
        Accepted("GET / @a none persistent upgrade")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nUpgrade: H2C\r\n\r\n",
        Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", Accepted("GET / @a none persistent")),
    (b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", Accepted("GET / @ none")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        Accepted("POST / @a none persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nabc",
        Accepted("GET / @a 3 persistent")),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc",
        Accepted("PUT / @a 3 persistent continue")),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", Accepted("PUT / @a none persistent")),
    (b"PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", Accepted("PUT / @ 3")),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue-x\r\n\r\n", Refused(UnknownExpectation)),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n\r\n", Refused(UnknownExpectation)),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n", Refused(UnknownExpectation)),
    (b"PUT / HTTP/1.1\r\nHost: a\r\nExpect:\r\n\r\n", Refused(UnknownExpectation)),
];

/// Content-Length and Transfer-Encoding (RFC 9112 sections 6 and 7).
pub(crate) const FRAMING: &[Row] = &[
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", Accepted("POST / @a 5 persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", Accepted("POST / @a 0 persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t007 \r\n\r\nabcdefg", Accepted("POST / @a 7 persistent")),
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", Accepted("GET / @a 5 persistent")),
    (b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", Accepted("HEAD / @a 5 persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n",
        Accepted("POST / @a 9223372036854775807 persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello", Refused(BadContentLength)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nhello", Refused(ContentLengthRepeated)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", Refused(ContentLengthRepeated)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 6\r\n\r\nhello!", Refused(ContentLengthRepeated)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Accepted("POST / @a chunked persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED \r\n\r\n0\r\n\r\n",
        Accepted("POST / @a chunked persistent")),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Refused(ContentLengthWithTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        Refused(ContentLengthWithTransferEncoding)),
    (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(TransferEncodingInHttp10)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Refused(UnknownTransferCoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", Refused(UnknownTransferCoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", Refused(UnknownTransferCoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", Refused(BadTransferEncoding)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n", Refused(BadFieldValue)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", Refused(BadFieldName)),
    (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", Refused(BadFieldName)),
];

/// All rows.
pub(crate) fn rows() -> impl Iterator<Item = Row> {
    [START_LINES, FIELDS, FRAMING]
        .into_iter()
        .flatten()
        .copied()
}
