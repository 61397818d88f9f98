//! A load balancer from its making to its end.

use super::*;

#[test]
fn what_is_created_is_explicit_in_the_file() {
    let edits = Cloud::new(FILE)
        .edits(&of_old("CreateLoadBalancer", &format!("AvailabilityZones.member.1=a&{HTTP}")))
        .unwrap();
    let ids: Vec<_> = edits.iter().map(|line| line.split_once("id = \"").unwrap().1).collect();
    let ids: Vec<_> = ids.iter().map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(
        edits,
        [
            format!(
                "[load_balancers.old] new: id = \"{}\", created = 2026-11-28T14:00:00.123Z, scheme = \"internet-facing\", \
                 subnets = [], security_groups = [], http2 = false, attributes = {{ connection_draining.enabled = \"false\", \
                 connection_draining.timeout = \"300\", health_check.healthy_threshold = \"10\", health_check.interval = \"30\", \
                 health_check.target = \"TCP:3000\", health_check.timeout = \"5\", health_check.unhealthy_threshold = \"2\" }}, \
                 classic = {{ zones = [\"a\"] }}",
                ids[0]
            ),
            format!(
                "[target_groups.old-80] new: id = \"{}\", created = 2026-11-28T14:00:00.123Z, targets = [], \
                 target_type = \"instance\", port = 3000, protocol = \"HTTP\", algorithm = \"least_outstanding_requests\", \
                 deregistration_delay = \"0s\", health_check.enabled = true, health_check.protocol = \"TCP\", \
                 health_check.port = 3000, health_check.interval = \"30s\", health_check.timeout = \"5s\", \
                 health_check.healthy_threshold = 10, health_check.unhealthy_threshold = 2",
                ids[1]
            ),
            format!(
                "[[listeners]] old-80 new: name = \"old-80\", load_balancer = \"old\", bind = \"127.0.0.1:80\", \
                 protocol = \"HTTP\", forward = \"old-80\", id = \"{}\", \
                 classic = {{ instance_port = 3000, instance_protocol = \"HTTP\" }}",
                ids[2]
            ),
        ]
    );
}

#[test]
fn a_life_leaves_the_file_as_it_was() {
    let mut cloud = Cloud::new(FILE);
    let made = cloud.old(
        "CreateLoadBalancer",
        &format!("Subnets.member.1=subnet-1&SecurityGroups.member.1=sg-1&Scheme=internal&Tags.member.1.Key=team&{HTTP}"),
    );
    assert_eq!(made, format!("<DNSName>{}</DNSName>", crate::support::HOST_NAME));
    cloud.old(
        "RegisterInstancesWithLoadBalancer",
        "Instances.member.1.InstanceId=i-1&Instances.member.2.InstanceId=i-2&Instances.member.3.InstanceId=10.0.0.9",
    );
    cloud.old(
        "ConfigureHealthCheck",
        "HealthCheck.Target=HTTP:3000/ping&HealthCheck.Interval=10&HealthCheck.Timeout=3\
         &HealthCheck.UnhealthyThreshold=4&HealthCheck.HealthyThreshold=2",
    );
    cloud.old("CreateLBCookieStickinessPolicy", "PolicyName=hour&CookieExpirationPeriod=3600");
    cloud.old("CreateAppCookieStickinessPolicy", "PolicyName=java&CookieName=JSESSIONID");
    cloud.old("SetLoadBalancerPoliciesOfListener", "LoadBalancerPort=80&PolicyNames.member.1=hour");
    let described = cloud.described();
    has(
        &described,
        &[
            "<LoadBalancerName>old</LoadBalancerName>",
            "<CanonicalHostedZoneNameID>Z",
            "<ListenerDescriptions><member><Listener><Protocol>HTTP</Protocol><LoadBalancerPort>80</LoadBalancerPort>\
             <InstanceProtocol>HTTP</InstanceProtocol><InstancePort>3000</InstancePort></Listener>\
             <PolicyNames><member>hour</member></PolicyNames></member></ListenerDescriptions>",
            "<AppCookieStickinessPolicies><member><PolicyName>java</PolicyName><CookieName>JSESSIONID</CookieName></member>",
            "<LBCookieStickinessPolicies><member><PolicyName>hour</PolicyName><CookieExpirationPeriod>3600</CookieExpirationPeriod>",
            "<OtherPolicies/></Policies><BackendServerDescriptions/>",
            "<AvailabilityZones><member>a</member></AvailabilityZones><Subnets><member>subnet-1</member></Subnets>\
             <VPCId>vpc-00000000</VPCId>",
            "<Instances><member><InstanceId>i-1</InstanceId></member><member><InstanceId>i-2</InstanceId></member>\
             <member><InstanceId>10.0.0.9</InstanceId></member></Instances>",
            "<HealthCheck><Target>HTTP:3000/ping</Target><Interval>10</Interval><Timeout>3</Timeout>\
             <UnhealthyThreshold>4</UnhealthyThreshold><HealthyThreshold>2</HealthyThreshold></HealthCheck>",
            "<SourceSecurityGroup><OwnerAlias>123456789012</OwnerAlias><GroupName>sg-1</GroupName></SourceSecurityGroup>\
             <SecurityGroups><member>sg-1</member></SecurityGroups>",
            "<CreatedTime>2026-11-28T14:00:00.123Z</CreatedTime><Scheme>internal</Scheme>",
        ],
    );
    let warnings = |text: &str| clingfish_config::parse(text).unwrap().1.len();
    assert_eq!(warnings(&cloud.text), warnings(FILE), "{}", cloud.text);
    cloud.old("DeleteLoadBalancer", "");
    assert_eq!(cloud.text, FILE);
    assert_eq!(cloud.old("DeleteLoadBalancer", ""), "", "what is gone is deleted already");
}

