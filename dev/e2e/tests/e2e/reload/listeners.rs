//! Listeners that move, and those that only get another name.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use clingfish_testkit::{Clingfish, RawClient, Target, eventually};

use super::counter;
use crate::{
    browser::Browser,
    support::{SOON, Seen as _, targets, web},
};

/// Each in a loopback address of its own, so that nobody else asks for the port before we do.
#[track_caller]
fn free_address(host: &str) -> SocketAddr {
    let probe = TcpListener::bind((host, 0)).expect("a port is free");
    probe.local_addr().expect("it is bound")
}

#[test]
fn a_listener_that_moves_closes_its_old_port_and_finishes_what_runs_there() {
    let app = Target::start("t");
    let base = web(&format!("{}\nstickiness = true", targets(&[("a", &app)])));
    let (first, second) = (free_address("127.0.0.82"), free_address("127.0.0.83"));
    let at = |address: SocketAddr| base.replace("127.0.0.1:0", &address.to_string());
    let clingfish = Clingfish::start(&at(first));
    let mut browser = Browser::open(first);
    browser.get("/").unwrap();
    let mut slow = browser.again();
    slow.send("GET", "/slow?bytes=20&ms=50", "").unwrap();
    eventually(SOON, || {
        app.requests().iter().any(|request| request.path().starts_with("/slow")).then_some(())
    });
    clingfish.reload_with(&at(second));
    eventually(SOON, || {
        let refused = RawClient::connect(first).err()?;
        (refused.kind() == io::ErrorKind::ConnectionRefused).then_some(())
    });
    let moved = RawClient::get_with(
        second,
        "/",
        &[&format!("Cookie: {}", browser.cookie.as_deref().unwrap())],
    );
    assert_eq!(moved.unwrap().verdict(), "hit", "sessions do not mind the port");
    assert_eq!(clingfish.listener("web"), second);
    assert_eq!(slow.read().unwrap().body.len(), 20, "what runs finishes");
}

#[test]
fn a_renamed_listener_keeps_its_connections() {
    let app = Target::start("t");
    let address = free_address("127.0.0.84");
    let base = web(&targets(&[("a", &app)])).replace("127.0.0.1:0", &address.to_string());
    let clingfish = Clingfish::start(&base);
    let mut browser = Browser::open(address);
    browser.get("/").unwrap();
    clingfish.reload_with(&base.replace("name = \"web\"", "name = \"front\""));
    assert_eq!(browser.get("/").unwrap().status, 200);
    assert_eq!(counter(&clingfish, "clingfish_connections_accepted_total"), 1.0);
    let metrics = clingfish.metrics();
    let info = metrics.value("clingfish_listener_info", &[("listener", "front")]);
    assert_eq!(info, Some(1.0));
    assert_eq!(metrics.value("clingfish_listener_info", &[("listener", "web")]), None);
}
