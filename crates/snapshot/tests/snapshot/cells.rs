//! What is observed of a target, and how groups come to know it.

use std::{sync::Arc, time::Duration};

use clingfish_health::{CheckOutcome, EJECTION_PAUSE, State};
use clingfish_model::{HealthCheck, limits::CONNECT_FAILURES_MAX};
use clingfish_sessions::Mark;
use clingfish_snapshot::{Publisher, TargetCell};
use proptest::prelude::*;

use crate::support::{WORKERS, World, some_instant};

fn healthy(check: &HealthCheck) -> TargetCell {
    let cell = TargetCell::new(WORKERS, check);
    cell.observe(CheckOutcome::Good, check);
    cell
}

fn unchecked() -> HealthCheck {
    HealthCheck { enabled: false, ..HealthCheck::default() }
}

#[test]
fn a_new_target_keeps_sessions_before_its_first_check_but_takes_none() {
    for (check, takes) in [(HealthCheck::default(), false), (unchecked(), true)] {
        let cell = TargetCell::new(WORKERS, &check);
        assert!(cell.keeps_sessions(), "checks: {}", check.enabled);
        assert_eq!(cell.is_routable(), takes, "checks: {}", check.enabled);
    }
}

#[test]
fn three_failed_connects_in_a_row_eject_and_one_good_check_brings_back() {
    let (check, now) = (HealthCheck::default(), some_instant());
    let cell = healthy(&check);
    for nth in 1..CONNECT_FAILURES_MAX {
        assert!(!cell.connect_failed(&check, now), "failure {nth}");
        assert!(cell.is_routable(), "failure {nth}");
    }
    assert!(cell.connect_failed(&check, now), "the last one ejects");
    assert!(!cell.is_routable() && !cell.keeps_sessions());
    assert!(!cell.connect_failed(&check, now), "it is out already: nothing has changed");
    assert!(cell.observe(CheckOutcome::Good, &check), "its standing has changed");
    assert!(cell.is_routable());
    assert!(!cell.connect_failed(&check, now), "the count began again");
}

#[test]
fn a_connect_that_goes_well_begins_the_count_again() {
    let (check, now) = (HealthCheck::default(), some_instant());
    let cell = healthy(&check);
    for _ in 0..5 {
        for _ in 1..CONNECT_FAILURES_MAX {
            assert!(!cell.connect_failed(&check, now));
        }
        cell.connected();
    }
    assert!(cell.is_routable());
}

#[test]
fn without_checks_an_ejected_target_returns_after_its_pause() {
    let (check, now) = (unchecked(), some_instant());
    let cell = TargetCell::new(WORKERS, &check);
    for _ in 0..CONNECT_FAILURES_MAX {
        cell.connect_failed(&check, now);
    }
    assert!(!cell.is_routable());
    assert!(!cell.end_pause(now + EJECTION_PAUSE - Duration::from_millis(1)));
    assert!(cell.end_pause(now + EJECTION_PAUSE), "its standing has changed");
    assert!(cell.is_routable());
    assert!(!cell.connect_failed(&check, now), "the count began again");
}

#[test]
fn only_a_change_of_standing_is_told() {
    let check = HealthCheck::default();
    let cell = TargetCell::new(WORKERS, &check);
    for (outcome, changes, state) in [
        (CheckOutcome::Good, true, State::Healthy),
        (CheckOutcome::Good, false, State::Healthy),
        (CheckOutcome::Timeout, false, State::Healthy),
        (CheckOutcome::Timeout, true, State::Unhealthy),
        (CheckOutcome::Failed, false, State::Unhealthy),
        (CheckOutcome::Good, false, State::Unhealthy),
        (CheckOutcome::Good, true, State::Healthy),
    ] {
        assert_eq!(cell.observe(outcome, &check), changes, "{outcome:?}, then {state:?}");
        assert_eq!(cell.health().state(), state, "{outcome:?}");
    }
}

