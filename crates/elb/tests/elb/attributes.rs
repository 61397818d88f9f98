//! Attributes of load balancers.

use clingfish_elb::Code;

use crate::support::Cloud;

const ARN: &str = "LoadBalancerArn=arn:aws:elasticloadbalancing:local:000000000000:loadbalancer/app/web/00000000000000a1";
const WEB: &str = "[load_balancers.web]\nid = \"00000000000000a1\"\n";
const BUCKETS: &str = "[aws]\nbuckets = \"/var/log/buckets\"\n";

fn modify(attributes: &[(&str, &str)]) -> String {
    let members = (1..).zip(attributes).map(|(index, (key, value))| {
        format!("&Attributes.member.{index}.Key={key}&Attributes.member.{index}.Value={value}")
    });
    format!("Action=ModifyLoadBalancerAttributes&{ARN}{}", members.collect::<String>())
}

/// Every attribute, what it is at first, and another value with what that does to the file.
const ALL: [(&str, &str, &str, &str); 22] = [
    ("client_keep_alive.seconds", "3600", "60", "client_keep_alive = \"60s\""),
    ("idle_timeout.timeout_seconds", "60", "4000", "idle_timeout = \"4000s\""),
    (
        "routing.http.desync_mitigation_mode",
        "defensive",
        "strictest",
        "desync_mitigation_mode = \"strictest\"",
    ),
    (
        "routing.http.drop_invalid_header_fields.enabled",
        "false",
        "true",
        "drop_invalid_header_fields = true",
    ),
    ("routing.http.preserve_host_header.enabled", "true", "false", "preserve_host_header = false"),
    (
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "false",
        "true",
        "tls_headers = true",
    ),
    ("routing.http.xff_client_port.enabled", "false", "true", "xff_client_port = true"),
    ("routing.http.xff_header_processing.mode", "append", "remove", "xff_mode = \"remove\""),
    ("routing.http2.enabled", "true", "false", "http2 = false"),
    ("access_logs.s3.bucket", "", "logs", "KEPT"),
    ("access_logs.s3.prefix", "", "web", "KEPT"),
    ("access_logs.s3.enabled", "false", "false", ""),
    ("connection_logs.s3.bucket", "", "logs", "KEPT"),
    ("connection_logs.s3.prefix", "", "web", "KEPT"),
    ("connection_logs.s3.enabled", "false", "false", ""),
    ("health_check_logs.s3.bucket", "", "logs", "KEPT"),
    ("health_check_logs.s3.prefix", "", "web", "KEPT"),
    ("deletion_protection.enabled", "false", "true", "KEPT"),
    ("ipv6.deny_all_igw_traffic", "false", "true", "KEPT"),
    ("load_balancing.cross_zone.enabled", "true", "true", ""),
    ("waf.fail_open.enabled", "false", "true", "KEPT"),
    ("zonal_shift.config.enabled", "false", "true", "KEPT"),
];

#[test]
fn each_attribute_acts_or_is_kept() {
    let mut cloud = Cloud::new(WEB);
    let described = cloud.call(&format!("Action=DescribeLoadBalancerAttributes&{ARN}")).unwrap();
    assert_eq!(described.matches("<member>").count(), ALL.len() + 1);
    for (key, first, other, effect) in ALL {
        let value =
            if first.is_empty() { "<Value/>".into() } else { format!("<Value>{first}</Value>") };
        assert!(described.contains(&format!("<Key>{key}</Key>{value}")), "{key}: {described}");
        assert_eq!(cloud.edits(&modify(&[(key, first)])).unwrap(), [""; 0], "{key} as it is");
        let effect = match effect {
            "" => vec![],
            "KEPT" => vec![format!("[load_balancers.web] attributes = {{ {key} = \"{other}\" }}")],
            setting => vec![format!("[load_balancers.web] {setting}")],
        };
        assert_eq!(cloud.edits(&modify(&[(key, other)])).unwrap(), effect, "{key}");
    }
}

#[test]
fn all_attributes_are_answered_when_one_is_changed() {
    let mut cloud = Cloud::new(WEB);
    let xml = cloud.call(&modify(&[("idle_timeout.timeout_seconds", "90")])).unwrap();
    assert!(xml.contains("<Key>idle_timeout.timeout_seconds</Key><Value>90</Value>"), "{xml}");
    assert_eq!(xml.matches("<member>").count(), ALL.len() + 1);
}

#[test]
fn what_is_kept_goes_when_it_is_the_default_again_and_nothing_else_does() {
    let kept = |attributes: &str| Cloud::new(&format!("{WEB}attributes = {{ {attributes} }}\n"));
    let off = modify(&[("waf.fail_open.enabled", "false")]);
    let edits = kept("\"waf.fail_open.enabled\" = \"true\"").edits(&off).unwrap();
    assert_eq!(edits, ["[load_balancers.web] attributes gone"]);
    let edits = kept("\"waf.fail_open.enabled\" = \"true\", \"of.tomorrow\" = \"x\"").edits(&off);
    assert_eq!(edits.unwrap(), ["[load_balancers.web] attributes = { of.tomorrow = \"x\" }"]);
}

#[test]
fn parts_of_a_second_are_not_lost_by_a_change_of_something_else() {
    let cloud = Cloud::new(&format!("{WEB}idle_timeout = \"2500ms\"\n"));
    let edits = cloud.edits(&modify(&[
        ("idle_timeout.timeout_seconds", "2"),
        ("routing.http2.enabled", "false"),
    ]));
    assert_eq!(edits.unwrap(), ["[load_balancers.web] http2 = false"]);
}

