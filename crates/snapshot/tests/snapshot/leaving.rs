//! Targets that are gone from the configuration and not yet gone for good.

use std::time::Duration;

use clingfish_affinity::Verdict;
use clingfish_health::CheckOutcome;
use clingfish_model::limits::LEAVING_MAX;
use clingfish_snapshot::NoTarget;

use crate::support::{Client, World, target};

const DELAY: Duration = Duration::from_secs(300);

/// A client whose home is `a`, in a group of `a` and `b`.
fn client_of_a() -> (World, Client) {
    let mut world = World::of(&["a", "b"]);
    let mut client = Client::default();
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::New)));
    (world, client)
}

#[test]
fn a_removed_target_is_draining_until_its_delay_is_over_and_gone_afterwards() {
    for (after, expected) in [
        (Duration::ZERO, Verdict::TargetDraining),
        (DELAY - Duration::from_millis(1), Verdict::TargetDraining),
        (DELAY, Verdict::TargetGone),
        (DELAY * 2, Verdict::TargetGone),
    ] {
        let (mut world, mut client) = client_of_a();
        world.remove("a");
        world.reload();
        world.later(after);
        // Something else changes: that the list is looked at again.
        world.reload();
        let visit = client.visit(&mut world);
        assert_eq!(visit, Ok(("b".to_owned(), expected)), "{after:?} after its removal");
        assert_eq!(client.visit(&mut world), Ok(("b".to_owned(), Verdict::Hit)), "{after:?}");
    }
}

/// Nobody reloads when a delay is over; the worker that cuts what still runs tells the cell.
#[test]
fn a_target_that_has_departed_is_gone_without_a_reload_until_it_is_wanted_again() {
    let (mut world, client) = client_of_a();
    world.remove("a");
    world.reload();
    world.snapshot.leaving[0].target.cell.depart(true);
    let gone = client.clone().visit(&mut world);
    assert_eq!(gone, Ok(("b".to_owned(), Verdict::TargetGone)));
    world.spec().targets.push(target("a"));
    world.reload();
    assert!(!world.group().targets[world.index("a")].cell.has_departed());
    assert_eq!(client.clone().visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
    world.remove("a");
    world.reload();
    let draining = client.clone().visit(&mut world);
    assert_eq!(draining, Ok(("b".to_owned(), Verdict::TargetDraining)), "a second time");
}

#[test]
fn a_target_that_comes_back_in_time_has_its_cell_and_its_clients_again() {
    let (mut world, mut client) = client_of_a();
    let cell = std::sync::Arc::clone(&world.group().targets[0].cell);
    cell.begin(1);
    world.remove("a");
    world.reload();
    world.later(DELAY / 2);
    world.spec().targets.push(target("a"));
    world.reload();
    let back = &world.group().targets[world.index("a")].cell;
    assert_eq!((back.serial(), back.in_flight()), (cell.serial(), 1));
    assert!(back.is_routable(), "nobody checks it anew");
    assert!(world.snapshot.leaving.is_empty());
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
}

#[test]
fn a_target_that_comes_back_too_late_starts_anew_and_still_has_its_clients() {
    let (mut world, mut client) = client_of_a();
    let before = world.group().targets[0].cell.serial();
    world.remove("a");
    world.reload();
    world.later(DELAY);
    world.reload();
    world.spec().targets.push(target("a"));
    world.reload();
    let back = &world.group().targets[world.index("a")].cell;
    assert_ne!(back.serial(), before);
    assert!(!back.is_routable(), "to be checked first");
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
}

#[test]
fn the_delay_counts_from_the_removal_and_is_that_of_its_time() {
    let (mut world, _) = client_of_a();
    world.remove("a");
    world.reload();
    let ends_at = world.snapshot.leaving[0].ends_at;
    assert_eq!(ends_at, world.now + DELAY);
    world.later(DELAY / 3);
    world.spec().deregistration_delay = Duration::from_secs(5);
    world.reload();
    assert_eq!(world.snapshot.leaving[0].ends_at, ends_at);
    world.remove("b");
    world.reload();
    let ends: Vec<_> = world.snapshot.leaving.iter().map(|left| left.ends_at).collect();
    assert_eq!(ends, [ends_at, world.now + Duration::from_secs(5)]);
}

#[test]
fn a_group_that_is_removed_leaves_with_all_its_targets() {
    let (mut world, _) = client_of_a();
    world.desired.target_groups.clear();
    world.reload();
    assert!(world.snapshot.groups.is_empty());
    assert_eq!(world.snapshot.leaving.len(), 2);
    world.later(DELAY);
    world.reload();
    assert!(world.snapshot.leaving.is_empty());
}

#[test]
fn the_list_of_what_leaves_has_an_end() {
    let mut world = World::of(&["a"]);
    let fleet = LEAVING_MAX / 4;
    for round in 0..6 {
        let targets = (0..fleet).map(|at| target(&format!("{round}-{at}")));
        world.spec().targets = targets.collect();
        world.later(Duration::from_secs(1));
        world.reload();
        assert!(world.snapshot.leaving.len() <= LEAVING_MAX, "round {round}");
    }
    assert_eq!(world.snapshot.leaving.len(), LEAVING_MAX);
    let mut kept = world.snapshot.leaving.iter().map(|left| left.target.id.as_str());
    assert!(kept.all(|id| !id.starts_with("0-")), "those that would end first go first");
    world.later(DELAY);
    world.reload();
    assert!(world.snapshot.leaving.is_empty());
}

#[test]
fn a_group_whose_targets_all_leave_answers_nobody() {
    let (mut world, mut client) = client_of_a();
    world.spec().targets.clear();
    world.reload();
    assert_eq!(client.visit(&mut world), Err(NoTarget::NoneRegistered));
    assert_eq!(Client::default().visit(&mut world), Err(NoTarget::NoneRegistered));
    world.spec().targets = vec![target("a"), target("b")];
    world.reload();
    world.check_all(CheckOutcome::Good);
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)), "it kept its cookie");
}
