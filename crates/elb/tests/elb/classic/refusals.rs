//! What is refused, in AWS's words.

use super::*;

#[test]
fn a_load_balancer_that_nobody_can_make_is_refused() {
    let zone = "AvailabilityZones.member.1=a";
    let name = "LoadBalancerName=new";
    let cloud = Cloud::new(FILE);
    for (members, code, message) in [
        (
            format!("LoadBalancerName=app&{zone}&{HTTP}"),
            Code::DuplicateLoadBalancerName,
            "as an application load balancer",
        ),
        (format!("LoadBalancerName=a_b&{zone}&{HTTP}"), Code::ValidationError, "alphanumeric"),
        (
            format!("LoadBalancerName={}&{zone}&{HTTP}", "x".repeat(33)),
            Code::ValidationError,
            "cannot be longer than 32",
        ),
        (
            format!("{name}&{HTTP}"),
            Code::ValidationError,
            "Either AvailabilityZones or SubnetIds must be specified",
        ),
        (
            format!("{name}&{zone}&Subnets.member.1=subnet-1&{HTTP}"),
            Code::ValidationError,
            "Only one of SubnetIds or AvailabilityZones may be specified",
        ),
        (format!("{name}&{zone}"), Code::ValidationError, "at 'listeners' failed"),
        (format!("{name}&{zone}&{HTTP}&Scheme=x"), Code::InvalidScheme, "'x'"),
    ] {
        refused(&cloud, &form("CreateLoadBalancer", &members), code, message);
    }
}

#[test]
fn listeners_that_nobody_can_make_are_refused() {
    let zone = "AvailabilityZones.member.1=a";
    let name = "LoadBalancerName=new";
    let https = HTTP.replace("=HTTP", "=HTTPS");
    let cloud = Cloud::new(FILE);
    for (members, code, message) in [
        (
            format!("{name}&{zone}&{}", HTTP.replace("=HTTP", "=TCP")),
            Code::UnsupportedProtocol,
            "The protocol TCP is not supported",
        ),
        (
            format!("{name}&{zone}&{}", HTTP.replace("=HTTP", "=ssl")),
            Code::UnsupportedProtocol,
            "The protocol SSL is not supported",
        ),
        (
            format!("{name}&{zone}&{HTTP}&Listeners.member.1.InstanceProtocol=TCP"),
            Code::UnsupportedProtocol,
            "TCP",
        ),
        (
            format!("{name}&{zone}&{https}"),
            Code::ValidationError,
            "Secure Listeners need to specify a SSLCertificateId",
        ),
        (
            format!("{name}&{zone}&{https}&Listeners.member.1.SSLCertificateId=arn:x"),
            Code::CertificateNotFound,
            "Server Certificate not found for the key: arn:x",
        ),
        (
            format!("{name}&{zone}&{HTTP}&Listeners.member.1.SSLCertificateId={CERTIFICATE}"),
            Code::InvalidConfigurationRequest,
            "HTTPS",
        ),
        (
            format!("{name}&{zone}&{}", HTTP.replace("Port=80", "Port=8000")),
            Code::InvalidConfigurationRequest,
            "is taken by the listener",
        ),
        (
            format!(
                "{name}&{zone}&{HTTP}&{}",
                HTTP.replace("member.1", "member.2").replace("3000", "3001")
            ),
            Code::DuplicateListener,
            "already exists for new with LoadBalancerPort 80",
        ),
        (
            format!("{name}&{zone}&{HTTP}&Tags.member.1.Key=a&Tags.member.2.Key=a"),
            Code::DuplicateTagKeys,
            "'a'",
        ),
    ] {
        refused(&cloud, &form("CreateLoadBalancer", &members), code, message);
    }
}

#[test]
fn what_is_not_there_has_a_code_for_each_kind() {
    let cloud = Cloud::classic();
    let gone = "There is no ACTIVE Load Balancer named 'x'";
    for (action, members) in [
        ("DescribeLoadBalancers", "LoadBalancerNames.member.1=x"),
        ("DescribeLoadBalancerAttributes", "LoadBalancerName=x"),
        ("DescribeInstanceHealth", "LoadBalancerName=x"),
        ("DescribeTags", "LoadBalancerNames.member.1=x"),
        ("DescribeLoadBalancerPolicies", "LoadBalancerName=x"),
        ("DeleteLoadBalancerPolicy", "LoadBalancerName=x&PolicyName=p"),
    ] {
        refused(&cloud, &form(action, members), Code::LoadBalancerNotFound, gone);
    }
    refused(
        &cloud,
        &form("DescribeLoadBalancerAttributes", "LoadBalancerName=app"),
        Code::LoadBalancerNotFound,
        "'app'",
    );
}

