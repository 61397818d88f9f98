//! The `stickiness` of a target group.

mod cookie;
mod hash;
mod identity;
pub(crate) mod import;
mod preset;

use std::{ops::RangeInclusive, time::Duration};

use clingfish_model::{
    LbCookie, Name, Stickiness,
    elb::ClassicPolicy,
    stickiness::{AppCookie, AppCookieName, BadHeader, CookieStyle, HeaderToken, OnCacheable},
};

pub(crate) use cookie::host_prefix;

use crate::{report::Report, section::Section, value::split_advice};

/// Keys that say what a clingfish-style cookie looks like.
const COOKIE_KEYS: [&str; 11] = [
    "stickiness.on_cacheable",
    "stickiness.cookie",
    "stickiness.path",
    "stickiness.domain",
    "stickiness.http_only",
    "stickiness.same_site",
    "stickiness.secure",
    "stickiness.partitioned",
    "stickiness.browser_session",
    "stickiness.cross_site",
    "stickiness.host_prefix",
];

/// Those of them that an application's cookie answers for ours: all but whether it is written, and its name.
const COPIED_KEYS: &[&str] = COOKIE_KEYS.split_at(2).1;

/// Types that AWS or its other load balancers have.
const LATER_TYPES: [&str; 2] = ["source_ip_dest_ip", "source_ip_dest_ip_proto"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    LbCookie,
    AppCookie,
    Header,
    Hash,
    SourceIp,
    Route,
    Learn,
    Wrap,
}

const KINDS: [(&str, Kind); 8] = [
    ("lb_cookie", Kind::LbCookie),
    ("app_cookie", Kind::AppCookie),
    ("header", Kind::Header),
    ("hash", Kind::Hash),
    ("source_ip", Kind::SourceIp),
    ("route", Kind::Route),
    ("learn", Kind::Learn),
    ("wrap", Kind::Wrap),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Clingfish,
    Alb,
    Classic,
}

const STYLES: [(&str, Style); 3] =
    [("clingfish", Style::Clingfish), ("alb", Style::Alb), ("classic", Style::Classic)];

/// Reads the stickiness of `group`; it is on where anything is said about it, unless that is `false`.
pub(crate) fn read(group: &Name, section: &Section<'_>, report: &mut Report<'_>) -> Stickiness {
    let on = read_enabled(section, report);
    if let Some(value) = section.value("stickiness.preset") {
        let preset = value.word(report, &preset::PRESETS, &[]);
        let read = preset.and_then(|preset| preset::read(preset, group, section, report));
        return read.filter(|_| on).unwrap_or(Stickiness::Off);
    }
    let kind = match section.value("stickiness.type") {
        Some(value) => value.word(report, &KINDS, &LATER_TYPES).unwrap_or(Kind::LbCookie),
        None => Kind::LbCookie,
    };
    let name = KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name);
    let with = format!("type = \"{name}\"");
    if !matches!(kind, Kind::Hash | Kind::SourceIp) {
        let help = "remove it, or write type = \"hash\"";
        refuse(&hash::KEYS, &with, help, section, report);
    }
    if !matches!(kind, Kind::Route | Kind::Learn | Kind::Wrap) {
        let help = "remove it, or choose type = \"route\", \"learn\" or \"wrap\"";
        refuse(&identity::KEYS, &with, help, section, report);
    }
    let read = match kind {
        Kind::Route => identity::read_route(section, report).map(Stickiness::Route),
        Kind::Learn => identity::read_learn(group, section, report).map(Stickiness::Learn),
        Kind::Wrap => identity::read_wrap(section, report).map(Stickiness::Wrap),
        Kind::LbCookie => {
            let keys = ["stickiness.app_cookie", "stickiness.header", "stickiness.query"];
            refuse(
                &keys,
                "type = \"lb_cookie\"",
                "remove it, or choose another type",
                section,
                report,
            );
            Some(Stickiness::LbCookie(read_lb_cookie(group, kind, section, report)))
        }
        Kind::AppCookie => {
            let keys = ["stickiness.header", "stickiness.query"];
            refuse(&keys, "type = \"app_cookie\"", "remove it", section, report);
            read_app_cookie(group, section, report).map(Stickiness::AppCookie)
        }
        Kind::Header => {
            let keys = ["stickiness.app_cookie", "stickiness.style", "stickiness.forward_tokens"];
            let help = "remove it: the token is in a header, not in a cookie";
            refuse(&keys, "type = \"header\"", help, section, report);
            refuse(&COOKIE_KEYS, "type = \"header\"", help, section, report);
            read_header(section, report).map(Stickiness::Header)
        }
        Kind::Hash => hash::read(section, report).map(Stickiness::Hash),
        Kind::SourceIp => Some(Stickiness::Hash(hash::read_source_ip(section, report))),
    };
    read.filter(|_| on).unwrap_or(Stickiness::Off)
}

fn read_enabled(section: &Section<'_>, report: &mut Report<'_>) -> bool {
    match section.value("stickiness.enabled") {
        Some(value) if value.as_str().is_some() && value.name == "stickiness" => {
            let message = format!("stickiness = {} is a string", value.written(report));
            let help = "write stickiness = { type = \"lb_cookie\", duration = \"1h\" }, or false";
            value.refuse(report, message, help);
            false
        }
        Some(value) => value.bool(report).unwrap_or(false),
        None => section.mentions("stickiness"),
    }
}

