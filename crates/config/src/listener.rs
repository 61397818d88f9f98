//! `[[listeners]]`, and whether what they refer to exists.

use std::net::SocketAddr;

use clingfish_model::{Listener, Name, desired::Admin, elb::Aws, listener::clash, rule::Scheme};
use ipnet::IpNet;

use crate::{
    address::BIND_HELP,
    attributes, classic, keys,
    nearest::nearest,
    networks,
    record::{self, Ids},
    report::Report,
    rule::{self, Scope},
    section::Section,
    tls,
    value::Value,
};

/// The load balancer that always exists.
pub(crate) const DEFAULT_LOAD_BALANCER: &str = "default";

/// The names that listeners may refer to, right or wrong inside. In alphabetical order: a file has thousands of them.
pub(crate) struct Names<'t> {
    /// Certificates and trust stores by their ARNs.
    pub(crate) aws: &'t Aws,
    pub(crate) load_balancers: Vec<&'t str>,
    pub(crate) target_groups: Vec<&'t str>,
    /// Those of them that are sticky.
    pub(crate) sticky_groups: Vec<Name>,
    /// Names of their cookies, where these are not ALB's.
    pub(crate) home_cookies: Vec<(Name, String)>,
    /// Load balancers that leave paths as they came.
    pub(crate) raw_paths: Vec<&'t str>,
}

/// A listener, and where the file has what others may clash with.
struct Placed {
    listener: Listener,
    bind_at: usize,
    name_at: usize,
    is_named: bool,
}

/// Reads all listeners, in the order of the file.
pub(crate) fn read(
    value: &Value<'_>,
    names: &Names<'_>,
    admin: &Admin,
    report: &mut Report<'_>,
) -> Vec<Listener> {
    let mut placed: Vec<Placed> = Vec::new();
    let (mut ids, mut rule_ids) = (Ids::default(), Ids::default());
    for element in value.list(report, "write [[listeners]], with two brackets") {
        let label = "[[listeners]]".to_owned();
        let Some(section) = Section::read(&element, label, &keys::LISTENER, report) else {
            continue;
        };
        if let Some(one) = read_one(&section, names, &mut rule_ids, report) {
            ids.take(one.listener.id(), &section, report);
            refuse_clashes(&one, &placed, &section, admin, report);
            placed.push(one);
        }
    }
    placed.into_iter().map(|one| one.listener).collect()
}

fn read_one(
    section: &Section<'_>,
    names: &Names<'_>,
    rule_ids: &mut Ids,
    report: &mut Report<'_>,
) -> Option<Placed> {
    let bind = section.required("bind", report, BIND_HELP);
    let bind_at = bind.map_or(section.at, |value| value.span.start);
    let bind = bind.and_then(|value| value.bind(report));
    let speaks_tls = section.value("protocol").and_then(Value::as_str) == Some("HTTPS");
    let balancer = section.value("load_balancer").and_then(Value::as_str);
    let scope = Scope {
        names,
        own: if speaks_tls { Scheme::Https } else { Scheme::Http },
        normal_paths: !names.raw_paths.contains(&balancer.unwrap_or(DEFAULT_LOAD_BALANCER)),
    };
    let default_action = rule::read_default(section, &scope, report);
    let default = default_action.as_ref().and_then(Option::as_ref);
    let rules = rule::read(section, default, &scope, rule_ids, report);
    let load_balancer = match section.value("load_balancer") {
        Some(value) => {
            let known = &names.load_balancers;
            refer(value, "load balancer", "[load_balancers.NAME]", known, report)
        }
        None => Name::new(DEFAULT_LOAD_BALANCER).ok(),
    };
    let tls = tls::read_listener(section, names.aws, report);
    let named = section.value("name");
    let name = match named {
        Some(value) => value.name(report),
        None => bind.and_then(|bind| Name::new(derive_name(bind)).ok()),
    };
    Some(Placed {
        bind_at,
        name_at: named.map_or(bind_at, |value| value.span.start),
        is_named: named.is_some(),
        listener: Listener {
            default_action: default_action?,
            rules,
            tls,
            attributes: attributes::read(section, report),
            proxy_protocol_from: read_proxy_protocol(section, report),
            h2c: read_h2c(section, speaks_tls, report),
            record: record::read_undated(section, report),
            default_rule_tags: record::read_tags(section, "default_rule_tags", report),
            classic: classic::read_listener(section, report),
            ..Listener::new(name?, load_balancer?, bind?)
        },
    })
}

