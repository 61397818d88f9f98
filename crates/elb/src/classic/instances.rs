//! `RegisterInstancesWithLoadBalancer` and `DeregisterInstancesFromLoadBalancer`.

use std::{
    collections::BTreeSet,
    fmt::Display,
    net::{IpAddr, SocketAddr},
};

use clingfish_model::{LoadBalancer, limits::TARGETS_MAX};

use super::{facts::Facts, invalid};
use crate::{Code, Error, Input, Members, Plan, World, v2::targets::why_refused};

/// `RegisterInstancesWithLoadBalancer`. One that is registered already stays as it is.
pub(super) fn register(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let instances = read(input)?;
    let instances = input.required("Instances", instances)?;
    let before = Facts::of(world.classic(&name)?, world);
    let mut after = before.clone();
    let mut registered: BTreeSet<_> = before.classic.instances.iter().cloned().collect();
    for instance in instances {
        if registered.contains(&instance) {
            continue;
        }
        let known = world.desired.aws.instances.as_ref();
        let is_known = known.is_some_and(|known| known.contains_key(&instance));
        if !is_known {
            let address = instance.parse().map_err(|_| not_found(&instance))?;
            // Also where there is no listener yet, whose port would say where exactly.
            if let Some(why) = why_refused(SocketAddr::new(address, 0), world) {
                return Err(refused(&instance, address, &why));
            }
        }
        registered.insert(instance.clone());
        after.classic.instances.push(instance);
    }
    if registered.len() > TARGETS_MAX && registered.len() > before.classic.instances.len() {
        let message = format!("A load balancer has at most {TARGETS_MAX} registered instances");
        return Err(invalid(message));
    }
    change(name, &before, &after, world)
}

/// `DeregisterInstancesFromLoadBalancer`.
pub(super) fn deregister(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let instances = read(input)?;
    let instances: BTreeSet<_> = input.required("Instances", instances)?.into_iter().collect();
    let before = Facts::of(world.classic(&name)?, world);
    let mut after = before.clone();
    let known = world.desired.aws.instances.as_ref();
    let is_known = |one: &String| {
        before.classic.instances.contains(one)
            || one.parse::<IpAddr>().is_ok()
            || known.is_some_and(|known| known.contains_key(one))
    };
    if let Some(unknown) = instances.iter().find(|one| !is_known(one)) {
        return Err(not_found(unknown));
    }
    after.classic.instances.retain(|one| !instances.contains(one));
    change(name, &before, &after, world)
}

/// The refusal of an instance that nobody knows.
pub(super) fn not_found(instance: &str) -> Error {
    Error::new(Code::InvalidInstance, format!("Could not find EC2 instance {instance}."))
}

/// The refusal of an instance at an address that no target may have.
pub(super) fn refused(instance: &str, address: impl Display, why: &str) -> Error {
    let message = format!("The instance {instance} cannot be registered at {address}: {why}");
    Error::new(Code::InvalidInstance, message)
}

/// Reads `Instances`; IP addresses in the one way to write them.
pub(super) fn read(input: &mut Input) -> Result<Option<Vec<String>>, Error> {
    input.list("Instances", |input| {
        let id = input.required_text("InstanceId")?;
        Ok(id.parse().map_or(id, |address: IpAddr| address.to_string()))
    })
}

/// The registered instances as answers list them.
pub(super) fn members(balancer: &LoadBalancer) -> impl Iterator<Item = Members> {
    let instances = balancer.classic.iter().flat_map(|classic| &classic.instances);
    instances.map(|id| Members::default().text("InstanceId", id))
}

fn change(name: String, before: &Facts, after: &Facts, world: &World<'_>) -> Result<Plan, Error> {
    let edits = after.edits(before, world)?;
    Ok(Plan::change(name.clone(), edits, move |world| {
        Ok(Members::default().list("Instances", members(world.classic(&name)?)))
    }))
}
