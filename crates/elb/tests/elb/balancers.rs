//! Load balancers are created, described and deleted.

use clingfish_elb::Code;

use crate::support::{Cloud, HOST_NAME};

const ARN: &str = "arn:aws:elasticloadbalancing:local:000000000000:loadbalancer/app";
const CREATE: &str =
    "Action=CreateLoadBalancer&Name=web&Subnets.member.1=subnet-1&Subnets.member.2=subnet-2";

/// What a creation by [`CREATE`] leaves.
const WEB: &str = r#"
[load_balancers.web]
id = "00000000000000a1"
created = 2026-11-28T14:00:00.123Z
scheme = "internet-facing"
subnets = ["subnet-1", "subnet-2"]
preserve_host_header = false
"#;

#[test]
fn what_is_created_is_written_with_all_that_alb_does_otherwise() {
    let form = format!(
        "{CREATE}&Scheme=internal&SecurityGroups.member.1=sg-1&IpAddressType=dualstack&Type=application\
         &Tags.member.1.Key=team&Tags.member.1.Value=shop"
    );
    let id = clingfish_model::ResourceId::derive("app", "web/1795874400123");
    assert_eq!(
        Cloud::new("").edits(&form).unwrap(),
        [format!(
            "[load_balancers.web] new: id = \"{id}\", created = 2026-11-28T14:00:00.123Z, scheme = \"internal\", \
             subnets = [\"subnet-1\", \"subnet-2\"], security_groups = [\"sg-1\"], ip_address_type = \"dualstack\", \
             preserve_host_header = false, tags = {{ team = \"shop\" }}"
        )]
    );
}

#[test]
fn the_one_that_is_always_there_can_be_made_too() {
    for text in ["", "[load_balancers.default]\n"] {
        let edits = Cloud::new(text).edits(&CREATE.replace("=web", "=default")).unwrap();
        assert_eq!(edits.len(), 7, "{text}");
        assert_eq!(edits[6], "[load_balancers.default] preserve_host_header = false");
    }
}

#[test]
fn a_load_balancer_is_provisioning_when_it_is_made_and_active_from_then_on() {
    let mut cloud = Cloud::new("[admin]\n");
    let created = cloud.call(CREATE).unwrap();
    assert!(created.contains("<State><Code>provisioning</Code></State>"), "{created}");
    let described = cloud.call("Action=DescribeLoadBalancers&Names.member.1=web").unwrap();
    let active = "<State><Code>active</Code></State>";
    assert!(described.contains(active), "{described}");
    let again = cloud.call(CREATE).unwrap();
    assert_eq!(again, described, "the same again is what is there");
    assert_eq!(created.replace("provisioning", "active"), described);
}

#[test]
fn the_same_name_with_other_settings_is_a_duplicate() {
    let cloud = Cloud::new(WEB);
    for other in [
        "&Scheme=internal",
        "&IpAddressType=dualstack",
        "&SecurityGroups.member.1=sg-1",
        "&Tags.member.1.Key=a",
        "&Subnets.member.3=subnet-3",
    ] {
        let message =
            "A load balancer with the same name 'web' exists, but with different settings";
        let refusal = cloud.refusal(&format!("{CREATE}{other}"));
        assert_eq!(refusal, (Code::DuplicateLoadBalancerName, message.into()), "{other}");
    }
    let turned = CREATE.replace("subnet-1", "subnet-x").replace("subnet-2", "subnet-1");
    let turned = turned.replace("subnet-x", "subnet-2");
    assert_eq!(cloud.edits(&turned).unwrap(), [""; 0], "the order of subnets is no setting");
    let classic = Cloud::new("[load_balancers.web.classic]\n");
    assert_eq!(classic.refusal(CREATE).0, Code::DuplicateLoadBalancerName);
}

#[test]
fn names_are_those_that_aws_allows() {
    let long = "x".repeat(33);
    for (name, text) in [
        ("", "A load balancer name must be specified"),
        (&long, "cannot be longer than '32' characters"),
        ("a_b", "can only contain characters that are alphanumeric characters and hyphens(-)"),
        ("-a", "cannot begin or end with a hyphen(-)"),
        ("a-", "cannot begin or end with a hyphen(-)"),
        ("internal-web", "cannot begin with 'internal-'"),
    ] {
        let (code, message) = Cloud::new("").refusal(&CREATE.replace("=web", &format!("={name}")));
        assert_eq!(code, Code::ValidationError, "{name}");
        assert!(message.contains(text), "{name}: {message}");
    }
    let most = CREATE.replace("=web", &format!("={}", "x".repeat(32)));
    assert_eq!(Cloud::new("").edits(&most).unwrap().len(), 1);
}

