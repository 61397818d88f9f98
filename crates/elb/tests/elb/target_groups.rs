//! `CreateTargetGroup`, `DescribeTargetGroups`, `ModifyTargetGroup`, `DeleteTargetGroup`.

use clingfish_elb::Code;

use crate::support::Cloud;

const WEB: &str =
    "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/web/f318bcb55279b732";

const CREATE: &str = "Action=CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId=vpc-1";

/// What [`CREATE`] makes, as the file has it then.
const CREATED: &str = r#"
[target_groups.web]
id = "0123456789abcdef"
target_type = "instance"
protocol = "HTTP"
port = 80
vpc = "vpc-1"
health_check = { interval = "30s", healthy_threshold = 5, matcher = "200" }
"#;

const USED: &str = r#"
[[listeners]]
bind = "127.0.0.1:8080"
forward = "web"

[target_groups.web]
targets = ["10.0.0.1:3000", "10.0.0.2:3000"]
protocol = "HTTPS"

[target_groups.idle]
targets = ["10.0.0.1:3000"]
health_check = { protocol = "TCP", interval = "1500ms", timeout = "100ms" }
"#;

#[test]
fn a_group_is_made_with_every_default_of_albs() {
    let cloud = Cloud::new("");
    let lines = cloud.edits(CREATE).unwrap();
    let id = clingfish_model::ResourceId::derive("targetgroup", "web/1795874400123");
    assert_eq!(
        lines,
        [format!(
            "[target_groups.web] new: id = \"{id}\", created = 2026-11-28T14:00:00.123Z, targets = [], \
             target_type = \"instance\", protocol = \"HTTP\", protocol_version = \"HTTP1\", port = 80, \
             vpc = \"vpc-1\", ip_address_type = \"ipv4\", deregistration_delay = \"300s\", \
             health_check.enabled = true, health_check.protocol = \"HTTP\", \
             health_check.port = \"traffic-port\", health_check.interval = \"30s\", \
             health_check.timeout = \"5s\", health_check.healthy_threshold = 5, \
             health_check.unhealthy_threshold = 2, health_check.path = \"/\", \
             health_check.matcher = \"200\""
        )]
    );
}

