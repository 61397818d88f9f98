#![doc = include_str!("../README.md")]

mod address;
mod admin;
mod attributes;
mod aws;
mod classic;
mod date;
mod diagnostic;
pub mod edit;
pub mod fuzzing;
mod health_check;
mod keys;
mod known;
mod listener;
mod load_balancer;
mod nearest;
mod networks;
mod record;
mod report;
mod rule;
mod secrets;
mod section;
mod selection;
mod server;
mod settings;
mod stickiness;
mod syntax;
mod target_group;
mod targets;
mod tls;
mod units;

pub use units::parse_duration;
mod value;

use std::collections::HashSet;

use clingfish_model::{
    DesiredState, LbCookie, Listener, LoadBalancer, Name, Stickiness, TargetGroup, elb::Aws,
    stickiness::CookieStyle,
};
use toml::de::DeTable;

pub use crate::{
    diagnostic::Diagnostic,
    edit::{Document, EditError, edit},
    known::{UnknownKey, target_group_key, target_group_table},
    secrets::{SECRET_KEYS, secret_spans},
    settings::{load_balancer_settings, target_group_settings, target_setting},
};

use crate::{
    keys::Schema,
    listener::{DEFAULT_LOAD_BALANCER, Names},
    record::Ids,
    report::Report,
    section::{Section, join},
    value::{Value, split_advice},
};

/// Reads a configuration file: what it asks for and warnings about it, or else every error in it.
///
/// Both are in the order of the file. Errors beyond [`clingfish_model::limits::CONFIG_ERRORS_MAX`] are only counted.
///
/// ```
/// let (state, warnings) = clingfish_config::parse(
///     r#"
///     [[listeners]]
///     bind = "0.0.0.0:8080"
///     forward = "web"
///
///     [target_groups.web]
///     targets = ["10.0.0.1:3000", "10.0.0.2:3000"]
///     stickiness = { type = "lb_cookie", duration = "1h" }
///     "#,
/// )
/// .unwrap();
/// assert_eq!(state.target_groups.len(), 1);
/// assert!(warnings.is_empty());
///
/// let errors = clingfish_config::parse("[admim]\n").unwrap_err();
/// assert_eq!(
///     errors[0].render("clingfish.toml"),
///     "clingfish.toml:1:2: unknown key \"admim\" in the top level of the file\n  help: did you mean \"admin\"?"
/// );
/// ```
pub fn parse(text: &str) -> Result<(DesiredState, Vec<Diagnostic>), Vec<Diagnostic>> {
    parse_in(None, text)
}

/// As [`parse`], for a process that was told its availability zone by other means than the file.
pub fn parse_in(
    zone: Option<&Name>,
    text: &str,
) -> Result<(DesiredState, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (document, syntax_errors) = DeTable::parse_recoverable(text);
    let mut report = Report::new(text);
    for error in &syntax_errors {
        syntax::note(error, &mut report);
    }
    let label = keys::ROOT.title.to_owned();
    let table = document.get_ref();
    let root = Section::of(table, String::new(), label, 0, &keys::ROOT, &mut report);
    let state = read(&root, zone, &mut report);
    report.finish().map(|warnings| (state, warnings))
}

fn read(root: &Section<'_>, zone: Option<&Name>, report: &mut Report<'_>) -> DesiredState {
    let balancers = children(root, "load_balancers", &keys::LOAD_BALANCER, report);
    let groups = children(root, "target_groups", &keys::TARGET_GROUP, report);
    let mut server = server::read_server(root, report);
    server.availability_zone = zone.cloned().or(server.availability_zone);
    let has_zone = server.availability_zone.is_some();
    let aws = aws::read(root, report);
    let target_groups = read_target_groups(&groups, has_zone, report);
    let sticky = target_groups.iter().filter(|group| group.stickiness != Stickiness::Off);
    let leaves_paths = |child: &&Child<'_>| {
        child.section.value("path_normalization").and_then(Value::as_bool) == Some(false)
    };
    let mut names = Names {
        aws: &aws,
        raw_paths: balancers.iter().filter(leaves_paths).map(|child| child.name).collect(),
        sticky_groups: sticky.map(|group| group.name.clone()).collect(),
        home_cookies: target_groups.iter().filter_map(home_cookie).collect(),
        load_balancers: balancers.iter().map(|child| child.name).collect(),
        target_groups: groups.iter().map(|child| child.name).collect(),
    };
    if !names.load_balancers.contains(&DEFAULT_LOAD_BALANCER) {
        names.load_balancers.push(DEFAULT_LOAD_BALANCER);
    }
    names.load_balancers.sort_unstable();
    names.target_groups.sort_unstable();
    let admin = admin::read(root, report);
    let listeners = root
        .value("listeners")
        .map_or_else(Vec::new, |value| listener::read(value, &names, &admin, report));
    warn_of_unused(root, &balancers, &groups, &listeners, report);
    let load_balancers = read_load_balancers(&balancers, &listeners, &aws, report);
    warn_of_plain_http(&groups, &listeners, &load_balancers, report);
    DesiredState {
        server,
        access_log: server::read_access_log(root, report),
        aws,
        load_balancers,
        target_groups,
        admin,
        listeners,
    }
}

