//! Who gets a request: homes first, then the balancer among those that take new sessions.

use std::time::Duration;

use clingfish_affinity::Verdict;
use clingfish_health::CheckOutcome;
use clingfish_model::{
    Action, Algorithm, Listener, RequestHead, TargetGroup, limits::ATTEMPTS_MAX, rule::Forward,
};
use clingfish_rules::Request;
use clingfish_snapshot::{Chosen, NoTarget, Tried};
use proptest::prelude::*;

use crate::support::{Client, World, group_of, name, request, target, weight};

const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];

/// What is observed of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Initial,
    Healthy,
    /// Healthy, and wants to be drained.
    Announcing,
    Failing,
    Ejected,
}

/// One target of a random group, and whether this request has tried it.
#[derive(Clone, Copy, Debug)]
struct Part {
    standing: Standing,
    weight: u64,
    drain: bool,
    tried: bool,
}

impl Part {
    fn keeps_sessions(self) -> bool {
        self.standing == Standing::Initial || self.is_healthy()
    }

    fn takes_new_sessions(self) -> bool {
        !self.drain && self.standing != Standing::Announcing && self.weight > 0
    }

    /// Whether it would take new sessions if it had not announced a drain.
    fn is_last_resort(self) -> bool {
        !self.drain && self.standing == Standing::Announcing && self.weight > 0
    }

    fn is_healthy(self) -> bool {
        matches!(self.standing, Standing::Healthy | Standing::Announcing)
    }
}

fn part() -> impl Strategy<Value = Part> {
    let standing = prop_oneof![
        1 => Just(Standing::Initial),
        3 => Just(Standing::Healthy),
        1 => Just(Standing::Announcing),
        1 => Just(Standing::Failing),
        1 => Just(Standing::Ejected),
    ];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.25));
    (standing, 0_u64..3, flags).prop_map(|(standing, weight, (drain, tried))| Part {
        standing,
        weight,
        drain,
        tried,
    })
}

/// A client that is at home on the first target, in a group of these.
fn stage(parts: &[Part], algorithm: Algorithm) -> (World, Client, Tried) {
    let ids = &IDS[..parts.len()];
    let mut world = World::unchecked(TargetGroup {
        algorithm,
        ..group_of(ids.iter().map(|id| target(id)).collect())
    });
    let mut client = Client::default();
    world.check(ids[0], CheckOutcome::Good);
    assert_eq!(client.visit(&mut world).unwrap().0, ids[0]);
    let mut world = World::unchecked(TargetGroup {
        algorithm,
        ..group_of(ids.iter().map(|id| target(id)).collect())
    });
    for (id, part) in ids.iter().zip(parts) {
        world.target(id).weight = weight(part.weight);
        world.target(id).drain = part.drain;
    }
    world.reload();
    let mut tried = Tried::default();
    for (index, (id, part)) in ids.iter().zip(parts).enumerate() {
        match part.standing {
            Standing::Initial => {}
            Standing::Healthy => world.check(id, CheckOutcome::Good),
            Standing::Announcing => world.check(id, CheckOutcome::Announced),
            Standing::Failing => world.check(id, CheckOutcome::Failed),
            Standing::Ejected => {
                world.check(id, CheckOutcome::Good);
                world.eject(id);
            }
        }
        if part.tried {
            tried.add(index);
        }
    }
    (world, client, tried)
}

/// Nobody takes a new session and is healthy, but some would if they had not announced a drain.
fn is_at_last_resort(parts: &[Part]) -> bool {
    let is_well = |part: &Part| part.takes_new_sessions() && part.is_healthy();
    parts.iter().any(|part| part.is_last_resort()) && !parts.iter().any(is_well)
}

/// Nobody who could take a new session is healthy, or nobody at all.
fn fails_open(parts: &[Part]) -> bool {
    if is_at_last_resort(parts) {
        return false;
    }
    let mut takers = parts.iter().filter(|part| part.takes_new_sessions()).peekable();
    let has_takers = takers.peek().is_some();
    (has_takers && !takers.any(|part| part.is_healthy()))
        || !parts.iter().any(|part| part.is_healthy())
}

/// What becomes of the client of the first target.
fn expected(parts: &[Part]) -> Verdict {
    let home = parts[0];
    if home.tried {
        Verdict::Detour
    } else if home.keeps_sessions() || fails_open(parts) {
        Verdict::Hit
    } else {
        Verdict::TargetUnhealthy
    }
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(Algorithm::RoundRobin),
        Just(Algorithm::LeastOutstandingRequests),
        Just(Algorithm::WeightedRandom { anomaly_mitigation: true }),
    ]
}

