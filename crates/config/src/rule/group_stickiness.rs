//! `group_stickiness`: whether sessions stay with the group that a `forward` chose for them.

use clingfish_model::{
    GroupStickiness, Name,
    rule::{Forward, WeightedGroup},
    stickiness::{BadCookie, CookieAttributes, CookieShape, CookieStyle},
};

use super::Scope;
use crate::{
    report::Report,
    section::Section,
    value::{Value, split_advice},
};

/// AWS's words.
const NEEDS_GROUP_STICKINESS: &str = "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups";

/// Every key of it.
const KEYS: [&str; 5] = [
    "group_stickiness.enabled",
    "group_stickiness.duration",
    "group_stickiness.style",
    "group_stickiness.cookie",
    "group_stickiness.failover",
];

/// Ours and ELBv2's, which its keys are in.
const TABLES: [&str; 2] = ["group_stickiness", "target_group_stickiness_config"];

/// Adds group stickiness to a forward, where it is on; refuses what AWS refuses. `value` is the forward as written.
pub(super) fn add(
    forward: Forward,
    value: &Value<'_>,
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Forward> {
    let stickiness = read(forward.groups(), section, scope, report)?;
    match stickiness {
        Some(stickiness) => Some(forward.sticky(stickiness)),
        None if refuse_sticky_groups(forward.groups(), value, scope, report) => None,
        None => Some(forward),
    }
}

/// Refuses group stickiness where nothing is forwarded.
pub(super) fn refuse_alone(section: &Section<'_>, report: &mut Report<'_>) {
    if let Some(value) = KEYS.into_iter().find_map(|key| section.value(key)) {
        let message = format!("{} belongs to forward, and nothing is forwarded here", value.name);
        value.refuse(report, message, "remove it, or write forward = { blue = 9, green = 1 }");
    }
}

/// Whether one of several groups is sticky, which needs group stickiness; an error is noted then.
fn refuse_sticky_groups(
    groups: &[WeightedGroup],
    value: &Value<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> bool {
    if groups.len() < 2 {
        return false;
    }
    let sticky = groups.iter().find(|one| scope.names.sticky_groups.contains(&one.group));
    let Some(sticky) = sticky else {
        return false;
    };
    let help = format!(
        "write group_stickiness = true beside it, or stickiness = false in [target_groups.{}]",
        sticky.group
    );
    value.refuse(report, NEEDS_GROUP_STICKINESS, help);
    true
}

/// What is said; the inner `None` is off.
fn read(
    groups: &[WeightedGroup],
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Option<GroupStickiness>> {
    let is_on = is_on(section, report)?;
    let duration = match section.value("group_stickiness.duration") {
        Some(value) => value.duration(report, GroupStickiness::DURATIONS),
        None => Some(GroupStickiness::DURATION),
    };
    let failover = match section.value("group_stickiness.failover") {
        Some(value) => value.bool(report),
        None => Some(false),
    };
    let first = &groups.first()?.group;
    let style = read_style(first, groups, section, scope, report);
    let (duration, failover, style) = (duration?, failover?, style?);
    Some(is_on.then_some(GroupStickiness { duration, style, failover }))
}

/// On where anything is said about it, unless that is `false`.
fn is_on(section: &Section<'_>, report: &mut Report<'_>) -> Option<bool> {
    match section.value("group_stickiness.enabled") {
        Some(value) if value.as_str().is_some() && value.name == "group_stickiness" => {
            let message = format!("group_stickiness = {} is a string", value.written(report));
            let help = "write group_stickiness = { duration = \"1h\" }, or true";
            value.refuse(report, message, help);
            None
        }
        Some(value) => value.bool(report),
        None => Some(TABLES.into_iter().any(|table| section.mentions(table))),
    }
}

fn read_style(
    first: &Name,
    groups: &[WeightedGroup],
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<CookieStyle> {
    let words = [("clingfish", false), ("alb", true)];
    let is_alb = match section.value("group_stickiness.style") {
        Some(value) => value.word(report, &words, &[]),
        None => Some(false),
    };
    let (is_wrong, is_alb) = (is_alb.is_none(), is_alb.unwrap_or(false));
    let cookie = section.value("group_stickiness.cookie");
    let style = read_cookie(first, groups, cookie, is_alb, scope, report);
    style.filter(|_| !is_wrong)
}

fn read_cookie(
    first: &Name,
    groups: &[WeightedGroup],
    cookie: Option<&Value<'_>>,
    is_alb: bool,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<CookieStyle> {
    match cookie {
        Some(value) if is_alb => {
            let message = format!("{} cannot be set with style = \"alb\"", value.name);
            let help = "remove it: AWSALBTG and AWSALBTGCORS are named as AWS names them; or write \
                        style = \"clingfish\"";
            value.refuse(report, message, help);
            None
        }
        None if is_alb => Some(CookieStyle::Alb),
        None => {
            let name = GroupStickiness::default_name(first);
            CookieShape::new(CookieAttributes::named(name)).ok().map(CookieStyle::Clingfish)
        }
        Some(value) => {
            let name = value.text(report)?;
            refuse_shared(name, groups, value, scope, report)?;
            let shape = CookieShape::new(CookieAttributes::named(name));
            let wrong = |bad| refuse_name(value, bad, report);
            shape.map_err(wrong).ok().map(CookieStyle::Clingfish)
        }
    }
}

/// Two cookies of one name would overwrite each other, and so would one and the other's twin.
fn refuse_shared(
    name: &str,
    groups: &[WeightedGroup],
    value: &Value<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<()> {
    let is_twin =
        |one: &str, other: &str| one.strip_suffix(CookieShape::TWIN_SUFFIX) == Some(other);
    let clashes = |other: &str| name == other || is_twin(name, other) || is_twin(other, name);
    let Some((group, _)) =
        scope.names.home_cookies.iter().find(|(group, cookie)| {
            groups.iter().any(|one| one.group == *group) && clashes(cookie)
        })
    else {
        return Some(());
    };
    let message = format!(
        "{} = {name:?} is, or is the twin of, the cookie of [target_groups.{group}]",
        value.name
    );
    value.refuse(report, message, "give it a name of its own, or leave it out");
    None
}

fn refuse_name(value: &Value<'_>, bad: BadCookie, report: &mut Report<'_>) {
    let text = bad.to_string();
    let (reason, _) = split_advice(&text);
    let message = format!("{} = {}: {reason}", value.name, value.written(report));
    let help = "write a name such as \"release\", or leave it out";
    value.refuse(report, message, help);
}
