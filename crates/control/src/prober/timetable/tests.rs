use std::{collections::HashMap, time::Duration};

use clingfish_affinity::{KeyId, KeyRing, Secret};
use clingfish_model::UnixMillis;
use clingfish_snapshot::{Inputs, compile};

use super::*;
use crate::clock;

fn snapshot(text: &str, previous: Option<&Snapshot>) -> Snapshot {
    let desired = &clingfish_config::parse(text).unwrap().0;
    let ring = KeyRing::first(Secret::new([7; 32]), KeyId::new(1).unwrap(), UnixMillis(0));
    let (ring, addresses, now) = (&Arc::new(ring), &HashMap::new(), clock::now());
    let tls = &Default::default();
    compile(Inputs { desired, addresses, ring, tls, revision: 1, workers: 1, now }, previous)
}

fn config(targets: &str, check: &str) -> String {
    format!(
        "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n\
         [target_groups.web]\ntargets = [{targets}]\n{check}\n\
         [target_groups.unused]\ntargets = [\"10.9.9.9:1\"]\n"
    )
}

const TWO: &str =
    "{ id = \"a\", address = \"10.0.0.1:80\" }, { id = \"b\", address = \"10.0.0.2:80\" }";

/// Ids and times of all checks until `end`, counted from `start`.
fn checks(timetable: &mut Timetable, start: Instant, end: Duration) -> Vec<(String, Duration)> {
    let mut seen = Vec::new();
    while let Some(due) = timetable.next_due().filter(|due| *due <= start + end) {
        let subject = timetable.take_due(due).unwrap();
        seen.push((subject.target().unwrap().id.to_string(), due - start));
        timetable.finish(&subject);
    }
    seen
}

#[test]
fn targets_in_use_are_checked_at_even_intervals() {
    let now = clock::now();
    let mut timetable = Timetable::default();
    timetable.follow(&snapshot(&config(TWO, ""), None), now);
    assert!(!timetable.is_all_checked());
    assert!(timetable.take_due(now - Duration::from_millis(1)).is_none());
    let seen = checks(&mut timetable, now, Duration::from_secs(60));
    assert!(timetable.is_all_checked());
    for id in ["a", "b"] {
        let times: Vec<Duration> =
            seen.iter().filter(|(of, _)| of == id).map(|(_, at)| *at).collect();
        assert!(times[0] < Duration::from_secs(1), "{times:?}");
        let second = times[1] - times[0];
        assert!((Duration::from_secs(5)..Duration::from_secs(10)).contains(&second), "{times:?}");
        let later = times[1..].windows(2).all(|pair| pair[1] - pair[0] == Duration::from_secs(10));
        assert!(later, "{times:?}");
    }
    assert!(seen.iter().all(|(id, _)| id == "a" || id == "b"), "{seen:?}");
}

#[test]
fn a_reload_disturbs_no_schedule_but_of_what_has_changed() {
    let now = clock::now();
    let first = snapshot(&config(TWO, ""), None);
    let mut timetable = Timetable::default();
    timetable.follow(&first, now);
    checks(&mut timetable, now, Duration::from_secs(3));
    let due = timetable.next_due();
    let same = snapshot(&config(TWO, ""), Some(&first));
    timetable.follow(&same, now + Duration::from_secs(3));
    assert_eq!(timetable.next_due(), due);
    assert!(timetable.is_all_checked());

    // Another path for all: everybody is checked soon.
    let changed = snapshot(&config(TWO, "health_check.path = \"/up\""), Some(&same));
    let then = now + Duration::from_secs(3);
    timetable.follow(&changed, then);
    let seen = checks(&mut timetable, then, Duration::from_secs(1));
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(timetable.is_all_checked(), "they were checked before");
}

#[test]
fn what_is_gone_is_no_longer_checked() {
    let now = clock::now();
    let first = snapshot(&config(TWO, ""), None);
    let mut timetable = Timetable::default();
    timetable.follow(&first, now);
    let running = timetable.take_due(now + Duration::from_secs(1)).unwrap();
    let one = snapshot(&config("{ id = \"c\", address = \"10.0.0.3:80\" }", ""), Some(&first));
    timetable.follow(&one, now);
    assert!(timetable.finish(&running).is_none(), "a late result counts for nobody");
    let seen = checks(&mut timetable, now, Duration::from_secs(1));
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].0, "c");

    let off = snapshot(&config(TWO, "health_check.enabled = false"), Some(&one));
    timetable.follow(&off, now);
    assert_eq!(timetable.next_due(), None);
    assert!(timetable.is_all_checked());
}

#[test]
fn a_result_from_an_address_that_a_target_has_left_does_not_count() {
    let now = clock::now();
    let first = snapshot(&config("{ id = \"a\", address = \"10.0.0.1:80\" }", ""), None);
    let mut timetable = Timetable::default();
    timetable.follow(&first, now);
    let running = timetable.take_due(now + Duration::from_secs(1)).unwrap();
    let moved = snapshot(&config("{ id = \"a\", address = \"10.0.0.9:80\" }", ""), Some(&first));
    timetable.follow(&moved, now);
    assert!(timetable.finish(&running).is_none());
    let next = timetable.take_due(now + Duration::from_secs(1)).unwrap();
    assert_eq!(next.address.to_string(), "10.0.0.9:80");
    assert!(timetable.finish(&next).is_some());
}
