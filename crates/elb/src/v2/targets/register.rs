//! `RegisterTargets`.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    net::{IpAddr, SocketAddr},
};

use clingfish_model::{
    CrossZone, Edit, Name, Setting, Target, TargetAddress, TargetGroup, TargetId, Weight,
    elb::TargetType, limits::TARGETS_MAX, reach,
};

use super::{Given, identity::Identity, read_all};
use crate::{Code, Error, Input, Plan, World};

/// Plans it. A target that is registered already stays as it is, but for its zone.
pub(in crate::v2) fn register(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let (arn, given) = (input.required_text("TargetGroupArn")?, read_all(input)?);
    let group = world.group(&arn)?;
    let of = |target: &Target| (Identity::of(target, group), target.clone());
    let mut registered: HashMap<_, _> = group.targets.iter().map(of).collect();
    let mut ids: HashSet<_> = group.targets.iter().map(|target| target.id.clone()).collect();
    refuse_unknown_instances(&given, &registered, group, world)?;
    let mut edits = Vec::new();
    for one in given {
        let zone = read_zone(&one, group, world)?;
        let Some(identity) = Identity::given(&one, group) else {
            return Err(Error::validation("A port must be specified"));
        };
        let target = match registered.get(&identity) {
            Some(old) if zone.is_none() || old.zone == zone => continue,
            Some(old) => {
                edits.push(Edit::RemoveTarget(group.name.clone(), old.id.clone()));
                Target { zone, ..old.clone() }
            }
            None => {
                let target = new(&identity, zone, group, world)?;
                if !ids.insert(target.id.clone()) {
                    let why =
                        "is the id that the configuration has for a target at another address";
                    return Err(invalid(&target.id, why));
                }
                target
            }
        };
        edits.push(Edit::AddTarget(group.name.clone(), setting(&target)));
        registered.insert(identity, target);
    }
    if ids.len() > TARGETS_MAX && !edits.is_empty() {
        let message = format!("A target group has at most {TARGETS_MAX} targets");
        return Err(Error::new(Code::TooManyTargets, message));
    }
    Ok(Plan::silent(arn, edits))
}

