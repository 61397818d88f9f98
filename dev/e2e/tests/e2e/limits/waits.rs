//! How long and how many.

use std::time::Duration;

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use super::metric;
use crate::support::{SOON, Since, before, targets, web_with};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_kept_alive_connection_ends_when_it_has_been_idle_too_long() {
    let target = Target::start("app");
    let clingfish = before(&target, "idle_timeout = \"500ms\"");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let mut silent = RawClient::connect(clingfish.listener("web")).unwrap();
    let since = Since::now();
    for _ in 0..4 {
        client.send(GET).unwrap();
        assert_eq!(client.read_response().unwrap().status, 200);
        // Less than the timeout: each request begins it anew.
        let used = Since::now();
        used.wait(Duration::from_millis(200));
    }
    client.wait_closed().unwrap();
    let alive = since.elapsed();
    assert!(alive >= Duration::from_millis(1000), "closed after {alive:?}");
    silent.wait_closed().unwrap();
}

#[test]
fn an_old_connection_is_told_to_close() {
    let target = Target::start("app");
    let clingfish = before(&target, "client_keep_alive = \"1s\"");
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let opened = Since::now();
    client.send(GET).unwrap();
    assert_eq!(client.read_response().unwrap().header("connection"), None);
    // The connection's age is the matter.
    opened.wait(Duration::from_millis(1100));
    client.send(GET).unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    client.wait_closed().unwrap();
}

#[test]
fn connections_over_the_limit_are_closed_and_counted() {
    let target = Target::start("app");
    let group = format!("{}\nhealth_check = false", targets(&[("app", &target)]));
    let config = web_with("", &group).replace("workers = 1", "workers = 2\nconnections_max = 5");
    let clingfish = Clingfish::start(&config);
    let web = clingfish.listener("web");
    let served = || {
        let mut client = RawClient::connect(web).ok()?;
        client.send(GET).ok()?;
        let answer = client.read_response().ok()?;
        (answer.status == 200).then_some(client)
    };
    let mut held: Vec<RawClient> = (0..5).map(|_| served().expect("there is room")).collect();
    for _ in 0..3 {
        let mut client = RawClient::connect(web).unwrap();
        client.wait_closed().unwrap();
    }
    let refused = metric(&clingfish, "clingfish_connections_refused_total");
    assert_eq!((refused, metric(&clingfish, "clingfish_connections_active")), (3.0, 5.0));
    for client in &mut held {
        client.send(GET).unwrap();
        assert_eq!(client.read_response().unwrap().status, 200, "those inside stay");
    }
    held.pop();
    eventually(SOON, served);
}

#[test]
fn a_target_has_so_long_between_two_bytes() {
    let target = Target::start("app");
    let group = format!(
        "{}\nhealth_check = false\nresponse_timeout = \"500ms\"",
        targets(&[("app", &target)])
    );
    let clingfish = Clingfish::start(&web_with("", &group));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET /slow?bytes=8&ms=150 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let answer = client.read_response().unwrap();
    assert_eq!(answer.body.len(), 8, "slow, but never for long");
    client.send("GET /slow?bytes=2&ms=2000 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let cut = client.read_response();
    assert!(cut.is_err(), "an answer that stalled looks whole: {cut:?}");
}
