//! A DNS name is as many targets as it has addresses.

use std::{net::IpAddr, time::Duration};

use clingfish_affinity::Verdict;
use clingfish_health::CheckOutcome;
use clingfish_model::{Target, TargetAddress, limits::ADDRESSES_PER_NAME_MAX};

use crate::support::{Client, World, group_of, id, target};

fn host(id_text: &str, name: &str) -> Target {
    let address = TargetAddress::Host { name: name.to_owned(), port: 3000 };
    Target { id: id(id_text), address, ..target("a") }
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A group of one named target, known under these addresses, all healthy.
fn named(id_text: &str, addresses: &[&str]) -> World {
    let mut world = World::unchecked(group_of(vec![host(id_text, "web.internal")]));
    world.addresses.insert("web.internal".to_owned(), ips(addresses));
    world.reload();
    world.check_all(CheckOutcome::Good);
    world
}

#[test]
fn each_address_of_a_name_is_a_target_with_an_id_of_its_own() {
    for (id_text, addresses, expected) in [
        ("web.internal:3000", vec!["10.0.0.1"], vec!["web.internal@10.0.0.1:3000"]),
        (
            "web.internal:3000",
            vec!["10.0.0.2", "10.0.0.1"],
            vec!["web.internal@10.0.0.2:3000", "web.internal@10.0.0.1:3000"],
        ),
        ("web.internal:3000", vec!["fd00::1"], vec!["web.internal@[fd00::1]:3000"]),
        ("pool", vec!["10.0.0.1"], vec!["pool@10.0.0.1:3000"]),
        ("web.internal:3000", vec![], vec![]),
    ] {
        let world = named(id_text, &addresses);
        assert_eq!(world.ids(), expected, "{id_text} at {addresses:?}");
    }
}

#[test]
fn each_address_has_what_was_written_of_its_name() {
    let mut world = named("pool", &["10.0.0.1", "10.0.0.2"]);
    world.spec().targets[0].drain = true;
    world.spec().targets[0].weight = crate::support::weight(7);
    world.reload();
    for target in &world.group().targets {
        assert!(target.drain, "{}", target.id);
        assert_eq!(target.weight.value(), 7, "{}", target.id);
        assert_eq!(target.address.port(), 3000, "{}", target.id);
    }
}

#[test]
fn a_changed_answer_moves_only_the_clients_of_addresses_that_are_gone() {
    let mut world = named("web.internal:3000", &["10.0.0.1", "10.0.0.2"]);
    let (mut stays, mut moves) = (Client::default(), Client::default());
    let (first, _) = stays.visit(&mut world).unwrap();
    let (second, _) = moves.visit(&mut world).unwrap();
    assert_eq!(first, "web.internal@10.0.0.1:3000");
    assert_ne!(first, second);
    world.addresses.insert("web.internal".to_owned(), ips(&["10.0.0.3", "10.0.0.1"]));
    world.reload();
    world.check_all(CheckOutcome::Good);
    assert_eq!(stays.visit(&mut world), Ok((first, Verdict::Hit)));
    assert_eq!(moves.visit(&mut world).unwrap().1, Verdict::TargetDraining);
    world.later(Duration::from_secs(3600));
    world.reload();
    assert!(world.snapshot.leaving.is_empty());
}

#[test]
fn a_name_without_an_answer_is_no_target_and_others_still_are() {
    let world = World::unchecked(group_of(vec![host("pool", "lost.internal"), target("b")]));
    assert_eq!(world.ids(), ["b"]);
}

#[test]
fn a_name_brings_no_more_targets_than_the_limit() {
    let many: Vec<String> = (0..ADDRESSES_PER_NAME_MAX + 9)
        .map(|at| format!("10.1.{}.{}", at / 256, at % 256))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(named("pool", &many).ids().len(), ADDRESSES_PER_NAME_MAX);
}
