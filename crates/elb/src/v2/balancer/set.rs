//! `SetSubnets`, `SetSecurityGroups`, `SetIpAddressType`.

use std::net::{IpAddr, SocketAddr};

use clingfish_model::{
    Edit, Listener, LoadBalancer, Place, Setting, elb::Network, listener::clash,
};

use super::{
    create::{is_same_set, refuse_private},
    network::{self, read_ip_address_type, read_security_groups, read_subnets, refuse_source_nat},
    shown,
};
use crate::{Code, Error, Input, Members, Plan, World};

/// `SetSubnets`. Listeners move along where the new subnets stand for another address.
pub(crate) fn set_subnets(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let aws = &world.desired.aws;
    let subnets = read_subnets(input, aws)?;
    let ip_address_type = read_ip_address_type(input)?;
    refuse_source_nat(input)?;
    let balancer = shown(&arn, world)?;
    let subnets = input.required("Subnets", subnets)?;
    let before = &balancer.network;
    let mut edits = Vec::new();
    if !is_same_set(&before.subnets, &subnets) {
        edits.push(set(balancer, "subnets", Setting::texts(&subnets)));
    }
    let after = Network {
        subnets,
        ip_address_type: ip_address_type.unwrap_or(before.ip_address_type),
        ..before.clone()
    };
    refuse_private(after.scheme, after.ip_address_type)?;
    if after.ip_address_type != before.ip_address_type {
        edits.push(set_type(balancer, &after));
    }
    let (from, to) = (network::bind(aws, before), network::bind(aws, &after));
    if from != to {
        edits.extend(moves(balancer, from, to, world)?);
    }
    Ok(Plan::change(arn.clone(), edits, move |world| {
        let network = &world.balancer(&arn)?.network;
        let zones = network::zone_members(&world.desired.aws, &network.subnets);
        Ok(Members::default()
            .list("AvailabilityZones", zones)
            .text("IpAddressType", network.ip_address_type.as_str()))
    }))
}

/// `SetSecurityGroups`.
pub(crate) fn set_security_groups(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let groups = read_security_groups(input, &world.desired.aws)?;
    let private_link = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic";
    if input.choice(private_link, &[("on", ()), ("off", ())])?.is_some() {
        return Err(network::of_network(private_link));
    }
    let balancer = shown(&arn, world)?;
    let groups = input.required("SecurityGroups", groups)?;
    if groups.is_empty() {
        let message =
            "A load balancer with type 'application' must have at least one security group";
        return Err(Error::new(Code::InvalidConfigurationRequest, message));
    }
    let mut edits = Vec::new();
    if !is_same_set(&balancer.network.security_groups, &groups) {
        edits.push(set(balancer, "security_groups", Setting::texts(groups)));
    }
    Ok(Plan::change(arn.clone(), edits, move |world| {
        let groups = &world.balancer(&arn)?.network.security_groups;
        Ok(Members::default().texts("SecurityGroupIds", groups))
    }))
}

/// `SetIpAddressType`.
pub(crate) fn set_ip_address_type(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let wanted = read_ip_address_type(input)?;
    let wanted = input.required("IpAddressType", wanted)?;
    let balancer = shown(&arn, world)?;
    let after = Network { ip_address_type: wanted, ..balancer.network.clone() };
    refuse_private(after.scheme, wanted)?;
    let is_other = wanted != balancer.network.ip_address_type;
    let edits = is_other.then(|| set_type(balancer, &after)).into_iter().collect();
    Ok(Plan::change(arn, edits, move |_| {
        Ok(Members::default().text("IpAddressType", wanted.as_str()))
    }))
}

fn set(balancer: &LoadBalancer, key: &'static str, setting: Setting) -> Edit {
    Edit::Set(Place::LoadBalancer(balancer.name.clone()), key, setting)
}

fn set_type(balancer: &LoadBalancer, network: &Network) -> Edit {
    set(balancer, "ip_address_type", Setting::text(network.ip_address_type.as_str()))
}

/// Moves the listeners that are at one address to another. One that a person put elsewhere stays there.
fn moves(
    balancer: &LoadBalancer,
    from: IpAddr,
    to: IpAddr,
    world: &World<'_>,
) -> Result<Vec<Edit>, Error> {
    let moves = |one: &Listener| one.load_balancer == balancer.name && one.bind.ip() == from;
    let (moving, staying): (Vec<_>, Vec<_>) =
        world.desired.listeners.iter().partition(|listener| moves(listener));
    let mut edits = Vec::new();
    for listener in moving {
        let bind = SocketAddr::new(to, listener.bind.port());
        let mut taken = staying.iter().map(|other| other.bind).chain([world.desired.admin.bind]);
        if taken.any(|other| clash(bind, other)) {
            let message = format!(
                "The subnets stand for the address '{to}', where port '{}' of listener '{}' is taken",
                bind.port(),
                world.listener_arn(listener)
            );
            return Err(Error::new(Code::InvalidSubnet, message));
        }
        let place = || Place::Listener(listener.name.clone());
        if listener.record.id.is_none() {
            // A name that is derived from the address would change with it, and the listener's ARN with the name.
            edits.push(Edit::Set(place(), "name", Setting::text(listener.name.as_str())));
        }
        edits.push(Edit::Set(place(), "bind", Setting::text(bind.to_string())));
    }
    Ok(edits)
}
