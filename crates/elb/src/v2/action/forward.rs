//! Forwarding to one or several target groups.

use std::time::Duration;

use clingfish_model::{
    GroupStickiness, Stickiness,
    rule::{BadAction, Forward, WeightedGroup},
    stickiness::CookieStyle,
};

use super::{head, refused};
use crate::{Code, Error, Input, Members, World};

/// AWS's words.
const DURATION: &str = "Target group stickiness duration must be between 1 and 604800 seconds";
const NEEDS_GROUP_STICKINESS: &str = "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups";

/// A target group as a request names it, and its weight.
type Weighted = (String, Option<i64>);

/// Reads `TargetGroupArn`, `ForwardConfig`, or both where they say the same.
pub(super) fn read(input: &mut Input, world: &World<'_>) -> Result<Forward, Error> {
    let arn = input.text("TargetGroupArn")?;
    let config = input.structure("ForwardConfig", |input| {
        let groups = input.list("TargetGroups", |input| {
            Ok((input.required_text("TargetGroupArn")?, input.integer("Weight", 0..=999)?))
        })?;
        let stickiness = input.structure("TargetGroupStickinessConfig", read_stickiness)?;
        Ok((groups.unwrap_or_default(), stickiness.flatten()))
    })?;
    let (groups, duration) = config.unwrap_or_default();
    let forward = weighted(&agreed(arn, groups)?, world)?;
    let Some(duration) = duration else {
        return refuse_sticky_groups(forward, world);
    };
    Ok(forward.sticky(GroupStickiness { duration, style: CookieStyle::Alb, failover: false }))
}

/// The groups that both ways of naming them come to.
fn agreed(arn: Option<String>, groups: Vec<Weighted>) -> Result<Vec<Weighted>, Error> {
    match (arn, groups.as_slice()) {
        (None, []) => Err(refused(
            "You must specify 'TargetGroupArn' or 'ForwardConfig' for an action of type 'forward'",
        )),
        (Some(arn), []) => Ok(vec![(arn, None)]),
        (None, _) => Ok(groups),
        (Some(arn), [(only, _)]) if arn == *only => Ok(groups),
        (Some(_), _) => Err(refused(
            "'TargetGroupArn' and 'ForwardConfig' must name the same target group when both are specified",
        )),
    }
}

fn weighted(groups: &[Weighted], world: &World<'_>) -> Result<Forward, Error> {
    let mut found = Vec::with_capacity(groups.len());
    for (arn, weight) in groups {
        let group = world.group(arn)?.name.clone();
        let weight = weight.and_then(|weight| u16::try_from(weight).ok()).unwrap_or(1);
        found.push(WeightedGroup { group, weight });
    }
    // Their order means nothing; this is the one in which the file is read, so that the same groups are no change.
    found.sort_by(|one, other| one.group.cmp(&other.group));
    Forward::weighted(found).map_err(|bad| match bad {
        BadAction::Groups { .. } => refused(format!(
            "An action of type 'forward' must have between 1 and {} target groups",
            Forward::GROUPS_MAX
        )),
        BadAction::GroupTwice { group } => {
            refused(format!("The target group '{group}' is specified more than once"))
        }
        other => refused(format!("The target groups are not valid: {other}")),
    })
}

/// The duration, where it is on. One that is out of range is refused even where it is off.
fn read_stickiness(input: &mut Input) -> Result<Option<Duration>, Error> {
    let is_on = input.boolean("Enabled")?.unwrap_or(false);
    let seconds = input.integer("DurationSeconds", i64::MIN..=i64::MAX)?;
    let duration = seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    let fits = duration.filter(|duration| GroupStickiness::DURATIONS.contains(duration));
    match (fits, seconds, is_on) {
        (None, Some(_), _) | (None, None, true) => Err(Error::validation(DURATION)),
        (fits, _, is_on) => Ok(fits.filter(|_| is_on)),
    }
}

/// Without group stickiness each request may go to another group, so that no target could keep its sessions.
fn refuse_sticky_groups(forward: Forward, world: &World<'_>) -> Result<Forward, Error> {
    let is_sticky = |one: &WeightedGroup| {
        let group = world.desired.target_group(&one.group);
        group.is_some_and(|group| group.stickiness != Stickiness::Off)
    };
    if forward.groups().len() > 1 && forward.groups().iter().any(is_sticky) {
        return Err(Error::new(Code::InvalidConfigurationRequest, NEEDS_GROUP_STICKINESS));
    }
    Ok(forward)
}

pub(super) fn members(forward: &Forward, world: &World<'_>) -> Members {
    let arns: Vec<_> = forward
        .groups()
        .iter()
        .filter_map(|one| {
            let group = world.desired.target_group(&one.group)?;
            Some((world.group_arn(group), one.weight))
        })
        .collect();
    let only = match arns.as_slice() {
        [(only, _)] => Some(only),
        _ => None,
    };
    let tuples = arns.iter().map(|(arn, weight)| {
        Members::default().value("TargetGroupArn", arn).value("Weight", weight)
    });
    let stickiness = forward.stickiness();
    let seconds = stickiness.map(|stickiness| stickiness.duration.as_secs());
    let stickiness = Members::default()
        .value("Enabled", stickiness.is_some())
        .some_value("DurationSeconds", seconds);
    let config = Members::default()
        .list("TargetGroups", tuples)
        .structure("TargetGroupStickinessConfig", stickiness);
    head("forward").some_value("TargetGroupArn", only).structure("ForwardConfig", config)
}
