use std::time::Duration;

use super::*;
use crate::{Registry, RequestEnd};

/// The begin of a slice.
const START: u64 = 1_795_170_360_000;

fn at(seconds: u64) -> UnixMillis {
    UnixMillis(START + seconds * 1_000)
}

fn request(registry: &Registry, verdict: Verdict, millis: u64) {
    let took = Duration::from_millis(millis);
    let end = RequestEnd {
        status: Some(if verdict == Verdict::TargetGone { 502 } else { 200 }),
        verdict,
        duration: took,
        target_response: Some(took / 2),
        received_bytes: 1,
        sent_bytes: 1,
    };
    registry.group(0, "web").count(&end);
    registry.target(0, "web", "a").requests.increment();
}

fn with_sessions(live: u32) -> HashMap<(Arc<str>, Arc<str>), TargetNow> {
    let now = TargetNow { live_sessions: live, active_sessions: live / 2, ..TargetNow::default() };
    HashMap::from([(("web".into(), "a".into()), now)])
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
    history.record(at(0), &registry.totals(), &with_sessions(0));
    for (seconds, requests) in [(10, 3), (20, 0), (30, 2)] {
        (0..requests).for_each(|_| request(&registry, Verdict::Hit, 20));
        if seconds == 30 {
            request(&registry, Verdict::TargetGone, 400);
        }
        history.record(at(seconds), &registry.totals(), &with_sessions(40));
        // Twice in a slice counts once.
        history.record(at(seconds + 9), &registry.totals(), &with_sessions(0));
    }
    let some = |all: [f64; 3]| all.map(Some).to_vec();
    for (subject, metric, expected) in [
        (WEB, Metric::Requests, some([3.0, 0.0, 3.0])),
        (WEB, Metric::Verdict(Verdict::Hit), some([3.0, 0.0, 2.0])),
        (WEB, Metric::Verdict(Verdict::TargetGone), some([0.0, 0.0, 1.0])),
        (WEB, Metric::Responses5xx, some([0.0, 0.0, 1.0])),
        (WEB, Metric::LiveSessions, some([40.0; 3])),
        (WEB, Metric::Duration(1.0), vec![Some(0.025), None, Some(0.5)]),
        (A, Metric::Requests, some([3.0, 0.0, 3.0])),
        (A, Metric::ActiveSessions, some([20.0; 3])),
        (Subject::Group("none"), Metric::Requests, some([0.0; 3])),
    ] {
        assert_eq!(values(&history, subject, metric, 10), expected, "{subject:?} {metric:?}");
    }
}

#[test]
fn an_hour_is_kept_and_no_more() {
    let (registry, mut history) = (Registry::new(1), History::default());
    for slice in 0..1_000 {
        request(&registry, Verdict::Hit, 1);
        history.record(at(slice * 10), &registry.totals(), &with_sessions(1));
    }
    assert_eq!(history.group("web", UnixMillis(0)).count(), 360);
    assert_eq!(history.target("web", "a", UnixMillis(0)).count(), 360);
    let points = history.series(WEB, Metric::Requests, UnixMillis(0));
    assert_eq!((points.len(), points[0].at, points[359].at), (360, at(6_400), at(9_990)));
    assert_eq!(history.series(WEB, Metric::Requests, at(9_985)).len(), 2);
}

#[test]
fn what_begins_to_count_again_counts_from_there() {
    let (registry, mut history) = (Registry::new(1), History::default());
    history.record(at(0), &registry.totals(), &with_sessions(0));
    (0..5).for_each(|_| request(&registry, Verdict::Hit, 1));
    history.record(at(10), &registry.totals(), &with_sessions(0));
    let fresh = Registry::new(1);
    (0..2).for_each(|_| request(&fresh, Verdict::Hit, 1));
    history.record(at(20), &fresh.totals(), &with_sessions(0));
    assert_eq!(values(&history, A, Metric::Requests, 10), [Some(5.0), Some(2.0)]);
    history.record(at(30), &Registry::new(1).totals(), &with_sessions(0));
    assert_eq!(history.group("web", UnixMillis(0)).count(), 0, "it is gone, and its history too");
}

#[test]
fn of_too_many_targets_only_their_group_is_kept() {
    let (registry, mut history) = (Registry::new(1), History::default());
    for second in [0, 10] {
        for nth in 0..=HISTORY_TARGETS_MAX {
            registry.target(0, "big", &nth.to_string()).requests.increment();
        }
        request(&registry, Verdict::Hit, 1);
        history.record(at(second), &registry.totals(), &with_sessions(0));
    }
    assert_eq!(history.target("big", "7", UnixMillis(0)).count(), 0);
    assert_eq!(history.target("web", "a", UnixMillis(0)).count(), 1, "there is room for these");
}

#[test]
fn a_quantile_lies_in_its_bucket_and_spreads_add_up() {
    let (registry, mut history) = (Registry::new(1), History::default());
    history.record(at(0), &registry.totals(), &with_sessions(0));
    for (second, millis) in [(10, 2), (20, 200)] {
        (0..100).for_each(|_| request(&registry, Verdict::Hit, millis));
        history.record(at(second), &registry.totals(), &with_sessions(0));
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