#[test]
fn listeners_and_policies_that_are_not_there_have_codes_too() {
    let cloud = Cloud::classic();
    for (action, members, code, message) in [
        (
            "SetLoadBalancerPoliciesOfListener",
            "LoadBalancerPort=81&PolicyNames=",
            Code::ListenerNotFound,
            "81",
        ),
        (
            "SetLoadBalancerPoliciesOfListener",
            "LoadBalancerPort=80&PolicyNames.member.1=p",
            Code::PolicyNotFound,
            "There is no policy with name p for load balancer old",
        ),
        (
            "SetLoadBalancerPoliciesForBackendServer",
            "InstancePort=3000&PolicyNames.member.1=p",
            Code::PolicyNotFound,
            "p",
        ),
        (
            "SetLoadBalancerPoliciesForBackendServer",
            "InstancePort=3001&PolicyNames=",
            Code::InvalidConfigurationRequest,
            "3001",
        ),
        ("DescribeLoadBalancerPolicies", "PolicyNames.member.1=p", Code::PolicyNotFound, "p"),
        (
            "SetLoadBalancerListenerSSLCertificate",
            "LoadBalancerPort=81&SSLCertificateId=x",
            Code::ListenerNotFound,
            "81",
        ),
        (
            "SetLoadBalancerListenerSSLCertificate",
            "LoadBalancerPort=80&SSLCertificateId=x",
            Code::InvalidConfigurationRequest,
            "speaks HTTP",
        ),
    ] {
        refused(&cloud, &of_old(action, members), code, message);
    }
}

#[test]
fn instances_and_types_that_are_not_there_have_codes_too() {
    let cloud = Cloud::classic();
    for (action, members, code, message) in [
        (
            "RegisterInstancesWithLoadBalancer",
            "Instances.member.1.InstanceId=i-9",
            Code::InvalidInstance,
            "Could not find EC2 instance i-9",
        ),
        (
            "DeregisterInstancesFromLoadBalancer",
            "Instances.member.1.InstanceId=i-9",
            Code::InvalidInstance,
            "Could not find EC2 instance i-9",
        ),
        (
            "DescribeInstanceHealth",
            "Instances.member.1.InstanceId=i-1",
            Code::InvalidInstance,
            "i-1",
        ),
        (
            "DescribeLoadBalancerPolicyTypes",
            "PolicyTypeNames.member.1=ProxyProtocolPolicyType",
            Code::PolicyTypeNotFound,
            "ProxyProtocolPolicyType",
        ),
        (
            "CreateLoadBalancerPolicy",
            "PolicyName=p&PolicyTypeName=SSLNegotiationPolicyType",
            Code::PolicyTypeNotFound,
            "SSLNegotiationPolicyType",
        ),
    ] {
        let form =
            if action.ends_with("Types") { form(action, members) } else { of_old(action, members) };
        refused(&cloud, &form, code, message);
    }
}

#[test]
fn addresses_that_no_target_may_have_are_no_instances() {
    let mut cloud = Cloud::classic();
    cloud.on_loopback = false;
    for (address, why) in [
        ("169.254.169.254", "it is a link-local address"),
        ("::ffff:169.254.169.254", "it is a link-local address"),
        ("127.0.0.1", "it is a loopback address"),
        ("0.0.0.0", "it is"),
    ] {
        let members = format!("Instances.member.1.InstanceId={address}");
        let form = of_old("RegisterInstancesWithLoadBalancer", &members);
        refused(&cloud, &form, Code::InvalidInstance, why);
    }
}

#[test]
fn only_an_admin_address_with_a_port_is_no_instance() {
    let members = "Instances.member.1.InstanceId=127.0.0.1";
    let form = of_old("RegisterInstancesWithLoadBalancer", members);
    for (port, is_refused) in [(0, false), (3001, false), (3000, true)] {
        let mut cloud = Cloud::classic();
        cloud.text += &format!("[admin]\nbind = \"127.0.0.1:{port}\"\n");
        assert_eq!(cloud.edits(&form).is_err(), is_refused, "{port}");
    }
}

