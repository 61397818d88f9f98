//! Picking a target.

use std::hint::black_box;

use anyhow::{Context, Result};
use clingfish_balance::{Cursor, Schedule, least_outstanding, next_in_turn};

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    Case { name: "turn_2", what: "round robin among 2 targets", run: |calls| turn(2, calls) },
    Case {
        name: "turn_10000",
        what: "round robin among 10,000 targets",
        run: |calls| turn(10_000, calls),
    },
    Case {
        name: "least_2",
        what: "least outstanding requests among 2 targets",
        run: |calls| least(2, calls),
    },
    Case {
        name: "least_10000",
        what: "least outstanding requests among 10,000 targets",
        run: |calls| least(10_000, calls),
    },
];

fn turn(targets: usize, calls: usize) -> Result<()> {
    let schedule = Schedule::new(&vec![1; targets]);
    let mut cursor = Cursor::default();
    for _ in 0..calls {
        let picked =
            next_in_turn(black_box(&schedule), &mut cursor, |target| black_box(target) < targets);
        black_box(picked.context("everybody is eligible")?);
    }
    Ok(())
}

fn least(targets: usize, calls: usize) -> Result<()> {
    let schedule = Schedule::new(&vec![1; targets]);
    let loads: Vec<u32> = (0..targets).map(|target| target as u32 % 7).collect();
    let load = |target: usize| loads.get(target).copied().unwrap_or_default();
    let mut cursor = Cursor::default();
    for number in 0..calls {
        let random = black_box(number as u64);
        let picked = least_outstanding(black_box(&schedule), &mut cursor, random, |_| true, load);
        black_box(picked.context("everybody is eligible")?);
    }
    Ok(())
}
