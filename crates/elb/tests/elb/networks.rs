//! Subnets, security groups and kinds of addresses.

use clingfish_elb::Code;

use crate::support::Cloud;

const ARN: &str = "LoadBalancerArn=arn:aws:elasticloadbalancing:local:000000000000:loadbalancer/app/web/00000000000000a1";

/// Subnets at two addresses, and a load balancer at one of them.
const MAPPED: &str = r#"
[load_balancers.web]
id = "00000000000000a1"
subnets = ["a1", "b1"]
security_groups = ["sg-1"]

[[listeners]]
bind = "10.0.0.1:80"
load_balancer = "web"
forward = "shop"

[[listeners]]
name = "web-443"
id = "00000000000000b1"
bind = "10.0.0.1:443"
load_balancer = "web"
forward = "shop"

[[listeners]]
bind = "127.0.0.1:8080"
load_balancer = "web"
forward = "shop"

[[listeners]]
bind = "10.0.0.3:80"
forward = "shop"

[target_groups.shop]
targets = ["127.0.0.1:3000"]

[aws]
region = "local"
security_groups = ["sg-1", "sg-2"]

[aws.subnets]
a1 = { zone = "za", vpc = "vpc-1", bind = "10.0.0.1" }
b1 = { zone = "zb", vpc = "vpc-1", bind = "10.0.0.1" }
a2 = { zone = "za", vpc = "vpc-1", bind = "10.0.0.2" }
b2 = { zone = "zb", vpc = "vpc-1", bind = "10.0.0.2" }
a3 = { zone = "za", vpc = "vpc-1", bind = "10.0.0.3" }
b3 = { zone = "zb", vpc = "vpc-1", bind = "10.0.0.3" }
c = { zone = "zc", vpc = "vpc-2", bind = "10.0.0.1" }
"#;

fn subnets(ids: &[&str]) -> String {
    let ids = (1..).zip(ids).map(|(index, id)| format!("&Subnets.member.{index}={id}"));
    ids.collect()
}

#[test]
fn subnets_that_a_load_balancer_cannot_be_in_are_refused() {
    let same_zone =
        "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
    let two_zones = "At least two subnets in two different Availability Zones must be specified";
    let unmapped = Cloud::new("[load_balancers.web]\nid = \"00000000000000a1\"\n");
    let mapped = Cloud::new(MAPPED);
    for (cloud, ids, code, text) in [
        (&unmapped, vec![], Code::ValidationError, "Value null at 'subnets'"),
        (&unmapped, vec!["x"], Code::ValidationError, two_zones),
        (&unmapped, vec!["x", "x"], Code::InvalidConfigurationRequest, same_zone),
        (&unmapped, vec!["x", ""], Code::SubnetNotFound, "The subnet ID '' does not exist"),
        (&unmapped, vec!["x", "a+b"], Code::SubnetNotFound, "The subnet ID 'a b' does not exist"),
        (&mapped, vec!["a1", "x"], Code::SubnetNotFound, "The subnet ID 'x' does not exist"),
        (&mapped, vec!["a1", "a2"], Code::InvalidConfigurationRequest, same_zone),
        (&mapped, vec!["a1", "c"], Code::InvalidConfigurationRequest, "same VPC: 'vpc-1'"),
        (&mapped, vec!["a1", "b2"], Code::InvalidSubnet, "'10.0.0.1' and '10.0.0.2'"),
        (&mapped, vec!["a3", "b3"], Code::InvalidSubnet, "'10.0.0.3', where port '80' of listener"),
    ] {
        let (found, message) = cloud.refusal(&format!("Action=SetSubnets&{ARN}{}", subnets(&ids)));
        assert_eq!(found, code, "{ids:?}");
        assert!(message.contains(text), "{ids:?}: {message}");
    }
}

#[test]
fn listeners_move_with_the_subnets_unless_a_person_put_them_elsewhere() {
    let cloud = Cloud::new(MAPPED);
    let edits = cloud.edits(&format!("Action=SetSubnets&{ARN}{}", subnets(&["a2", "b2"]))).unwrap();
    assert_eq!(
        edits,
        [
            "[load_balancers.web] subnets = [\"a2\", \"b2\"]",
            "[[listeners]] 10.0.0.1-80 name = \"10.0.0.1-80\"",
            "[[listeners]] 10.0.0.1-80 bind = \"10.0.0.2:80\"",
            "[[listeners]] web-443 bind = \"10.0.0.2:443\"",
        ]
    );
    let same = cloud.edits(&format!("Action=SetSubnets&{ARN}{}", subnets(&["b1", "a1"]))).unwrap();
    assert_eq!(same, [""; 0]);
}

