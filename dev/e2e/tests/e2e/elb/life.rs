//! A web service from its creation to its end, by boto3.

use clingfish_testkit::{Port, RawClient, Response, Target};
use serde_json::json;

use super::{Cloud, forward, ids, pairs, visitor::Visitor};
use crate::support::mirror;

const STICKY: [(&str, &str); 3] = [
    ("stickiness.enabled", "true"),
    ("stickiness.type", "lb_cookie"),
    ("stickiness.lb_cookie.duration_seconds", "3600"),
];

#[test]
fn boto3_drives_the_whole_life_of_a_sticky_web_service() {
    let (a, b, port) = (mirror("a"), mirror("b"), Port::reserve());
    let mut cloud = Cloud::start();
    let balancer = cloud.balancer("web");
    cloud.elb.wait("load_balancer_available", json!({"LoadBalancerArns": [balancer]}));
    let group = cloud.group("app", &[&a, &b]);
    let listener = cloud.listener(&balancer, &port, forward(&group));
    cloud.in_service(&group);
    assert_eq!(Visitor::new(port.address()).homes(), ["a", "b"]);

    cloud.set(&group, &STICKY);
    let mut visitor = Visitor::new(port.address());
    let home = visitor.stays();
    assert_eq!(visitor.cookies(), ["AWSALB", "AWSALBCORS"]);
    let mut stranger = Visitor::new(port.address());
    assert_ne!(stranger.stays(), home, "whoever is new gets the next target");

    let idle = pairs(&[("idle_timeout.timeout_seconds", "30")]);
    let with = json!({"LoadBalancerArn": balancer, "Attributes": idle});
    let changed = cloud.elb.call("modify_load_balancer_attributes", with);
    let changed = changed["Attributes"].as_array().unwrap();
    assert!(changed.contains(&idle[0]) && changed.len() > 10, "{changed:?}");

    cloud.set(&group, &[("deregistration_delay.timeout_seconds", "0")]);
    let (gone, stays) = if home == "a" { (&a, "b") } else { (&b, "a") };
    let leaving = json!({"TargetGroupArn": group, "Targets": ids(&[gone])});
    cloud.elb.call("deregister_targets", leaving.clone());
    cloud.elb.wait("target_deregistered", leaving);
    assert_eq!(visitor.stays(), stays, "those of a target that leaves move");

    let in_use = cloud.elb.refused("delete_target_group", json!({"TargetGroupArn": group}));
    assert_eq!(in_use.class, "ResourceInUseException", "{in_use:?}");
    cloud.elb.call("delete_listener", json!({"ListenerArn": listener}));
    assert!(RawClient::connect(port.address()).is_err(), "the listener is gone with the answer");
    cloud.elb.call("delete_target_group", json!({"TargetGroupArn": group}));
    cloud.elb.call("delete_load_balancer", json!({"LoadBalancerArn": balancer}));
    cloud.elb.wait("load_balancers_deleted", json!({"LoadBalancerArns": [balancer]}));
    assert_eq!(cloud.file(), cloud.before, "nothing of it is left in the file");
}

#[test]
fn a_draining_target_finishes_what_it_has_and_gets_nothing_new() {
    let (a, b, port) = (Target::start("a"), Target::start("b"), Port::reserve());
    let mut cloud = Cloud::start();
    let group = cloud.service(&port, &[&a, &b]);
    cloud.set(&group, &[STICKY[0], ("deregistration_delay.timeout_seconds", "60")]);
    let mut visitor = Visitor::new(port.address());
    let named = |answer: &Response| answer.json()["target"].as_str().unwrap().to_owned();
    let home = named(&visitor.visit("/", &[]));
    let leaving = if home == "a" { &a } else { &b };
    let before = leaving.count();
    let mut request = visitor.start("/slow?bytes=20&ms=50", &[]);
    leaving.wait_requests(before + 1);
    let with = json!({"TargetGroupArn": group, "Targets": ids(&[leaving])});
    cloud.elb.call("deregister_targets", with.clone());
    let health = cloud.elb.call("describe_target_health", with);
    let health = &health["TargetHealthDescriptions"][0]["TargetHealth"];
    assert_eq!(health["State"], "draining");
    assert_eq!(health["Reason"], "Target.DeregistrationInProgress");
    assert_ne!(named(&visitor.visit("/", &[])), home, "sticky or not");
    let answer = request.read_final_response().unwrap();
    assert_eq!((answer.status, answer.text().len()), (200, 20), "{answer:?}");
}
