use super::CheckOutcome::{Failed, Good, Status, Timeout};
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
    assert_eq!(CheckOutcome::of_status(399, &HealthCheck::default()), Good);
    assert_eq!(CheckOutcome::of_status(400, &HealthCheck::default()), Status(400));
}
