//! Stickiness by ids that the application makes.

use std::num::NonZeroU32;

use clingfish_model::{
    LbCookie, Name,
    stickiness::{BadIdPlace, Carrier, IdBirth, IdPlace, Learn, PLACES_MAX, Route, Wrap},
};

use super::{COOKIE_KEYS, Kind, read_absolute, read_lb_cookie, refuse};
use crate::{report::Report, section::Section, value::Value};

/// What is said of these kinds and of no other.
pub(super) const KEYS: [&str; 7] = [FROM, IN, PREFIX, SEPARATOR, SESSIONS, PER_CLIENT, FALLBACK];

/// What is said of a table of ids.
pub(super) const TABLE_KEYS: [&str; 3] = [PREFIX, SESSIONS, PER_CLIENT];

const FROM: &str = "stickiness.from";
const IN: &str = "stickiness.in";
const PREFIX: &str = "stickiness.path_prefix";
const SEPARATOR: &str = "stickiness.separator";
const SESSIONS: &str = "stickiness.sessions_max";
const PER_CLIENT: &str = "stickiness.sessions_per_client_max";
const FALLBACK: &str = "stickiness.fallback";

/// What is said of tokens and of nothing else.
const TOKEN_KEYS: [&str; 6] = [
    "stickiness.app_cookie",
    "stickiness.header",
    "stickiness.query",
    "stickiness.style",
    "stickiness.forward_tokens",
    "stickiness.import",
];

const PLACES_HELP: &str = "write \"cookie:NAME\", \"header:NAME\", \"query:NAME\", \"path:/BEFORE/\" or \"path_parameter:NAME\"";
const BIRTHS_HELP: &str = "write \"cookie:NAME\", \"header:NAME\", \"json:NAME\" or \"event:NAME\"";
const CARRIER_HELP: &str = "write \"header:NAME\" or \"cookie:NAME\"";

pub(super) fn read_route(section: &Section<'_>, report: &mut Report<'_>) -> Option<Route> {
    let with = "type = \"route\"";
    refuse_tokens(with, section, report);
    let keys = [FROM, PREFIX, SESSIONS, PER_CLIENT, FALLBACK];
    refuse(&keys, with, "remove it", section, report);
    let help = "remove it: the application ends its sessions itself";
    refuse(&["stickiness.duration", "stickiness.absolute"], with, help, section, report);
    let separator = section.value(SEPARATOR).and_then(|value| read_separator(value, report));
    let example =
        "say where the id is: in = [\"cookie:JSESSIONID\", \"path_parameter:jsessionid\"]";
    let places = required(IN, with, example, section, report)?;
    Some(Route {
        places: list(places, IdPlace::parse, PLACES_HELP, report)?,
        separator: separator.unwrap_or(Route::SEPARATOR),
    })
}

pub(super) fn read_learn(
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<Learn> {
    let with = "type = \"learn\"";
    let cookie =
        match section.word(FALLBACK, &[("none", false), ("lb_cookie", true)], false, report) {
            true => {
                let keys = ["stickiness.app_cookie", "stickiness.header", "stickiness.query"];
                refuse(&keys, with, "remove it", section, report);
                Some(read_lb_cookie(group, Kind::LbCookie, section, report))
            }
            false => {
                refuse_tokens(with, section, report);
                let help = "remove it, or write fallback = \"lb_cookie\"";
                refuse(&["stickiness.absolute"], with, help, section, report);
                None
            }
        };
    refuse(&[SEPARATOR], with, "remove it", section, report);
    let prefix = read_path_prefix(section, report);
    let (sessions_max, per_client_max) = read_limits(section, report);
    let duration =
        section.duration("stickiness.duration", LbCookie::DURATIONS, LbCookie::DURATION, report);
    let example = "say where answers bring the id: from = \"header:mcp-session-id\"";
    let births = required(FROM, with, example, section, report);
    let births = births.and_then(|value| list(value, IdBirth::parse, BIRTHS_HELP, report));
    let places = match section.value(IN) {
        Some(value) => list(value, IdPlace::parse, PLACES_HELP, report)?,
        None => births.iter().flatten().map(IdBirth::usual_place).collect(),
    };
    Some(Learn {
        births: births?,
        places,
        path_prefix: prefix.unwrap_or("/").to_owned(),
        duration,
        sessions_max,
        per_client_max,
        cookie,
    })
}

/// How the paths begin that have ids.
pub(super) fn read_path_prefix<'v>(
    section: &Section<'v>,
    report: &mut Report<'_>,
) -> Option<&'v str> {
    section.value(PREFIX).and_then(|value| read_prefix(value, report))
}