#[test]
fn policies_that_could_not_act_are_refused() {
    let mut cloud = Cloud::classic();
    cloud.old("CreateLBCookieStickinessPolicy", "PolicyName=a");
    cloud.old("CreateLBCookieStickinessPolicy", "PolicyName=b");
    cloud.old("SetLoadBalancerPoliciesOfListener", "LoadBalancerPort=80&PolicyNames.member.1=a");
    let (lb, app) = ("CreateLBCookieStickinessPolicy", "CreateAppCookieStickinessPolicy");
    let typed = "CreateLoadBalancerPolicy";
    let value =
        "PolicyAttributes.member.1.AttributeName=x&PolicyAttributes.member.1.AttributeValue=1";
    for (action, members, code, message) in [
        (lb, "PolicyName=a", Code::DuplicatePolicyName, "Policy name a already exists"),
        (lb, "PolicyName=a_b", Code::ValidationError, "'a_b'"),
        (
            lb,
            "PolicyName=c&CookieExpirationPeriod=-1",
            Code::ValidationError,
            "'-1' must be between 0 and 2147483647",
        ),
        (lb, "PolicyName=c&CookieExpirationPeriod=2147483648", Code::ValidationError, "2147483648"),
        (app, "PolicyName=c&CookieName=AWSELB", Code::InvalidConfigurationRequest, "reserved"),
        (
            app,
            "PolicyName=c&CookieName=a%3Bb",
            Code::InvalidConfigurationRequest,
            "'a;b' is not valid",
        ),
        (app, "PolicyName=c", Code::ValidationError, "'cookieName'"),
        (
            typed,
            "PolicyName=c&PolicyTypeName=AppCookieStickinessPolicyType",
            Code::InvalidConfigurationRequest,
            "need the attribute CookieName",
        ),
        (
            typed,
            &format!("PolicyName=c&PolicyTypeName=LBCookieStickinessPolicyType&{value}"),
            Code::InvalidConfigurationRequest,
            "'x'",
        ),
        (
            "DeleteLoadBalancerPolicy",
            "PolicyName=a",
            Code::InvalidConfigurationRequest,
            "the listener on port 80 uses it",
        ),
        (
            "SetLoadBalancerPoliciesOfListener",
            "LoadBalancerPort=80&PolicyNames.member.1=a&PolicyNames.member.2=b",
            Code::InvalidConfigurationRequest,
            "at most one policy",
        ),
        (
            "SetLoadBalancerPoliciesForBackendServer",
            "InstancePort=3000&PolicyNames.member.1=a",
            Code::InvalidConfigurationRequest,
            "belongs to listeners",
        ),
        (
            "CreateLoadBalancerListeners",
            &HTTP.replace("3000", "3001"),
            Code::DuplicateListener,
            "different InstancePort",
        ),
    ] {
        refused(&cloud, &of_old(action, members), code, message);
    }
    for count in 2..100 {
        cloud.old(lb, &format!("PolicyName=p{count}"));
    }
    refused(&cloud, &of_old(lb, "PolicyName=one-more"), Code::TooManyPolicies, "cannot exceed 100");
}

#[test]
fn checks_and_attributes_have_bounds() {
    let cloud = Cloud::classic();
    let check = |target: &str, interval: &str, timeout: &str| {
        let form = format!(
            "HealthCheck.Target={target}&HealthCheck.Interval={interval}&HealthCheck.Timeout={timeout}\
             &HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=2"
        );
        of_old("ConfigureHealthCheck", &form)
    };
    for (form, message) in [
        (check("HTTP:80", "30", "5"), "e.g. HTTP:80/ping/this/path"),
        (check("SSL:80", "30", "5"), "SSL is not supported"),
        (check("UDP:80", "30", "5"), "protocol"),
        (check("TCP:80/x", "30", "5"), "must not specify a path"),
        (check("TCP:0", "30", "5"), "between 1 and 65535"),
        (check("HTTP:99999/", "30", "5"), "between 1 and 65535"),
        (check("HTTP:80/a%20b", "30", "5"), "not a valid path"),
        (check("TCP:80", "4", "2"), "'healthCheck.interval'"),
        (check("TCP:80", "30", "61"), "'healthCheck.timeout'"),
        (check("TCP:80", "5", "5"), "timeout must be less than interval"),
        (of_old("ConfigureHealthCheck", "HealthCheck.Target=TCP:80"), "'healthCheck.interval'"),
    ] {
        refused(&cloud, &form, Code::ValidationError, message);
    }
    let invalid = Code::InvalidConfigurationRequest;
    for (members, code, message) in [
        ("ConnectionSettings.IdleTimeout=3601", Code::ValidationError, "3600"),
        (
            "ConnectionDraining.Enabled=true&LoadBalancerAttributes.ConnectionDraining.Timeout=0",
            Code::ValidationError,
            "timeout",
        ),
        ("ConnectionDraining.Timeout=1", Code::ValidationError, "enabled"),
        ("AccessLog.Enabled=true", invalid, "S3BucketName"),
        (
            "AccessLog.Enabled=true&LoadBalancerAttributes.AccessLog.S3BucketName=..",
            invalid,
            "'..'",
        ),
        (
            "AccessLog.Enabled=false&LoadBalancerAttributes.AccessLog.EmitInterval=7",
            invalid,
            "5 or 60",
        ),
        (
            "AdditionalAttributes.member.1.Key=x&LoadBalancerAttributes.AdditionalAttributes.member.1.Value=y",
            Code::LoadBalancerAttributeNotFound,
            "'x'",
        ),
    ] {
        let form =
            of_old("ModifyLoadBalancerAttributes", &format!("LoadBalancerAttributes.{members}"));
        refused(&cloud, &form, code, message);
    }
}

#[test]
fn unknown_members_and_actions_are_refused() {
    let cloud = Cloud::classic();
    let form = of_old("DeleteLoadBalancer", "Nam=x");
    refused(&cloud, &form, Code::InvalidQueryParameter, "Nam");
    refused(&cloud, &super::form("CreateTargetGroup", ""), Code::InvalidAction, "2012-06-01");
}
