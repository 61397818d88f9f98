//! Chance, shares, zones and thresholds: who gets new sessions, and how many.

use clingfish_balance::Share;
use clingfish_health::CheckOutcome;
use clingfish_model::{Algorithm, CrossZone, MinimumHealthy, Stickiness, Target, TargetGroup};
use clingfish_snapshot::{Circumstances, NoTarget, Tried};

use crate::support::*;

const CHANCE: Algorithm = Algorithm::WeightedRandom { anomaly_mitigation: false };

/// A group without stickiness, all of it healthy.
fn world(group: TargetGroup) -> World {
    let world = World::unchecked(TargetGroup { stickiness: Stickiness::Off, ..group });
    world.check_all(CheckOutcome::Good);
    world
}

fn plain(targets: Vec<Target>) -> TargetGroup {
    TargetGroup::new(name("web"), targets)
}

fn in_zone(id: &str, zone: &str) -> Target {
    Target { zone: Some(name(zone)), ..target(id) }
}

/// How many of so many requests without a claim each target gets.
fn counts(world: &mut World, requests: u64) -> Vec<usize> {
    let mut counts = vec![0; world.group().targets.len()];
    for request in 0..requests {
        counts[place(world, request, &Tried::default()).unwrap()] += 1;
    }
    counts
}

fn place(world: &mut World, request: u64, tried: &Tried) -> Result<usize, NoTarget> {
    let random = request.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let circumstances = Circumstances { now: world.wall, random };
    let mut cursor = world.cursor;
    let claim = clingfish_affinity::Claim::Nothing;
    let placed = world.group().place(&claim, circumstances, tried, &mut cursor);
    world.cursor = cursor;
    placed.map(|placement| placement.target)
}

fn set_share(world: &World, target: usize, parts: u8) {
    assert!(world.group().targets[target].cell.set_share(Share::from_parts(parts)));
    world.group().refresh();
}

fn fail(world: &World, ids: &[&str]) {
    ids.iter().for_each(|id| world.check(id, CheckOutcome::Timeout));
}

/// A client that is at home there.
fn client_at(world: &mut World, id: &str) -> Client {
    let mut clients = std::iter::repeat_with(|| {
        let mut client = Client::default();
        (client.visit(world).unwrap().0, client)
    });
    clients.find(|(home, _)| home == id).unwrap().1
}

#[test]
fn chance_follows_weights_and_shares() {
    let targets = vec![target("a"), Target { weight: weight(3), ..target("b") }];
    let mut world = world(TargetGroup { algorithm: CHANCE, ..plain(targets) });
    let even = counts(&mut world, 4_000);
    assert!((900..1_100).contains(&even[0]), "{even:?}");
    set_share(&world, 1, 16);
    let less = counts(&mut world, 7_000);
    assert!((3_800..4_200).contains(&less[0]), "4 of 7, now that b counts for 0.75: {less:?}");
}

#[test]
fn turns_follow_shares() {
    let mut world = world(plain(vec![target("a"), target("b"), target("c")]));
    set_share(&world, 2, 32);
    assert_eq!(counts(&mut world, 500), [200, 200, 100]);
    set_share(&world, 2, 64);
    assert_eq!(counts(&mut world, 300), [100, 100, 100]);
}

#[test]
fn shares_and_anomalies_survive_a_reload() {
    let mut world = world(plain(vec![target("a"), target("b")]));
    set_share(&world, 1, 32);
    world.group().targets[1].cell.set_anomalous(true);
    world.reload();
    let cell = &world.group().targets[1].cell;
    assert_eq!((cell.share().parts(), cell.is_anomalous()), (32, true));
    assert_eq!(counts(&mut world, 300), [200, 100]);
}

#[test]
fn chance_tries_another_target_and_gives_up_when_all_were_tried() {
    let targets = vec![target("a"), target("b")];
    let mut world = world(TargetGroup { algorithm: CHANCE, ..plain(targets) });
    let mut tried = Tried::default();
    tried.add(0);
    for request in 0..50 {
        assert_eq!(place(&mut world, request, &tried), Ok(1));
    }
    tried.add(1);
    assert_eq!(place(&mut world, 1, &tried), Err(NoTarget::AllTried));
}

