//! `DescribeTargetGroupAttributes` and `ModifyTargetGroupAttributes`.

use clingfish_elb::Code;

use crate::support::Cloud;

const WEB: &str =
    "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732";

fn form(attributes: &[(&str, &str)]) -> String {
    let mut form = format!("Action=ModifyTargetGroupAttributes&TargetGroupArn={WEB}");
    for (at, (key, value)) in (1..).zip(attributes) {
        form += &format!("&Attributes.member.{at}.Key={key}&Attributes.member.{at}.Value={value}");
    }
    form
}

fn shown(text: &str) -> Vec<(String, String)> {
    let form = format!("Action=DescribeTargetGroupAttributes&TargetGroupArn={WEB}");
    let xml = Cloud::new(text).call(&form).unwrap();
    let one = |part: &str| {
        let (key, rest) = part.split_once("</Key>").unwrap();
        let value = rest.strip_prefix("<Value>").and_then(|rest| rest.split('<').next());
        (key.to_owned(), value.unwrap_or_default().to_owned())
    };
    xml.split("<Key>").skip(1).map(one).collect()
}

/// The group `web` with these lines.
fn group(lines: &str) -> String {
    format!("[target_groups.web]\ntargets = [\"10.0.0.1:3000\"]\n{lines}\n")
}

#[test]
fn a_group_has_the_fourteen_attributes_of_albs() {
    let expected = [
        ("deregistration_delay.timeout_seconds", "300"),
        ("stickiness.enabled", "false"),
        ("stickiness.type", "lb_cookie"),
        ("stickiness.lb_cookie.duration_seconds", "86400"),
        ("stickiness.app_cookie.cookie_name", ""),
        ("stickiness.app_cookie.duration_seconds", "86400"),
        ("slow_start.duration_seconds", "0"),
        ("load_balancing.algorithm.type", "round_robin"),
        ("load_balancing.algorithm.anomaly_mitigation", "off"),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
        ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
        ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
    ];
    let shown = shown(&group(""));
    let shown: Vec<_> = shown.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(shown, expected);
}

#[test]
fn stickiness_is_shown_by_its_type_even_where_aws_has_no_word_for_it() {
    for (lines, enabled, kind, lb, name, app) in [
        ("stickiness.duration = \"90s\"", "true", "lb_cookie", "90", "", "86400"),
        (
            "stickiness = { type = \"app_cookie\", app_cookie = \"SID\", duration = \"2m\" }",
            "true",
            "app_cookie",
            "86400",
            "SID",
            "120",
        ),
        ("stickiness = { type = \"source_ip\" }", "true", "source_ip", "86400", "", "86400"),
        (
            "stickiness = { type = \"hash\", key = \"header:X\" }",
            "true",
            "hash",
            "86400",
            "",
            "86400",
        ),
        ("stickiness = { type = \"header\" }", "true", "header", "86400", "", "86400"),
        (
            "stickiness = { type = \"learn\", from = \"cookie:SID\" }",
            "true",
            "learn",
            "86400",
            "",
            "86400",
        ),
        (
            "attributes = { \"stickiness.type\" = \"app_cookie\", \"stickiness.app_cookie.cookie_name\" = \"SID\" }",
            "false",
            "app_cookie",
            "86400",
            "SID",
            "86400",
        ),
        (
            "attributes = { \"stickiness.type\" = \"what\" }",
            "false",
            "lb_cookie",
            "86400",
            "",
            "86400",
        ),
    ] {
        let shown = shown(&group(lines));
        let value = |key: &str| {
            let found = shown.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value.clone()).unwrap()
        };
        assert_eq!(value("stickiness.enabled"), enabled, "{lines}");
        assert_eq!(value("stickiness.type"), kind, "{lines}");
        assert_eq!(value("stickiness.lb_cookie.duration_seconds"), lb, "{lines}");
        assert_eq!(value("stickiness.app_cookie.cookie_name"), name, "{lines}");
        assert_eq!(value("stickiness.app_cookie.duration_seconds"), app, "{lines}");
    }
}

