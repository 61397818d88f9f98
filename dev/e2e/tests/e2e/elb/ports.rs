//! Ports of listeners that the API opens.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use clingfish_testkit::{Port, RawClient};
use serde_json::{Value, json};

use super::{Cloud, FILE, boto::Refused, forward, text};

fn says(word: &str) -> Value {
    json!({"Type": "fixed-response", "FixedResponseConfig": {
        "StatusCode": "200", "ContentType": "text/plain", "MessageBody": word,
    }})
}

/// What comes of a listener on a port that it cannot have.
#[track_caller]
fn refused(cloud: &mut Cloud, balancer: &str, port: u16) -> Refused {
    let with = json!({
        "LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": port, "DefaultActions": [says("x")],
    });
    cloud.elb.refused("create_listener", with)
}

#[track_caller]
fn listeners(cloud: &mut Cloud, balancer: &str) -> usize {
    let found = cloud.elb.call("describe_listeners", json!({"LoadBalancerArn": balancer}));
    found["Listeners"].as_array().unwrap().len()
}

#[track_caller]
fn answer(address: SocketAddr) -> String {
    RawClient::get(address, "/").unwrap().text()
}

#[test]
fn a_port_of_another_process_is_refused_and_nothing_else_is_disturbed() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let balancer = cloud.balancer("web");
    cloud.listener(&balancer, &port, says("here"));
    let (before, revision) = (cloud.file(), cloud.clingfish.revision());
    let somebody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let taken = somebody.local_addr().unwrap();
    let refusal = refused(&mut cloud, &balancer, taken.port());
    assert_eq!(refusal.class, "InvalidConfigurationRequestException", "{refusal:?}");
    let why = format!("{taken} is already in use by another process");
    assert!(refusal.message.ends_with(&why), "{refusal:?}");
    assert_eq!((cloud.file(), cloud.clingfish.revision()), (before, revision));
    assert_eq!(listeners(&mut cloud, &balancer), 1);
    assert_eq!(answer(port.address()), "here");
    drop(somebody);
}

#[test]
fn a_port_is_given_once() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let (web, shop) = (cloud.balancer("web"), cloud.balancer("shop"));
    let listener = cloud.listener(&web, &port, says("web"));
    assert_eq!(cloud.listener(&web, &port, says("web")), listener, "the same again is the same");
    let again = refused(&mut cloud, &web, port.number());
    assert_eq!(again.class, "DuplicateListenerException");
    let elsewhere = refused(&mut cloud, &shop, port.number());
    assert_eq!(elsewhere.class, "InvalidConfigurationRequestException");
    let why = "is taken by the listener 'web-";
    assert!(elsewhere.message.contains(why), "{elsewhere:?}");
    assert_eq!(listeners(&mut cloud, &shop), 0);
    let own = cloud.clingfish.admin().port();
    let of_the_api = refused(&mut cloud, &shop, own);
    assert_eq!(of_the_api.class, "InvalidConfigurationRequestException", "{of_the_api:?}");
    assert_eq!(answer(port.address()), "web");
}

#[test]
fn two_load_balancers_share_a_port_on_addresses_of_their_own() {
    let port = Port::reserve();
    let subnets = r#"subnets = { subnet-1 = { zone = "a" }, subnet-2 = { zone = "b" },
    subnet-3 = { zone = "a", bind = "127.0.0.2" }, subnet-4 = { zone = "b", bind = "127.0.0.2" } }"#;
    let mut cloud = Cloud::with(&format!("{FILE}{subnets}\n"));
    for (name, subnets, address) in [
        ("one", ["subnet-1", "subnet-2"], [127, 0, 0, 1]),
        ("two", ["subnet-3", "subnet-4"], [127, 0, 0, 2]),
    ] {
        let with = json!({"Name": name, "Subnets": subnets});
        let made = cloud.elb.call("create_load_balancer", with);
        let balancer = text(&made["LoadBalancers"][0]["LoadBalancerArn"]);
        cloud.listener(&balancer, &port, says(name));
        assert_eq!(answer(SocketAddr::from((address, port.number()))), name);
    }
    assert_eq!(answer(port.address()), "one");
    let with = json!({"Name": "three", "Subnets": ["subnet-1", "subnet-9"]});
    let refused = cloud.elb.refused("create_load_balancer", with);
    assert_eq!(refused.class, "SubnetNotFoundException", "{refused:?}");
}

#[test]
fn the_api_itself_is_nobodys_target() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let balancer = cloud.balancer("web");
    let group = cloud.group("inside", &[]);
    cloud.listener(&balancer, &port, forward(&group));
    // Nothing but the running process knows where it is: the file says any port.
    let admin = cloud.clingfish.admin();
    let with = json!({
        "TargetGroupArn": group,
        "Targets": [{"Id": admin.ip().to_string(), "Port": admin.port()}],
    });
    cloud.elb.call("register_targets", with);
    for path in ["/healthz", "/?Action=DescribeLoadBalancers&Version=2015-12-01"] {
        let answer = RawClient::get(port.address(), path).unwrap();
        assert_eq!(answer.status, 502, "{path}: {answer:?}");
    }
    let mapped = json!({
        "TargetGroupArn": group,
        "Targets": [{"Id": "::ffff:169.254.169.254", "Port": 80}],
    });
    assert_eq!(cloud.elb.refused("register_targets", mapped).class, "InvalidTargetException");
}