proptest! {
    /// The whole rule of placing, told a second time in the plainest words.
    #[test]
    fn homes_are_honoured_and_others_go_to_an_untried_target_that_takes_them(
        parts in prop::collection::vec(part(), 1..=5)
            .prop_filter("more tries than there may be", |parts| {
                parts.iter().filter(|part| part.tried).count() <= ATTEMPTS_MAX
            }),
        algorithm in algorithm(),
    ) {
        let (mut world, mut client, tried) = stage(&parts, algorithm);
        let open = fails_open(&parts);
        prop_assert_eq!(world.group().roster().fail_open, open);
        let candidates: Vec<&str> = IDS.iter().zip(&parts)
            .filter(|(_, part)| !part.tried && match is_at_last_resort(&parts) {
                true => part.is_last_resort(),
                false => part.takes_new_sessions() && (open || part.is_healthy()),
            })
            .map(|(id, _)| *id)
            .collect();
        let none = if tried.is_empty() { NoTarget::NoneRegistered } else { NoTarget::AllTried };
        match Client::default().visit_after(&mut world, &tried) {
            Ok((at, verdict)) => {
                prop_assert_eq!(verdict, Verdict::New);
                prop_assert!(candidates.contains(&at.as_str()), "{} of {:?}", at, candidates);
            }
            Err(error) => {
                prop_assert_eq!(error, none);
                prop_assert!(candidates.is_empty(), "{:?}", candidates);
            }
        }
        let verdict = expected(&parts);
        match client.visit_after(&mut world, &tried) {
            Ok((at, told)) => {
                prop_assert_eq!(told, verdict);
                if verdict == Verdict::Hit {
                    prop_assert_eq!(at, IDS[0]);
                } else {
                    prop_assert!(candidates.contains(&at.as_str()), "{} of {:?}", at, candidates);
                }
            }
            Err(error) => {
                prop_assert_eq!(error, none);
                prop_assert_ne!(verdict, Verdict::Hit);
                prop_assert!(candidates.is_empty(), "{:?}", candidates);
            }
        }
    }
}

#[test]
fn a_drained_target_keeps_its_sessions_and_gets_no_new_ones() {
    let mut world = World::of(&["a", "b"]);
    let mut client = Client::default();
    assert_eq!(client.visit(&mut world).unwrap().0, "a");
    world.target("a").drain = true;
    world.reload();
    for _ in 0..4 {
        assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
        assert_eq!(Client::default().visit(&mut world), Ok(("b".to_owned(), Verdict::New)));
        world.later(Duration::from_secs(3000));
        world.reload();
    }
    world.remove("a");
    world.reload();
    assert_eq!(client.visit(&mut world), Ok(("b".to_owned(), Verdict::TargetDraining)));
}

#[test]
fn a_target_of_weight_0_keeps_its_sessions_and_gets_no_new_ones() {
    let mut world = World::of(&["a", "b"]);
    let mut client = Client::default();
    assert_eq!(client.visit(&mut world).unwrap().0, "a");
    world.target("a").weight = weight(0);
    world.reload();
    for _ in 0..4 {
        assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
        assert_eq!(Client::default().visit(&mut world), Ok(("b".to_owned(), Verdict::New)));
    }
    world.target("b").weight = weight(0);
    world.reload();
    assert_eq!(Client::default().visit(&mut world), Err(NoTarget::NoneRegistered));
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
}

#[test]
fn a_home_that_refuses_is_a_detour_and_a_home_that_is_out_is_left() {
    let mut world = World::of(&["a", "b"]);
    let mut client = Client::default();
    assert_eq!(client.visit(&mut world).unwrap().0, "a");
    let cookie = client.cookie.clone();
    let mut tried = Tried::default();
    tried.add(0);
    assert_eq!(client.visit_after(&mut world, &tried), Ok(("b".to_owned(), Verdict::Detour)));
    assert_eq!(client.cookie, cookie, "the binding stays");
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
    world.eject("a");
    assert_eq!(client.visit(&mut world), Ok(("b".to_owned(), Verdict::TargetUnhealthy)));
    world.check("a", CheckOutcome::Good);
    assert_eq!(client.visit(&mut world), Ok(("b".to_owned(), Verdict::Hit)), "it lives there now");
}

#[test]
fn when_all_targets_are_down_homes_are_honoured_and_new_clients_are_spread() {
    let mut world = World::of(&["a", "b"]);
    let mut client = Client::default();
    assert_eq!(client.visit(&mut world).unwrap().0, "a");
    world.check_all(CheckOutcome::Timeout);
    assert!(world.group().roster().fail_open);
    assert_eq!(client.visit(&mut world), Ok(("a".to_owned(), Verdict::Hit)));
    let mut homes: Vec<String> =
        (0..2).map(|_| Client::default().visit(&mut world).unwrap().0).collect();
    homes.sort();
    assert_eq!(homes, ["a", "b"]);
}

