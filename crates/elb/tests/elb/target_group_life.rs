//! Target groups from their making to their end, through the file.

use clingfish_elb::Code;
use clingfish_model::{Name, Stickiness, TargetGroup, stickiness::CookieStyle};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
};

use crate::support::Cloud;

const WEB: &str =
    "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732";

/// The text of the first element of that name.
fn text<'x>(xml: &'x str, name: &str) -> &'x str {
    let (_, rest) = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{xml}"));
    rest.split('<').next().unwrap_or_default()
}

fn create(cloud: &mut Cloud, form: &str) -> String {
    let xml = cloud.call(&format!("Action=CreateTargetGroup&VpcId=vpc-1&{form}")).unwrap();
    text(&xml, "TargetGroupArn").to_owned()
}

fn modify(cloud: &mut Cloud, arn: &str, attributes: &[(&str, &str)]) -> String {
    let mut form = format!("Action=ModifyTargetGroupAttributes&TargetGroupArn={arn}");
    for (at, (key, value)) in (1..).zip(attributes) {
        form += &format!("&Attributes.member.{at}.Key={key}&Attributes.member.{at}.Value={value}");
    }
    cloud.call(&form).unwrap()
}

fn group(cloud: &Cloud, name: &str) -> TargetGroup {
    let name = Name::new(name).unwrap();
    cloud.desired().target_group(&name).cloned().unwrap()
}

#[test]
fn a_sticky_group_lives_and_dies() {
    let mut cloud = Cloud::new("# By hand.\n[target_groups.other]  # stays\n");
    let arn = create(&mut cloud, "Name=web&Protocol=HTTP&Port=80&TargetType=ip");
    let made = cloud.text.clone();
    assert_eq!(create(&mut cloud, "Name=web&Protocol=HTTP&Port=80&TargetType=ip"), arn);
    assert_eq!(cloud.text, made, "the same once more changes nothing");

    let shown = modify(
        &mut cloud,
        &arn,
        &[
            ("stickiness.enabled", "true"),
            ("stickiness.type", "app_cookie"),
            ("stickiness.app_cookie.cookie_name", "SID"),
            ("deregistration_delay.timeout_seconds", "10"),
        ],
    );
    assert_eq!(shown.matches("<Key>").count(), 14);
    let Stickiness::AppCookie(cookie) = group(&cloud, "web").stickiness else {
        panic!("{}", cloud.text)
    };
    assert_eq!((cookie.name.as_str(), cookie.token.style), ("SID", CookieStyle::Alb));

    let off = modify(&mut cloud, &arn, &[("stickiness.enabled", "false")]);
    assert_eq!(group(&cloud, "web").stickiness, Stickiness::Off);
    assert!(
        off.contains("<Key>stickiness.app_cookie.cookie_name</Key><Value>SID</Value>"),
        "{off}"
    );
    let on = modify(&mut cloud, &arn, &[("stickiness.enabled", "true")]);
    assert_eq!(on, shown, "it is what it was");
    modify(&mut cloud, &arn, &[("stickiness.type", "lb_cookie")]);
    assert!(matches!(group(&cloud, "web").stickiness, Stickiness::LbCookie(_)), "{}", cloud.text);

    for n in 1..=3 {
        let form = format!("TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.{n}");
        cloud.call(&format!("Action=RegisterTargets&{form}")).unwrap();
    }
    let form = format!("TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.2");
    cloud.call(&format!("Action=DeregisterTargets&{form}")).unwrap();
    let targets: Vec<_> =
        group(&cloud, "web").targets.iter().map(|target| target.id.to_string()).collect();
    assert_eq!(targets, ["10.0.0.1:80", "10.0.0.3:80"]);

    cloud.call(&format!("Action=DeleteTargetGroup&TargetGroupArn={arn}")).unwrap();
    assert_eq!(cloud.text.trim_end(), "# By hand.\n[target_groups.other]  # stays");
    let gone = cloud.refusal("Action=DescribeTargetGroups&Names.member.1=web");
    assert_eq!(gone, (Code::TargetGroupNotFound, "One or more target groups not found".into()));
}

