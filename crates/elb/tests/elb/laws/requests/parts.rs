//! Members that several actions have.

use super::{Dice, Form, arn};

/// Keys of tags.
pub(in super::super) const KEYS: [&str; 5] = ["team", "a.b", "ä ö", "env", "aws:x"];

pub(super) const PRIORITIES: [&str; 7] = ["1", "2", "3", "7", "9", "50000", "0"];

/// Attributes and values that they may have or not.
type Attributes = &'static [(&'static str, &'static [&'static str])];

const SWITCH: &[&str] = &["true", "false"];

pub(super) const BALANCER: Attributes = &[
    ("idle_timeout.timeout_seconds", &["60", "90", "0", "4000"]),
    ("client_keep_alive.seconds", &["3600", "60", "59"]),
    ("deletion_protection.enabled", SWITCH),
    ("routing.http.desync_mitigation_mode", &["monitor", "defensive", "strictest", "x"]),
    ("routing.http.drop_invalid_header_fields.enabled", SWITCH),
    ("routing.http.preserve_host_header.enabled", SWITCH),
    ("routing.http.xff_header_processing.mode", &["append", "preserve", "remove"]),
    ("routing.http2.enabled", SWITCH),
    ("waf.fail_open.enabled", SWITCH),
    ("access_logs.s3.enabled", SWITCH),
    ("access_logs.s3.bucket", &["logs", "", "more-logs", "../x"]),
    ("access_logs.s3.prefix", &["web", "", "a/b", "/"]),
    ("connection_logs.s3.enabled", SWITCH),
    ("connection_logs.s3.bucket", &["logs", ""]),
    ("load_balancing.cross_zone.enabled", SWITCH),
    ("no.such.key", SWITCH),
];

pub(super) const STICKY: Attributes = &[
    ("stickiness.enabled", SWITCH),
    ("stickiness.type", &["lb_cookie", "app_cookie", "source_ip", "x"]),
    ("stickiness.lb_cookie.duration_seconds", &["60", "86400", "604800", "0"]),
    ("stickiness.app_cookie.cookie_name", &["SID", "", "AWSALB", "JSESSIONID"]),
    ("stickiness.app_cookie.duration_seconds", &["60", "604801", "3600"]),
];

pub(super) const GROUP: Attributes = &[
    ("deregistration_delay.timeout_seconds", &["300", "0", "3600", "3601"]),
    ("slow_start.duration_seconds", &["0", "30", "900", "29"]),
    (
        "load_balancing.algorithm.type",
        &["round_robin", "least_outstanding_requests", "weighted_random"],
    ),
    ("load_balancing.algorithm.anomaly_mitigation", &["on", "off"]),
    ("load_balancing.cross_zone.enabled", &["true", "false", "use_load_balancer_configuration"]),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", &["off", "1", "5"]),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", &["1", "3", "0"]),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", &["off", "50"]),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        &["off", "60"],
    ),
    ("stickiness.enabled", SWITCH),
    ("stickiness.type", &["lb_cookie", "app_cookie"]),
];

pub(super) const LISTENER: Attributes = &[
    ("routing.http.response.server.enabled", SWITCH),
    (
        "routing.http.response.strict_transport_security.header_value",
        &["max-age=31536000", "", "x\ny"],
    ),
    (
        "routing.http.response.access_control_allow_origin.header_value",
        &["https://a.example", "*", ""],
    ),
    ("routing.http.response.x_frame_options.header_value", &["DENY", "", "x"]),
    ("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", &["X-Leaf", "", "X Y"]),
    ("routing.http.request.x_amzn_tls_version.header_name", &["X-Version", "X-Amzn-Tls-Version"]),
];

pub(super) fn attributes(dice: &mut Dice<'_>, of: Attributes) -> Form {
    let mut form = Form::default();
    for index in 1..=dice.below(3) + 1 {
        let (key, values) = dice.pick(of);
        form = form.with(&format!("Attributes.member.{index}.Key"), key);
        form = form.with(&format!("Attributes.member.{index}.Value"), dice.pick(values));
    }
    form
}

