//! Every answer of our own: its cause, its bytes, and its line in the access log.

use std::time::Duration;

use clingfish_testkit::{Clingfish, RawClient, Response, Target, eventually};
use serde_json::Value;

use super::ask;
use crate::{
    limits::{limit_descriptors, metric, no_more_descriptors},
    support::{SOON, before, log_line, log_lines, web_with},
};

/// What ALB would send, which is what nginx sends.
fn page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
         <center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

#[track_caller]
fn expect_page(answer: &Response, title: &str) {
    assert_eq!(answer.status_line, format!("HTTP/1.1 {title}"));
    assert_eq!(answer.text(), page(title));
    assert_eq!(answer.header("content-type"), Some("text/html"));
    assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")));
    assert_eq!(answer.header("set-cookie"), None, "no binding comes from us alone");
}

/// Sends the request, and checks the answer, the access log's line and the counter.
#[track_caller]
fn expect_refusal(clingfish: &Clingfish, request: &str, title: &str, reason: &str) {
    let answer = ask(clingfish.listener("web"), request);
    expect_page(&answer, title);
    assert_eq!(answer.header("connection"), Some("close"), "{title}");
    let is_logged =
        |line: &Value| line["elb_status_code"] == answer.status && line["error_reason"] == reason;
    eventually(SOON, || log_lines(clingfish).iter().any(is_logged).then_some(()));
    let status = answer.status.to_string();
    let labels = [("status", status.as_str()), ("reason", reason)];
    let counted = || clingfish.metrics().sum("clingfish_own_answers_total", &labels);
    eventually(SOON, || (counted() >= 1.0).then_some(()));
}

#[test]
fn requests_that_cannot_be_served_get_their_own_status() {
    let target = Target::start("app");
    let clingfish = before(&target, "body_max = \"1KiB\"\nhead_timeout = \"300ms\"");
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(20_000));
    let rows = [
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "host_missing"),
        ("GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request", "bad_line_end"),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed", "trace_method_refused"),
        ("GET / HTTP/1.1\r\nHost", "408 Request Time-out", "head_timeout"),
        (&long_line, "414 Request-URI Too Large", "start_line_too_long"),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            "501 Not Implemented",
            "connect_method_refused",
        ),
    ];
    for (request, title, reason) in rows {
        expect_refusal(&clingfish, request, title, reason);
    }
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"] {
        let request = format!("GET / {version}\r\nHost: a\r\n\r\n");
        let title = "505 HTTP Version Not Supported";
        expect_refusal(&clingfish, &request, title, "unsupported_version");
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    expect_refusal(&clingfish, preface, "505 HTTP Version Not Supported", "unsupported_version");
    let long = format!("X: {}", "x".repeat(20_000));
    let many = vec!["X: y"; 100].join("\r\n");
    for (lines, title, reason) in [
        ("Content-Length: 1025", "413 Request Entity Too Large", "body_too_large"),
        ("Expect: x", "417 Expectation Failed", "unknown_expectation"),
        (&long, "431 Request Header Fields Too Large", "field_too_large"),
        (&many, "431 Request Header Fields Too Large", "too_many_fields"),
        ("Transfer-Encoding: gzip", "501 Not Implemented", "unknown_transfer_coding"),
    ] {
        let request = format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n");
        expect_refusal(&clingfish, &request, title, reason);
    }
    assert_eq!(target.count(), 0);
}

#[test]
fn a_tls_client_on_a_plain_port_is_told_at_once() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    // The head timeout is 15 s: an answer within 5 s did not wait for it.
    client.set_timeout(Duration::from_secs(5)).unwrap();
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
    assert_eq!(client.read_response().unwrap().status, 400);
    client.wait_closed().unwrap();
}