#[test]
fn every_group_that_can_be_made_loads_again_as_it_was_asked_for() {
    for form in [
        "Protocol=HTTP&Port=80",
        "Protocol=HTTPS&Port=443&HealthCheckProtocol=HTTP",
        "Protocol=HTTP&Port=80&ProtocolVersion=HTTP2&TargetType=ip&IpAddressType=ipv6",
        "Protocol=HTTP&Port=80&ProtocolVersion=GRPC&HealthCheckPath=/grpc.health.v1.Health/Check",
        "Protocol=HTTP&Port=80&HealthCheckPort=81&Matcher.HttpCode=200-299,301",
        "Protocol=HTTP&Port=80&HealthCheckPath=/a%3Fb%3D%22%27%5C&Tags.member.1.Key=a%20b&Tags.member.1.Value=%C3%A4",
        "Protocol=HTTP&Port=80&HealthCheckIntervalSeconds=300&HealthCheckTimeoutSeconds=120",
    ] {
        let mut cloud = Cloud::new("");
        let first = create(&mut cloud, &format!("Name=web&{form}"));
        assert_eq!(create(&mut cloud, &format!("Name=web&{form}")), first, "{}", cloud.text);
        let form =
            format!("Action=ModifyTargetGroup&TargetGroupArn={first}&UnhealthyThresholdCount=7");
        let xml = cloud.call(&form).unwrap();
        assert_eq!(text(&xml, "UnhealthyThresholdCount"), "7");
    }
}

#[test]
fn groups_by_hand_keep_what_the_api_has_no_words_for() {
    let file = "[target_groups.web]\n\
                targets = [\n    \"app.internal:80\",  # by name\n    { id = \"a\", address = \"10.0.0.1:80\", weight = 2 },\n]\n\
                health_check = false\n\n\
                [target_groups.web.stickiness]  # ours\n\
                type = \"learn\"\nfrom = \"cookie:SID\"\n";
    let mut cloud = Cloud::new(file);
    let xml = cloud.call("Action=DescribeTargetGroups").unwrap();
    let arn = text(&xml, "TargetGroupArn").to_owned();
    assert_eq!(text(&xml, "HealthCheckEnabled"), "false");
    modify(&mut cloud, &arn, &[("deregistration_delay.timeout_seconds", "10")]);
    cloud
        .call(&format!("Action=RegisterTargets&TargetGroupArn={arn}&Targets.member.1.Id=10.0.0.2"))
        .unwrap();
    for kept in ["\"app.internal:80\",  # by name", "weight = 2", "stickiness]  # ours", "learn"] {
        assert!(cloud.text.contains(kept), "{}", cloud.text);
    }
    let form = format!("Action=ModifyTargetGroup&TargetGroupArn={arn}&HealthCheckEnabled=true");
    let xml = cloud.call(&form).unwrap();
    assert_eq!(text(&xml, "HealthCheckEnabled"), "true");
    let xml = modify(&mut cloud, &arn, &[("stickiness.type", "lb_cookie")]);
    assert!(xml.contains("<Key>stickiness.type</Key><Value>lb_cookie</Value>"), "{xml}");
    assert!(!cloud.text.contains("learn"), "{}", cloud.text);
}

#[test]
fn every_spelling_of_stickiness_can_be_switched_and_switched_back() {
    let import = "import = [{ from = \"name\", cookie = \"SRV\", until = \"2027-01-31\" }]";
    for stickiness in [
        "",
        "stickiness = true",
        "stickiness = false",
        "\"stickiness.enabled\" = true\n\"stickiness.lb_cookie.duration_seconds\" = 60",
        "stickiness.enabled = false\nstickiness.type = \"app_cookie\"\nstickiness.app_cookie = \"A\"",
        "stickiness = { preset = \"php\" }",
        "stickiness = { type = \"source_ip\" }",
        "stickiness = { duration = \"1h\", secure = \"always\", same_site = \"none\" }",
        &format!("stickiness = {{ duration = \"1h\", {import} }}"),
        &format!("stickiness = {{ enabled = false, {import} }}"),
        &format!("stickiness = {{ preset = \"flask\", {import} }}"),
        &format!("stickiness = {{ host_prefix = true, {import} }}"),
    ] {
        let mut cloud = Cloud::new(&format!("[target_groups.web]\n{stickiness}\n"));
        let imports = group(&cloud, "web").imports.len();
        let xml = cloud.call("Action=DescribeTargetGroups").unwrap();
        let arn = text(&xml, "TargetGroupArn").to_owned();
        let (app, name) = ("app_cookie", ("stickiness.app_cookie.cookie_name", "SID"));
        modify(&mut cloud, &arn, &[("stickiness.enabled", "true"), ("stickiness.type", app), name]);
        assert!(matches!(group(&cloud, "web").stickiness, Stickiness::AppCookie(_)));
        modify(&mut cloud, &arn, &[("stickiness.enabled", "false")]);
        assert_eq!(group(&cloud, "web").stickiness, Stickiness::Off, "{}", cloud.text);
        modify(
            &mut cloud,
            &arn,
            &[("stickiness.enabled", "true"), ("stickiness.type", "lb_cookie")],
        );
        let Stickiness::LbCookie(cookie) = group(&cloud, "web").stickiness else {
            panic!("{}", cloud.text)
        };
        assert_eq!(cookie.style, CookieStyle::Alb, "{stickiness}");
        assert_eq!(group(&cloud, "web").imports.len(), imports, "{stickiness}");
    }
}

