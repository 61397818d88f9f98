//! What reloads do to clients and cells: nothing, where the target is still wanted.

use std::{collections::HashMap, time::Duration};

use clingfish_affinity::Verdict;
use clingfish_health::CheckOutcome;
use clingfish_model::{Algorithm, Stickiness, Target};
use clingfish_snapshot::NoTarget;
use proptest::prelude::*;

use crate::support::{Client, HOUR, World, lb_cookie, target, weight};

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const DELAY: Duration = Duration::from_secs(300);

/// One thing that an operator changes; ids are positions in [`IDS`].
#[derive(Clone, Debug)]
enum Edit {
    Add(usize),
    Remove(usize),
    Reverse,
    Weight(usize, u64),
    Drain(usize, bool),
    Address(usize, u8),
    Duration(u64),
    Algorithm(Algorithm),
    Checks(bool),
}

fn edit() -> impl Strategy<Value = Edit> {
    let which = 0..IDS.len();
    prop_oneof![
        4 => which.clone().prop_map(Edit::Add),
        4 => which.clone().prop_map(Edit::Remove),
        1 => Just(Edit::Reverse),
        2 => (which.clone(), 0_u64..4).prop_map(|(at, weight)| Edit::Weight(at, weight)),
        2 => (which.clone(), any::<bool>()).prop_map(|(at, drain)| Edit::Drain(at, drain)),
        1 => (which, any::<u8>()).prop_map(|(at, last)| Edit::Address(at, last)),
        1 => (1_u64..48).prop_map(Edit::Duration),
        1 => prop_oneof![Just(Algorithm::RoundRobin), Just(Algorithm::LeastOutstandingRequests)]
            .prop_map(Edit::Algorithm),
        1 => any::<bool>().prop_map(Edit::Checks),
    ]
}

/// Some edits, the seconds that go by before the reload, and whether new targets pass their checks soon.
type Step = (Vec<Edit>, u64, bool);

fn step() -> impl Strategy<Value = Step> {
    (prop::collection::vec(edit(), 0..4), 0_u64..200, any::<bool>())
}

fn make(world: &mut World, edit: &Edit) {
    let change = |targets: &mut Vec<Target>, at: usize, change: &dyn Fn(&mut Target)| {
        targets.iter_mut().filter(|target| target.id.as_str() == IDS[at]).for_each(change);
    };
    let spec = world.spec();
    let targets = &mut spec.targets;
    match edit {
        Edit::Add(at) if targets.iter().all(|target| target.id.as_str() != IDS[*at]) => {
            targets.insert(targets.len() / 2, target(IDS[*at]));
        }
        Edit::Add(_) => {}
        Edit::Remove(at) => targets.retain(|target| target.id.as_str() != IDS[*at]),
        Edit::Reverse => targets.reverse(),
        Edit::Weight(at, value) => change(targets, *at, &|target| target.weight = weight(*value)),
        Edit::Drain(at, drain) => change(targets, *at, &|target| target.drain = *drain),
        Edit::Address(at, last) => {
            let address = target(&char::from(b'a' + last % 26).to_string()).address;
            change(targets, *at, &|target| target.address = address.clone());
        }
        Edit::Duration(hours) => {
            let duration = HOUR * u32::try_from(*hours).unwrap();
            spec.stickiness = Stickiness::LbCookie(lb_cookie(duration));
        }
        Edit::Algorithm(algorithm) => spec.algorithm = *algorithm,
        Edit::Checks(enabled) => spec.health_check.enabled = *enabled,
    }
}

/// What the test remembers by itself: which ids were wanted last, and until when the others are leaving.
#[derive(Default)]
struct Memory {
    present: Vec<String>,
    leaving: HashMap<String, Duration>,
    since: Duration,
}

impl Memory {
    fn note(&mut self, world: &World, passed: Duration) {
        self.since += passed;
        let now: Vec<String> = world.ids().into_iter().map(str::to_owned).collect();
        for gone in self.present.iter().filter(|id| !now.contains(id)) {
            self.leaving.insert(gone.clone(), self.since + DELAY);
        }
        let since = self.since;
        self.leaving.retain(|id, ends_at| *ends_at > since && !now.contains(id));
        self.present = now;
    }
}

/// What a client that is at home on `home` must be told, and whether it stays.
fn expected(home: &str, memory: &Memory) -> Verdict {
    if memory.present.iter().any(|id| id == home) {
        Verdict::Hit
    } else if memory.leaving.contains_key(home) {
        Verdict::TargetDraining
    } else {
        Verdict::TargetGone
    }
}

