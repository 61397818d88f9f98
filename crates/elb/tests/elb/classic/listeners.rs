//! Listeners, the groups that are made of them, and the instances in these.

use super::*;

#[test]
fn each_listener_has_a_group_with_every_instance_at_its_port() {
    let mut cloud = Cloud::classic();
    let edits = cloud.edits(&of_old(
        "RegisterInstancesWithLoadBalancer",
        "Instances.member.1.InstanceId=i-1&Instances.member.2.InstanceId=i-2&Instances.member.3.InstanceId=10.0.0.9\
         &Instances.member.4.InstanceId=fd00:0::9",
    ));
    assert_eq!(
        edits.unwrap(),
        [
            r#"[load_balancers.old] classic = { zones = ["a"], instances = ["i-1", "i-2", "10.0.0.9", "fd00::9"] }"#,
            r#"[target_groups.old-80] + { id = "i-1:3000", address = "10.0.0.7:3000" }"#,
            r#"[target_groups.old-80] + { id = "i-2:3000", address = "[fd00::2]:3000" }"#,
            r#"[target_groups.old-80] + "10.0.0.9:3000""#,
            r#"[target_groups.old-80] + "[fd00::9]:3000""#,
        ]
    );
    let all = "Instances.member.1.InstanceId=i-1&Instances.member.2.InstanceId=fd00::9";
    let answer = cloud.old("RegisterInstancesWithLoadBalancer", all);
    has(&answer, &["<Instances><member><InstanceId>i-1</InstanceId></member><member>"]);
    let again = cloud.edits(&of_old("RegisterInstancesWithLoadBalancer", all)).unwrap();
    assert!(again.is_empty(), "registered already: {again:?}");
    let second = HTTP.replace("Port=80", "Port=8080").replace("3000", "3001");
    let added = cloud.edits(&of_old("CreateLoadBalancerListeners", &second)).unwrap();
    assert!(
        added[0].starts_with("[target_groups.old-8080] new:")
            && added[0].contains(
                r#"targets = [{ id = "i-1:3001", address = "10.0.0.7:3001" }, "[fd00::9]:3001"]"#
            ),
        "{added:?}"
    );
    cloud.old("CreateLoadBalancerListeners", &second);
    let gone = cloud.edits(&of_old(
        "DeregisterInstancesFromLoadBalancer",
        "Instances.member.1.InstanceId=i-1&Instances.member.2.InstanceId=10.0.0.99",
    ));
    assert_eq!(
        gone.unwrap(),
        [
            r#"[load_balancers.old] classic = { zones = ["a"], instances = ["fd00::9"] }"#,
            "[target_groups.old-80] - i-1:3000",
            "[target_groups.old-8080] - i-1:3001",
        ]
    );
    let left = cloud.old("DeregisterInstancesFromLoadBalancer", all);
    assert_eq!(left, "<Instances/>");
}

#[test]
fn an_instance_that_the_file_knows_no_more_stays_where_it_is() {
    let mut cloud = Cloud::classic();
    cloud.old("RegisterInstancesWithLoadBalancer", "Instances.member.1.InstanceId=i-1");
    cloud.text = cloud.text.replace("i-1 = \"10.0.0.7\"\n", "");
    let second = HTTP.replace("Port=80", "Port=8080");
    cloud.old("CreateLoadBalancerListeners", &second);
    let targets = &cloud.desired().target_groups;
    let addresses: Vec<_> = targets
        .iter()
        .filter(|group| group.name.as_str().starts_with("old-"))
        .map(|group| group.targets[0].address.to_string())
        .collect();
    assert_eq!(addresses, ["10.0.0.7:3000", "10.0.0.7:3000"]);
}

#[test]
fn the_health_check_outlives_the_listeners() {
    let mut cloud = Cloud::classic();
    let check =
        "HealthCheck.Target=HTTP:3000/ping?a=b&HealthCheck.Interval=10&HealthCheck.Timeout=3\
         &HealthCheck.UnhealthyThreshold=4&HealthCheck.HealthyThreshold=2"
            .replace("a=b", "a%3Db");
    cloud.old("ConfigureHealthCheck", &check);
    cloud.old(
        "DeleteLoadBalancerListeners",
        "LoadBalancerPorts.member.1=80&LoadBalancerPorts.member.2=81",
    );
    assert!(!cloud.text.contains("old-80"), "{}", cloud.text);
    has(&cloud.described(), &["<Target>HTTP:3000/ping?a=b</Target><Interval>10</Interval>"]);
    cloud.old("CreateLoadBalancerListeners", HTTP);
    let desired = cloud.desired();
    let group = desired.target_groups.iter().find(|group| group.name.as_str() == "old-80").unwrap();
    assert_eq!(group.health_check.path, "/ping?a=b");
    assert_eq!(group.health_check.unhealthy_threshold, 4);
    assert_eq!(group.health_check.matcher.to_string(), "200");
}

