//! Rules: what an answer says of one, and the actions that find, show and delete them.

mod create;
mod modify;
mod priorities;

use clingfish_model::{Action, Edit, Listener, Place, Rule, Setting};

use super::{action, condition, transform};
use crate::{Code, Error, Input, Members, Plan, World, page::Page};

pub(super) use create::create;
pub(super) use modify::modify;
pub(super) use priorities::set as set_priorities;

/// A listener and one of its rules; none is the default one.
type Found<'w> = (&'w Listener, Option<&'w Rule>);

/// `DescribeRules`: those of a listener with the default one last, or those of these ARNs.
pub(super) fn describe(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let listener = input.text("ListenerArn")?;
    let arns = input.list_of_text("RuleArns")?.unwrap_or_default();
    let page = Page::read(input)?;
    let rules: Vec<Found<'_>> = match (listener, arns.is_empty()) {
        (Some(_), false) => {
            let message =
                "Listener rule ARNs and a listener ARN cannot be specified at the same time";
            return Err(Error::validation(message));
        }
        (None, true) => {
            let message = "You must specify either listener rule ARNs or a listener ARN";
            return Err(Error::validation(message));
        }
        (Some(arn), true) => {
            let listener = world.listener(&arn)?;
            let rules = listener.rules.iter().map(|rule| (listener, Some(rule)));
            rules.chain([(listener, None)]).collect()
        }
        (None, false) => {
            let found = arns.iter().map(|arn| world.rule(arn)).collect::<Result<Vec<_>, _>>();
            once(found.map_err(not_found)?)
        }
    };
    let key = |(listener, rule): &Found<'_>| format!("{}/{}", listener.name, sort_key(*rule));
    let (rules, next) = page.cut(rules, key);
    let rules = rules.into_iter().map(|found| members(found, world));
    Ok(Plan::read(Members::default().list("Rules", rules).some_text("NextMarker", next)))
}

/// `DeleteRule`.
pub(super) fn delete(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let arn = input.required_text("RuleArn")?;
    let (listener, rule) = world.rule(&arn)?;
    let rule = rule.ok_or_else(|| of_default(&arn, "deleted"))?;
    let place = Place::Rule(listener.name.clone(), rule.priority());
    let others = |other: &Rule| other.priority() != rule.priority();
    let mut edits = pinned_redirects(listener, others);
    edits.push(Edit::Remove(place));
    Ok(Plan::silent(arn, edits))
}

fn once<'w>(found: Vec<Found<'w>>) -> Vec<Found<'w>> {
    let mut once: Vec<Found<'w>> = Vec::with_capacity(found.len());
    for one in found {
        let is_same = |(listener, rule): &Found<'_>| {
            listener.name == one.0.name && rule.map(Rule::priority) == one.1.map(Rule::priority)
        };
        if !once.iter().any(is_same) {
            once.push(one);
        }
    }
    once
}

/// Of several rules AWS does not say which is missing.
fn not_found(error: Error) -> Error {
    match error.code {
        Code::RuleNotFound => Error::new(error.code, "One or more rules not found"),
        _ => error,
    }
}

fn sort_key(rule: Option<&Rule>) -> String {
    rule.map_or("default".into(), |rule| format!("{:05}", rule.priority().value()))
}

/// The refusal of what cannot be done to a default rule.
fn of_default(arn: &str, done: &str) -> Error {
    Error::new(Code::OperationNotPermitted, format!("Default rule '{arn}' cannot be {done}"))
}

/// A rule as answers show it.
fn members((listener, rule): Found<'_>, world: &World<'_>) -> Members {
    let Some(rule) = rule else {
        let default = action::members(listener.default_action.as_ref(), listener, world);
        return Members::default()
            .value("RuleArn", world.default_rule_arn(listener))
            .text("Priority", "default")
            .list("Conditions", [])
            .list("Actions", [default])
            .value("IsDefault", true)
            .list("Transforms", []);
    };
    Members::default()
        .value("RuleArn", world.rule_arn(listener, rule))
        .value("Priority", rule.priority())
        .list("Conditions", rule.conditions().iter().map(condition::members))
        .list("Actions", [action::members(Some(rule.action()), listener, world)])
        .value("IsDefault", false)
        .list("Transforms", transform::members(rule.transforms()))
}

/// The answer to whoever made or changed the rules of these ARNs.
fn shown(arns: &[String], world: &World<'_>) -> Result<Members, Error> {
    let rules = arns.iter().map(|arn| Ok(members(world.rule(arn)?, world)));
    Ok(Members::default().list("Rules", rules.collect::<Result<Vec<_>, Error>>()?))
}

/// An edit that keeps the ARN of a rule that a person wrote, whatever the API changes of it: it is made of the priority otherwise.
fn pinned(listener: &Listener, rule: &Rule) -> Option<Edit> {
    let id = Setting::text(rule.id(listener.id()).to_string());
    let place = Place::Rule(listener.name.clone(), rule.priority());
    rule.record().id.is_none().then_some(Edit::Set(place, "id", id))
}

/// Edits that keep the ARNs of what redirects. A redirect leads back to itself once the rule is gone that takes what it leads to:
/// AWS lets that be, and the file does so where an id says that the API had a hand in it.
fn pinned_redirects(listener: &Listener, is_wanted: impl Fn(&Rule) -> bool) -> Vec<Edit> {
    let is_redirect = |action: &Action| matches!(action, Action::Redirect(_));
    let mut edits = Vec::new();
    if listener.default_action.as_ref().is_some_and(is_redirect) {
        edits.extend(super::listener::pinned(listener));
    }
    let rules = listener.rules.iter().filter(|rule| is_redirect(rule.action()) && is_wanted(rule));
    edits.extend(rules.filter_map(|rule| pinned(listener, rule)));
    edits
}

/// Refuses transforms of what goes to no target.
fn refuse_idle_transforms(rule: &Rule) -> Result<(), Error> {
    if !rule.transforms().is_empty() && rule.action().groups().is_empty() {
        let message = "Transforms can only be specified with an action of type 'forward'";
        return Err(action::refused(message));
    }
    Ok(())
}
