//! `[[listeners.rules]]`.

mod action;
mod condition;
mod group_stickiness;
mod reach;
mod transform;

use clingfish_model::{
    Action, Rule,
    rule::{Priority, Scheme, Transforms},
};

pub(crate) use action::read_default;

use crate::{
    keys,
    listener::Names,
    record::{self, Ids},
    report::Report,
    section::Section,
    value::Value,
};

/// What rules may refer to, and what their listener is.
pub(crate) struct Scope<'n> {
    pub(crate) names: &'n Names<'n>,
    /// What the listener speaks.
    pub(crate) own: Scheme,
    /// Paths come to its rules in their normal form.
    pub(crate) normal_paths: bool,
}

/// A rule, and where the file has it.
struct Placed {
    rule: Rule,
    at: usize,
    path: String,
}

impl Placed {
    fn is_of_api(&self) -> bool {
        self.rule.record().is_of_api()
    }
}

/// Reads the rules of one listener, in the order of their priorities.
pub(crate) fn read(
    listener: &Section<'_>,
    default_action: Option<&Action>,
    scope: &Scope<'_>,
    ids: &mut Ids,
    report: &mut Report<'_>,
) -> Vec<Rule> {
    let placed = read_all(listener, scope, ids, report);
    refuse_same_priorities(&placed, report);
    reach::refuse_unreachable(&placed, report);
    reach::refuse_loops(&placed, scope.own, report);
    if let Some(Action::Redirect(redirect)) = default_action {
        reach::refuse_default_loop(redirect, &placed, listener, scope.own, report);
    }
    placed.into_iter().map(|one| one.rule).collect()
}

fn read_all(
    listener: &Section<'_>,
    scope: &Scope<'_>,
    ids: &mut Ids,
    report: &mut Report<'_>,
) -> Vec<Placed> {
    let Some(value) = listener.value("rules") else {
        return Vec::new();
    };
    let elements = value.list(report, "write [[listeners.rules]], with two brackets");
    if elements.len() > Rule::COUNT_MAX {
        let message = format!("{} has {} rules", listener.label, elements.len());
        value.refuse(report, message, format!("write at most {}", Rule::COUNT_MAX));
        return Vec::new();
    }
    let mut placed: Vec<Placed> = Vec::new();
    let mut before = 0;
    for element in &elements {
        let label = "[[listeners.rules]]".to_owned();
        let Some(section) = Section::read(element, label, &keys::RULE, report) else {
            continue;
        };
        let priority = read_priority(&section, before, report);
        before = priority.map_or(before + 1, |priority| u64::from(priority.value()));
        if let Some(rule) = read_one(&section, priority, scope, report) {
            if let Some(id) = rule.record().id {
                ids.take(id, &section, report);
            }
            placed.push(Placed { rule, at: section.at, path: element.path.clone() });
        }
    }
    placed.sort_by_key(|one| one.rule.priority());
    placed
}

/// As written, or else the next after the rule before.
fn read_priority(section: &Section<'_>, before: u64, report: &mut Report<'_>) -> Option<Priority> {
    let last = u64::from(Priority::MAX);
    let number = match section.value("priority") {
        Some(value) => value.integer(report, 1..=last)?,
        None if before >= last => {
            let message = format!("the rule comes after priority {last}, the last there is");
            let help = "give the rules priorities, or put this one further up";
            report.error(section.at, &section.path, message, help);
            return None;
        }
        None => before + 1,
    };
    u16::try_from(number).ok().and_then(Priority::new)
}

fn read_one(
    section: &Section<'_>,
    priority: Option<Priority>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Rule> {
    let help = "write conditions = { path-pattern = [\"/api/*\"] }, or the like";
    let conditions = section.required("conditions", report, help);
    let conditions =
        conditions.and_then(|value| condition::read(value, scope.normal_paths, report));
    let action = action::read_one(section, scope, report);
    let transforms = transform::read(section, report);
    let (conditions, action, transforms) = (conditions?, action?, transforms?);
    refuse_idle_transforms(section, &action, &transforms, report);
    let record = record::read_tagged(section, report);
    Rule::new(priority?, conditions, action, transforms)
        .map(|rule| rule.recorded(record))
        .map_err(|error| refuse(section, "conditions", &error, report))
        .ok()
}

/// What no target gets need not be rewritten.
fn refuse_idle_transforms(
    section: &Section<'_>,
    action: &Action,
    transforms: &Transforms,
    report: &mut Report<'_>,
) {
    if !transforms.is_empty() && action.groups().is_empty() {
        let message = "transforms rewrite what a target gets, and this rule sends nothing to one";
        let help = "remove transforms, or write forward";
        report.error(section.at, &section.path, message, help);
    }
}

/// Notes an error of the model about a setting that may be spread over several lines.
fn refuse(
    section: &Section<'_>,
    name: &str,
    error: &dyn std::error::Error,
    report: &mut Report<'_>,
) {
    let text = error.to_string();
    let (message, help) = crate::value::split_advice(&text);
    report.error(section.key_at(name), &section.path, message, help);
}

fn refuse_same_priorities(placed: &[Placed], report: &mut Report<'_>) {
    for pair in placed.windows(2) {
        let [first, second] = pair else { continue };
        if first.rule.priority() == second.rule.priority() {
            let (one, other) =
                if first.at <= second.at { (first, second) } else { (second, first) };
            let line = report.line(one.at);
            let message = format!(
                "the rule has priority {}, which the rule on line {line} has",
                one.rule.priority()
            );
            let help = "give each rule a priority of its own, or none any: then their order counts";
            report.error(other.at, &other.path, message, help);
        }
    }
}

/// The texts of a value that is one text or a list of them.
fn texts<'t>(value: &Value<'t>, help: &str, report: &mut Report<'_>) -> Option<Vec<Value<'t>>> {
    if value.as_str().is_some() {
        return Some(vec![value.clone()]);
    }
    let elements = value.list(report, help);
    if elements.is_empty() {
        return None;
    }
    let all_texts = elements.iter().filter(|element| element.text(report).is_some()).count();
    (all_texts == elements.len()).then_some(elements)
}
