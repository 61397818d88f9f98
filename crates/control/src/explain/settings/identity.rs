//! What follows for groups whose homes the application's own ids name.

use std::fmt::Display;

use clingfish_model::stickiness::{Learn, Route, Wrap};

use super::{Lines, span};

pub(super) fn route(route: &Route, lines: &mut Lines) {
    lines.add("stickiness", "route: the application's id names its target");
    lines.add("ids", list(&route.places));
    lines.add("a target's id comes after", format!("{:?}", char::from(route.separator)));
}

pub(super) fn learn(learn: &Learn, lines: &mut Lines) {
    lines.add("stickiness", "learn: a table knows where the application's ids live");
    lines.add("answers bring ids in", list(&learn.births));
    lines.add("requests carry them in", list(&learn.places));
    lines.add("paths begin with", learn.path_prefix.as_str());
    lines.add("an id counts for", format!("{} since it was seen", span(learn.duration)));
    let (all, each) = (learn.sessions_max, learn.per_client_max);
    lines.add("ids at the most", format!("{all}, {each} for one client address"));
    let cookie = if learn.cookie.is_some() { "a sealed cookie beside the table" } else { "none" };
    lines.add("fallback", cookie);
}

pub(super) fn wrap(wrap: &Wrap, lines: &mut Lines) {
    lines.add("stickiness", "wrap: the application's id goes out sealed with its home");
    lines.add("id", wrap.carrier.to_string());
    lines.add("absolute limit", wrap.absolute.map_or_else(|| "none".to_owned(), span));
}

fn list(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
