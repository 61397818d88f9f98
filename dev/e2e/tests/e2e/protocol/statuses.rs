//! Every answer of our own: its cause, its bytes, and its line in the access log.

use std::{collections::BTreeSet, fs, process::Command, time::Duration};

use clingfish_testkit::{Clingfish, RawClient, Response, Target, eventually};

use super::ask;
use crate::support::{SOON, before, log_line, log_lines, web_with};

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

/// Waits for the access log's line of a refused request, and checks its cause.
#[track_caller]
fn expect_logged(clingfish: &Clingfish, status: u16, reason: &str) {
    let is_it = |line: &serde_json::Value| {
        line["elb_status_code"] == status && line["error_reason"] == reason
    };
    let found = || log_lines(clingfish).iter().any(is_it);
    let lines = || log_lines(clingfish).iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut tries = 0;
    let is_there = eventually(SOON, || {
        tries += 1;
        (found() || tries > 300).then(found)
    });
    assert!(is_there, "{status} {reason} is not in {:#?}", lines());
}

#[test]
fn requests_that_cannot_be_served_get_their_own_status() {
    let target = Target::start("app");
    let clingfish = before(&target, "body_max = \"1KiB\"\nhead_timeout = \"300ms\"");
    let web = clingfish.listener("web");
    let long = "x".repeat(20_000);
    let fields = "X: y\r\n".repeat(101);
    for (request, title, reason) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400 Bad Request", "host_missing"),
        ("GET / HTTP/1.1\nHost: a\n\n".to_owned(), "400 Bad Request", "bad_line_end"),
        (
            "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "405 Method Not Allowed",
            "trace_refused",
        ),
        ("GET / HTTP/1.1\r\nHost".to_owned(), "408 Request Time-out", "head_timeout"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n".to_owned(),
            "413 Request Entity Too Large",
            "body_too_large",
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            "414 Request-URI Too Large",
            "start_line_too_long",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n".to_owned(),
            "417 Expectation Failed",
            "unknown_expectation",
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
            "431 Request Header Fields Too Large",
            "field_too_large",
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"),
            "431 Request Header Fields Too Large",
            "too_many_fields",
        ),
        (
            "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".to_owned(),
            "501 Not Implemented",
            "connect_refused",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
            "501 Not Implemented",
            "unknown_transfer_coding",
        ),
        (
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n".to_owned(),
            "505 HTTP Version Not Supported",
            "unsupported_version",
        ),
        (
            "GET / HTTP/1.2\r\nHost: a\r\n\r\n".to_owned(),
            "505 HTTP Version Not Supported",
            "unsupported_version",
        ),
        (
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            "505 HTTP Version Not Supported",
            "unsupported_version",
        ),
    ] {
        let answer = ask(web, request);
        expect_page(&answer, title);
        assert_eq!(answer.header("connection"), Some("close"), "{title}");
        expect_logged(&clingfish, answer.status, reason);
        let status = answer.status.to_string();
        let labels = [("status", status.as_str()), ("reason", reason)];
        let counted = || clingfish.metrics().sum("clingfish_own_answers_total", &labels);
        eventually(SOON, || (counted() >= 1.0).then_some(()));
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
    let pid = clingfish.pid();
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let active = || clingfish.metrics().value("clingfish_connections_active", &[]);
    eventually(SOON, || (active() == Some(1.0)).then_some(()));
    // Those that are open now, but for what comes and goes.
    let mut open = descriptors(pid);
    let mut looks = 0;
    eventually(SOON, || {
        open = &open & &descriptors(pid);
        looks += 1;
        (looks == 20).then_some(())
    });
    let lowest_free = (0..).find(|fd| !open.contains(fd)).expect("numbers do not end");
    limit_descriptors(pid, lowest_free);
    client.send("GET /short HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = client.read_response().unwrap();
    expect_page(&answer, "500 Internal Server Error");
    assert_eq!(log_line(&clingfish, "/short")["elb_status_code"], 500);
    limit_descriptors(pid, 1024);
    client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(client.read_response().unwrap().status, 200, "once there are descriptors again");
}

/// The descriptors that a process has open.
#[track_caller]
fn descriptors(pid: u32) -> BTreeSet<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// Sets the soft limit of a running process.
#[track_caller]
fn limit_descriptors(pid: u32, limit: u32) {
    let (pid, limit) = (format!("--pid={pid}"), format!("--nofile={limit}:"));
    let status = Command::new("prlimit").args([pid, limit]).status();
    assert!(status.expect("util-linux is there").success());
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