#[test]
fn attributes_become_keys_of_the_file() {
    for (key, value, line) in [
        ("deregistration_delay.timeout_seconds", "0", r#"deregistration_delay = "0s""#),
        ("deregistration_delay.timeout_seconds", "300", ""),
        ("slow_start.duration_seconds", "30", r#"slow_start = "30s""#),
        ("load_balancing.algorithm.type", "weighted_random", r#"algorithm = "weighted_random""#),
        ("load_balancing.cross_zone.enabled", "true", "cross_zone = true"),
        (
            "target_group_health.dns_failover.minimum_healthy_targets.count",
            "off",
            r#"target_group_health.dns_failover.minimum_healthy_targets.count = "off""#,
        ),
        (
            "target_group_health.dns_failover.minimum_healthy_targets.percentage",
            "50",
            "target_group_health.dns_failover.minimum_healthy_targets.percentage = 50",
        ),
        (
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
            "50",
            "minimum_healthy.percentage = 50",
        ),
    ] {
        let lines = Cloud::new(&group("")).edits(&form(&[(key, value)])).unwrap();
        let expected: Vec<_> = Some(line).filter(|line| !line.is_empty()).into_iter().collect();
        let expected: Vec<_> =
            expected.iter().map(|line| format!("[target_groups.web] {line}")).collect();
        assert_eq!(lines, expected, "{key} = {value}");
    }
}

const ENABLED: &str = "stickiness.enabled";
const TYPE: &str = "stickiness.type";
const LB: &str = "stickiness.lb_cookie.duration_seconds";
const APP: &str = "stickiness.app_cookie.duration_seconds";
const NAME: &str = "stickiness.app_cookie.cookie_name";

/// What these attributes change in a group with these lines.
fn comes_to(file: &str, attributes: &[(&str, &str)], lines: &[&str]) {
    let edits = Cloud::new(&group(file)).edits(&form(attributes)).unwrap();
    let lines: Vec<_> = lines.iter().map(|line| format!("[target_groups.web] {line}")).collect();
    assert_eq!(edits, lines, "{file} {attributes:?}");
}

#[test]
fn stickiness_that_is_switched_on_is_written_in_albs_style() {
    for (file, attributes, lines) in [
        (
            "",
            &[(ENABLED, "true")][..],
            &[
                "stickiness gone",
                r#"stickiness.type = "lb_cookie""#,
                r#"stickiness.duration = "86400s""#,
                r#"stickiness.style = "alb""#,
            ][..],
        ),
        (
            "",
            &[(ENABLED, "true"), (TYPE, "app_cookie"), (NAME, "SID"), (LB, "60")],
            &[
                "stickiness gone",
                r#"stickiness.type = "app_cookie""#,
                r#"stickiness.app_cookie = "SID""#,
                r#"stickiness.duration = "86400s""#,
                r#"stickiness.style = "alb""#,
                r#"attributes = { stickiness.lb_cookie.duration_seconds = "60" }"#,
            ],
        ),
        (
            "attributes = { \"stickiness.app_cookie.cookie_name\" = \"SID\", \"stickiness.type\" = \"app_cookie\", other = \"x\" }",
            &[(ENABLED, "true")],
            &[
                "stickiness gone",
                r#"stickiness.type = "app_cookie""#,
                r#"stickiness.app_cookie = "SID""#,
                r#"stickiness.duration = "86400s""#,
                r#"stickiness.style = "alb""#,
                r#"attributes = { other = "x" }"#,
            ],
        ),
    ] {
        comes_to(file, attributes, lines);
    }
}

#[test]
fn what_was_said_of_stickiness_is_kept_where_it_does_not_act() {
    let app = "stickiness = { type = \"app_cookie\", app_cookie = \"SID\", duration = \"2m\", style = \"alb\" }";
    for (file, attributes, lines) in [
        (
            "",
            &[(TYPE, "app_cookie"), (NAME, "SID")][..],
            &[
                r#"attributes = { stickiness.app_cookie.cookie_name = "SID", stickiness.type = "app_cookie" }"#,
            ][..],
        ),
        ("", &[(ENABLED, "false"), (LB, "86400")], &[]),
        (
            app,
            &[(ENABLED, "false")],
            &[
                "stickiness gone",
                r#"attributes = { stickiness.app_cookie.cookie_name = "SID", stickiness.app_cookie.duration_seconds = "120", stickiness.type = "app_cookie" }"#,
            ],
        ),
        // AWS keeps the name when the type becomes another.
        (
            app,
            &[(TYPE, "lb_cookie")],
            &[
                "stickiness gone",
                r#"stickiness.type = "lb_cookie""#,
                r#"stickiness.duration = "86400s""#,
                r#"stickiness.style = "alb""#,
                r#"attributes = { stickiness.app_cookie.cookie_name = "SID", stickiness.app_cookie.duration_seconds = "120" }"#,
            ],
        ),
        (app, &[(APP, "60")], &[r#"stickiness.duration = "60s""#]),
        (app, &[(ENABLED, "true"), (TYPE, "app_cookie"), (NAME, "SID"), (APP, "120")], &[]),
    ] {
        comes_to(file, attributes, lines);
    }
}

#[test]
fn a_kind_of_ours_stays_until_albs_takes_its_place() {
    let learn = "stickiness = { type = \"learn\", from = \"cookie:SID\" }";
    let own = "stickiness = { duration = \"1h\", absolute = \"1d\", cookie = \"home\" }";
    for (file, attributes, lines) in [
        (learn, &[(ENABLED, "true")][..], &[][..]),
        (learn, &[(ENABLED, "true"), (TYPE, "learn")], &[]),
        (
            learn,
            &[(LB, "60")],
            &[r#"attributes = { stickiness.lb_cookie.duration_seconds = "60" }"#],
        ),
        (
            learn,
            &[("deregistration_delay.timeout_seconds", "5")],
            &[r#"deregistration_delay = "5s""#],
        ),
        (learn, &[(ENABLED, "false")], &["stickiness gone"]),
        (
            learn,
            &[(TYPE, "lb_cookie"), (LB, "60")],
            &[
                "stickiness gone",
                r#"stickiness.type = "lb_cookie""#,
                r#"stickiness.duration = "60s""#,
                r#"stickiness.style = "alb""#,
            ],
        ),
        (own, &[(LB, "60")], &[r#"stickiness.duration = "60s""#]),
        (own, &[(ENABLED, "true"), (TYPE, "lb_cookie"), (LB, "3600")], &[]),
    ] {
        comes_to(file, attributes, lines);
    }
}

#[test]
fn cookies_of_other_balancers_outlive_stickiness() {
    let file = r#"stickiness = { duration = "1h", import = [{ from = "name", cookie = "SRV", until = "2027-01-31" }] }"#;
    let cloud = Cloud::new(&group(file));
    assert_eq!(
        cloud.edits(&form(&[(ENABLED, "false")])).unwrap(),
        [
            "[target_groups.web] stickiness.enabled = false",
            "[target_groups.web] attributes = { stickiness.lb_cookie.duration_seconds = \"3600\" }",
        ]
    );
    let edits = cloud.edits(&form(&[(TYPE, "app_cookie"), (NAME, "SID")])).unwrap();
    assert!(
        !edits.iter().any(|line| line.contains("import") || line.ends_with("] stickiness gone"))
    );
    assert!(edits.contains(&"[target_groups.web] stickiness.cookie gone".into()), "{edits:?}");
    assert!(edits.contains(&"[target_groups.web] stickiness.enabled = true".into()), "{edits:?}");
}

#[test]
fn values_that_aws_does_not_know_are_refused_in_its_words() {
    let types = "'Stickiness type' must be one of [app_cookie, lb_cookie, source_ip]";
    for (key, value, message) in [
        (
            "deregistration_delay.timeout_seconds",
            "10000",
            "'deregistration_delay.timeout_seconds' value '10000' must be between '0-3600' inclusive",
        ),
        (
            LB,
            "0",
            "'stickiness.lb_cookie.duration_seconds' value '0' must be between '1-604800' inclusive",
        ),
        (
            APP,
            "604801",
            "'stickiness.app_cookie.duration_seconds' value '604801' must be between '1-604800' inclusive",
        ),
        (
            "slow_start.duration_seconds",
            "29",
            "'slow_start.duration_seconds' value '29' must be between '30-900' inclusive",
        ),
        (
            "slow_start.duration_seconds",
            "%2B30",
            "'slow_start.duration_seconds' value '+30' must be between '30-900' inclusive",
        ),
        (ENABLED, "yes", "'stickiness.enabled' value 'yes' must be one of [true, false]"),
        (TYPE, "source_ip_dest_ip", types),
        (TYPE, "learn", types),
        (
            "stickness.enabled",
            "true",
            "Target group attribute key 'stickness.enabled' is not recognized",
        ),
        (
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
            "off",
            "'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count' value 'off' must be between '1-10000' inclusive",
        ),
    ] {
        let refusal = Cloud::new(&group("")).refusal(&form(&[(key, value)]));
        assert_eq!(refusal, (Code::ValidationError, message.to_owned()), "{key} = {value}");
    }
    let twice = Cloud::new(&group("")).refusal(&form(&[(LB, "1"), (LB, "2")]));
    assert_eq!(twice.0, Code::ValidationError);
}

#[test]
fn what_groups_of_this_kind_cannot_have_is_refused() {
    for (key, value, message) in [
        (
            TYPE,
            "source_ip",
            "Stickiness type 'source_ip' is not supported for target groups with the HTTP protocol",
        ),
        (
            "proxy_protocol_v2.enabled",
            "true",
            "Target group attribute key 'proxy_protocol_v2.enabled' is not supported for target groups with the HTTP protocol",
        ),
        (
            NAME,
            "AWSALBTG",
            "Application cookie name 'AWSALBTG' is not allowed: names that begin with AWSALB, AWSALBAPP, AWSALBTG or AWSELB are reserved",
        ),
    ] {
        let refusal = Cloud::new(&group("")).refusal(&form(&[(key, value)]));
        assert_eq!(refusal, (Code::InvalidConfigurationRequest, message.to_owned()), "{key}");
    }
}

const ALGORITHM: &str = "load_balancing.algorithm.type";
const MITIGATION: &str = "load_balancing.algorithm.anomaly_mitigation";
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const SLOW_START: &str = "slow_start.duration_seconds";
const DNS: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
const ROUTING: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";

#[test]
fn attributes_that_do_not_go_together_are_refused_from_both_sides() {
    let sticky = "stickiness = true";
    let random = "algorithm = \"weighted_random\"";
    let off = "cross_zone = false\n";
    for (file, attributes, text) in [
        (
            "",
            &[(ENABLED, "true"), (TYPE, "app_cookie")][..],
            "You must set an application cookie name to enable stickiness of type 'app_cookie'",
        ),
        (sticky, &[(TYPE, "app_cookie")], "You must set an application cookie name"),
        (sticky, &[(CROSS_ZONE, "false")], "You cannot turn off cross-zone load balancing"),
        (off, &[(ENABLED, "true")], "with cross-zone load balancing turned off"),
        ("", &[(ENABLED, "true"), (CROSS_ZONE, "false")], "cross-zone"),
        (sticky, &[(ALGORITHM, "weighted_random")], "You cannot use the weighted random algorithm"),
        (random, &[(ENABLED, "true")], "Stickiness does not support the weighted random algorithm"),
        (
            "slow_start = \"30s\"",
            &[(ALGORITHM, "least_outstanding_requests")],
            "Slow start is not supported with the 'least_outstanding_requests' algorithm",
        ),
        (
            "algorithm = \"least_outstanding_requests\"",
            &[(SLOW_START, "30")],
            "Slow start is not supported",
        ),
        (
            random,
            &[(SLOW_START, "30")],
            "Slow start is not supported with the 'weighted_random' algorithm",
        ),
        (
            "",
            &[(MITIGATION, "on")],
            "Anomaly mitigation is not supported with the 'round_robin' algorithm",
        ),
        (
            "algorithm = \"weighted_random\"\nanomaly_mitigation = \"on\"",
            &[(ALGORITHM, "round_robin")],
            "Anomaly mitigation is not supported",
        ),
        ("", &[(ROUTING, "2")], "must be greater than or equal to"),
        (
            "minimum_healthy.count = 2\ntarget_group_health.dns_failover.minimum_healthy_targets.count = 3",
            &[(DNS, "1")],
            "must be greater than or equal to",
        ),
    ] {
        let text_of = group(file)
            .replace("\"10.0.0.1:3000\"", "{ address = \"10.0.0.1:3000\", zone = \"a\" }");
        let cloud = Cloud::new(&format!("[server]\navailability_zone = \"a\"\n{text_of}"));
        let (code, message) = cloud.refusal(&form(attributes));
        assert_eq!(code, Code::InvalidConfigurationRequest, "{attributes:?}");
        assert!(message.contains(text), "{attributes:?}: {message}");
    }
}

#[test]
fn several_attributes_are_judged_together() {
    for (file, attributes) in [
        ("stickiness = true", &[(ALGORITHM, "weighted_random"), (ENABLED, "false")][..]),
        (
            "slow_start = \"30s\"",
            &[(ALGORITHM, "weighted_random"), (SLOW_START, "0"), (MITIGATION, "on")],
        ),
        ("", &[(ROUTING, "2"), (DNS, "2")]),
        ("", &[(ROUTING, "2"), (DNS, "off")]),
        // What a person wrote is judged by the file's rules alone until somebody touches it here.
        ("minimum_healthy.count = 2", &[(ENABLED, "true")]),
        ("slow_start = \"5s\"", &[(SLOW_START, "5"), (LB, "60")]),
    ] {
        let edits = Cloud::new(&group(file)).edits(&form(attributes));
        assert!(edits.is_ok_and(|edits| !edits.is_empty()), "{file} {attributes:?}");
    }
}

#[test]
fn zones_must_be_known_before_only_the_own_counts() {
    let zoned = "[server]\navailability_zone = \"a\"\n";
    let with_zone =
        group("").replace("\"10.0.0.1:3000\"", "{ address = \"10.0.0.1:3000\", zone = \"a\" }");
    let wanted = form(&[(CROSS_ZONE, "false")]);
    for (text, reason) in [
        (group(""), Some("has no Availability Zone of its own")),
        (format!("{zoned}{}", group("")), Some("target '10.0.0.1:3000' has no Availability Zone")),
        (format!("{zoned}{with_zone}"), None),
    ] {
        let cloud = Cloud::new(&text);
        match reason {
            Some(reason) => assert!(cloud.refusal(&wanted).1.contains(reason), "{text}"),
            None => {
                assert_eq!(
                    cloud.edits(&wanted).unwrap(),
                    ["[target_groups.web] cross_zone = false"]
                );
            }
        }
    }
}

#[test]
fn a_group_behind_a_forward_without_group_stickiness_cannot_become_sticky() {
    let file = |stickiness: &str| {
        format!(
            "[[listeners]]\nbind = \"127.0.0.1:8080\"\nforward = {{ web = 1, other = 1 }}\n{stickiness}\n\
             [target_groups.other]\n{}",
            group("")
        )
    };
    let (code, message) = Cloud::new(&file("")).refusal(&form(&[(ENABLED, "true")]));
    assert_eq!(code, Code::InvalidConfigurationRequest);
    assert!(message.starts_with("This target group appears behind a rule with group stickiness disabled (arn:aws:elasticloadbalancing:local:000000000000:listener-rule/app/default/"), "{message}");
    assert!(
        message.ends_with("). You must enable group stickiness before enabling target stickiness")
    );
    let cloud = Cloud::new(&file("group_stickiness = true"));
    assert!(cloud.edits(&form(&[(ENABLED, "true")])).is_ok());
}
