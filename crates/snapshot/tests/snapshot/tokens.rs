//! Cookies of every kind, and the home that a connection found before it had one.

use std::time::Duration;

use clingfish_affinity::{Claim, Judgement, Refusal, SessionId, Stamp, Verdict, stamp};
use clingfish_health::CheckOutcome;
use clingfish_model::{GroupHash, Stickiness, TargetHash};
use clingfish_snapshot::{FirstHome, Tried};
use proptest::prelude::*;

use crate::support::{Client, HOUR, World, group_of, id, name, target};

/// The cookie of a client of `a`.
fn cookie_of_a(world: &mut World) -> String {
    let mut client = Client::default();
    assert_eq!(client.visit(world).unwrap().0, "a");
    client.cookie
}

/// Where a client without a cookie would go now.
fn next_in_turn(world: &World) -> String {
    let mut others = World::of(&["a", "b", "c"]);
    others.cursor = world.cursor;
    Client::default().visit(&mut others).unwrap().0
}

fn first_home(world: &World, target: &str, group: &str) -> FirstHome {
    FirstHome {
        group: GroupHash::of(&name(group)),
        target: id(target).hash(),
        session: SessionId([9; 8]),
        since: world.wall,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_cookie_grants_no_target(at in 6_usize..130, with in "[A-Za-z0-9_=;, +/-]") {
        let mut world = World::of(&["a", "b", "c"]);
        let good = cookie_of_a(&mut world);
        let mut damaged = good.clone();
        damaged.replace_range(at..=at, &with);
        prop_assume!(damaged != good);
        let new = next_in_turn(&world);
        let (home, verdict) = Client::with(damaged).visit(&mut world).unwrap();
        prop_assert_eq!(home, new);
        prop_assert!(
            matches!(verdict, Verdict::Forged | Verdict::UnknownKey),
            "{} at {}", verdict, at
        );
    }

    #[test]
    fn any_text_in_the_cookie_field_leads_to_a_new_client_s_home(text in "\\PC{0,200}") {
        let mut world = World::of(&["a", "b", "c"]);
        let new = next_in_turn(&world);
        for cookie in [text.clone(), format!("cling={text}"), format!("x=1; cling={text}")] {
            world.cursor = Default::default();
            let mut client = Client::with(cookie.clone());
            let (home, verdict) = client.visit(&mut world).unwrap();
            prop_assert_eq!(&home, &new, "{}", &cookie);
            prop_assert!(!matches!(verdict, Verdict::Hit | Verdict::Detour), "{} for {}", verdict, &cookie);
        }
    }

    /// What an instance knows of health and order is its own; what a token says is not.
    #[test]
    fn two_instances_with_one_key_ring_agree_on_every_claim(
        visits in prop::collection::vec((any::<bool>(), 0_u64..2000, any::<bool>()), 1..12),
    ) {
        let mut left = World::of(&["a", "b", "c", "d"]);
        let mut right = World::of(&["d", "b", "a", "c"]);
        let mut client = Client::default();
        for (at_left, seconds, forgets) in visits {
            if forgets {
                client.cookie.clear();
            }
            for world in [&mut left, &mut right] {
                world.later(Duration::from_secs(seconds));
            }
            let claims = [&mut left, &mut right].map(|world| world.claim(&client.cookie, None));
            prop_assert_eq!(claims[0], claims[1]);
            let (world, other) = if at_left { (&mut left, &mut right) } else { (&mut right, &mut left) };
            let (home, _) = client.visit(world).unwrap();
            let again = client.clone().visit(other).unwrap();
            prop_assert_eq!(again, (home, Verdict::Hit));
        }
    }
}

#[test]
fn durations_are_those_of_the_snapshot() {
    for (away, duration, expected) in [
        (HOUR, HOUR, Verdict::Hit),
        (HOUR * 2, HOUR, Verdict::ExpiredIdle),
        (HOUR * 2, HOUR * 3, Verdict::Hit),
        (Duration::from_secs(20), Duration::from_secs(1), Verdict::ExpiredIdle),
    ] {
        let mut world = World::of(&["a", "b"]);
        let mut client = Client::with(cookie_of_a(&mut world));
        world.spec().stickiness = Stickiness::LbCookie(crate::support::lb_cookie(duration));
        world.reload();
        world.later(away);
        let (_, verdict) = client.visit(&mut world).unwrap();
        assert_eq!(verdict, expected, "away for {away:?} of {duration:?}");
    }
}

#[test]
fn without_stickiness_a_token_is_hidden_and_says_nothing() {
    let mut world = World::of(&["a", "b"]);
    let cookie = cookie_of_a(&mut world);
    world.spec().stickiness = Stickiness::Off;
    world.reload();
    let reading = world.claim(&cookie, None);
    assert_eq!(reading.claim, Claim::Nothing);
    assert!(!reading.cuts.is_empty());
    let placement = world.place(&reading, &Tried::default()).unwrap();
    assert_eq!((world.id_at(placement.target), placement.verdict()), ("b", Verdict::Off));
}

#[test]
fn a_token_of_another_group_is_told_apart_from_a_forged_one() {
    let mut world = World::of(&["a", "b"]);
    let cookie = cookie_of_a(&mut world);
    let mut other = World::unchecked(clingfish_model::TargetGroup {
        name: name("other"),
        ..group_of(vec![target("a"), target("b")])
    });
    other.check_all(CheckOutcome::Good);
    let mut client = Client::with(cookie);
    assert_eq!(client.visit(&mut other).unwrap().1, Verdict::ForeignGroup);
}

#[test]
fn a_first_home_counts_where_no_cookie_says_anything() {
    let mut world = World::of(&["a", "b", "c"]);
    let good = cookie_of_a(&mut world);
    // Version 1, and a key that nobody has.
    let forged = format!("cling=AQAB{}", "A".repeat(120));
    let on_b = first_home(&world, "b", "web");
    let elsewhere = first_home(&world, "b", "other");
    for (cookie, first, expected) in [
        ("", &on_b, Verdict::Hit),
        ("theirs=1", &on_b, Verdict::Hit),
        ("", &elsewhere, Verdict::New),
        (&forged, &on_b, Verdict::UnknownKey),
        (&good, &on_b, Verdict::Hit),
    ] {
        let reading = world.claim(cookie, Some(first));
        let placement = world.place(&reading, &Tried::default()).unwrap();
        assert_eq!(placement.verdict(), expected, "{cookie:.20} with {first:?}");
        if expected == Verdict::Hit {
            let home = if cookie == good { "a" } else { "b" };
            assert_eq!(world.id_at(placement.target), home, "{cookie:.20}");
        }
    }
    assert_eq!(world.claim(&forged, Some(&on_b)).claim, Claim::Refused(Refusal::UnknownKey));
}

#[test]
fn a_first_home_brings_the_same_session_and_the_cookie_that_the_client_lacks() {
    let mut world = World::of(&["a", "b"]);
    let first = first_home(&world, "b", "web");
    world.later(Duration::from_secs(1));
    let reading = world.claim("", Some(&first));
    let Claim::Bound(opened) = reading.claim else { panic!("it claims its first home") };
    assert!(!opened.by_current_key, "or an answer would take it for a cookie that is there");
    let group = world.group();
    let binding = group.binding(world.index("b"), [1; 8], false).unwrap();
    let policy = group.policy.as_ref().unwrap();
    let written = stamp(&reading.claim, Judgement::Keep, policy, binding, || false, world.wall);
    let Stamp::Write { token, .. } = written else { panic!("it has no cookie yet") };
    assert_eq!((token.session, token.issued), (first.session, first.since));
    assert_eq!(token.target, id("b").hash());
}

#[test]
fn a_first_home_is_a_home_like_any_other() {
    type Happen = fn(&mut World);
    let cases: [(&str, Happen, Verdict); 3] = [
        (
            "fails its checks",
            |world| world.check("b", CheckOutcome::Failed),
            Verdict::TargetUnhealthy,
        ),
        (
            "was removed",
            |world| {
                world.remove("b");
                world.reload();
            },
            Verdict::TargetDraining,
        ),
        (
            "drains",
            |world| {
                world.target("b").drain = true;
                world.reload();
            },
            Verdict::Hit,
        ),
    ];
    for (what, happen, expected) in cases {
        let mut world = World::of(&["a", "b"]);
        let first = first_home(&world, "b", "web");
        happen(&mut world);
        let reading = world.claim("", Some(&first));
        let placement = world.place(&reading, &Tried::default()).unwrap();
        assert_eq!(placement.verdict(), expected, "it {what}");
    }
}

#[test]
fn a_first_home_counts_for_its_window_only() {
    let world = World::of(&["a"]);
    let first = first_home(&world, "a", "web");
    for (after, is_fresh) in [
        (Duration::ZERO, true),
        (FirstHome::WINDOW - Duration::from_millis(1), true),
        (FirstHome::WINDOW, false),
    ] {
        assert_eq!(first.is_fresh(world.wall + after, FirstHome::WINDOW), is_fresh, "{after:?}");
    }
}

#[test]
fn a_home_is_found_by_its_hash_alone() {
    let world = World::of(&["a", "b"]);
    assert_eq!(world.group().find(id("b").hash()), Some(1));
    assert_eq!(world.group().find(TargetHash([0; 16])), None);
    assert!(world.group().binding(2, [0; 8], false).is_none());
}