#[test]
fn targets_that_fail_get_clients_a_5xx() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    for (path, reason) in [
        ("/close", "target_closed"),
        ("/reset-early", "target_closed"),
        ("/bad/both", "content_length_with_transfer_encoding"),
        ("/bad/lengths", "content_length_repeated"),
        ("/bad/head", "bad_field_name"),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client
            .send(format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))
            .unwrap();
        let answer = client.read_response().unwrap();
        expect_page(&answer, "502 Bad Gateway");
        assert_eq!(answer.body.len(), 122, "as ALB's own");
        let line = log_line(&clingfish, path);
        let logged = (&line["elb_status_code"], &line["error_reason"]);
        assert_eq!(logged, (&502.into(), &reason.into()), "{path}");
        // The client did nothing wrong and can go on.
        client.send("GET /after HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(client.read_response().unwrap().status, 200, "after {path}");
    }
    target.stop();
    let answer = ask(clingfish.listener("web"), "GET /refused HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_page(&answer, "502 Bad Gateway");
    assert_eq!(log_line(&clingfish, "/refused")["elb_status_code"], 502);
}

#[test]
fn a_response_head_over_its_limit_is_a_502() {
    let target = Target::answering(|connection, _| {
        let long = "x".repeat(15_000);
        connection.write(format!(
            "HTTP/1.1 200 OK\r\nA: {long}\r\nB: {long}\r\nC: {long}\r\nContent-Length: 0\r\n\r\n"
        ))?;
        Ok(clingfish_testkit::Flow::Close)
    });
    for (limit, status) in [("", 502), ("response_head_max = \"64KiB\"", 200)] {
        let clingfish = before(&target, limit);
        let answer = ask(clingfish.listener("web"), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(answer.status, status, "{limit:?}");
    }
}

#[test]
fn a_group_without_targets_answers_503() {
    let clingfish = Clingfish::start(&web_with("", "targets = []"));
    let web = clingfish.listener("web");
    let answer = ask(web, "GET /nobody HTTP/1.1\r\nHost: a\r\n\r\n");
    expect_page(&answer, "503 Service Temporarily Unavailable");
    assert_eq!(answer.body.len(), 162, "as ALB's own");
    assert_eq!(log_line(&clingfish, "/nobody")["error_reason"], "no_target");
    let mut client = RawClient::connect(web).unwrap();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = client.read_response_to("HEAD").unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (503, Some("162")));
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 503, "no body came between");
}

#[test]
fn a_target_that_is_too_slow_gets_the_client_a_504() {
    let target = Target::start("app");
    let group = format!(
        "targets = [\"{}\"]\nhealth_check = false\nresponse_timeout = \"300ms\"",
        target.address()
    );
    let clingfish = Clingfish::start(&web_with("", &group));
    target.hang(true);
    let answer = ask(clingfish.listener("web"), "GET /slow-one HTTP/1.1\r\nHost: a\r\n\r\n");
    target.hang(false);
    expect_page(&answer, "504 Gateway Time-out");
    let line = log_line(&clingfish, "/slow-one");
    assert_eq!(
        (&line["elb_status_code"], &line["error_reason"]),
        (&504.into(), &"response_timeout".into())
    );
}

#[test]
fn a_listener_that_forwards_nothing_answers_404() {
    let config = "[[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\nforward = false\n";
    let clingfish = Clingfish::start(config);
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for path in ["/", "/anything?x=y"] {
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        expect_page(&client.read_response().unwrap(), "404 Not Found");
        assert_eq!(log_line(&clingfish, path)["error_reason"], "no_rule");
    }
}

/// The process keeps the descriptors that it has and gets no more.
#[test]
fn out_of_descriptors_is_a_500_and_no_outage() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let active = || metric(&clingfish, "clingfish_connections_active");
    eventually(SOON, || (active() == 1.0).then_some(()));
    no_more_descriptors(&clingfish);
    client.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = client.read_response().unwrap();
    expect_page(&answer, "500 Internal Server Error");
    assert_eq!(log_line(&clingfish, "/short")["elb_status_code"], 500);
    limit_descriptors(&clingfish, 1024);
    client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 200, "once there are descriptors again");
}

#[test]
fn a_client_that_leaves_before_the_answer_is_logged_as_460() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    target.hang(true);
    for path in ["/gone/1", "/gone/2"] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        let requests = target.count();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        target.wait_requests(requests + 1);
        client.reset().unwrap();
        let line = log_line(&clingfish, path);
        assert_eq!(line["elb_status_code"], 460, "{line}");
        assert_eq!(line["error_reason"], "client_gone", "{line}");
        assert!(line.get("target_status_code").is_none(), "{line}");
    }
    target.hang(false);
}
