use proptest::prelude::*;

use super::*;

fn cycle(schedule: &Schedule) -> Vec<usize> {
    (0..schedule.len() as u64).map(|position| schedule.at(position).unwrap()).collect()
}

#[test]
fn the_order_never_changes() {
    for (weights, expected) in [
        (&[1, 1, 1][..], &[0, 1, 2][..]),
        (&[7, 7], &[0, 1]),
        (&[5, 1, 1], &[0, 1, 0, 0, 0, 2, 0]),
        (&[3, 1], &[0, 0, 1, 0]),
        (&[4, 2, 6], &[2, 0, 2, 1, 0, 2]),
        (&[0, 1, 0, 2], &[3, 1, 3]),
        (&[100, 300, 200], &[1, 2, 1, 0, 2, 1]),
        (&[0, 0], &[]),
        (&[], &[]),
    ] {
        assert_eq!(cycle(&Schedule::new(weights)), expected, "{weights:?}");
    }
}

#[test]
fn the_cycle_repeats_for_ever() {
    let schedule = Schedule::new(&[2, 1]);
    for position in [0, 1, 2, 1_000_000, u64::MAX] {
        assert_eq!(schedule.at(position), schedule.at(position % 3));
    }
    assert_eq!(Schedule::new(&[0]).at(9), None);
}

#[test]
fn many_light_targets_do_not_crowd_together() {
    let mut weights = vec![1; 101];
    weights[0] = 100;
    let order = cycle(&Schedule::new(&weights));
    let longest = order.split(|target| *target == 0).map(<[_]>::len).max();
    assert_eq!(longest, Some(1));
}

#[test]
fn weights_beyond_the_limit_are_scaled_and_nobody_is_forgotten() {
    let weights: Vec<u16> = (0..10_000).map(|at| if at % 2 == 0 { 999 } else { 1 }).collect();
    let schedule = Schedule::new(&weights);
    assert!(schedule.len() <= SLOTS_MAX, "{}", schedule.len());
    let mut seen = vec![0; weights.len()];
    for target in cycle(&schedule) {
        seen[target] += 1;
    }
    assert!(seen.iter().skip(1).step_by(2).all(|slots| *slots == 1));
    assert!(seen.iter().step_by(2).all(|slots| *slots == seen[0] && *slots > 5));
}

proptest! {
    #[test]
    fn each_target_gets_exactly_its_share(weights in prop::collection::vec(0_u16..=60, 0..24)) {
        let schedule = Schedule::new(&weights);
        let mut seen = vec![0_usize; weights.len()];
        for target in cycle(&schedule) {
            seen[target] += 1;
        }
        let total: usize = weights.iter().map(|weight| usize::from(*weight)).sum();
        for (target, slots) in seen.iter().enumerate() {
            prop_assert_eq!(slots * total, usize::from(weights[target]) * schedule.len());
        }
    }

    #[test]
    fn nobody_waits_much_longer_than_a_fair_distance(
        weights in prop::collection::vec(0_u16..=60, 1..24),
    ) {
        let schedule = Schedule::new(&weights);
        let mut distinct: Vec<_> = weights.iter().filter(|weight| **weight > 0).collect();
        distinct.sort();
        distinct.dedup();
        let total: usize = weights.iter().map(|weight| usize::from(*weight)).sum();
        let order = cycle(&schedule);
        for (target, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let turns: Vec<_> = (0..2 * order.len()).filter(|at| order[at % order.len()] == target).collect();
            let fair = total.div_ceil(usize::from(*weight));
            for gap in turns.windows(2).map(|pair| pair[1] - pair[0]) {
                prop_assert!(gap <= fair + distinct.len(), "{gap} slots between turns of {target}, fair {fair}");
            }
        }
    }
}