#[test]
fn an_access_log_goes_to_the_folder_that_stands_for_its_bucket() {
    let cloud = Cloud::new(&format!("{WEB}{BUCKETS}"));
    let on = modify(&[
        ("access_logs.s3.enabled", "true"),
        ("access_logs.s3.bucket", "logs"),
        ("access_logs.s3.prefix", "shop/web"),
    ]);
    assert_eq!(
        cloud.edits(&on).unwrap(),
        [
            "[load_balancers.web] access_log = { folder = \"/var/log/buckets/logs\", prefix = \"shop/web\" }",
        ]
    );
    let mut written = Cloud::new(&cloud.text);
    let xml = written.call(&on).unwrap();
    for (key, value) in [("enabled", "true"), ("bucket", "logs"), ("prefix", "shop/web")] {
        let attribute = format!("<Key>access_logs.s3.{key}</Key><Value>{value}</Value>");
        assert!(xml.contains(&attribute), "{xml}");
    }
    assert_eq!(written.edits(&on).unwrap(), [""; 0]);
    let off = modify(&[("access_logs.s3.enabled", "false")]);
    assert_eq!(
        written.edits(&off).unwrap(),
        [
            "[load_balancers.web] access_log gone",
            "[load_balancers.web] attributes = { access_logs.s3.bucket = \"logs\", access_logs.s3.prefix = \"shop/web\" }",
        ]
    );
    written.call(&off).unwrap();
    let again = written.edits(&modify(&[("access_logs.s3.enabled", "true")])).unwrap();
    assert_eq!(
        again,
        [
            "[load_balancers.web] access_log = { folder = \"/var/log/buckets/logs\", prefix = \"shop/web\" }",
            "[load_balancers.web] attributes gone",
        ]
    );
    let (code, message) = Cloud::new(WEB).refusal(&on);
    assert_eq!(code, Code::InvalidConfigurationRequest);
    assert_eq!(message, "Access Denied for bucket: logs. Please check S3bucket permission");
    let (code, message) = cloud.refusal(&modify(&[("access_logs.s3.enabled", "true")]));
    assert_eq!(code, Code::InvalidConfigurationRequest);
    assert!(message.contains("'access_logs.s3.bucket' must be specified"), "{message}");
}

#[test]
fn an_access_log_that_a_person_put_elsewhere_is_shown_and_stays_there() {
    let own = "access_log = { folder = \"/srv/logs\", prefix = \"a\" }\n";
    let mut cloud = Cloud::new(&format!("{WEB}{own}"));
    let same = modify(&[("access_logs.s3.bucket", "/srv/logs"), ("access_logs.s3.prefix", "b")]);
    assert_eq!(
        cloud.edits(&same).unwrap(),
        ["[load_balancers.web] access_log = { folder = \"/srv/logs\", prefix = \"b\" }"]
    );
    let xml = cloud.call(&modify(&[("access_logs.s3.prefix", "")])).unwrap();
    assert!(xml.contains("<Key>access_logs.s3.bucket</Key><Value>/srv/logs</Value>"), "{xml}");
    assert!(cloud.text.contains("access_log = { folder = \"/srv/logs\" }"), "{}", cloud.text);
    let other = cloud.refusal(&modify(&[("access_logs.s3.bucket", "/etc")]));
    assert_eq!(other.0, Code::ValidationError);
}

#[test]
fn attributes_that_do_not_exist_or_cannot_be_so_are_refused() {
    let cloud = Cloud::new(WEB);
    let at_most = "must be between '1-4000' inclusive";
    for (key, value, code, text) in [
        ("a.b", "1", Code::ValidationError, "Load balancer attribute key 'a.b' is not recognized"),
        ("a-b", "1", Code::ValidationError, "regular expression pattern: ^[a-zA-Z0-9._]+$"),
        (
            "dns_record.client_routing_policy",
            "any_availability_zone",
            Code::InvalidConfigurationRequest,
            "is not supported on load balancers with type 'application'",
        ),
        ("idle_timeout.timeout_seconds", "0", Code::ValidationError, at_most),
        ("idle_timeout.timeout_seconds", "4001", Code::ValidationError, at_most),
        ("idle_timeout.timeout_seconds", "060", Code::ValidationError, at_most),
        ("idle_timeout.timeout_seconds", "%2B60", Code::ValidationError, at_most),
        ("client_keep_alive.seconds", "59", Code::ValidationError, "'60-604800'"),
        ("routing.http2.enabled", "yes", Code::ValidationError, "must be one of [true, false]"),
        (
            "routing.http.desync_mitigation_mode",
            "off",
            Code::ValidationError,
            "must be one of [monitor, defensive, strictest]",
        ),
        (
            "load_balancing.cross_zone.enabled",
            "false",
            Code::InvalidConfigurationRequest,
            "cannot be 'false'",
        ),
        ("access_logs.s3.bucket", "../etc", Code::ValidationError, "not a valid bucket name"),
        ("access_logs.s3.prefix", "a/../../b", Code::ValidationError, "not a valid prefix"),
    ] {
        let (found, message) = cloud.refusal(&modify(&[(key, value)]));
        assert_eq!(found, code, "{key} {value}");
        assert!(message.contains(text), "{key} {value}: {message}");
    }
    let twice = modify(&[("routing.http2.enabled", "true"), ("routing.http2.enabled", "false")]);
    assert!(cloud.refusal(&twice).1.contains("more than once"));
    let many = modify(&[("routing.http2.enabled", "true"); 21]);
    assert!(cloud.refusal(&many).1.contains("length less than or equal to 20"));
}
