//! How groups are shown.

use clingfish_model::{CheckProtocol, ProtocolVersion, TargetGroup};

use super::{default_port, health_check, protocol};
use crate::{Code, Error, Input, Members, Plan, World, classic::is_classic_group, page::Page};

/// Plans `DescribeTargetGroups`.
pub(in crate::v2) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let balancer = input.text("LoadBalancerArn")?;
    let arns = input.list_of_text("TargetGroupArns")?.unwrap_or_default();
    let names = input.list_of_text("Names")?.unwrap_or_default();
    let page = Page::read(input)?;
    let selectors = [balancer.is_some(), !arns.is_empty(), !names.is_empty()];
    if selectors.into_iter().filter(|is_given| *is_given).count() > 1 {
        let message = "You can specify only one of a load balancer ARN, target group ARNs, or target group names";
        return Err(Error::validation(message));
    }
    let mut groups = match balancer {
        Some(arn) => of_balancer(&arn, world)?,
        None if !arns.is_empty() => by_arn(&arns, world)?,
        None if !names.is_empty() => by_name(&names, world)?,
        None => shown(world).collect(),
    };
    groups.sort_unstable_by_key(|group| &group.name);
    groups.dedup_by_key(|group| &group.name);
    let (groups, next) = page.cut(groups, |group| group.name.to_string());
    let list =
        Members::default().list("TargetGroups", groups.iter().map(|group| show(group, world)));
    Ok(Plan::read(list.some_text("NextMarker", next)))
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
fn shown<'a>(world: &World<'a>) -> impl Iterator<Item = &'a TargetGroup> {
    world.desired.target_groups.iter().filter(|group| !is_classic_group(world, group))
}

fn by_arn<'a>(arns: &[String], world: &World<'a>) -> Result<Vec<&'a TargetGroup>, Error> {
    let find = |arn: &String| match world.group(arn) {
        Ok(group) => world.desired.target_group(&group.name).ok_or_else(not_found),
        Err(error) if error.code == Code::TargetGroupNotFound => Err(not_found()),
        Err(error) => Err(error),
    };
    arns.iter().map(find).collect()
}

fn by_name<'a>(names: &[String], world: &World<'a>) -> Result<Vec<&'a TargetGroup>, Error> {
    let find = |name: &String| shown(world).find(|group| group.name.as_str() == name);
    names.iter().map(|name| find(name).ok_or_else(not_found)).collect()
}

fn not_found() -> Error {
    Error::new(Code::TargetGroupNotFound, "One or more target groups not found")
}

/// `TargetGroup`.
pub(super) fn show(group: &TargetGroup, world: &World<'_>) -> Members {
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
        .texts("LoadBalancerArns", balancers(group, world))
        .text("TargetType", group.target_type.as_str())
        .text("ProtocolVersion", group.protocol_version.as_str())
        .text("IpAddressType", group.ip_address_type.as_str())
}

/// ARNs of the application load balancers that forward to the group.
fn balancers(group: &TargetGroup, world: &World<'_>) -> Vec<String> {
    let balancers = world.desired.load_balancers.iter().filter(|one| one.classic.is_none());
    let forwards = |balancer: &&clingfish_model::LoadBalancer| {
        let mut own = world.desired.listeners.iter();
        own.any(|listener| {
            listener.load_balancer == balancer.name
                && listener.groups().any(|name| *name == group.name)
        })
    };
    balancers.filter(forwards).map(|balancer| world.balancer_arn(balancer).to_string()).collect()
}
