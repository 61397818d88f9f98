//! What is observed of targets, for the ELB API.

use std::sync::Arc;

use clingfish_balance::Share;
use clingfish_elb::{Observed, TargetSeen};
use clingfish_health::Registration;
use clingfish_model::Name;
use clingfish_snapshot::{Group, Snapshot, Target};

use crate::{clock, prober::groups_in_use};

/// The targets of a snapshot.
#[derive(Debug)]
pub(crate) struct Sighting<'a>(pub(crate) &'a Snapshot);

impl Observed for Sighting<'_> {
    fn targets(&self, group: &Name) -> Vec<TargetSeen> {
        let Some(group) = self.0.groups.iter().find(|one| one.spec.name == *group) else {
            return Vec::new();
        };
        let is_used = groups_in_use(self.0).any(|used| Arc::ptr_eq(used, group));
        let staying = group.targets.iter().map(|target| {
            let registration = match (is_used, target.drain) {
                (false, _) => Registration::NotInUse,
                (true, true) => Registration::Draining,
                (true, false) => Registration::InUse,
            };
            seen(group, target, registration, false)
        });
        let now = clock::now();
        let leaving = self.0.leaving.iter();
        let leaving = leaving.filter(|left| left.group == group.spec.name && left.ends_at > now);
        let leaving = leaving.map(|left| seen(group, &left.target, Registration::Draining, true));
        staying.chain(leaving).collect()
    }
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
