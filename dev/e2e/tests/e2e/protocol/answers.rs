//! Interim answers, odd request targets, and answers that do not wait for the body.

use clingfish_testkit::{Clingfish, Flow, RawClient, Target};

use super::{ask, last};
use crate::support::{before, targets, web_with};

#[test]
fn the_targets_go_on_reaches_the_client_before_its_body_is_sent() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for round in 1..=2 {
        client
            .send(
                "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
            )
            .unwrap();
        let interim = client.read_response().unwrap();
        assert_eq!(interim.status, 100, "round {round}");
        client.send("hello").unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "round {round}");
        assert_eq!(last(&target).header("expect"), Some("100-continue"));
    }
}

#[test]
fn a_final_answer_may_come_instead_of_go_on() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client
        .send(
            "POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        )
        .unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (413, "too large\n"));
    assert_eq!(answer.header("connection"), Some("close"), "the body may or may not still come");
    client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").ok();
    client.wait_closed().unwrap();
    assert_eq!(target.count(), 1);
}

#[test]
fn other_expectations_are_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for expect in ["200-ok", "100-continue, 200-ok", "100-continue\r\nExpect: 100-continue", ""] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: {expect}\r\nContent-Length: 2\r\n\r\nok"
        );
        assert_eq!(ask(clingfish.listener("web"), request).status, 417, "{expect:?}");
    }
    assert_eq!(target.count(), 0);
}

#[test]
fn interim_answers_are_relayed_in_order() {
    let target = Target::answering(|connection, _| {
        connection.write(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n\
             HTTP/1.1 102 Processing\r\n\r\n\
             HTTP/1.1 103 Early Hints\r\nLink: </b.css>; rel=preload\r\n\r\n\
             HTTP/1.1 100 Continue\r\n\r\n",
        )?;
        connection.respond(200, "text/plain", b"at last")?;
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for round in 1..=2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        for (status, link) in [
            (103, Some("</a.css>; rel=preload")),
            (102, None),
            (103, Some("</b.css>; rel=preload")),
            (100, None),
        ] {
            let interim = client.read_response().unwrap();
            assert_eq!((interim.status, interim.header("link")), (status, link), "round {round}");
            let framing = (interim.header("content-length"), interim.header("set-cookie"));
            assert_eq!(framing, (None, None), "round {round}");
        }
        assert_eq!(client.read_response().unwrap().text(), "at last", "round {round}");
    }
}

#[test]
fn early_hints_come_early() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let target = Target::answering(move |connection, _| {
        connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")?;
        wait.lock().unwrap().recv().map_err(std::io::Error::other)?;
        connection.respond(200, "text/plain", b"ok")?;
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 103, "while the target still thinks");
    go.send(()).unwrap();
    assert_eq!(client.read_response().unwrap().status, 200);
}

#[test]
fn a_target_cannot_send_interim_answers_without_end() {
    let target = Target::saying("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000));
    let clingfish = before(&target, "");
    let answer = ask(clingfish.listener("web"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(answer.status, 502);
}

#[test]
fn request_targets_in_every_form_reach_the_application() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for (method, sends, host, path, at) in [
        ("GET", "http://shop.example/a?b", "shop.example", "/a?b", "shop.example"),
        ("GET", "http://shop.example:81/", "shop.example:81", "/", "shop.example:81"),
        ("GET", "HTTPS://shop.example", "shop.example", "/", "shop.example"),
        ("OPTIONS", "*", "shop.example", "*", "shop.example"),
        ("OPTIONS", "/a", "shop.example", "/a", "shop.example"),
        ("GET", "//a//b/../c?d?e", "shop.example", "//a//c?d?e", "shop.example"),
        ("GET", "/x/%2e%2E/%2f?%00", "shop.example", "/%2f?%00", "shop.example"),
    ] {
        let answer = ask(
            clingfish.listener("web"),
            format!("{method} {sends} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        );
        let received = last(&target);
        assert_eq!(answer.status, 200, "{method} {sends}");
        assert_eq!((received.method(), received.path()), (method, path), "{method} {sends}");
        assert_eq!(received.header("host"), Some(at), "{method} {sends}");
    }
    let request = "GET http://shop.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n";
    assert_eq!(ask(clingfish.listener("web"), request).status, 400, "two names");
}

#[test]
fn an_answer_before_the_end_of_the_body_arrives() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let large = 64 << 20;
    for framing in [format!("Content-Length: {large}"), "Transfer-Encoding: chunked".to_owned()] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("POST /early HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n")).unwrap();
        let block = if framing.starts_with('T') {
            format!("10000\r\n{}\r\n", "x".repeat(0x10000))
        } else {
            "x".repeat(0x10000)
        };
        // Whether sending fails is a matter of time; what counts is the answer.
        for _ in 0..16 {
            if client.send(&block).is_err() {
                break;
            }
        }
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (413, "too large\n"), "{framing}");
        assert_eq!(answer.header("connection"), Some("close"), "{framing}");
    }
}

/// What is left of a body must not become the next request (Pingora's CVE-2025-4366).
#[test]
fn a_body_that_nobody_read_is_no_request() {
    let target = Target::start("app");
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = smuggled.len();
    let nobody = web_with("", "targets = []");
    let small = web_with("body_max = \"1B\"", &targets(&[("app", &target)]));
    let normal = web_with("", &targets(&[("app", &target)]));
    for (config, path, status) in [(normal, "/early", 413), (small, "/", 413), (nobody, "/", 503)] {
        let clingfish = Clingfish::start(&config);
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client
            .send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"))
            .unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")), "{path}");
        client.send(smuggled).ok();
        client.wait_closed().unwrap();
        // Whoever took it for a request would have passed it on by the time that another one has come back.
        ask(clingfish.listener("web"), "GET /fence HTTP/1.1\r\nHost: a\r\n\r\n");
        let was_passed_on = target.requests().iter().any(|r| r.path() == "/smuggled");
        assert!(!was_passed_on, "{status} to {path}");
    }
}

#[test]
fn a_client_that_has_finished_sending_gets_its_answers() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for (requests, count) in [
        ("GET /slow?bytes=3&ms=50 HTTP/1.1\r\nHost: a\r\n\r\n", 1),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 1),
        ("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /slow?ms=5 HTTP/1.1\r\nHost: a\r\n\r\n", 2),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(requests).unwrap();
        client.finish_sending().unwrap();
        for _ in 0..count {
            assert_eq!(client.read_response().unwrap().status, 200, "{requests}");
        }
        client.wait_closed().unwrap();
    }
}
