use clingfish_model::health::{Announcement, DrainHeader, StatusMatcher};

use super::CheckOutcome::{Announced, Failed, Good, Status, Timeout};
use super::*;

const MISMATCH: CheckOutcome = Status(500);

fn check(healthy_threshold: u32, unhealthy_threshold: u32) -> HealthCheck {
    HealthCheck { healthy_threshold, unhealthy_threshold, ..HealthCheck::default() }
}

fn unchecked() -> HealthCheck {
    HealthCheck { enabled: false, ..HealthCheck::default() }
}

/// A clock reading to count from; what it says does not matter.
#[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
fn start() -> Instant {
    Instant::now()
}

#[test]
fn runs_of_results_change_the_state() {
    for (healthy, unhealthy, outcomes, state, reason) in [
        (5, 2, &[][..], "initial", "Elb.InitialHealthChecking"),
        (5, 2, &[Good], "healthy", ""),
        (5, 2, &[Failed], "initial", "Elb.InitialHealthChecking"),
        (5, 2, &[Failed, Good], "healthy", ""),
        (5, 2, &[Failed, Timeout], "unhealthy", "Target.Timeout"),
        (5, 2, &[Good, Failed], "healthy", ""),
        (5, 2, &[Good, Failed, Good, Failed], "healthy", ""),
        (5, 2, &[Good, Failed, MISMATCH], "unhealthy", "Target.ResponseCodeMismatch"),
        (5, 1, &[Good, Failed], "unhealthy", "Target.FailedHealthChecks"),
        (2, 1, &[Good, Failed, Good], "unhealthy", "Target.FailedHealthChecks"),
        (2, 1, &[Good, Failed, Good, Good], "healthy", ""),
        (2, 1, &[Good, Failed, Good, MISMATCH, Good], "unhealthy", "Target.ResponseCodeMismatch"),
        (1, 1, &[Good, Failed, Good], "healthy", ""),
        (2, 2, &[Failed, Failed, Good], "unhealthy", "Target.FailedHealthChecks"),
    ] {
        let check = check(healthy, unhealthy);
        let mut health = TargetHealth::new(&check);
        for outcome in outcomes {
            health.observe(*outcome, &check);
        }
        let row = format!("{outcomes:?} with thresholds {healthy} and {unhealthy}");
        let reached = (health.state().as_str(), health.reason().map_or("", Reason::code));
        assert_eq!(reached, (state, reason), "{row}");
        assert_eq!(health.is_routable(), state == "healthy", "{row}");
    }
}

#[test]
fn each_change_of_state_is_told_once() {
    let check = check(2, 2);
    let mut health = TargetHealth::new(&check);
    let told: Vec<_> = [Good, Good, Timeout, Timeout, Failed, Good, Good, Good]
        .into_iter()
        .map(|outcome| {
            health.observe(outcome, &check).map(|told| (told.from, told.to, told.reason))
        })
        .collect();
    let down = (State::Healthy, State::Unhealthy, Some(Reason::TargetTimeout));
    assert_eq!(
        told,
        [
            Some((State::Initial, State::Healthy, None)),
            None,
            None,
            Some(down),
            None,
            None,
            Some((State::Unhealthy, State::Healthy, None)),
            None,
        ]
    );
}

#[test]
fn one_good_check_brings_an_ejected_target_back() {
    let check = check(5, 2);
    let mut health = TargetHealth::new(&check);
    assert_eq!(health.eject(&check, start()), None, "it has no requests to fail yet");
    health.observe(Good, &check);
    let told = health.eject(&check, start()).unwrap();
    assert_eq!((told.to, told.reason), (State::Unhealthy, Some(Reason::ConnectFailures)));
    assert_eq!(health.eject(&check, start()), None, "it is out already");
    assert_eq!(health.returns_at(), None);
    health.observe(Failed, &check);
    assert_eq!(health.reason(), Some(Reason::ConnectFailures));
    assert_eq!(health.observe(Good, &check).map(|told| told.to), Some(State::Healthy));
}

