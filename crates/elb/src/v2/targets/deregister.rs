//! `DeregisterTargets`.

use std::collections::HashMap;

use clingfish_model::{Edit, Target, TargetAddress, TargetGroup};

use super::{Given, health::stands_for, identity::Identity, read_all};
use crate::{Code, Error, Input, Plan, TargetSeen, World};

/// Plans it. What is not registered is deregistered already.
pub(in crate::v2) fn deregister(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (arn, given) = (input.required_text("TargetGroupArn")?, read_all(input)?);
    let group = world.group(&arn)?;
    let of = |target| (Identity::of(target, group), target);
    let mut registered: HashMap<_, &Target> = group.targets.iter().map(of).collect();
    let names = addresses_of_names(group, world);
    let mut edits = Vec::new();
    for one in given {
        let identity = Identity::given(&one, group);
        match identity.as_ref().and_then(|identity| registered.remove(identity)) {
            Some(target) => {
                edits.push(Edit::RemoveTarget(group.name.clone(), target.id.clone()));
            }
            None => {
                refuse_other_port(&one, &registered)?;
                refuse_name(identity, &names)?;
            }
        }
    }
    Ok(Plan::silent(arn, edits))
}

/// Who registered a target with a port of its own must name it.
fn refuse_other_port(given: &Given, registered: &HashMap<Identity, &Target>) -> Result<(), Error> {
    if given.port.is_some() {
        return Ok(());
    }
    let id = Identity::new(&given.id, 0).id;
    let mut ports: Vec<_> =
        registered.keys().filter(|identity| identity.id == id).map(|found| found.port).collect();
    ports.sort_unstable();
    if ports.is_empty() {
        return Ok(());
    }
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    Err(Error::new(
        Code::InvalidTarget,
        format!(
            "You must specify the port of target '{id}', which is registered with {}",
            ports.join(", ")
        ),
    ))
}

/// An address of a DNS name comes and goes with that name.
fn refuse_name(
    identity: Option<Identity>,
    names: &HashMap<Identity, &TargetAddress>,
) -> Result<(), Error> {
    let Some(identity) = identity else { return Ok(()) };
    let Some(name) = names.get(&identity) else { return Ok(()) };
    let message = format!(
        "The target '{}' cannot be deregistered: it is an address of '{name}', which the configuration names",
        identity.id
    );
    Err(Error::new(Code::InvalidTarget, message))
}

/// The addresses that the group's DNS names stand for now.
fn addresses_of_names<'a>(
    group: &'a TargetGroup,
    world: &World<'_>,
) -> HashMap<Identity, &'a TargetAddress> {
    let is_name = |target: &&Target| matches!(target.address, TargetAddress::Host { .. });
    let names: Vec<_> = group.targets.iter().filter(is_name).collect();
    if names.is_empty() {
        return HashMap::new();
    }
    let of = |seen: TargetSeen| {
        let target = names.iter().find(|target| stands_for(target, &seen))?;
        let address = seen.address;
        Some((Identity::new(&address.ip().to_string(), address.port()), &target.address))
    };
    world.observed.targets(&group.name).into_iter().filter_map(of).collect()
}
