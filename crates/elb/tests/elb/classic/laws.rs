//! What holds after any requests.

use clingfish_model::{Stickiness, elb::ClassicPolicy, stickiness::CookieStyle};
use proptest::prelude::*;

use super::*;

/// A request that may or may not be refused.
fn request() -> impl Strategy<Value = String> {
    let instance =
        prop::sample::select(vec!["i-1", "i-2", "i-9", "10.0.0.9", "fd00::9", "0.0.0.0"]);
    let policy = prop::sample::select(vec!["hour", "session", "java"]);
    let port = prop::sample::select(vec![80, 81, 443, 8000]);
    prop_oneof![
        instance.clone().prop_map(|id| of_old(
            "RegisterInstancesWithLoadBalancer",
            &format!("Instances.member.1.InstanceId={id}")
        )),
        instance.prop_map(|id| of_old(
            "DeregisterInstancesFromLoadBalancer",
            &format!("Instances.member.1.InstanceId={id}")
        )),
        (port.clone(), 3000..3002, any::<bool>()).prop_map(|(port, to, tls)| {
            let member = "Listeners.member.1";
            let protocol = if tls { "HTTPS" } else { "HTTP" };
            let certificate = if tls { format!("&{member}.SSLCertificateId={CERTIFICATE}") } else { String::new() };
            of_old("CreateLoadBalancerListeners", &format!(
                "{member}.Protocol={protocol}&{member}.LoadBalancerPort={port}&{member}.InstancePort={to}{certificate}"
            ))
        }),
        port.clone().prop_map(|port| of_old(
            "DeleteLoadBalancerListeners",
            &format!("LoadBalancerPorts.member.1={port}")
        )),
        (port, prop::option::of(policy.clone())).prop_map(|(port, policy)| {
            let names = policy.map_or("PolicyNames=".into(), |name| format!("PolicyNames.member.1={name}"));
            of_old("SetLoadBalancerPoliciesOfListener", &format!("LoadBalancerPort={port}&{names}"))
        }),
        Just(of_old("CreateLBCookieStickinessPolicy", "PolicyName=hour&CookieExpirationPeriod=3600")),
        Just(of_old("CreateLBCookieStickinessPolicy", "PolicyName=session")),
        Just(of_old("CreateAppCookieStickinessPolicy", "PolicyName=java&CookieName=JSESSIONID")),
        policy.prop_map(|name| of_old("DeleteLoadBalancerPolicy", &format!("PolicyName={name}"))),
        prop::sample::select(vec!["TCP:22", "HTTP:3000/", "HTTPS:3001/x?y"]).prop_map(|target| of_old(
            "ConfigureHealthCheck",
            &format!("HealthCheck.Target={target}&HealthCheck.Interval=10&HealthCheck.Timeout=5\
                      &HealthCheck.UnhealthyThreshold=2&HealthCheck.HealthyThreshold=3")
        )),
        (any::<bool>(), 1..3601).prop_map(|(is_on, seconds)| of_old(
            "ModifyLoadBalancerAttributes",
            &format!("LoadBalancerAttributes.ConnectionDraining.Enabled={is_on}\
                      &LoadBalancerAttributes.ConnectionDraining.Timeout={seconds}")
        )),
    ]
}

/// Every listener's group is what the load balancer says.
fn check(cloud: &Cloud) {
    let desired = cloud.desired();
    let old = desired.load_balancers.iter().find(|one| one.name.as_str() == "old").unwrap();
    let classic = old.classic.as_ref().unwrap();
    let own = desired.listeners.iter().filter(|one| one.load_balancer == old.name);
    let mut checks = Vec::new();
    for listener in own.clone() {
        let kept = listener.classic.as_ref().unwrap();
        let group = desired.target_group(listener.groups().next().unwrap()).unwrap();
        let ids: Vec<_> = group.targets.iter().map(|target| target.id.as_str()).collect();
        let port = kept.instance_port;
        let wanted = classic.instances.iter().map(|instance| match instance.contains("::") {
            true => format!("[{instance}]:{port}"),
            false => format!("{instance}:{port}"),
        });
        assert_eq!(ids, wanted.collect::<Vec<_>>(), "{}", cloud.text);
        let policy = kept.policies.first().map(|name| classic.policies.get(name).unwrap());
        match (policy, &group.stickiness) {
            (None, Stickiness::Off) => {}
            (Some(ClassicPolicy::AppCookie(name)), Stickiness::AppCookie(cookie)) => {
                assert_eq!(cookie.name.as_str(), name);
            }
            (Some(ClassicPolicy::LbCookie(seconds)), Stickiness::LbCookie(cookie)) => {
                let max_age = seconds.map(std::time::Duration::from_secs);
                assert_eq!(cookie.style, CookieStyle::Classic { max_age });
            }
            other => panic!("{other:?} in {}", cloud.text),
        }
        checks.push((group.health_check.clone(), group.deregistration_delay));
    }
    checks.dedup();
    assert!(checks.len() <= 1, "one health check for all: {}", cloud.text);
    let groups = desired.target_groups.iter().filter(|group| group.name.as_str() != "shop");
    assert_eq!(groups.count(), own.count(), "a group for each listener: {}", cloud.text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn groups_are_made_of_what_the_load_balancer_says(requests in prop::collection::vec(request(), 1..12)) {
        let mut cloud = Cloud::classic();
        for request in &requests {
            let before = cloud.described();
            match cloud.call(request) {
                Ok(_) => {}
                Err(_) => prop_assert_eq!(cloud.described(), before, "{} was refused", request),
            }
            check(&cloud);
        }
        cloud.old("DeleteLoadBalancer", "");
        prop_assert_eq!(&cloud.text, FILE);
    }
}
