//! The Classic API, by boto3's client of that name.

use std::net::Ipv4Addr;

use clingfish_testkit::{Clingfish, Port, RawClient, Target};
use serde_json::{Value, json};

use super::{FILE, boto::Boto, visitor::Visitor};
use crate::support::mirror_at;

/// One instance that goes by its address, and one by its id: what Classic load balancers know is one port of all of them.
struct Fleet {
    targets: [Target; 2],
    port: Port,
}

const BY_ADDRESS: &str = "127.0.0.1";
const BY_ID: &str = "i-00000000000000002";

impl Fleet {
    fn start() -> Self {
        let port = Port::reserve();
        let at = |last: u8, name: &str| {
            mirror_at((Ipv4Addr::new(127, 0, 0, last), port.number()).into(), name)
        };
        Self { targets: [at(1, "a"), at(2, "b")], port }
    }
}

fn instances(ids: &[&str]) -> Vec<Value> {
    ids.iter().map(|id| json!({"InstanceId": id})).collect()
}

/// A Clingfish that knows the instance, boto3 for it, and what the file says.
#[track_caller]
fn cloud() -> (Clingfish, Boto, String) {
    let clingfish = Clingfish::start(&format!("{FILE}instances = {{ {BY_ID} = \"127.0.0.2\" }}\n"));
    let elb = Boto::with(&clingfish, json!({"service": "elb"}));
    let before = std::fs::read_to_string(clingfish.config_path()).unwrap();
    (clingfish, elb, before)
}

/// Creates the load balancer `web` before the fleet, with both in service.
#[track_caller]
fn create(elb: &mut Boto, port: &Port, fleet: &Fleet) {
    let listener = json!({
        "Protocol": "HTTP", "LoadBalancerPort": port.number(),
        "InstanceProtocol": "HTTP", "InstancePort": fleet.port.number(),
    });
    let with =
        json!({"LoadBalancerName": "web", "Listeners": [listener], "AvailabilityZones": ["a"]});
    elb.call("create_load_balancer", with);
    let check = json!({
        "Target": format!("HTTP:{}/", fleet.port.number()),
        "Interval": 5, "Timeout": 2, "HealthyThreshold": 2, "UnhealthyThreshold": 2,
    });
    elb.call("configure_health_check", json!({"LoadBalancerName": "web", "HealthCheck": check}));
    let both = json!({"LoadBalancerName": "web", "Instances": instances(&[BY_ADDRESS, BY_ID])});
    elb.call("register_instances_with_load_balancer", both.clone());
    elb.wait("instance_in_service", both);
}

#[track_caller]
fn apply(elb: &mut Boto, port: &Port, policies: &[&str]) {
    let with = json!({
        "LoadBalancerName": "web", "LoadBalancerPort": port.number(), "PolicyNames": policies,
    });
    elb.call("set_load_balancer_policies_of_listener", with);
}

