//! `SetRulePriorities`.

use clingfish_model::{Edit, Listener, Rule, rule::Priority};

use super::{
    create::{in_use, read_priority},
    of_default, pinned, pinned_redirects, shown,
};
use crate::{Error, Input, Plan, World, v2::listener::refuse_empty};

/// A rule, and where it goes.
struct Move<'w> {
    arn: String,
    listener: &'w Listener,
    rule: &'w Rule,
    to: Priority,
}

/// `SetRulePriorities`: all of them or none. Whether a priority is in use is judged by the order that comes out.
pub(crate) fn set(input: &mut Input, world: &World<'_>) -> Result<Plan, Error> {
    let wanted = input.required_list("RulePriorities", |input| {
        Ok((input.required_text("RuleArn")?, read_priority(input)?))
    })?;
    refuse_empty(&wanted, "rulePriorities")?;
    let mut moves: Vec<Move<'_>> = Vec::with_capacity(wanted.len());
    for (arn, to) in wanted {
        if moves.iter().any(|other| other.arn == arn) {
            return Err(Error::validation(format!("Rule '{arn}' was provided multiple times")));
        }
        let (listener, rule) = world.rule(&arn)?;
        let rule = rule.ok_or_else(|| of_default(&arn, "given another priority"))?;
        moves.push(Move { arn, listener, rule, to });
    }
    let mut listeners: Vec<&Listener> = Vec::new();
    for one in &moves {
        if !listeners.iter().any(|listener| listener.name == one.listener.name) {
            listeners.push(one.listener);
        }
    }
    let mut edits = Vec::new();
    for listener in listeners {
        edits.extend(reordered(listener, &moves)?);
    }
    let arns: Vec<_> = moves.into_iter().map(|one| one.arn).collect();
    let touched = arns.clone();
    let reply = move |world: &World<'_>| shown(&arns, world);
    Ok(Plan { edits, touched, reply: Box::new(reply) })
}

/// The edits of one listener, unless two of its rules would have one priority.
fn reordered(listener: &Listener, moves: &[Move<'_>]) -> Result<Vec<Edit>, Error> {
    let own = || moves.iter().filter(|one| one.listener.name == listener.name);
    let to = |rule: &Rule| {
        let moved = own().find(|one| one.rule.priority() == rule.priority());
        moved.map_or(rule.priority(), |one| one.to)
    };
    let mut order: Vec<_> = listener.rules.iter().map(to).collect();
    order.sort_unstable();
    if order.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        let twice = own().find(|one| own().filter(|other| other.to == one.to).count() > 1);
        return Err(twice.map_or_else(in_use, |one| {
            Error::validation(format!("Priority '{}' was provided multiple times", one.to))
        }));
    }
    let moving: Vec<_> = own().filter(|one| one.rule.priority() != one.to).collect();
    if moving.is_empty() {
        return Ok(Vec::new());
    }
    let stays = |rule: &Rule| moving.iter().all(|one| one.rule.priority() != rule.priority());
    let mut edits = pinned_redirects(listener, stays);
    edits.extend(moving.iter().filter_map(|one| pinned(listener, one.rule)));
    let pairs = moving.iter().map(|one| (one.rule.priority(), one.to)).collect();
    edits.push(Edit::Prioritise(listener.name.clone(), pairs));
    Ok(edits)
}