/// Who must begin with a PROXY header. An empty list would look like the opposite of what it does.
fn read_proxy_protocol(section: &Section<'_>, report: &mut Report<'_>) -> Vec<IpNet> {
    let Some(value) = section.value("proxy_protocol_from") else { return Vec::new() };
    if value.is_empty_list() {
        let message = "proxy_protocol_from is empty: nobody could connect";
        value.refuse(report, message, "name the balancers that connect here, or remove this line");
    }
    networks::read(value, report)
}

/// With TLS, HTTP/2 is a matter of ALPN and of the load balancer.
fn read_h2c(section: &Section<'_>, speaks_tls: bool, report: &mut Report<'_>) -> bool {
    let h2c = section.bool("h2c", false, report);
    if let Some(value) = section.value("h2c").filter(|_| h2c && speaks_tls) {
        let help = "remove this line: HTTP/2 is offered through TLS unless the load balancer says http2 = false";
        value.refuse(report, "h2c is HTTP/2 without TLS, and this listener speaks HTTPS", help);
    }
    h2c
}

/// A name made of the address: `0.0.0.0-8080`, `__1-8080` for `[::1]:8080`.
pub(crate) fn derive_name(bind: SocketAddr) -> String {
    let ip = match bind {
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) if v6.scope_id() == 0 => v6.ip().to_string(),
        SocketAddr::V6(v6) => format!("{}.{}", v6.ip(), v6.scope_id()),
    };
    format!("{}-{}", ip.replace(':', "_"), bind.port())
}

/// The name that `value` holds, if something of that name exists.
pub(crate) fn refer(
    value: &Value<'_>,
    kind: &str,
    title: &str,
    known: &[&str],
    report: &mut Report<'_>,
) -> Option<Name> {
    let text = value.text(report)?;
    let at = value.span.start;
    Reference { text, at, path: &value.path, name: &value.name }.find(kind, title, known, report)
}

/// A name that stands for something else in the file.
pub(crate) struct Reference<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) path: &'a str,
    /// What has it, as messages call it.
    pub(crate) name: &'a str,
}

impl Reference<'_> {
    /// The name, if something of that kind has it; `known` is sorted.
    pub(crate) fn find(
        &self,
        kind: &str,
        title: &str,
        known: &[&str],
        report: &mut Report<'_>,
    ) -> Option<Name> {
        let text = self.text;
        if known.binary_search(&text).is_ok() {
            // A wrong name is reported where it is defined.
            return Name::new(text).ok();
        }
        let message = format!("{} = {text:?}: there is no {kind} of that name", self.name);
        let help = match (nearest(text, known.iter().copied()), known) {
            (Some(near), _) => format!("did you mean {near:?}?"),
            (None, []) => format!("add {}", title.replace("NAME", text)),
            (None, _) => format!("add {}, or use {}", title.replace("NAME", text), listed(known)),
        };
        report.absent(self.at, self.path, message, help);
        None
    }
}

/// The first few names.
fn listed(names: &[&str]) -> String {
    const SHOWN_MAX: usize = 8;
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).copied().collect();
    let more = if names.len() > SHOWN_MAX { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn refuse_clashes(
    one: &Placed,
    others: &[Placed],
    section: &Section<'_>,
    admin: &Admin,
    report: &mut Report<'_>,
) {
    let (name, bind) = (&one.listener.name, one.listener.bind);
    if let Some(other) = others.iter().find(|other| clash(other.listener.bind, bind)) {
        let line = report.line(other.bind_at);
        let message = format!("{bind} is taken by {} on line {line}", other.listener.bind);
        let path = format!("{}.bind", section.path);
        report.error(one.bind_at, &path, message, "use another address or port");
        return;
    }
    if clash(admin.bind, bind) {
        let message = format!("{bind} is taken by {}, the [admin] address", admin.bind);
        let path = format!("{}.bind", section.path);
        report.error(one.bind_at, &path, message, "use another port here or in [admin] bind");
    }
    if let Some(other) = others.iter().find(|other| other.listener.name == *name) {
        let line = report.line(other.name_at);
        let origin = if one.is_named { "" } else { ", derived from the address," };
        let message =
            format!("the name \"{name}\"{origin} is taken by the listener on line {line}");
        let path = format!("{}.name", section.path);
        report.error(one.name_at, &path, message, "give each listener a name of its own");
    }
}
