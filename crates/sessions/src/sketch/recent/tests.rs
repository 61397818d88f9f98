use std::collections::HashMap;

use proptest::prelude::*;

use super::super::{Mark, Sightings};
use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

/// Sessions of such numbers, seen by two workers at one moment.
fn seen(sessions: impl Iterator<Item = u64>, secret: u64, at: Duration) -> Recent {
    let (workers, mut recent) = ([Sightings::default(), Sightings::default()], Recent::default());
    sessions.zip(workers.iter().cycle()).for_each(|(id, worker)| worker.add(Mark::of(id, secret)));
    recent.collect(&workers, at, HOUR);
    recent
}

/// How far an estimate is from the truth, as a part of it.
fn error(estimate: u64, truth: u64) -> f64 {
    estimate.abs_diff(truth) as f64 / truth as f64
}

#[test]
fn few_sessions_and_many_are_estimated_within_three_percent() {
    for (sessions, runs) in
        [(10, 50), (100, 50), (1_000, 50), (10_000, 50), (100_000, 20), (1_000_000, 20)]
    {
        let mut squares = 0.0;
        for run in 1..=runs as u64 {
            let secret = run.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let estimate = seen(0..sessions, secret, HOUR).estimate(HOUR, HOUR);
            let error = error(estimate, sessions);
            assert!(error <= 0.03, "{sessions} sessions, run {run}: {estimate}");
            squares += error * error;
        }
        let standard = (squares / f64::from(runs)).sqrt();
        assert!(standard < 0.01, "{sessions} sessions: standard error {standard}");
    }
}

#[test]
fn ids_that_are_like_each_other_are_as_good_as_random_ones() {
    for shift in [0, 8, 20, 32, 44] {
        let estimate = seen((0..100_000).map(|id| id << shift), 3, HOUR).estimate(HOUR, HOUR);
        assert!(error(estimate, 100_000) <= 0.03, "shifted by {shift}: {estimate}");
    }
}

#[test]
fn nobody_is_nobody_and_takes_no_memory() {
    let recent = seen(0..0, 1, HOUR);
    assert_eq!((recent.estimate(HOUR, HOUR), recent.memory_bytes()), (0, 0));
}

#[test]
fn what_was_seen_too_long_ago_is_let_go() {
    let mut recent = seen(0..5_000, 1, HOUR);
    assert!(recent.memory_bytes() > 10_000);
    let nobody: [&Sightings; 0] = [];
    recent.collect(nobody, HOUR * 2, HOUR);
    assert!(error(recent.estimate(HOUR * 2, HOUR), 5_000) <= 0.03, "an hour ago still counts");
    recent.collect(nobody, HOUR * 2 + Duration::from_secs(1), HOUR);
    assert!(recent.is_empty());
    assert_eq!(recent.memory_bytes(), 0);
}

#[test]
fn a_day_of_a_hundred_thousand_sessions_fits_in_128_kilobytes() {
    let (worker, mut recent) = (Sightings::default(), Recent::default());
    // Each comes back twelve times a day.
    for minute in 0..1_440_u64 {
        let (at, day) = (Duration::from_secs(minute * 60), HOUR * 24);
        (0..1_440_u64 * 12)
            .map(|nth| (minute * 833 + nth * 7919) % 100_000)
            .take(833)
            .for_each(|id| worker.add(Mark::of(id, 5)));
        recent.collect([&worker], at, day);
    }
    assert!(recent.memory_bytes() <= 128 * 1024, "{}", recent.memory_bytes());
}

/// Sessions by number, and when each was seen last.
type Truth = HashMap<u64, Duration>;

fn alive(truth: &Truth, now: Duration, window: Duration) -> impl Iterator<Item = u64> {
    truth.iter().filter(move |(_, seen)| now - **seen <= window).map(|(id, _)| *id)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Nothing is lost by forgetting what cannot matter, and nothing by gathering in steps.
    #[test]
    fn any_window_is_estimated_as_if_only_its_sessions_had_been_seen(
        start in prop_oneof![Just(0), Just((1 << 26) - 1_000), 0..(1u64 << 40)],
        steps in prop::collection::vec((0..600u64, 0..40_000u64, 0..3_000u64), 1..25),
        windows in prop::collection::vec(0..3_600u64, 4),
    ) {
        let (workers, mut recent) = ([Sightings::default(), Sightings::default()], Recent::default());
        let (mut now, mut truth) = (Duration::from_secs(start), Truth::new());
        for (after, first, sessions) in steps {
            now += Duration::from_secs(after);
            for id in first..first + sessions {
                workers[(id % 2) as usize].add(Mark::of(id, 11));
                truth.insert(id, now);
            }
            recent.collect(&workers, now, HOUR);
            for window in windows.iter().map(|window| Duration::from_secs(*window)).chain([HOUR]) {
                let expected = seen(alive(&truth, now, window), 11, now).estimate(now, HOUR);
                prop_assert_eq!(recent.estimate(now, window), expected, "window {:?}", window);
            }
            prop_assert!(recent.memory_bytes() <= Recent::BYTES_MAX);
        }
    }
}
