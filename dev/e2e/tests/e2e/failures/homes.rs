//! Sessions whose home fails.

use std::collections::BTreeSet;

use clingfish_testkit::eventually;

use super::{CHECKS, state, wait_state};
use crate::{
    browser::Browser,
    support::{SOON, Seen as _, Stage},
};

/// The one of `a` and `b` that is not it.
fn other_than(home: &str) -> &'static str {
    if home == "a" { "b" } else { "a" }
}

#[test]
fn a_home_that_refuses_is_served_elsewhere_until_three_refusals_eject_it() {
    let stage = Stage::sticky("true");
    let first = stage.visit(&[]);
    let (home, cookie) = (first.target().to_owned(), first.cookie());
    let other = other_than(&home);
    stage.target(&home).stop();
    for round in 1..=3 {
        let detour = stage.visit_with(&cookie);
        assert_eq!(detour.response.status, 200, "{round}");
        assert_eq!((detour.verdict(), detour.target()), ("detour", other), "{round}");
        assert_eq!(detour.response.home_cookie(), None, "the home stays: {round}");
    }
    let moved = stage.visit_with(&cookie);
    assert_eq!((moved.verdict(), moved.target()), ("target_unhealthy", other));
    let settled = stage.visit_with(moved.cookie());
    assert_eq!((settled.verdict(), settled.target()), ("hit", other));
    let (state, reason) = state(&stage.clingfish, &home);
    assert_eq!((state.as_str(), reason.as_str()), ("unhealthy", "Clingfish.ConnectFailures"));
}

#[test]
fn a_post_takes_the_same_detour() {
    let stage = Stage::sticky("true");
    let mut browser = Browser::open(stage.clingfish.listener("web"));
    let home = browser.get("/").unwrap().target().to_owned();
    let other = other_than(&home);
    stage.target(&home).stop();
    let answer = browser.ask("POST", "/order", "one fish").unwrap();
    assert_eq!((answer.status, answer.verdict()), (200, "detour"));
    let order = stage.target(other).requests().pop().unwrap();
    assert_eq!((order.path(), order.body.as_slice()), ("/order", b"one fish".as_slice()));
}

#[test]
fn a_home_that_is_back_before_it_is_ejected_is_hit_again() {
    let stage = Stage::sticky("true");
    let first = stage.visit(&[]);
    let (home, cookie) = (first.target().to_owned(), first.cookie());
    // Twice two refusals are never three in a row.
    for round in 1..=2 {
        stage.target(&home).stop();
        for _ in 0..2 {
            assert_eq!(stage.visit_with(&cookie).verdict(), "detour", "round {round}");
        }
        stage.target(&home).resume();
        let back = stage.visit_with(&cookie);
        assert_eq!((back.verdict(), back.target()), ("hit", home.as_str()), "round {round}");
    }
}

#[test]
fn a_target_that_returns_takes_new_sessions_and_leaves_the_others_where_they_are() {
    let stage = Stage::with("", &format!("stickiness = true\n{CHECKS}"));
    let first = stage.visit(&[]);
    let (home, mut cookie) = (first.target().to_owned(), first.cookie());
    let other = other_than(&home);
    stage.target(&home).stop();
    eventually(SOON, || {
        let visit = stage.visit_with(&cookie);
        assert_eq!((visit.response.status, visit.target()), (200, other));
        if visit.verdict() == "detour" {
            assert_eq!(visit.response.home_cookie(), None);
            return None;
        }
        assert_eq!(visit.verdict(), "target_unhealthy");
        cookie = visit.cookie();
        Some(())
    });
    wait_state(&stage.clingfish, &home, "unhealthy");
    stage.target(&home).resume();
    wait_state(&stage.clingfish, &home, "healthy");
    let fresh: BTreeSet<String> = (0..4).map(|_| stage.visit(&[]).target().to_owned()).collect();
    assert!(fresh.contains(&home), "new sessions come again: {fresh:?}");
    let stays = stage.visit_with(&cookie);
    assert_eq!((stays.verdict(), stays.target()), ("hit", other));
}

#[test]
fn errors_of_the_application_move_nobody() {
    let stage = Stage::sticky("true");
    let mut cookie = stage.visit(&[]).cookie();
    let home = stage.visit_with(&cookie).target().to_owned();
    for status in [500, 502, 503, 504, 599, 500, 500, 500, 500, 500] {
        let lines = [format!("Cookie: {cookie}"), format!("Answer-Status: {status}")];
        let visit = stage.visit(&[&lines[0], &lines[1]]);
        assert_eq!(visit.response.status, status);
        assert_eq!((visit.verdict(), visit.target()), ("hit", home.as_str()), "{status}");
        cookie = visit.response.home_cookie().unwrap_or(cookie);
    }
    assert_eq!(stage.visit_with(&cookie).verdict(), "hit");
    let metrics = stage.clingfish.metrics();
    let failed = metrics.value("clingfish_target_responses_5xx_total", &[("target", &home)]);
    assert_eq!(failed, Some(10.0));
}
