//! Actions as the file writes them.

use clingfish_model::{
    Action, Edit, GroupStickiness, Place, Setting,
    rule::{FixedResponse, Forward, Port, Redirect, Scheme},
    stickiness::CookieStyle,
};

const STICKINESS: &str = "group_stickiness";

/// The keys of an action that is new.
pub(crate) fn settings(action: &Action) -> Vec<(&'static str, Setting)> {
    match action {
        Action::Forward(forward) => {
            let mut settings = vec![("forward", of_groups(forward))];
            settings.extend(forward.stickiness().map(|one| (STICKINESS, of_stickiness(one))));
            settings
        }
        Action::Redirect(redirect) => vec![("redirect", of_redirect(redirect))],
        Action::FixedResponse(response) => vec![("fixed_response", of_response(response))],
        // There is no other kind yet.
        _ => Vec::new(),
    }
}

/// What makes one action of another; nothing where it is that already. None is `forward = false`.
///
/// What AWS has no words for stays: the style of a group stickiness and its failover.
pub(crate) fn changes(place: &Place, old: Option<&Action>, new: &Action) -> Vec<Edit> {
    match (old, new) {
        (Some(Action::Forward(old)), Action::Forward(new)) => forward_changes(place, old, new),
        (Some(old), new) if old == new => Vec::new(),
        (Some(Action::Redirect(_)), Action::Redirect(_))
        | (Some(Action::FixedResponse(_)), Action::FixedResponse(_)) => {
            set(place, settings(new)).collect()
        }
        (old, new) => {
            let mut edits = taken_away(place, old);
            edits.extend(set(place, settings(new)));
            edits
        }
    }
}

fn forward_changes(place: &Place, old: &Forward, new: &Forward) -> Vec<Edit> {
    let mut edits = Vec::new();
    if old.groups() != new.groups() {
        edits.push(Edit::Set(place.clone(), "forward", of_groups(new)));
    }
    match (old.stickiness(), new.stickiness()) {
        (None, None) => {}
        (Some(_), None) => edits.push(Edit::Unset(place.clone(), STICKINESS)),
        (Some(old), Some(new)) if old.duration == new.duration => {}
        (Some(_), Some(new)) => {
            let duration = Setting::seconds(new.duration.as_secs());
            edits.push(Edit::Set(place.clone(), "group_stickiness.duration", duration));
        }
        (None, Some(new)) => {
            edits.push(Edit::Set(place.clone(), STICKINESS, of_stickiness(new)));
        }
    }
    edits
}

/// Switched off, group stickiness may be there too.
fn taken_away(place: &Place, old: Option<&Action>) -> Vec<Edit> {
    let keys: &[&str] = match old {
        Some(Action::Redirect(_)) => &["redirect"],
        Some(Action::FixedResponse(_)) => &["fixed_response"],
        Some(Action::Forward(_)) => &["forward", STICKINESS],
        Some(_) | None => &["forward"],
    };
    keys.iter().map(|key| Edit::Unset(place.clone(), key)).collect()
}

fn set(place: &Place, settings: Vec<(&'static str, Setting)>) -> impl Iterator<Item = Edit> {
    settings.into_iter().map(|(key, value)| Edit::Set(place.clone(), key, value))
}

/// A name, or names and weights.
fn of_groups(forward: &Forward) -> Setting {
    match forward.groups() {
        [only] if only.weight == 1 => Setting::text(only.group.as_str()),
        groups => Setting::table(
            groups.iter().map(|one| (one.group.as_str(), Setting::Integer(one.weight.into()))),
        ),
    }
}

fn of_stickiness(stickiness: &GroupStickiness) -> Setting {
    let style = match stickiness.style {
        CookieStyle::Alb => "alb",
        CookieStyle::Clingfish(_) | CookieStyle::Classic { .. } => "clingfish",
    };
    Setting::table([
        ("duration", Setting::seconds(stickiness.duration.as_secs())),
        ("style", Setting::text(style)),
    ])
}

fn of_redirect(redirect: &Redirect) -> Setting {
    let same = Redirect::same();
    let mut entries = Vec::new();
    if let Some(scheme) = redirect.scheme {
        let word = match scheme {
            Scheme::Http => "HTTP",
            Scheme::Https => "HTTPS",
        };
        entries.push(("protocol", Setting::text(word)));
    }
    match redirect.port {
        Port::Unsaid => {}
        Port::Same => entries.push(("port", Setting::text("#{port}"))),
        Port::Number(port) => entries.push(("port", Setting::Integer(port.into()))),
    }
    for (key, template, same) in [
        ("host", &redirect.host, &same.host),
        ("path", &redirect.path, &same.path),
        ("query", &redirect.query, &same.query),
    ] {
        if template != same {
            entries.push((key, Setting::text(template.as_str())));
        }
    }
    entries.push(("status", Setting::Integer(redirect.status().into())));
    Setting::table(entries)
}

fn of_response(response: &FixedResponse) -> Setting {
    let mut entries = vec![
        ("status", Setting::Integer(response.status().into())),
        ("content_type", Setting::text(response.content_type())),
    ];
    if !response.body().is_empty() {
        entries.push(("body", Setting::text(response.body())));
    }
    Setting::table(entries)
}
