use std::time::Duration;

use clingfish_health::State;
use clingfish_model::limits::{HISTORY_SLICES, HISTORY_TRACK_BYTES_MAX};
use proptest::prelude::*;

use super::{pack::Fields, *};
use crate::RequestEnd;

/// The begin of a slice.
const START: u64 = 1_795_170_360_000;

fn at(seconds: u64) -> UnixMillis {
    UnixMillis(START + seconds * 1_000)
}

fn request(registry: &Registry, verdict: Verdict, millis: u64) {
    request_to(registry, "a", verdict, millis);
}

fn request_to(registry: &Registry, target: &str, verdict: Verdict, millis: u64) {
    let took = Duration::from_millis(millis);
    let status = Some(if verdict == Verdict::TargetGone { 502 } else { 200 });
    let end = RequestEnd {
        status,
        target_status: status,
        duration: took,
        target_response: Some(took / 2),
        ..RequestEnd::good(verdict)
    };
    registry.group(0, "web").count(&end, Some(&registry.target(0, "web", target)));
}

fn facts(targets: &[(&str, TargetNow)]) -> Facts {
    targets.iter().map(|(id, now)| (("web".into(), (*id).into()), *now)).collect()
}

fn with_sessions(live: u32) -> Facts {
    let now = TargetNow { live_sessions: live, active_sessions: live / 2, ..TargetNow::default() };
    facts(&[("a", now)])
}

fn values(history: &History, subject: Subject<'_>, metric: Metric, from: u64) -> Vec<Option<f64>> {
    history.series(subject, metric, at(from)).iter().map(|point| point.value).collect()
}

const WEB: Subject<'_> = Subject::Group("web");
const A: Subject<'_> = Subject::Target { group: "web", target: "a" };

#[test]
fn each_slice_has_what_happened_in_it() {
    let (registry, mut history) = (Registry::new(1), History::default());
    request(&registry, Verdict::New, 1);
    history.record(at(0), &registry, &with_sessions(0));
    for (seconds, requests) in [(10, 3), (20, 0), (30, 2)] {
        (0..requests).for_each(|_| request(&registry, Verdict::Hit, 20));
        if seconds == 30 {
            request(&registry, Verdict::TargetGone, 400);
        }
        history.record(at(seconds), &registry, &with_sessions(40));
        // Twice in a slice counts once.
        history.record(at(seconds + 9), &registry, &with_sessions(0));
    }
    let some = |all: [f64; 3]| all.map(Some).to_vec();
    let times = vec![Some(0.025), None, Some(0.5)];
    for (subject, metric, expected) in [
        (WEB, Metric::Requests, some([3.0, 0.0, 3.0])),
        (WEB, Metric::Verdict(Verdict::Hit), some([3.0, 0.0, 2.0])),
        (WEB, Metric::Verdict(Verdict::TargetGone), some([0.0, 0.0, 1.0])),
        (WEB, Metric::Responses5xx, some([0.0, 0.0, 1.0])),
        (WEB, Metric::LiveSessions, some([40.0; 3])),
        (WEB, Metric::Healthy, some([1.0; 3])),
        (WEB, Metric::Duration(1.0), times.clone()),
        (A, Metric::Verdict(Verdict::Hit), some([3.0, 0.0, 2.0])),
        (A, Metric::Verdict(Verdict::TargetGone), some([0.0, 0.0, 1.0])),
        (A, Metric::Responses4xx, some([0.0; 3])),
        (A, Metric::Responses5xx, some([0.0, 0.0, 1.0])),
        (A, Metric::Duration(1.0), times),
        (A, Metric::TargetResponse(1.0), vec![Some(0.01), None, Some(0.25)]),
        (A, Metric::Out, some([0.0; 3])),
        (A, Metric::Requests, some([3.0, 0.0, 3.0])),
        (A, Metric::ActiveSessions, some([20.0; 3])),
        (WEB, Metric::SessionsCreated, some([0.0; 3])),
        (Subject::Group("none"), Metric::Requests, some([0.0; 3])),
    ] {
        assert_eq!(values(&history, subject, metric, 0), expected, "{subject:?} {metric:?}");
    }
}