#[test]
fn zones_are_those_of_the_map_or_one_for_each_subnet() {
    let zone = |zone: &str, subnet: &str| {
        format!(
            "<member><ZoneName>{zone}</ZoneName><SubnetId>{subnet}</SubnetId><LoadBalancerAddresses/></member>"
        )
    };
    let unmapped = "[load_balancers.web]\nsubnets = [\"x\", \"y\"]\n[aws]\nregion = \"eu-1\"\n";
    for (text, zones, vpc) in [
        (unmapped, [zone("eu-1a", "x"), zone("eu-1b", "y")], "vpc-00000000"),
        (MAPPED, [zone("za", "a1"), zone("zb", "b1")], "vpc-1"),
    ] {
        let xml = Cloud::new(text).call("Action=DescribeLoadBalancers&Names.member.1=web").unwrap();
        let zones = format!("<AvailabilityZones>{}</AvailabilityZones>", zones.concat());
        assert!(xml.contains(&zones), "{xml}");
        assert!(xml.contains(&format!("<VpcId>{vpc}</VpcId>")), "{xml}");
    }
}

#[test]
fn mappings_name_subnets_and_nothing_that_belongs_to_other_types() {
    let create = "Action=CreateLoadBalancer&Name=other";
    let mapping =
        |index: u8, subnet: &str| format!("&SubnetMappings.member.{index}.SubnetId={subnet}");
    let both = format!("{}{}", mapping(1, "a1"), mapping(2, "b1"));
    let cloud = Cloud::new(MAPPED);
    let edits = cloud.edits(&format!("{create}{both}")).unwrap();
    assert!(edits[0].contains("subnets = [\"a1\", \"b1\"]"), "{edits:?}");
    for member in ["AllocationId", "PrivateIPv4Address", "IPv6Address", "SourceNatIpv6Prefix"] {
        let form = format!("{create}{both}&SubnetMappings.member.1.{member}=x");
        let (code, message) = cloud.refusal(&form);
        assert_eq!(code, Code::InvalidConfigurationRequest, "{member}");
        assert!(message.contains(member), "{message}");
    }
    let (code, _) = cloud.refusal(&format!("{create}{both}{}", subnets(&["a1", "b1"])));
    assert_eq!(code, Code::ValidationError);
}

#[test]
fn security_groups_are_replaced_as_a_whole() {
    let cloud = Cloud::new(MAPPED);
    let form = |groups: &str| format!("Action=SetSecurityGroups&{ARN}{groups}");
    let edits = cloud.edits(&form("&SecurityGroups.member.1=sg-2&SecurityGroups.member.2=sg-2"));
    assert_eq!(edits.unwrap(), ["[load_balancers.web] security_groups = [\"sg-2\"]"]);
    assert_eq!(cloud.edits(&form("&SecurityGroups.member.1=sg-1")).unwrap(), [""; 0]);
    let private_link =
        "&SecurityGroups.member.1=sg-1&EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic=on";
    for (groups, code) in [
        ("", Code::ValidationError),
        ("&SecurityGroups=", Code::InvalidConfigurationRequest),
        ("&SecurityGroups.member.1=sg-9", Code::InvalidSecurityGroup),
        (private_link, Code::InvalidConfigurationRequest),
    ] {
        assert_eq!(cloud.refusal(&form(groups)).0, code, "{groups}");
    }
}

#[test]
fn the_kind_of_addresses_can_be_changed() {
    let mut cloud = Cloud::new(MAPPED);
    let form = |kind: &str| format!("Action=SetIpAddressType&{ARN}&IpAddressType={kind}");
    let edits = cloud.edits(&form("dualstack")).unwrap();
    assert_eq!(edits, ["[load_balancers.web] ip_address_type = \"dualstack\""]);
    assert_eq!(cloud.edits(&form("ipv4")).unwrap(), [""; 0]);
    assert_eq!(cloud.call(&form("ipv4")).unwrap(), "<IpAddressType>ipv4</IpAddressType>");
    let (code, message) = cloud.refusal(&form("internal"));
    assert_eq!(code, Code::ValidationError);
    assert_eq!(
        message,
        "1 validation error detected: Value 'internal' at 'ipAddressType' failed to satisfy constraint: \
         Member must satisfy enum value set: [ipv4, dualstack, dualstack-without-public-ipv4]"
    );
}