#[test]
fn without_cross_zone_only_the_own_zone_serves() {
    let targets = vec![in_zone("a", "east"), in_zone("b", "west"), in_zone("c", "east")];
    for (own, cross_zone, expected) in [
        ("east", CrossZone::Off, Ok([50, 0, 50])),
        ("west", CrossZone::Off, Ok([0, 100, 0])),
        ("north", CrossZone::Off, Err(NoTarget::NoneRegistered)),
        ("west", CrossZone::On, Ok([34, 33, 33])),
        ("west", CrossZone::LoadBalancer, Ok([34, 33, 33])),
    ] {
        let mut world = world(TargetGroup { cross_zone, ..plain(targets.clone()) });
        world.desired.server.availability_zone = Some(name(own));
        world.reload();
        let row = format!("{own} with {cross_zone:?}");
        match expected {
            Ok(expected) => assert_eq!(counts(&mut world, 100), expected, "{row}"),
            Err(none) => assert_eq!(place(&mut world, 1, &Tried::default()), Err(none), "{row}"),
        }
    }
}

#[test]
fn thresholds_count_within_the_zone() {
    let targets = vec![in_zone("a", "east"), in_zone("b", "west"), in_zone("c", "east")];
    let mut world = world(TargetGroup { cross_zone: CrossZone::Off, ..plain(targets) });
    world.desired.server.availability_zone = Some(name("east"));
    world.reload();
    fail(&world, &["a"]);
    assert_eq!(counts(&mut world, 10), [0, 0, 10]);
    fail(&world, &["c"]);
    assert_eq!(counts(&mut world, 10), [5, 0, 5], "the zone fails open by itself");
}

#[test]
fn all_serve_while_too_few_are_healthy() {
    for (count, percentage, down, expected) in [
        (1, None, &["a", "b"][..], [0, 0, 12]),
        (2, None, &["a"], [0, 6, 6]),
        (2, None, &["a", "b"], [4, 4, 4]),
        (1, Some(50), &["a"], [0, 6, 6]),
        (1, Some(67), &["a"], [4, 4, 4]),
    ] {
        let mut world = world(plain(vec![target("a"), target("b"), target("c")]));
        world.spec().health_thresholds.routing = MinimumHealthy { count: Some(count), percentage };
        world.reload();
        fail(&world, down);
        let row = format!("{down:?} down, {count} or {percentage:?} percent wanted");
        assert_eq!(counts(&mut world, 12), expected, "{row}");
    }
}

#[test]
fn a_draining_target_neither_counts_nor_helps() {
    let mut world = world(plain(vec![target("a"), target("b"), target("c")]));
    world.target("c").drain = true;
    world.spec().health_thresholds.routing = MinimumHealthy { count: Some(2), percentage: None };
    world.reload();
    assert_eq!(counts(&mut world, 12), [6, 6, 0]);
    fail(&world, &["a"]);
    assert_eq!(counts(&mut world, 12), [6, 6, 0], "one of two is too few, though c is well");
}

#[test]
fn homes_are_honoured_healthy_or_not_while_too_few_are_healthy() {
    use clingfish_affinity::Verdict::{Hit, TargetUnhealthy};
    for (wanted, verdict) in [(1, TargetUnhealthy), (2, Hit)] {
        let mut world = World::of(&["a", "b"]);
        world.spec().health_thresholds.routing =
            MinimumHealthy { count: Some(wanted), percentage: None };
        world.reload();
        let (mut at_a, mut at_b) = (client_at(&mut world, "a"), client_at(&mut world, "b"));
        fail(&world, &["a"]);
        assert_eq!(at_a.visit(&mut world).unwrap().1, verdict, "{wanted} wanted");
        let at_home = ("b".to_owned(), Hit);
        assert_eq!(at_b.visit(&mut world).unwrap(), at_home, "a healthy home always is");
    }
}

#[test]
fn who_has_announced_a_drain_is_the_last_resort() {
    let algorithms = [Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests, CHANCE];
    for algorithm in algorithms {
        let targets = ["a", "b", "c", "d"].map(target);
        let targets = targets.map(|one| Target { drain: one.id.as_str() == "d", ..one });
        let mut world = world(TargetGroup { algorithm, ..plain(targets.to_vec()) });
        let serve = |world: &mut World| -> Vec<bool> {
            counts(world, 60).into_iter().map(|count| count > 0).collect()
        };
        world.check("a", CheckOutcome::Announced);
        assert_eq!(serve(&mut world), [false, true, true, false], "{algorithm:?}");
        fail(&world, &["b"]);
        assert_eq!(serve(&mut world), [false, false, true, false], "{algorithm:?}: one is well");
        fail(&world, &["c"]);
        assert_eq!(serve(&mut world), [true, false, false, false], "{algorithm:?}: nobody else is");
        fail(&world, &["a"]);
        let all_failed = serve(&mut world);
        assert_eq!(all_failed, [true, true, true, false], "{algorithm:?}: all are tried");
    }
}