pub(super) fn tags(dice: &mut Dice<'_>) -> Form {
    let mut form = Form::default();
    for index in 1..=dice.below(2) + 1 {
        form = form.with(&format!("Tags.member.{index}.Key"), dice.pick(&KEYS));
        form = form
            .with(&format!("Tags.member.{index}.Value"), dice.pick(&["a", "", "b c", "ü", "x\"y"]));
    }
    form
}

pub(super) fn subnets(dice: &mut Dice<'_>) -> Form {
    match dice.below(5) {
        0 | 1 => Form::new("Subnets.member.1", "s-1").with("Subnets.member.2", "s-2"),
        2 => Form::new("Subnets.member.1", "s-4").with("Subnets.member.2", "s-3"),
        3 => Form::new("SubnetMappings.member.1.SubnetId", "s-2")
            .with("SubnetMappings.member.2.SubnetId", "s-1"),
        _ => Form::new("Subnets.member.1", dice.pick(&["s-1", "s-9", ""]))
            .with("Subnets.member.2", dice.pick(&["s-1", "s-2", "s-3"])),
    }
}

pub(super) fn security_groups(dice: &mut Dice<'_>) -> Form {
    let form = Form::new("SecurityGroups.member.1", dice.pick(&["sg-1", "sg-2", "sg-9"]));
    if dice.once_in(2) { form.with("SecurityGroups.member.2", "sg-2") } else { form }
}

pub(super) fn protocol(dice: &mut Dice<'_>) -> Form {
    if !dice.once_in(3) {
        return Form::new("Protocol", dice.pick(&["HTTP", "HTTP", "HTTP", "TCP"]));
    }
    let form = Form::new("Protocol", "HTTPS")
        .with("Certificates.member.1.CertificateArn", dice.pick(&["arn:1", "arn:2", "arn:3"]));
    let form = match dice.once_in(3) {
        true => form.with("SslPolicy", dice.pick(&["ELBSecurityPolicy-TLS13-1-3-2021-06", "x"])),
        false => form,
    };
    match dice.below(5) {
        0 => form.with("MutualAuthentication.Mode", "passthrough"),
        1 => form
            .with("MutualAuthentication.Mode", "verify")
            .with("MutualAuthentication.TrustStoreArn", dice.pick(&["arn:t", "arn:x"])),
        _ => form,
    }
}

pub(super) fn action(dice: &mut Dice<'_>, name: &str, groups: &[String]) -> Form {
    let at = |rest: &str| format!("{name}.member.1.{rest}");
    match dice.below(6) {
        0 | 1 => Form::new(&at("Type"), "forward").with(&at("TargetGroupArn"), arn(dice, groups)),
        2 => Form::new(&at("Type"), "fixed-response")
            .with(&at("FixedResponseConfig.StatusCode"), dice.pick(&["404", "503", "700"]))
            .with(&at("FixedResponseConfig.MessageBody"), dice.pick(&["", "gone", "\"x\"\n"])),
        3 => Form::new(&at("Type"), "redirect")
            .with(&at("RedirectConfig.StatusCode"), "HTTP_301")
            .with(&at("RedirectConfig.Protocol"), dice.pick(&["HTTPS", "#{protocol}", "HTTP"]))
            .with(&at("RedirectConfig.Port"), dice.pick(&["443", "#{port}", "8443"]))
            .with(&at("RedirectConfig.Path"), dice.pick(&["/#{path}", "/new", "new"])),
        _ => {
            let config = |rest: &str| at(&format!("ForwardConfig.{rest}"));
            let mut form = Form::new(&at("Type"), "forward");
            for index in 1..=dice.below(3) + 1 {
                let group = |rest: &str| config(&format!("TargetGroups.member.{index}.{rest}"));
                form = form.with(&group("TargetGroupArn"), arn(dice, groups));
                form = form.with(&group("Weight"), dice.pick(&["0", "1", "999", "1000"]));
            }
            if dice.once_in(2) {
                form = form
                    .with(
                        &config("TargetGroupStickinessConfig.Enabled"),
                        dice.pick(&["true", "false"]),
                    )
                    .with(
                        &config("TargetGroupStickinessConfig.DurationSeconds"),
                        dice.pick(&["60", "604800", "0"]),
                    );
            }
            form
        }
    }
}

