//! `CreateLoadBalancer`.

use std::collections::BTreeSet;

use clingfish_model::{
    Edit, LoadBalancer, Name, Place, ResourceId, Setting,
    elb::{BalancerScheme, IpAddressType, Network},
};

use super::{
    State, is_shown, list_of_one,
    network::{read_ip_address_type, read_security_groups, read_subnets, refuse_source_nat},
};
use crate::{
    Code, Error, Input, Plan, World,
    arn::LoadBalancerArn,
    v2::{
        account_limits::LOAD_BALANCERS_MAX,
        tags::{self, Tags},
    },
};

/// Most characters of a name.
const NAME_LEN_MAX: usize = 32;

/// What a request asks for.
struct Wanted {
    name: Name,
    network: Network,
    tags: Tags,
}

/// `CreateLoadBalancer`.
pub(crate) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let wanted = Wanted::read(input, world)?;
    let existing = world.desired.load_balancer(&wanted.name);
    if let Some(existing) = existing.filter(|one| is_taken(one, world)) {
        return match wanted.is(existing) {
            true => Ok(Plan::read(list_of_one(existing, State::Active, world))),
            false => Err(wanted.duplicate()),
        };
    }
    if world.desired.load_balancers.len() >= LOAD_BALANCERS_MAX {
        let message = format!("The number of load balancers cannot exceed {LOAD_BALANCERS_MAX}");
        return Err(Error::new(Code::TooManyLoadBalancers, message));
    }
    let id = ResourceId::derive("app", &format!("{}/{}", wanted.name, world.now.0));
    let arn = LoadBalancerArn { owner: world.owner(), name: wanted.name.clone(), id }.to_string();
    let edits = wanted.edits(id, existing.is_some(), world);
    Ok(Plan::change(arn.clone(), edits, move |world| {
        Ok(list_of_one(world.balancer(&arn)?, State::Provisioning, world))
    }))
}

/// A Classic load balancer takes its name too, though this API does not show it.
fn is_taken(balancer: &LoadBalancer, world: &World<'_>) -> bool {
    balancer.classic.is_some() || is_shown(balancer, world.desired)
}

impl Wanted {
    fn read(input: &mut Input, world: &World<'_>) -> Result<Self, Error> {
        let name = read_name(input)?;
        refuse_other_types(input)?;
        let aws = &world.desired.aws;
        let schemes = BalancerScheme::ALL.map(|scheme| (scheme.as_str(), scheme));
        let scheme = input.choice("Scheme", &schemes)?.unwrap_or_default();
        let ip_address_type = read_ip_address_type(input)?.unwrap_or_default();
        refuse_private(scheme, ip_address_type)?;
        let Some(subnets) = read_subnets(input, aws)? else {
            let message =
                "At least two subnets in two different Availability Zones must be specified";
            return Err(Error::validation(message));
        };
        let security_groups = read_security_groups(input, aws)?.unwrap_or_default();
        let network = Network { scheme, subnets, security_groups, ip_address_type };
        Ok(Self { name, network, tags: tags::read(input)? })
    }

    /// Whether that is what is there.
    fn is(&self, existing: &LoadBalancer) -> bool {
        let (network, wanted) = (&existing.network, &self.network);
        existing.classic.is_none()
            && network.scheme == wanted.scheme
            && network.ip_address_type == wanted.ip_address_type
            && is_same_set(&network.subnets, &wanted.subnets)
            && is_same_set(&network.security_groups, &wanted.security_groups)
            && existing.record.tags == self.tags
    }

    fn duplicate(&self) -> Error {
        let message = format!(
            "A load balancer with the same name '{}' exists, but with different settings",
            self.name
        );
        Error::new(Code::DuplicateLoadBalancerName, message)
    }

    fn edits(self, id: ResourceId, is_default: bool, world: &World<'_>) -> Vec<Edit> {
        let network = self.network;
        let mut settings = vec![
            ("id", Setting::text(id.to_string())),
            ("created", Setting::Time(world.now)),
            ("scheme", Setting::text(network.scheme.as_str())),
            ("subnets", Setting::texts(network.subnets)),
            ("security_groups", Setting::texts(network.security_groups)),
            ("ip_address_type", Setting::text(network.ip_address_type.as_str())),
            // The one default that ALB does not share.
            ("preserve_host_header", Setting::Bool(false)),
        ];
        if !self.tags.is_empty() {
            settings.push(("tags", tags::setting(&self.tags)));
        }
        let place = Place::LoadBalancer(self.name);
        if is_default {
            // The one that is there without being shown may have a table, which is empty.
            let set = |(key, setting)| Edit::Set(place.clone(), key, setting);
            return settings.into_iter().map(set).collect();
        }
        vec![Edit::Add(place, settings)]
    }
}

/// Whether the lists have the same members, each once.
pub(super) fn is_same_set(one: &[String], other: &[String]) -> bool {
    let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    one.len() == other.len() && set(one) == set(other)
}

/// A name as AWS has them; the file's may be others.
fn read_name(input: &mut Input) -> Result<Name, Error> {
    let name = input.required_text("Name")?;
    let refuse =
        |why: &str| Err(Error::validation(format!("The load balancer name '{name}' {why}")));
    if name.is_empty() {
        return Err(Error::validation("A load balancer name must be specified"));
    }
    if name.chars().count() > NAME_LEN_MAX {
        return refuse(&format!("cannot be longer than '{NAME_LEN_MAX}' characters"));
    }
    if !name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
        return refuse(
            "can only contain characters that are alphanumeric characters and hyphens(-)",
        );
    }
    if name.starts_with('-') || name.ends_with('-') {
        return refuse("cannot begin or end with a hyphen(-)");
    }
    if name.starts_with("internal-") {
        return refuse("cannot begin with 'internal-'");
    }
    Name::new(&name).map_err(|error| Error::validation(error.to_string()))
}

/// What would be there without doing anything is refused.
fn refuse_other_types(input: &mut Input) -> Result<(), Error> {
    let types = ["application", "network", "gateway"].map(|word| (word, word));
    let wanted = input.choice("Type", &types)?.unwrap_or("application");
    if wanted != "application" {
        let message = format!(
            "Load balancers with type '{wanted}' are not supported: this one speaks HTTP, use type 'application'"
        );
        return Err(Error::new(Code::OperationNotPermitted, message));
    }
    refuse_source_nat(input)?;
    match ["CustomerOwnedIpv4Pool", "IpamPools"].into_iter().find(|member| input.has(member)) {
        None => Ok(()),
        // Application load balancers of AWS do have these, and addresses to give.
        Some(member) => {
            let message = format!("'{member}' is not supported: addresses are the machine's own");
            Err(Error::new(Code::InvalidConfigurationRequest, message))
        }
    }
}

/// Only what is for everybody has public addresses to go without.
pub(super) fn refuse_private(scheme: BalancerScheme, wanted: IpAddressType) -> Result<(), Error> {
    let without = IpAddressType::DualstackWithoutPublicIpv4;
    if scheme == BalancerScheme::Internal && wanted == without {
        let message = format!(
            "The IP address type '{}' is only supported on load balancers with scheme '{}'",
            without.as_str(),
            BalancerScheme::InternetFacing.as_str()
        );
        return Err(Error::new(Code::InvalidConfigurationRequest, message));
    }
    Ok(())
}
