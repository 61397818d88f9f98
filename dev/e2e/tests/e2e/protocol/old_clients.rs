//! HTTP/1.0 clients.

use clingfish_testkit::{RawClient, Target};

use super::last;
use crate::support::before;

#[test]
fn http_1_0_ends_with_its_answer() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    let mut client = RawClient::connect(web).unwrap();
    client.send("GET /old HTTP/1.0\r\n\r\n").unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    client.wait_closed().unwrap();
    let received = last(&target);
    assert!(received.head.starts_with("GET /old HTTP/1.1\r\n"), "{}", received.head);
    let own = web.to_string();
    assert_eq!(received.header("host"), Some(own.as_str()), "there is no other name");
}

#[test]
fn http_1_0_may_ask_for_more() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for path in ["/1", "/2", "/3"] {
        let lines = "Host: a\r\nConnection: Keep-Alive\r\n\r\n";
        client.send(format!("GET {path} HTTP/1.0\r\n{lines}")).unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("keep-alive")));
        assert_eq!(answer.json()["path"], path);
    }
}

#[test]
fn http_1_0_gets_no_chunks_and_no_interim_answers() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for (path, body) in [
        ("/chunked", "chunk 1\nchunk 2\nchunk 3\n"),
        ("/until-close", "until close\n"),
        ("/hints", "after an interim response\n"),
        ("/continue", "after an interim response\n"),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("GET {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, body), "{path}");
        assert_eq!(answer.header("transfer-encoding"), None, "{path}");
        if answer.header("content-length").is_none() {
            assert_eq!(answer.header("connection"), Some("close"), "{path}");
        }
    }
}

#[test]
fn http_1_0_posts_its_body() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    assert_eq!(client.read_response().unwrap().text(), "hello");
    client.wait_closed().unwrap();
}

/// A body of HTTP/1.0 that only the end of the connection would end is none at all (Pingora's CVE-2026-2835).
#[test]
fn http_1_0_has_no_body_without_a_length() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("POST /none HTTP/1.0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().json()["body_bytes"], 0);
    client.wait_closed().unwrap();
    let paths: Vec<String> = target.requests().iter().map(|r| r.path().to_owned()).collect();
    assert_eq!(paths, ["/none"]);
}
