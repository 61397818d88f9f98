//! `DescribeSSLPolicies` and `DescribeAccountLimits`.

use clingfish_elb::Code;

use crate::support::Cloud;

#[test]
fn a_policy_shows_what_a_listener_with_it_speaks() {
    let mut cloud = Cloud::new("");
    for (name, protocols, ciphers) in [
        ("2016-08", "<member>TLSv1.2</member><member>TLSv1.3</member>", 9),
        ("TLS13-1-3-2021-06", "<member>TLSv1.3</member>", 3),
    ] {
        let form = format!("Action=DescribeSSLPolicies&Names.member.1=ELBSecurityPolicy-{name}");
        let xml = cloud.call(&form).unwrap();
        assert!(xml.contains(&format!("<SslProtocols>{protocols}</SslProtocols>")), "{xml}");
        assert_eq!(xml.matches("<Priority>").count(), ciphers, "{name}");
        assert!(xml.contains(
            "<Ciphers><member><Name>TLS_AES_256_GCM_SHA384</Name><Priority>1</Priority></member>"
        ));
        assert!(xml.ends_with(&format!(
            "<Name>ELBSecurityPolicy-{name}</Name><SupportedLoadBalancerTypes><member>application</member>\
             </SupportedLoadBalancerTypes></member></SslPolicies>"
        )));
    }
}

#[test]
fn policies_come_in_pages_and_only_for_application_load_balancers() {
    let mut cloud = Cloud::new("");
    let all = cloud.call("Action=DescribeSSLPolicies").unwrap();
    assert!(
        all.matches("<SupportedLoadBalancerTypes>").count() > 20 && !all.contains("NextMarker")
    );
    let first = cloud.call("Action=DescribeSSLPolicies&PageSize=2").unwrap();
    assert_eq!(first.matches("<SupportedLoadBalancerTypes>").count(), 2);
    assert!(first.contains("<NextMarker>"));
    let others = cloud.call("Action=DescribeSSLPolicies&LoadBalancerType=network").unwrap();
    assert_eq!(others, "<SslPolicies/>");
}

#[test]
fn a_policy_that_is_not_there_is_refused_by_its_name() {
    for name in ["ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", "x"] {
        let form = format!("Action=DescribeSSLPolicies&Names.member.1={name}");
        let refusal = Cloud::new("").refusal(&form);
        assert_eq!(refusal, (Code::SSLPolicyNotFound, format!("SSL policy '{name}' not found")));
    }
}

#[test]
fn limits_have_the_names_that_aws_gives_them() {
    let xml = Cloud::new("").call("Action=DescribeAccountLimits").unwrap();
    for (name, max) in [
        ("application-load-balancers", 1_000),
        ("condition-values-per-alb-rule", 20),
        ("condition-wildcards-per-alb-rule", 5),
        ("rules-per-application-load-balancer", 5_000),
        ("target-groups-per-action-on-application-load-balancer", 5),
        ("targets-per-application-load-balancer", 10_000),
        ("network-load-balancers", 0),
    ] {
        let limit = format!("<member><Name>{name}</Name><Max>{max}</Max></member>");
        assert!(xml.contains(&limit), "{limit}");
    }
}

#[test]
fn the_limit_of_load_balancers_is_one() {
    let text: String = (1..1_000).map(|index| format!("[load_balancers.a{index}]\n")).collect();
    let create = "Action=CreateLoadBalancer&Name=b&Subnets.member.1=x&Subnets.member.2=y";
    // With the one that is always there these are a thousand.
    assert_eq!(Cloud::new(&text).refusal(create).0, Code::TooManyLoadBalancers);
}

#[test]
fn the_limit_of_target_groups_is_one() {
    let text: String = (0..10_000).map(|index| format!("[target_groups.a{index}]\n")).collect();
    let create = "Action=CreateTargetGroup&Name=b&Protocol=HTTP&Port=80&VpcId=vpc-1";
    assert_eq!(Cloud::new(&text).refusal(create).0, Code::TooManyTargetGroups);
}
