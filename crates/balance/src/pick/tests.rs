use std::cell::Cell;

use proptest::prelude::*;

use super::*;

fn picks(count: usize, mut pick: impl FnMut(u64) -> Option<usize>) -> Vec<usize> {
    let mut state = 7;
    (0..count).map(|_| pick(split_mix(&mut state)).unwrap()).collect()
}

fn shares(targets: usize, picks: &[usize]) -> Vec<usize> {
    let mut shares = vec![0; targets];
    for pick in picks {
        shares[*pick] += 1;
    }
    shares
}

#[test]
fn ineligible_targets_lose_their_turn_and_the_others_share_it_evenly() {
    let schedule = Schedule::new(&[1; 10]);
    let mut cursor = Cursor::default();
    let picks = picks(80, |_| next_in_turn(&schedule, &mut cursor, |target| target < 8));
    assert_eq!(shares(10, &picks), [10, 10, 10, 10, 10, 10, 10, 10, 0, 0]);
}

#[test]
fn a_new_schedule_goes_on_where_the_cursor_is() {
    let mut cursor = Cursor(4);
    assert_eq!(next_in_turn(&Schedule::new(&[1; 3]), &mut cursor, |_| true), Some(1));
    assert_eq!(next_in_turn(&Schedule::new(&[1; 4]), &mut cursor, |_| true), Some(1));
    assert_eq!(cursor, Cursor(6));
}

#[test]
fn nobody_eligible_is_nobody_picked() {
    for count in [0, 1, 5, 100] {
        let schedule = Schedule::new(&vec![1; count]);
        let mut cursor = Cursor(3);
        assert_eq!(next_in_turn(&schedule, &mut cursor, |_| false), None);
        assert_eq!(least_outstanding(&schedule, &mut cursor, 1, |_| false, |_| 0), None);
        assert_eq!(cursor, Cursor(3), "the turn is not lost");
    }
    assert_eq!(
        least_outstanding(&Schedule::new(&[0; 40]), &mut Cursor(0), 1, |_| true, |_| 0),
        None
    );
    assert_eq!(
        least_outstanding(&Schedule::new(&[0; 4]), &mut Cursor(0), 1, |_| true, |_| 0),
        None
    );
}

#[test]
fn steps_of_a_turn_do_not_grow_with_the_targets() {
    for count in [10_usize, 1_000, 10_000] {
        let schedule = Schedule::new(&vec![1; count]);
        let (mut cursor, steps) = (Cursor::default(), Cell::new(0));
        for _ in 0..count {
            next_in_turn(&schedule, &mut cursor, |target| {
                steps.set(steps.get() + 1);
                target >= count / 2
            });
        }
        assert_eq!(steps.get(), 2 * count, "two steps a pick with half of {count} out");
    }
}

#[test]
fn looks_of_least_outstanding_do_not_grow_with_the_targets() {
    for count in [33, 1_000, 10_000] {
        let (schedule, looks) = (Schedule::new(&vec![1; count]), Cell::new(0));
        let busy = |_| {
            looks.set(looks.get() + 1);
            3
        };
        least_outstanding(&schedule, &mut Cursor(0), 99, |_| true, busy);
        assert_eq!(looks.get(), SAMPLES, "{count}");
    }
}

#[test]
fn the_least_busy_for_its_weight_is_picked() {
    for (weights, loads, expected) in [
        (&[1, 1, 1][..], &[2, 1, 3][..], 1),
        (&[1, 4], &[1, 3], 1),
        (&[1, 4], &[1, 5], 0),
        (&[0, 1], &[0, 9], 1),
        (&[1, 1], &[u32::MAX, u32::MAX - 1], 1),
    ] {
        let pick =
            least_outstanding(&Schedule::new(weights), &mut Cursor(0), 5, |_| true, |at| loads[at]);
        assert_eq!(pick, Some(expected), "{weights:?} {loads:?}");
    }
}

#[test]
fn idle_targets_take_turns_by_weight() {
    let schedule = Schedule::new(&[2, 1, 1]);
    let mut cursor = Cursor::default();
    let picks =
        picks(8, |random| least_outstanding(&schedule, &mut cursor, random, |_| true, |_| 0));
    assert_eq!(shares(3, &picks), [4, 2, 2]);
}

#[test]
fn idle_targets_of_a_large_group_share_evenly() {
    let schedule = Schedule::new(&[1; 50]);
    let mut cursor = Cursor::default();
    let picks =
        picks(50_000, |random| least_outstanding(&schedule, &mut cursor, random, |_| true, |_| 0));
    for (target, share) in shares(50, &picks).into_iter().enumerate() {
        assert!((800..1200).contains(&share), "target {target} got {share} of 1000");
    }
}

#[test]
fn a_large_group_fills_evenly() {
    let schedule = Schedule::new(&[1; 100]);
    let (mut cursor, loads) = (Cursor::default(), vec![Cell::new(0_u32); 100]);
    picks(1_000, |random| {
        let pick =
            least_outstanding(&schedule, &mut cursor, random, |_| true, |at| loads[at].get())?;
        loads[pick].set(loads[pick].get() + 1);
        Some(pick)
    });
    let most = loads.iter().map(Cell::get).max().unwrap();
    assert!(most <= 12, "the busiest has {most} where 10 is even");
}

proptest! {
    #[test]
    fn an_ineligible_target_is_never_picked_and_an_eligible_one_always_found(
        targets in prop::collection::vec((0_u16..=9, any::<bool>(), 0_u32..5), 0..60),
        position: u64,
        random: u64,
    ) {
        let weights: Vec<u16> = targets.iter().map(|(weight, ..)| *weight).collect();
        let schedule = Schedule::new(&weights);
        let may = |at: usize| targets[at].1;
        let someone = targets.iter().any(|(weight, eligible, _)| *weight > 0 && *eligible);
        let mut cursor = Cursor(position);
        for pick in [
            next_in_turn(&schedule, &mut cursor, may),
            least_outstanding(&schedule, &mut cursor, random, may, |at| targets[at].2),
        ] {
            prop_assert_eq!(pick.is_some(), someone);
            prop_assert!(pick.is_none_or(|at| targets[at].1 && targets[at].0 > 0));
        }
    }
}
