//! `ModifyTargetGroup`.

use super::{after, describe::show, health_check, users::Users};
use crate::{Error, Input, Members, Plan, World};

/// Plans it: what is not given stays.
pub(in crate::v2) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("TargetGroupArn")?;
    let given = health_check::Given::read(input)?;
    let group = world.group(&arn)?;
    let wanted = given.over(group)?;
    let group_arn = world.group_arn(group);
    Ok(Plan::change(arn, health_check::edits(group, &wanted), move |world| {
        let group = after(world, &group_arn)?;
        Ok(Members::default().list("TargetGroups", [show(group, &Users::of(world), world)]))
    }))
}