pub(super) fn condition(dice: &mut Dice<'_>) -> Form {
    let at = |rest: &str| format!("Conditions.member.1.{rest}");
    let field = |name: &str| Form::new(&at("Field"), name);
    let paths = ["/a/*", "/b", "/c?", "/old", "*", "/\"", ""];
    match dice.below(7) {
        0 => field("path-pattern").with(&at("Values.member.1"), dice.pick(&paths)),
        1 => {
            field("path-pattern").with(&at("PathPatternConfig.Values.member.1"), dice.pick(&paths))
        }
        2 => field("path-pattern").with(
            &at("PathPatternConfig.RegexValues.member.1"),
            dice.pick(&["^/a/(b|c)$", "(", "\\d+"]),
        ),
        3 => field("host-header").with(
            &at("HostHeaderConfig.Values.member.1"),
            dice.pick(&["*.example", "a.example", "a b"]),
        ),
        4 => field("http-header")
            .with(&at("HttpHeaderConfig.HttpHeaderName"), dice.pick(&["X-A", "Host", "x y"]))
            .with(&at("HttpHeaderConfig.Values.member.1"), dice.pick(&["*", "a\\*b", "'"])),
        5 => field("query-string")
            .with(&at("QueryStringConfig.Values.member.1.Key"), dice.pick(&["v", ""]))
            .with(&at("QueryStringConfig.Values.member.1.Value"), dice.pick(&["1", "*", "ä"])),
        _ => field("source-ip")
            .with(&at("SourceIpConfig.Values.member.1"), dice.pick(&["10.0.0.0/8", "::/0", "x"])),
    }
}

pub(super) fn transforms(dice: &mut Dice<'_>) -> Form {
    let at = |rest: &str| format!("Transforms.member.1.{rest}");
    match dice.below(6) {
        0 => Form::new(&at("Type"), "url-rewrite")
            .with(&at("UrlRewriteConfig.Rewrites.member.1.Regex"), dice.pick(&["^/a/(.*)$", "("]))
            .with(&at("UrlRewriteConfig.Rewrites.member.1.Replace"), dice.pick(&["/$1", "\\"])),
        1 => Form::new(&at("Type"), "host-header-rewrite")
            .with(&at("HostHeaderRewriteConfig.Rewrites.member.1.Regex"), "^a\\.example$")
            .with(&at("HostHeaderRewriteConfig.Rewrites.member.1.Replace"), "b.example"),
        2 => Form::new("Transforms", ""),
        _ => Form::default(),
    }
}

pub(super) fn health_check(dice: &mut Dice<'_>) -> Form {
    let mut form = Form::default();
    if dice.once_in(2) {
        form = form.with("HealthCheckPath", dice.pick(&["/", "/up", "/?a=\"b", "up"]));
    }
    if dice.once_in(2) {
        form = form.with("HealthCheckIntervalSeconds", dice.pick(&["30", "5", "300", "4"]));
    }
    if dice.once_in(3) {
        form = form.with("HealthCheckTimeoutSeconds", dice.pick(&["5", "2", "120"]));
    }
    if dice.once_in(2) {
        form = form.with("Matcher.HttpCode", dice.pick(&["200", "200-299", "200,301", "600"]));
    }
    if dice.once_in(2) {
        form = form.with("HealthCheckProtocol", dice.pick(&["HTTP", "HTTPS", "TCP"]));
    }
    if dice.once_in(2) {
        form = form.with("HealthCheckPort", dice.pick(&["traffic-port", "8080", "0"]));
    }
    form
}