#[test]
fn an_ejected_target_that_fails_its_checks_needs_the_full_run_to_return() {
    let check = check(2, 2);
    let mut health = TargetHealth::new(&check);
    health.observe(Good, &check);
    health.eject(&check, start());
    health.observe(Failed, &check);
    health.observe(Failed, &check);
    assert_eq!(health.reason(), Some(Reason::TargetFailedHealthChecks));
    assert_eq!(health.observe(Good, &check), None);
    assert_eq!(health.observe(Good, &check).map(|told| told.to), Some(State::Healthy));
}

#[test]
fn without_checks_an_ejected_target_returns_after_a_pause() {
    let (check, start) = (unchecked(), start());
    let mut health = TargetHealth::new(&check);
    assert_eq!((health.state(), health.is_routable()), (State::Unavailable, true));
    assert_eq!(health.observe(Failed, &check), None, "a result that came late");
    health.eject(&check, start);
    assert_eq!(health.returns_at(), Some(start + EJECTION_PAUSE));
    for (after, returned) in [
        (Duration::ZERO, false),
        (EJECTION_PAUSE - Duration::from_millis(1), false),
        (EJECTION_PAUSE, true),
    ] {
        health.end_pause(start + after);
        assert_eq!(health.is_routable(), returned, "{after:?} after the ejection");
    }
}

#[test]
fn turning_checks_on_or_off_takes_nobody_out_of_service() {
    let (on, off) = (check(2, 2), unchecked());
    let mut health = TargetHealth::new(&off);
    health.reconfigure(&on);
    assert_eq!(health.state(), State::Healthy);
    health.observe(Failed, &on);
    assert_eq!(health.reconfigure(&on), None);
    health.observe(Failed, &on);
    assert_eq!(health.state(), State::Unhealthy, "a reload does not restart the count");
    health.reconfigure(&off);
    assert_eq!(health.state(), State::Unavailable);
    health.eject(&off, start());
    health.reconfigure(&on);
    assert_eq!((health.is_routable(), health.returns_at()), (false, None));
    health.observe(Good, &on);
    assert!(health.is_routable());
}

#[test]
fn an_unused_or_draining_target_is_reported_as_such() {
    let health = TargetHealth::new(&HealthCheck::default());
    for (registration, state, code) in [
        (Registration::InUse, "initial", "Elb.InitialHealthChecking"),
        (Registration::NotInUse, "unused", "Target.NotInUse"),
        (Registration::Draining, "draining", "Target.DeregistrationInProgress"),
    ] {
        let (reported, reason) = health.report(registration);
        assert_eq!((reported.as_str(), reason.unwrap().code()), (state, code));
    }
}

#[test]
fn reasons_read_as_elbs_do() {
    let reason = Reason::TargetResponseCodeMismatch(502);
    assert_eq!(reason.code(), "Target.ResponseCodeMismatch");
    assert_eq!(reason.description(), "Health checks failed with these codes: [502]");
    assert_eq!(CheckOutcome::of_answer(399, false, &HealthCheck::default()), Good);
    assert_eq!(CheckOutcome::of_answer(400, false, &HealthCheck::default()), Status(400));
}

/// A check whose answers may announce a drain.
fn listening(healthy_threshold: u32, unhealthy_threshold: u32) -> HealthCheck {
    let announcement = Announcement {
        status: StatusMatcher::parse_drain("218,503", clingfish_model::ProtocolVersion::Http1).ok(),
        header: DrainHeader::parse("x-drain").ok(),
    };
    HealthCheck { announcement, ..check(healthy_threshold, unhealthy_threshold) }
}

#[test]
fn an_answer_that_announces_a_drain_is_neither_good_nor_bad() {
    for (status, has_field, expected) in [
        (200, false, Good),
        (503, false, Announced),
        (500, false, Status(500)),
        (200, true, Announced),
        (500, true, Announced),
        (218, false, Announced), // Which the matcher takes for good as well.
    ] {
        let outcome = CheckOutcome::of_answer(status, has_field, &listening(2, 2));
        assert_eq!(outcome, expected, "{status}, with the field: {has_field}");
    }
    assert_eq!(CheckOutcome::of_answer(503, false, &check(2, 2)), Status(503), "nothing announces");
}

