//! Weighted forward with group stickiness: which of several groups serves a request, by what it says about its session.

use std::sync::Arc;

use clingfish_affinity::{
    Claim, GroupPolicy, Judgement, KeyRing, Memo, Verdict, judge_group, read_group,
};
use clingfish_model::{
    FieldId, GroupHash, GroupStickiness, Name, RequestHead, UnixMillis, rule::WeightedGroup,
};

use crate::{FirstHome, Group, Target};

/// The groups of a forward that keeps sessions with theirs.
#[derive(Clone, Debug)]
pub struct StickyGroups {
    shares: Box<[Share]>,
    policy: GroupPolicy,
    failover: bool,
}

/// A group and its share of new sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Index of the group in the snapshot.
    pub group: usize,
    /// What tokens call it.
    pub hash: GroupHash,
    /// In proportion to the sum of all.
    pub weight: u16,
}

/// Whom a group can serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Anybody: a healthy target takes new sessions.
    Takes,
    /// Sessions that are there, but no new ones.
    Keeps,
    /// Nobody, or only by failing open.
    #[default]
    Down,
}

/// Which group serves a request, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupChoice {
    /// Index of the group in the snapshot.
    pub group: usize,
    /// What its token will say.
    pub hash: GroupHash,
    /// What became of the claim.
    pub judgement: Judgement,
}

impl StickyGroups {
    /// Compiles a forward; `group` finds the index of a group. None where one is missing.
    pub(crate) fn new(
        groups: &[WeightedGroup],
        stickiness: &GroupStickiness,
        group: impl Fn(&Name) -> Option<usize>,
    ) -> Option<Self> {
        let share = |one: &WeightedGroup| {
            let hash = GroupHash::of(&one.group);
            Some(Share { group: group(&one.group)?, hash, weight: one.weight })
        };
        Some(Self {
            shares: groups.iter().map(share).collect::<Option<_>>()?,
            policy: GroupPolicy::new(stickiness),
            failover: stickiness.failover,
        })
    }

    /// How sessions stay.
    pub fn policy(&self) -> &GroupPolicy {
        &self.policy
    }

    /// What the request says about its group. `first` is what earlier requests of its connection were given.
    pub fn claim(
        &self,
        head: RequestHead<'_>,
        first: Option<&FirstHome>,
        ring: &KeyRing,
        now: UnixMillis,
        memo: &mut Memo,
    ) -> Claim {
        let is_offered = |group| self.shares.iter().any(|share| share.hash == group);
        let cookies = head.values(FieldId::Cookie);
        let claim = read_group(cookies, &self.policy, is_offered, ring, now, memo);
        match first.filter(|first| claim == Claim::Nothing && is_offered(first.group)) {
            Some(first) => first.claim(),
            None => claim,
        }
    }

    /// Chooses the group; see [`choose`]. `groups` are those of the snapshot.
    pub fn choose(
        &self,
        claim: &Claim,
        groups: &[Arc<Group>],
        random: u64,
        now: UnixMillis,
    ) -> Option<GroupChoice> {
        let standing = |group: usize| {
            groups.get(group).map_or(Standing::Down, |group| group.roster().standing)
        };
        let failover = self.failover.then_some(standing);
        choose(judge_claim(self, claim, now), &self.shares, failover, random)
    }
}

fn judge_claim(
    groups: &StickyGroups,
    claim: &Claim,
    now: UnixMillis,
) -> Result<GroupHash, Verdict> {
    let is_offered = |group| groups.shares.iter().any(|share| share.hash == group);
    judge_group(claim, &groups.policy, is_offered, now)
}

/// Chooses the group of one request; `bound` is the group that its claim holds for, or why it holds for none.
///
/// A session stays with its group whatever the weights are: they are about sessions that need a group. `standing` is given where
/// sessions may move: then a session moves away from a group that is [`Standing::Down`], and only groups that take new sessions
/// are chosen, as long as there are any. Without it nobody looks at health here, as at ALB. None only without shares.
pub fn choose(
    bound: Result<GroupHash, Verdict>,
    shares: &[Share],
    standing: Option<impl Fn(usize) -> Standing>,
    random: u64,
) -> Option<GroupChoice> {
    let bound = bound.and_then(|hash| {
        shares.iter().find(|share| share.hash == hash).ok_or(Verdict::ForeignGroup)
    });
    let is = |share: &Share, wanted| {
        standing.as_ref().is_some_and(|standing| standing(share.group) == wanted)
    };
    let verdict = match bound {
        Ok(share) if !is(share, Standing::Down) => return Some(share.chosen(Judgement::Keep)),
        Ok(_) => Verdict::TargetUnhealthy,
        Err(verdict) => verdict,
    };
    let able = draw(shares, random, |share| is(share, Standing::Takes));
    let share = match (able, bound) {
        (Some(share), _) => share,
        // Nobody would be better off elsewhere.
        (None, Ok(share)) => return Some(share.chosen(Judgement::Keep)),
        (None, Err(_)) => draw(shares, random, |_| true).or(shares.first())?,
    };
    Some(share.chosen(Judgement::Rehome(verdict)))
}

/// One of the shares that may be drawn, by weight; none where they have no weight.
fn draw(shares: &[Share], random: u64, may: impl Fn(&Share) -> bool) -> Option<&Share> {
    let drawable = || shares.iter().filter(|share| may(share));
    let sum: u32 = drawable().map(|share| u32::from(share.weight)).sum();
    let ticket = (u128::from(random) * u128::from(sum)) >> 64;
    let mut up_to = 0;
    drawable().find(|share| {
        up_to += u128::from(share.weight);
        ticket < up_to
    })
}

impl Share {
    fn chosen(&self, judgement: Judgement) -> GroupChoice {
        GroupChoice { group: self.group, hash: self.hash, judgement }
    }
}

impl Standing {
    /// By the cells as they are now.
    pub(crate) fn of(group: &Group) -> Self {
        let is_sticky = group.is_sticky();
        let takes = |target: &Target| group.takes_new(target) && target.cell.is_routable();
        // One that has not been checked yet keeps them: after a start, every target is one of these for a moment.
        let keeps = |target: &Target| {
            (is_sticky || group.takes_new(target)) && target.cell.keeps_sessions()
        };
        if group.targets.iter().any(takes) {
            Self::Takes
        } else if group.targets.iter().any(keeps) {
            Self::Keeps
        } else {
            Self::Down
        }
    }
}

#[cfg(test)]
mod tests;