#[test]
fn a_target_that_announces_a_drain_is_well_keeps_its_sessions_and_takes_none() {
    let check = HealthCheck::default();
    let cell = healthy(&check);
    for (outcome, changes, takes) in [
        (CheckOutcome::Announced, true, false),
        (CheckOutcome::Announced, false, false),
        (CheckOutcome::Good, false, false),
        (CheckOutcome::Good, true, true),
    ] {
        assert_eq!(cell.observe(outcome, &check), changes, "{outcome:?}");
        assert_eq!((cell.takes_sessions(), cell.announces_drain()), (takes, !takes), "{outcome:?}");
        assert!(cell.is_routable() && cell.keeps_sessions(), "{outcome:?}");
    }
    cell.observe(CheckOutcome::Announced, &check);
    for _ in 0..check.unhealthy_threshold {
        cell.observe(CheckOutcome::Timeout, &check);
    }
    assert!(!cell.is_routable() && !cell.keeps_sessions() && !cell.announces_drain());
}

#[test]
fn turning_checks_off_and_on_takes_nobody_out() {
    let check = HealthCheck::default();
    let cell = healthy(&check);
    cell.reconfigure(&unchecked());
    assert!(cell.is_routable());
    cell.reconfigure(&check);
    assert!(cell.is_routable());
}

#[test]
fn a_change_of_health_that_nobody_told_the_new_group_counts_once_it_is_published() {
    let world = World::of(&["a", "b"]);
    let snapshot = Arc::new(world.snapshot);
    let group = &snapshot.groups[0];
    let check = &group.spec.health_check;
    for _ in 0..check.unhealthy_threshold {
        group.targets[0].cell.observe(CheckOutcome::Failed, check);
    }
    assert_eq!(group.roster().members, [0, 1], "nobody has looked yet");
    let mut publisher = Publisher::default();
    let reader = publisher.reader();
    assert!(reader.current().is_none());
    publisher.publish(Arc::clone(&snapshot));
    assert_eq!(group.roster().members, [1]);
    assert!(Arc::ptr_eq(&reader.current().unwrap(), &snapshot));
}

proptest! {
    /// Each worker counts for itself; the sum is what runs, whatever the order, and never less than nothing.
    #[test]
    fn in_flight_is_what_began_and_has_not_ended(
        turns in prop::collection::vec((0..WORKERS, any::<bool>()), 0..200),
    ) {
        let cell = TargetCell::new(WORKERS, &HealthCheck::default());
        let mut running = [0_u32; WORKERS];
        for (worker, begins) in turns {
            if begins {
                cell.begin(worker);
                running[worker] += 1;
            } else if running[worker] > 0 {
                cell.end(worker);
                running[worker] -= 1;
            }
            prop_assert_eq!(cell.in_flight(), running.iter().sum::<u32>());
        }
    }
}

#[test]
fn a_worker_that_is_not_there_counts_nothing() {
    let cell = TargetCell::new(WORKERS, &HealthCheck::default());
    cell.begin(WORKERS);
    cell.end(WORKERS);
    assert_eq!(cell.in_flight(), 0);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "below zero"))]
fn an_end_without_a_begin_is_a_bug_that_does_not_wrap() {
    let cell = TargetCell::new(WORKERS, &HealthCheck::default());
    cell.end(0);
    assert_eq!(cell.in_flight(), 0);
}

#[test]
fn sessions_that_several_workers_saw_are_counted_once() {
    let cell = TargetCell::new(WORKERS, &HealthCheck::default());
    let (sessions, hour) = (cell.sessions(), Duration::from_secs(3_600));
    assert_eq!((sessions.counts(), sessions.memory_bytes()), ((0, 0), 0));
    for worker in 0..WORKERS {
        (0..100).for_each(|id| sessions.sightings(worker).add(Mark::of(id, 5)));
    }
    sessions.collect(hour, hour);
    let (live, active) = sessions.counts();
    assert!(live.abs_diff(100) <= 2 && active == live, "{live} {active}");
    sessions.collect(hour + Duration::from_secs(301), hour);
    assert_eq!(sessions.counts(), (live, 0), "nobody came for five minutes");
    assert_eq!(sessions.estimate(Duration::from_secs(200)), 0);
    sessions.collect(hour * 3, hour);
    assert_eq!(sessions.counts(), (0, 0));
}

#[test]
fn sessions_are_counted_on_over_a_reload() {
    let mut world = World::of(&["a", "b"]);
    let hour = Duration::from_secs(3_600);
    let cell = Arc::clone(&world.group().targets[0].cell);
    (0..10).for_each(|id| cell.sessions().sightings(0).add(Mark::of(id, 5)));
    cell.sessions().collect(hour, hour);
    world.reload();
    let group = world.group();
    let live = group.live_sessions(&group.targets[0]);
    assert_eq!((live.in_duration, live.in_5m, live.is_exact), (10, 10, false));
}