#[test]
fn the_same_once_more_is_the_one_that_is_there() {
    let mut cloud = Cloud::classic();
    let text = cloud.text.clone();
    cloud.old("CreateLoadBalancer", &format!("AvailabilityZones.member.1=a&{HTTP}"));
    assert_eq!(cloud.text, text);
    let message =
        "Load Balancer named old already exists and it is configured with different parameters.";
    for members in [
        format!("AvailabilityZones.member.1=b&{HTTP}"),
        format!("Subnets.member.1=subnet-1&{HTTP}"),
        format!("AvailabilityZones.member.1=a&{HTTP}&Scheme=internal"),
        format!("AvailabilityZones.member.1=a&{HTTP}&Tags.member.1.Key=k"),
        format!("AvailabilityZones.member.1=a&{}", HTTP.replace("3000", "3001")),
    ] {
        let form = of_old("CreateLoadBalancer", &members);
        refused(&cloud, &form, Code::DuplicateLoadBalancerName, message);
    }
}

#[test]
fn the_default_load_balancer_can_be_a_classic_one() {
    let mut cloud = Cloud::new(FILE);
    let members = format!("LoadBalancerName=default&AvailabilityZones.member.1=a&{HTTP}");
    cloud.call(&form("CreateLoadBalancer", &members)).unwrap();
    let described = cloud.call(&form("DescribeLoadBalancers", "")).unwrap();
    has(&described, &["<LoadBalancerName>default</LoadBalancerName>"]);
}

#[test]
fn pages_of_load_balancers_show_classic_ones_alone() {
    let mut cloud = Cloud::classic();
    let members = format!(
        "LoadBalancerName=older&AvailabilityZones.member.1=a&{}",
        HTTP.replace("Port=80", "Port=81")
    );
    cloud.call(&form("CreateLoadBalancer", &members)).unwrap();
    let first = cloud.call(&form("DescribeLoadBalancers", "PageSize=1")).unwrap();
    has(&first, &["<LoadBalancerName>old</LoadBalancerName>"]);
    let marker = first.split("<NextMarker>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let second = cloud.call(&form("DescribeLoadBalancers", &format!("Marker={marker}"))).unwrap();
    has(&second, &["<LoadBalancerName>older</LoadBalancerName>"]);
    assert!(!second.contains("NextMarker") && !second.contains(">old<"), "{second}");
}

#[test]
fn the_other_api_sees_nothing_of_it() {
    let mut cloud = Cloud::classic();
    let balancers = cloud.call("Action=DescribeLoadBalancers").unwrap();
    assert!(balancers.contains(">app<") && !balancers.contains(">old<"), "{balancers}");
    let groups = cloud.call("Action=DescribeTargetGroups").unwrap();
    assert!(groups.contains(">shop<") && !groups.contains(">old-80<"), "{groups}");
    let (code, _) = cloud.refusal("Action=DescribeTargetGroups&Names.member.1=old-80");
    assert_eq!(code, Code::TargetGroupNotFound);
}

#[test]
fn instances_are_as_their_worst_listener_sees_them() {
    let mut cloud = Cloud::classic();
    let second = HTTP.replace("Port=80", "Port=81").replace("3000", "3001");
    cloud.old("CreateLoadBalancerListeners", &second);
    cloud.old("RegisterInstancesWithLoadBalancer", "Instances.member.1.InstanceId=i-1");
    for (states, expected) in [
        (&["healthy", "healthy"][..], "InService N/A N/A"),
        (
            &["healthy", "unhealthy"],
            "OutOfService Instance Instance has failed at least the UnhealthyThreshold number of health checks consecutively.",
        ),
        (&["unhealthy", "initial"], "OutOfService Instance Instance has failed"),
        (&["healthy", "initial"], "OutOfService ELB Instance registration is still in progress."),
        (&["healthy"], "OutOfService ELB Instance registration is still in progress."),
        (
            &["healthy", "unavailable"],
            "Unknown ELB A transient error occurred. Please try again later.",
        ),
        (&["healthy", "draining"], "InService N/A Instance deregistration currently in progress."),
    ] {
        let ids = ["i-1:3000", "i-1:3001"];
        cloud.seen = ids.into_iter().zip(states).map(|(id, state)| seen(id, state)).collect();
        let answer = cloud.old("DescribeInstanceHealth", "Instances.member.1.InstanceId=i-1");
        let words =
            answer.replace("</State><ReasonCode>", " ").replace("</ReasonCode><Description>", " ");
        assert!(words.contains(&format!("<State>{expected}")), "{states:?}: {answer}");
        assert_eq!(cloud.old("DescribeInstanceHealth", ""), answer, "all of them are this one");
    }
}
