use std::time::{Duration, Instant};

use clingfish_model::{
    UnixMillis, Version,
    limits::{RECENT_EVERY, RECENT_GROUP_EVERY, RECENT_UNUSUAL_PER_SECOND},
};

use super::*;
use crate::{Verdict, log::Kind as Exchange};

fn sample(group: &str, verdict: Verdict) -> Sample {
    Sample {
        id: 0,
        sort: Sort::of(Some(verdict), false),
        at: UnixMillis(1),
        kind: Exchange::Http,
        version: Version::Http11,
        method: "GET".into(),
        host: "shop.example".into(),
        path: "/".into(),
        has_query: false,
        client: "192.0.2.9:1".parse().unwrap(),
        listener: Some("front".into()),
        rule: Some(0),
        action: "forward",
        group: Some(group.into()),
        target: Some("a".into()),
        verdict: Some(verdict),
        group_verdict: None,
        status: Some(200),
        target_status: Some(200),
        error_reason: "",
        duration: Duration::from_millis(3),
        target_response: None,
        received_bytes: 1,
        sent_bytes: 2,
        tries: 1,
        session: None,
        revision: 1,
        head: Some(KeptHead {
            bytes: b"GET / HTTP/1.1\r\nCookie: a=secret\r\n\r\n".as_slice().into(),
            client: "192.0.2.9".parse().unwrap(),
            server_name: None,
            https: false,
        }),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests need some instant to count from")]
fn start() -> Instant {
    Instant::now()
}

fn count(recent: &Recent, group: &str, verdict: Verdict) -> usize {
    let is_it =
        |one: &&Arc<Sample>| one.group.as_deref() == Some(group) && one.verdict == Some(verdict);
    recent.all().iter().filter(is_it).count()
}

#[test]
fn the_newest_come_first_and_never_more_than_there_may_be() {
    let recent = Recent::default();
    recent.turn(true);
    for _ in 0..RECENT_REQUESTS_MAX + 7 {
        recent.keep(sample("web", Verdict::Hit));
    }
    let all = recent.all();
    assert_eq!(all.len(), RECENT_REQUESTS_MAX);
    assert_eq!(all[0].id, RECENT_REQUESTS_MAX as u64 + 7);
    assert!(all.windows(2).all(|two| two[0].id == two[1].id + 1), "in order");
    assert!(recent.find(8).is_some() && recent.find(7).is_none(), "the oldest have gone");
}

#[test]
fn one_kind_gives_way_to_itself_before_others_do() {
    let recent = Recent::default();
    recent.turn(true);
    recent.keep(sample("web", Verdict::TargetGone));
    recent.keep(sample("quiet", Verdict::Hit));
    for _ in 0..10 * RECENT_REQUESTS_MAX {
        recent.keep(sample("web", Verdict::Hit));
        recent.keep(sample("web", Verdict::Forged));
    }
    assert_eq!(count(&recent, "web", Verdict::TargetGone), 1, "a lost home among thousands");
    assert_eq!(count(&recent, "quiet", Verdict::Hit), 1, "a group that is seldom asked");
    let half = (RECENT_REQUESTS_MAX - 2) / 2;
    assert_eq!(count(&recent, "web", Verdict::Hit), half);
    assert_eq!(recent.all().len(), RECENT_REQUESTS_MAX);
    // A new kind takes its room from those that have most.
    for _ in 0..RECENT_REQUESTS_MAX {
        recent.keep(sample("web", Verdict::Detour));
    }
    let third = (RECENT_REQUESTS_MAX - 2) / 3;
    assert!(count(&recent, "web", Verdict::Detour).abs_diff(third) <= 1);
    assert_eq!(count(&recent, "web", Verdict::TargetGone), 1);
}

#[test]
fn what_is_turned_off_forgets_and_keeps_nothing() {
    let recent = Recent::default();
    recent.keep(sample("web", Verdict::Hit));
    assert!(recent.all().is_empty(), "off is how it begins");
    recent.turn(true);
    recent.keep(sample("web", Verdict::Hit));
    assert_eq!(recent.all().len(), 1);
    recent.turn(false);
    recent.keep(sample("web", Verdict::Hit));
    assert!(recent.all().is_empty() && !recent.is_on());
}

#[test]
fn a_usual_sample_does_not_wait_for_whoever_is_at_the_shelf() {
    let recent = Recent::default();
    recent.turn(true);
    let held = recent.shelf();
    recent.keep(sample("web", Verdict::Hit));
    drop(held);
    assert!(recent.all().is_empty());
}

#[test]
fn no_debug_output_has_what_is_kept_of_a_head() {
    let text = format!("{:?}", sample("web", Verdict::Hit));
    assert!(text.contains("shop.example") && !text.contains("secret"), "{text}");
}

#[test]
fn usual_requests_are_sampled_now_and_then_each_group_for_itself() {
    let start = start();
    let (web, api) = (Pace::new(start), Pace::new(start));
    let sampler = Sampler::new(start);
    let hit = Sort::of(Some(Verdict::Hit), false);
    for (after, pace, expected) in [
        (Duration::ZERO, Some(&web), true),
        (Duration::from_nanos(1), Some(&web), false),
        (Duration::from_nanos(1), Some(&api), false),
        (RECENT_EVERY, Some(&web), false),
        (RECENT_EVERY, Some(&api), true),
        (2 * RECENT_EVERY, None, true),
        (3 * RECENT_EVERY, None, false),
        (RECENT_GROUP_EVERY, Some(&web), true),
        (RECENT_GROUP_EVERY + RECENT_EVERY, Some(&api), true),
    ] {
        assert_eq!(sampler.wants(hit, pace, start + after), expected, "{after:?}");
    }
}

#[test]
fn unusual_requests_are_sampled_always_up_to_so_many_a_second_each_sort_for_itself() {
    let start = start();
    let (pace, sampler) = (Pace::new(start), Sampler::new(start));
    let (lost, forged) =
        (Sort::of(Some(Verdict::TargetGone), false), Sort::of(Some(Verdict::Forged), false));
    let mut taken = 0;
    for millis in 0..999 {
        let now = start + Duration::from_millis(millis);
        sampler.wants(Sort::of(Some(Verdict::Hit), false), Some(&pace), now);
        taken += u32::from(sampler.wants(forged, Some(&pace), now));
    }
    assert_eq!(taken, RECENT_UNUSUAL_PER_SECOND, "a flood of cookies that do not open");
    let now = start + Duration::from_millis(999);
    assert!(!sampler.wants(forged, Some(&pace), now));
    assert!(sampler.wants(lost, Some(&pace), now), "which hides no lost home");
    assert!(sampler.wants(forged, Some(&pace), start + Duration::from_secs(1)), "a new second");
}
