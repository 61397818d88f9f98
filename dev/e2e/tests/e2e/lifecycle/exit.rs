//! The way out.

use std::{io, net::SocketAddr, time::Duration};

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use super::serving;
use crate::{
    browser::Browser,
    support::{SOON, Since},
};

#[track_caller]
fn wait_not_ready(clingfish: &Clingfish) {
    eventually(SOON, || {
        let answer = RawClient::get(clingfish.admin(), "/readyz").ok()?;
        (answer.status == 503).then_some(())
    });
}

#[track_caller]
fn wait_refused(address: SocketAddr) {
    eventually(SOON, || {
        let refused = RawClient::connect(address).err()?;
        (refused.kind() == io::ErrorKind::ConnectionRefused).then_some(())
    });
}

#[test]
fn terminating_pauses_then_refuses_connects_and_lets_everybody_finish() {
    let target = Target::start("t");
    let config = serving("shutdown_pause = \"2s\"\nshutdown_deadline = \"20s\"", &target);
    let mut clingfish = Clingfish::start(&config);
    let address = clingfish.listener("web");
    let mut kept = Browser::open(address);
    assert_eq!(kept.get("/").unwrap().header("connection"), None);
    let mut slow = Browser::open(address);
    slow.send("GET", "/slow?bytes=40&ms=100", "").unwrap();
    target.wait_requests(2);

    clingfish.signal("TERM");
    wait_not_ready(&clingfish);
    let late = RawClient::get(address, "/during-the-pause").unwrap();
    assert_eq!(late.status, 200, "listeners accept while /readyz already says no");
    assert_eq!(kept.get("/").unwrap().status, 200);

    wait_refused(address);
    let readiness = RawClient::get(clingfish.admin(), "/readyz").unwrap();
    assert_eq!(readiness.status, 503, "the admin address answers to the end");
    let last = kept.get("/after").unwrap();
    assert_eq!(last.status, 200);
    assert_eq!(last.header("connection"), Some("close"));
    kept.connection.wait_closed().unwrap();
    assert_eq!(slow.read().unwrap().body.len(), 40, "what runs finishes");
    drop(slow);
    assert_eq!(clingfish.wait_exit(SOON).code(), Some(0));
}

#[test]
fn an_interrupt_ends_it_as_a_termination_does() {
    let target = Target::start("t");
    let mut clingfish = Clingfish::start(&serving("shutdown_pause = \"1s\"", &target));
    let address = clingfish.listener("web");
    let mut slow = Browser::open(address);
    slow.send("GET", "/slow?bytes=20&ms=100", "").unwrap();
    target.wait_requests(1);
    clingfish.signal("INT");
    wait_not_ready(&clingfish);
    assert_eq!(slow.read().unwrap().body.len(), 20, "what runs finishes");
    drop(slow);
    wait_refused(address);
    assert_eq!(clingfish.wait_exit(SOON).code(), Some(0));
}

#[test]
fn the_deadline_cuts_what_still_runs() {
    let target = Target::start("t");
    let mut clingfish = Clingfish::start(&serving("shutdown_deadline = \"1s\"", &target));
    let address = clingfish.listener("web");
    let mut endless = Browser::open(address);
    endless.send("GET", "/slow?bytes=1000&ms=50", "").unwrap();
    target.wait_requests(1);
    let mut socket = Browser::open(address).upgrade();
    assert_eq!(socket.echo("before").unwrap(), "before");
    let asked = Since::now();
    assert_eq!(clingfish.terminate().code(), Some(0));
    let took = asked.elapsed();
    assert!(took >= Duration::from_secs(1), "it had its second: {took:?}");
    assert!(took < Duration::from_secs(6), "it ended at the deadline: {took:?}");
    assert!(endless.read().is_err(), "a cut answer never looks whole");
    assert!(socket.echo("after").is_err(), "the WebSocket is closed");
    assert!(clingfish.log().contains("deadline"), "{}", clingfish.log());
}

#[test]
fn idle_connections_hold_up_the_exit_for_five_seconds_at_most() {
    let target = Target::start("t");
    let mut clingfish = Clingfish::start(&serving("shutdown_deadline = \"60s\"", &target));
    let address = clingfish.listener("web");
    let mut used = Browser::open(address);
    used.get("/").unwrap();
    let unused = RawClient::connect(address).unwrap();
    let mut half = RawClient::connect(address).unwrap();
    half.send("GET / HTTP/1.1\r\nHost:").unwrap();
    eventually(SOON, || {
        let active = clingfish.metrics().value("clingfish_connections_active", &[]);
        (active == Some(3.0)).then_some(())
    });
    let asked = Since::now();
    clingfish.signal("TERM");
    // Five seconds of patience for those that say nothing; a head that has begun has its own fifteen.
    used.connection.set_timeout(SOON).unwrap();
    used.connection.wait_closed().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    drop(half);
    assert_eq!(clingfish.wait_exit(SOON).code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    drop(unused);
}

#[test]
fn a_second_termination_ends_it_at_once() {
    let target = Target::start("t");
    let mut clingfish = Clingfish::start(&serving("shutdown_deadline = \"60s\"", &target));
    let mut endless = Browser::open(clingfish.listener("web"));
    endless.send("GET", "/slow?bytes=1000&ms=50", "").unwrap();
    target.wait_requests(1);
    clingfish.signal("TERM");
    wait_not_ready(&clingfish);
    let asked = Since::now();
    clingfish.signal("TERM");
    clingfish.wait_exit(SOON);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    assert!(endless.read().is_err());
}
