//! `CreateTargetGroup`.

use clingfish_model::{
    Edit, HealthCheck, Name, Place, ProtocolVersion, Record, ResourceId, Setting, TargetGroup,
    TargetTls,
    elb::{Aws, IpAddressType, TargetType},
};

use super::{after, describe::show, health_check, protocol, unsupported, users::Users};
use crate::{
    Code, Error, Input, Members, Plan, World,
    arn::TargetGroupArn,
    constraint::Constraint,
    v2::{account_limits::TARGET_GROUPS_MAX, tags},
};

/// Longest name that the API gives; the file allows more.
const NAME_CHARS_MAX: usize = 32;

const NAME_PATTERN: &str = "(?!.*--)(?!^-)(?!.*-$)^[A-Za-z0-9-]+$";

/// Plans it. The same group once more is the one that is there.
pub(in crate::v2) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let wanted = read(input, world)?;
    if let Some(existing) = world.desired.target_group(&wanted.name) {
        if !is_same(existing, &wanted) {
            let message = format!(
                "A target group with the same name '{}' exists, but with different settings",
                wanted.name
            );
            return Err(Error::new(Code::DuplicateTargetGroupName, message));
        }
        return Ok(reply(world.group_arn(existing), Vec::new()));
    }
    if world.desired.target_groups.len() >= TARGET_GROUPS_MAX {
        let message = format!("The number of target groups cannot exceed {TARGET_GROUPS_MAX}");
        return Err(Error::new(Code::TooManyTargetGroups, message));
    }
    let id = ResourceId::derive("targetgroup", &format!("{}/{}", wanted.name, world.now.0));
    let record = Record { id: Some(id), created: Some(world.now), ..wanted.record.clone() };
    let wanted = TargetGroup { record, ..wanted };
    let edit = Edit::Add(Place::TargetGroup(wanted.name.clone()), settings(&wanted));
    Ok(reply(world.group_arn(&wanted), vec![edit]))
}

fn reply(arn: TargetGroupArn, edits: Vec<Edit>) -> Plan {
    Plan::change(arn.to_string(), edits, move |world| {
        let group = after(world, &arn)?;
        Ok(Members::default().list("TargetGroups", [show(group, &Users::of(world), world)]))
    })
}

/// The group that a request describes, with ALB's defaults.
fn read(input: &mut Input, world: &World<'_>) -> Result<TargetGroup, Error> {
    let name = read_name(input.required_text("Name")?)?;
    let target_type = read_target_type(input)?;
    let tls = read_protocol(input)?.then(TargetTls::default);
    let versions = [ProtocolVersion::Http1, ProtocolVersion::Http2, ProtocolVersion::Grpc]
        .map(|version| (version.as_str(), version));
    let protocol_version = input.choice("ProtocolVersion", &versions)?.unwrap_or_default();
    let port = input.integer("Port", 1..=u16::MAX.into())?;
    let port = port.and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| Error::validation("A port must be specified"))?;
    let vpc = read_vpc(input, world)?;
    let types = [IpAddressType::Ipv4, IpAddressType::Ipv6].map(|kind| (kind.as_str(), kind));
    let ip_address_type = input.choice("IpAddressType", &types)?.unwrap_or_default();
    if input.has("TargetControlPort") {
        return Err(unsupported("TargetControlPort", "there is no target optimizer here"));
    }
    let given = health_check::Given::read(input)?;
    let record = Record { tags: tags::read(input)?, ..Record::default() };
    let group = TargetGroup {
        tls,
        protocol_version,
        health_check: health_check::of_alb(protocol_version),
        record,
        target_type,
        port: Some(port),
        vpc: Some(vpc),
        ip_address_type,
        ..TargetGroup::new(name, Vec::new())
    };
    let health_check = given.over(&group)?;
    Ok(TargetGroup { health_check, ..group })
}

fn read_name(name: String) -> Result<Name, Error> {
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Error::validation(format!(
            "Target group name '{name}' cannot be longer than '{NAME_CHARS_MAX}' characters"
        )));
    }
    let alphanumeric = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    let Some(made) = Name::new(&*name).ok().filter(|_| name.bytes().all(alphanumeric)) else {
        return Err(Error::validation(format!(
            "Target group name '{name}' can only contain characters that are alphanumeric characters or hyphens(-)"
        )));
    };
    if name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        let at = "targetGroup.targetGroupArn.targetGroupName";
        return Err(Constraint::Pattern(NAME_PATTERN).broken_by(Some(&name), at));
    }
    Ok(made)
}

