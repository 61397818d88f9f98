//! Finding the target of a key.

use std::hint::black_box;

use anyhow::{Context, Result};
use clingfish_balance::{Bound, KeyHash, LoadFactor, Ring};
use clingfish_model::TargetId;

use crate::Case;

pub(crate) const CASES: &[Case] = &[
    Case { name: "key_hash", what: "hash of a key of 32 bytes", run: hash },
    Case { name: "ring_2", what: "home of a key among 2 targets", run: |calls| home(2, calls) },
    Case { name: "ring_32", what: "home of a key among 32 targets", run: |calls| home(32, calls) },
    Case {
        name: "ring_10000",
        what: "home of a key among 10,000 targets",
        run: |calls| home(10_000, calls),
    },
    Case {
        name: "ring_bound_10000",
        what: "home of a key among 10,000 targets with bounded load, a quarter full",
        run: |calls| bounded(10_000, calls),
    },
];

fn hash(calls: usize) -> Result<()> {
    for _ in 0..calls {
        black_box(KeyHash::of(black_box(b"0123456789abcdef0123456789abcdef")));
    }
    Ok(())
}

fn ring(targets: usize) -> Result<Ring> {
    let ids = (0..targets).map(|at| Ok((TargetId::new(format!("target-{at}"))?.hash(), 1)));
    Ok(Ring::new(ids.collect::<Result<Vec<_>>>()?))
}

fn keys(calls: usize) -> impl Iterator<Item = KeyHash> {
    // Odd, so that each key falls into a slot of its own.
    (0..calls as u64).map(|at| KeyHash(black_box(at).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

fn home(targets: usize, calls: usize) -> Result<()> {
    let ring = ring(targets)?;
    for key in keys(calls) {
        let picked = black_box(&ring).pick(key, |target| black_box(target) < targets);
        black_box(picked.context("everybody is eligible")?);
    }
    Ok(())
}

fn bounded(targets: usize, calls: usize) -> Result<()> {
    let ring = ring(targets)?;
    let bound = Bound {
        factor: LoadFactor::from_percent(125).context("is legal")?,
        total: 10 * targets as u64 - 1,
        weight: ring.weight(),
        in_flight: |target| if black_box(target) % 4 == 0 { 13 } else { 9 },
    };
    for key in keys(calls) {
        let picked = black_box(&ring).pick_bounded(key, |target| target < targets, &bound);
        black_box(picked.context("three quarters have room")?);
    }
    Ok(())
}