#[test]
fn a_classic_load_balancer_lives_sticks_and_goes() {
    let (fleet, port) = (Fleet::start(), Port::reserve());
    let (clingfish, mut elb, before) = cloud();
    create(&mut elb, &port, &fleet);
    let mut visitor = Visitor::new(port.address());
    assert_eq!(visitor.homes(), ["a", "b"]);
    assert_eq!(visitor.cookies(), [""; 0]);
    let policy =
        json!({"LoadBalancerName": "web", "PolicyName": "sticky", "CookieExpirationPeriod": 600});
    elb.call("create_lb_cookie_stickiness_policy", policy.clone());
    assert_eq!(visitor.homes(), ["a", "b"], "no listener uses it yet");
    apply(&mut elb, &port, &["sticky"]);
    let first = visitor.visit("/", &[]);
    let cookie = first.header_values("set-cookie").find(|line| line.starts_with("AWSELB="));
    assert!(cookie.is_some_and(|line| line.ends_with(";PATH=/;MAX-AGE=600")), "{cookie:?}");
    assert_eq!(visitor.stays(), first.text());
    assert_eq!(visitor.cookies(), ["AWSELB", "AWSELBCORS"]);
    let twice = elb.refused("create_lb_cookie_stickiness_policy", policy);
    assert_eq!((twice.code.as_str(), twice.status), ("DuplicatePolicyName", 400));
    let in_use = json!({"LoadBalancerName": "web", "PolicyName": "sticky"});
    let in_use = elb.refused("delete_load_balancer_policy", in_use);
    assert_eq!((in_use.code.as_str(), in_use.status), ("InvalidConfigurationRequest", 409));

    let shown = elb.call("describe_load_balancers", json!({"LoadBalancerNames": ["web"]}));
    let shown = &shown["LoadBalancerDescriptions"][0];
    assert_eq!(shown["Instances"], json!(instances(&[BY_ADDRESS, BY_ID])));
    assert_eq!(shown["ListenerDescriptions"][0]["PolicyNames"], json!(["sticky"]));
    let listed = json!([{"PolicyName": "sticky", "CookieExpirationPeriod": 600}]);
    assert_eq!(shown["Policies"]["LBCookieStickinessPolicies"], listed);

    apply(&mut elb, &port, &[]);
    assert_eq!(visitor.homes(), ["a", "b"], "cookies of yesterday hold nobody");
    elb.call("delete_load_balancer", json!({"LoadBalancerName": "web"}));
    assert!(RawClient::connect(port.address()).is_err());
    let gone = elb.refused("describe_load_balancers", json!({"LoadBalancerNames": ["web"]}));
    assert_eq!((gone.code.as_str(), gone.status), ("LoadBalancerNotFound", 400));
    assert_eq!(std::fs::read_to_string(clingfish.config_path()).unwrap(), before);
    drop(fleet.targets);
}

#[test]
fn the_applications_cookie_decides_how_long_awselb_holds() {
    let (fleet, port) = (Fleet::start(), Port::reserve());
    let (_clingfish, mut elb, _) = cloud();
    create(&mut elb, &port, &fleet);
    let policy = json!({"LoadBalancerName": "web", "PolicyName": "app", "CookieName": "sid"});
    elb.call("create_app_cookie_stickiness_policy", policy);
    apply(&mut elb, &port, &["app"]);
    let mut visitor = Visitor::new(port.address());
    assert_eq!(visitor.homes(), ["a", "b"]);
    assert_eq!(visitor.cookies(), [""; 0], "none before the application gives one");
    let login = visitor.visit("/", &["Answer-Set-Cookie: sid=17; Path=/; HttpOnly"]);
    let cookie = login.header_values("set-cookie").find(|line| line.starts_with("AWSELB="));
    let cookie = cookie.expect("it follows the application's").to_ascii_lowercase();
    assert!(cookie.contains("httponly"), "{cookie}");
    assert_eq!(visitor.stays(), login.text());
    assert!(visitor.visit("/", &[]).header("set-cookie").is_none(), "none without a new one");
    visitor.jar.remove("sid");
    assert_eq!(visitor.homes(), ["a", "b"]);
}

#[test]
fn an_instance_that_is_deregistered_gets_nothing_more() {
    let (fleet, port) = (Fleet::start(), Port::reserve());
    let (_clingfish, mut elb, _) = cloud();
    create(&mut elb, &port, &fleet);
    let leaves = json!({"LoadBalancerName": "web", "Instances": instances(&[BY_ID])});
    elb.call("deregister_instances_from_load_balancer", leaves.clone());
    elb.wait("instance_deregistered", leaves);
    assert_eq!(Visitor::new(port.address()).homes(), ["a"]);
    let unknown = json!({"LoadBalancerName": "web", "Instances": instances(&["i-9"])});
    let refused = elb.refused("register_instances_with_load_balancer", unknown);
    assert_eq!((refused.code.as_str(), refused.status), ("InvalidInstance", 400));
}
