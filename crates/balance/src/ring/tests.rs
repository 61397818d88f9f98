use std::cell::Cell;

use proptest::prelude::*;

use super::*;
use crate::LoadFactor;

type Targets = Vec<(TargetHash, u16)>;

/// Hashes as SHA-256 would give them: anything.
fn hash_of(id: u64) -> TargetHash {
    let (mut state, mut bytes) = (id.wrapping_mul(0x5851_f42d_4c95_7f2d), [0; 16]);
    bytes[..8].copy_from_slice(&split_mix(&mut state).to_le_bytes());
    bytes[8..].copy_from_slice(&split_mix(&mut state).to_le_bytes());
    TargetHash(bytes)
}

fn even(count: u64) -> Targets {
    (0..count).map(|id| (hash_of(id), 1)).collect()
}

fn ring(targets: &Targets) -> Ring {
    Ring::new(targets.iter().copied())
}

/// With a table, however few the targets are.
fn tabled(targets: &Targets) -> Ring {
    let mut ring = Ring::without_table(targets.iter().copied());
    ring.table = Some(Table::new(&ring.members));
    ring
}

fn keys(count: u64) -> impl Iterator<Item = KeyHash> {
    (0..count).map(|at| KeyHash::of(&at.to_le_bytes()))
}

/// The hash of the target that each key has.
fn homes(
    targets: &Targets,
    count: u64,
    may: impl Fn(TargetHash) -> bool,
) -> Vec<Option<TargetHash>> {
    let ring = ring(targets);
    keys(count).map(|key| Some(targets[ring.pick(key, |at| may(targets[at].0))?].0)).collect()
}

#[test]
fn an_upgrade_moves_no_one() {
    let small = ring(&even(3));
    let large = ring(&(0..100).map(|id| (hash_of(id), 1 + id as u16 * 9)).collect());
    let names = ["", "a", "203.0.113.7", "user-12345", "0123456789abcdef0123456789abcdefX"];
    let picks = |ring: &Ring| {
        names.map(|name| {
            let key = KeyHash::of(name.as_bytes());
            let home = ring.pick(key, |_| true).unwrap();
            (home, ring.pick(key, |at| at != home).unwrap())
        })
    };
    assert_eq!(picks(&small), GOLDEN_SMALL);
    assert_eq!(picks(&large), GOLDEN_LARGE);
}

const GOLDEN_SMALL: [(usize, usize); 5] = [(2, 1), (0, 1), (2, 1), (0, 2), (1, 2)];
const GOLDEN_LARGE: [(usize, usize); 5] = [(68, 83), (80, 52), (31, 73), (74, 89), (60, 73)];

#[test]
fn a_table_finds_what_looking_at_all_finds() {
    for targets in [even(5), even(40), mixed(40), mixed(1_000)] {
        let direct = Ring::without_table(targets.iter().copied());
        let tabled = tabled(&targets);
        for key in keys(2_000) {
            for modulus in [usize::MAX, 3, 2] {
                let may = |at: usize| at % modulus == modulus - 1 || modulus == usize::MAX;
                assert_eq!(
                    direct.pick(key, may),
                    tabled.pick(key, may),
                    "{} {key:?}",
                    targets.len()
                );
            }
        }
    }
}

fn mixed(count: u64) -> Targets {
    (0..count).map(|id| (hash_of(id), [1, 999, 0, 7, 50][id as usize % 5])).collect()
}

#[test]
fn keys_are_spread_evenly() {
    for (count, most, least) in [
        (2, 1.005, 0.995),
        (10, 1.03, 0.97),
        (32, 1.05, 0.95),
        (100, 1.08, 0.92),
        (1_000, 1.2, 0.8),
    ] {
        let shares = ring(&even(count)).shares();
        let mean = f64::from(SLOTS) / count as f64;
        for share in shares {
            let share = f64::from(share) / mean;
            assert!((least..=most).contains(&share), "{share} of the mean among {count}");
        }
    }
}

#[test]
fn weights_decide_how_many_keys_a_target_has() {
    for weights in [&[1, 2][..], &[1, 999], &[1, 10, 100, 999], &[0, 3, 7, 90, 900], &[500; 40]] {
        let targets: Targets = weights.iter().zip(0..).map(|(w, id)| (hash_of(id), *w)).collect();
        let (ring, sum) = (ring(&targets), weights.iter().map(|w| f64::from(*w)).sum::<f64>());
        for (share, weight) in ring.shares().into_iter().zip(weights) {
            let fair = f64::from(SLOTS) * f64::from(*weight) / sum;
            let off = (f64::from(share) - fair).abs();
            assert!(off <= 5.0 * fair.sqrt() + 0.004 * fair, "{share} for {fair} of {weights:?}");
        }
    }
}

#[test]
fn one_target_more_or_less_moves_its_own_keys_only() {
    for count in [2, 10, 32, 33, 1_000] {
        let (fewer, more) = (even(count), even(count + 1));
        let new = hash_of(count);
        let (before, after) = (homes(&fewer, 20_000, |_| true), homes(&more, 20_000, |_| true));
        let mut moved = 0.0;
        for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
            assert_eq!(*after, Some(new), "{before:?} lost a key among {count}");
            moved += 1.0;
        }
        let fair = 20_000.0 / (count + 1) as f64;
        assert!((moved - fair).abs() <= 6.0 * fair.sqrt(), "{moved} moved, {fair} are fair");
    }
}

