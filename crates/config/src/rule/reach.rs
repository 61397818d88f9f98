//! What can be proved of rules: that no request comes to one, or that one sends clients back to itself.

use std::collections::HashMap;

use clingfish_model::{
    Action,
    rule::{Condition, Pattern, QueryPattern, Redirect, Scheme, Values},
};

use super::{Placed, action::first_of_redirect};
use crate::{report::Report, section::Section};

/// Refuses rules whose every request a rule before them takes.
pub(super) fn refuse_unreachable(placed: &[Placed], report: &mut Report<'_>) {
    let mut before = Before::default();
    for (at, later) in placed.iter().enumerate() {
        warn_of_contradictions(later, report);
        let takes_all =
            |earlier: &&Placed| is_implied(later.rule.conditions(), earlier.rule.conditions());
        let candidates = before.candidates(later.rule.conditions());
        before.add(at, later.rule.conditions());
        if let Some(earlier) = candidates.iter().filter_map(|at| placed.get(*at)).find(takes_all) {
            let (line, priority) = (report.line(earlier.at), earlier.rule.priority());
            let message = format!(
                "no request comes to this rule: the rule on line {line}, with priority {priority}, takes all of them"
            );
            let help = "put it before that rule, narrow that rule down, or remove one of the two";
            note(
                later.at,
                &later.path,
                message,
                help,
                later.is_of_api() || earlier.is_of_api(),
                report,
            );
        }
    }
}

/// Rules so far, found by what a rule must have for them to take all of its requests. Most rules name hosts or paths without
/// wildcards, and only one that names the same can be among them: comparing each with each would take minutes at five thousand.
#[derive(Default)]
struct Before {
    /// By each literal of a condition that has nothing else.
    by_literal: HashMap<(Field, String), Vec<usize>>,
    /// All others.
    rest: Vec<usize>,
}

/// A condition of which a rule has one at the most.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Field {
    Host,
    Path,
}

impl Before {
    fn add(&mut self, at: usize, conditions: &[Condition]) {
        let literals = named(conditions).find(|(_, values)| is_literal(values));
        let Some((field, values)) = literals else {
            self.rest.push(at);
            return;
        };
        for pattern in &values.patterns {
            self.by_literal.entry(key(field, pattern)).or_default().push(at);
        }
    }

    /// Those that may take all that meets these conditions, in their order. Whoever is not among them does not.
    fn candidates(&self, conditions: &[Condition]) -> Vec<usize> {
        let first = |(field, values): (Field, &Values)| Some(key(field, values.patterns.first()?));
        let known = named(conditions).filter_map(first).filter_map(|key| self.by_literal.get(&key));
        let mut candidates: Vec<usize> = known.flatten().chain(&self.rest).copied().collect();
        candidates.sort_unstable();
        candidates
    }
}

fn named(conditions: &[Condition]) -> impl Iterator<Item = (Field, &Values)> {
    conditions.iter().filter_map(|condition| match condition {
        Condition::Host(values) => Some((Field::Host, values)),
        Condition::Path(values) => Some((Field::Path, values)),
        _ => None,
    })
}

fn is_literal(values: &Values) -> bool {
    values.regexes.is_empty() && values.patterns.iter().all(Pattern::is_literal)
}

/// In one case, since hosts are the same in any.
fn key(field: Field, pattern: &Pattern) -> (Field, String) {
    (field, pattern.as_str().to_ascii_lowercase())
}

/// Notes an error; or a warning where the API made it so, at which AWS would take it.
fn note(
    at: usize,
    path: &str,
    message: impl Into<String>,
    help: &str,
    is_of_api: bool,
    report: &mut Report<'_>,
) {
    if is_of_api {
        report.warning(at, path, message, help);
    } else {
        report.error(at, path, message, help);
    }
}

/// Whether whoever meets `these` meets `those` too. Sure when true.
fn is_implied(these: &[Condition], those: &[Condition]) -> bool {
    those.iter().all(|that| these.iter().any(|this| implies(this, that)))
}

fn implies(this: &Condition, that: &Condition) -> bool {
    match (this, that) {
        (Condition::Host(this), Condition::Host(that))
        | (Condition::Path(this), Condition::Path(that)) => are_among(this, that),
        (Condition::Header { name, values }, Condition::Header { name: other, values: others }) => {
            name == other && are_among(values, others)
        }
        (Condition::Method(these), Condition::Method(those)) => {
            these.iter().all(|this| those.contains(this))
        }
        (Condition::Query(these), Condition::Query(those)) => {
            these.iter().all(|this| those.iter().any(|that| pair_covers(that, this)))
        }
        (Condition::SourceIp(these), Condition::SourceIp(those)) => {
            these.iter().all(|this| those.iter().any(|that| that.contains(this)))
        }
        _ => false,
    }
}

