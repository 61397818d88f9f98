use clingfish_affinity::Verdict;
use clingfish_telemetry::{Registry, RequestEnd};

use super::*;

fn fact(group: &str, target: &str) -> TargetFact {
    TargetFact {
        group: group.into(),
        target: target.into(),
        address: "10.0.0.1:80".into(),
        state: "healthy",
        reason: "",
        is_routable: true,
        is_anomalous: false,
        is_mitigated: false,
        share: 1.0,
        in_flight: 0,
        sessions: [5, 3],
    }
}

/// A sample of these groups with these targets, and what the registry has counted.
fn sample(registry: &Registry, there: &[(&str, &[&str])], change: fn(&mut Sample)) -> Sample {
    let group = |(name, targets): &(&str, &[&str])| {
        let own = Own { totals: GroupTotals::default(), learned: None, is_sticky: true };
        let target = |id: &&str| {
            ((*id).into(), TargetNow { totals: TargetTotals::default(), fact: fact(name, id) })
        };
        ((*name).into(), GroupNow { own, targets: targets.iter().map(target).collect() })
    };
    let mut sample = Sample::new(there.iter().map(group).collect(), registry.totals());
    change(&mut sample);
    sample
}

/// What an event tells, in short: `name(targets -gone)`.
fn told(event: &Value) -> String {
    let names = |list: &Value, key: Option<&str>, before: &str| {
        let list = list.as_array().unwrap().iter();
        list.map(|one| format!("{before}{}", key.map_or(one, |key| &one[key]).as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    let groups = event["target_groups"].as_array().unwrap().iter().map(|group| {
        let targets = names(&group["targets"], Some("id"), "");
        let all = [targets, names(&group["gone"], None, "-")].concat();
        format!("{}({})", group["name"].as_str().unwrap(), all.join(" "))
    });
    [groups.collect(), names(&event["gone"], None, "-")].concat().join(" ")
}

const THERE: &[(&str, &[&str])] = &[("api", &["d"]), ("web", &["a", "b"])];

fn target<'a>(sample: &'a mut Sample, group: &str, id: &str) -> &'a mut TargetNow {
    sample.groups.get_mut(group).unwrap().targets.get_mut(id).unwrap()
}

#[test]
fn only_what_has_changed_is_told_again() {
    let registry = Registry::new(1);
    let before = sample(&registry, THERE, |_| ());
    assert_eq!(told(&before.whole()), "api(d) web(a b)");
    for (there, change, expected) in [
        (THERE, (|_| ()) as fn(&mut Sample), ""),
        (THERE, |all| target(all, "web", "b").totals.verdicts[0] += 1, "web(b)"),
        (THERE, |all| target(all, "web", "a").fact.state = "unhealthy", "web(a)"),
        (THERE, |all| target(all, "web", "a").fact.sessions[0] += 1, "web(a)"),
        (THERE, |all| all.groups.get_mut("api").unwrap().own.learned = Some(1), "api()"),
        (THERE, |all| all.groups.get_mut("web").unwrap().own.is_sticky = false, "web(a b)"),
        (&[("api", &["d"]), ("web", &["a"])], |_| (), "web( -b)"),
        (&[("api", &["d"]), ("web", &["a", "b", "c"])], |_| (), "web(c)"),
        (&[("web", &["a", "b"])], |_| (), "-api"),
        (&[("api", &["d"]), ("new", &["e"]), ("web", &["a", "b"])], |_| (), "new(e)"),
    ] {
        let now = sample(&registry, there, change);
        let event = now.since(&before);
        assert_eq!(told(&event).replace("( ", "("), expected.replace("( ", "("), "{there:?}");
        assert_eq!(event["whole"], false);
    }
}

#[test]
fn counts_are_those_of_all_workers() {
    let registry = Registry::new(2);
    for worker in 0..2 {
        registry.worker(worker).requests.increment();
        let end = RequestEnd {
            status: Some(200),
            target_status: Some(200),
            verdict: Verdict::Hit,
            duration: std::time::Duration::from_millis(2),
            target_response: None,
            received_bytes: 3,
            sent_bytes: 4,
        };
        registry.group(worker, "web").count(&end, Some(&registry.target(worker, "web", "a")));
        registry.group(worker, "gone").count(&end, Some(&registry.target(worker, "gone", "x")));
    }
    let event = sample(&registry, &[("web", &["a", "b"])], |_| ()).whole();
    let group = &event["target_groups"][0];
    assert_eq!(group["requests"], json!([{ "class": "2xx", "verdict": "hit", "count": 2 }]));
    assert_eq!(group["duration"]["count"], 2);
    let buckets = group["duration"]["buckets"].as_array().unwrap();
    let of = |le: f64| buckets.iter().find(|bucket| bucket["le"] == le).unwrap()["count"].clone();
    assert_eq!([of(0.001), of(0.0025), of(60.0)], [0, 2, 2]);
    assert_eq!(group["targets"][0]["requests"], 2);
    assert_eq!(group["targets"][1]["requests"], 0);
    assert_eq!(event["process"]["requests"], 2);
    assert_eq!(event["target_groups"].as_array().unwrap().len(), 1, "others are not in force");
}

#[test]
fn where_nothing_is_sticky_there_are_no_sessions() {
    let registry = Registry::new(1);
    for (is_sticky, expected) in [(true, json!([5, 3])), (false, json!([null, null]))] {
        let mut sample = sample(&registry, THERE, |_| ());
        sample.groups.get_mut("web").unwrap().own.is_sticky = is_sticky;
        let target = &sample.whole()["target_groups"][1]["targets"][0];
        assert_eq!(json!([target["sessions"], target["active_sessions"]]), expected);
    }
}
