use clingfish_affinity::{KeyId, KeyRing, Secret, Verdict};
use clingfish_health::CheckOutcome;
use clingfish_model::UnixMillis;
use clingfish_snapshot::{Inputs, compile};
use clingfish_telemetry::RequestEnd;

use super::*;
use crate::clock;

/// A group `web` of these targets and settings.
fn snapshot(targets: &[&str], settings: &str, previous: Option<&Snapshot>) -> Snapshot {
    let targets: Vec<String> = targets.iter().map(|target| format!("\"{target}:80\"")).collect();
    let text = format!(
        "[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"web\"\n[target_groups.web]\n\
         targets = [{}]\n{settings}\n",
        targets.join(", ")
    );
    let desired = &clingfish_config::parse(&text).unwrap().0;
    let ring = KeyRing::first(Secret::new([7; 32]), KeyId::new(1).unwrap(), UnixMillis(0));
    let (ring, addresses, now) = (&Arc::new(ring), &HashMap::new(), clock::now());
    let tls = &Default::default();
    compile(Inputs { desired, addresses, ring, tls, revision: 1, workers: 2, now }, previous)
}

fn check(snapshot: &Snapshot, target: usize, outcome: CheckOutcome) {
    let group = &snapshot.groups[0];
    for _ in 0..2 {
        group.targets[target].cell.observe(outcome, &group.spec.health_check);
    }
}

fn shares(snapshot: &Snapshot) -> Vec<u8> {
    snapshot.groups[0].targets.iter().map(|target| target.cell.share().parts()).collect()
}

fn settle(shares: &mut Shares, snapshot: &Snapshot, now: Instant) {
    shares.settle(&snapshot.groups[0], now);
}

#[test]
fn a_target_added_by_a_reload_grows_into_its_share() {
    let (mut of, begin) = (Shares::new(Arc::new(Registry::new(2))), clock::now());
    let slow = "slow_start = \"64s\"";
    let first = snapshot(&["10.0.0.1"], slow, None);
    of.follow(&first, begin);
    settle(&mut of, &first, begin);
    check(&first, 0, CheckOutcome::Good);
    settle(&mut of, &first, begin);
    assert_eq!(shares(&first), [64]);
    let second = snapshot(&["10.0.0.1", "10.0.0.2"], slow, Some(&first));
    of.follow(&second, begin);
    settle(&mut of, &second, begin);
    check(&second, 1, CheckOutcome::Good);
    settle(&mut of, &second, begin);
    assert_eq!(shares(&second), [64, 1]);
    let later = begin + Duration::from_secs(32);
    assert!(of.next_due().is_some_and(|at| at < later), "the next step is not far");
    assert_eq!(of.work(&second, later), [second.groups[0].spec.name.clone()]);
    settle(&mut of, &second, later);
    assert_eq!(shares(&second), [64, 32]);
    let third = snapshot(&["10.0.0.1", "10.0.0.2"], "", Some(&second));
    of.follow(&third, later);
    settle(&mut of, &third, later);
    assert_eq!((shares(&third), of.next_due()), (vec![64, 64], None), "switched off");
}

/// A second in which each target gets 100 requests, the first of them failing.
fn second(registry: &Registry, errors: u64) {
    for target in ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"] {
        for request in 0..100 {
            let worker = request as usize % 2;
            let fails = target == "10.0.0.1:80" && request < errors;
            let end = RequestEnd {
                status: None,
                target_status: Some(if fails { 500 } else { 200 }),
                verdict: Verdict::Off,
                duration: Duration::from_millis(1),
                target_response: None,
                received_bytes: 0,
                sent_bytes: 0,
            };
            let meter = registry.target(worker, "web", target);
            registry.group(worker, "web").count(&end, Some(&meter));
        }
    }
}

const THREE: [&str; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const MITIGATING: &str = "algorithm = \"weighted_random\"\nanomaly_mitigation = \"on\"";

#[test]
fn a_target_that_fails_more_gets_less_until_it_is_well() {
    let registry = Arc::new(Registry::new(2));
    let (mut of, mut now) = (Shares::new(Arc::clone(&registry)), clock::now());
    let snapshot = snapshot(&THREE, MITIGATING, None);
    (0..3).for_each(|target| check(&snapshot, target, CheckOutcome::Good));
    of.follow(&snapshot, now);
    let mut look = |errors| {
        assert!(of.next_due().is_some_and(|at| at <= now));
        for name in of.work(&snapshot, now) {
            assert_eq!(name.as_str(), "web");
            of.settle(&snapshot.groups[0], now);
        }
        second(&registry, errors);
        now += COMPARE_EVERY;
        (snapshot.groups[0].targets[0].cell.is_anomalous(), shares(&snapshot))
    };
    assert_eq!(look(0), (false, vec![64, 64, 64]));
    assert_eq!(look(50), (false, vec![64, 64, 64]));
    for parts in [32, 16, 8, 4, 2, 1, 1] {
        assert_eq!(look(50), (true, vec![parts, 64, 64]));
    }
    // What was is remembered for a while.
    let calm = (0..100).position(|_| !look(0).0).unwrap();
    assert!((5..=15).contains(&calm), "{calm}");
    let whole = (0..100).position(|_| look(0).1 == [64, 64, 64]).unwrap();
    assert_eq!(whole, 6 * 5 - 2, "six steps of five looks each, of which one was the calm one");
}

#[test]
fn anomalies_are_seen_in_every_group_of_three_and_change_nothing_by_themselves() {
    for (targets, settings, is_anomalous) in [
        (&THREE[..], "", true),
        (&THREE, "algorithm = \"weighted_random\"", true),
        (&THREE, "stickiness = true", true),
        (&THREE[..2], "", false),
    ] {
        let registry = Arc::new(Registry::new(2));
        let (mut of, now) = (Shares::new(Arc::clone(&registry)), clock::now());
        let snapshot = snapshot(targets, settings, None);
        (0..targets.len()).for_each(|target| check(&snapshot, target, CheckOutcome::Good));
        of.follow(&snapshot, now);
        of.work(&snapshot, now);
        second(&registry, 100);
        assert!(of.work(&snapshot, now + COMPARE_EVERY).is_empty(), "{settings}");
        settle(&mut of, &snapshot, now + COMPARE_EVERY);
        let cell = &snapshot.groups[0].targets[0].cell;
        assert_eq!(cell.is_anomalous(), is_anomalous, "{} with {settings}", targets.len());
        assert_eq!(cell.share(), Share::FULL, "{settings}");
    }
}

#[test]
fn a_target_that_is_out_is_no_anomaly() {
    let registry = Arc::new(Registry::new(2));
    let (mut of, now) = (Shares::new(Arc::clone(&registry)), clock::now());
    let snapshot = snapshot(&THREE, MITIGATING, None);
    (0..3).for_each(|target| check(&snapshot, target, CheckOutcome::Good));
    of.follow(&snapshot, now);
    of.work(&snapshot, now);
    second(&registry, 100);
    of.work(&snapshot, now + COMPARE_EVERY);
    settle(&mut of, &snapshot, now);
    assert_eq!(shares(&snapshot), [32, 64, 64]);
    check(&snapshot, 0, CheckOutcome::Timeout);
    of.work(&snapshot, now + 2 * COMPARE_EVERY);
    settle(&mut of, &snapshot, now);
    assert!(!snapshot.groups[0].targets[0].cell.is_anomalous());
    assert_eq!(shares(&snapshot), [64, 64, 64]);
}
