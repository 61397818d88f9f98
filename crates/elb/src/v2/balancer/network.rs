//! Where AWS would put a load balancer: subnets, zones, VPC and security groups, and the address that subnets stand for here.

use std::{collections::BTreeSet, net::IpAddr};

use clingfish_model::elb::{Aws, IpAddressType, Network, Subnet};

use crate::{Code, Error, Input, Members};

/// Where the listeners of a load balancer accept, if they are made by the API.
pub(crate) fn bind(aws: &Aws, network: &Network) -> IpAddr {
    network.subnets.first().map_or(aws.bind, |subnet| bind_of(aws, subnet))
}

/// The VPC of these subnets.
pub(crate) fn vpc<'a>(aws: &'a Aws, subnets: &[String]) -> &'a str {
    let known = subnets.iter().find_map(|subnet| known(aws, subnet));
    known.map_or(Aws::VPC, |subnet| &subnet.vpc)
}

/// `AvailabilityZones` of these subnets.
pub(super) fn zone_members(aws: &Aws, subnets: &[String]) -> impl Iterator<Item = Members> {
    let empty = Vec::<Members>::new;
    zones(aws, subnets).zip(subnets).map(move |(zone, subnet)| {
        Members::default()
            .text("ZoneName", zone)
            .text("SubnetId", subnet)
            .list("LoadBalancerAddresses", empty())
    })
}

/// Reads `Subnets` or `SubnetMappings`, and judges them; none where the request has neither.
pub(super) fn read_subnets(input: &mut Input, aws: &Aws) -> Result<Option<Vec<String>>, Error> {
    let plain = input.list_of_text("Subnets")?;
    let mapped = input.list("SubnetMappings", read_mapping)?;
    let subnets = match (plain, mapped) {
        (Some(_), Some(_)) => {
            let message = "Subnets and subnet mappings cannot be specified at the same time";
            return Err(Error::validation(message));
        }
        (None, None) => return Ok(None),
        (plain, mapped) => plain.or(mapped).unwrap_or_default(),
    };
    judge(aws, &subnets)?;
    if zones(aws, &subnets).collect::<BTreeSet<_>>().len() < 2 {
        let message = "At least two subnets in two different Availability Zones must be specified";
        return Err(Error::validation(message));
    }
    Ok(Some(subnets))
}

/// Reads `SecurityGroups`, each once.
pub(crate) fn read_security_groups(
    input: &mut Input,
    aws: &Aws,
) -> Result<Option<Vec<String>>, Error> {
    let Some(list) = input.list_of_text("SecurityGroups")? else { return Ok(None) };
    let known = aws.security_groups.as_ref();
    let known: Option<BTreeSet<_>> = known.map(|known| known.iter().collect());
    let (mut groups, mut seen) = (Vec::new(), BTreeSet::new());
    for group in list {
        let is_known = known.as_ref().is_none_or(|known| known.contains(&group));
        if !is_known || !is_id(&group) {
            let message = format!("Security group '{group}' does not exist");
            return Err(Error::new(Code::InvalidSecurityGroup, message));
        }
        if seen.insert(group.clone()) {
            groups.push(group);
        }
    }
    Ok(Some(groups))
}

/// Reads `IpAddressType`.
pub(super) fn read_ip_address_type(input: &mut Input) -> Result<Option<IpAddressType>, Error> {
    let words = IpAddressType::OF_BALANCERS.map(|one| (one.as_str(), one));
    input.choice("IpAddressType", &words)
}

/// Refuses what only network load balancers have, where a request asks for it.
pub(super) fn refuse_source_nat(input: &mut Input) -> Result<(), Error> {
    match input.choice("EnablePrefixForIpv6SourceNat", &[("on", true), ("off", false)])? {
        Some(true) => Err(of_network("EnablePrefixForIpv6SourceNat")),
        _ => Ok(()),
    }
}

/// The refusal of a member that application load balancers do not have.
pub(super) fn of_network(member: &str) -> Error {
    let message = format!("'{member}' is not supported on load balancers with type 'application'");
    Error::new(Code::InvalidConfigurationRequest, message)
}

fn read_mapping(input: &mut Input) -> Result<String, Error> {
    let subnet = input.required_text("SubnetId")?;
    for member in ["AllocationId", "PrivateIPv4Address", "IPv6Address", "SourceNatIpv6Prefix"] {
        if input.has(member) {
            return Err(of_network(member));
        }
    }
    Ok(subnet)
}

/// Whether a load balancer may be in these subnets, however few they are.
pub(crate) fn judge(aws: &Aws, subnets: &[String]) -> Result<(), Error> {
    for subnet in subnets {
        let is_known = aws.subnets.as_ref().is_none_or(|known| known.contains_key(subnet));
        if !is_known || !is_id(subnet) {
            let message = format!("The subnet ID '{subnet}' does not exist");
            return Err(Error::new(Code::SubnetNotFound, message));
        }
    }
    let (mut in_zones, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (zone, subnet) in zones(aws, subnets).zip(subnets) {
        // Without a map each id has a zone of its own, and the same one twice is twice in its zone.
        if !in_zones.insert(zone) || !seen.insert(subnet) {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(Error::new(Code::InvalidConfigurationRequest, message));
        }
    }
    let vpc = vpc(aws, subnets);
    if subnets.iter().filter_map(|subnet| known(aws, subnet)).any(|subnet| subnet.vpc != vpc) {
        let message = format!("All subnets must belong to the same VPC: '{vpc}'");
        return Err(Error::new(Code::InvalidConfigurationRequest, message));
    }
    judge_binds(aws, subnets)
}

/// A load balancer has one address here, whatever its zones.
fn judge_binds(aws: &Aws, subnets: &[String]) -> Result<(), Error> {
    let mut binds = subnets.iter().map(|subnet| (subnet, bind_of(aws, subnet)));
    let Some((first, bind)) = binds.next() else { return Ok(()) };
    match binds.find(|(_, other)| *other != bind) {
        None => Ok(()),
        Some((subnet, other)) => Err(Error::new(
            Code::InvalidSubnet,
            format!(
                "The subnets '{first}' and '{subnet}' stand for different addresses, '{bind}' and '{other}', and the listeners \
                 of a load balancer have one: choose subnets with the same bind in [aws.subnets]"
            ),
        )),
    }
}

/// The zones of these subnets, one for each. One that is not known has a zone of its own.
pub(crate) fn zones(aws: &Aws, subnets: &[String]) -> impl Iterator<Item = String> {
    subnets.iter().enumerate().map(|(index, subnet)| match known(aws, subnet) {
        Some(subnet) => subnet.zone.to_string(),
        None => match ('a'..='z').nth(index) {
            Some(letter) => format!("{}{letter}", aws.owner.region()),
            None => format!("{}{index}", aws.owner.region()),
        },
    })
}

fn known<'a>(aws: &'a Aws, subnet: &str) -> Option<&'a Subnet> {
    aws.subnets.as_ref()?.get(subnet)
}

fn bind_of(aws: &Aws, subnet: &str) -> IpAddr {
    known(aws, subnet).and_then(|subnet| subnet.bind).unwrap_or(aws.bind)
}

/// Ids are opaque, but have to go into a file.
fn is_id(text: &str) -> bool {
    let legal = |c: u8| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\');
    (1..=Aws::ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(legal)
}
