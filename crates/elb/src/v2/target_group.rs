//! Target groups: how they are made, shown, changed and deleted.

pub(super) mod attributes;
mod create;
mod describe;
pub(crate) mod health_check;
mod modify;
mod users;

use clingfish_model::{Edit, Place, TargetGroup};

use crate::{Code, Error, Input, Plan, World, arn::TargetGroupArn};

pub(super) use create::create;
pub(super) use describe::describe;
pub(super) use modify::modify;

/// Plans `DeleteTargetGroup`. One that is not there is deleted already.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("TargetGroupArn")?;
    let group = match world.group(&arn) {
        Ok(group) => group,
        Err(error) if error.code == Code::TargetGroupNotFound => {
            return Ok(Plan::silent(arn, Vec::new()));
        }
        Err(error) => return Err(error),
    };
    if is_in_use(world, group) {
        let message =
            format!("The target group '{arn}' is currently in use by a listener or a rule");
        return Err(Error::new(Code::ResourceInUse, message));
    }
    Ok(Plan::silent(arn, vec![Edit::Remove(Place::TargetGroup(group.name.clone()))]))
}

/// Whether any listener or rule forwards to the group.
pub(super) fn is_in_use(world: &World<'_>, group: &TargetGroup) -> bool {
    world.desired.listeners.iter().any(|listener| listener.groups().any(|name| *name == group.name))
}

/// The port of targets that are registered without one. Where a person has written the group, it is the first target's.
pub(super) fn default_port(group: &TargetGroup) -> Option<u16> {
    use clingfish_model::TargetAddress::{Host, Socket};
    let first = group.targets.first().map(|target| match &target.address {
        Socket(address) => address.port(),
        Host { port, .. } => *port,
    });
    group.port.or(first)
}

/// ELBv2's word for what carries requests to its targets.
fn protocol(group: &TargetGroup) -> &'static str {
    if group.tls.is_some() { "HTTPS" } else { "HTTP" }
}

/// What has no target groups of that kind here.
fn unsupported(what: &str, why: &str) -> Error {
    Error::new(Code::InvalidConfigurationRequest, format!("{what} is not supported: {why}"))
}

/// The group after a change that may have been overtaken by another one.
fn after<'a>(world: &World<'a>, arn: &TargetGroupArn) -> Result<&'a TargetGroup, Error> {
    let group = world.desired.target_group(&arn.name).filter(|group| group.id() == arn.id);
    group.ok_or_else(|| {
        Error::new(Code::TargetGroupNotFound, format!("Target group '{arn}' not found"))
    })
}
