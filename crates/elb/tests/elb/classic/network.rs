//! Subnets, zones and security groups.

use super::*;

#[test]
fn zones_come_and_go() {
    let mut cloud = Cloud::classic();
    let zones = |list: &[&str]| {
        let list: String = list.iter().map(|zone| format!("<member>{zone}</member>")).collect();
        format!("<AvailabilityZones>{list}</AvailabilityZones>")
    };
    let enabled = cloud.old(
        "EnableAvailabilityZonesForLoadBalancer",
        "AvailabilityZones.member.1=b&AvailabilityZones.member.2=a",
    );
    assert_eq!(enabled, zones(&["a", "b"]));
    let left = cloud.old("DisableAvailabilityZonesForLoadBalancer", "AvailabilityZones.member.1=a");
    assert_eq!(left, zones(&["b"]));
    has(&cloud.described(), &[&zones(&["b"]), "<Subnets/><Instances/>"]);
    for (action, members, code, message) in [
        (
            "DisableAvailabilityZonesForLoadBalancer",
            "AvailabilityZones.member.1=b",
            Code::InvalidConfigurationRequest,
            "at least one Availability Zone",
        ),
        (
            "EnableAvailabilityZonesForLoadBalancer",
            "AvailabilityZones.member.1=x",
            Code::ValidationError,
            "Invalid Availability Zone: x",
        ),
        (
            "AttachLoadBalancerToSubnets",
            "Subnets.member.1=subnet-1",
            Code::InvalidConfigurationRequest,
            "use EnableAvailabilityZonesForLoadBalancer",
        ),
    ] {
        refused(&cloud, &of_old(action, members), code, message);
    }
}

#[test]
fn subnets_and_security_groups_come_and_go() {
    let mut cloud = Cloud::new(FILE);
    cloud.old("CreateLoadBalancer", &format!("Subnets.member.1=subnet-1&{HTTP}"));
    let subnets = cloud.old("AttachLoadBalancerToSubnets", "Subnets.member.1=subnet-2");
    assert_eq!(subnets, "<Subnets><member>subnet-1</member><member>subnet-2</member></Subnets>");
    let subnets = cloud.old("DetachLoadBalancerFromSubnets", "Subnets.member.1=subnet-1");
    assert_eq!(subnets, "<Subnets><member>subnet-2</member></Subnets>");
    let groups = cloud.old("ApplySecurityGroupsToLoadBalancer", "SecurityGroups.member.1=sg-2");
    assert_eq!(groups, "<SecurityGroups><member>sg-2</member></SecurityGroups>");
    for (action, members, code, message) in [
        (
            "AttachLoadBalancerToSubnets",
            "Subnets.member.1=subnet-9",
            Code::SubnetNotFound,
            "subnet-9",
        ),
        (
            "AttachLoadBalancerToSubnets",
            "Subnets.member.1=subnet-3",
            Code::InvalidSubnet,
            "stand for different addresses",
        ),
        (
            "DetachLoadBalancerFromSubnets",
            "Subnets.member.1=subnet-2",
            Code::InvalidConfigurationRequest,
            "at least one subnet",
        ),
        (
            "DetachLoadBalancerFromSubnets",
            "Subnets.member.1=subnet-1",
            Code::InvalidConfigurationRequest,
            "subnet-1 is not attached",
        ),
        (
            "EnableAvailabilityZonesForLoadBalancer",
            "AvailabilityZones.member.1=a",
            Code::InvalidConfigurationRequest,
            "use AttachLoadBalancerToSubnets",
        ),
        (
            "ApplySecurityGroupsToLoadBalancer",
            "SecurityGroups=",
            Code::InvalidConfigurationRequest,
            "at least one security group",
        ),
    ] {
        refused(&cloud, &of_old(action, members), code, message);
    }
}

#[test]
fn a_subnet_says_where_listeners_accept() {
    let mut cloud = Cloud::new(FILE);
    let at_8000 = HTTP.replace("Port=80", "Port=8000");
    cloud.old("CreateLoadBalancer", &format!("Subnets.member.1=subnet-3&{at_8000}"));
    assert!(cloud.text.contains("bind = \"127.0.0.3:8000\""), "{}", cloud.text);
    cloud.old("CreateLoadBalancerListeners", HTTP);
    assert!(cloud.text.contains("bind = \"127.0.0.3:80\""), "{}", cloud.text);
}
