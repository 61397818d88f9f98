//! Presets: what an application needs, by its name.

use clingfish_model::{
    Name, Stickiness,
    stickiness::{AppCookie, AppCookieName, Carrier, IdBirth, IdPlace, Learn, Wrap},
};

use super::{Kind, identity, read_absolute, read_duration, read_lb_cookie, refuse};
use crate::{report::Report, section::Section};

/// What an application is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    Socketio,
    Signalr,
    Mcp,
    Streamlit,
    Jsessionid,
    Php,
    Flask,
    Express,
}

pub(super) const PRESETS: [(&str, Preset); 8] = [
    ("socketio", Preset::Socketio),
    ("signalr", Preset::Signalr),
    ("mcp", Preset::Mcp),
    ("streamlit", Preset::Streamlit),
    ("jsessionid", Preset::Jsessionid),
    ("php", Preset::Php),
    ("flask", Preset::Flask),
    ("express", Preset::Express),
];

/// Keys that a preset answers.
const ANSWERED: [&str; 7] = [
    "stickiness.type",
    "stickiness.header",
    "stickiness.query",
    "stickiness.from",
    "stickiness.in",
    "stickiness.separator",
    "stickiness.fallback",
];

/// What the preset comes to. Durations, attributes of the cookie, limits of the table and the path can be set beside it.
pub(super) fn read(
    preset: Preset,
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<Stickiness> {
    let help = "remove it: the preset says that; or write out the type instead of the preset";
    refuse(&ANSWERED, "a preset", help, section, report);
    refuse(&super::hash::KEYS, "a preset", help, section, report);
    if !matches!(preset, Preset::Php | Preset::Flask | Preset::Express) {
        refuse(&["stickiness.app_cookie"], "this preset", help, section, report);
    }
    let learned = [Preset::Socketio, Preset::Signalr, Preset::Jsessionid].contains(&preset);
    if !learned {
        refuse(&identity::TABLE_KEYS, "this preset", "remove it", section, report);
    }
    match preset {
        Preset::Socketio => {
            let (births, places) = (vec![json("sid")], vec![query("sid")]);
            learn(births, places, "/socket.io/", group, section, report)
        }
        Preset::Signalr => {
            let births = vec![json("connectionToken"), json("connectionId")];
            learn(births, vec![query("id")], "/", group, section, report)
        }
        Preset::Jsessionid => {
            let name = || "JSESSIONID".to_owned();
            let places = vec![IdPlace::PathParameter("jsessionid".into()), IdPlace::Cookie(name())];
            learn(vec![IdBirth::Cookie(name())], places, "/", group, section, report)
        }
        Preset::Mcp => {
            let help = "remove it: the server ends its sessions itself";
            refuse(&["stickiness.duration"], "this preset", help, section, report);
            identity::refuse_tokens("this preset", section, report);
            let absolute = read_absolute(section, report);
            Some(Stickiness::Wrap(Wrap {
                carrier: Carrier::Header("mcp-session-id".into()),
                absolute,
            }))
        }
        // The session is known inside the WebSocket only; its page and its uploads have the cookie in common.
        Preset::Streamlit => {
            Some(Stickiness::LbCookie(read_lb_cookie(group, Kind::LbCookie, section, report)))
        }
        Preset::Php => app_cookie("PHPSESSID", group, section, report),
        Preset::Flask => app_cookie("session", group, section, report),
        Preset::Express => app_cookie("connect.sid", group, section, report),
    }
}

fn json(name: &str) -> IdBirth {
    IdBirth::Json(name.to_owned())
}

fn query(name: &str) -> IdPlace {
    IdPlace::Query(name.to_owned())
}

/// A table, and a sealed cookie beside it for clients that keep cookies.
fn learn(
    births: Vec<IdBirth>,
    places: Vec<IdPlace>,
    path_prefix: &str,
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<Stickiness> {
    let cookie = Some(read_lb_cookie(group, Kind::LbCookie, section, report));
    let duration = read_duration(section, report);
    let prefix = identity::read_path_prefix(section, report);
    let (sessions_max, per_client_max) = identity::read_limits(section, report);
    Some(Stickiness::Learn(Learn {
        births,
        places,
        path_prefix: prefix.unwrap_or(path_prefix).to_owned(),
        duration,
        sessions_max,
        per_client_max,
        cookie,
    }))
}

/// The application's cookie by its usual name, unless another is given.
fn app_cookie(
    usual: &str,
    group: &Name,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> Option<Stickiness> {
    if section.value("stickiness.app_cookie").is_some() {
        return super::read_app_cookie(group, section, report).map(Stickiness::AppCookie);
    }
    let name = AppCookieName::new(usual).expect("the usual names are names");
    let token = read_lb_cookie(group, Kind::AppCookie, section, report);
    Some(Stickiness::AppCookie(AppCookie { name, token }))
}