#[test]
fn an_hour_is_kept_and_no_more() {
    let (registry, mut history) = (Registry::new(1), History::default());
    for slice in 0..1_000 {
        request(&registry, Verdict::Hit, 1);
        history.record(at(slice * 10), &registry, &with_sessions(1));
    }
    assert_eq!(history.group("web", UnixMillis(0)).count(), 360);
    assert_eq!(history.target("web", "a", UnixMillis(0)).count(), 360);
    let points = history.series(WEB, Metric::Requests, UnixMillis(0));
    assert_eq!((points.len(), points[0].at, points[359].at), (360, at(6_390), at(9_980)));
    assert_eq!(history.series(WEB, Metric::Requests, at(9_975)).len(), 2);
    for subject in [WEB, A] {
        assert_eq!(history.extent(subject), Some((at(6_390), at(9_990))), "{subject:?}");
    }
}

#[test]
fn what_begins_to_count_again_counts_from_there() {
    let (registry, mut history) = (Registry::new(1), History::default());
    history.record(at(0), &registry, &with_sessions(0));
    (0..5).for_each(|_| request(&registry, Verdict::Hit, 1));
    history.record(at(10), &registry, &with_sessions(0));
    let fresh = Registry::new(1);
    (0..2).for_each(|_| request(&fresh, Verdict::Hit, 1));
    history.record(at(20), &fresh, &with_sessions(0));
    assert_eq!(values(&history, A, Metric::Requests, 0), [Some(5.0), Some(2.0)]);
    history.record(at(30), &Registry::new(1), &with_sessions(0));
    assert_eq!(history.group("web", UnixMillis(0)).count(), 0, "it is gone, and its history too");
}

#[test]
fn of_too_many_targets_only_their_group_is_kept() {
    let (registry, mut history) = (Registry::new(1), History::default());
    for second in [0, 10] {
        for nth in 0..=HISTORY_TARGETS_MAX {
            registry.target(0, "big", &nth.to_string()).connect_failures.increment();
        }
        request(&registry, Verdict::Hit, 1);
        history.record(at(second), &registry, &with_sessions(0));
    }
    assert_eq!(history.target("big", "7", UnixMillis(0)).count(), 0);
    assert_eq!(history.target("web", "a", UnixMillis(0)).count(), 1, "there is room for these");
}

#[test]
fn a_quantile_lies_in_its_bucket_and_spreads_add_up() {
    let (registry, mut history) = (Registry::new(1), History::default());
    history.record(at(0), &registry, &with_sessions(0));
    for (second, millis) in [(10, 2), (20, 200)] {
        (0..100).for_each(|_| request(&registry, Verdict::Hit, millis));
        history.record(at(second), &registry, &with_sessions(0));
    }
    let mut all = Spread::default();
    history.group("web", UnixMillis(0)).for_each(|(_, slice)| all.merge(&slice.duration));
    assert_eq!(all.count(), 200);
    for (part, low, high) in [(0.25, 0.001, 0.0025), (0.5, 0.001, 0.0025), (0.75, 0.1, 0.25)] {
        let value = all.quantile(part).unwrap();
        assert!((low..=high).contains(&value), "{part}: {value}");
    }
    assert_eq!(Spread::default().quantile(0.5), None);
}

#[test]
fn targets_that_get_room_again_do_not_have_all_that_they_missed_in_one_slice() {
    let (registry, mut history) = (Registry::new(1), History::default());
    let many =
        |count| (0..count).for_each(|nth| drop(registry.target(0, "web", &format!("t{nth}"))));
    for second in [0, 10] {
        many(HISTORY_TARGETS_MAX);
        (0..9).for_each(|_| request(&registry, Verdict::Hit, 1));
        history.record(at(second), &registry, &with_sessions(0));
    }
    registry.retain(|_| true, |_, target| target == "a");
    for second in [20, 30] {
        request(&registry, Verdict::Hit, 1);
        history.record(at(second), &registry, &with_sessions(0));
    }
    let slices: Vec<_> = history.target("web", "a", UnixMillis(0)).collect();
    assert_eq!(
        slices.iter().map(|(at, slice)| (*at, slice.requests())).collect::<Vec<_>>(),
        [(at(20), 1)]
    );
}

