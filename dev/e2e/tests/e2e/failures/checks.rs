//! Health checks, and what follows from them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use clingfish_testkit::{Clingfish, Flow, RawClient, Target, eventually, standard};

use super::{CHECKS, state, wait_state};
use crate::{
    browser::Browser,
    support::{SOON, Seen as _, targets, web},
};

#[test]
fn states_and_reasons_of_checks_are_those_of_elb() {
    let (good, wrong, hung, gone) = (
        Target::start("good"),
        status_on_health(&[500]),
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

/// What a target's `/health` answers with, again and again from the front.
struct Lever {
    /// Protects the statuses, and how many checks have been answered by them.
    turns: Mutex<(&'static [u16], usize)>,
}

impl Lever {
    fn set(&self, statuses: &'static [u16]) {
        *self.turns.lock().unwrap() = (statuses, 0);
    }

    fn answered(&self) -> usize {
        self.turns.lock().unwrap().1
    }

    fn next(&self) -> u16 {
        let mut turns = self.turns.lock().unwrap();
        let status = turns.0[turns.1 % turns.0.len()];
        turns.1 += 1;
        status
    }
}

fn status_on_health(statuses: &'static [u16]) -> (Target, Arc<Lever>) {
    let lever = Arc::new(Lever { turns: Mutex::new((statuses, 0)) });
    let held = Arc::clone(&lever);
    let target = Target::answering(move |connection, request| {
        if request.path() != "/health" {
            return standard("lever", connection, request);
        }
        connection.respond(held.next(), "text/plain", b"")?;
        Ok(Flow::Close)
    });
    (target, lever)
}

#[test]
fn only_as_many_checks_in_a_row_as_the_threshold_change_the_state() {
    let (target, lever) = status_on_health(&[200]);
    let group = targets(&[("a", &target)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\n{CHECKS}")));
    wait_state(&clingfish, "a", "healthy");
    let steps: [(&[u16], &str); 4] = [
        (&[503, 200], "healthy"),
        (&[503], "unhealthy"),
        (&[200, 204, 503], "unhealthy"),
        (&[204], "healthy"),
    ];
    for (statuses, expected) in steps {
        lever.set(statuses);
        if statuses.len() == 1 {
            wait_state(&clingfish, "a", expected);
        }
        // A state that this changes wrongly cannot change back, so that the end tells.
        eventually(SOON, || (lever.answered() >= 7).then_some(()));
        assert_eq!(state(&clingfish, "a").0, expected, "{statuses:?}");
    }
}

#[test]
fn when_every_check_fails_all_targets_serve_and_homes_are_honoured() {
    let ((a, _keep_a), (b, _keep_b)) = (status_on_health(&[500]), status_on_health(&[500]));
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