#[test]
fn the_first_announcement_drains_and_the_healthy_threshold_takes_it_back() {
    let drained = ("draining", "Clingfish.DrainAnnounced");
    let failed = ("unhealthy", "Target.FailedHealthChecks");
    for (healthy, unhealthy, outcomes, (state, reason)) in [
        (2, 2, &[Announced][..], drained),
        (5, 2, &[Good, Announced], drained),
        (2, 2, &[Failed, Announced], drained),
        (2, 2, &[Good, Announced, Good], drained),
        (2, 2, &[Good, Announced, Good, Good], ("healthy", "")),
        (1, 2, &[Good, Announced, Good], ("healthy", "")),
        (2, 2, &[Announced, Good, Announced, Good], drained),
        (2, 2, &[Announced, Good, Timeout, Good], drained),
        (2, 2, &[Announced, Good, Timeout, Good, Good], ("healthy", "")),
        (2, 2, &[Announced, Failed], drained),
        (2, 2, &[Announced, Failed, Announced, Failed], drained),
        (2, 2, &[Announced, Failed, Failed], failed),
        (2, 2, &[Announced, Failed, Failed, Good], failed),
        (2, 2, &[Announced, Failed, Failed, Good, Good], ("healthy", "")),
        (2, 1, &[Good, Failed, Announced], failed),
        (2, 1, &[Good, Failed, Announced, Announced], drained),
        (2, 1, &[Good, Failed, Announced, Good], drained),
        (2, 1, &[Good, Failed, Announced, Good, Good], ("healthy", "")),
    ] {
        let check = listening(healthy, unhealthy);
        let mut health = TargetHealth::new(&check);
        for outcome in outcomes {
            health.observe(*outcome, &check);
        }
        let row = format!("{outcomes:?} with thresholds {healthy} and {unhealthy}");
        let reached = (health.state().as_str(), health.reason().map_or("", Reason::code));
        assert_eq!(reached, (state, reason), "{row}");
        assert_eq!(health.is_draining(), state == "draining", "{row}");
        assert_eq!(health.is_routable(), state != "unhealthy", "it keeps its sessions: {row}");
    }
}

#[test]
fn an_announced_drain_is_told_once_and_outlives_an_ejection() {
    let check = listening(2, 2);
    let mut health = TargetHealth::new(&check);
    health.observe(Good, &check);
    let told = health.observe(Announced, &check).unwrap();
    let why = Some(Reason::DrainAnnounced);
    assert_eq!((told.from, told.to, told.reason), (State::Healthy, State::Draining, why));
    assert_eq!(health.observe(Announced, &check), None);
    let told = health.eject(&check, start()).unwrap();
    assert_eq!((told.to, told.reason), (State::Unhealthy, Some(Reason::ConnectFailures)));
    assert_eq!(health.observe(Good, &check).map(|told| told.to), Some(State::Draining));
    assert_eq!(health.observe(Good, &check).map(|told| told.to), Some(State::Healthy));
}

#[test]
fn what_the_operator_says_of_a_target_comes_before_what_it_announces() {
    let check = listening(2, 2);
    let mut health = TargetHealth::new(&check);
    health.observe(Announced, &check);
    for (registration, state, code) in [
        (Registration::InUse, "draining", "Clingfish.DrainAnnounced"),
        (Registration::NotInUse, "unused", "Target.NotInUse"),
        (Registration::Draining, "draining", "Target.DeregistrationInProgress"),
    ] {
        let (reported, reason) = health.report(registration);
        assert_eq!((reported.as_str(), reason.unwrap().code()), (state, code));
    }
}

#[test]
fn an_announced_drain_lasts_over_a_reload_unless_nothing_can_announce_one_any_more() {
    for (what, after, state) in [
        ("the same", listening(2, 2), State::Draining),
        ("other thresholds", listening(3, 3), State::Draining),
        ("no announcements", check(2, 2), State::Healthy),
        ("no checks", HealthCheck { enabled: false, ..listening(2, 2) }, State::Unavailable),
    ] {
        let before = listening(2, 2);
        let mut health = TargetHealth::new(&before);
        health.observe(Announced, &before);
        health.observe(Good, &before);
        health.reconfigure(&after);
        assert_eq!(health.state(), state, "{what}");
        health.reconfigure(&before);
        let back = if state == State::Draining { state } else { State::Healthy };
        assert_eq!(health.state(), back, "{what}, and back");
    }
}
