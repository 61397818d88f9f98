//! `CreateLoadBalancer` and `DeleteLoadBalancer`.

use std::collections::{BTreeMap, BTreeSet};

use clingfish_model::{
    Edit, LoadBalancer, Name, Place, ResourceId, Setting,
    elb::{BalancerScheme, Classic, Network},
};

use super::{
    facts::{Draining, Facts},
    health_check, invalid,
    listeners::{self, Wanted},
    network, sync,
};
use crate::{
    Code, Error, Input, Members, Plan, World,
    v2::{
        account_limits::LOAD_BALANCERS_MAX,
        balancer::{
            dns_name, is_shown,
            network::{bind, read_security_groups},
        },
        tags::{self, Tags},
    },
};

/// Most characters of a name.
const NAME_LEN_MAX: usize = 32;

/// What a request asks for.
struct Request {
    name: Name,
    listeners: Vec<Wanted>,
    network: Network,
    zones: Vec<String>,
    tags: Tags,
}

/// `CreateLoadBalancer`. The same once more is the one that is there.
pub(super) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let wanted = Request::read(input, world)?;
    let name = wanted.name.clone();
    let existing = world.desired.load_balancer(&name);
    let is_classic = existing.is_some_and(|one| one.classic.is_some());
    let edits = match existing {
        Some(existing) if is_classic => {
            wanted.refuse_other(existing, world)?;
            Vec::new()
        }
        Some(existing) if is_shown(existing, world.desired) => {
            return Err(duplicate(format!(
                "Load Balancer named {name} already exists as an application load balancer: here both kinds share their names"
            )));
        }
        _ => {
            if world.desired.load_balancers.len() >= LOAD_BALANCERS_MAX {
                let message =
                    format!("The number of load balancers cannot exceed {LOAD_BALANCERS_MAX}");
                return Err(Error::new(Code::TooManyLoadBalancers, message));
            }
            wanted.edits(existing.is_some(), world)?
        }
    };
    Ok(Plan::change(name.to_string(), edits, move |world| {
        let balancer = world.classic(name.as_str())?;
        Ok(Members::default().text("DNSName", dns_name(balancer, world)))
    }))
}

/// `DeleteLoadBalancer`. What is not there is deleted already.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let Ok(balancer) = world.classic(&name) else {
        return Ok(Plan::read(Members::default()));
    };
    let own = world.desired.listeners.iter().filter(|one| one.load_balancer == balancer.name);
    let mut edits: Vec<_> = own.flat_map(|listener| sync::removal(listener, world)).collect();
    edits.push(Edit::Remove(Place::LoadBalancer(balancer.name.clone())));
    Ok(Plan::silent(name, edits))
}

impl Request {
    fn read(input: &mut Input, world: &World<'_>) -> Result<Self, Error> {
        let name = read_name(input)?;
        let scheme = read_scheme(input)?;
        let listeners = listeners::read(input, world)?;
        let aws = &world.desired.aws;
        let (subnets, zones) = network::read(input, aws)?;
        let security_groups = read_security_groups(input, aws)?.unwrap_or_default();
        let network = Network { scheme, subnets, security_groups, ..Network::default() };
        Ok(Self { name, listeners, network, zones, tags: tags::read(input)? })
    }

    /// Whether the one that is there is what this would make.
    fn refuse_other(&self, existing: &LoadBalancer, world: &World<'_>) -> Result<(), Error> {
        let set = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
        let (network, wanted) = (&existing.network, &self.network);
        let facts = Facts::of(existing, world);
        let mut there: Vec<_> = facts.listeners.iter().map(Wanted::of).collect();
        let mut listeners = self.listeners.clone();
        for list in [&mut there, &mut listeners] {
            list.sort_unstable_by_key(|one| one.port);
            list.dedup();
        }
        let is_same = network.scheme == wanted.scheme
            && set(&network.subnets) == set(&wanted.subnets)
            && set(&network.security_groups) == set(&wanted.security_groups)
            && set(&facts.classic.zones) == set(&self.zones)
            && there == listeners
            && existing.record.tags == self.tags;
        if is_same {
            return Ok(());
        }
        Err(duplicate(format!(
            "Load Balancer named {} already exists and it is configured with different parameters.",
            self.name
        )))
    }

