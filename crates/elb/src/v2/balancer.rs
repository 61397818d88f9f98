//! Load balancers: what an answer says of one, and the actions that find, show and delete them.

pub(crate) mod attributes;
mod capacity;
mod create;
pub(crate) mod network;
mod set;

use clingfish_model::{DesiredState, Edit, LoadBalancer, Place, ResourceId, UnixMillis};

use crate::{
    Code, Error, Input, Members, Plan, World, arn::LoadBalancerArn, constraint::Constraint,
    page::Page,
};

pub(super) use capacity::{describe as capacity, modify as reserve};
pub(super) use create::create;
pub(super) use set::{set_ip_address_type, set_security_groups, set_subnets};

/// Most load balancers that a request names, as AWS.
const NAMED_MAX: usize = 20;

/// The load balancer of listeners that name none.
const DEFAULT: &str = "default";

/// Whether the API shows it: an application load balancer that the file says anything about.
pub(crate) fn is_shown(balancer: &LoadBalancer, desired: &DesiredState) -> bool {
    let is_used = || desired.listeners.iter().any(|one| one.load_balancer == balancer.name);
    balancer.classic.is_none() && (has_table(balancer) || is_used())
}

/// Whether the file has a table of it. There is always one called `default`; an empty table is as good as none there.
fn has_table(balancer: &LoadBalancer) -> bool {
    let is_plain = || *balancer == LoadBalancer::new(balancer.name.clone());
    balancer.name.as_str() != DEFAULT || !(balancer.implied || is_plain())
}

/// `DescribeLoadBalancers`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arns = read_some(input, "LoadBalancerArns")?;
    let names = read_some(input, "Names")?;
    let page = Page::read(input)?;
    let balancers = match (arns.is_empty(), names.is_empty()) {
        (false, false) => {
            let message =
                "Load balancer names and load balancer ARNs cannot be specified at the same time";
            return Err(Error::validation(message));
        }
        (false, true) => arns.iter().map(|arn| shown(arn, world)).collect::<Result<_, _>>()?,
        (true, false) => by_names(&names, world)?,
        (true, true) => all(world).collect(),
    };
    let (balancers, next) = page.cut(balancers, |balancer| balancer.name.to_string());
    let balancers = balancers.into_iter().map(|balancer| members(balancer, State::Active, world));
    Ok(Plan::read(
        Members::default().list("LoadBalancers", balancers).some_text("NextMarker", next),
    ))
}

/// `DeleteLoadBalancer`. What is not there is deleted already; what it forwarded to stays.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("LoadBalancerArn")?;
    let balancer = match shown(&arn, world) {
        Ok(balancer) => balancer,
        Err(_) if arn.parse::<LoadBalancerArn>().is_ok() => {
            return Ok(Plan::read(Members::default()));
        }
        Err(error) => return Err(error),
    };
    if attributes::is_protected(balancer) {
        let message = format!(
            "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        );
        return Err(Error::new(Code::OperationNotPermitted, message));
    }
    let listeners = world.desired.listeners.iter();
    let listeners = listeners.filter(|listener| listener.load_balancer == balancer.name);
    let mut places: Vec<_> =
        listeners.map(|listener| Place::Listener(listener.name.clone())).collect();
    if has_table(balancer) {
        places.push(Place::LoadBalancer(balancer.name.clone()));
    }
    Ok(Plan::silent(arn, places.into_iter().map(Edit::Remove).collect()))
}

/// What `State` says.
#[derive(Clone, Copy)]
enum State {
    /// In the answer that says it was made.
    Provisioning,
    /// From then on.
    Active,
}

/// A load balancer as answers show it.
fn members(balancer: &LoadBalancer, state: State, world: &World<'_>) -> Members {
    let (aws, network) = (&world.desired.aws, &balancer.network);
    let state = match state {
        State::Provisioning => "provisioning",
        State::Active => "active",
    };
    // Programs expect a time, also of what a person wrote into the file.
    let created = balancer.record.created.unwrap_or(UnixMillis(0));
    Members::default()
        .value("LoadBalancerArn", world.balancer_arn(balancer))
        .text("DNSName", dns_name(balancer, world))
        .text("CanonicalHostedZoneId", hosted_zone(world.desired.aws.owner.region()))
        .time("CreatedTime", created)
        .value("LoadBalancerName", &balancer.name)
        .text("Scheme", network.scheme.as_str())
        .text("VpcId", network::vpc(aws, &network.subnets))
        .structure("State", Members::default().text("Code", state))
        .text("Type", "application")
        .list("AvailabilityZones", network::zone_members(aws, &network.subnets))
        .texts("SecurityGroups", &network.security_groups)
        .text("IpAddressType", network.ip_address_type.as_str())
}

/// The list of one that answers of creating have.
fn list_of_one(balancer: &LoadBalancer, state: State, world: &World<'_>) -> Members {
    Members::default().list("LoadBalancers", [members(balancer, state, world)])
}

/// `DNSName`.
pub(crate) fn dns_name<'a>(balancer: &'a LoadBalancer, world: &World<'a>) -> &'a str {
    let name = balancer.dns_name.as_ref().or(world.desired.aws.dns_name.as_ref());
    name.map_or(world.host_name, String::as_str)
}

/// The zone of `DNSName`: a form of AWS's that no zone there has. The same for all load balancers of a region, as at AWS.
pub(crate) fn hosted_zone(region: &str) -> String {
    format!("Z{:013X}", ResourceId::derive("hosted-zone", region).value() >> 12)
}

/// The load balancer of that ARN, if it is one that is shown.
pub(super) fn shown<'a>(arn: &str, world: &'a World<'_>) -> Result<&'a LoadBalancer, Error> {
    let balancer = world.balancer(arn)?;
    if is_shown(balancer, world.desired) { Ok(balancer) } else { Err(not_found(&[arn])) }
}

fn all<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a LoadBalancer> {
    world.desired.load_balancers.iter().filter(|balancer| is_shown(balancer, world.desired))
}

fn by_names<'a>(names: &[String], world: &'a World<'_>) -> Result<Vec<&'a LoadBalancer>, Error> {
    let find = |name: &String| all(world).find(|balancer| balancer.name.as_str() == name);
    let missing: Vec<_> =
        names.iter().filter(|name| find(name).is_none()).map(String::as_str).collect();
    if !missing.is_empty() {
        return Err(not_found(&missing));
    }
    Ok(names.iter().filter_map(find).collect())
}

fn not_found(which: &[&str]) -> Error {
    let message = format!("Load balancers '[{}]' not found", which.join(", "));
    Error::new(Code::LoadBalancerNotFound, message)
}

/// A list that may be absent or empty, each of it once.
fn read_some(input: &mut Input, name: &str) -> Result<Vec<String>, Error> {
    let mut list = input.list_of_text(name)?.unwrap_or_default();
    if list.len() > NAMED_MAX {
        let text = format!("[{}]", list.join(", "));
        return Err(Constraint::LengthAtMost(NAMED_MAX).broken_by(Some(&text), &input.at(name)));
    }
    list.sort_unstable();
    list.dedup();
    Ok(list)
}
