//! Sets how much of its weight each target counts for: slow start, and less for those that fail more than their peers.
//!
//! Workers count, this sums up and decides, and rosters carry the outcome to requests.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use clingfish_balance::{Fitness, Mitigation, Share, SlowStarts};
use clingfish_health::{PEERS_MIN, Recent, State, Tally, anomalies};
use clingfish_model::{Algorithm, Name};
use clingfish_snapshot::{Group, Snapshot, Target, TargetCell};
use clingfish_telemetry::{Registry, meter::TargetTotals};

use super::groups_in_use;

/// How often targets are compared with their peers.
const COMPARE_EVERY: Duration = Duration::from_secs(1);

/// How close together the steps of slow starts may be: those of the shortest would be 15 ms apart.
const STEPS_APART: Duration = Duration::from_millis(50);

/// What is remembered of groups between looks, by name.
#[derive(Debug)]
pub(crate) struct Shares {
    registry: Arc<Registry>,
    groups: HashMap<Name, Known>,
    /// When targets are compared again; none where no group has enough of them.
    compare_at: Option<Instant>,
}

#[derive(Debug, Default)]
struct Known {
    slow_starts: SlowStarts,
    next_step: Option<Instant>,
    /// Healthy targets, by serial number.
    compared: HashMap<u64, (Recent, Mitigation)>,
}

impl Shares {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self { registry, groups: HashMap::new(), compare_at: None }
    }

    /// Takes up a snapshot; groups that no listener uses any more are forgotten.
    pub(crate) fn follow(&mut self, snapshot: &Snapshot, now: Instant) {
        let used: HashSet<&Name> = groups_in_use(snapshot).map(|group| &group.spec.name).collect();
        self.groups.retain(|name, _| used.contains(name));
        for group in snapshot.groups.iter().filter(|group| !used.contains(&group.spec.name)) {
            group.targets.iter().for_each(|target| forget(&target.cell));
        }
        let compares = groups_in_use(snapshot).any(|group| is_compared(group));
        self.compare_at = compares.then(|| self.compare_at.unwrap_or(now));
    }

    /// When [`Self::work`] is to be called.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let steps = self.groups.values().filter_map(|known| known.next_step);
        steps.chain(self.compare_at).min()
    }

    /// Looks at all that is due, and names the groups whose shares may be other ones now, for [`Self::settle`].
    pub(crate) fn work(&mut self, snapshot: &Snapshot, now: Instant) -> Vec<Name> {
        let is_due = |at: Instant| at <= now;
        let compares = self.compare_at.is_some_and(is_due);
        if compares {
            self.compare_at = Some(now + COMPARE_EVERY);
        }
        let mut changed = Vec::new();
        for group in groups_in_use(snapshot) {
            let mitigates = compares && is_compared(group) && self.compare(group);
            let known = self.groups.get(&group.spec.name);
            if mitigates || known.and_then(|known| known.next_step).is_some_and(is_due) {
                changed.push(group.spec.name.clone());
            }
        }
        changed
    }

    /// Sets the shares of a group's targets. Whoever calls it makes the group's roster anew.
    pub(crate) fn settle(&mut self, group: &Group, now: Instant) {
        let known = self.groups.entry(group.spec.name.clone()).or_default();
        let takers = group.targets.iter().filter(|target| group.takes_new(target));
        let takers: Vec<(u64, Fitness)> =
            takers.map(|target| (target.cell.serial(), fitness(&target.cell))).collect();
        known.slow_starts.follow(group.spec.slow_start, &takers, now);
        let next = known.slow_starts.next_change(now);
        known.next_step = next.map(|at| at.max(now + STEPS_APART));
        for target in &group.targets {
            let serial = target.cell.serial();
            target.cell.set_share(match group.spec.algorithm {
                Algorithm::RoundRobin => known.slow_starts.share(serial, now),
                Algorithm::WeightedRandom { anomaly_mitigation: true } => known.mitigated(serial),
                _ => Share::FULL,
            });
        }
    }

    /// Compares the healthy targets of a group; true if their shares follow from it.
    fn compare(&mut self, group: &Group) -> bool {
        let totals: HashMap<Arc<str>, TargetTotals> =
            self.registry.targets(group.spec.name.as_str()).into_iter().collect();
        let total =
            |target: &Target| totals.get(target.id.as_str()).map_or_else(Tally::default, tally);
        let known = self.groups.entry(group.spec.name.clone()).or_default();
        let mut before = std::mem::take(&mut known.compared);
        let (healthy, others): (Vec<&Target>, Vec<&Target>) =
            group.targets.iter().partition(|target| target.cell.is_routable());
        others.iter().for_each(|target| forget(&target.cell));
        let mut looked: Vec<(Recent, Mitigation)> = healthy
            .iter()
            .map(|target| before.remove(&target.cell.serial()).unwrap_or_default())
            .collect();
        let recent: Vec<Tally> = looked
            .iter_mut()
            .zip(&healthy)
            .map(|((recent, _), target)| recent.look(total(target)))
            .collect();
        for (((_, mitigation), target), is_anomalous) in
            looked.iter_mut().zip(&healthy).zip(anomalies(&recent))
        {
            mitigation.look(is_anomalous);
            if target.cell.set_anomalous(is_anomalous) {
                tell(&group.spec.name, target, is_anomalous);
            }
        }
        let serials = healthy.iter().map(|target| target.cell.serial());
        known.compared = serials.zip(looked).collect();
        group.spec.algorithm.mitigates_anomalies()
    }
}

impl Known {
    fn mitigated(&self, serial: u64) -> Share {
        self.compared.get(&serial).map_or(Share::FULL, |(_, mitigation)| mitigation.share())
    }
}

/// Whether the group has targets enough to compare.
fn is_compared(group: &Group) -> bool {
    group.targets.len() >= PEERS_MIN
}

fn fitness(cell: &TargetCell) -> Fitness {
    match cell.health().state() {
        State::Initial => Fitness::Untested,
        _ if cell.is_routable() => Fitness::Healthy,
        _ => Fitness::Unhealthy,
    }
}

fn tally(totals: &TargetTotals) -> Tally {
    Tally {
        // A connect that fails is no request yet: it may go well elsewhere.
        attempts: totals.requests() + totals.connect_failures,
        errors: totals.responses_5xx + totals.connect_failures,
    }
}

fn forget(cell: &TargetCell) {
    cell.set_anomalous(false);
    cell.set_share(Share::FULL);
}

fn tell(group: &Name, target: &Target, is_anomalous: bool) {
    let what = if is_anomalous {
        "target fails more than its peers"
    } else {
        "target fails no more than its peers any more"
    };
    tracing::info!(target_group = %group, target.id = %target.id, "{what}");
}

#[cfg(test)]
mod tests;