fn read_lb_cookie(
    group: &Name,
    kind: Kind,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> LbCookie {
    let style = match section.word("stickiness.style", &STYLES, Style::Clingfish, report) {
        Style::Alb => {
            let help = "remove it: AWSALB and AWSALBCORS look exactly as AWS writes them, on every \
                        response; or write style = \"clingfish\"";
            refuse(&COOKIE_KEYS, "style = \"alb\"", help, section, report);
            CookieStyle::Alb
        }
        Style::Classic => {
            let help = "remove it: AWSELB and AWSELBCORS look exactly as AWS writes them; \
                        or write style = \"clingfish\"";
            refuse(&COOKIE_KEYS, "style = \"classic\"", help, section, report);
            let help = "remove it: the client alone ends the life of such a cookie";
            refuse(&["stickiness.absolute"], "style = \"classic\"", help, section, report);
            let age = section.value("stickiness.duration").filter(|_| kind == Kind::LbCookie);
            let max_age = age.and_then(|value| value.duration(report, classic_ages()));
            CookieStyle::Classic { max_age }
        }
        Style::Clingfish => {
            if kind == Kind::AppCookie {
                let help = "remove it: the cookie has the attributes of the application's";
                refuse(COPIED_KEYS, "type = \"app_cookie\"", help, section, report);
            }
            CookieStyle::Clingfish(cookie::read_shape(group, section, report))
        }
    };
    let on_cacheable = [("skip", OnCacheable::Skip), ("mark", OnCacheable::Mark)];
    let duration = match &style {
        CookieStyle::Classic { .. } => LbCookie::DURATION,
        _ => read_duration(section, report),
    };
    LbCookie {
        style,
        duration,
        absolute: read_absolute(section, report),
        on_cacheable: section.word(
            "stickiness.on_cacheable",
            &on_cacheable,
            OnCacheable::Skip,
            report,
        ),
        forward_tokens: section.bool("stickiness.forward_tokens", false, report),
    }
}

/// Those of the Classic API, which knows no end but what browsers take for ever.
fn classic_ages() -> RangeInclusive<Duration> {
    let seconds = ClassicPolicy::SECONDS;
    Duration::from_secs(*seconds.start())..=Duration::from_secs(*seconds.end())
}

fn read_duration(section: &Section<'_>, report: &mut Report<'_>) -> Duration {
    section.duration("stickiness.duration", LbCookie::DURATIONS, LbCookie::DURATION, report)
}

fn read_absolute(section: &Section<'_>, report: &mut Report<'_>) -> Option<Duration> {
    section
        .value("stickiness.absolute")
        .and_then(|value| value.duration(report, LbCookie::ABSOLUTES))
}

fn read_app_cookie(
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<AppCookie> {
    let token = read_lb_cookie(group, Kind::AppCookie, section, report);
    let help = "name the cookie that the application sets: app_cookie = \"JSESSIONID\"";
    let Some(value) = section.value("stickiness.app_cookie") else {
        // ALB's own words.
        let message =
            "You must set an application cookie name to enable stickiness of type 'app_cookie'";
        let path = crate::section::join(&section.path, "stickiness.app_cookie");
        report.absent(section.key_at("stickiness.type"), &path, message, help);
        return None;
    };
    let name = AppCookieName::new(value.text(report)?);
    let name = name.map_err(|bad| {
        let message = format!("{} = {}: {bad}", value.name, value.written(report));
        value.refuse(report, message, help);
    });
    let name = name.ok()?;
    if let CookieStyle::Clingfish(shape) = &token.style
        && shape.attributes().name == name.as_str()
    {
        let message = format!("{:?} is the application's cookie and ours", name.as_str());
        value.refuse(report, message, "give ours another name with cookie = \"...\", or none");
    }
    Some(AppCookie { name, token })
}

fn read_header(section: &Section<'_>, report: &mut Report<'_>) -> Option<HeaderToken> {
    let text = |key, default, report: &mut Report<'_>| match section.value(key) {
        Some(value) => value.text(report),
        None => Some(default),
    };
    let name = text("stickiness.header", HeaderToken::NAME, report)?;
    let query = text("stickiness.query", HeaderToken::QUERY, report)?;
    let (duration, absolute) = (read_duration(section, report), read_absolute(section, report));
    let made = HeaderToken::new(name, query, duration, absolute);
    made.map_err(|bad| {
        let key = if bad == BadHeader::Query { "stickiness.query" } else { "stickiness.header" };
        if let Some(value) = section.value(key) {
            let text = bad.to_string();
            let message =
                format!("{} = {}: {}", value.name, value.written(report), split_advice(&text).0);
            value.refuse(report, message, "write a name of your own, or leave it out");
        }
    })
    .ok()
}

/// Notes an error for each of the keys that is there.
fn refuse(keys: &[&str], with: &str, help: &str, section: &Section<'_>, report: &mut Report<'_>) {
    for key in keys {
        if let Some(value) = section.value(key) {
            let message = format!("{} cannot be set with {with}", value.name);
            report.error(section.key_at(key), &value.path, message, help);
        }
    }
}
