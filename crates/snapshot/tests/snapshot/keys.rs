//! Keys and their targets: the laws of consistent hashing, through the whole decision.

use std::sync::Arc;

use clingfish_affinity::{Claim, Origin, Verdict};
use clingfish_health::CheckOutcome;
use clingfish_model::{
    Field, FieldId, RequestHead, Span, Stickiness, TargetGroup,
    head::RequestParts,
    limits::ATTEMPTS_MAX,
    stickiness::{HashAffinity, HashKey, LoadFactor},
};
use clingfish_snapshot::{NoTarget, Tried};
use proptest::prelude::*;

use crate::support::{World, group_of, target, weight};

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const KEYS: u64 = 500;

/// A group of those targets where the value of X-User is the key.
fn keyed(ids: &[&str], percent: Option<u16>) -> TargetGroup {
    let key = HashKey::parse("header:X-User").unwrap();
    let load_factor = percent.map(|percent| LoadFactor::from_percent(percent).unwrap());
    TargetGroup {
        stickiness: Stickiness::Hash(HashAffinity { key, load_factor }),
        ..group_of(ids.iter().map(|id| target(id)).collect())
    }
}

fn healthy(ids: &[&str], percent: Option<u16>) -> World {
    let world = World::unchecked(keyed(ids, percent));
    world.check_all(CheckOutcome::Good);
    world
}

/// Where the request of that user goes, and why.
fn visit(world: &mut World, user: &str, tried: &Tried) -> Result<(String, Verdict), NoTarget> {
    let bytes = format!("x-user{user}");
    let mut parts = RequestParts::default();
    let (name, value) = (Span::new(0, 6), Span::new(6, user.len()));
    parts.fields.push(Field { name, value, id: FieldId::Other });
    let group = Arc::clone(&world.snapshot.groups[0]);
    let head = RequestHead::new(bytes.as_bytes(), &parts);
    let origin = || Origin { client: [192, 0, 2, 1].into(), tls_name: None };
    let reading = group.claim(head, origin, None, &world.ring, world.wall, &mut world.memo);
    let placement = world.place(&reading, tried)?;
    Ok((world.id_at(placement.target).to_owned(), placement.verdict()))
}

fn homes(world: &mut World) -> Vec<String> {
    let user = |nth| format!("user-{nth}");
    (0..KEYS).map(|nth| visit(world, &user(nth), &Tried::default()).unwrap().0).collect()
}

/// How many of the keys moved; each that did has to have been at, or to be at, that target.
fn moved(before: &[String], after: &[String], only: &str) -> usize {
    let pairs = before.iter().zip(after).filter(|(before, after)| before != after);
    pairs.inspect(|(before, after)| assert!(*before == only || *after == only)).count()
}

#[derive(Clone, Copy, Debug)]
struct Part {
    outcome: Option<CheckOutcome>,
    weight: u64,
    drain: bool,
    tried: bool,
    load: u32,
}

fn part() -> impl Strategy<Value = Part> {
    let outcome = prop_oneof![
        1 => Just(None),
        4 => Just(Some(CheckOutcome::Good)),
        2 => Just(Some(CheckOutcome::Failed)),
    ];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    (outcome, 0_u64..4, flags, 0_u32..9).prop_map(|(outcome, weight, (drain, tried), load)| Part {
        outcome,
        weight,
        drain,
        tried,
        load,
    })
}

fn world_of(parts: &[Part], percent: Option<u16>) -> (World, Tried) {
    let mut spec = keyed(&IDS[..parts.len()], percent);
    for (target, part) in spec.targets.iter_mut().zip(parts) {
        (target.weight, target.drain) = (weight(part.weight), part.drain);
    }
    let world = World::unchecked(spec);
    let mut tried = Tried::default();
    for (index, part) in parts.iter().enumerate() {
        if let Some(outcome) = part.outcome {
            world.check(IDS[index], outcome);
        }
        (0..part.load).for_each(|nth| world.group().targets[index].cell.begin(nth as usize % 2));
        if part.tried {
            tried.add(index);
        }
    }
    (world, tried)
}

