//! The homes of all slots, worked out once for groups in which looking at every target would take too long.

use super::{RANKS, SLOTS, member::Member};

/// Stands for no claim: larger than all.
const NONE: u64 = u64::MAX;

/// The smallest claims to one slot, in order.
pub(super) type Claims = [u64; RANKS];

/// For each slot the positions of the targets with the smallest claims, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table(Box<[[u16; RANKS]]>);

impl Table {
    /// Of more than [`RANKS`] members, so that every slot has as many.
    ///
    /// Lets each target make its claims in the order of its turns up to a time by which most slots have enough. What is found is what
    /// looking at each slot finds, whatever that time is.
    pub(super) fn new(members: &[Member]) -> Self {
        let horizon = horizon(members);
        let mut slots = vec![[NONE; RANKS]; SLOTS as usize];
        for member in members {
            claim_until(horizon, member, &mut slots);
        }
        let settle = |(claims, slot): (Claims, u32)| {
            let is_short = claims.last() == Some(&NONE);
            let claims = if is_short { smallest(members, slot) } else { claims };
            claims.map(|claim| member_of(members, claim).map_or(0, |member| member.position))
        };
        Self(slots.into_iter().zip(0..).map(settle).collect())
    }

    /// The targets of a slot, in order.
    pub(super) fn row(&self, slot: u32) -> &[u16] {
        self.0.get(slot as usize).map_or(&[], |row| row)
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// Looks at every member for one slot.
pub(super) fn smallest(members: &[Member], slot: u32) -> Claims {
    let mut claims = [NONE; RANKS];
    for member in members {
        insert(&mut claims, member.claim(slot));
    }
    claims
}

/// Whose claim it is.
pub(super) fn member_of(members: &[Member], claim: u64) -> Option<&Member> {
    if claim == NONE { None } else { members.get(usize::from(claim as u16)) }
}

fn claim_until(horizon: u64, member: &Member, slots: &mut [Claims]) {
    let route = member.route();
    for turn in 0..member.turns_until(horizon) {
        let slot = route.slot(turn);
        let claim = member.claim_at(slot, turn);
        // Beyond, others may have claims that are not made.
        if claim <= horizon
            && let Some(claims) = slots.get_mut(slot as usize)
        {
            insert(claims, claim);
        }
    }
}

/// Keeps the smallest ones, in order.
fn insert(claims: &mut Claims, mut claim: u64) {
    for held in claims {
        (*held, claim) = ((*held).min(claim), (*held).max(claim));
    }
}

/// A claim by which the average slot has enough others before it.
///
/// A matter of speed only. Slots that are still short of claims then are settled one by one, at a cost that grows with the members:
/// so the more there are, the fewer such slots should be left.
fn horizon(members: &[Member]) -> u64 {
    let made_by = |time: f64| -> f64 {
        members.iter().map(|member| 1.0 - (-f64::from(member.weight) * time).exp()).sum()
    };
    let count = members.len() as f64;
    let aim = (2.0 + 1.3 * count.ln()).min(count / 2.0);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if made_by(middle) < aim { low = middle } else { high = middle }
    }
    // Each member has made half of its claims by ln 2, so the aim is met before 1. Times are binary logarithms in 2^-43.
    (high / std::f64::consts::LN_2 * 2_f64.powi(43)) as u64 * (1 << 16)
}