fn read_target_type(input: &mut Input) -> Result<TargetType, Error> {
    let why_lambda = "there are no functions here that could be called";
    let why_alb = "it belongs to network load balancers";
    let types = [
        ("instance", Ok(TargetType::Instance)),
        ("ip", Ok(TargetType::Ip)),
        ("lambda", Err(why_lambda)),
        ("alb", Err(why_alb)),
    ];
    let kind = input.text("TargetType")?;
    let word = kind.as_deref().unwrap_or("instance");
    match types.iter().find(|(known, _)| *known == word) {
        Some((_, Ok(kind))) => Ok(*kind),
        Some((word, Err(why))) => Err(unsupported(&format!("Target type '{word}'"), why)),
        None => {
            let words = types.map(|(word, _)| word);
            Err(Constraint::OneOf(&words).broken_by(Some(word), &input.at("TargetType")))
        }
    }
}

/// Whether it is HTTPS.
fn read_protocol(input: &mut Input) -> Result<bool, Error> {
    const NAMED: [&str; 9] =
        ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"];
    match input.choice("Protocol", &NAMED.map(|word| (word, word)))? {
        None => Err(Error::validation("A protocol must be specified")),
        Some("HTTP") => Ok(false),
        Some("HTTPS") => Ok(true),
        Some(word) => {
            let why = "it belongs to network and gateway load balancers";
            Err(unsupported(&format!("Protocol '{word}'"), why))
        }
    }
}

fn read_vpc(input: &mut Input, world: &World<'_>) -> Result<String, Error> {
    let vpc = input.text("VpcId")?.filter(|vpc| !vpc.is_empty());
    let vpc = vpc.ok_or_else(|| Error::validation("A VPC ID must be specified"))?;
    let subnets = world.desired.aws.subnets.as_ref();
    let is_known = subnets.is_none_or(|known| known.values().any(|subnet| subnet.vpc == vpc));
    // What the file cannot have as an id is none.
    let is_id = vpc.len() <= Aws::ID_CHARS_MAX
        && vpc.bytes().all(|c| c.is_ascii_graphic() && !matches!(c, b'"' | b'\\'));
    if !is_known || !is_id {
        return Err(Error::validation(format!("The VPC ID '{vpc}' is not found")));
    }
    Ok(vpc)
}

/// Whether a group is what the same request would make once more.
fn is_same(existing: &TargetGroup, wanted: &TargetGroup) -> bool {
    let check = HealthCheck {
        proxy_protocol: wanted.health_check.proxy_protocol,
        ..existing.health_check.clone()
    };
    existing.tls.is_some() == wanted.tls.is_some()
        && existing.protocol_version == wanted.protocol_version
        && check == wanted.health_check
        && existing.record.tags == wanted.record.tags
        && existing.target_type == wanted.target_type
        && existing.port == wanted.port
        && existing.vpc == wanted.vpc
        && existing.ip_address_type == wanted.ip_address_type
}

/// All of it in the file's words, ALB's defaults included: those of the file are others.
fn settings(group: &TargetGroup) -> Vec<(&'static str, Setting)> {
    let record = &group.record;
    let mut settings = Vec::new();
    settings.extend(record.id.map(|id| ("id", Setting::text(id.to_string()))));
    settings.extend(record.created.map(|time| ("created", Setting::Time(time))));
    settings.extend([
        ("targets", Setting::List(Vec::new())),
        ("target_type", Setting::text(group.target_type.as_str())),
        ("protocol", Setting::text(protocol(group))),
        ("protocol_version", Setting::text(group.protocol_version.as_str())),
    ]);
    settings.extend(group.port.map(|port| ("port", Setting::Integer(port.into()))));
    settings.extend(group.vpc.as_ref().map(|vpc| ("vpc", Setting::text(vpc))));
    settings.push(("ip_address_type", Setting::text(group.ip_address_type.as_str())));
    let delay = group.deregistration_delay.as_secs();
    settings.push(("deregistration_delay", Setting::seconds(delay)));
    settings.extend(health_check::settings(&group.health_check));
    if !record.tags.is_empty() {
        settings.push(("tags", tags::setting(&record.tags)));
    }
    settings
}