#[test]
fn a_group_is_made_as_the_request_says() {
    for (form, written) in [
        ("TargetType=ip", r#"target_type = "ip""#),
        ("IpAddressType=ipv6", r#"ip_address_type = "ipv6""#),
        ("ProtocolVersion=HTTP2", r#"health_check.path = "/", health_check.matcher = "200""#),
        (
            "ProtocolVersion=GRPC",
            r#"health_check.path = "/AWS.ALB/healthcheck", health_check.matcher = "12""#,
        ),
        ("ProtocolVersion=GRPC&Matcher.GrpcCode=0-99", r#"health_check.matcher = "0-99""#),
        ("Matcher.HttpCode=200,301-302", r#"health_check.matcher = "200,301-302""#),
        ("HealthCheckPort=8081", "health_check.port = 8081"),
        ("HealthCheckPath=/a?b=c", r#"health_check.path = "/a?b=c""#),
        (
            "HealthCheckIntervalSeconds=5&HealthCheckTimeoutSeconds=4",
            r#"health_check.interval = "5s", health_check.timeout = "4s""#,
        ),
        (
            "HealthyThresholdCount=2&UnhealthyThresholdCount=10",
            "health_check.healthy_threshold = 2, health_check.unhealthy_threshold = 10",
        ),
        ("HealthCheckProtocol=HTTPS", r#"health_check.protocol = "HTTPS""#),
        ("Tags.member.1.Key=a&Tags.member.1.Value=b", r#"tags = { a = "b" }"#),
    ] {
        let lines = Cloud::new("").edits(&format!("{CREATE}&{form}")).unwrap();
        assert!(lines.len() == 1 && lines[0].contains(written), "{form}: {lines:?}");
    }
}

#[test]
fn what_cannot_be_a_group_is_refused() {
    let base = "Action=CreateTargetGroup";
    let name = "1 validation error detected: Value 'a--b' at 'targetGroup.targetGroupArn.targetGroupName' \
                failed to satisfy constraint: Member must satisfy regular expression pattern: \
                (?!.*--)(?!^-)(?!.*-$)^[A-Za-z0-9-]+$";
    for (form, message) in [
        ("Name=a&Port=80&VpcId=v", "A protocol must be specified"),
        ("Name=a&Protocol=HTTP&VpcId=v", "A port must be specified"),
        ("Name=a&Protocol=HTTP&Port=80", "A VPC ID must be specified"),
        ("Name=a&Protocol=HTTP&Port=80&VpcId=vpc-2", "The VPC ID 'vpc-2' is not found"),
        (
            "Name=a123456789b123456789c123456789d12",
            "Target group name 'a123456789b123456789c123456789d12' cannot be longer than '32' characters",
        ),
        (
            "Name=a_b",
            "Target group name 'a_b' can only contain characters that are alphanumeric characters or hyphens(-)",
        ),
        ("Name=a--b", name),
    ] {
        let aws = "[aws.subnets]\nsubnet-1 = { zone = \"a\", vpc = \"v\" }\n";
        let refusal = Cloud::new(aws).refusal(&format!("{base}&{form}"));
        assert_eq!(refusal, (Code::ValidationError, message.to_owned()), "{form}");
    }
    for (form, message) in [
        (
            "HealthCheckIntervalSeconds=5",
            "Health check timeout '5' must be smaller than the interval '5'",
        ),
        (
            "HealthCheckEnabled=false",
            "Health check enabled must be true for target groups with target type 'instance'",
        ),
        (
            "Matcher.HttpCode=500",
            "Health check matcher HTTP code '500' must be within '200-499' inclusive",
        ),
        (
            "Matcher.GrpcCode=12",
            "Health check matcher gRPC code cannot be specified for target groups with protocol version 'HTTP1'",
        ),
        (
            "ProtocolVersion=GRPC&Matcher.GrpcCode=100",
            "Health check matcher gRPC code '100' must be within '0-99' inclusive",
        ),
        ("HealthCheckPath=a", "Health check path 'a' must begin with a '/' character"),
        (
            "HealthCheckPort=0",
            "Health check port '0' must be either 'traffic-port' or between '1-65535' inclusive",
        ),
        (
            "HealthCheckIntervalSeconds=4",
            "1 validation error detected: Value '4' at 'healthCheckIntervalSeconds' failed to satisfy \
             constraint: Member must have value greater than or equal to 5",
        ),
    ] {
        let refusal = Cloud::new("").refusal(&format!("{CREATE}&{form}"));
        assert_eq!(refusal, (Code::ValidationError, message.to_owned()), "{form}");
    }
}

#[test]
fn what_aws_has_and_we_do_not_is_refused_with_a_reason() {
    for (form, reason) in [
        ("Name=a&TargetType=lambda", "no functions here"),
        ("Name=a&TargetType=alb", "network load balancers"),
        ("Name=a&Protocol=TCP", "network and gateway load balancers"),
        ("Name=a&Protocol=HTTP&Port=80&VpcId=v&TargetControlPort=81", "no target optimizer"),
        ("Name=a&Protocol=HTTP&Port=80&VpcId=v&HealthCheckProtocol=TCP", "HTTP protocol"),
    ] {
        let (code, message) = Cloud::new("").refusal(&format!("Action=CreateTargetGroup&{form}"));
        assert_eq!(code, Code::InvalidConfigurationRequest, "{form}");
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn the_same_group_once_more_is_the_one_that_is_there() {
    let mut cloud = Cloud::new(CREATED);
    assert_eq!(cloud.edits(CREATE).unwrap(), [""; 0]);
    assert!(cloud.call(CREATE).unwrap().contains("targetgroup/web/0123456789abcdef<"));
    for other in ["&TargetType=ip", "&HealthCheckPath=/a", "&Tags.member.1.Key=a"] {
        let (code, message) = cloud.refusal(&format!("{CREATE}{other}"));
        assert_eq!(code, Code::DuplicateTargetGroupName, "{other}");
        assert!(message.contains("with the same name 'web' exists"), "{message}");
    }
}

#[test]
fn a_group_is_shown_whole() {
    let xml = Cloud::new(USED).call("Action=DescribeTargetGroups&Names.member.1=web").unwrap();
    let balancer = clingfish_model::ResourceId::derive("app", "default");
    assert_eq!(
        xml,
        format!(
            "<TargetGroups><member><TargetGroupArn>{WEB}</TargetGroupArn><TargetGroupName>web</TargetGroupName>\
             <Protocol>HTTPS</Protocol><Port>3000</Port><HealthCheckProtocol>HTTPS</HealthCheckProtocol>\
             <HealthCheckPort>traffic-port</HealthCheckPort><HealthCheckEnabled>true</HealthCheckEnabled>\
             <HealthCheckIntervalSeconds>10</HealthCheckIntervalSeconds>\
             <HealthCheckTimeoutSeconds>5</HealthCheckTimeoutSeconds>\
             <HealthyThresholdCount>2</HealthyThresholdCount><UnhealthyThresholdCount>2</UnhealthyThresholdCount>\
             <HealthCheckPath>/</HealthCheckPath><Matcher><HttpCode>200-399</HttpCode></Matcher>\
             <LoadBalancerArns><member>arn:aws:elasticloadbalancing:local:000000000000:loadbalancer/app/default/{balancer}\
             </member></LoadBalancerArns><TargetType>ip</TargetType><ProtocolVersion>HTTP1</ProtocolVersion>\
             <IpAddressType>ipv4</IpAddressType></member></TargetGroups>"
        )
    );
    let xml = Cloud::new(USED).call("Action=DescribeTargetGroups&Names.member.1=idle").unwrap();
    assert!(xml.contains("<HealthCheckIntervalSeconds>2</HealthCheckIntervalSeconds>"), "{xml}");
    assert!(!xml.contains("Matcher") && xml.contains("<LoadBalancerArns/>"), "{xml}");
}

#[test]
fn groups_are_chosen_in_one_way_at_a_time() {
    let mut cloud = Cloud::new(USED);
    let id = clingfish_model::ResourceId::derive("app", "default");
    let balancer =
        format!("arn:aws:elasticloadbalancing:local:000000000000:loadbalancer/app/default/{id}");
    for (form, names) in [
        (String::new(), vec!["idle", "web"]),
        ("&Names=".into(), vec!["idle", "web"]),
        ("&Names.member.1=web&Names.member.2=idle&Names.member.3=web".into(), vec!["idle", "web"]),
        (format!("&TargetGroupArns.member.1={WEB}"), vec!["web"]),
        (format!("&LoadBalancerArn={balancer}"), vec!["web"]),
        ("&PageSize=1".into(), vec!["idle"]),
    ] {
        let xml = cloud.call(&format!("Action=DescribeTargetGroups{form}")).unwrap();
        let shown: Vec<_> = xml.split("<TargetGroupName>").skip(1).collect();
        let shown: Vec<_> = shown.iter().filter_map(|part| part.split('<').next()).collect();
        assert_eq!(shown, names, "{form}");
        assert_eq!(xml.contains("<NextMarker>"), form.contains("PageSize"), "{form}");
    }
    let missing = WEB.replace("web", "gone");
    let not_found = "One or more target groups not found";
    for (form, code, message) in [
        ("&Names.member.1=gone".into(), Code::TargetGroupNotFound, not_found),
        (format!("&TargetGroupArns.member.1={missing}"), Code::TargetGroupNotFound, not_found),
        (
            "&TargetGroupArns.member.1=x".into(),
            Code::ValidationError,
            "'x' is not a valid target group ARN",
        ),
        (
            format!("&Names.member.1=web&TargetGroupArns.member.1={WEB}"),
            Code::ValidationError,
            "You can specify only one of a load balancer ARN, target group ARNs, or target group names",
        ),
    ] {
        let refusal = cloud.refusal(&format!("Action=DescribeTargetGroups{form}"));
        assert_eq!(refusal, (code, message.to_owned()), "{form}");
    }
}

#[test]
fn only_what_is_given_is_modified() {
    let arn = WEB;
    for (file, form, lines) in [
        ("", "HealthCheckPath=/", &[][..]),
        ("", "HealthCheckPath=/a", &[r#"health_check.path = "/a""#]),
        ("", "HealthCheckIntervalSeconds=30", &[r#"health_check.interval = "30s""#]),
        ("", "HealthCheckPort=81", &["health_check.port = 81"]),
        (
            "health_check.port = 81",
            "HealthCheckPort=traffic-port",
            &[r#"health_check.port = "traffic-port""#],
        ),
        ("", "Matcher.HttpCode=200-299", &[r#"health_check.matcher = "200-299""#]),
        // Its default would be another one with this path.
        (
            "protocol_version = \"GRPC\"",
            "HealthCheckPath=/grpc.health.v1.Health/Check",
            &[
                r#"health_check.path = "/grpc.health.v1.Health/Check""#,
                r#"health_check.matcher = "12""#,
            ],
        ),
        (
            "health_check.interval = \"1500ms\"\nhealth_check.timeout = \"1200ms\"",
            "UnhealthyThresholdCount=3",
            &["health_check.unhealthy_threshold = 3"],
        ),
        ("health_check = false", "HealthCheckEnabled=false", &[]),
        (
            "health_check = false",
            "HealthCheckEnabled=true",
            &[
                "health_check gone",
                "health_check.enabled = true",
                r#"health_check.protocol = "HTTP""#,
                r#"health_check.port = "traffic-port""#,
                r#"health_check.interval = "10s""#,
                r#"health_check.timeout = "5s""#,
                "health_check.healthy_threshold = 2",
                "health_check.unhealthy_threshold = 2",
                r#"health_check.path = "/""#,
                r#"health_check.matcher = "200-399""#,
            ],
        ),
    ] {
        let cloud = Cloud::new(&format!("[target_groups.web]\n{file}\n"));
        let form = format!("Action=ModifyTargetGroup&TargetGroupArn={arn}&{form}");
        let lines: Vec<_> =
            lines.iter().map(|line| format!("[target_groups.web] {line}")).collect();
        assert_eq!(cloud.edits(&form).unwrap(), lines, "{form}");
    }
}

#[test]
fn a_check_that_cannot_be_is_no_modification() {
    for (file, form, message) in [
        (
            "",
            "HealthCheckTimeoutSeconds=10",
            "Health check timeout '10' must be smaller than the interval '10'",
        ),
        (
            "",
            "HealthCheckEnabled=false",
            "Health check enabled must be true for target groups with target type 'ip'",
        ),
        (
            "health_check.protocol = \"TCP\"",
            "HealthCheckPath=/a",
            "Health check path and matcher cannot be specified for health checks with the TCP protocol",
        ),
    ] {
        let cloud = Cloud::new(&format!("[target_groups.web]\n{file}\n"));
        let form = format!("Action=ModifyTargetGroup&TargetGroupArn={WEB}&{form}");
        assert_eq!(cloud.refusal(&form).1, message, "{form}");
    }
}

#[test]
fn a_group_in_use_is_not_deleted_and_one_that_is_gone_is() {
    let cloud = Cloud::new(USED);
    let delete = |arn: &str| format!("Action=DeleteTargetGroup&TargetGroupArn={arn}");
    let idle = clingfish_model::ResourceId::derive("targetgroup", "idle");
    let idle = format!("arn:aws:elasticloadbalancing:local:000000000000:targetgroup/idle/{idle}");
    assert_eq!(cloud.edits(&delete(&idle)).unwrap(), ["[target_groups.idle] gone"]);
    assert_eq!(cloud.edits(&delete(&WEB.replace("web", "gone"))).unwrap(), [""; 0]);
    let message = format!("The target group '{WEB}' is currently in use by a listener or a rule");
    assert_eq!(cloud.refusal(&delete(WEB)), (Code::ResourceInUse, message));
    assert_eq!(cloud.refusal(&delete("web")).0, Code::ValidationError);
}

#[test]
fn as_many_groups_as_a_page_shows_can_be_named_at_once() {
    let groups: String = (0..400).map(|at| format!("[target_groups.g{at}]\n")).collect();
    let mut cloud = Cloud::new(&groups);
    let names = |count: usize| {
        let name = |at| format!("&Names.member.{}=g{at}", at + 1);
        (0..count).map(name).collect::<String>()
    };
    let shown = cloud.call(&format!("Action=DescribeTargetGroups{}", names(400))).unwrap();
    assert_eq!(shown.matches("<TargetGroupName>").count(), 400);
    for more in [names(401), names(401).replace("Names", "TargetGroupArns")] {
        let error = cloud.call(&format!("Action=DescribeTargetGroups{more}")).unwrap_err();
        assert_eq!(error.code, Code::ValidationError);
        assert!(error.message.ends_with("Member must have length less than or equal to 400"));
    }
}