proptest! {
    #[test]
    fn a_key_goes_to_somebody_eligible_wherever_there_is_one_and_always_to_the_same(
        parts in prop::collection::vec(part(), 1..=6)
            .prop_filter("more tries than there may be", |parts| {
                parts.iter().filter(|part| part.tried).count() <= ATTEMPTS_MAX
            }),
        percent in prop::option::of(101_u16..=1000),
        user in "[a-z]{1,8}",
    ) {
        let (mut world, tried) = world_of(&parts, percent);
        let open = world.group().roster().fail_open;
        let may = |part: &Part| {
            part.weight > 0 && !part.drain && !part.tried
                && (open || part.outcome != Some(CheckOutcome::Failed))
        };
        let first = visit(&mut world, &user, &tried);
        prop_assert_eq!(&visit(&mut world, &user, &tried), &first);
        match first {
            Ok((at, verdict)) => {
                let part = parts[world.index(&at)];
                prop_assert!(may(&part), "{} is {:?}", at, part);
                prop_assert!(verdict != Verdict::New && verdict != Verdict::Off);
            }
            Err(_) => prop_assert!(!parts.iter().any(may), "{:?}", parts),
        }
    }

    #[test]
    fn no_target_gets_more_than_its_bound_where_somebody_has_room(
        parts in prop::collection::vec(part(), 2..=6),
        percent in 101_u16..=1000,
        user in "[a-z]{1,8}",
    ) {
        let parts: Vec<Part> = parts.into_iter().map(|part| Part { tried: false, ..part }).collect();
        let (mut world, tried) = world_of(&parts, Some(percent));
        let Ok((at, _)) = visit(&mut world, &user, &tried) else { return Ok(()) };
        let group = world.group();
        let total: u64 = parts.iter().map(|part| u64::from(part.load)).sum();
        let part = parts[world.index(&at)];
        let limit = u128::from(percent) * u128::from((total + 1) * part.weight);
        let load = 100 * u128::from(part.load) * u128::from(group.roster().keyed_weight);
        prop_assert!(load < limit, "{} of {:?}", at, parts);
    }
}

#[test]
fn keys_of_a_target_that_fails_go_elsewhere_and_come_back_and_no_others_move() {
    let mut world = healthy(&IDS, None);
    let before = homes(&mut world);
    world.check("c", CheckOutcome::Failed);
    let meanwhile = homes(&mut world);
    assert_eq!(moved(&before, &meanwhile, "c"), before.iter().filter(|at| *at == "c").count());
    let of_c = before.iter().position(|at| at == "c").unwrap();
    let user = format!("user-{of_c}");
    let (_, verdict) = visit(&mut world, &user, &Tried::default()).unwrap();
    assert_eq!(verdict, Verdict::TargetUnhealthy);
    world.check("c", CheckOutcome::Good);
    assert_eq!(homes(&mut world), before);
    assert_eq!(visit(&mut world, &user, &Tried::default()), Ok(("c".into(), Verdict::Hit)));
}

#[test]
fn keys_of_a_target_that_announces_a_drain_go_elsewhere_until_it_takes_that_back() {
    let mut world = healthy(&IDS, Some(150));
    let before = homes(&mut world);
    world.check("c", CheckOutcome::Announced);
    let meanwhile = homes(&mut world);
    assert_eq!(moved(&before, &meanwhile, "c"), before.iter().filter(|at| *at == "c").count());
    let of_c = before.iter().position(|at| at == "c").unwrap();
    let (_, verdict) = visit(&mut world, &format!("user-{of_c}"), &Tried::default()).unwrap();
    assert_eq!(verdict, Verdict::TargetDraining);
    for id in IDS {
        world.check(id, CheckOutcome::Announced);
    }
    assert_eq!(homes(&mut world), before, "rather there than nowhere");
    for id in IDS {
        world.check(id, CheckOutcome::Good);
    }
    assert_eq!(homes(&mut world), before);
}

#[test]
fn a_key_whose_target_was_tried_takes_a_detour() {
    let mut world = healthy(&IDS, None);
    let (home, _) = visit(&mut world, "ada", &Tried::default()).unwrap();
    let mut tried = Tried::default();
    tried.add(world.index(&home));
    let (other, verdict) = visit(&mut world, "ada", &tried).unwrap();
    assert_ne!(other, home);
    assert_eq!(verdict, Verdict::Detour);
    assert_eq!(visit(&mut world, "ada", &Tried::default()), Ok((home, Verdict::Hit)));
}

