//! What a change would do to the sessions that live now, before it is made.

use std::collections::HashMap;

use clingfish_balance::{KeyHash, Ring};
use clingfish_model::{
    DesiredState, Stickiness, TargetGroup, TargetHash, TargetId,
    limits::{LIVE_SESSION_WINDOW, TARGETS_MAX},
    stickiness::{CookieStyle, LbCookie},
};
use clingfish_snapshot::{Group, LiveSessions, Snapshot, Target};
use serde_json::{Value, json};

use super::groups::live_now;
use crate::clock;

/// Keys that are tried to see how many would fall elsewhere: 0.4 % of all, more or less.
const KEYS_TRIED: u64 = 16_384;

/// What would become of the sessions of one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fate {
    sessions: u64,
    /// Find a new home, or another one.
    moves: u64,
    /// Are over, as nothing tells any more where they live.
    ends: u64,
}

/// What becomes of the sessions of all groups that a change concerns.
pub(super) fn told(snapshot: &Snapshot, before: &DesiredState, after: &DesiredState) -> Value {
    let mut targets = Vec::new();
    let (mut all, mut is_exact) = (Fate::default(), true);
    for old in &before.target_groups {
        let new = after.target_group(&old.name);
        let Some(group) = snapshot.group(&old.name).filter(|_| new != Some(old)) else { continue };
        let change = Change::new(group, new);
        for (target, sessions) in group.targets.iter().zip(live_now(group)) {
            let id = old.targets.get(target.origin).map(|configured| &configured.id);
            let fate = change.fate(target, id, sessions);
            is_exact &= sessions.is_exact && change.moved.is_none();
            all.sessions += fate.sessions;
            all.moves += fate.moves;
            all.ends += fate.ends;
            targets.push(json!({
                "target_group": old.name.as_str(),
                "id": target.id.as_str(),
                "sessions": fate.sessions,
                "moves": fate.moves,
                "ends": fate.ends,
            }));
        }
    }
    let Fate { sessions, moves, ends } = all;
    json!({ "sessions": sessions, "moves": moves, "ends": ends, "exact": is_exact, "targets": targets })
}

/// What is different about one group.
#[derive(Debug)]
struct Change<'a> {
    /// None where it is gone.
    after: Option<&'a TargetGroup>,
    /// What says where a session lives is no longer understood.
    is_forgotten: bool,
    /// How many of each target's sessions are within a duration that is shorter than before; none where it is not.
    kept: Option<HashMap<TargetHash, u64>>,
    /// The part of each target's keys that would fall to another one; none where nothing is hashed.
    moved: Option<HashMap<TargetHash, f64>>,
}

impl<'a> Change<'a> {
    fn new(group: &Group, after: Option<&'a TargetGroup>) -> Self {
        let (old, new) = (&group.spec.stickiness, after.map(|after| &after.stickiness));
        let is_forgotten = new.is_none_or(|new| carrier(old) != carrier(new));
        let duration = new.and_then(Stickiness::duration).unwrap_or(LIVE_SESSION_WINDOW);
        let is_shorter = !is_forgotten && duration < group.session_window();
        let kept = is_shorter.then(|| match group.learned() {
            Some(learned) => {
                learned.table.count_by_target(clock::wall(), duration, TARGETS_MAX).by_target
            }
            None => {
                let count =
                    |target: &Target| (target.hash, target.cell.sessions().estimate(duration));
                group.targets.iter().map(count).collect()
            }
        });
        let is_hashed = !is_forgotten && matches!(old, Stickiness::Hash(_));
        let moved = after.filter(|_| is_hashed).map(|after| moved_keys(group, after));
        Self { after, is_forgotten, kept, moved }
    }

    /// Of the sessions of one target, which has that id in the file.
    fn fate(&self, target: &Target, id: Option<&TargetId>, live: LiveSessions) -> Fate {
        let sessions = live.in_duration;
        let fate = |moves: u64, ends: u64| Fate { sessions, moves: moves.min(sessions), ends };
        let mut staying = self.after.into_iter().flat_map(|after| &after.targets).peekable();
        let is_alone = staying.peek().is_none();
        let is_there = staying.any(|one| Some(&one.id) == id);
        if self.is_forgotten {
            return fate(0, sessions);
        }
        if let Some(moved) = &self.moved {
            let part = moved.get(&target.hash).copied().unwrap_or_default();
            return fate((sessions as f64 * part).round() as u64, 0);
        }
        let kept = self.kept.as_ref().and_then(|kept| kept.get(&target.hash)).copied();
        let ends = sessions - kept.unwrap_or(sessions).min(sessions);
        if is_there {
            return fate(0, ends);
        }
        // With nobody else, there is nowhere to go.
        if is_alone { fate(0, sessions) } else { fate(sessions - ends, ends) }
    }
}

/// By what sessions are known, but for what their cookies look like and how long they last.
fn carrier(stickiness: &Stickiness) -> String {
    let cookie = |cookie: &LbCookie| match &cookie.style {
        CookieStyle::Clingfish(shape) => shape.attributes().name.clone(),
        CookieStyle::Alb => "AWSALB".to_owned(),
        CookieStyle::Classic { .. } => "AWSELB".to_owned(),
    };
    match stickiness {
        Stickiness::Off => "off".to_owned(),
        Stickiness::LbCookie(token) => format!("cookie {}", cookie(token)),
        Stickiness::AppCookie(app) => format!("app {:?} {}", app.name, cookie(&app.token)),
        Stickiness::Header(header) => format!("header {:?} {:?}", header.name(), header.query()),
        Stickiness::Hash(hash) => format!("hash {:?}", hash.key),
        Stickiness::Route(route) => format!("route {route:?}"),
        Stickiness::Learn(learn) => format!("learn {:?}", learn.places),
        Stickiness::Wrap(wrap) => format!("wrap {:?}", wrap.carrier),
    }
}

/// Which part of each target's keys would fall to another one.
fn moved_keys(group: &Group, after: &TargetGroup) -> HashMap<TargetHash, f64> {
    let now: Vec<_> =
        group.targets.iter().map(|t| (t.hash, t.weight.value(), t.drains())).collect();
    // What a target announces is not changed by anything but the target.
    let announces = |hash| {
        let target = group.find(hash).and_then(|index| group.targets.get(index));
        target.is_some_and(|target| target.cell.announces_drain())
    };
    let then = after.targets.iter().map(|t| (t.id.hash(), t.weight.value(), t.drain));
    let then: Vec<_> =
        then.map(|(hash, weight, drain)| (hash, weight, drain || announces(hash))).collect();
    let ring = |all: &[(TargetHash, u16, bool)]| {
        Ring::new(all.iter().map(|(hash, weight, _)| (*hash, *weight)))
    };
    let (ring_now, ring_then) = (ring(&now), ring(&then));
    let mut counts: HashMap<TargetHash, (u64, u64)> = HashMap::new();
    for number in 0..KEYS_TRIED {
        let key = KeyHash::of(&number.to_le_bytes());
        let home = |ring: &Ring, all: &[(TargetHash, u16, bool)]| {
            let takes = |at: usize| all.get(at).is_some_and(|(.., drain)| !drain);
            ring.pick(key, takes).and_then(|at| all.get(at)).map(|(hash, ..)| *hash)
        };
        if let Some(before) = home(&ring_now, &now) {
            let (tried, moved) = counts.entry(before).or_default();
            *tried += 1;
            *moved += u64::from(home(&ring_then, &then) != Some(before));
        }
    }
    counts.into_iter().map(|(hash, (tried, moved))| (hash, moved as f64 / tried as f64)).collect()
}
