//! Groups where a key of the request has its target, which consistent hashing finds.

use std::sync::Arc;

use clingfish_affinity::{Claim, Home, Judgement, Origin, Verdict, find_key};
use clingfish_balance::{Bound, KeyHash, LoadFactor, Ring};
use clingfish_model::{RequestHead, Stickiness, TargetHash, stickiness::HashKey};

use crate::{Group, Loads, Placement, Roster, Target, Tried};

/// How keys find their targets in one group.
///
/// The ring knows what the file says of the targets, and nothing of how they are: health, drains and what a request has tried are
/// asked when a key is placed. So a target that fails costs nothing but its own keys, and they come back with it.
#[derive(Debug)]
pub struct Keys {
    key: HashKey,
    load_factor: Option<LoadFactor>,
    /// What the ring was made of, in the order of the group's targets.
    members: Box<[(TargetHash, u16)]>,
    ring: Arc<Ring>,
    /// Of the whole group, those that are leaving included; none where it has no target.
    load: Option<Arc<Loads>>,
}

impl Keys {
    /// Those of a group, none where its stickiness is another. The ring is taken over from the group before where both have the same
    /// targets with the same weights: making one of many targets takes some 50 ms.
    pub(crate) fn of(group: &Group, previous: Option<&Group>) -> Option<Self> {
        let Stickiness::Hash(affinity) = &group.spec.stickiness else {
            return None;
        };
        let weigh = |target: &Target| {
            if group.has_in_zone(target) { target.weight.value() } else { 0 }
        };
        let members: Box<[_]> =
            group.targets.iter().map(|target| (target.hash, weigh(target))).collect();
        let before = previous.and_then(|previous| previous.keys.as_ref());
        let ring = match before.filter(|before| before.members == members) {
            Some(before) => Arc::clone(&before.ring),
            None => Arc::new(Ring::new(members.iter().copied())),
        };
        Some(Self {
            key: affinity.key.clone(),
            load_factor: affinity.load_factor,
            members,
            ring,
            load: group.targets.first().map(|target| Arc::clone(target.cell.group_load())),
        })
    }

    /// Where keys fall.
    pub fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    pub(crate) fn claim<'a>(
        &self,
        head: RequestHead<'a>,
        origin: impl FnOnce() -> Origin<'a>,
    ) -> Claim {
        let key = find_key(head, &self.key, origin);
        key.map_or(Claim::Nothing, |key| Claim::Keyed(KeyHash::of(key.as_bytes()).0))
    }
}

impl Group {
    /// Where a key goes, and why; none where nobody may have it. With a bound, a home that is too busy is stepped over.
    ///
    /// What is in flight is that of the whole group, targets that drain or fail included: no less than what the eligible ones have,
    /// as [`Bound`] wants it, and known without looking at each.
    pub(crate) fn place_key(&self, key: KeyHash, tried: &Tried) -> Option<Placement> {
        let keys = self.keys.as_ref()?;
        let roster = self.roster();
        let state = |at: usize| self.state_for_keys(at, &roster, tried);
        let may = |at: usize| state(at) == Home::Eligible;
        let home = keys.ring.pick(key, |_| true)?;
        let target = match keys.load_factor {
            None if may(home) => home,
            None => keys.ring.pick(key, may)?,
            Some(factor) => {
                let load = |at: usize| self.targets.get(at).map_or(0, |t| t.cell.in_flight());
                let bound = Bound {
                    factor,
                    total: keys.load.as_ref().map_or(0, |load| load.sum().into()),
                    weight: self.weight_for_keys(&roster, tried),
                    in_flight: load,
                };
                let weight = self.targets.get(home).map_or(0, |target| target.weight.value());
                if may(home) && bound.has_room(home, weight) {
                    home
                } else {
                    keys.ring.pick_bounded(key, may, &bound)?
                }
            }
        };
        let judgement = match state(home) {
            _ if target == home => Judgement::Keep,
            Home::Unhealthy => Judgement::Rehome(Verdict::TargetUnhealthy),
            Home::Draining => Judgement::Rehome(Verdict::TargetDraining),
            Home::Gone => Judgement::Rehome(Verdict::TargetGone),
            Home::Eligible | Home::Refusing => Judgement::Detour,
        };
        Some(Placement { target, judgement: Some(judgement) })
    }

    /// What a target can do for its keys. One that drains has no sessions to keep here: nothing tells a key that it has seen before
    /// from a new one.
    fn state_for_keys(&self, index: usize, roster: &Roster, tried: &Tried) -> Home {
        match self.targets.get(index) {
            None => Home::Gone,
            Some(_) if tried.contains(index) => Home::Refusing,
            Some(target) if target.drain => Home::Draining,
            Some(target) if roster.keeps_keys(target) => Home::Eligible,
            Some(target) if target.cell.announces_drain() => Home::Draining,
            Some(_) => Home::Unhealthy,
        }
    }

    /// Weights of all targets that this request may go to, summed up.
    fn weight_for_keys(&self, roster: &Roster, tried: &Tried) -> u64 {
        let untried = Tried::default();
        let tried =
            tried.iter().filter(|at| self.state_for_keys(*at, roster, &untried) == Home::Eligible);
        let lost = tried.filter_map(|at| self.targets.get(at)).map(|t| u64::from(t.weight.value()));
        roster.keyed_weight.saturating_sub(lost.sum())
    }
}
