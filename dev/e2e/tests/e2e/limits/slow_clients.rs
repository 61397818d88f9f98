//! Clients that take their time, out of weakness or malice.

use std::{thread, time::Duration};

use clingfish_testkit::{Flow, RawClient, Target, eventually};

use super::{metric, peak_memory};
use crate::support::{SOON, Since, before, log_lines};

#[test]
fn a_head_that_trickles_is_refused_in_time() {
    let target = Target::start("app");
    let clingfish = before(&target, "head_timeout = \"500ms\"");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let started = Since::now();
    // A byte every now and then, which a timer of inactivity would never notice.
    for byte in "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: yyyyyyyyyyyyyyyyyyyyyyy".bytes() {
        if client.send([byte]).is_err() || started.elapsed() > Duration::from_secs(2) {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let answer = client.read_response().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert_eq!(target.count(), 0);
}

#[test]
fn a_body_that_stops_is_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "idle_timeout = \"500ms\"");
    for (framing, part) in
        [("Content-Length: 10", "abc"), ("Transfer-Encoding: chunked", "3\r\nabc\r\n")]
    {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{part}")).unwrap();
        let answer = client.read_response().unwrap();
        let seen = (answer.status, answer.header("connection"));
        assert_eq!(seen, (408, Some("close")), "{framing}");
        client.wait_closed().unwrap();
    }
    let reasons: Vec<_> = eventually(SOON, || {
        let lines = log_lines(&clingfish);
        (lines.len() >= 2).then(|| lines.iter().map(|l| l["error_reason"].clone()).collect())
    });
    assert_eq!(reasons, ["body_timeout", "body_timeout"]);
    assert_eq!(target.count(), 0);
}

/// The rate is judged once 10 s have gone by, which is how long this test lasts.
#[test]
fn a_body_that_trickles_is_refused() {
    let target = Target::start("app");
    let clingfish = before(&target, "body_rate_min = \"1KiB\"");
    let mut slow = RawClient::connect(clingfish.listener("web")).unwrap();
    slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    let started = Since::now();
    while started.elapsed() < Duration::from_secs(13) && slow.send("x").is_ok() {
        thread::sleep(Duration::from_millis(100));
        if log_lines(&clingfish).iter().any(|line| line["error_reason"] == "body_timeout") {
            break;
        }
    }
    let took = started.elapsed();
    assert!((10..13).contains(&took.as_secs()), "refused after {took:?}");
    assert_eq!(slow.read_response().unwrap().status, 408);
}

#[test]
fn a_client_that_sends_half_a_body_and_leaves_reaches_nobody() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").unwrap();
    client.finish_sending().unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (400, Some("close")));
    assert_eq!(target.count(), 0, "a request that was cut is none");
}

/// Fifty times ten megabytes that nobody reads stay with the target, not in our memory.
#[test]
fn clients_that_do_not_read_are_cut_and_cost_little() {
    let target = Target::answering(|connection, _| {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")?;
        let block = [b'x'; 10_000];
        for _ in 0..1000 {
            connection.write(block)?;
        }
        Ok(Flow::KeepAlive)
    });
    let clingfish = before(&target, "idle_timeout = \"2s\"");
    let web = clingfish.listener("web");
    let before = peak_memory(&clingfish);
    let mut clients: Vec<RawClient> = (0..50).map(|_| RawClient::connect(web).unwrap()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    }
    target.wait_requests(50);
    let active = || metric(&clingfish, "clingfish_connections_active");
    eventually(Duration::from_secs(12), || (active() == 0.0).then_some(()));
    let grown = peak_memory(&clingfish).saturating_sub(before);
    assert!(grown < 64 << 20, "grown by {grown} bytes");
    for client in &mut clients {
        assert!(client.read_response().is_err(), "an answer that was cut looks whole");
    }
}

#[test]
fn two_hundred_clients_that_never_finish_disturb_nobody() {
    let target = Target::start("app");
    let clingfish = before(&target, "head_timeout = \"3s\"");
    let web = clingfish.listener("web");
    let mut slow: Vec<RawClient> = (0..200).map(|_| RawClient::connect(web).unwrap()).collect();
    for client in &mut slow {
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Never-").unwrap();
    }
    let mut normal = RawClient::connect(web).unwrap();
    // Far longer than a request takes even here; far shorter than the others' wait.
    normal.set_timeout(Duration::from_secs(2)).unwrap();
    for n in 0..100 {
        normal.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(normal.read_response().unwrap().status, 200, "request {n}");
    }
    for client in &mut slow {
        assert_eq!(client.read_response().unwrap().status, 408);
    }
    assert_eq!(target.count(), 100);
}