#[test]
fn what_would_not_act_is_refused() {
    for (member, code, text) in [
        ("Type=network", Code::OperationNotPermitted, "type 'network' are not supported"),
        ("Type=gateway", Code::OperationNotPermitted, "type 'gateway' are not supported"),
        ("Type=x", Code::ValidationError, "enum value set: [application, network, gateway]"),
        ("Scheme=x", Code::ValidationError, "enum value set: [internet-facing, internal]"),
        ("IpAddressType=ipv6", Code::ValidationError, "'ipAddressType' failed"),
        (
            "Scheme=internal&IpAddressType=dualstack-without-public-ipv4",
            Code::InvalidConfigurationRequest,
            "only supported on load balancers with scheme 'internet-facing'",
        ),
        ("CustomerOwnedIpv4Pool=x", Code::InvalidConfigurationRequest, "'CustomerOwnedIpv4Pool'"),
        ("IpamPools.Ipv4IpamPoolId=x", Code::InvalidConfigurationRequest, "'IpamPools'"),
        ("EnablePrefixForIpv6SourceNat=on", Code::InvalidConfigurationRequest, "SourceNat"),
        ("Color=red", Code::InvalidQueryParameter, "Color"),
    ] {
        let (found, message) = Cloud::new("").refusal(&format!("{CREATE}&{member}"));
        assert_eq!(found, code, "{member}");
        assert!(message.contains(text), "{member}: {message}");
    }
}

#[test]
fn what_a_person_wrote_is_shown_and_what_is_only_implied_is_not() {
    let group = "[target_groups.shop]\ntargets = [\"127.0.0.1:3000\"]\n";
    let listener = "[[listeners]]\nbind = \"127.0.0.1:80\"\nforward = \"shop\"\n";
    for (text, names) in [
        (String::new(), vec![]),
        (format!("{listener}{group}"), vec!["default"]),
        ("[load_balancers.default]\nidle_timeout = \"2m\"\n".into(), vec!["default"]),
        ("[load_balancers.b]\n[load_balancers.a]\n".into(), vec!["a", "b"]),
        ("[load_balancers.web.classic]\n".into(), vec![]),
    ] {
        let xml = Cloud::new(&text).call("Action=DescribeLoadBalancers").unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|name| format!("<LoadBalancerName>{name}</LoadBalancerName>"))
            .collect();
        assert_eq!(xml.matches("<LoadBalancerName>").count(), names.len(), "{text}");
        for name in names {
            assert!(xml.contains(&name), "{text}: {xml}");
        }
    }
}

#[test]
fn an_answer_has_every_member_that_programs_read() {
    let id = clingfish_model::ResourceId::derive("app", "own");
    let text = "[load_balancers.own]\n[aws]\nregion = \"eu-1\"\n";
    let xml = Cloud::new(text).call("Action=DescribeLoadBalancers").unwrap();
    let arn = format!("arn:aws:elasticloadbalancing:eu-1:000000000000:loadbalancer/app/own/{id}");
    let zone = xml.split("<CanonicalHostedZoneId>").nth(1).unwrap().split('<').next().unwrap();
    assert!(zone.starts_with('Z') && zone.len() == 14, "{zone}");
    assert_eq!(
        xml,
        format!(
            "<LoadBalancers><member><LoadBalancerArn>{arn}</LoadBalancerArn><DNSName>{HOST_NAME}</DNSName>\
             <CanonicalHostedZoneId>{zone}</CanonicalHostedZoneId><CreatedTime>1970-01-01T00:00:00.000Z</CreatedTime>\
             <LoadBalancerName>own</LoadBalancerName><Scheme>internet-facing</Scheme><VpcId>vpc-00000000</VpcId>\
             <State><Code>active</Code></State><Type>application</Type><AvailabilityZones/><SecurityGroups/>\
             <IpAddressType>ipv4</IpAddressType></member></LoadBalancers>"
        )
    );
}

#[test]
fn any_region_that_the_file_may_have_is_one_for_arns() {
    for region in ["x", &"r".repeat(64), "-"] {
        let text = format!("[load_balancers.a]\n[aws]\nregion = \"{region}\"\n");
        let xml = Cloud::new(&text).call("Action=DescribeLoadBalancers").unwrap();
        assert!(xml.contains(&format!("arn:aws:elasticloadbalancing:{region}:")), "{xml}");
    }
}

#[test]
fn the_dns_name_is_the_nearest_that_was_set() {
    for (text, name) in [
        ("[load_balancers.a]\n", HOST_NAME),
        ("[load_balancers.a]\n[aws]\ndns_name = \"lb.example\"\n", "lb.example"),
        (
            "[load_balancers.a]\ndns_name = \"a.example\"\n[aws]\ndns_name = \"lb.example\"\n",
            "a.example",
        ),
    ] {
        let xml = Cloud::new(text).call("Action=DescribeLoadBalancers").unwrap();
        assert!(xml.contains(&format!("<DNSName>{name}</DNSName>")), "{text}: {xml}");
    }
}