fn read_load_balancers(
    children: &[Child<'_>],
    listeners: &[Listener],
    aws: &Aws,
    report: &mut Report<'_>,
) -> Vec<LoadBalancer> {
    let mut balancers: Vec<LoadBalancer> = Vec::new();
    let mut ids = Ids::default();
    for child in children {
        let name = child.checked_name(report);
        let balancer = load_balancer::read(name, aws, &child.section, report);
        ids.take(balancer.id(), &child.section, report);
        balancers.push(balancer);
    }
    let default = default_name();
    if !balancers.iter().any(|balancer| balancer.name == default) {
        let implied = !listeners.iter().any(|listener| listener.load_balancer == default);
        balancers.push(LoadBalancer { implied, ..LoadBalancer::new(default) });
    }
    balancers.sort_by(|a, b| a.name.cmp(&b.name));
    balancers
}

fn read_target_groups(
    children: &[Child<'_>],
    has_own_zone: bool,
    report: &mut Report<'_>,
) -> Vec<TargetGroup> {
    let mut groups = Vec::new();
    let mut ids = Ids::default();
    for child in children {
        let name = child.checked_name(report);
        let group = target_group::read(name, has_own_zone, &child.section, report);
        ids.take(group.id(), &child.section, report);
        groups.push(group);
    }
    groups.sort_by(|a: &TargetGroup, b| a.name.cmp(&b.name));
    groups
}

fn home_cookie(group: &TargetGroup) -> Option<(Name, String)> {
    match &group.stickiness {
        Stickiness::LbCookie(LbCookie { style: CookieStyle::Clingfish(shape), .. }) => {
            Some((group.name.clone(), shape.attributes().name.clone()))
        }
        _ => None,
    }
}

fn default_name() -> Name {
    Name::new(DEFAULT_LOAD_BALANCER).expect("the word default is a name")
}

/// A table in a table of named ones.
struct Child<'t> {
    name: &'t str,
    name_at: usize,
    section: Section<'t>,
}

impl Child<'_> {
    /// The name, or a stand-in with an error noted.
    fn checked_name(&self, report: &mut Report<'_>) -> Name {
        Name::new(self.name).unwrap_or_else(|error| {
            let text = error.to_string();
            let (message, help) = split_advice(&text);
            report.error(self.name_at, &self.section.path, message, help);
            default_name()
        })
    }
}

/// The tables below `[target_groups]` or `[load_balancers]`.
fn children<'t>(
    root: &Section<'t>,
    key: &str,
    schema: &'static Schema,
    report: &mut Report<'_>,
) -> Vec<Child<'t>> {
    let Some(value) = root.value(key) else {
        return Vec::new();
    };
    let help = format!("write [{key}.NAME], and its keys on the lines below");
    let Some(table) = value.table(report, &help) else {
        return Vec::new();
    };
    let mut children = Vec::new();
    for (name, inner) in table {
        let path = join(key, name.get_ref());
        let label = format!("[{path}]");
        let value = Value::new(path.clone(), path, inner);
        if let Some(section) = Section::read(&value, label, schema, report) {
            children.push(Child { name: name.get_ref(), name_at: name.span().start, section });
        }
    }
    children
}

/// Warns of what no request can reach. Whoever makes resources by the API makes one after the other, so those are left out.
fn warn_of_unused(
    root: &Section<'_>,
    balancers: &[Child<'_>],
    groups: &[Child<'_>],
    listeners: &[Listener],
    report: &mut Report<'_>,
) {
    let by_hand = |child: &&Child<'_>| !record::is_of_api(&child.section);
    if root.value("listeners").is_none() {
        if let Some(first) = groups.iter().find(by_hand) {
            report.warning(
                first.section.at,
                "target_groups",
                "there are target groups but no listeners: nothing is served",
                "add [[listeners]] with bind and forward",
            );
        }
        return;
    }
    let used: HashSet<&Name> = listeners.iter().flat_map(Listener::groups).collect();
    let used: HashSet<&str> = used.into_iter().map(Name::as_str).collect();
    for child in groups.iter().filter(by_hand) {
        if !used.contains(child.name) {
            let message = format!("no listener forwards to {}", child.section.label);
            let help = format!("write forward = {:?} in a listener, or remove it", child.name);
            report.warning(child.section.at, &child.section.path, message, help);
        }
    }
    for child in balancers.iter().filter(by_hand) {
        let uses = |listener: &Listener| listener.load_balancer.as_str() == child.name;
        if !listeners.iter().any(uses) {
            let message = format!("no listener belongs to {}", child.section.label);
            let help =
                format!("write load_balancer = {:?} in a listener, or remove it", child.name);
            report.warning(child.section.at, &child.section.path, message, help);
        }
    }
}

/// Warns of cookies that browsers refuse over http, where nothing says that TLS ends further out.
fn warn_of_plain_http(
    groups: &[Child<'_>],
    listeners: &[Listener],
    balancers: &[LoadBalancer],
    report: &mut Report<'_>,
) {
    let trusts_nobody = |listener: &Listener| {
        let own = balancers.iter().find(|balancer| balancer.name == listener.load_balancer);
        own.is_some_and(|balancer| balancer.trusted_proxies.is_empty())
    };
    for child in groups {
        let Some(value) = stickiness::host_prefix(&child.section) else {
            continue;
        };
        let is_refused = |listener: &&Listener| {
            listener.tls.is_none()
                && !listener.has_proxy_protocol()
                && trusts_nobody(listener)
                && listener.groups().any(|name| name.as_str() == child.name)
        };
        if let Some(listener) = listeners.iter().find(is_refused) {
            report.warning(
                value.span.start,
                &value.path,
                format!("browsers refuse __Host- cookies over http, which listener {} speaks", listener.name),
                "write protocol = \"HTTPS\" there; or trusted_proxies, where TLS ends in front of it",
            );
        }
    }
}

#[cfg(test)]
mod tests;
