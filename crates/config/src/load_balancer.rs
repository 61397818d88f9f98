//! `[load_balancers.NAME]`.

use std::ops::RangeInclusive;

use clingfish_model::{
    DesyncMode, LoadBalancer, Name, Timeouts,
    elb::{Aws, BalancerScheme, IpAddressType, Network},
    listener::{BadBalancerLog, BalancerLog, RequestLimits, XffMode},
};

use crate::{aws, classic, networks, record, report::Report, section::Section};

/// Reads one load balancer; what is wrong in it has its default.
pub(crate) fn read(
    name: Name,
    aws: &Aws,
    section: &Section<'_>,
    report: &mut Report<'_>,
) -> LoadBalancer {
    let default = LoadBalancer::new(name);
    let proxies = section.value("trusted_proxies");
    let modes = DesyncMode::ALL.map(|mode| (mode.as_str(), mode));
    let xff_modes = XffMode::ALL.map(|mode| (mode.as_str(), mode));
    let mut flag = |name: &str, default| section.bool(name, default, report);
    let preserve_host_header = flag("preserve_host_header", default.preserve_host_header);
    let xff_client_port = flag("xff_client_port", default.xff_client_port);
    let tls_headers = flag("tls_headers", default.tls_headers);
    let drop_invalid_header_fields =
        flag("drop_invalid_header_fields", default.drop_invalid_header_fields);
    let path_normalization = flag("path_normalization", default.path_normalization);
    let debug_header = flag("debug_header", default.debug_header);
    LoadBalancer {
        timeouts: read_timeouts(section, report),
        request_limits: read_limits(section, report),
        trusted_proxies: proxies.map_or_else(Vec::new, |value| networks::read(value, report)),
        preserve_host_header,
        xff_client_port,
        xff_mode: section.word("xff_mode", &xff_modes, default.xff_mode, report),
        tls_headers,
        drop_invalid_header_fields,
        path_normalization,
        http2: section.bool("http2", default.http2, report),
        desync_mode: section.word("desync_mitigation_mode", &modes, default.desync_mode, report),
        debug_header,
        record: record::read(section, report),
        network: read_network(aws, section, report),
        dns_name: section.value("dns_name").and_then(|value| aws::read_host(value, report)),
        classic: classic::read(section, report),
        access_log: read_log(section, report),
        ..default
    }
}

/// Where AWS would put it; warns of what `[aws]` does not list.
fn read_network(aws: &Aws, section: &Section<'_>, report: &mut Report<'_>) -> Network {
    let schemes = BalancerScheme::ALL.map(|scheme| (scheme.as_str(), scheme));
    let types = IpAddressType::OF_BALANCERS.map(|kind| (kind.as_str(), kind));
    let mut ids = |name: &str, kind: &str, known: Option<Vec<&str>>| {
        let Some(value) = section.value(name) else { return Vec::new() };
        let ids = aws::read_ids(value, report);
        if let Some(known) = known {
            aws::warn_of_unknown(value, &ids, kind, &known, report);
        }
        ids
    };
    let subnets = aws.subnets.as_ref().map(|known| known.keys().map(String::as_str).collect());
    let groups = aws.security_groups.as_ref().map(|all| all.iter().map(String::as_str).collect());
    Network {
        subnets: ids("subnets", "subnet", subnets),
        security_groups: ids("security_groups", "security group", groups),
        scheme: section.word("scheme", &schemes, BalancerScheme::default(), report),
        ip_address_type: section.word("ip_address_type", &types, IpAddressType::default(), report),
    }
}

/// A log of its own; there is one as soon as there is a folder, unless it is turned off.
fn read_log(section: &Section<'_>, report: &mut Report<'_>) -> Option<BalancerLog> {
    const HELP: &str =
        "write access_log = { folder = \"/var/log/elb/my-bucket\", prefix = \"web\" }";
    let is_meant = section.mentions("access_log") || section.mentions("access_logs");
    let is_on = section.bool("access_log.enabled", is_meant, report);
    if !is_meant || (!is_on && section.value("access_log.folder").is_none()) {
        return None;
    }
    let folder = section.required("access_log.folder", report, HELP)?;
    let prefix = section.value("access_log.prefix");
    let text = prefix.map_or(Some(""), |value| value.text(report));
    match BalancerLog::new(folder.text(report)?, text?) {
        Ok(log) => is_on.then_some(log),
        Err(error @ BadBalancerLog::Folder { .. }) => {
            folder.refuse(report, error.to_string(), HELP);
            None
        }
        Err(error @ BadBalancerLog::Prefix { .. }) => {
            prefix.unwrap_or(folder).refuse(report, error.to_string(), HELP);
            None
        }
    }
}

fn read_timeouts(section: &Section<'_>, report: &mut Report<'_>) -> Timeouts {
    let default = Timeouts::default();
    let rate = section.value("body_rate_min");
    let rate = rate.and_then(|value| value.size(report, Timeouts::BODY_RATES));
    let mut duration = |name, range, default| section.duration(name, range, default, report);
    Timeouts {
        head: duration("head_timeout", Timeouts::HEAD, default.head),
        idle: duration("idle_timeout", Timeouts::IDLE, default.idle),
        client_keep_alive: duration(
            "client_keep_alive",
            Timeouts::CLIENT_KEEP_ALIVE,
            default.client_keep_alive,
        ),
        websocket_idle: duration(
            "websocket_idle_timeout",
            Timeouts::WEBSOCKET_IDLE,
            default.websocket_idle,
        ),
        body_rate_min: rate.unwrap_or(default.body_rate_min),
    }
}

fn read_limits(section: &Section<'_>, report: &mut Report<'_>) -> RequestLimits {
    let default = RequestLimits::default();
    let fields = section.integer("fields_max", wide(RequestLimits::FIELDS), report);
    let body = section.value("body_max");
    let body = body.and_then(|value| value.size(report, RequestLimits::BODY_BYTES));
    let mut size = |name: &str, default: usize| {
        section
            .value(name)
            .and_then(|value| value.size(report, wide(RequestLimits::HEAD_BYTES)))
            .map_or(default, narrow)
    };
    RequestLimits {
        request_line_bytes_max: size("request_line_max", default.request_line_bytes_max),
        field_bytes_max: size("field_max", default.field_bytes_max),
        head_bytes_max: size("head_max", default.head_bytes_max),
        fields_max: fields.map_or(default.fields_max, narrow),
        response_head_bytes_max: size("response_head_max", default.response_head_bytes_max),
        body_bytes_max: body.or(default.body_bytes_max),
    }
}

fn wide(range: RangeInclusive<usize>) -> RangeInclusive<u64> {
    *range.start() as u64..=*range.end() as u64
}

fn narrow(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