#[test]
fn a_healthy_target_that_drains_does_not_leave_new_clients_without_any() {
    let mut world = World::of(&["a", "b"]);
    world.target("a").drain = true;
    world.reload();
    world.check("b", CheckOutcome::Failed);
    assert_eq!(Client::default().visit(&mut world), Ok(("b".to_owned(), Verdict::New)));
}

#[test]
fn after_a_start_homes_are_honoured_before_anybody_was_checked() {
    let mut before = World::of(&["a", "b", "c"]);
    let mut client = Client::default();
    before.cursor.advance(1);
    assert_eq!(client.visit(&mut before).unwrap().0, "b");
    let mut after = World::unchecked(group_of(IDS[..3].iter().map(|id| target(id)).collect()));
    assert_eq!(client.visit(&mut after), Ok(("b".to_owned(), Verdict::Hit)), "nobody is healthy");
    after.check("c", CheckOutcome::Good);
    assert_eq!(client.visit(&mut after), Ok(("b".to_owned(), Verdict::Hit)), "c is");
    for _ in 0..3 {
        assert_eq!(Client::default().visit(&mut after), Ok(("c".to_owned(), Verdict::New)));
    }
}

#[test]
fn the_least_busy_target_gets_the_next_session_for_its_weight() {
    for (loads, weights, expected) in [
        ([2, 1, 3], [1, 1, 1], "b"),
        ([2, 2, 1], [1, 1, 1], "c"),
        ([2, 2, 1], [4, 1, 1], "a"),
        ([0, 5, 5], [0, 1, 1], "b"),
    ] {
        let mut world = World::of(&["a", "b", "c"]);
        world.spec().algorithm = Algorithm::LeastOutstandingRequests;
        for (id, value) in IDS.iter().zip(weights) {
            world.target(id).weight = weight(value);
        }
        world.reload();
        for (target, load) in world.group().targets.iter().zip(loads) {
            (0..load).for_each(|nth| target.cell.begin(nth % 2));
        }
        let (at, _) = Client::default().visit(&mut world).unwrap();
        assert_eq!(at, expected, "loads {loads:?}, weights {weights:?}");
    }
}

#[test]
fn a_request_notes_no_more_targets_than_it_may_try() {
    let mut tried = Tried::default();
    assert!(tried.is_empty());
    for target in 0..ATTEMPTS_MAX + 2 {
        tried.add(target);
        assert_eq!(tried.contains(target), target < ATTEMPTS_MAX, "{target}");
    }
    assert_eq!(tried.len(), ATTEMPTS_MAX);
    assert!(!tried.contains(ATTEMPTS_MAX + 9));
}

#[test]
fn an_empty_slot_of_the_tried_is_no_target() {
    let mut tried = Tried::default();
    assert!(!tried.contains(0));
    tried.add(2);
    assert!(!tried.contains(0) && tried.contains(2));
}

#[test]
fn a_listener_leads_to_its_group_and_one_without_a_group_nowhere() {
    let mut world = World::of(&["a"]);
    let listener = |port: u16, forward: Option<&str>, balancer: &str| {
        let bind = ([127, 0, 0, 1], port).into();
        let mut listener = Listener::new(name(&format!("at-{port}")), name(balancer), bind);
        listener.default_action = forward.map(|group| Action::Forward(Forward::to(name(group))));
        listener
    };
    world.desired.listeners = vec![
        listener(1, Some("web"), "default"),
        listener(2, None, "default"),
        listener(3, Some("lost"), "default"),
        listener(4, Some("web"), "lost"),
    ];
    world.reload();
    let (bytes, parts) = request("");
    let route = |at: &str| {
        let view = world.snapshot.listener(&name(at));
        let head = RequestHead::new(&bytes, &parts);
        let request = || Request::new(head, head.path_and_query(), [192, 0, 2, 1].into());
        view.map(|view| {
            view.route(request, || 0).map(|routed| match routed.action {
                Chosen::Forward(group) => group,
                other => panic!("{other:?}"),
            })
        })
    };
    for (at, expected, what) in [
        ("at-1", Some(Some(0)), "its group"),
        ("at-2", Some(None), "forwards to nobody: 404"),
        ("at-3", Some(None), "a group that is not there, which the configuration refuses: 404"),
        ("at-4", None, "no load balancer, which the configuration refuses: no listener"),
    ] {
        assert_eq!(route(at), expected, "{at}: {what}");
    }
}

#[test]
fn nothing_is_served_in_the_clear_where_what_tls_needs_is_missing() {
    let mut world = World::of(&["a"]);
    let bind = ([127, 0, 0, 1], 1).into();
    let mut listener = Listener::new(name("https"), name("default"), bind);
    listener.tls = Some(clingfish_model::ListenerTls::new(Vec::new()));
    world.desired.listeners = vec![listener];
    world.spec().tls = Some(clingfish_model::TargetTls::default());
    world.reload();
    assert!(world.snapshot.listener(&name("https")).is_none());
    assert!(world.group().targets.is_empty());
}