#[test]
fn a_target_that_drains_loses_its_keys_once_and_its_removal_moves_nobody() {
    let mut world = healthy(&IDS, None);
    let before = homes(&mut world);
    world.target("b").drain = true;
    world.reload();
    let drained = homes(&mut world);
    assert!(moved(&before, &drained, "b") > 0);
    let of_b = before.iter().position(|at| at == "b").unwrap();
    let (_, verdict) = visit(&mut world, &format!("user-{of_b}"), &Tried::default()).unwrap();
    assert_eq!(verdict, Verdict::TargetDraining);
    world.remove("b");
    world.reload();
    assert_eq!(homes(&mut world), drained);
}

#[test]
fn a_new_target_gets_its_keys_once_it_has_passed_a_check() {
    let mut world = healthy(&IDS[..5], None);
    let before = homes(&mut world);
    world.spec().targets.push(target("f"));
    world.reload();
    assert_eq!(homes(&mut world), before);
    world.check("f", CheckOutcome::Good);
    let won = moved(&before, &homes(&mut world), "f");
    // A sixth of 500; five standard deviations either way.
    assert!((40..=125).contains(&won), "{won} of {KEYS}");
}

#[test]
fn after_a_start_keys_are_at_home_before_anybody_was_checked() {
    let mut before = healthy(&IDS, None);
    let mut after = World::unchecked(keyed(&IDS, None));
    assert_eq!(homes(&mut after), homes(&mut before), "nobody is healthy");
    after.check("c", CheckOutcome::Good);
    assert_eq!(homes(&mut after), homes(&mut before), "c is");
}

#[test]
fn a_request_without_a_key_is_placed_by_turns() {
    let mut world = healthy(&IDS[..2], None);
    for expected in ["a", "b", "a"] {
        let at = visit(&mut world, "", &Tried::default());
        assert_eq!(at, Ok((expected.to_owned(), Verdict::New)));
    }
}

#[test]
fn a_home_that_is_too_busy_is_stepped_over_until_it_has_room() {
    let mut world = healthy(&IDS[..3], Some(150));
    let (home, _) = visit(&mut world, "ada", &Tried::default()).unwrap();
    let index = world.index(&home);
    let cell = Arc::clone(&world.group().targets[index].cell);
    (0..3).for_each(|nth| cell.begin(nth % 2));
    // ceil(1.5 * 4 / 3) = 2
    let (other, verdict) = visit(&mut world, "ada", &Tried::default()).unwrap();
    assert_ne!(other, home);
    assert_eq!(verdict, Verdict::Detour);
    (0..3).for_each(|nth| cell.end(nth % 2));
    assert_eq!(visit(&mut world, "ada", &Tried::default()), Ok((home, Verdict::Hit)));
}

#[test]
fn the_ring_is_made_anew_only_where_targets_or_weights_change() {
    let mut world = healthy(&IDS, None);
    let ring = |world: &World| Arc::clone(world.group().keys.as_ref().unwrap().ring());
    let first = ring(&world);
    world.check("a", CheckOutcome::Failed);
    world.target("b").drain = true;
    world.spec().stickiness = keyed(&[], Some(125)).stickiness;
    world.reload();
    assert!(Arc::ptr_eq(&first, &ring(&world)));
    world.target("c").weight = weight(2);
    world.reload();
    let second = ring(&world);
    assert!(!Arc::ptr_eq(&first, &second));
    world.remove("d");
    world.reload();
    assert!(!Arc::ptr_eq(&second, &ring(&world)));
}

#[test]
fn a_group_knows_what_it_has_in_flight_through_reloads_and_returns() {
    let mut world = healthy(&IDS[..2], Some(125));
    let cell = |world: &World, at: usize| Arc::clone(&world.group().targets[at].cell);
    let (a, b) = (cell(&world, 0), cell(&world, 1));
    a.begin(0);
    b.begin(1);
    assert_eq!(b.group_load().sum(), 2);
    world.remove("a");
    world.spec().targets.push(target("c"));
    world.reload();
    assert!(Arc::ptr_eq(a.group_load(), cell(&world, 1).group_load()), "c counts with them");
    world.spec().targets = vec![];
    world.reload();
    world.spec().targets = vec![target("d")];
    world.reload();
    assert!(Arc::ptr_eq(a.group_load(), cell(&world, 0).group_load()));
    a.end(0);
    b.end(1);
    assert_eq!(b.group_load().sum(), 0);
}

#[test]
fn a_group_of_another_kind_takes_no_keys() {
    let mut world = World::of(&IDS[..2]);
    let reading = world.claim("", None);
    assert_eq!(reading.claim, Claim::Nothing);
    assert!(world.group().keys.is_none());
    assert_eq!(world.group().roster().keyed_weight, 0);
}
