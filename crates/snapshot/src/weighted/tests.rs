use proptest::prelude::*;

use super::*;

fn shares(weights: &[u16]) -> Vec<Share> {
    let share =
        |(group, weight): (usize, &u16)| Share { group, hash: hash(group), weight: *weight };
    weights.iter().enumerate().map(share).collect()
}

fn hash(group: usize) -> GroupHash {
    GroupHash([u8::try_from(group).unwrap(); 8])
}

/// 0 among them as often as it matters.
fn weights() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 2 => 1..=999_u16], 1..=5)
}

fn standings() -> impl Strategy<Value = Vec<Standing>> {
    let one = prop_oneof![Just(Standing::Takes), Just(Standing::Keeps), Just(Standing::Down)];
    prop::collection::vec(one, 5)
}

fn bindings() -> impl Strategy<Value = Result<GroupHash, Verdict>> {
    prop_oneof![
        (0..7_usize).prop_map(|group| Ok(hash(group))),
        Just(Err(Verdict::New)),
        Just(Err(Verdict::ExpiredIdle)),
        Just(Err(Verdict::Forged)),
        Just(Err(Verdict::UnknownKey)),
        Just(Err(Verdict::ForeignGroup)),
    ]
}

proptest! {
    #[test]
    fn every_request_has_a_group_and_the_same_inputs_the_same_one(
        weights in weights(),
        standings in standings(),
        bound in bindings(),
        failover: bool,
        random: u64,
    ) {
        let shares = shares(&weights);
        let of = |group: usize| standings[group];
        let decide = || choose(bound, &shares, failover.then_some(of), random);
        let choice = decide().unwrap();
        prop_assert_eq!(decide(), Some(choice));
        prop_assert!(shares.iter().any(|s| s.group == choice.group && s.hash == choice.hash));
        let home = bound.ok().and_then(|bound| shares.iter().find(|share| share.hash == bound));
        match (choice.judgement, home) {
            (Judgement::Keep, home) => prop_assert_eq!(home.map(|home| home.group), Some(choice.group)),
            (Judgement::Rehome(Verdict::TargetUnhealthy), home) => {
                prop_assert!(failover && of(home.unwrap().group) == Standing::Down);
                prop_assert!(of(choice.group) == Standing::Takes);
            }
            (Judgement::Rehome(verdict), home) => {
                prop_assert_eq!(home, None);
                prop_assert_eq!(verdict, bound.err().unwrap_or(Verdict::ForeignGroup));
                let is_better = |share: &Share| share.weight > 0 && of(share.group) == Standing::Takes;
                if failover && shares.iter().any(is_better) {
                    prop_assert_eq!(of(choice.group), Standing::Takes);
                }
                if weights.iter().any(|weight| *weight > 0) {
                    prop_assert!(weights[choice.group] > 0, "weight 0 gets nothing new");
                }
            }
            (Judgement::Detour | Judgement::Adopt, _) => prop_assert!(false, "a choice of a group is none for a moment"),
        }
    }

    #[test]
    fn a_session_stays_whatever_the_weights_are(
        weights in weights(),
        standings in standings(),
        bound in 0..5_usize,
        random: u64,
    ) {
        let bound = bound % weights.len();
        let shares = shares(&weights);
        let choice = choose(Ok(hash(bound)), &shares, None::<fn(usize) -> Standing>, random);
        let kept = GroupChoice { group: bound, hash: hash(bound), judgement: Judgement::Keep };
        prop_assert_eq!(choice, Some(kept), "nobody looks at health without failover");
        let able = choose(Ok(hash(bound)), &shares, Some(|group: usize| standings[group]), random);
        prop_assert_eq!(able == Some(kept), standings[bound] != Standing::Down || !weights.iter().enumerate().any(|(group, weight)| *weight > 0 && standings[group] == Standing::Takes));
    }
}

#[test]
fn new_sessions_are_spread_by_weight() {
    let shares = shares(&[90, 0, 10]);
    let mut counts = [0; 3];
    let all = |_: usize| Standing::Takes;
    for step in 0..4000_u64 {
        let random = step * (u64::MAX / 4000);
        let choice = choose(Err(Verdict::New), &shares, Some(all), random).unwrap();
        assert_eq!(choice.judgement, Judgement::Rehome(Verdict::New));
        counts[choice.group] += 1;
    }
    assert!((3599..=3601).contains(&counts[0]) && counts[1] == 0, "{counts:?}");
    assert_eq!(choose(Err(Verdict::New), &[], Some(all), 1), None);
}

#[test]
fn who_has_to_move_goes_where_new_sessions_go() {
    let shares = shares(&[1, 0, 3]);
    let down = |downs: &'static [usize]| {
        move |group: usize| if downs.contains(&group) { Standing::Down } else { Standing::Takes }
    };
    for (downs, bound, expected, judgement) in [
        (&[0][..], 0, 2, Judgement::Rehome(Verdict::TargetUnhealthy)),
        (&[2], 2, 0, Judgement::Rehome(Verdict::TargetUnhealthy)),
        (&[0, 2], 0, 0, Judgement::Keep),
        (&[0, 1, 2], 1, 1, Judgement::Keep),
        (&[2], 0, 0, Judgement::Keep),
        (&[2], 1, 1, Judgement::Keep),
    ] {
        for random in [0, u64::MAX / 2, u64::MAX] {
            let choice = choose(Ok(hash(bound)), &shares, Some(down(downs)), random).unwrap();
            assert_eq!(
                (choice.group, choice.judgement),
                (expected, judgement),
                "{downs:?} {bound}"
            );
        }
    }
}
