//! What attributes of a group do not go together.

use clingfish_model::{Action, Listener, TargetGroup};

use super::{
    conflict,
    key::{Key, Values},
    stickiness::{APP, RANDOM},
};
use crate::{Error, World};

/// Refuses what does not go together, as far as it is about anything that the request gives.
pub(super) fn judge(
    group: &TargetGroup,
    current: &Values,
    wanted: &Values,
    given: &[Key],
    world: &World<'_>,
) -> Result<(), Error> {
    let is_about = |keys: &[Key]| keys.iter().any(|key| given.contains(key));
    if wanted.is_sticky() {
        if is_about(&[Key::Sticky, Key::Type, Key::CookieName]) {
            needs_cookie_name(wanted)?;
        }
        is_sticky_with(wanted, given)?;
        if !current.is_sticky() {
            needs_group_stickiness(group, world)?;
        }
    }
    if is_about(&[Key::Algorithm, Key::SlowStart, Key::Mitigation]) {
        suits_algorithm(wanted)?;
    }
    for (dns, routing) in
        [(Key::DnsCount, Key::RoutingCount), (Key::DnsPercentage, Key::RoutingPercentage)]
    {
        if is_about(&[dns, routing]) {
            is_above(dns, routing, wanted)?;
        }
    }
    if wanted.get(Key::CrossZone) == "false" && current.get(Key::CrossZone) != "false" {
        needs_zones(group, world)?;
    }
    Ok(())
}

fn needs_cookie_name(wanted: &Values) -> Result<(), Error> {
    if wanted.get(Key::Type) == APP && wanted.get(Key::CookieName).is_empty() {
        let message =
            "You must set an application cookie name to enable stickiness of type 'app_cookie'";
        return Err(conflict(message));
    }
    Ok(())
}

/// What sessions cannot stay with.
fn is_sticky_with(wanted: &Values, given: &[Key]) -> Result<(), Error> {
    let algorithm = wanted.get(Key::Algorithm);
    if wanted.get(Key::CrossZone) == "false" {
        return Err(conflict(if given.contains(&Key::CrossZone) {
            "You cannot turn off cross-zone load balancing for a target group with stickiness enabled"
        } else {
            "You cannot enable stickiness for a target group with cross-zone load balancing turned off"
        }));
    }
    if algorithm == RANDOM {
        return Err(conflict(if given.contains(&Key::Algorithm) {
            "You cannot use the weighted random algorithm for a target group with stickiness enabled"
        } else {
            "Stickiness does not support the weighted random algorithm"
        }));
    }
    Ok(())
}

fn suits_algorithm(wanted: &Values) -> Result<(), Error> {
    let algorithm = wanted.get(Key::Algorithm);
    if wanted.get(Key::SlowStart) != "0" && algorithm != "round_robin" {
        let message = format!("Slow start is not supported with the '{algorithm}' algorithm");
        return Err(conflict(message));
    }
    if wanted.get(Key::Mitigation) == "on" && algorithm != RANDOM {
        let message =
            format!("Anomaly mitigation is not supported with the '{algorithm}' algorithm");
        return Err(conflict(message));
    }
    Ok(())
}

/// A zone that leaves DNS late would get requests that its targets no longer take.
fn is_above(dns: Key, routing: Key, wanted: &Values) -> Result<(), Error> {
    let number = |key| wanted.get(key).parse::<u32>().ok();
    let (Some(at_dns), Some(at_routing)) = (number(dns), number(routing)) else {
        return Ok(());
    };
    if at_dns >= at_routing {
        return Ok(());
    }
    let (dns, routing) = (dns.as_str(), routing.as_str());
    Err(conflict(format!(
        "'{dns}' value '{at_dns}' must be greater than or equal to '{routing}' value '{at_routing}'"
    )))
}

/// Sessions that change their group with each request have no home to stay at.
fn needs_group_stickiness(group: &TargetGroup, world: &World<'_>) -> Result<(), Error> {
    let spreads = |action: &Action| match action {
        Action::Forward(forward) => {
            let groups = forward.groups();
            forward.stickiness().is_none()
                && groups.len() > 1
                && groups.iter().any(|one| one.group == group.name)
        }
        _ => false,
    };
    let arn = |listener: &Listener| {
        if listener.default_action.as_ref().is_some_and(spreads) {
            return Some(world.default_rule_arn(listener));
        }
        let rule = listener.rules.iter().find(|rule| spreads(rule.action()))?;
        Some(world.rule_arn(listener, rule))
    };
    match world.desired.listeners.iter().find_map(arn) {
        None => Ok(()),
        Some(arn) => Err(conflict(format!(
            "This target group appears behind a rule with group stickiness disabled ({arn}). \
             You must enable group stickiness before enabling target stickiness"
        ))),
    }
}

/// Without cross-zone load balancing somebody must know what is in the own zone.
fn needs_zones(group: &TargetGroup, world: &World<'_>) -> Result<(), Error> {
    if world.desired.server.availability_zone.is_none() {
        let message = "You cannot turn off cross-zone load balancing: this load balancer has no \
                       Availability Zone of its own, see availability_zone of its configuration";
        return Err(conflict(message));
    }
    match group.targets.iter().find(|target| target.zone.is_none()) {
        None => Ok(()),
        Some(target) => Err(conflict(format!(
            "You cannot turn off cross-zone load balancing: target '{}' has no Availability Zone",
            target.id
        ))),
    }
}
