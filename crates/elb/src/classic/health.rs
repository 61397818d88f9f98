//! `DescribeInstanceHealth`.

use std::collections::{BTreeMap, BTreeSet};

use clingfish_model::TargetId;

use super::{
    facts::{group_of, listeners},
    instances::{self, not_found},
    sync::target_id,
};
use crate::{Error, Input, Members, Plan, World};

/// How an instance is, for all listeners together: the worst of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    InService,
    Draining,
    Unknown,
    Registering,
    Failed,
}

impl Health {
    /// By ELBv2's word for the state of a target.
    fn of(state: &str) -> Self {
        match state {
            "healthy" => Self::InService,
            "draining" => Self::Draining,
            "initial" => Self::Registering,
            "unhealthy" => Self::Failed,
            _ => Self::Unknown,
        }
    }

    fn members(self, instance: &str) -> Members {
        let (state, reason, text) = match self {
            Self::InService => ("InService", "N/A", "N/A"),
            Self::Draining => {
                ("InService", "N/A", "Instance deregistration currently in progress.")
            }
            Self::Unknown => {
                ("Unknown", "ELB", "A transient error occurred. Please try again later.")
            }
            Self::Registering => {
                ("OutOfService", "ELB", "Instance registration is still in progress.")
            }
            Self::Failed => (
                "OutOfService",
                "Instance",
                "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
            ),
        };
        Members::default()
            .text("InstanceId", instance)
            .text("State", state)
            .text("ReasonCode", reason)
            .text("Description", text)
    }
}

/// `DescribeInstanceHealth`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let wanted = instances::read(input)?.unwrap_or_default();
    let balancer = world.classic(&name)?;
    let registered = balancer.classic.as_ref().map_or(&[][..], |classic| &classic.instances);
    let known: BTreeSet<_> = registered.iter().collect();
    if let Some(other) = wanted.iter().find(|one| !known.contains(one)) {
        return Err(not_found(other));
    }
    // For each listener the port of its instances, and how they are by their ids.
    let groups: Vec<(u16, BTreeMap<TargetId, Health>)> = listeners(balancer, world)
        .filter_map(|(listener, classic)| {
            let seen = world.observed.targets(&group_of(listener, world)?.name);
            let seen = seen.into_iter().filter(|one| !one.is_leaving);
            let health = seen.map(|one| (one.id, Health::of(one.state)));
            Some((classic.instance_port, health.collect()))
        })
        .collect();
    let health = |instance: &str| {
        let of_group = |(port, seen): &(u16, BTreeMap<TargetId, Health>)| {
            let health = target_id(instance, *port).ok().and_then(|id| seen.get(&id).copied());
            health.unwrap_or(Health::Registering)
        };
        // Without a listener nobody looks.
        groups.iter().map(of_group).max().unwrap_or(Health::Registering)
    };
    let shown = if wanted.is_empty() { registered } else { &wanted };
    let states = shown.iter().map(|instance| health(instance).members(instance));
    Ok(Plan::read(Members::default().list("InstanceStates", states)))
}