#[test]
fn a_load_balancer_that_is_not_there_is_not_found() {
    let cloud = Cloud::new(WEB);
    let gone = format!("{ARN}/gone/0000000000000000");
    let (code, message) =
        cloud.refusal(&format!("Action=DescribeLoadBalancers&LoadBalancerArns.member.1={gone}"));
    assert_eq!(
        (code, message),
        (Code::LoadBalancerNotFound, format!("Load balancers '[{gone}]' not found"))
    );
    let names = "Names.member.1=web&Names.member.2=gone";
    let (code, message) = cloud.refusal(&format!("Action=DescribeLoadBalancers&{names}"));
    assert_eq!(code, Code::LoadBalancerNotFound);
    assert_eq!(message, "Load balancers '[gone]' not found");
    let both = format!("{names}&LoadBalancerArns.member.1={gone}");
    let (code, _) = cloud.refusal(&format!("Action=DescribeLoadBalancers&{both}"));
    assert_eq!(code, Code::ValidationError);
}

#[test]
fn a_page_of_load_balancers_says_where_the_next_begins() {
    let mut cloud = Cloud::new("[load_balancers.b]\n[load_balancers.a]\n");
    let first = cloud.call("Action=DescribeLoadBalancers&PageSize=1").unwrap();
    assert!(first.contains("<LoadBalancerName>a</LoadBalancerName>"), "{first}");
    let marker = first.split("<NextMarker>").nth(1).unwrap().split('<').next().unwrap();
    let form = format!("Action=DescribeLoadBalancers&PageSize=1&Marker={marker}");
    let second = cloud.call(&form).unwrap();
    assert!(second.contains("<LoadBalancerName>b</LoadBalancerName>"), "{second}");
    assert!(!second.contains("NextMarker"), "{second}");
}

#[test]
fn a_load_balancer_takes_its_listeners_with_it_and_leaves_groups() {
    let listeners = r#"
[[listeners]]
bind = "127.0.0.1:80"
load_balancer = "web"
forward = "shop"

[[listeners]]
name = "other"
bind = "127.0.0.1:81"
forward = "shop"

[target_groups.shop]
targets = ["127.0.0.1:3000"]
"#;
    let cloud = Cloud::new(&format!("{WEB}{listeners}"));
    let delete =
        |arn: &str| cloud.edits(&format!("Action=DeleteLoadBalancer&LoadBalancerArn={arn}"));
    assert_eq!(
        delete(&format!("{ARN}/web/00000000000000a1")).unwrap(),
        ["[[listeners]] 127.0.0.1-80 gone", "[load_balancers.web] gone"]
    );
    let implied = clingfish_model::ResourceId::derive("app", "default");
    assert_eq!(
        delete(&format!("{ARN}/default/{implied}")).unwrap(),
        ["[[listeners]] other gone"],
        "there is no table to take away"
    );
    assert_eq!(delete(&format!("{ARN}/gone/0000000000000000")).unwrap(), [""; 0]);
    assert_eq!(delete("web").unwrap_err().code, Code::ValidationError);
}

#[test]
fn deletion_protection_protects() {
    let cloud = Cloud::new(&format!(
        "{WEB}attributes = {{ \"deletion_protection.enabled\" = \"true\" }}\n"
    ));
    let arn = format!("{ARN}/web/00000000000000a1");
    let message =
        format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
    let refusal = cloud.refusal(&format!("Action=DeleteLoadBalancer&LoadBalancerArn={arn}"));
    assert_eq!(refusal, (Code::OperationNotPermitted, message));
}

#[test]
fn no_capacity_is_reserved() {
    let mut cloud = Cloud::new(WEB);
    let arn = format!("LoadBalancerArn={ARN}/web/00000000000000a1");
    let described = cloud.call(&format!("Action=DescribeCapacityReservation&{arn}")).unwrap();
    assert!(described.contains("<Code>provisioned</Code>"), "{described}");
    assert!(!described.contains("MinimumLoadBalancerCapacity"), "{described}");
    let reset = format!("Action=ModifyCapacityReservation&{arn}&ResetCapacityReservation=true");
    assert_eq!(cloud.call(&reset).unwrap(), described);
    let units = "MinimumLoadBalancerCapacity.CapacityUnits=100";
    for (members, code) in [
        (units.to_owned(), Code::OperationNotPermitted),
        (format!("{units}&ResetCapacityReservation=true"), Code::ValidationError),
        (String::new(), Code::ValidationError),
    ] {
        let form = format!("Action=ModifyCapacityReservation&{arn}&{members}");
        assert_eq!(cloud.refusal(form.trim_end_matches('&')).0, code, "{members}");
    }
}
