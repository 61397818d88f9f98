//! What a load balancer is set to.

use clingfish_model::{LoadBalancer, Setting, listener::BalancerLog};

use super::{Entries, path, put, put_some, span, text};
use crate::units::show_size;

/// Every setting of a load balancer but what the Classic API keeps of it. Read again they are the same load balancer.
pub fn load_balancer_settings(balancer: &LoadBalancer) -> Vec<(String, Setting)> {
    let mut all = Entries::new();
    let (timeouts, limits) = (&balancer.timeouts, &balancer.request_limits);
    put(&mut all, "idle_timeout", span(timeouts.idle));
    put(&mut all, "client_keep_alive", span(timeouts.client_keep_alive));
    put(&mut all, "head_timeout", span(timeouts.head));
    put(&mut all, "websocket_idle_timeout", span(timeouts.websocket_idle));
    put(&mut all, "body_rate_min", Setting::Text(show_size(timeouts.body_rate_min)));
    put(&mut all, "request_line_max", size(limits.request_line_bytes_max));
    put(&mut all, "field_max", size(limits.field_bytes_max));
    put(&mut all, "head_max", size(limits.head_bytes_max));
    put(&mut all, "fields_max", Setting::Integer(wide(limits.fields_max)));
    put(&mut all, "response_head_max", size(limits.response_head_bytes_max));
    put_some(&mut all, "body_max", limits.body_bytes_max.map(show_size).map(Setting::Text));
    let proxies = balancer.trusted_proxies.iter().map(ToString::to_string);
    put(&mut all, "trusted_proxies", Setting::texts(proxies));
    for (key, is_on) in [
        ("preserve_host_header", balancer.preserve_host_header),
        ("xff_client_port", balancer.xff_client_port),
        ("tls_headers", balancer.tls_headers),
        ("drop_invalid_header_fields", balancer.drop_invalid_header_fields),
        ("path_normalization", balancer.path_normalization),
        ("http2", balancer.http2),
        ("debug_header", balancer.debug_header),
    ] {
        put(&mut all, key, Setting::Bool(is_on));
    }
    put(&mut all, "xff_mode", text(balancer.xff_mode.as_str()));
    put(&mut all, "desync_mitigation_mode", text(balancer.desync_mode.as_str()));
    put_some(&mut all, "access_log", balancer.access_log.as_ref().map(access_log));
    kept(&mut all, balancer);
    all
}

/// What is kept for APIs.
fn kept(all: &mut Entries, balancer: &LoadBalancer) {
    super::record(all, &balancer.record);
    let network = &balancer.network;
    put(all, "scheme", text(network.scheme.as_str()));
    put(all, "subnets", Setting::texts(&network.subnets));
    put(all, "security_groups", Setting::texts(&network.security_groups));
    put(all, "ip_address_type", text(network.ip_address_type.as_str()));
    put_some(all, "dns_name", balancer.dns_name.as_deref().map(text));
}

fn access_log(log: &BalancerLog) -> Setting {
    Setting::table([("folder", path(log.folder())), ("prefix", text(log.prefix()))])
}

fn size(bytes: usize) -> Setting {
    Setting::Text(show_size(wide(bytes)))
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
