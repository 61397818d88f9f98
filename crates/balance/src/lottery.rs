//! Draws targets by chance and weight.

use crate::split_mix;

/// Draws that look for an eligible target before all are looked at.
pub const DRAWS_MAX: usize = 32;

/// An alias table (Walker's, built as Vose does): one draw looks at one column, however many targets there are.
///
/// Each column is shared by two targets, so that all columns are equally likely. Whole numbers only: floats would round
/// differently elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lottery {
    weights: Box<[u16]>,
    columns: Box<[Column]>,
    /// Sum of all weights: what a whole column holds.
    total: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    /// Of [`Lottery::total`], how much of the column is its own target's.
    own: u64,
    /// Whose the rest is.
    other: u32,
}

impl Lottery {
    /// A table of these weights; a target of weight 0 is never drawn.
    pub fn new(weights: &[u16]) -> Self {
        let total = weights.iter().map(|weight| u64::from(*weight)).sum();
        let count = weights.len() as u64;
        let column =
            |(weight, at): (&u16, u32)| Column { own: u64::from(*weight) * count, other: at };
        let mut columns: Box<[Column]> = weights.iter().zip(0..).map(column).collect();
        fill(&mut columns, total);
        Self { weights: weights.into(), columns, total }
    }

    /// The target that a random number stands for; none where all weights are 0.
    pub fn draw(&self, random: u64) -> Option<usize> {
        if self.total == 0 {
            return None;
        }
        let column = (u64::from((random >> 32) as u32) * self.columns.len() as u64) >> 32;
        // Below 2^32 weights in all: at most 10,000 targets of at most 65,535.
        let coin = (u64::from(random as u32) * self.total) >> 32;
        let Column { own, other } = self.columns.get(column as usize)?;
        Some(if coin < *own { column as usize } else { *other as usize })
    }

    /// Draws until the target is eligible.
    ///
    /// # Cost
    ///
    /// One draw where everybody is. After [`DRAWS_MAX`] in vain, the first eligible one from the last draw onwards, so
    /// that one is found if there is any; a caller that knows that nobody is eligible should not ask.
    pub fn draw_eligible(&self, random: u64, eligible: impl Fn(usize) -> bool) -> Option<usize> {
        let (mut number, mut seed) = (random, random);
        let mut last = 0;
        for _ in 0..DRAWS_MAX {
            last = self.draw(number)?;
            if eligible(last) {
                return Some(last);
            }
            number = split_mix(&mut seed);
        }
        let takes_part = |at: &usize| self.weights.get(*at).is_some_and(|weight| *weight > 0);
        let count = self.weights.len();
        (last..count).chain(0..last).filter(takes_part).find(|at| eligible(*at))
    }
}

/// Fills up each column that its own target leaves partly empty, from one that has more than a column.
fn fill(columns: &mut [Column], total: u64) {
    let (mut poor, mut rich): (Vec<u32>, Vec<u32>) =
        (0..columns.len() as u32).partition(|at| own(columns, *at) < total);
    while let (Some(taker), Some(giver)) = (poor.pop(), rich.last().copied()) {
        let missing = total - own(columns, taker);
        if let Some(column) = columns.get_mut(taker as usize) {
            column.other = giver;
        }
        if let Some(column) = columns.get_mut(giver as usize) {
            column.own -= missing;
        }
        if own(columns, giver) < total {
            rich.pop();
            poor.push(giver);
        }
    }
}

fn own(columns: &[Column], at: u32) -> u64 {
    columns.get(at as usize).map_or(0, |column| column.own)
}

#[cfg(test)]
mod tests;
