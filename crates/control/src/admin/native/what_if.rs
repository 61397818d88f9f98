//! What a change would do to the sessions that live now, before it is made.

mod carriers;
mod keys;

use std::{collections::HashMap, time::Duration};

use clingfish_affinity::Policy;
use clingfish_model::{
    DesiredState, Stickiness, TargetGroup, TargetHash, TargetId, limits::TARGETS_MAX,
};
use clingfish_snapshot::{Group, LiveSessions, Snapshot, Target, policy_of};
use serde_json::{Value, json};

use self::{
    carriers::{Understood, understood},
    keys::{Fall, falls},
};
use super::groups::live_now;
use crate::clock;

/// What would become of the sessions of one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fate {
    sessions: u64,
    /// Find a new home, or another one.
    moves: u64,
    /// Are over, as nothing tells any more where they live.
    ends: u64,
    /// Those, and those of which only their clients know whether they are over.
    ends_max: u64,
}

/// What becomes of the sessions of all groups that a change concerns.
pub(super) fn told(snapshot: &Snapshot, before: &DesiredState, after: &DesiredState) -> Value {
    let mut targets = Vec::new();
    let (mut all, mut is_exact) = (Fate::default(), true);
    for old in &before.target_groups {
        let new = after.target_group(&old.name);
        let Some(group) = snapshot.group(&old.name).filter(|_| new != Some(old)) else { continue };
        let change = Change::new(group, new);
        for (target, live) in group.targets.iter().zip(sessions(group)) {
            let id = old.targets.get(target.origin).map(|configured| &configured.id);
            let fate = change.fate(target, id, live);
            is_exact &= live.is_exact && change.falls.is_none() && fate.ends == fate.ends_max;
            all.sessions += fate.sessions;
            all.moves += fate.moves;
            all.ends += fate.ends;
            all.ends_max += fate.ends_max;
            targets.push(json!({
                "target_group": old.name.as_str(),
                "id": target.id.as_str(),
                "sessions": fate.sessions,
                "moves": fate.moves,
                "ends": fate.ends,
                "ends_max": fate.ends_max,
            }));
        }
    }
    let Fate { sessions, moves, ends, ends_max } = all;
    json!({
        "sessions": sessions,
        "moves": moves,
        "ends": ends,
        "ends_max": ends_max,
        "exact": is_exact,
        "targets": targets,
    })
}

/// Those of each target. Where nothing is sticky there are none, though targets may remember some from before.
fn sessions(group: &Group) -> Vec<LiveSessions> {
    if group.is_sticky() {
        return live_now(group);
    }
    vec![LiveSessions { is_exact: true, ..LiveSessions::default() }; group.targets.len()]
}

/// What is different about one group.
#[derive(Debug)]
struct Change<'a> {
    /// None where it is gone.
    after: Option<&'a TargetGroup>,
    understood: Understood,
    /// None where sessions may stay away for as long as before.
    kept: Option<Kept>,
    /// Where each target's keys would fall; none where nothing is hashed.
    falls: Option<HashMap<TargetHash, Fall>>,
}

/// Sessions of each target that a shorter duration leaves.
#[derive(Debug)]
struct Kept {
    /// Seen within it.
    at_most: HashMap<TargetHash, u64>,
    /// Seen so lately that what their clients hold is young enough too.
    at_least: HashMap<TargetHash, u64>,
}

impl<'a> Change<'a> {
    fn new(group: &Group, after: Option<&'a TargetGroup>) -> Self {
        let old = &group.spec.stickiness;
        let understood =
            after.map_or(Understood::Nothing, |after| understood(old, &after.stickiness));
        let lasting = after.filter(|_| understood != Understood::Nothing);
        let is_hashed = matches!(old, Stickiness::Hash(_));
        Self {
            after,
            understood,
            kept: lasting.and_then(|after| Kept::of(group, &after.stickiness)),
            falls: lasting.filter(|_| is_hashed).map(|after| falls(group, after)),
        }
    }

    /// Of the sessions of one target, which has that id in the file.
    fn fate(&self, target: &Target, id: Option<&TargetId>, live: LiveSessions) -> Fate {
        let sessions = live.in_duration;
        let fate = |moves, ends, ends_max| Fate { sessions, moves, ends, ends_max };
        let Some(after) = self.after.filter(|_| self.understood != Understood::Nothing) else {
            return fate(0, sessions, sessions);
        };
        if let Some(falls) = &self.falls {
            let fall = falls.get(&target.hash).copied().unwrap_or_default();
            let part = |part: f64| ((sessions as f64 * part).round() as u64).min(sessions);
            let ends = part(fall.nowhere);
            return fate(part(fall.elsewhere).min(sessions - ends), ends, ends);
        }
        let of_target = |kept: fn(&Kept) -> &HashMap<TargetHash, u64>| match &self.kept {
            Some(all) => kept(all).get(&target.hash).copied().unwrap_or_default().min(sessions),
            None => sessions,
        };
        let ends = sessions - of_target(|kept| &kept.at_most);
        let ends_max = match self.understood {
            Understood::All => sessions - of_target(|kept| &kept.at_least),
            Understood::Some | Understood::Nothing => sessions,
        };
        let is_there = after.targets.iter().any(|one| Some(&one.id) == id);
        let mut rest = after.targets.iter();
        if is_there {
            fate(0, ends, ends_max)
        } else if rest.any(|one| !one.drain && one.weight.value() > 0) {
            fate(sessions - ends, ends, ends_max)
        } else {
            // There is nowhere to go.
            fate(0, sessions, sessions)
        }
    }
}

impl Kept {
    /// None where the new stickiness lets sessions stay away for as long as the old one.
    fn of(group: &Group, new: &Stickiness) -> Option<Self> {
        let limit = limit(new, policy_of(new, group.hash).as_ref());
        let before = Self::limit_before(group);
        if limit >= before {
            return None;
        }
        let within = |window| match group.learned() {
            Some(learned) => {
                learned.table.count_by_target(clock::wall(), window, TARGETS_MAX).by_target
            }
            None => {
                let count =
                    |target: &Target| (target.hash, target.cell.sessions().estimate(window));
                group.targets.iter().map(count).collect()
            }
        };
        let lag = lag(&group.spec.stickiness, group.policy.as_ref());
        // A window of nothing would still hold whoever is counted at this moment.
        let at_least = limit.checked_sub(lag).filter(|window| !window.is_zero());
        Some(Self { at_most: within(limit), at_least: at_least.map(within).unwrap_or_default() })
    }

    fn limit_before(group: &Group) -> Duration {
        limit(&group.spec.stickiness, group.policy.as_ref())
    }
}

/// How long a session may stay away: as a table counts it, else as tokens are judged.
fn limit(stickiness: &Stickiness, policy: Option<&Policy>) -> Duration {
    match stickiness {
        Stickiness::Learn(learn) => learn.duration,
        _ => policy.map_or(Duration::MAX, Policy::idle_limit),
    }
}

/// How much longer ago a client's token may have been written than its last visit was.
fn lag(stickiness: &Stickiness, policy: Option<&Policy>) -> Duration {
    match (stickiness, policy) {
        // A table notes every visit, and such cookies are written with every answer.
        (Stickiness::Learn(_), _) | (_, None) => Duration::ZERO,
        (_, Some(policy)) if policy.is_alb() => Duration::ZERO,
        // The application decides when its cookie is set, and ours with it.
        (Stickiness::AppCookie(_), Some(policy)) => policy.idle_limit(),
        (_, Some(policy)) => policy.renew_after(),
    }
}