    /// What AWS would make of it, all that differs from what the file would take for granted.
    fn edits(self, is_default: bool, world: &World<'_>) -> Result<Vec<Edit>, Error> {
        let first_port = self.listeners.first().map_or(80, |first| first.instance_port);
        let empty = Facts {
            name: self.name.clone(),
            classic: Classic { zones: self.zones, ..Classic::default() },
            attributes: BTreeMap::new(),
            check: health_check::default(first_port),
            draining: Draining::DEFAULT,
            listeners: Vec::new(),
        };
        let mut facts = empty.clone();
        health_check::keep(&facts.check, &mut facts.attributes);
        facts.draining.keep(&mut facts.attributes);
        let address = bind(&world.desired.aws, &self.network);
        for listener in &self.listeners {
            facts.add(listener, address, world)?;
        }
        let id = ResourceId::derive("classic", &format!("{}/{}", self.name, world.now.0));
        let mut settings = vec![
            ("id", Setting::text(id.to_string())),
            ("created", Setting::Time(world.now)),
            ("scheme", Setting::text(self.network.scheme.as_str())),
            ("subnets", Setting::texts(self.network.subnets)),
            ("security_groups", Setting::texts(self.network.security_groups)),
            // The Classic Load Balancer does not speak it.
            ("http2", Setting::Bool(false)),
        ];
        settings.extend(facts.attributes_setting().map(|setting| ("attributes", setting)));
        if !self.tags.is_empty() {
            settings.push(("tags", tags::setting(&self.tags)));
        }
        settings.push(("classic", sync::classic_setting(&facts.classic)));
        let place = Place::LoadBalancer(self.name);
        let mut edits = match is_default {
            // The one that is there without being shown may have a table, which is empty.
            true => settings
                .into_iter()
                .map(|(key, setting)| Edit::Set(place.clone(), key, setting))
                .collect(),
            false => vec![Edit::Add(place, settings)],
        };
        edits.extend(facts.listener_edits(&empty, world)?);
        Ok(edits)
    }
}

fn duplicate(message: String) -> Error {
    Error::new(Code::DuplicateLoadBalancerName, message)
}

/// A name as AWS has them; the file's may be others.
fn read_name(input: &mut Input) -> Result<Name, Error> {
    let name = input.required_text("LoadBalancerName")?;
    let refuse = |why: String| Error::validation(format!("The load balancer name '{name}' {why}"));
    if name.is_empty() {
        return Err(Error::validation("LoadBalancer name cannot be empty"));
    }
    if name.chars().count() > NAME_LEN_MAX {
        return Err(refuse(format!("cannot be longer than {NAME_LEN_MAX} characters")));
    }
    let alphanumeric = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if !name.bytes().all(alphanumeric) || name.starts_with('-') || name.ends_with('-') {
        let why = "must contain only alphanumeric characters or hyphens, and cannot begin or end with a hyphen";
        return Err(refuse(why.into()));
    }
    Name::new(name).map_err(|bad| Error::validation(bad.to_string()))
}

fn read_scheme(input: &mut Input) -> Result<BalancerScheme, Error> {
    let Some(word) = input.text("Scheme")?.filter(|word| !word.is_empty()) else {
        return Ok(BalancerScheme::default());
    };
    let found = BalancerScheme::ALL.into_iter().find(|scheme| scheme.as_str() == word);
    found.ok_or_else(|| {
        let message =
            format!("The scheme '{word}' is not valid: use 'internal' or 'internet-facing'");
        Error::new(Code::InvalidScheme, message)
    })
}

/// Refuses a load balancer that would be nowhere.
pub(super) fn nowhere(what: &str) -> Error {
    invalid(format!("A load balancer must have at least one {what}"))
}