fn takes_new_sessions(world: &World, id: &str) -> bool {
    let target = &world.group().targets[world.index(id)];
    !target.drain && target.weight.value() > 0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// The laws of moving, all at once: whose target survives stays, whatever else changed; who lost it is told why; and
    /// nobody new comes to a target that drains or has weight 0.
    #[test]
    fn a_reload_moves_exactly_those_whose_target_is_gone(
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let mut world = World::of(&["a", "b", "c"]);
        let mut memory = Memory::default();
        memory.note(&world, Duration::ZERO);
        let mut clients: Vec<(Client, String)> = Vec::new();
        for _ in 0..6 {
            let mut client = Client::default();
            let (home, _) = client.visit(&mut world).unwrap();
            clients.push((client, home));
        }
        for (edits, seconds, are_checked) in &steps {
            edits.iter().for_each(|edit| make(&mut world, edit));
            let passed = Duration::from_secs(*seconds);
            world.later(passed);
            world.reload();
            memory.note(&world, passed);
            if *are_checked {
                world.check_all(CheckOutcome::Good);
            }
            for (client, home) in &mut clients {
                let verdict = expected(home, &memory);
                match client.visit(&mut world) {
                    Ok((at, told)) => {
                        prop_assert_eq!(told, verdict, "at home on {}", home);
                        prop_assert_eq!(verdict == Verdict::Hit, at == *home);
                        prop_assert!(verdict == Verdict::Hit || takes_new_sessions(&world, &at));
                        *home = at;
                    }
                    Err(error) => {
                        prop_assert_eq!(error, NoTarget::NoneRegistered);
                        prop_assert_ne!(verdict, Verdict::Hit, "at home on {}", home);
                        prop_assert!(!world.ids().iter().any(|id| takes_new_sessions(&world, id)));
                    }
                }
            }
        }
    }

    /// In-flight counts, health and serial number belong to group and id: through edits, and through leaving and coming back.
    #[test]
    fn a_cell_lives_as_long_as_its_target_is_wanted_or_leaving(
        steps in prop::collection::vec(step(), 1..16),
    ) {
        let mut world = World::of(&["a", "b", "c"]);
        let mut memory = Memory::default();
        memory.note(&world, Duration::ZERO);
        let mut known: HashMap<String, (u64, u32)> = HashMap::new();
        for (edits, seconds, _) in &steps {
            for target in &world.group().targets {
                target.cell.begin(0);
                let load = target.cell.in_flight();
                known.insert(target.id.to_string(), (target.cell.serial(), load));
            }
            let before = memory.present.iter().chain(memory.leaving.keys()).cloned();
            let before: Vec<String> = before.collect();
            edits.iter().for_each(|edit| make(&mut world, edit));
            let passed = Duration::from_secs(*seconds);
            world.later(passed);
            world.reload();
            memory.note(&world, passed);
            for target in &world.group().targets {
                let found = (target.cell.serial(), target.cell.in_flight());
                let last = known.get(target.id.as_str()).copied();
                if before.contains(&target.id.to_string()) {
                    prop_assert_eq!(Some(found), last, "{}", &target.id);
                } else {
                    prop_assert_eq!(found.1, 0, "{} is another target", &target.id);
                    prop_assert_ne!(Some(found.0), last.map(|(serial, _)| serial));
                }
            }
            let mut leaving: Vec<&str> =
                world.snapshot.leaving.iter().map(|left| left.target.id.as_str()).collect();
            let mut remembered: Vec<&str> = memory.leaving.keys().map(String::as_str).collect();
            leaving.sort_unstable();
            remembered.sort_unstable();
            prop_assert_eq!(leaving, remembered);
        }
    }
}

#[test]
fn removing_one_target_moves_only_its_clients() {
    let mut world = World::of(&["a", "b", "c"]);
    let mut clients: Vec<Client> = (0..9).map(|_| Client::default()).collect();
    let homes: Vec<String> =
        clients.iter_mut().map(|client| client.visit(&mut world).unwrap().0).collect();
    world.remove("b");
    world.reload();
    for (client, home) in clients.iter_mut().zip(&homes) {
        let (at, verdict) = client.visit(&mut world).unwrap();
        if home == "b" {
            assert_eq!(verdict, Verdict::TargetDraining);
            assert_ne!(at, "b");
        } else {
            assert_eq!((&at, verdict), (home, Verdict::Hit));
        }
    }
}

#[test]
fn the_turn_goes_on_where_it_was_through_reloads() {
    let picks = |reloads: bool| -> Vec<String> {
        let mut world = World::of(&["a", "b", "c"]);
        (0..10)
            .map(|_| {
                if reloads {
                    world.reload();
                }
                Client::default().visit(&mut world).unwrap().0
            })
            .collect()
    };
    assert_eq!(picks(true), picks(false));
    assert_eq!(picks(true)[..4], ["a", "b", "c", "a"]);
}

#[test]
fn health_and_ejections_survive_a_reload() {
    let mut world = World::of(&["a", "b", "c"]);
    world.check("a", CheckOutcome::Timeout);
    world.eject("b");
    world.reload();
    let routable: Vec<bool> =
        world.group().targets.iter().map(|target| target.cell.is_routable()).collect();
    assert_eq!(routable, [false, false, true]);
    assert_eq!(world.group().roster().members, [2]);
}

#[test]
fn each_reload_has_the_next_revision() {
    let mut world = World::of(&["a"]);
    assert_eq!(world.snapshot.revision, 1);
    world.reload();
    world.reload();
    assert_eq!(world.snapshot.revision, 3);
}

#[test]
fn a_target_of_the_same_id_in_another_group_is_another_target() {
    let mut world = World::of(&["a"]);
    let mut other = world.spec().clone();
    other.name = crate::support::name("other");
    world.desired.target_groups.push(other);
    let serials = |world: &World| -> Vec<u64> {
        world.snapshot.groups.iter().map(|group| group.targets[0].cell.serial()).collect()
    };
    let alone = serials(&world);
    world.reload();
    let both = serials(&world);
    assert_eq!(both[0], alone[0]);
    assert_ne!(both[1], alone[0]);
    world.reload();
    assert_eq!(serials(&world), both);
    world.desired.target_groups.reverse();
    world.reload();
    assert_eq!(serials(&world), [both[1], both[0]]);
}
