//! Requests that two parsers could read differently, in each mode; among them the test cases of ALB's own classifier.

mod cases;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clingfish_testkit::{Background, Clingfish, Flow, RawClient, Received, Target, eventually};
use serde_json::Value;

use crate::support::{SOON, before, log_lines, web};
use cases::Case;

/// A request of ALB's test cases, and what came of it.
struct Ran {
    case: Case,
    status: u16,
    forwarded: Option<Received>,
    /// ALB's words from the access log: class and reason, empty for a compliant request.
    logged: (String, String),
}

/// Cases whose class in our log is another than ALB's, with ours. All of them are refused by their request line, before
/// the rest of the head is looked at: by its first bad byte, or by a version whose fields would have counted.
const OTHERWISE: [(&str, &str, &str); 8] = [
    ("Transfer-Encoding for HTTP/0.9", "Acceptable", "NonCompliantVersion"),
    ("Content-Length for HTTP/0.9", "Acceptable", "NonCompliantVersion"),
    (
        "Transfer-Encoding for empty protocol, which is HTTP/0.9",
        "Acceptable",
        "NonCompliantVersion",
    ),
    ("Content-Length for empty protocol, which is HTTP/0.9", "Acceptable", "NonCompliantVersion"),
    ("Bad URI does not shadow essential bad headers", "Ambiguous", "AmbiguousUri"),
    ("Bad URI does not shadow essential ambiguous headers", "Ambiguous", "AmbiguousUri"),
    ("Request Smuggling in URI", "Ambiguous", "AmbiguousUri"),
    // On the wire its target is missing between two spaces.
    ("Empty URI", "Acceptable", "SpaceInUri"),
];

#[test]
fn of_albs_own_cases_no_severe_one_gets_through() {
    for mode in ["defensive", "strictest"] {
        for ran in run(mode).iter().filter(|ran| ran.case.tier == "Severe") {
            assert_eq!(ran.status, 400, "{mode}: {}", ran.case.name);
            assert!(ran.forwarded.is_none(), "{mode}: {} came to the target", ran.case.name);
        }
    }
}

#[test]
fn of_albs_own_cases_each_is_refused_or_reaches_the_target_as_one_sound_request() {
    for (mode, passes, count) in [
        ("monitor", ["Compliant", "Acceptable", "Ambiguous", "Severe"].as_slice(), 30),
        ("defensive", &["Compliant", "Acceptable", "Ambiguous"], 30),
        ("strictest", &["Compliant"], 18),
    ] {
        let ran = run(mode);
        let forwarded = ran.iter().filter(|ran| ran.forwarded.is_some()).count();
        assert_eq!(forwarded, count, "{mode}");
        for ran in ran {
            let row = format!("{mode}: {}", ran.case.name);
            let Some(received) = ran.forwarded else {
                assert!(matches!(ran.status, 400 | 501 | 505), "{row}: {}", ran.status);
                continue;
            };
            assert!(passes.contains(&ran.case.tier.as_str()), "{row} is {}", ran.case.tier);
            assert_eq!(ran.status, 200, "{row}");
            assert_eq!(received.body_bytes, ran.case.body_bytes(), "{row}");
            expect_sound(&received, &row);
        }
    }
}

#[test]
fn of_albs_own_cases_each_has_albs_class_in_the_log() {
    for ran in run("defensive") {
        let case = &ran.case;
        let otherwise = OTHERWISE.iter().find(|(name, ..)| *name == case.name);
        let expected = match otherwise {
            Some((_, class, reason)) => (*class, *reason),
            None if case.tier == "Compliant" => ("", ""),
            None => (case.tier.as_str(), case.reason.as_str()),
        };
        assert_eq!((ran.logged.0.as_str(), ran.logged.1.as_str()), expected, "{}", case.name);
        assert!(otherwise.is_none() || ran.forwarded.is_none(), "{} is refused", case.name);
    }
}

#[test]
fn an_ambiguous_request_has_connections_of_its_own() {
    let ask = |client: &mut RawClient, bytes: &str| {
        client.send(bytes).unwrap();
        client.read_response().unwrap()
    };
    const PLAIN: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for ambiguous in [
        "GET /alone HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "HEAD /alone HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "GET /alone HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /alone HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent--Length: 5\r\n\r\nhello",
    ] {
        let ended = Arc::new(AtomicBool::new(false));
        let alone = Arc::clone(&ended);
        let target = Target::answering(move |connection, request| {
            connection.respond(200, "text/plain", b"")?;
            if request.path() == "/alone" {
                alone.store(connection.read_some()?.is_empty(), Ordering::SeqCst);
                return Ok(Flow::Close);
            }
            Ok(Flow::KeepAlive)
        });
        let clingfish = before(&target, "");
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        assert_eq!(ask(&mut client, PLAIN).header("connection"), None, "{ambiguous}");
        assert_eq!(ask(&mut client, ambiguous).header("connection"), Some("close"), "{ambiguous}");
        client.wait_closed().unwrap();
        // The connection that served it alone ends; the other one goes on.
        eventually(SOON, || ended.load(Ordering::SeqCst).then_some(()));
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        ask(&mut client, PLAIN);
        let connections: Vec<usize> = target.requests().iter().map(|one| one.connection).collect();
        assert_eq!(connections, [1, 2, 1], "{ambiguous}");
    }
}

