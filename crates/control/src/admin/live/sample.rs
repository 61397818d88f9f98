//! What was counted and what is true at a moment, and what has changed since another one.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use clingfish_affinity::rfc3339;
use clingfish_model::UnixMillis;
use clingfish_snapshot::Snapshot;
use clingfish_telemetry::{
    Totals,
    meter::{GroupTotals, TargetTotals, WorkerTotals},
    text::TargetFact,
};
use serde_json::{Value, json};

use crate::{
    clock,
    metrics::{Metrics, targets},
};

/// Everything at one moment. Groups and targets are those of the snapshot in force, leaving targets included.
#[derive(Debug)]
pub(super) struct Sample {
    at: UnixMillis,
    process: WorkerTotals,
    groups: BTreeMap<Arc<str>, GroupNow>,
}

#[derive(Debug, PartialEq)]
struct GroupNow {
    own: Own,
    targets: BTreeMap<Arc<str>, TargetNow>,
}

/// What is of a group itself.
#[derive(Debug, PartialEq)]
struct Own {
    totals: GroupTotals,
    /// Sessions in its table, if it has one.
    learned: Option<u64>,
    is_sticky: bool,
}

#[derive(Debug, PartialEq)]
struct TargetNow {
    totals: TargetTotals,
    fact: TargetFact,
}

impl Sample {
    /// Of now.
    pub(super) fn of(metrics: &Metrics) -> Self {
        let groups = metrics.status.enforced().map(|now| groups(&now.snapshot));
        let counted = metrics.registry.totals();
        Self { at: clock::wall(), ..Self::new(groups.unwrap_or_default(), counted) }
    }

    fn new(mut groups: BTreeMap<Arc<str>, GroupNow>, counted: Totals) -> Self {
        for row in counted.groups {
            // Names that are no longer in use are counted until nothing runs on them.
            let Some(group) = groups.get_mut(&row.name) else { continue };
            group.own.totals = row.totals;
            for (id, totals) in row.targets {
                if let Some(target) = group.targets.get_mut(&id) {
                    target.totals = totals;
                }
            }
        }
        Self { at: UnixMillis(0), process: counted.workers, groups }
    }

    /// All of it.
    pub(super) fn whole(&self) -> Value {
        let group = |(name, group): (&Arc<str>, &GroupNow)| {
            let targets = group.targets.iter();
            shown(name, &group.own, targets.map(|(id, target)| row(id, target, &group.own)), &[])
        };
        self.told(true, self.groups.iter().map(group).collect(), &[])
    }

    /// Groups of which something differs from then, with the targets that do, and what has gone.
    pub(super) fn since(&self, then: &Self) -> Value {
        let changed = |(name, now): (&Arc<str>, &GroupNow)| {
            let before = then.groups.get(name);
            if before == Some(now) {
                return None;
            }
            // Whether it keeps sessions is part of what its targets show.
            let before = before.filter(|before| before.own.is_sticky == now.own.is_sticky);
            let known = |id: &Arc<str>| before.and_then(|before| before.targets.get(id));
            let targets = now.targets.iter().filter(|(id, target)| known(id) != Some(*target));
            let rows = targets.map(|(id, target)| row(id, target, &now.own));
            let gone = then.groups.get(name).map(|before| gone(&before.targets, &now.targets));
            Some(shown(name, &now.own, rows, &gone.unwrap_or_default()))
        };
        let groups = self.groups.iter().filter_map(changed).collect();
        self.told(false, groups, &gone(&then.groups, &self.groups))
    }

    fn told(&self, is_whole: bool, groups: Vec<Value>, gone: &[&str]) -> Value {
        let process = &self.process;
        json!({
            "at": rfc3339(self.at),
            "whole": is_whole,
            "process": {
                "requests": process.requests,
                "own_answers": process.own_answers.values().sum::<u64>(),
                "connections_active": process.connections_active,
                "connections_idle": process.connections_idle,
                "tunnels_active": process.tunnels_active,
                "session_streams_active": process.session_streams_active,
            },
            "target_groups": groups,
            "gone": gone,
        })
    }
}

fn groups(snapshot: &Snapshot) -> BTreeMap<Arc<str>, GroupNow> {
    let mut groups: BTreeMap<Arc<str>, GroupNow> = BTreeMap::new();
    for group in &snapshot.groups {
        let own = Own {
            totals: GroupTotals::default(),
            learned: group.learned().map(|learned| learned.table.counts().sessions()),
            is_sticky: group.is_sticky(),
        };
        let targets = BTreeMap::new();
        groups.insert(group.spec.name.as_str().into(), GroupNow { own, targets });
    }
    for fact in targets(snapshot) {
        let Some(group) = groups.get_mut(&fact.group) else { continue };
        // Who leaves comes after who stays, and may have the same id.
        if let Entry::Vacant(free) = group.targets.entry(Arc::clone(&fact.target)) {
            free.insert(TargetNow { totals: TargetTotals::default(), fact });
        }
    }
    groups
}

/// Names that were there and are not.
fn gone<'a, V>(then: &'a BTreeMap<Arc<str>, V>, now: &BTreeMap<Arc<str>, V>) -> Vec<&'a str> {
    then.keys().filter(|name| !now.contains_key(*name)).map(|name| &**name).collect()
}

fn shown(name: &str, own: &Own, targets: impl Iterator<Item = Value>, gone: &[&str]) -> Value {
    let totals = &own.totals;
    let requests = totals.requests().filter(|(.., count)| *count > 0);
    let requests = requests.map(|(class, verdict, count)| {
        json!({ "class": class, "verdict": verdict.as_str(), "count": count })
    });
    let buckets = totals.duration.cumulative().filter_map(|(bound, count)| {
        let bound: f64 = bound.parse().ok()?;
        Some(json!({ "le": bound, "count": count }))
    });
    json!({
        "name": name,
        "requests": requests.collect::<Value>(),
        "duration": {
            "count": totals.duration.count(),
            "sum_seconds": totals.duration.sum_seconds(),
            "buckets": buckets.collect::<Value>(),
        },
        "sessions_created": totals.sessions_created,
        "retries": totals.retries,
        "fail_open_requests": totals.fail_open_requests,
        "received_bytes": totals.received_bytes,
        "sent_bytes": totals.sent_bytes,
        "learned_sessions": own.learned,
        "targets": targets.collect::<Value>(),
        "gone": gone,
    })
}

fn row(id: &str, TargetNow { totals, fact }: &TargetNow, own: &Own) -> Value {
    let [sessions, active] = fact.sessions.map(|count| own.is_sticky.then_some(count));
    json!({
        "id": id,
        "address": &*fact.address,
        "state": fact.state,
        "reason": Some(fact.reason).filter(|reason| !reason.is_empty()),
        "routable": fact.is_routable,
        "anomalous": fact.is_anomalous,
        "share": fact.share,
        "requests": totals.requests(),
        "responses_5xx": totals.responses_5xx,
        "connect_failures": totals.connect_failures,
        "in_flight": fact.in_flight,
        "sessions": sessions,
        "active_sessions": active,
    })
}

#[cfg(test)]
mod tests;