#[test]
fn health_is_told_of_each_slice() {
    let (registry, mut history) = (Registry::new(1), History::default());
    ["a", "b", "c"].iter().for_each(|id| drop(registry.target(0, "web", id)));
    let is = |state, is_routable| TargetNow { state, is_routable, ..TargetNow::default() };
    let well = is(State::Healthy, true);
    let sick = is(State::Unhealthy, false);
    let told = |a, b, c| facts(&[("a", a), ("b", b), ("c", c)]);
    history.record(at(0), &registry, &told(well, well, well));
    for (second, looks, now) in [
        (10, [&[][..], &[], &[], &[]], told(well, well, well)),
        (20, [&[], &[("web", "b")], &[("web", "b"), ("no", "x")], &[]], told(well, well, well)),
        (30, [&[("web", "b")]; 4], told(well, sick, is(State::Draining, true))),
        (40, [&[]; 4], told(is(State::Initial, false), is(State::Unavailable, true), well)),
    ] {
        looks.into_iter().for_each(|out| history.look(out.iter().copied()));
        history.record(at(second), &registry, &now);
    }
    let counts: Vec<_> = history
        .group("web", UnixMillis(0))
        .map(|(_, is)| [is.targets, is.healthy, is.unhealthy, is.draining, is.routable])
        .collect();
    assert_eq!(counts, [[3, 3, 0, 0, 3], [3, 3, 0, 0, 3], [3, 1, 1, 1, 2], [3, 1, 0, 0, 2]]);
    let of = |target| -> Vec<_> {
        let slices = history.target("web", target, UnixMillis(0));
        slices.map(|(began, is)| (began, is.state(), is.out_permille)).collect()
    };
    assert_eq!(of("a"), [(at(30), State::Initial, 0)], "nothing is kept of a healthy one");
    assert_eq!(
        of("b"),
        [
            (at(10), State::Healthy, 500),
            (at(20), State::Unhealthy, 1_000),
            (at(30), State::Unavailable, 0)
        ]
    );
    assert_eq!(of("c"), [(at(20), State::Draining, 0)]);
}

#[test]
fn balance_is_that_of_the_targets_that_take_new_sessions() {
    let (registry, mut history) = (Registry::new(1), History::default());
    let with = |live_sessions, weight| TargetNow { live_sessions, weight, ..TargetNow::default() };
    let draining = TargetNow { state: State::Draining, ..with(900, 1) };
    let now = facts(&[
        ("a", with(30, 1)),
        ("b", with(10, 1)),
        ("c", with(40, 2)),
        ("d", draining),
        ("e", with(9, 0)),
    ]);
    history.record(at(0), &registry, &now);
    for (target, requests) in [("a", 1), ("b", 1), ("c", 10), ("d", 50), ("e", 3)] {
        (0..requests).for_each(|_| request_to(&registry, target, Verdict::Hit, 1));
    }
    history.record(at(10), &registry, &now);
    history.record(at(20), &registry, &now);
    // 1, 1 and 5 by weight; 30, 10 and 20.
    let [requests, sessions] = [Metric::BalanceOfRequests, Metric::BalanceOfSessions]
        .map(|metric| values(&history, WEB, metric, 0));
    assert_eq!(requests, [Some(2.143), None]);
    assert_eq!(sessions, [Some(1.5), Some(1.5)]);
}

/// The number of fields of a kind of slice, each filled with what `value` says of its place.
fn filled<F: Fields>(value: impl Fn(usize) -> u32) -> (usize, F) {
    let mut slice = F::default();
    let mut fields = 0;
    for (nth, field) in slice.fields().enumerate() {
        (*field, fields) = (value(nth), nth + 1);
    }
    (fields, slice)
}

