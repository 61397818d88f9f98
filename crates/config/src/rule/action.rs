//! What is done with a request: `forward`, `redirect` or `fixed_response`, of a listener or of a rule.

use clingfish_model::{
    Action,
    rule::{BadAction, FixedResponse, Forward, Port, Redirect, Scheme, Template, WeightedGroup},
};

use super::{Scope, group_stickiness, refuse};
use crate::{
    listener::{Reference, refer},
    report::Report,
    section::Section,
    value::Value,
};

/// The action of a listener for what meets no rule; the inner `None` is `forward = false`.
pub(crate) fn read_default(
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Option<Action>> {
    let first = scope.names.target_groups.first().unwrap_or(&"NAME");
    let help = format!("write forward = {first:?}, or forward = false to answer 404 to everything");
    if is_alone(section, report, &help)?
        && section.value("forward").and_then(Value::as_bool) == Some(false)
    {
        group_stickiness::refuse_alone(section, report);
        return Some(None);
    }
    read(section, scope, report).map(Some)
}

/// The action of a rule.
pub(super) fn read_one(
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Action> {
    let first = scope.names.target_groups.first().unwrap_or(&"NAME");
    let help = format!(
        "write forward = {first:?}, redirect = \"https\" or fixed_response = {{ status = 404 }}"
    );
    is_alone(section, report, &help)?;
    read(section, scope, report)
}

/// Whether there is one action and no other; notes an error otherwise.
fn is_alone(section: &Section<'_>, report: &mut Report<'_>, help: &str) -> Option<bool> {
    let redirect = section.value("redirect").is_some() || section.mentions("redirect");
    let fixed = section.mentions("fixed_response") || section.value("fixed_response").is_some();
    let count = [section.value("forward").is_some(), redirect, fixed];
    match count.iter().filter(|is_there| **is_there).count() {
        1 => Some(true),
        0 => {
            section.required("forward", report, help);
            None
        }
        _ => {
            let message = format!(
                "{} has more than one of forward, redirect and fixed_response",
                section.label
            );
            report.error(section.at, &section.path, message, "keep one of them");
            None
        }
    }
}

fn read(section: &Section<'_>, scope: &Scope<'_>, report: &mut Report<'_>) -> Option<Action> {
    if let Some(value) = section.value("forward") {
        let forward = read_forward(value, scope, report)?;
        return group_stickiness::add(forward, value, section, scope, report).map(Action::Forward);
    }
    group_stickiness::refuse_alone(section, report);
    if section.value("redirect").is_some() || section.mentions("redirect") {
        return read_redirect(section, scope, report).map(Action::Redirect);
    }
    read_fixed(section, report).map(Action::FixedResponse)
}

/// A name, or a table of names and weights.
fn read_forward(value: &Value<'_>, scope: &Scope<'_>, report: &mut Report<'_>) -> Option<Forward> {
    let title = "[target_groups.NAME]";
    let Some(table) = value.as_table() else {
        let known = &scope.names.target_groups;
        return refer(value, "target group", title, known, report).map(Forward::to);
    };
    let mut groups = Vec::new();
    let mut is_whole = true;
    for (key, weight) in table {
        let name = key.get_ref().to_string();
        let path = format!("{}.{name}", value.path);
        let weight = Value::new(path.clone(), format!("{}.{name}", value.name), weight);
        let at = key.span().start;
        let reference = Reference { text: &name, at, path: &path, name: &value.name };
        let group = reference.find("target group", title, &scope.names.target_groups, report);
        let weight = weight.integer(report, Forward::WEIGHTS);
        match (group, weight.and_then(|weight| u16::try_from(weight).ok())) {
            (Some(group), Some(weight)) => groups.push(WeightedGroup { group, weight }),
            _ => is_whole = false,
        }
    }
    if !is_whole {
        return None;
    }
    Forward::weighted(groups).map_err(|error| refuse_value(value, &error, report)).ok()
}

fn refuse_value(value: &Value<'_>, error: &BadAction, report: &mut Report<'_>) {
    let text = error.to_string();
    let (message, help) = crate::value::split_advice(&text);
    value.refuse(report, message, help);
}

fn read_redirect(
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Redirect> {
    if let Some(value) = section.value("redirect") {
        let redirect = value.word(report, &[("https", Redirect::https)], &[])?();
        return checked(redirect, section, scope, report);
    }
    let same = Redirect::same();
    let schemes = [
        ("#{protocol}", None),
        ("HTTP", Some(Scheme::Http)),
        ("HTTPS", Some(Scheme::Https)),
        ("http", Some(Scheme::Http)),
        ("https", Some(Scheme::Https)),
    ];
    let scheme = optional(section.value("redirect.protocol"), same.scheme, |value| {
        value.word(report, &schemes, &[])
    });
    let host = template(section, "redirect.host", same.host, Template::host, report);
    let port =
        optional(section.value("redirect.port"), same.port, |value| read_port(value, report));
    let path = template(section, "redirect.path", same.path, Template::path, report);
    let query = template(section, "redirect.query", same.query, Template::query, report);
    let permanent = optional(section.value("redirect.status"), same.permanent, |value| {
        read_status(value, report)
    });
    let redirect = Redirect {
        scheme: scheme?,
        host: host?,
        port: port?,
        path: path?,
        query: query?,
        permanent: permanent?,
    };
    checked(redirect, section, scope, report)
}

fn checked(
    redirect: Redirect,
    section: &Section<'_>,
    scope: &Scope<'_>,
    report: &mut Report<'_>,
) -> Option<Redirect> {
    let first = first_of_redirect(section);
    redirect.check(scope.own).map_err(|error| refuse(section, first, &error, report)).ok()
}

/// The key of a redirect that comes first in the file.
pub(super) fn first_of_redirect(section: &Section<'_>) -> &'static str {
    const KEYS: [&str; 7] = [
        "redirect",
        "redirect.protocol",
        "redirect.host",
        "redirect.port",
        "redirect.path",
        "redirect.query",
        "redirect.status",
    ];
    let written = KEYS.into_iter().filter(|key| section.value(key).is_some());
    written.min_by_key(|key| section.key_at(key)).unwrap_or("redirect")
}

/// What a setting says, or its default; nothing where it is wrong.
fn optional<'v, 't, T>(
    value: Option<&'v Value<'t>>,
    default: T,
    read: impl FnOnce(&'v Value<'t>) -> Option<T>,
) -> Option<T> {
    value.map_or(Some(default), read)
}

fn template<E: std::error::Error>(
    section: &Section<'_>,
    name: &str,
    default: Template,
    new: impl FnOnce(&str) -> Result<Template, E>,
    report: &mut Report<'_>,
) -> Option<Template> {
    optional(section.value(name), default, |value| {
        new(value.text(report)?).map_err(|error| value.refuse_error(report, &error)).ok()
    })
}

/// A number, as number or text, or `#{port}`.
fn read_port(value: &Value<'_>, report: &mut Report<'_>) -> Option<Port> {
    match value.as_str() {
        Some("#{port}") => Some(Port::Same),
        Some(text) => match text.parse::<u16>().ok().filter(|port| *port > 0) {
            Some(port) => Some(Port::Number(port)),
            None => {
                let error = clingfish_model::rule::BadRedirect::Port { port: text.to_owned() };
                value.refuse_error(report, &error);
                None
            }
        },
        None => {
            let number = value.integer(report, 1..=u64::from(u16::MAX))?;
            u16::try_from(number).ok().map(Port::Number)
        }
    }
}

/// 301 or 302, or ELBv2's words for them; whether it is for good.
fn read_status(value: &Value<'_>, report: &mut Report<'_>) -> Option<bool> {
    if value.as_str().is_some() {
        return value.word(report, &[("HTTP_301", true), ("HTTP_302", false)], &[]);
    }
    value.integer(report, 301..=302).map(|status| status == 301)
}

fn read_fixed(section: &Section<'_>, report: &mut Report<'_>) -> Option<FixedResponse> {
    let help = "write fixed_response = { status = 404 }";
    if let Some(value) = section.value("fixed_response") {
        value.table(report, help)?;
    }
    let status = section.required("fixed_response.status", report, help)?;
    let status = status.integer(report, 200..=599)?;
    let text = |name, report: &mut Report<'_>| match section.value(name) {
        Some(value) => value.text(report).map(Some),
        None => Some(None),
    };
    let content_type = text("fixed_response.content_type", report)?;
    let body = text("fixed_response.body", report)?.unwrap_or_default();
    let wrong = |error: &BadAction| match error {
        BadAction::ContentType { .. } => "fixed_response.content_type",
        BadAction::Status { .. } => "fixed_response.status",
        _ => "fixed_response.body",
    };
    FixedResponse::new(status, content_type, body)
        .map_err(|error| refuse(section, wrong(&error), &error, report))
        .ok()
}