/// What somebody may ask of a group of that ARN, sensible or not.
fn any_request(arn: String) -> impl Strategy<Value = String> {
    const ATTRIBUTES: [(&str, &[&str]); 14] = [
        ("deregistration_delay.timeout_seconds", &["0", "3600"]),
        ("stickiness.enabled", &["true", "true", "false"]),
        ("stickiness.type", &["lb_cookie", "app_cookie"]),
        ("stickiness.lb_cookie.duration_seconds", &["1", "604800"]),
        ("stickiness.app_cookie.cookie_name", &["", "SID", "a.b"]),
        ("stickiness.app_cookie.duration_seconds", &["1", "86400"]),
        ("slow_start.duration_seconds", &["0", "30"]),
        (
            "load_balancing.algorithm.type",
            &["round_robin", "least_outstanding_requests", "weighted_random"],
        ),
        ("load_balancing.algorithm.anomaly_mitigation", &["on", "off"]),
        (
            "load_balancing.cross_zone.enabled",
            &["true", "false", "use_load_balancer_configuration"],
        ),
        ("target_group_health.dns_failover.minimum_healthy_targets.count", &["1", "off", "3"]),
        ("target_group_health.dns_failover.minimum_healthy_targets.percentage", &["off", "50"]),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", &["1", "2"]),
        (
            "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
            &["off", "1", "100"],
        ),
    ];
    const CHECKS: [&str; 12] = [
        "HealthCheckEnabled=true",
        "HealthCheckEnabled=false",
        "HealthCheckProtocol=HTTPS",
        "HealthCheckPort=81",
        "HealthCheckPort=traffic-port",
        "HealthCheckPath=/a%22b",
        "HealthCheckIntervalSeconds=5",
        "HealthCheckIntervalSeconds=300",
        "HealthCheckTimeoutSeconds=2",
        "HealthCheckTimeoutSeconds=120",
        "HealthyThresholdCount=10",
        "Matcher.HttpCode=200-299,404",
    ];
    let attribute = select(ATTRIBUTES.to_vec())
        .prop_flat_map(|(key, values)| select(values.to_vec()).prop_map(move |value| (key, value)));
    let attributes = vec(attribute, 1..5).prop_map(|list| {
        let one = |(at, (key, value)): (usize, (&str, &str))| {
            format!("&Attributes.member.{at}.Key={key}&Attributes.member.{at}.Value={value}")
        };
        "ModifyTargetGroupAttributes".to_owned() + &(1..).zip(list).map(one).collect::<String>()
    });
    let checks = subsequence(CHECKS.to_vec(), 1..3)
        .prop_map(|list| format!("ModifyTargetGroup&{}", list.join("&")));
    let zones =
        ["", "&Targets.member.1.AvailabilityZone=a", "&Targets.member.1.AvailabilityZone=all"];
    let actions = ["RegisterTargets", "RegisterTargets", "DeregisterTargets"];
    let targets = (select(actions.to_vec()), 1..4, 80..82, select(zones.to_vec())).prop_map(
        |(action, host, port, zone)| {
            let port =
                if port == 80 { String::new() } else { format!("&Targets.member.1.Port={port}") };
            format!("{action}&Targets.member.1.Id=10.0.0.{host}{port}{zone}")
        },
    );
    prop_oneof![3 => attributes, 1 => checks, 2 => targets]
        .prop_map(move |form| format!("Action={form}&TargetGroupArn={arn}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_for_the_file_loads_again_and_says_what_was_answered(
        forms in vec(any_request(WEB.into()), 1..20),
        start in select(vec!["", "health_check = false", "stickiness = { type = \"learn\", from = \"cookie:SID\" }"]),
    ) {
        let file = format!("[server]\navailability_zone = \"a\"\n[target_groups.web]\nport = 80\n{start}\n");
        let mut cloud = Cloud::new(&file);
        for form in forms {
            let before = cloud.text.clone();
            let Ok(answer) = cloud.call(&form) else {
                prop_assert_eq!(&cloud.text, &before);
                continue;
            };
            match cloud.edits(&form) {
                Ok(again) => prop_assert_eq!(again, Vec::<String>::new(), "{} again", form),
                // What is left has another port, which must be named.
                Err(error) => prop_assert_eq!(error.code, Code::InvalidTarget, "{} again", form),
            }
            if form.contains("Action=ModifyTargetGroupAttributes") {
                let again = format!("Action=DescribeTargetGroupAttributes&TargetGroupArn={WEB}");
                prop_assert_eq!(cloud.call(&again).unwrap(), answer);
            }
        }
    }
}
