//! Where AWS would put a load balancer: subnets, availability zones, security groups. Kept and returned.

use std::collections::BTreeSet;

use clingfish_model::{Edit, LoadBalancer, Name, Place, Setting, elb::Aws};

use super::{balancer::nowhere, facts::Facts, invalid};
use crate::{
    Error, Input, Members, Plan, World,
    v2::balancer::network::{judge, read_security_groups},
};

/// `ApplySecurityGroupsToLoadBalancer`.
pub(super) fn apply(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let groups = read_security_groups(input, &world.desired.aws)?;
    let groups = input.required("SecurityGroups", groups)?;
    let balancer = world.classic(&name)?;
    if groups.is_empty() {
        return Err(nowhere("security group"));
    }
    let edit = change(balancer, "security_groups", &balancer.network.security_groups, &groups);
    Ok(Plan::change(name.clone(), edit.into_iter().collect(), move |world| {
        let groups = &world.classic(&name)?.network.security_groups;
        Ok(Members::default().texts("SecurityGroups", groups))
    }))
}

/// `AttachLoadBalancerToSubnets`.
pub(super) fn attach(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let added = input.required_list_of_text("Subnets")?;
    let balancer = world.classic(&name)?;
    refuse_kind(balancer, true)?;
    let mut subnets = balancer.network.subnets.clone();
    add(&mut subnets, added);
    set_subnets(name, balancer, subnets, world)
}

/// `DetachLoadBalancerFromSubnets`.
pub(super) fn detach(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let gone = input.required_list_of_text("Subnets")?;
    let balancer = world.classic(&name)?;
    let mut subnets = balancer.network.subnets.clone();
    if let Some(other) = gone.iter().find(|one| !subnets.contains(one)) {
        return Err(invalid(format!("{other} is not attached to load balancer '{name}'")));
    }
    subnets.retain(|one| !gone.contains(one));
    if subnets.is_empty() {
        return Err(nowhere("subnet"));
    }
    set_subnets(name, balancer, subnets, world)
}

/// `EnableAvailabilityZonesForLoadBalancer`.
pub(super) fn enable_zones(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let added = input.required_list_of_text("AvailabilityZones")?;
    let balancer = world.classic(&name)?;
    refuse_kind(balancer, false)?;
    judge_zones(&added, &world.desired.aws)?;
    let before = Facts::of(balancer, world);
    let mut after = before.clone();
    add(&mut after.classic.zones, added);
    set_zones(name, &before, &after, world)
}

/// `DisableAvailabilityZonesForLoadBalancer`. A zone that it is not in is no error.
pub(super) fn disable_zones(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let gone = input.required_list_of_text("AvailabilityZones")?;
    let balancer = world.classic(&name)?;
    refuse_kind(balancer, false)?;
    let before = Facts::of(balancer, world);
    let mut after = before.clone();
    after.classic.zones.retain(|one| !gone.contains(one));
    if after.classic.zones.is_empty() {
        return Err(nowhere("Availability Zone"));
    }
    set_zones(name, &before, &after, world)
}

/// Reads `Subnets` or `AvailabilityZones`, one of which must be there: subnets, zones.
pub(super) fn read(input: &mut Input, aws: &Aws) -> Result<(Vec<String>, Vec<String>), Error> {
    let given = |list: Option<Vec<String>>| {
        let mut each = Vec::new();
        add(&mut each, list.unwrap_or_default());
        each
    };
    let subnets = given(input.list_of_text("Subnets")?);
    let zones = given(input.list_of_text("AvailabilityZones")?);
    match (subnets.is_empty(), zones.is_empty()) {
        (false, false) => {
            Err(Error::validation("Only one of SubnetIds or AvailabilityZones may be specified"))
        }
        (true, true) => {
            Err(Error::validation("Either AvailabilityZones or SubnetIds must be specified"))
        }
        (false, true) => judge(aws, &subnets).map(|()| (subnets, zones)),
        (true, false) => judge_zones(&zones, aws).map(|()| (subnets, zones)),
    }
}

fn set_subnets(
    name: String,
    balancer: &LoadBalancer,
    subnets: Vec<String>,
    world: &World<'_>,
) -> Result<Plan, Error> {
    let aws = &world.desired.aws;
    judge(aws, &subnets)?;
    let edit = change(balancer, "subnets", &balancer.network.subnets, &subnets);
    Ok(Plan::change(name.clone(), edit.into_iter().collect(), move |world| {
        Ok(Members::default().texts("Subnets", &world.classic(&name)?.network.subnets))
    }))
}

fn set_zones(
    name: String,
    before: &Facts,
    after: &Facts,
    world: &World<'_>,
) -> Result<Plan, Error> {
    let edits = after.edits(before, world)?;
    Ok(Plan::change(name.clone(), edits, move |world| {
        let zones = world.classic(&name)?.classic.iter().flat_map(|classic| &classic.zones);
        Ok(Members::default().texts("AvailabilityZones", zones))
    }))
}

/// Refuses zones of what has subnets, and the other way round.
fn refuse_kind(balancer: &LoadBalancer, wants_subnets: bool) -> Result<(), Error> {
    match (balancer.network.subnets.is_empty(), wants_subnets) {
        (true, true) => Err(invalid(format!(
            "The load balancer '{}' is in Availability Zones and not in subnets: use EnableAvailabilityZonesForLoadBalancer",
            balancer.name
        ))),
        (false, false) => Err(invalid(format!(
            "The load balancer '{}' is in subnets: use AttachLoadBalancerToSubnets and DetachLoadBalancerFromSubnets",
            balancer.name
        ))),
        _ => Ok(()),
    }
}

/// Whether there are such zones: those of the known subnets, or any.
fn judge_zones(zones: &[String], aws: &Aws) -> Result<(), Error> {
    let known = aws.subnets.as_ref();
    let known: Option<BTreeSet<_>> =
        known.map(|known| known.values().map(|subnet| subnet.zone.as_str()).collect());
    let is_known =
        |zone: &str| known.as_ref().map_or(Name::new(zone).is_ok(), |known| known.contains(zone));
    match zones.iter().find(|zone| !is_known(zone)) {
        None => Ok(()),
        Some(zone) => Err(Error::validation(format!("Invalid Availability Zone: {zone}"))),
    }
}

/// Each once, in the order in which they came.
fn add(list: &mut Vec<String>, added: Vec<String>) {
    let mut seen: BTreeSet<_> = list.iter().cloned().collect();
    list.extend(added.into_iter().filter(|one| seen.insert(one.clone())));
}

fn change(
    balancer: &LoadBalancer,
    key: &'static str,
    before: &[String],
    after: &[String],
) -> Option<Edit> {
    let set = || Edit::Set(Place::LoadBalancer(balancer.name.clone()), key, Setting::texts(after));
    (before != after).then(set)
}