#[test]
fn monitor_lets_an_ambiguous_request_share_and_strictest_refuses_an_acceptable_one() {
    let acceptable = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let ambiguous = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
    let target = silent_target();
    let clingfish = before(&target, "desync_mitigation_mode = \"monitor\"");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    for request in [acceptable, ambiguous, ambiguous] {
        client.send(request).unwrap();
        assert_eq!(client.read_response().unwrap().header("connection"), None);
    }
    assert!(target.requests().iter().all(|request| request.connection == 1));

    let clingfish = before(&target, "desync_mitigation_mode = \"strictest\"");
    for request in [acceptable, ambiguous] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(request).unwrap();
        let answer = client.read_response().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (400, Some("close")));
        assert_eq!(answer.header("clingfish-error"), Some("not_compliant"));
        client.wait_closed().unwrap();
    }
    assert_eq!(target.count(), 3);
}

#[test]
fn requests_that_are_not_compliant_are_counted_by_class() {
    let target = silent_target();
    let clingfish = before(&target, "");
    for (lines, class) in [
        ("Content-Length: 0", "acceptable"),
        ("Content-Length: 1", "ambiguous"),
        ("Content-Length: x", "severe"),
    ] {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\nx")).unwrap();
        client.read_response().unwrap();
        let counted = || {
            let name = "clingfish_non_compliant_requests_total";
            clingfish.metrics().sum(name, &[("class", class)])
        };
        eventually(SOON, || (counted() == 1.0).then_some(()));
    }
}

/// A target that answers everything with nothing.
fn silent_target() -> Target {
    Target::answering(|connection, _| {
        connection.respond(200, "text/plain", b"")?;
        Ok(Flow::KeepAlive)
    })
}

/// Whether no two parsers could read it differently.
#[track_caller]
fn expect_sound(received: &Received, row: &str) {
    let mut lines = received.head.trim_end().split("\r\n");
    let request_line = lines.next().unwrap_or_default();
    let parts: Vec<&str> = request_line.split(' ').collect();
    assert!(parts.len() == 3 && parts[2] == "HTTP/1.1", "{row}: {request_line}");
    let mut names = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{row}: {line:?}"));
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(is_token), "{row}: {line:?}");
        assert!(
            !value.contains(|char: char| char.is_ascii_control() && char != '\t'),
            "{row}: {line:?}"
        );
        names.push(name.to_ascii_lowercase());
    }
    let frames = |name: &&String| {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        letters == "contentlength" || letters == "transferencoding"
    };
    assert!(names.iter().filter(frames).count() <= 1, "{row}: {names:?}");
    assert_eq!(names.iter().filter(|name| *name == "host").count(), 1, "{row}");
}

/// Sends every case on a connection of its own.
fn run(mode: &str) -> Vec<Ran> {
    let target = silent_target();
    let clingfish = before(&target, &format!("desync_mitigation_mode = \"{mode}\""));
    let cases = cases::all();
    assert_eq!(cases.len(), 159, "all of them are found");
    let mut ran = Vec::new();
    for case in cases {
        let count = target.count();
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        let address = client.local_address().unwrap().to_string();
        // It may be refused, and the connection closed, before its body is sent.
        let _ = client.send(case.bytes());
        let answer = client.read_response_to(case.method());
        let status = answer.unwrap_or_else(|error| panic!("{mode}: {}: {error}", case.name)).status;
        let received = target.requests().split_off(count);
        assert!(received.len() <= 1, "{mode}: {}: several requests", case.name);
        if status != 200 {
            // Whatever else is wrong with it, the connection is over.
            let rest = client.read_to_end();
            assert!(rest.is_ok(), "{mode}: {}: {rest:?}", case.name);
        }
        ran.push((case, status, received.into_iter().next(), address));
    }
    let logged = classes(&clingfish, ran.len());
    let joined = ran.into_iter().map(|(case, status, forwarded, address)| {
        let logged = logged.get(&address).cloned().unwrap_or_default();
        Ran { case, status, forwarded, logged }
    });
    joined.collect()
}

/// Class and reason of each line of the access log, by the client's address.
fn classes(clingfish: &Clingfish, count: usize) -> HashMap<String, (String, String)> {
    let lines =
        eventually(SOON, || Some(log_lines(clingfish)).filter(|lines| lines.len() >= count));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |line: &Value| {
        let class = (text(&line["classification"]), text(&line["classification_reason"]));
        (text(&line["client"]), class)
    };
    lines.iter().map(row).collect()
}

#[test]
fn ambiguous_requests_do_not_heap_up_connections_to_targets_that_speak_http2() {
    let target = Background::python(include_str!("../../scripts/http2/target.py"), &[]);
    let group = format!(
        "targets = [\"{}\"]\nprotocol_version = \"HTTP2\"\nhealth_check = false",
        target.address()
    );
    let clingfish = Clingfish::start(&web(&group));
    for _ in 0..5 {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send("GET / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi").unwrap();
        let answer = client.read_final_response().unwrap();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    }
    let connects = clingfish.metrics().value("clingfish_upstream_connects_total", &[]);
    assert_eq!(connects, Some(1.0));
}
