//! The stickiness that AWS's clients switch on, as clients of the service see it.

use std::collections::BTreeSet;

use clingfish_testkit::Port;
use serde_json::json;

use super::{Cloud, FILE, forward, text, visitor::Visitor};
use crate::support::{mirror, targets};

const ON: (&str, &str) = ("stickiness.enabled", "true");
const OFF: (&str, &str) = ("stickiness.enabled", "false");

/// The exercise of every course about load balancers, without its minutes of waiting.
#[test]
fn stickiness_of_a_running_target_group_acts_on_the_very_next_request() {
    let (a, b, port) = (mirror("a"), mirror("b"), Port::reserve());
    let mut cloud = Cloud::start();
    let group = cloud.service(&port, &[&a, &b]);
    let mut visitor = Visitor::new(port.address());
    for _ in 0..3 {
        assert_eq!(visitor.homes(), ["a", "b"]);
        assert_eq!(visitor.cookies(), [""; 0]);
        cloud.set(&group, &[ON, ("stickiness.type", "lb_cookie")]);
        visitor.stays();
        assert_eq!(visitor.cookies(), ["AWSALB", "AWSALBCORS"]);
        cloud.set(&group, &[OFF]);
        assert_eq!(visitor.homes(), ["a", "b"], "cookies of yesterday hold nobody");
        visitor.jar.clear();
    }
}

#[test]
fn a_group_that_a_person_wrote_becomes_sticky_and_keeps_all_that_was_written() {
    let (a, b) = (mirror("a"), mirror("b"));
    let own = format!(
        "# Ask Ana before you change this.\n[target_groups.shop]\n{} # in the rack\nhealth_check = false # not yet\n\n\
         # For everybody.\n[[listeners]]\nname = \"web\" # the only one\nbind = \"127.0.0.1:0\"\nforward = \"shop\"\n",
        targets(&[("a", &a), ("b", &b)])
    );
    let mut cloud = Cloud::with(&format!("{FILE}\n{own}"));
    let with = json!({"Names": ["shop"]});
    let found = cloud.elb.call("describe_target_groups", with);
    let group = text(&found["TargetGroups"][0]["TargetGroupArn"]);
    let mut visitor = Visitor::new(cloud.clingfish.listener("web"));
    assert_eq!(visitor.homes(), ["a", "b"]);
    cloud.set(&group, &[ON, ("stickiness.lb_cookie.duration_seconds", "60")]);
    visitor.stays();
    assert_eq!(visitor.cookies(), ["AWSALB", "AWSALBCORS"]);
    cloud.set(&group, &[OFF]);
    assert_eq!(visitor.homes(), ["a", "b"]);
    let file = cloud.file();
    let mut rest = file.lines();
    for line in cloud.before.lines() {
        assert!(rest.any(|kept| kept == line), "{line:?} is not in its place in:\n{file}");
    }
}

#[test]
fn an_application_cookie_binds_those_who_have_it() {
    let (a, b, port) = (mirror("a"), mirror("b"), Port::reserve());
    let mut cloud = Cloud::start();
    let group = cloud.service(&port, &[&a, &b]);
    cloud.set(
        &group,
        &[ON, ("stickiness.type", "app_cookie"), ("stickiness.app_cookie.cookie_name", "sid")],
    );
    let shards = ["AWSALBAPP-0", "AWSALBAPP-1", "AWSALBAPP-2", "AWSALBAPP-3"];
    let mut visitor = Visitor::new(port.address());
    assert_eq!(visitor.homes(), ["a", "b"], "no session yet");
    assert_eq!(visitor.cookies(), shards);
    assert_eq!(visitor.jar["AWSALBAPP-0"], "_remove_");
    let login = visitor.visit("/", &["Answer-Set-Cookie: sid=17; Path=/"]);
    assert_ne!(visitor.jar["AWSALBAPP-0"], "_remove_");
    assert_eq!(visitor.stays(), login.text());
    visitor.jar.remove("sid");
    assert_eq!(visitor.homes(), ["a", "b"], "both cookies or none");
}

#[test]
fn weighted_groups_keep_their_clients_by_group_stickiness() {
    let targets = ["blue-1", "blue-2", "green-1", "green-2"].map(mirror);
    let [b1, b2, g1, g2] = &targets;
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let balancer = cloud.balancer("web");
    let (blue, green) = (cloud.group("blue", &[b1, b2]), cloud.group("green", &[g1, g2]));
    let weighted = |of_blue: u16, of_green: u16| {
        json!({"Type": "forward", "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": blue, "Weight": of_blue},
                {"TargetGroupArn": green, "Weight": of_green},
            ],
            "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 600},
        }})
    };
    let listener = cloud.listener(&balancer, &port, weighted(1, 1));
    for group in [&blue, &green] {
        cloud.in_service(group);
        cloud.set(group, &[ON]);
    }
    let mut visitors: Vec<Visitor> = (0..12).map(|_| Visitor::new(port.address())).collect();
    let homes: Vec<String> = visitors.iter_mut().map(Visitor::home).collect();
    let found: BTreeSet<&str> = homes.iter().map(String::as_str).collect();
    assert_eq!(found.len(), 4, "{homes:?}");
    let four = ["AWSALB", "AWSALBCORS", "AWSALBTG", "AWSALBTGCORS"];
    assert_eq!(visitors[0].cookies(), four);
    let with = json!({"ListenerArn": listener, "DefaultActions": [weighted(0, 1)]});
    cloud.elb.call("modify_listener", with);
    for (visitor, home) in visitors.iter_mut().zip(&homes) {
        assert_eq!(&visitor.stays(), home, "weights are for those who are new");
        let newcomer = Visitor::new(port.address()).home();
        assert!(newcomer.starts_with("green"), "{newcomer}");
    }
}

#[test]
fn groups_that_share_a_listener_without_group_stickiness_cannot_be_sticky() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let balancer = cloud.balancer("web");
    let (blue, green) = (cloud.group("blue", &[]), cloud.group("green", &[]));
    let both =
        json!([{"TargetGroupArn": blue, "Weight": 1}, {"TargetGroupArn": green, "Weight": 1}]);
    let action = json!({"Type": "forward", "ForwardConfig": {"TargetGroups": both}});
    let listener = cloud.listener(&balancer, &port, action);
    let with = json!({"TargetGroupArn": blue, "Attributes": [{"Key": ON.0, "Value": ON.1}]});
    let refused = cloud.elb.refused("modify_target_group_attributes", with.clone());
    assert_eq!(refused.class, "InvalidConfigurationRequestException");
    let start = "This target group appears behind a rule with group stickiness disabled (";
    assert!(refused.message.starts_with(start), "{refused:?}");
    let with_default = json!({"ListenerArn": listener, "DefaultActions": [forward(&blue)]});
    cloud.elb.call("modify_listener", with_default);
    cloud.elb.call("modify_target_group_attributes", with);
}
