//! `CreateRule`.

use clingfish_model::{
    Edit, Listener, Place, ResourceId, Rule, Setting,
    rule::{Priority, Transforms},
};

use super::{refuse_idle_transforms, shown};
use crate::{
    Code, Error, Input, Plan, World,
    arn::RuleArn,
    v2::{
        action::{self, Scope},
        condition, fresh,
        tags::{self, Tags},
        transform,
    },
};

/// `CreateRule`.
pub(crate) fn create(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("ListenerArn")?;
    let listener = world.listener(&arn)?;
    let rule = read(input, listener, world)?;
    let tags = tags::read(input)?;
    if listener.rules.iter().any(|other| other.priority() == rule.priority()) {
        return Err(in_use());
    }
    if listener.rules.len() >= Rule::COUNT_MAX {
        let message = format!("A listener cannot have more than '{}' rules", Rule::COUNT_MAX);
        return Err(Error::new(Code::TooManyRules, message));
    }
    let name = format!("{}/{}", listener.id(), rule.priority());
    let is_taken = |id| listener.rules.iter().any(|other| other.id(listener.id()) == id);
    let id = fresh::id("listener-rule", &name, world.now, is_taken);
    let place = Place::Rule(listener.name.clone(), rule.priority());
    let edits = vec![Edit::Add(place, settings(&rule, id, &tags))];
    let arn = RuleArn { listener: world.listener_arn(listener), id }.to_string();
    Ok(Plan::change(arn.clone(), edits, move |world| shown(&[arn], world)))
}

fn read(input: &mut Input, listener: &Listener, world: &World<'_>) -> Result<Rule, Error> {
    let scope = Scope::of(listener, world);
    let priority = read_priority(input)?;
    let conditions = condition::read(input, scope.normal_paths)?;
    let conditions = input.required("Conditions", conditions)?;
    let action = action::read(input, "Actions", scope)?;
    let action = input.required("Actions", action)?;
    let transforms = transform::read(input)?.unwrap_or_else(Transforms::default);
    let rule = Rule::new(priority, conditions, action, transforms);
    let rule = rule.map_err(|error| condition::bad_rule(&error))?;
    refuse_idle_transforms(&rule)?;
    Ok(rule)
}

/// Reads `Priority`.
pub(super) fn read_priority(input: &mut Input) -> Result<Priority, Error> {
    let number = input.required_integer("Priority", 1..=i64::from(Priority::MAX))?;
    let priority = u16::try_from(number).ok().and_then(Priority::new);
    input.required("Priority", priority)
}

/// The refusal of a priority that another rule has.
pub(super) fn in_use() -> Error {
    Error::new(Code::PriorityInUse, "The specified priority is in use.")
}

fn settings(rule: &Rule, id: ResourceId, tags: &Tags) -> Vec<(&'static str, Setting)> {
    let mut settings = vec![
        ("priority", Setting::Integer(rule.priority().value().into())),
        ("conditions", condition::settings(rule.conditions())),
    ];
    settings.extend(action::settings(rule.action()));
    settings.extend(transform::settings(rule.transforms()));
    settings.push(("id", Setting::text(id.to_string())));
    if !tags.is_empty() {
        settings.push(("tags", tags::setting(tags)));
    }
    settings
}
