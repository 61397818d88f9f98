//! `ModifyRule`.

use clingfish_model::{Edit, Place, Rule, rule::Transforms};

use super::{of_default, pinned, pinned_redirects, refuse_idle_transforms, shown};
use crate::{
    Error, Input, Plan, World,
    v2::{
        action::{self, Scope},
        condition, transform,
    },
};

/// `ModifyRule`. Only what is given changes; lists are replaced as a whole.
pub(crate) fn modify(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("RuleArn")?;
    let (listener, rule) = world.rule(&arn)?;
    let scope = Scope::of(listener, world);
    let conditions = condition::read(input, scope.normal_paths)?;
    let action = action::read(input, "Actions", scope)?;
    let transforms = read_transforms(input)?;
    if conditions.is_none() && action.is_none() && transforms.is_none() {
        return Err(Error::validation("Either conditions or actions must be specified"));
    }
    let rule = rule.ok_or_else(|| of_default(&arn, "modified"))?;
    let new = Rule::new(
        rule.priority(),
        conditions.unwrap_or_else(|| rule.conditions().to_vec()),
        action.unwrap_or_else(|| rule.action().clone()),
        transforms.unwrap_or_else(|| rule.transforms().clone()),
    );
    let new = new.map_err(|error| condition::bad_rule(&error))?;
    refuse_idle_transforms(&new)?;
    let mut edits = changes(&Place::Rule(listener.name.clone(), rule.priority()), rule, &new);
    if !edits.is_empty() {
        let is_narrowed = rule.conditions() != new.conditions();
        let others = |other: &Rule| other.priority() != rule.priority();
        let mut pins = if is_narrowed { pinned_redirects(listener, others) } else { Vec::new() };
        pins.extend(pinned(listener, rule));
        edits.splice(0..0, pins);
    }
    Ok(Plan::change(arn.clone(), edits, move |world| shown(&[arn], world)))
}

/// `Transforms`, or none of them with `ResetTransforms`.
fn read_transforms(input: &mut Input) -> Result<Option<Transforms>, Error> {
    let transforms = transform::read(input)?;
    let is_reset = input.boolean("ResetTransforms")?.unwrap_or(false);
    match transforms {
        Some(transforms) if is_reset && !transforms.is_empty() => Err(Error::validation(
            "'Transforms' and 'ResetTransforms' cannot be specified at the same time",
        )),
        None if is_reset => Ok(Some(Transforms::default())),
        transforms => Ok(transforms),
    }
}

fn changes(place: &Place, old: &Rule, new: &Rule) -> Vec<Edit> {
    let mut edits = Vec::new();
    if old.conditions() != new.conditions() {
        let conditions = condition::settings(new.conditions());
        edits.push(Edit::Set(place.clone(), "conditions", conditions));
    }
    edits.extend(action::changes(place, Some(old.action()), new.action()));
    edits.extend(transform::changes(place, old.transforms(), new.transforms()));
    edits
}
