//! Picks among eligible targets, at a cost that does not grow with their number.
//!
//! Rank 1: pure. Targets are indexes into the caller's list; loads, eligibility, positions and random numbers come from the
//! caller, so that cores share nothing and a reload keeps its place in the turn.
//!
//! ```
//! use clingfish_balance::{Cursor, Schedule, next_in_turn};
//!
//! let schedule = Schedule::new(&[2, 1, 1]);
//! let mut cursor = Cursor::default();
//! let picks: Vec<_> = (0..4).filter_map(|_| next_in_turn(&schedule, &mut cursor, |target| target != 2)).collect();
//! assert_eq!(picks, [0, 1, 0, 0]);
//! ```

mod bound;
mod key_hash;
mod lottery;
mod mitigation;
mod pick;
mod ring;
mod schedule;
mod share;
mod slow_start;

pub use bound::Bound;
pub use clingfish_model::stickiness::LoadFactor;
pub use key_hash::KeyHash;
pub use lottery::{DRAWS_MAX, Lottery};
pub use mitigation::{CALM_LOOKS, Mitigation};
pub use pick::{LOOK_AT_ALL_MAX, SAMPLES, least_outstanding, next_in_turn};
pub use ring::{MEMBERS_MAX, RANKS, Ring, SLOTS, SLOTS_TRIED};
pub use schedule::{Cursor, SLOTS_MAX, Schedule};
pub use share::Share;
pub use slow_start::{Fitness, SlowStarts};

const SPLIT_MIX_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64: turns one random number into as many as are needed.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(SPLIT_MIX_STEP);
    clingfish_model::mix(*state)
}
