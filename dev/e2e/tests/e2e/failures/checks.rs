//! Health checks, and what follows from them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
};

use clingfish_testkit::{Clingfish, Flow, RawClient, Target, standard};

use super::{CHECKS, state, wait_state};
use crate::{
    browser::Browser,
    support::{Seen as _, targets, web},
};

#[test]
fn states_and_reasons_of_checks_are_those_of_elb() {
    let (good, wrong, hung, gone) = (
        Target::start("good"),
        status_on_health(500),
        Target::start("hung"),
        Target::start("gone"),
    );
    hung.hang(true);
    gone.stop();
    let group = targets(&[("good", &good), ("wrong", &wrong.0), ("hung", &hung), ("gone", &gone)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\n{CHECKS}")));
    for (target, expected) in [
        ("good", ("healthy", "")),
        ("wrong", ("unhealthy", "Target.ResponseCodeMismatch")),
        ("hung", ("unhealthy", "Target.Timeout")),
        ("gone", ("unhealthy", "Target.FailedHealthChecks")),
    ] {
        wait_state(&clingfish, target, expected.0);
        assert_eq!(state(&clingfish, target).1, expected.1, "{target}");
    }
    for _ in 0..6 {
        let answer = RawClient::get(clingfish.listener("web"), "/").unwrap();
        assert_eq!((answer.status, answer.target()), (200, "good"));
    }
    hung.hang(false);
}

/// A target whose `/health` answers with a status that the test sets, and counts its answers with it.
fn status_on_health(status: u16) -> (Target, Arc<(AtomicU16, AtomicUsize)>) {
    let lever = Arc::new((AtomicU16::new(status), AtomicUsize::new(0)));
    let held = Arc::clone(&lever);
    let target = Target::answering(move |connection, request| {
        if request.path() != "/health" {
            return standard("lever", connection, request);
        }
        held.1.fetch_add(1, Ordering::SeqCst);
        connection.respond(held.0.load(Ordering::SeqCst), "text/plain", b"")?;
        Ok(Flow::Close)
    });
    (target, lever)
}

#[test]
fn as_many_checks_in_a_row_as_the_threshold_change_the_state() {
    let (target, lever) = status_on_health(200);
    let group = targets(&[("a", &target)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\n{CHECKS}")));
    wait_state(&clingfish, "a", "healthy");
    for (status, wanted, threshold) in [(503, "unhealthy", 2), (204, "healthy", 3)] {
        lever.0.store(status, Ordering::SeqCst);
        let before = lever.1.load(Ordering::SeqCst);
        wait_state(&clingfish, "a", wanted);
        let checks = lever.1.load(Ordering::SeqCst) - before;
        assert!(checks >= threshold, "{wanted} after {checks} checks");
        // Looking takes a moment, in which more checks run: this says only that it did not take many.
        assert!(checks <= threshold + 5, "{wanted} after {checks} checks");
    }
}

#[test]
fn when_every_check_fails_all_targets_serve_and_homes_are_honoured() {
    let ((a, _keep_a), (b, _keep_b)) = (status_on_health(500), status_on_health(500));
    let group = targets(&[("a", &a), ("b", &b)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\nstickiness = true\n{CHECKS}")));
    for id in ["a", "b"] {
        wait_state(&clingfish, id, "unhealthy");
    }
    let mut homes = BTreeSet::new();
    for _ in 0..4 {
        let mut browser = Browser::open(clingfish.listener("web"));
        let home = browser.get("/").unwrap().target().to_owned();
        for _ in 0..4 {
            let answer = browser.get("/").unwrap();
            assert_eq!((answer.status, answer.verdict()), (200, "hit"));
            assert_eq!(answer.target(), home);
        }
        homes.insert(home);
    }
    assert_eq!(homes.len(), 2, "new sessions spread over all: {homes:?}");
    let fail_open = clingfish
        .metrics()
        .value("clingfish_target_group_fail_open_requests_total", &[("target_group", "web")]);
    assert!(fail_open >= Some(4.0), "{fail_open:?}");
}
