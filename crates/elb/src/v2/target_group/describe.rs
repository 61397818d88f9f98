//! How groups are shown.

use clingfish_model::{CheckProtocol, Name, ProtocolVersion, TargetGroup};

use super::{default_port, health_check, protocol, users::Users};
use crate::{Code, Error, Input, Members, Plan, World, constraint::Constraint, page::Page};

/// Most groups that a request names: as many as a page can show.
const NAMED_MAX: usize = 400;

/// Plans `DescribeTargetGroups`.
pub(in crate::v2) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.text("LoadBalancerArn")?;
    let arns = read_some(input, "TargetGroupArns")?;
    let names = read_some(input, "Names")?;
    let page = Page::read(input)?;
    let selectors = [balancer.is_some(), !arns.is_empty(), !names.is_empty()];
    if selectors.into_iter().filter(|is_given| *is_given).count() > 1 {
        let message = "You can specify only one of a load balancer ARN, target group ARNs, or target group names";
        return Err(Error::validation(message));
    }
    let users = Users::of(world);
    let mut groups = match balancer {
        Some(arn) => of_balancer(&arn, world)?,
        None if !arns.is_empty() => by_arn(&arns, world, &users)?,
        None if !names.is_empty() => by_name(&names, world, &users)?,
        None => shown(world, &users).collect(),
    };
    groups.sort_unstable_by_key(|group| &group.name);
    groups.dedup_by_key(|group| &group.name);
    let (groups, next) = page.cut(groups, |group| group.name.to_string());
    let groups = groups.iter().map(|group| show(group, &users, world));
    Ok(Plan::read(Members::default().list("TargetGroups", groups).some_text("NextMarker", next)))
}

fn of_balancer<'a>(arn: &str, world: &World<'a>) -> Result<Vec<&'a TargetGroup>, Error> {
    let name = world.balancer(arn)?.name.clone();
    let listeners = world.desired.listeners.iter().filter(|one| one.load_balancer == name);
    Ok(listeners
        .flat_map(|listener| listener.groups())
        .filter_map(|name| world.desired.target_group(name))
        .collect())
}

/// All but those of the Classic API.
fn shown<'a>(world: &World<'a>, users: &Users<'_>) -> impl Iterator<Item = &'a TargetGroup> {
    world.desired.target_groups.iter().filter(|group| !users.are_classic(group))
}

fn by_arn<'a>(
    arns: &[String],
    world: &World<'a>,
    users: &Users<'_>,
) -> Result<Vec<&'a TargetGroup>, Error> {
    let find = |arn: &String| match world.group_unless(arn, |group| users.are_classic(group)) {
        Ok(group) => world.desired.target_group(&group.name).ok_or_else(not_found),
        Err(error) if error.code == Code::TargetGroupNotFound => Err(not_found()),
        Err(error) => Err(error),
    };
    arns.iter().map(find).collect()
}

fn by_name<'a>(
    names: &[String],
    world: &World<'a>,
    users: &Users<'_>,
) -> Result<Vec<&'a TargetGroup>, Error> {
    let find = |name: &String| {
        let group = world.desired.target_group(&Name::new(name).ok()?)?;
        (!users.are_classic(group)).then_some(group)
    };
    names.iter().map(|name| find(name).ok_or_else(not_found)).collect()
}

/// A list that may be absent or empty.
fn read_some(input: &mut Input, name: &str) -> Result<Vec<String>, Error> {
    let list = input.list_of_text(name)?.unwrap_or_default();
    if list.len() > NAMED_MAX {
        let text = format!("[{}]", list.join(", "));
        return Err(Constraint::LengthAtMost(NAMED_MAX).broken_by(Some(&text), &input.at(name)));
    }
    Ok(list)
}

fn not_found() -> Error {
    Error::new(Code::TargetGroupNotFound, "One or more target groups not found")
}

/// `TargetGroup`.
pub(super) fn show(group: &TargetGroup, users: &Users<'_>, world: &World<'_>) -> Members {
    let check = &group.health_check;
    let asks = check.protocol != CheckProtocol::Tcp;
    let port =
        check.port.map_or_else(|| health_check::TRAFFIC_PORT.into(), |port| port.to_string());
    let code = match group.protocol_version {
        ProtocolVersion::Grpc => "GrpcCode",
        ProtocolVersion::Http1 | ProtocolVersion::Http2 => "HttpCode",
    };
    let matcher = Members::default().value(code, &check.matcher);
    Members::default()
        .value("TargetGroupArn", world.group_arn(group))
        .value("TargetGroupName", &group.name)
        .text("Protocol", protocol(group))
        .some_value("Port", default_port(group))
        .some_text("VpcId", group.vpc.as_ref())
        .text("HealthCheckProtocol", check.protocol.as_str())
        .text("HealthCheckPort", port)
        .value("HealthCheckEnabled", check.enabled)
        .value("HealthCheckIntervalSeconds", health_check::seconds(check.interval))
        .value("HealthCheckTimeoutSeconds", health_check::seconds(check.timeout))
        .value("HealthyThresholdCount", check.healthy_threshold)
        .value("UnhealthyThresholdCount", check.unhealthy_threshold)
        .some_text("HealthCheckPath", asks.then_some(&check.path))
        .some_structure("Matcher", asks.then_some(matcher))
        .texts("LoadBalancerArns", users.balancers(group, world))
        .text("TargetType", group.target_type.as_str())
        .text("ProtocolVersion", group.protocol_version.as_str())
        .text("IpAddressType", group.ip_address_type.as_str())
}
