use proptest::prelude::*;

use super::{
    Fitness::{Healthy, Unhealthy, Untested},
    *,
};

const SPAN: Duration = Duration::from_secs(64);

fn on() -> SlowStart {
    SlowStart::new(SPAN).unwrap()
}

/// A clock reading to count from; what it says does not matter.
#[expect(clippy::disallowed_methods, reason = "an Instant has no other constructor")]
fn start() -> Instant {
    Instant::now()
}

/// Looks one second apart, and the parts that each target of the last look has right after it.
fn after(looks: &[&[(u64, Fitness)]]) -> Vec<u8> {
    let (mut starts, mut now) = (SlowStarts::default(), start());
    for look in looks {
        now += Duration::from_secs(1);
        starts.follow(on(), look, now);
    }
    let last = looks.last().unwrap();
    last.iter().map(|(serial, _)| starts.share(*serial, now).parts()).collect()
}

#[test]
fn targets_enter_as_at_alb() {
    const OLD: &[(u64, Fitness)] = &[(1, Healthy), (2, Healthy)];
    type Row<'r> = (&'r str, &'r [&'r [(u64, Fitness)]], &'r [u8]);
    let rows: &[Row<'_>] = &[
        ("healthy when it is switched on", &[OLD], &[64, 64]),
        ("unhealthy when it is switched on", &[&[(1, Healthy), (2, Unhealthy)], OLD], &[64, 1]),
        (
            "together into an empty group",
            &[&[(1, Untested), (2, Untested)], &[(1, Healthy), (2, Untested)], OLD],
            &[64, 64],
        ),
        ("into a group that was emptied", &[OLD, &[], &[(3, Untested)], &[(3, Healthy)]], &[64]),
        (
            "new beside others",
            &[OLD, &[(1, Healthy), (3, Untested)], &[(1, Healthy), (3, Healthy)]],
            &[64, 1],
        ),
        ("healthy again", &[OLD, &[(1, Healthy), (2, Unhealthy)], OLD], &[64, 1]),
        ("removed and added again", &[OLD, &[(1, Healthy)], OLD], &[64, 1]),
        (
            "alone healthy",
            &[OLD, &[(1, Unhealthy), (2, Unhealthy)], &[(1, Healthy), (2, Unhealthy)]],
            &[64, 64],
        ),
        ("all healthy again at once", &[OLD, &[(1, Unhealthy), (2, Unhealthy)], OLD], &[64, 64]),
        (
            "after the first of all",
            &[OLD, &[(1, Unhealthy), (2, Unhealthy)], &[(1, Healthy), (2, Unhealthy)], OLD],
            &[64, 1],
        ),
        (
            "while the others are growing alone",
            &[
                OLD,
                &[(1, Healthy), (2, Unhealthy)],
                OLD,
                &[(1, Unhealthy), (2, Healthy), (3, Untested)],
                &[(1, Unhealthy), (2, Healthy), (3, Healthy)],
            ],
            &[64, 2, 64],
        ),
    ];
    for (what, looks, expected) in rows {
        assert_eq!(after(looks), *expected, "{what}");
    }
}

#[test]
fn a_share_grows_in_a_straight_line() {
    let (mut starts, begin) = (SlowStarts::default(), start());
    starts.follow(on(), &[(1, Healthy)], begin);
    let both = [(1, Healthy), (2, Healthy)];
    starts.follow(on(), &both, begin);
    for (after, parts) in [(0, 1), (1, 1), (2, 2), (16, 16), (63, 63), (64, 64), (1_000, 64)] {
        let now = begin + Duration::from_secs(after);
        assert_eq!(starts.share(2, now).parts(), parts, "after {after} s");
        assert_eq!(starts.share(1, now), Share::FULL);
    }
    starts.follow(on(), &both, begin + SPAN);
    assert_eq!(starts.next_change(begin + SPAN), None, "it has grown");
    starts.follow(SlowStart::default(), &both, begin + SPAN);
    assert_eq!(starts.share(2, begin), Share::FULL, "switched off");
}

#[test]
fn a_shorter_span_counts_at_once() {
    let (mut starts, begin) = (SlowStarts::default(), start());
    starts.follow(on(), &[(1, Healthy)], begin);
    starts.follow(on(), &[(1, Healthy), (2, Healthy)], begin);
    let now = begin + Duration::from_secs(8);
    let half = SlowStart::new(SPAN / 2).unwrap();
    starts.follow(half, &[(1, Healthy), (2, Healthy)], now);
    assert_eq!(starts.share(2, now).parts(), 16);
}

proptest! {
    /// Whoever follows every announced change sees every share.
    #[test]
    fn changes_are_announced(seconds in 1_u64..=900) {
        let slow_start = SlowStart::new(Duration::from_secs(seconds)).unwrap();
        let (mut starts, begin) = (SlowStarts::default(), start());
        starts.follow(slow_start, &[(1, Healthy)], begin);
        starts.follow(slow_start, &[(1, Healthy), (2, Healthy)], begin);
        let (mut now, mut seen) = (begin, vec![starts.share(2, begin).parts()]);
        while let Some(next) = starts.next_change(now) {
            prop_assert!(next > now);
            now = next;
            starts.follow(slow_start, &[(1, Healthy), (2, Healthy)], now);
            seen.push(starts.share(2, now).parts());
        }
        prop_assert!(now - begin <= slow_start.duration() + Duration::from_micros(1));
        seen.dedup();
        prop_assert_eq!(seen, (1..=64).collect::<Vec<u8>>());
    }
}