/// Whether every text that is like one of `these` is like one of `those`.
fn are_among(these: &Values, those: &Values) -> bool {
    let covered = |this: &Pattern| {
        those.patterns.iter().any(|that| that.covers(this))
            || this.is_literal()
                && those.regexes.iter().any(|regex| regex.matches(this.as_str().as_bytes()))
    };
    these.patterns.iter().all(covered)
        && these.regexes.iter().all(|regex| those.regexes.contains(regex))
}

fn pair_covers(that: &QueryPattern, this: &QueryPattern) -> bool {
    let key = match (&that.key, &this.key) {
        (None, _) => true,
        (Some(that), Some(this)) => that.covers(this),
        (Some(_), None) => false,
    };
    key && that.value.covers(&this.value)
}

/// Two conditions on one field with no value in common: only a request that has the field twice meets both.
fn warn_of_contradictions(placed: &Placed, report: &mut Report<'_>) {
    let headers = || {
        placed.rule.conditions().iter().filter_map(|condition| match condition {
            Condition::Header { name, values } => Some((name, values)),
            _ => None,
        })
    };
    for (at, (name, values)) in headers().enumerate() {
        let against = headers().take(at).find(|(other, others)| {
            *other == name && are_apart(values, others) && are_apart(others, values)
        });
        if against.is_some() {
            let message = format!(
                "the rule wants two values of {name} at once: only a request that has the field twice meets it"
            );
            let help = "put the values into one list if either will do";
            report.warning(placed.at, &placed.path, message, help);
        }
    }
}

/// Whether no literal of `these` is like any of `those`, all of which are literals.
fn are_apart(these: &Values, those: &Values) -> bool {
    is_literal(these)
        && is_literal(those)
        && !these.patterns.iter().any(|this| those.patterns.iter().any(|that| that.covers(this)))
}

/// Refuses redirects that certainly lead to their own rule.
pub(super) fn refuse_loops(placed: &[Placed], own: Scheme, report: &mut Report<'_>) {
    for (at, one) in placed.iter().enumerate() {
        let before = || placed.iter().take(at);
        if let Action::Redirect(redirect) = one.rule.action()
            && leads_back(redirect, one.rule.conditions(), own)
            && !before().any(|other| may_take(redirect, other.rule.conditions()))
        {
            refuse_loop(one.at, &one.path, one.is_of_api(), report);
        }
    }
}

/// The same for a default action, which comes behind all rules.
pub(super) fn refuse_default_loop(
    redirect: &Redirect,
    placed: &[Placed],
    listener: &Section<'_>,
    own: Scheme,
    report: &mut Report<'_>,
) {
    let taken = placed.iter().any(|other| may_take(redirect, other.rule.conditions()));
    if leads_back(redirect, &[], own) && !taken {
        let at = listener.key_at(first_of_redirect(listener));
        refuse_loop(at, &listener.path, listener.is_set("id"), report);
    }
}

fn refuse_loop(at: usize, path: &str, is_of_api: bool, report: &mut Report<'_>) {
    let message = "the redirect leads back to its own rule, so clients would follow it for ever";
    let help = "lead to a host or path that another rule takes, or narrow the conditions down";
    note(at, path, message, help, is_of_api, report);
}

/// Whether the redirected request certainly meets the conditions again. One for another port, or another host that the
/// conditions do not name, may well end elsewhere.
fn leads_back(redirect: &Redirect, conditions: &[Condition], own: Scheme) -> bool {
    let same = Redirect::same();
    let host_is_known = redirect.host == same.host
        || redirect.host.is_literal()
            && conditions.iter().any(|condition| matches!(condition, Condition::Host(_)));
    let path_is_known = redirect.path == same.path || redirect.path.is_literal();
    redirect.is_to(own)
        && host_is_known
        && path_is_known
        && conditions.iter().all(|condition| match condition {
            Condition::Host(values) => {
                redirect.host == same.host || values.matches(redirect.host.as_str().as_bytes())
            }
            Condition::Path(values) => {
                redirect.path == same.path || values.matches(redirect.path.as_str().as_bytes())
            }
            // Clients may follow with GET what was something else.
            Condition::Method(methods) => methods.iter().any(|method| method == "GET"),
            Condition::Query(_) => redirect.query == same.query,
            _ => true,
        })
}

/// Whether a rule may take the redirected request. Sure when false.
fn may_take(redirect: &Redirect, conditions: &[Condition]) -> bool {
    !conditions.iter().any(|condition| match condition {
        Condition::Host(values) if redirect.host.is_literal() => {
            !values.matches(redirect.host.as_str().as_bytes())
        }
        Condition::Path(values) if redirect.path.is_literal() => {
            !values.matches(redirect.path.as_str().as_bytes())
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests;