#[test]
fn a_check_can_become_one_of_another_kind() {
    let mut cloud = Cloud::classic();
    let rest = "&HealthCheck.Interval=30&HealthCheck.Timeout=5&HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=10";
    for target in ["HTTPS:3000/x", "TCP:3000", "TCP:22", "HTTP:3000/"] {
        let answer =
            cloud.old("ConfigureHealthCheck", &format!("HealthCheck.Target={target}{rest}"));
        has(&answer, &[&format!("<Target>{target}</Target>")]);
        let again = format!("HealthCheck.Target={target}{rest}");
        let edits = cloud.edits(&of_old("ConfigureHealthCheck", &again)).unwrap();
        assert!(edits.is_empty(), "{target}: {edits:?}");
    }
}

#[test]
fn certificates_go_by_their_arns() {
    let mut cloud = Cloud::classic();
    let https = format!(
        "{}&Listeners.member.1.SSLCertificateId={CERTIFICATE}&Listeners.member.1.InstanceProtocol=HTTPS",
        HTTP.replace("=HTTP", "=HTTPS").replace("Port=80", "Port=443")
    );
    cloud.old("CreateLoadBalancerListeners", &https);
    assert!(cloud.edits(&of_old("CreateLoadBalancerListeners", &https)).unwrap().is_empty());
    has(&cloud.described(), &[&format!("<SSLCertificateId>{CERTIFICATE}</SSLCertificateId>")]);
    let other = CERTIFICATE.replace("/1", "/2");
    let edits = cloud.edits(&of_old(
        "SetLoadBalancerListenerSSLCertificate",
        &format!("LoadBalancerPort=443&SSLCertificateId={other}"),
    ));
    assert_eq!(
        edits.unwrap(),
        [format!("[[listeners]] old-443 certificates = [{{ arn = \"{other}\" }}]")]
    );
}

#[test]
fn names_of_others_stay_theirs() {
    let taken = "\n[target_groups.old-80]\ntargets = [\"10.0.0.1:1\"]\n\n[[listeners]]\nname = \"old-80\"\n\
         bind = \"127.0.0.1:9000\"\nforward = \"old-80\"\n";
    let mut cloud = Cloud::new(&format!("{FILE}{taken}"));
    cloud.old("CreateLoadBalancer", &format!("AvailabilityZones.member.1=a&{HTTP}"));
    let desired = cloud.desired();
    let own = desired.listeners.iter().find(|one| one.load_balancer.as_str() == "old").unwrap();
    assert_eq!(own.name.as_str(), "old-80-2");
    assert_eq!(own.groups().next().unwrap().as_str(), "old-80-2");
    cloud.old("DeleteLoadBalancer", "");
    assert_eq!(cloud.text, format!("{FILE}{taken}"));
}

#[test]
fn what_a_person_wrote_by_hand_is_shown_and_changed() {
    let by_hand = "\n[load_balancers.hand]\nclassic = { zones = [\"a\"], instances = [\"i-1\"], \
         policies = { one = { type = \"lb_cookie\", duration = \"1h\" } } }\n\n\
         [[listeners]]\nbind = \"127.0.0.1:9000\"\nload_balancer = \"hand\"\nforward = \"hand\"\n\
         classic = { instance_port = 3000, policies = [\"one\"] }\n\n\
         [target_groups.hand]\ntargets = [{ id = \"i-1:3000\", address = \"10.0.0.7:3000\", weight = 2 }]\n\
         health_check = false\nstickiness = { style = \"classic\", duration = \"1h\" } # ours\nslow_start = \"0s\"\n";
    let mut cloud = Cloud::new(&format!("{FILE}{by_hand}"));
    let of_hand =
        |action: &str, members: &str| form(action, &format!("LoadBalancerName=hand&{members}"));
    let shown = cloud.call(&form("DescribeLoadBalancers", "")).unwrap();
    has(
        &shown,
        &[
            "<Target>HTTP:3000/</Target><Interval>10</Interval>",
            "<PolicyNames><member>one</member>",
        ],
    );
    let check = "HealthCheck.Target=TCP:3000&HealthCheck.Interval=10&HealthCheck.Timeout=5\
         &HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3";
    cloud.call(&of_hand("ConfigureHealthCheck", check)).unwrap();
    cloud
        .call(&of_hand("SetLoadBalancerPoliciesOfListener", "LoadBalancerPort=9000&PolicyNames="))
        .unwrap();
    cloud
        .call(&of_hand("RegisterInstancesWithLoadBalancer", "Instances.member.1.InstanceId=i-2"))
        .unwrap();
    let desired = cloud.desired();
    let group = desired.target_groups.iter().find(|group| group.name.as_str() == "hand").unwrap();
    assert!(group.health_check.enabled);
    assert_eq!(group.health_check.healthy_threshold, 3);
    assert_eq!(group.stickiness, clingfish_model::Stickiness::Off);
    assert_eq!(group.targets[0].weight.value(), 2);
    assert_eq!(group.targets.len(), 2);
}
