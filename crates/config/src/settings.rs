//! What target groups and load balancers are set to, in the file's own words and with every default: reading it, the other way round.

mod load_balancer;
mod stickiness;

use std::{collections::BTreeMap, path::Path, time::Duration};

use clingfish_model::{
    Algorithm, CheckProtocol, CrossZone, HealthCheck, MinimumHealthy, Record, Setting, Target,
    TargetGroup, Weight, health::Announcement, target::ProxyProtocol,
};

use crate::units::show_duration;

pub use load_balancer::load_balancer_settings;

/// Keys and values, in the order of the documentation.
type Entries = Vec<(String, Setting)>;

/// Every setting of a target group but its targets. Read again they are the same group. Keys of other balancers are left out, since
/// they are secrets.
///
/// ```
/// let text = "[target_groups.web]\nstickiness = { duration = \"2h\" }\n";
/// let (state, _) = clingfish_config::parse(text).expect("it is valid");
/// let settings = clingfish_config::target_group_settings(&state.target_groups[0]);
/// let (key, _) = settings.iter().find(|(key, _)| key == "stickiness").expect("it is there");
/// assert_eq!(key, "stickiness");
/// ```
pub fn target_group_settings(group: &TargetGroup) -> Vec<(String, Setting)> {
    let mut all = Entries::new();
    put(&mut all, "protocol", text(if group.tls.is_some() { "HTTPS" } else { "HTTP" }));
    put(&mut all, "protocol_version", text(group.protocol_version.as_str()));
    put_some(&mut all, "tls", tls(group));
    put(&mut all, "algorithm", text(group.algorithm.as_str()));
    if let Algorithm::WeightedRandom { anomaly_mitigation } = group.algorithm {
        put(&mut all, "anomaly_mitigation", text(if anomaly_mitigation { "on" } else { "off" }));
    }
    put(&mut all, "slow_start", span(group.slow_start.duration()));
    put(
        &mut all,
        "cross_zone",
        match group.cross_zone {
            CrossZone::LoadBalancer => text(group.cross_zone.as_str()),
            CrossZone::On => Setting::Bool(true),
            CrossZone::Off => Setting::Bool(false),
        },
    );
    put(&mut all, "minimum_healthy", minimum(group.health_thresholds.routing));
    let dns = Setting::table([("minimum_healthy_targets", minimum(group.health_thresholds.dns))]);
    put(&mut all, "target_group_health", Setting::table([("dns_failover", dns)]));
    put(&mut all, "deregistration_delay", span(group.deregistration_delay));
    put(&mut all, "connect_timeout", span(group.connect_timeout));
    put(&mut all, "response_timeout", span(group.response_timeout));
    put(
        &mut all,
        "proxy_protocol",
        text(match group.proxy_protocol {
            ProxyProtocol::Off => "off",
            ProxyProtocol::V1 => "v1",
            ProxyProtocol::V2 => "v2",
        }),
    );
    put(&mut all, "stickiness", Setting::Table(stickiness::of(group)));
    put(&mut all, "health_check", health_check(&group.health_check));
    kept(&mut all, group);
    all
}

/// A target as an element of a group's list, without what has its default.
pub fn target_setting(target: &Target) -> Setting {
    let mut all = Entries::new();
    let address = target.address.to_string();
    if target.id.as_str() != address {
        put(&mut all, "id", text(target.id.as_str()));
    }
    put(&mut all, "address", text(&address));
    if target.weight != Weight::default() {
        put(&mut all, "weight", Setting::Integer(target.weight.value().into()));
    }
    put_some(&mut all, "zone", target.zone.as_ref().map(|zone| text(zone.as_str())));
    if target.drain {
        put(&mut all, "drain", Setting::Bool(true));
    }
    put_some(&mut all, "known_as", target.known_as.as_deref().map(text));
    Setting::Table(all)
}

/// What is kept for APIs alone.
fn kept(all: &mut Entries, group: &TargetGroup) {
    record(all, &group.record);
    put(all, "target_type", text(group.target_type.as_str()));
    put_some(all, "port", group.port.map(|port| Setting::Integer(port.into())));
    put_some(all, "vpc", group.vpc.as_deref().map(text));
    put(all, "ip_address_type", text(group.ip_address_type.as_str()));
}

fn record(all: &mut Entries, record: &Record) {
    put_some(all, "id", record.id.map(|id| Setting::text(id.to_string())));
    put_some(all, "created", record.created.map(Setting::Time));
    let texts = |texts: &BTreeMap<String, String>| {
        Setting::table(texts.iter().map(|(key, value)| (key.as_str(), text(value))))
    };
    put(all, "tags", texts(&record.tags));
    put(all, "attributes", texts(&record.attributes));
}

fn tls(group: &TargetGroup) -> Option<Setting> {
    let tls = group.tls.as_ref()?;
    let mut all = Entries::new();
    put_some(&mut all, "ca", tls.authorities.as_deref().map(path));
    put_some(&mut all, "server_name", tls.server_name.as_deref().map(text));
    if let Some(client) = &tls.client {
        put(&mut all, "certificate", path(&client.certificate));
        put(&mut all, "key", path(&client.key));
    }
    (!all.is_empty()).then_some(Setting::Table(all))
}

fn minimum(minimum: MinimumHealthy) -> Setting {
    let number = |number: Option<u32>| {
        number.map_or_else(|| text("off"), |number| Setting::Integer(number.into()))
    };
    Setting::table([("count", number(minimum.count)), ("percentage", number(minimum.percentage))])
}

fn health_check(check: &HealthCheck) -> Setting {
    let mut all = Entries::new();
    put(&mut all, "enabled", Setting::Bool(check.enabled));
    put(&mut all, "protocol", text(check.protocol.as_str()));
    // A check that only connects asks for nothing.
    if check.protocol != CheckProtocol::Tcp {
        put(&mut all, "path", text(&check.path));
        put(&mut all, "matcher", Setting::text(check.matcher.to_string()));
        let Announcement { status, header } = &check.announcement;
        put_some(&mut all, "drain_status", status.as_ref().map(|it| Setting::text(it.to_string())));
        put_some(&mut all, "drain_header", header.as_ref().map(|it| Setting::text(it.to_string())));
    }
    let port =
        check.port.map_or_else(|| text("traffic-port"), |port| Setting::Integer(port.into()));
    put(&mut all, "port", port);
    put(&mut all, "interval", span(check.interval));
    put(&mut all, "timeout", span(check.timeout));
    put(&mut all, "healthy_threshold", Setting::Integer(check.healthy_threshold.into()));
    put(&mut all, "unhealthy_threshold", Setting::Integer(check.unhealthy_threshold.into()));
    Setting::Table(all)
}

fn put(all: &mut Entries, key: &str, setting: Setting) {
    all.push((key.to_owned(), setting));
}

fn put_some(all: &mut Entries, key: &str, setting: Option<Setting>) {
    all.extend(setting.map(|setting| (key.to_owned(), setting)));
}

fn text(text: &str) -> Setting {
    Setting::text(text)
}

fn span(span: Duration) -> Setting {
    Setting::Text(show_duration(span))
}

fn path(path: &Path) -> Setting {
    Setting::text(path.to_string_lossy())
}

#[cfg(test)]
mod tests;