/// Every number of a slice is packed: they are all that it is made of.
#[test]
fn no_number_of_a_slice_is_forgotten() {
    let (fields, _) = filled::<TargetSlice>(|_| 1);
    assert_eq!(fields * size_of::<u32>(), size_of::<TargetSlice>());
    let (fields, _) = filled::<GroupSlice>(|_| 1);
    assert_eq!(fields * size_of::<u32>(), size_of::<GroupSlice>());
}

/// A target with all that a busy one has: a thousand requests a second, some of them lost, in a handful of buckets.
#[test]
fn an_hour_of_a_busy_target_takes_as_much_memory_as_is_said() {
    let mut track = Track::<TargetSlice>::default();
    let mut slice = TargetSlice::default();
    slice.verdicts[..5].copy_from_slice(&[900, 9_000, 3, 0, 2]);
    slice.responses_5xx = 11;
    (slice.live_sessions, slice.active_sessions, slice.in_flight) = (20_000, 9_000, 40);
    for spread in [&mut slice.duration, &mut slice.target_response] {
        spread.0[3..10].copy_from_slice(&[200, 4_000, 5_000, 600, 80, 20, 5]);
    }
    (0..500).for_each(|nth| track.push(Nth::of(at(nth * 10)), slice, false));
    assert_eq!(track.since(UnixMillis(0)).count(), HISTORY_SLICES);
    let (used, room) = track.bytes();
    assert!(
        (40..=60).contains(&(used / HISTORY_SLICES)),
        "{} for each slice",
        used / HISTORY_SLICES
    );
    assert!(room <= used + 1_024, "{room} for {used}");
}

#[test]
fn what_is_larger_than_anything_seen_has_less_than_an_hour() {
    let mut track = Track::<TargetSlice>::default();
    let (_, huge) = filled::<TargetSlice>(|_| u32::MAX);
    for nth in 0..1_000 {
        track.push(Nth::of(at(nth * 10)), huge, false);
        let (_, room) = track.bytes();
        assert!(room <= HISTORY_TRACK_BYTES_MAX + 512, "{room} bytes");
    }
    let slices: Vec<_> = track.since(UnixMillis(0)).collect();
    assert!((100..HISTORY_SLICES).contains(&slices.len()), "{} slices", slices.len());
    assert!(slices.iter().all(|(_, slice)| *slice == huge));
    let begins = track.begins(Nth::of(at(9_990))).unwrap();
    assert_eq!((begins.begin(), slices.last().unwrap().0), (slices[0].0, at(9_990)));
}

proptest! {
    /// What is packed comes back, slice by slice and number by number.
    #[test]
    fn what_is_packed_comes_back(
        slices in prop::collection::vec(
            (1_u64..50, prop::collection::vec(prop_oneof![4 => Just(0), 2 => 1_u32..300, 1 => any::<u32>()], 65)),
            1..60,
        ),
    ) {
        let (mut targets, mut groups) = (Track::<TargetSlice>::default(), Track::<GroupSlice>::default());
        let (mut nth, mut expected) = (0, Vec::new());
        for (apart, values) in &slices {
            nth += apart;
            let (_, target) = filled::<TargetSlice>(|place| values[place]);
            let (_, group) = filled::<GroupSlice>(|place| values[place]);
            targets.push(Nth::of(at(nth * 10)), target, false);
            groups.push(Nth::of(at(nth * 10)), group.clone(), false);
            expected.push((at(nth * 10), target, group));
        }
        expected.retain(|(began, ..)| *began + Duration::from_secs(3_600) > at(nth * 10));
        let of_targets: Vec<_> = expected.iter().filter(|(_, slice, _)| *slice != TargetSlice::default()).map(|(at, slice, _)| (*at, *slice)).collect();
        let of_groups: Vec<_> = expected.into_iter().filter(|(.., slice)| *slice != GroupSlice::default()).map(|(at, _, slice)| (at, slice)).collect();
        prop_assert_eq!(targets.since(UnixMillis(0)).collect::<Vec<_>>(), of_targets);
        prop_assert_eq!(groups.since(UnixMillis(0)).collect::<Vec<_>>(), of_groups);
    }
}