#[test]
fn the_keys_of_a_failed_target_spread_over_all_others_and_come_back() {
    let targets = even(10);
    let failed = targets[4].0;
    let before = homes(&targets, 100_000, |_| true);
    let during = homes(&targets, 100_000, |hash| hash != failed);
    let mut heirs = vec![0_u32; 10];
    for (before, during) in before.iter().zip(&during) {
        if *before == Some(failed) {
            heirs[targets.iter().position(|(hash, _)| Some(*hash) == *during).unwrap()] += 1;
        } else {
            assert_eq!(before, during);
        }
    }
    assert_eq!(heirs.remove(4), 0);
    assert!(heirs.iter().all(|heir| (950..1_300).contains(heir)), "{heirs:?}");
    let gone: Targets = targets.into_iter().filter(|(hash, _)| *hash != failed).collect();
    assert_eq!(homes(&gone, 100_000, |_| true), during, "removing it then moves nobody");
}

#[test]
fn looks_are_limited_however_many_targets_are_out() {
    let ring = ring(&even(2_000));
    let looks = Cell::new(0);
    let last = |at| {
        looks.set(looks.get() + 1);
        at == 1_999
    };
    for key in keys(100) {
        looks.set(0);
        assert_eq!(ring.pick(key, last), Some(1_999));
        assert!(looks.get() <= 1 + RANKS * SLOTS_TRIED as usize + 2_000, "{}", looks.get());
    }
    assert_eq!(ring.pick(KeyHash(7), |_| false), None);
}

#[test]
fn nobody_has_more_than_the_bound_and_hot_keys_come_home_when_it_is_over() {
    for count in [3, 100] {
        let targets: Targets = (0..count).map(|id| (hash_of(id), 1 + id as u16 % 3)).collect();
        let ring = ring(&targets);
        let loads: Vec<Cell<u32>> = targets.iter().map(|_| Cell::new(0)).collect();
        let hot = KeyHash::of(b"hot");
        let bound = |total| Bound {
            factor: LoadFactor::from_percent(125).unwrap(),
            total,
            weight: ring.weight(),
            in_flight: |at: usize| loads[at].get(),
        };
        for total in 0..2_000 {
            let bound = bound(total);
            let pick = ring.pick_bounded(hot, |_| true, &bound).unwrap();
            assert!(bound.has_room(pick, targets[pick].1), "{pick} of {count} at {total}");
            loads[pick].set(loads[pick].get() + 1);
        }
        let home = ring.pick(hot, |_| true);
        assert_ne!(ring.pick_bounded(hot, |_| true, &bound(2_000)), home);
        loads.iter().for_each(|load| load.set(0));
        assert_eq!(ring.pick_bounded(hot, |_| true, &bound(0)), home);
        loads.iter().for_each(|load| load.set(9));
        assert_eq!(ring.pick_bounded(hot, |_| true, &bound(0)), home, "nobody has room");
    }
}

#[test]
fn a_ring_of_nobody_picks_nobody() {
    for targets in [vec![], vec![(hash_of(1), 0)], (0..50).map(|id| (hash_of(id), 0)).collect()] {
        assert_eq!(ring(&targets).pick(KeyHash(1), |_| true), None, "{targets:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_the_list_does_not_matter(
        mut targets in prop::collection::hash_map(any::<[u8; 16]>(), 0_u16..=999, 1..20)
            .prop_map(|map| map.into_iter().map(|(id, weight)| (TargetHash(id), weight)).collect::<Targets>()),
        out in any::<[u8; 16]>(),
    ) {
        let may = |hash: TargetHash| hash.0[0] > out[0] / 2;
        let before = homes(&targets, 200, may);
        targets.reverse();
        prop_assert_eq!(homes(&targets, 200, may), before);
    }

    #[test]
    fn another_weight_moves_keys_to_or_from_its_target_only(
        weights in prop::collection::vec(0_u16..=999, 1..16),
        changed in any::<prop::sample::Index>(),
        weight in 0_u16..=999,
    ) {
        let mut targets: Targets = weights.iter().zip(0..).map(|(w, id)| (hash_of(id), *w)).collect();
        let before = homes(&targets, 500, |_| true);
        let changed = changed.get_mut(&mut targets);
        let (hash, is_more) = (changed.0, weight > changed.1);
        changed.1 = weight;
        for (before, after) in before.iter().zip(homes(&targets, 500, |_| true)) {
            let winner = if is_more { after } else { *before };
            prop_assert!(*before == after || winner == Some(hash), "{before:?} to {after:?}");
        }
    }

    #[test]
    fn removing_targets_that_are_out_moves_nobody(
        weights in prop::collection::vec(1_u16..=999, 5..16),
        out in prop::collection::vec(any::<prop::sample::Index>(), 1..RANKS),
    ) {
        let targets: Targets = weights.iter().zip(0..).map(|(w, id)| (hash_of(id), *w)).collect();
        let out: Vec<_> = out.iter().map(|at| at.get(&targets).0).collect();
        let before = homes(&targets, 500, |hash| !out.contains(&hash));
        let rest: Targets = targets.into_iter().filter(|(hash, _)| !out.contains(hash)).collect();
        prop_assert_eq!(homes(&rest, 500, |_| true), before);
    }
}
