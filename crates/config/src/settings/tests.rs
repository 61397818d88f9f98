use clingfish_model::{Edit, Name, Place};

use super::*;

const GROUPS: &[&str] = &[
    "",
    "algorithm = \"weighted_random\"\nanomaly_mitigation = \"on\"\nslow_start = \"0s\"",
    "algorithm = \"least_outstanding_requests\"\nderegistration_delay = \"90s\"\nconnect_timeout = \"250ms\"",
    "slow_start = \"30s\"\ncross_zone = true\nminimum_healthy = { count = 2, percentage = 50 }",
    "target_group_health.dns_failover.minimum_healthy_targets.count = \"off\"\nproxy_protocol = \"v2\"",
    "protocol = \"HTTPS\"\ntls = { ca = \"/ca.pem\", certificate = \"/a.pem\", key = \"/k.pem\", server_name = \"a.example\" }",
    "protocol_version = \"GRPC\"\nhealth_check = { path = \"/grpc.health.v1.Health/Check\" }",
    "health_check = { protocol = \"TCP\", port = 9, interval = \"2s\", timeout = \"1s\", healthy_threshold = 5 }",
    "health_check = false\ntags = { a = \"b\", \"c d\" = \"e\" }\nattributes = { \"lambda.x\" = \"true\" }",
    "id = \"0123456789abcdef\"\ncreated = 2026-11-28T14:00:00.123Z\nport = 80\nvpc = \"vpc-1\"\ntarget_type = \"ip\"",
    "stickiness = { duration = \"1h\" }",
    "stickiness = false",
    "stickiness = { duration = \"2h\", absolute = \"1d\", cookie = \"__Host-h\", same_site = \"none\", secure = \"always\", partitioned = true, browser_session = true }",
    "stickiness = { host_prefix = true, on_cacheable = \"mark\", forward_tokens = true, cross_site = false }",
    "stickiness = { path = \"/a\", domain = \"a.example\", http_only = false, same_site = \"strict\", secure = \"never\" }",
    "stickiness = { style = \"alb\", duration = \"1d\", absolute = \"2d\" }",
    "stickiness = { style = \"classic\", duration = \"1d\" }",
    "stickiness = { style = \"classic\" }",
    "stickiness = { type = \"app_cookie\", app_cookie = \"SID\", cookie = \"x\" }",
    "stickiness = { type = \"app_cookie\", app_cookie = \"SID\", style = \"alb\" }",
    "stickiness = { type = \"app_cookie\", app_cookie = \"SID\", style = \"classic\" }",
    "stickiness = { type = \"header\", header = \"X-Home\", absolute = \"1d\" }",
    "stickiness = { type = \"hash\", key = \"header:X-User\", load_factor = 150 }",
    "stickiness = { type = \"hash\", key = \"path:2\" }",
    "stickiness = { type = \"source_ip\", ipv4_prefix = 24 }",
    "stickiness = { type = \"route\", in = [\"cookie:SID\", \"path_parameter:sid\"], separator = \"!\" }",
    "stickiness = { type = \"learn\", from = \"header:mcp-session-id\", path_prefix = \"/mcp\", sessions_max = 5 }",
    "stickiness = { type = \"learn\", from = \"json:sid\", in = \"query:sid\", fallback = \"lb_cookie\", absolute = \"2d\" }",
    "stickiness = { type = \"wrap\", in = \"header:mcp-session-id\", absolute = \"1d\" }",
    "stickiness = { preset = \"mcp\" }",
    "stickiness = { preset = \"socketio\" }",
    "stickiness.import = [{ from = \"haproxy\", cookie = \"SRV\", until = \"2027-01-31\", max_idle = \"30m\" }, { from = \"index\", cookie = \"N\", until = \"2027-01-31T18:00:00Z\", first = 1 }]",
];

fn group(text: &str) -> Result<TargetGroup, String> {
    let (state, _) = crate::parse(text).map_err(|errors| {
        errors.iter().map(|error| error.render("file")).collect::<Vec<_>>().join("\n")
    })?;
    Ok(state.target_groups[0].clone())
}

#[test]
fn settings_that_are_read_again_are_the_same_group() {
    for text in GROUPS {
        let before = group(&format!("[target_groups.web]\n{text}\n")).unwrap();
        let web = || Place::TargetGroup(Name::new("web").unwrap());
        let settings = target_group_settings(&before);
        let keys: Vec<&'static str> =
            crate::keys::TARGET_GROUP.names().flat_map(|name| name.split('.').next()).collect();
        let shown = settings.iter().map(|(key, value)| {
            let key = keys.iter().find(|known| *known == key).expect("the documentation has it");
            Edit::Set(web(), key, value.clone())
        });
        let shown = crate::edit("[target_groups.web]\n", &shown.collect::<Vec<_>>()).unwrap();
        let after = group(&shown).unwrap_or_else(|errors| panic!("{text}\n{shown}\n{errors}"));
        assert_eq!(before, after, "{text}\n{shown}");
    }
}

#[test]
fn targets_that_are_read_again_are_the_same() {
    let text = "[target_groups.web]\ntargets = [\"10.0.0.1:80\", { id = \"b\", address = \"[::1]:80\", weight = 3, \
        zone = \"a\", drain = true, known_as = \"s1\" }, \"a.example:80\"]\n";
    let before = group(text).unwrap();
    let name = || before.name.clone();
    let add = |target| Edit::AddTarget(name(), target_setting(target));
    let adds: Vec<Edit> = before.targets.iter().map(add).collect();
    let after = group(&crate::edit("[target_groups.web]\n", &adds).unwrap()).unwrap();
    assert_eq!(before, after);
}

#[test]
fn secrets_of_other_balancers_are_not_shown() {
    let text = "[target_groups.web]\nstickiness.import = [{ from = \"caddy\", cookie = \"lb\", \
        until = \"2027-01-31\", key = \"hunter2\" }]\n";
    let shown = format!("{:?}", target_group_settings(&group(text).unwrap()));
    assert!(shown.contains("caddy") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn load_balancers_that_are_read_again_are_the_same() {
    for text in [
        "",
        "idle_timeout = \"2m\"\nbody_max = \"2GiB\"\nbody_rate_min = \"0B\"\ntrusted_proxies = [\"10.0.0.0/8\"]",
        "xff_mode = \"preserve\"\nhttp2 = false\ndebug_header = true\ndesync_mitigation_mode = \"monitor\"",
        "access_log = { folder = \"/logs\", prefix = \"a/b\" }\nscheme = \"internal\"\nsubnets = [\"subnet-1\"]",
        "id = \"0123456789abcdef\"\ntags = { a = \"b\" }\ndns_name = \"lb.example\"\nfields_max = 7",
    ] {
        let read = |text: &str| crate::parse(text).unwrap().0.load_balancers[0].clone();
        let before = read(&format!("[load_balancers.a]\n{text}\n"));
        let place = || Place::LoadBalancer(before.name.clone());
        let keys: Vec<&'static str> =
            crate::keys::LOAD_BALANCER.names().flat_map(|name| name.split('.').next()).collect();
        let settings = load_balancer_settings(&before);
        let shown = settings.iter().map(|(key, value)| {
            let key = keys.iter().find(|known| *known == key).expect("the documentation has it");
            Edit::Set(place(), key, value.clone())
        });
        let shown = crate::edit("[load_balancers.a]\n", &shown.collect::<Vec<_>>()).unwrap();
        assert_eq!(before, read(&shown), "{text}\n{shown}");
    }
}
