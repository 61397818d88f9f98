//! Cookies of other balancers that are imported.

use std::{ops::RangeInclusive, time::Duration};

use clingfish_model::{
    Target, UnixMillis,
    stickiness::{AppCookieName, ForeignCookie, HaproxyDates, Key, Scheme},
};

use crate::{date, keys, report::Report, section::Section, value::Value};

const HELP: &str =
    "write import = [{ from = \"haproxy\", cookie = \"SRV\", until = \"2027-01-31\" }]";

/// Bounds of HAProxy's `maxidle` and `maxlife`.
const AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 86_400);

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Haproxy,
    HaproxyDynamic,
    Nginx,
    Traefik,
    Caddy,
    IngressNginx,
    Envoy,
    Sozu,
    Index,
    Name,
}

const ORIGINS: [(&str, From); 10] = [
    ("haproxy", From::Haproxy),
    ("haproxy_dynamic", From::HaproxyDynamic),
    ("nginx", From::Nginx),
    ("traefik", From::Traefik),
    ("caddy", From::Caddy),
    ("ingress_nginx", From::IngressNginx),
    ("envoy", From::Envoy),
    ("sozu", From::Sozu),
    ("index", From::Index),
    ("name", From::Name),
];

/// Reads what a group imports.
pub(crate) fn read(
    section: &Section<'_>,
    targets: &[Target],
    report: &mut Report<'_>,
) -> Vec<ForeignCookie> {
    let Some(value) = section.value("stickiness.import") else {
        return Vec::new();
    };
    let elements = value.list(report, HELP);
    if elements.len() > ForeignCookie::MAX {
        let message = format!("{} has {} imports", value.name, elements.len());
        value.refuse(report, message, format!("use at most {}", ForeignCookie::MAX));
    }
    elements.iter().filter_map(|element| read_one(element, targets, report)).collect()
}

fn read_one(
    value: &Value<'_>,
    targets: &[Target],
    report: &mut Report<'_>,
) -> Option<ForeignCookie> {
    let section = Section::read(value, "an import".into(), &keys::IMPORT, report)?;
    let help = "write from = \"haproxy\", \"nginx\", \"traefik\" or another";
    let from = section.required("from", report, help);
    let from = from.and_then(|value| value.word(report, &ORIGINS, &[]));
    let help = "name the cookie that the other balancer wrote: cookie = \"SRV\"";
    let cookie = section.required("cookie", report, help);
    let cookie = cookie.and_then(|value| read_name(value, report));
    let help = "say when the migration is over: until = \"2027-01-31\"";
    let until = section.required("until", report, help);
    let until = until.and_then(|value| read_until(value, report));
    let scheme = read_scheme(from?, &section, targets, report);
    Some(ForeignCookie { name: cookie?, scheme: scheme?, until: until? })
}

fn read_name(value: &Value<'_>, report: &mut Report<'_>) -> Option<String> {
    let text = value.text(report)?;
    match AppCookieName::new(text) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(bad) => {
            let message = format!("{} = {}: {bad}", value.name, value.written(report));
            value.refuse(report, message, "write the name of the other balancer's cookie");
            None
        }
    }
}

fn read_until(value: &Value<'_>, report: &mut Report<'_>) -> Option<UnixMillis> {
    let written = value.written(report);
    let end = date::end(written.trim_matches('"'));
    if end.is_none() {
        let message = format!("{} = {written} is no date", value.name);
        value.refuse(
            report,
            message,
            "write \"2027-01-31\", whose end it is, or \"2027-01-31T18:00:00Z\"",
        );
    }
    end
}

fn read_scheme(
    from: From,
    section: &Section<'_>,
    targets: &[Target],
    report: &mut Report<'_>,
) -> Option<Scheme> {
    refuse_others(from, section, report);
    let mut age = |key| section.value(key).and_then(|value| value.duration(report, AGES));
    let dates = HaproxyDates { max_idle: age("max_idle"), max_life: age("max_life") };
    match from {
        From::Haproxy => Some(Scheme::HaproxyName { dates }),
        From::HaproxyDynamic => {
            let help = "write the dynamic-cookie-key of HAProxy's configuration";
            let key = section.required("key", report, help)?.text(report)?;
            check_addresses(section, targets, report);
            Some(Scheme::HaproxyDynamic { key: Key::new(key), dates })
        }
        From::Nginx => Some(Scheme::Nginx),
        From::Traefik => Some(Scheme::Traefik),
        From::Caddy => {
            let key = section.value("key").and_then(|value| value.text(report));
            Some(Scheme::Caddy { secret: Key::new(key.unwrap_or_default()) })
        }
        From::IngressNginx => {
            let help = "write NAMESPACE-SERVICE-PORT: backend = \"default-web-80\"";
            let backend = section.required("backend", report, help)?.text(report)?;
            Some(Scheme::IngressNginx { backend: backend.to_owned() })
        }
        From::Envoy => Some(Scheme::Envoy),
        From::Sozu => Some(Scheme::Sozu),
        From::Index => {
            let first = section.integer("first", 0..=1_000_000, report);
            let first = first.and_then(|first| usize::try_from(first).ok());
            Some(Scheme::Index { first: first.unwrap_or_default() })
        }
        From::Name => Some(Scheme::Name),
    }
}

/// Dynamic words are made of addresses.
fn check_addresses(section: &Section<'_>, targets: &[Target], report: &mut Report<'_>) {
    let is_bad = |name: &str| name.parse::<std::net::SocketAddr>().is_err();
    let bad = targets.iter().find(|one| one.known_as.as_deref().is_some_and(is_bad));
    if let (Some(target), Some(value)) = (bad, section.value("from")) {
        let known_as = target.known_as.as_deref().unwrap_or_default();
        let message =
            format!("target {} has known_as = {known_as:?}, which is no address", target.id);
        let help = "a dynamic cookie is made of address and port: write those that HAProxy had";
        value.refuse(report, message, help);
    }
}

fn refuse_others(from: From, section: &Section<'_>, report: &mut Report<'_>) {
    let is_haproxy = matches!(from, From::Haproxy | From::HaproxyDynamic);
    for (key, belongs) in [
        ("key", matches!(from, From::HaproxyDynamic | From::Caddy)),
        ("max_idle", is_haproxy),
        ("max_life", is_haproxy),
        ("backend", from == From::IngressNginx),
        ("first", from == From::Index),
    ] {
        if let Some(value) = section.value(key).filter(|_| !belongs) {
            let word =
                ORIGINS.iter().find(|(_, known)| *known == from).map_or("", |(word, _)| word);
            let message = format!("{} means nothing with from = {word:?}", value.name);
            report.error(section.key_at(key), &value.path, message, "remove it");
        }
    }
}
