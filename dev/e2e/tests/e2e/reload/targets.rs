//! Targets that leave, come back, or have names.

use std::time::Duration;

use clingfish_testkit::{Clingfish, RawClient, Target};

use crate::{
    browser::Browser,
    support::{Seen as _, Since, log_line, targets, web, web_with},
};

/// A browser whose home is the target of that id.
#[track_caller]
fn at_home_on(clingfish: &Clingfish, id: &str) -> Browser {
    for _ in 0..4 {
        let mut browser = Browser::open(clingfish.listener("web"));
        if browser.get("/").unwrap().target() == id {
            return browser;
        }
    }
    panic!("no turn came to {id}");
}

#[test]
fn a_removed_targets_sessions_move_at_once_and_what_runs_there_finishes() {
    let (a, b) = (Target::start("a"), Target::start("b"));
    let sticky = "stickiness = true\nhealth_check = false\nderegistration_delay = \"20s\"";
    let both = web(&format!("{}\n{sticky}", targets(&[("a", &a), ("b", &b)])));
    let only_a = web(&format!("{}\n{sticky}", targets(&[("a", &a)])));
    let clingfish = Clingfish::start(&both);
    let mut browser = at_home_on(&clingfish, "b");
    let mut slow = browser.again();
    slow.send("GET", "/slow?bytes=20&ms=50", "").unwrap();
    let mut socket = browser.again().upgrade();
    b.wait_requests(3);

    clingfish.reload_with(&only_a);
    let moved = browser.get("/moved").unwrap();
    assert_eq!((moved.verdict(), moved.target()), ("target_draining", "a"));
    assert!(moved.home_cookie().is_some(), "its new home is written down");
    let settled = browser.get("/settled").unwrap();
    assert_eq!((settled.verdict(), settled.target()), ("hit", "a"));
    let labels = [("target", "b"), ("state", "draining")];
    let draining = clingfish.metrics().value("clingfish_target_state_info", &labels);
    assert_eq!(draining, Some(1.0));
    assert_eq!(slow.read().unwrap().body.len(), 20, "what runs finishes");
    assert_eq!(socket.echo("still there").unwrap(), "still there");
}

#[test]
fn what_runs_on_a_removed_target_is_cut_when_its_delay_is_over() {
    let (a, b) = (Target::start("a"), Target::start("b"));
    let sticky = "stickiness = true\nhealth_check = false\nderegistration_delay = \"1s\"";
    let both = web(&format!("{}\n{sticky}", targets(&[("a", &a), ("b", &b)])));
    let only_a = web(&format!("{}\n{sticky}", targets(&[("a", &a)])));
    let clingfish = Clingfish::start(&both);
    let browser = at_home_on(&clingfish, "b");
    let mut socket = browser.again().upgrade();
    let mut endless = browser.again();
    endless.send("GET", "/slow?bytes=1000&ms=50", "").unwrap();
    b.wait_requests(3);
    b.hang(true);
    let mut unanswered = browser.again();
    unanswered.send("GET", "/unanswered", "").unwrap();
    b.wait_requests(4);

    clingfish.reload_with(&only_a);
    let removed = Since::now();
    assert_eq!(socket.echo("still there").unwrap(), "still there");
    let answer = unanswered.read().unwrap();
    assert_eq!(answer.status, 502);
    let took = removed.elapsed();
    assert!(took > Duration::from_millis(500), "it had its second: {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(endless.read().is_err(), "a cut answer never looks whole");
    socket.0.set_timeout(Duration::from_secs(3)).unwrap();
    let closed = socket.0.wait_closed();
    assert!(closed.is_ok(), "the WebSocket is closed: {closed:?}");
    let line = log_line(&clingfish, "/unanswered");
    assert_eq!(line["error_reason"], "target_deregistered", "{line}");
    b.hang(false);
}

#[test]
fn a_target_that_comes_back_within_its_delay_has_its_sessions_again() {
    let (a, b) = (Target::start("a"), Target::start("b"));
    let sticky = "stickiness = true\nhealth_check = false\nderegistration_delay = \"1s\"";
    let both = web(&format!("{}\n{sticky}", targets(&[("a", &a), ("b", &b)])));
    let only_a = web(&format!("{}\n{sticky}", targets(&[("a", &a)])));
    let clingfish = Clingfish::start(&both);
    let browser = at_home_on(&clingfish, "b");
    let mut slow = browser.again();
    slow.send("GET", "/slow?bytes=40&ms=50", "").unwrap();
    b.wait_requests(2);
    clingfish.reload_with(&only_a);
    clingfish.reload_with(&both);
    let answer = browser.again().get("/").unwrap();
    assert_eq!((answer.verdict(), answer.target()), ("hit", "b"));
    assert_eq!(slow.read().unwrap().body.len(), 40, "its time is not over any more");
}

#[test]
fn a_name_becomes_a_target_for_each_of_its_addresses() {
    let app = Target::start("t");
    let port = app.address().port();
    let config = web(&format!("targets = [\"localhost:{port}\"]\nstickiness = true"));
    let clingfish = Clingfish::start(&config);
    let address = format!("127.0.0.1:{port}");
    let metrics = clingfish.metrics();
    let target = metrics
        .samples()
        .iter()
        .find(|sample| {
            sample.name == "clingfish_target_state_info"
                && sample.label("address") == Some(&address)
        })
        .unwrap_or_else(|| panic!("no target at {address}: {metrics:?}"));
    assert_eq!(target.label("target"), Some(format!("localhost@{address}").as_str()));
    assert_eq!(target.label("state"), Some("healthy"));
    let mut browser = Browser::open(clingfish.listener("web"));
    assert_eq!(browser.get("/").unwrap().status, 200);
    assert_eq!(browser.get("/").unwrap().verdict(), "hit");
}

#[test]
fn a_name_that_does_not_resolve_leaves_the_others_serving_and_is_reported() {
    let app = Target::start("t");
    let config = web_with(
        "",
        &format!(
            "targets = [{{ id = \"a\", address = \"{}\" }}, \"nowhere.invalid:80\"]",
            app.address()
        ),
    );
    let clingfish = Clingfish::start(&config);
    for _ in 0..4 {
        let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
        assert_eq!((answer.status, answer.target()), (200, "a"));
    }
    clingfish.wait_log("nowhere.invalid");
}
