//! What is observed of targets, for answers.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use clingfish_balance::Share;
use clingfish_elb::{Observed, TargetSeen};
use clingfish_health::Registration;
use clingfish_model::Name;
use clingfish_snapshot::{Group, Snapshot, Target};

use crate::{clock, prober::groups_in_use};

/// The targets of a snapshot.
#[derive(Debug)]
pub(crate) struct Sighting<'a> {
    snapshot: &'a Snapshot,
    /// Made for the first group that is asked for: one answer may have them all.
    groups: OnceLock<HashMap<&'a Name, Sighted<'a>>>,
}

/// A group, and what else there is to say of it.
#[derive(Debug)]
pub(crate) struct Sighted<'a> {
    pub(crate) group: &'a Arc<Group>,
    /// Whether some listener forwards to it.
    pub(crate) is_used: bool,
    /// Targets that have been taken away and still finish what they run.
    pub(crate) leaving: Vec<&'a Target>,
}

impl Sighted<'_> {
    /// What is to be reported of one of its targets that stay.
    pub(crate) fn registration(&self, target: &Target) -> Registration {
        match (self.is_used, target.drain) {
            (false, _) => Registration::NotInUse,
            (true, true) => Registration::Draining,
            (true, false) => Registration::InUse,
        }
    }
}

impl<'a> Sighting<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, groups: OnceLock::new() }
    }

    /// That group, if the snapshot has it.
    pub(crate) fn group(&self, name: &Name) -> Option<&Sighted<'a>> {
        self.groups.get_or_init(|| sighted(self.snapshot)).get(name)
    }
}

impl Observed for Sighting<'_> {
    fn targets(&self, group: &Name) -> Vec<TargetSeen> {
        let Some(sighted) = self.group(group) else {
            return Vec::new();
        };
        let group = sighted.group;
        let staying = group.targets.iter();
        let staying =
            staying.map(|target| seen(group, target, sighted.registration(target), false));
        let leaving = sighted.leaving.iter();
        let leaving = leaving.map(|target| seen(group, target, Registration::Draining, true));
        staying.chain(leaving).collect()
    }
}

/// All groups of a snapshot, by their names.
fn sighted(snapshot: &Snapshot) -> HashMap<&Name, Sighted<'_>> {
    let all = snapshot.groups.iter();
    let mut groups: HashMap<&Name, Sighted<'_>> = all
        .map(|group| (&group.spec.name, Sighted { group, is_used: false, leaving: Vec::new() }))
        .collect();
    for used in groups_in_use(snapshot) {
        if let Some(sighted) = groups.get_mut(&used.spec.name) {
            sighted.is_used = true;
        }
    }
    let now = clock::now();
    for left in snapshot.leaving.iter().filter(|left| left.ends_at > now) {
        if let Some(sighted) = groups.get_mut(&left.group) {
            sighted.leaving.push(&left.target);
        }
    }
    groups
}

fn seen(
    group: &Group,
    target: &Target,
    registration: Registration,
    is_leaving: bool,
) -> TargetSeen {
    let (state, reason) = target.cell.health().report(registration);
    TargetSeen {
        id: target.id.clone(),
        address: target.address,
        zone: target.zone.clone(),
        state: state.as_str(),
        reason: reason.map(|reason| (reason.code(), reason.description().into_owned())),
        is_anomalous: target.cell.is_anomalous(),
        is_mitigated: group.spec.algorithm.mitigates_anomalies()
            && target.cell.share() < Share::FULL,
        is_leaving,
    }
}
