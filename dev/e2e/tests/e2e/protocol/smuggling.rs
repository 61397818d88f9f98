//! Requests that two parsers could read differently.

use std::net::SocketAddr;

use clingfish_testkit::{RawClient, Target};

use super::ask;
use crate::support::before;

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// Sends the bytes, reads until the connection ends, and checks that there was one answer alone, a refusal.
#[track_caller]
fn expect_refusal(web: SocketAddr, bytes: &[u8]) {
    let row = String::from_utf8_lossy(bytes);
    let mut client = RawClient::connect(web).unwrap();
    // It may refuse before everything is sent.
    client.send(bytes).ok();
    let answer = client.read_response().unwrap_or_else(|error| panic!("{error}: {row:?}"));
    assert!(matches!(answer.status, 400 | 413 | 501), "{}: {row:?}", answer.status_line);
    assert_eq!(answer.header("connection"), Some("close"), "{row:?}");
    client.wait_closed().unwrap_or_else(|error| panic!("{error}: {row:?}"));
}

/// Checks that nothing but one more request reaches the target.
#[track_caller]
fn expect_silence(web: SocketAddr, target: &Target) {
    ask(web, "GET /fence HTTP/1.1\r\nHost: a\r\n\r\n");
    let paths: Vec<String> = target.requests().iter().map(|r| r.path().to_owned()).collect();
    assert_eq!(paths, ["/fence"]);
}

#[test]
fn ambiguous_framing_is_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    let lines = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding: chunked\x0c",
        "Transfer-Encoding:",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        " Transfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
        "X: y\r\n\tTransfer-Encoding: chunked",
        "X: y\nTransfer-Encoding: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\0Transfer-Encoding: chunked",
        "Transfer-Encoding: chu\0nked",
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 40",
        "Content-Length: 4, 4",
        "Content-Length: 4,",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length: 4 4",
        "Content-Length: 4.0",
        "Content-Length: 4e0",
        "Content-Length:",
        "Content-Length: 9223372036854775808",
        "Content-Length: 18446744073709551620",
        "Content-Length: 99999999999999999999999999999999",
        "Content-Length : 4",
        "Content-Length: \x0b4",
        "Content-Length: 4\r\n 0",
        ": 4",
        "no colon",
        "Host: b",
        "X\u{e9}: y",
        "X(y): z",
        "X: a\x7fb",
    ];
    for line in lines {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n0\r\n\r\n{SMUGGLED}");
        expect_refusal(web, request.as_bytes());
    }
    expect_silence(web, &target);
}

#[test]
fn malformed_first_lines_are_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    for line in [
        "GET /a b HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / http/1.1",
        "GET / HTTP/01.1",
        "GET / HTTP/1.",
        "GET / HTTP/1.1x",
        "GET /",
        "G(T / HTTP/1.1",
        "GET /a\0b HTTP/1.1",
        "GET /a\rb HTTP/1.1",
        "GET /#fragment HTTP/1.1",
        "GET a HTTP/1.1",
        "GET * HTTP/1.1",
        "GET ftp://a/ HTTP/1.1",
        "GET http://user@a/ HTTP/1.1",
        "GET http:///x HTTP/1.1",
        "GET /\u{e9} HTTP/1.1",
    ] {
        expect_refusal(web, format!("{line}\r\nHost: a\r\n\r\n{SMUGGLED}").as_bytes());
    }
    expect_refusal(web, b"GET / HTTP/1.1\nHost: a\n\n");
    expect_refusal(web, b"GET / HTTP/1.1\r\nHost: a\n\r\n");
    expect_refusal(web, b"GET / HTTP/1.1\r\n\r\n");
    for host in ["", "a b", "a,b", "a/b", "a@b", "[::1", "a:b", "a:99999", "a%00", "a\0"] {
        expect_refusal(web, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    }
    expect_silence(web, &target);
}

#[test]
fn tricks_with_chunks_are_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    for body in [
        "0x3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3_0\r\nabc\r\n0\r\n\r\n",
        "g\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        ";x\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3;x\nabc\r\n0\r\n\r\n",
        "3;x\ry\r\nabc\r\n0\r\n\r\n",
        "3;\0\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "00000000000000003\r\nabc\r\n0\r\n\r\n",
        "0\n\r\n",
        "0\r\n\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nX: a\0b\r\n\r\n",
    ] {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        expect_refusal(web, format!("{head}{body}{SMUGGLED}").as_bytes());
    }
    let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(2000));
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect_refusal(web, format!("{head}{long}{SMUGGLED}").as_bytes());
    expect_silence(web, &target);
}

/// The same when the head has long been sent to a target: it sees the connection end, never a whole request.
#[test]
fn tricks_with_late_chunks_are_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    for body in ["0x3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n"] {
        let mut client = RawClient::connect(web).unwrap();
        // The target's 100 shows that it has the head.
        client
            .send(
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\
                 Transfer-Encoding: chunked\r\n\r\n",
            )
            .unwrap();
        assert_eq!(client.read_response().unwrap().status, 100);
        client.send(format!("{body}{SMUGGLED}")).unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")), "{body:?}");
        client.wait_closed().unwrap();
    }
    expect_silence(web, &target);
}

#[test]
fn transfer_encoding_is_unknown_to_http_1_0() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    for more in ["", "Connection: keep-alive\r\n"] {
        let head =
            format!("POST / HTTP/1.0\r\nHost: a\r\n{more}Transfer-Encoding: chunked\r\n\r\n");
        expect_refusal(web, format!("{head}0\r\n\r\n{SMUGGLED}").as_bytes());
    }
    expect_silence(web, &target);
}
