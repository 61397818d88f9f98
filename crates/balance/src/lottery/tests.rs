use std::cell::Cell;

use proptest::prelude::*;

use super::*;

/// Of as many draws as the weights say, spread evenly over all random numbers, how many each target gets.
fn shares(lottery: &Lottery, targets: usize, draws: usize) -> Vec<usize> {
    let mut shares = vec![0; targets];
    let mut seed = 11;
    for _ in 0..draws {
        shares[lottery.draw(split_mix(&mut seed)).unwrap()] += 1;
    }
    shares
}

#[test]
fn draws_follow_the_weights() {
    for (weights, expected) in [
        (&[1, 1][..], &[0.5, 0.5][..]),
        (&[3, 1], &[0.75, 0.25]),
        (&[0, 1, 0], &[0.0, 1.0, 0.0]),
        (&[64, 64, 1], &[0.496, 0.496, 0.008]),
        (&[63_936, 64, 64, 64], &[0.997, 0.001, 0.001, 0.001]),
    ] {
        let shares = shares(&Lottery::new(weights), weights.len(), 100_000);
        for (share, expected) in shares.iter().zip(expected) {
            let share = *share as f64 / 100_000.0;
            assert!((share - expected).abs() < 0.005, "{share} of {expected} with {weights:?}");
        }
    }
}

#[test]
fn nobody_to_draw_is_nobody_drawn() {
    for weights in [&[][..], &[0], &[0, 0]] {
        let lottery = Lottery::new(weights);
        assert_eq!(lottery.draw(7), None, "{weights:?}");
        assert_eq!(lottery.draw_eligible(7, |_| true), None, "{weights:?}");
    }
    assert_eq!(Lottery::new(&[1; 20]).draw_eligible(7, |_| false), None);
}

#[test]
fn looks_of_a_draw_do_not_grow_with_the_targets() {
    for count in [3_usize, 1_000, 10_000] {
        let (lottery, looks) = (Lottery::new(&vec![64; count]), Cell::new(0));
        let mut seed = 5;
        for _ in 0..1_000 {
            lottery.draw_eligible(split_mix(&mut seed), |target| {
                looks.set(looks.get() + 1);
                target >= count / 2
            });
        }
        assert!(looks.get() < 3_000, "{} looks in 1000 draws among {count}", looks.get());
    }
}

proptest! {
    /// The probability of each target is exactly its weight's share: its parts of all columns add up to it.
    #[test]
    fn columns_hold_exactly_the_weights(weights in prop::collection::vec(0_u16..=63_936, 1..80)) {
        let lottery = Lottery::new(&weights);
        let mut held = vec![0_u64; weights.len()];
        for (at, column) in lottery.columns.iter().enumerate() {
            prop_assert!(column.own <= lottery.total);
            held[at] += column.own;
            held[column.other as usize] += lottery.total - column.own;
        }
        for (held, weight) in held.iter().zip(&weights) {
            prop_assert_eq!(*held, u64::from(*weight) * weights.len() as u64);
        }
    }

    #[test]
    fn an_ineligible_target_is_never_drawn_and_an_eligible_one_always_found(
        targets in prop::collection::vec((0_u16..4, any::<bool>()), 0..60),
        random: u64,
    ) {
        let weights: Vec<u16> = targets.iter().map(|(weight, _)| *weight).collect();
        let drawn = Lottery::new(&weights).draw_eligible(random, |at| targets[at].1);
        let someone = targets.iter().any(|(weight, eligible)| *weight > 0 && *eligible);
        prop_assert_eq!(drawn.is_some(), someone);
        if let Some(at) = drawn {
            prop_assert!(targets[at].1 && weights[at] > 0);
        }
    }
}