/// AWS names all of them at once.
fn refuse_unknown_instances(
    given: &[Given],
    registered: &HashMap<Identity, Target>,
    group: &TargetGroup,
    world: &World<'_>,
) -> Result<(), Error> {
    if group.target_type != TargetType::Instance {
        return Ok(());
    }
    let instances = world.desired.aws.instances.as_ref();
    let is_known = |one: &&Given| instances.is_some_and(|known| known.contains_key(&one.id));
    let is_there = |one: &&Given| {
        Identity::given(one, group).is_some_and(|identity| registered.contains_key(&identity))
    };
    let unknown = given.iter().filter(|one| !is_known(one) && !is_there(one));
    let unknown: Vec<_> = unknown.map(|one| format!("'{}'", one.id)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = "The following targets are not in a running state and cannot be registered:";
    Err(Error::new(Code::InvalidTarget, format!("{message} {}", unknown.join(", "))))
}

/// The zone, unless it is `all`. Where only the own zone counts there must be one.
fn read_zone(given: &Given, group: &TargetGroup, world: &World<'_>) -> Result<Option<Name>, Error> {
    let bad =
        |zone: &str| Error::validation(format!("The Availability Zone '{zone}' is not valid"));
    let zone = match given.zone.as_deref() {
        None | Some("" | "all") => None,
        Some(zone) => Some(Name::new(zone).map_err(|_| bad(zone))?),
    };
    let known = world.desired.aws.subnets.as_ref();
    let is_known = |zone: &Name| {
        known.is_none_or(|subnets| subnets.values().any(|subnet| subnet.zone == *zone))
    };
    match zone {
        Some(zone) if !is_known(&zone) => Err(bad(zone.as_str())),
        None if group.cross_zone == CrossZone::Off => {
            let id = &given.id;
            Err(Error::validation(format!(
                "You must specify an Availability Zone for target '{id}', since cross-zone load balancing is turned off"
            )))
        }
        zone => Ok(zone),
    }
}

fn new(
    identity: &Identity,
    zone: Option<Name>,
    group: &TargetGroup,
    world: &World<'_>,
) -> Result<Target, Error> {
    let (address, id) = match group.target_type {
        TargetType::Ip => {
            let address = SocketAddr::new(read_address(&identity.id)?, identity.port);
            refuse_address(address, world)?;
            (address, address.to_string())
        }
        TargetType::Instance => {
            let instances = world.desired.aws.instances.as_ref();
            let address = instances.and_then(|known| known.get(&identity.id)).copied();
            let address =
                address.ok_or_else(|| invalid(&identity.id, "is not a running instance"))?;
            (SocketAddr::new(address, identity.port), identity.to_string())
        }
    };
    let id = TargetId::new(id).map_err(|_| invalid(&identity.id, "has no valid id"))?;
    let address = TargetAddress::Socket(address);
    Ok(Target { id, address, weight: Weight::default(), zone, drain: false, known_as: None })
}

fn read_address(id: &str) -> Result<IpAddr, Error> {
    id.parse()
        .map_err(|_| Error::validation(format!("The target id '{id}' is not a valid IP address")))
}

fn refuse_address(address: SocketAddr, world: &World<'_>) -> Result<(), Error> {
    let Some(why) = why_refused(address, world) else { return Ok(()) };
    let message = format!("The IP address '{}' cannot be registered: {why}", address.ip());
    Err(Error::new(Code::InvalidTarget, message))
}

/// Why an address that a request names cannot be a target: who may use the API is not to reach what is for this machine alone.
pub(crate) fn why_refused(address: SocketAddr, world: &World<'_>) -> Option<String> {
    if let Some(forbidden) = forbidden(address, world) {
        return Some(format!("it is {forbidden}"));
    }
    let is_ours = reach::is_loopback(address.ip()) && !world.on_loopback;
    is_ours.then(|| "it is a loopback address, and this API is open to other machines".into())
}

/// What nobody is called at, as far as the file tells. Its port 0 is any port, and no address.
pub(crate) fn forbidden(address: SocketAddr, world: &World<'_>) -> Option<reach::Forbidden> {
    let admin = world.desired.admin.bind;
    let (ours, theirs) = (reach::plain(admin.ip()), reach::plain(address.ip()));
    let leads_there = theirs == ours || ours.is_unspecified() && theirs.is_loopback();
    let is_admin = admin.port() != 0 && address.port() == admin.port() && leads_there;
    reach::refuse(address.ip()).or(is_admin.then_some(reach::Forbidden::Admin))
}

fn invalid(id: impl Display, why: &str) -> Error {
    Error::new(Code::InvalidTarget, format!("The target '{id}' {why}"))
}

/// As the file has it: an address alone where that says everything.
fn setting(target: &Target) -> Setting {
    let address = target.address.to_string();
    let has_own_id = target.id.as_str() != address;
    let weight = Some(target.weight).filter(|weight| *weight != Weight::default());
    let own_id = has_own_id.then(|| Setting::text(target.id.as_str()));
    let members = [
        ("id", own_id),
        ("address", Some(Setting::text(&address))),
        ("weight", weight.map(|weight| Setting::Integer(weight.value().into()))),
        ("zone", target.zone.as_ref().map(|zone| Setting::text(zone.as_str()))),
        ("drain", target.drain.then_some(Setting::Bool(true))),
        ("known_as", target.known_as.as_ref().map(Setting::text)),
    ];
    let members: Vec<_> =
        members.into_iter().filter_map(|(key, setting)| Some((key, setting?))).collect();
    if members.len() == 1 { Setting::Text(address) } else { Setting::table(members) }
}
