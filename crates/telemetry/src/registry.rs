//! Which meters there are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    GroupMeter, Recent, TargetMeter, WorkerMeter,
    meter::{GroupTotals, TargetTimes, TargetTotals, WorkerTotals},
};

/// All meters, by name: a reload finds the ones of before, so that no count starts again.
#[derive(Debug)]
pub struct Registry {
    workers: Vec<Arc<WorkerMeter>>,
    /// Protects which meters exist, not what they count. Taken when a snapshot brings or drops names, and to sum up, which is
    /// short: text is written afterwards. Never taken per request.
    groups: Mutex<BTreeMap<Arc<str>, Group>>,
    recent: Recent,
}

#[derive(Debug, Default)]
struct Group {
    meters: PerWorker<GroupMeter>,
    targets: BTreeMap<Arc<str>, PerWorker<TargetMeter>>,
}

/// Meters of the same thing, by worker.
#[derive(Debug)]
struct PerWorker<M>(Vec<Arc<M>>);

impl<M> Default for PerWorker<M> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<M: Default> PerWorker<M> {
    fn of(&mut self, worker: usize) -> Arc<M> {
        while self.0.len() < worker {
            self.0.push(Arc::default());
        }
        if let Some(meter) = self.0.get(worker) {
            return Arc::clone(meter);
        }
        let meter = Arc::<M>::default();
        self.0.push(Arc::clone(&meter));
        meter
    }
}

impl Registry {
    /// A registry for so many workers.
    pub fn new(workers: usize) -> Self {
        Self {
            workers: (0..workers).map(|_| Arc::default()).collect(),
            groups: Mutex::default(),
            recent: Recent::default(),
        }
    }

    /// The requests that workers have sampled.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// The meter of one worker; a fresh one, which nobody sums up, beyond the number that [`Self::new`] was told.
    pub fn worker(&self, worker: usize) -> Arc<WorkerMeter> {
        let meter = self.workers.get(worker);
        debug_assert!(meter.is_some(), "worker {worker} is not among those announced");
        meter.cloned().unwrap_or_default()
    }

    /// The meter of one target group on one worker; made at first use.
    pub fn group(&self, worker: usize, group: &str) -> Arc<GroupMeter> {
        entry(&mut self.groups(), group).meters.of(worker)
    }

    /// The meter of one target on one worker; made at first use.
    pub fn target(&self, worker: usize, group: &str, target: &str) -> Arc<TargetMeter> {
        let mut groups = self.groups();
        entry(&mut entry(&mut groups, group).targets, target).of(worker)
    }

    /// Forgets what is gone, so that names do not pile up. To be called once nothing runs on it any more: what is counted on a
    /// forgotten meter is not seen.
    pub fn retain(
        &self,
        keep_group: impl Fn(&str) -> bool,
        keep_target: impl Fn(&str, &str) -> bool,
    ) {
        self.groups().retain(|name, group| {
            group.targets.retain(|target, _| keep_target(name, target));
            keep_group(name)
        });
    }

    /// Sums up what all workers counted for the targets of one group: their ids and counts.
    pub fn targets(&self, group: &str) -> Vec<(Arc<str>, TargetTotals)> {
        let groups = self.groups();
        groups
            .get(group)
            .map_or_else(Vec::new, |group| group.targets.iter().map(sum_target).collect())
    }

    /// How long requests took at the targets of one group, by their ids.
    pub fn times(&self, group: &str) -> BTreeMap<Arc<str>, TargetTimes> {
        let groups = self.groups();
        let targets = groups.get(group).into_iter().flat_map(|group| &group.targets);
        let sum = |(id, meters): (&Arc<str>, &PerWorker<TargetMeter>)| {
            let mut times = TargetTimes::default();
            meters.0.iter().for_each(|meter| times.add(meter));
            (Arc::clone(id), times)
        };
        targets.map(sum).collect()
    }

    /// Sums up what all workers counted, but for the times of targets.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for meter in &self.workers {
            totals.workers.add(meter);
        }
        for (name, group) in self.groups().iter() {
            let mut row = GroupRow::new(name);
            group.meters.0.iter().for_each(|meter| row.totals.add(meter));
            row.targets.extend(group.targets.iter().map(sum_target));
            totals.groups.push(row);
        }
        totals
    }

    /// A thread that panicked while it held the lock left whole entries behind, so the map is sound.
    fn groups(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry<'a, V: Default>(map: &'a mut BTreeMap<Arc<str>, V>, name: &str) -> &'a mut V {
    if !map.contains_key(name) {
        map.insert(name.into(), V::default());
    }
    map.get_mut(name).expect("a missing name was inserted above")
}

fn sum_target((id, meters): (&Arc<str>, &PerWorker<TargetMeter>)) -> (Arc<str>, TargetTotals) {
    let mut totals = TargetTotals::default();
    meters.0.iter().for_each(|meter| totals.add(meter));
    (Arc::clone(id), totals)
}

/// What all workers counted, at about one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// What they counted for themselves.
    pub workers: WorkerTotals,
    /// In order of the groups' names.
    pub groups: Vec<GroupRow>,
}

/// One target group in [`Totals`].
#[derive(Clone, Debug, PartialEq)]
pub struct GroupRow {
    /// The group's name.
    pub name: Arc<str>,
    /// What was counted for it.
    pub totals: GroupTotals,
    /// Its targets' ids and counts, in order of their ids.
    pub targets: Vec<(Arc<str>, TargetTotals)>,
}

impl GroupRow {
    fn new(name: &Arc<str>) -> Self {
        Self { name: Arc::clone(name), totals: GroupTotals::default(), targets: Vec::new() }
    }
}

#[cfg(test)]
mod tests;