/// How many ids the table holds, in all and of one client.
pub(super) fn read_limits(
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> (NonZeroU32, NonZeroU32) {
    let mut limit = |key, default: NonZeroU32| {
        let number = section.integer(key, Learn::SESSIONS_MAX, report);
        number.and_then(|number| NonZeroU32::new(number.try_into().ok()?)).unwrap_or(default)
    };
    (limit(SESSIONS, Learn::SESSIONS), limit(PER_CLIENT, Learn::PER_CLIENT))
}

pub(super) fn read_wrap(section: &Section<'_>, report: &mut Report<'_>) -> Option<Wrap> {
    let with = "type = \"wrap\"";
    refuse_tokens(with, section, report);
    let keys = [FROM, PREFIX, SEPARATOR, SESSIONS, PER_CLIENT, FALLBACK];
    refuse(&keys, with, "remove it", section, report);
    let help =
        "remove it: the application ends its sessions itself; absolute limits an envelope's age";
    refuse(&["stickiness.duration"], with, help, section, report);
    let absolute = read_absolute(section, report);
    let example = "say what carries the id: in = \"header:mcp-session-id\"";
    let value = required(IN, with, example, section, report)?;
    let carrier = one(value, Carrier::parse, CARRIER_HELP, report)?;
    Some(Wrap { carrier, absolute })
}

pub(super) fn refuse_tokens(with: &str, section: &Section<'_>, report: &mut Report<'_>) {
    let help = "remove it: there is no token of ours";
    refuse(&TOKEN_KEYS, with, help, section, report);
    refuse(&COOKIE_KEYS, with, help, section, report);
}

fn required<'s, 'a>(
    key: &str,
    with: &str,
    help: &str,
    section: &'s Section<'a>,
    report: &mut Report<'_>,
) -> Option<&'s Value<'a>> {
    let value = section.value(key);
    if value.is_none() {
        let path = crate::section::join(&section.path, key);
        let message = format!("{key} must be given for {with}");
        report.absent(section.key_at("stickiness.type"), &path, message, help);
    }
    value
}

/// One text, or a list of some.
fn list<T>(
    value: &Value<'_>,
    parse: fn(&str) -> Result<T, BadIdPlace>,
    help: &str,
    report: &mut Report<'_>,
) -> Option<Vec<T>> {
    if value.as_str().is_some() {
        return Some(vec![one(value, parse, help, report)?]);
    }
    let elements = value.list(report, help);
    if !(1..=PLACES_MAX).contains(&elements.len()) {
        let message = format!("{} has {} elements", value.name, elements.len());
        value.refuse(report, message, format!("write 1 to {PLACES_MAX} of them"));
        return None;
    }
    let parsed: Vec<Option<T>> =
        elements.iter().map(|element| one(element, parse, help, report)).collect();
    parsed.into_iter().collect()
}

fn one<T>(
    value: &Value<'_>,
    parse: fn(&str) -> Result<T, BadIdPlace>,
    help: &str,
    report: &mut Report<'_>,
) -> Option<T> {
    let parsed = parse(value.text(report)?);
    parsed
        .map_err(|bad| {
            let message = format!("{} = {}: {bad}", value.name, value.written(report));
            value.refuse(report, message, help);
        })
        .ok()
}

fn read_prefix<'v>(value: &Value<'v>, report: &mut Report<'_>) -> Option<&'v str> {
    let text = value.text(report)?;
    if !text.starts_with('/') || text.contains(['?', '#']) {
        let message = format!("{} = {} is no path", value.name, value.written(report));
        value.refuse(report, message, "write how the paths begin, such as \"/socket.io/\"");
        return None;
    }
    Some(text)
}

fn read_separator(value: &Value<'_>, report: &mut Report<'_>) -> Option<u8> {
    let text = value.text(report)?;
    match text.as_bytes() {
        [separator] if separator.is_ascii_punctuation() => Some(*separator),
        _ => {
            let message = format!("{} = {} is no separator", value.name, value.written(report));
            value.refuse(report, message, "write one character such as \".\" or \"!\"");
            None
        }
    }
}
