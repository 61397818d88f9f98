//! `AddTags`, `RemoveTags`, `DescribeTags`.

use std::collections::BTreeSet;

use clingfish_model::{Edit, Place, Record};

use crate::{
    Error, Input, Members, Plan, World,
    constraint::Constraint,
    v2::tags::{self, Tags},
};

/// Most load balancers that a request names, as AWS.
const NAMED_MAX: usize = 20;

/// `AddTags`.
pub(super) fn add(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let names = read_names(input)?;
    let added = tags::read(input)?;
    if added.is_empty() {
        return Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), "tags"));
    }
    change(&names, world, |tags| tags.extend(added.clone()))
}

/// `RemoveTags`. Keys that a load balancer does not have are no error.
pub(super) fn remove(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let names = read_names(input)?;
    let keys = input.required_list("Tags", |input| {
        input.required_sized_text("Key", 1..=Record::TAG_KEY_CHARS_MAX)
    })?;
    if keys.is_empty() {
        return Err(Constraint::LengthAtLeast(1).broken_by(Some("[]"), "tags"));
    }
    change(&names, world, |tags| tags.retain(|key, _| !keys.contains(key)))
}

/// `DescribeTags`.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let names = read_names(input)?;
    let describe = |name: &String| {
        let tags = tags::members(&world.classic(name)?.record.tags);
        Ok(Members::default().text("LoadBalancerName", name).list("Tags", tags))
    };
    let descriptions = names.iter().map(describe).collect::<Result<Vec<_>, Error>>()?;
    Ok(Plan::read(Members::default().list("TagDescriptions", descriptions)))
}

fn change(
    names: &[String],
    world: &World<'_>,
    mut alter: impl FnMut(&mut Tags),
) -> Result<Plan, Error> {
    let mut plan = Plan::read(Members::default());
    for name in names {
        let balancer = world.classic(name)?;
        let before = &balancer.record.tags;
        let mut after = before.clone();
        alter(&mut after);
        if after.len() > Record::TAGS_MAX && after.len() > before.len() {
            return Err(tags::too_many());
        }
        if after != *before {
            let place = Place::LoadBalancer(balancer.name.clone());
            plan.edits.push(match after.is_empty() {
                true => Edit::Unset(place, "tags"),
                false => Edit::Set(place, "tags", tags::setting(&after)),
            });
            plan.touched.push(name.clone());
        }
    }
    Ok(plan)
}

/// Each is there once, in the order in which they came.
fn read_names(input: &mut Input) -> Result<Vec<String>, Error> {
    let mut names = input.required_list_of_text("LoadBalancerNames")?;
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let broken = match names.len() {
        0 => Constraint::LengthAtLeast(1),
        1..=NAMED_MAX => return Ok(names),
        _ => Constraint::LengthAtMost(NAMED_MAX),
    };
    Err(broken.broken_by(Some(&format!("[{}]", names.join(", "))), "loadBalancerNames"))
}
