//! Rules by boto3, and the requests that they are for.

use clingfish_testkit::{Port, RawClient, Response};
use serde_json::{Value, json};

use super::{Cloud, forward, text};
use crate::support::mirror;

/// One request with these header lines, Host among them.
#[track_caller]
fn ask(port: &Port, method: &str, path: &str, lines: &str) -> Response {
    let mut client = RawClient::connect(port.address()).expect("it listens");
    let lines = if lines.contains("Host:") {
        lines.to_owned()
    } else {
        format!("Host: a.example\r\n{lines}")
    };
    client.send(format!("{method} {path} HTTP/1.1\r\n{lines}\r\n")).expect("it reads");
    client.read_final_response().expect("it answers")
}

fn says(word: &str) -> Value {
    json!({"Type": "fixed-response", "FixedResponseConfig": {
        "StatusCode": "200", "ContentType": "text/plain", "MessageBody": word,
    }})
}

/// A load balancer whose listener says "default", and its ARN.
#[track_caller]
fn listener(cloud: &mut Cloud, port: &Port) -> String {
    let balancer = cloud.balancer("web");
    cloud.listener(&balancer, port, says("default"))
}

#[track_caller]
fn rule(
    cloud: &mut Cloud,
    listener: &str,
    priority: usize,
    conditions: Value,
    action: Value,
) -> String {
    let with = json!({
        "ListenerArn": listener, "Priority": priority, "Conditions": conditions, "Actions": [action],
    });
    text(&cloud.elb.call("create_rule", with)["Rules"][0]["RuleArn"])
}

#[test]
fn conditions_of_every_field_choose_requests() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let listener = listener(&mut cloud, &port);
    for (at, (word, conditions)) in [
        ("path", json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/img/*"]}}])),
        ("old path", json!([{"Field": "path-pattern", "Values": ["/old"]}])),
        ("host", json!([{"Field": "host-header", "HostHeaderConfig": {"Values": ["*.shop.example"]}}])),
        ("header", json!([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["y*"]}}])),
        ("query", json!([{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}}])),
        ("method", json!([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}}])),
        ("near", json!([
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/near"]}},
        ])),
        ("far", json!([
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/far"]}},
        ])),
    ]
    .into_iter()
    .enumerate()
    {
        rule(&mut cloud, &listener, 10 * (at + 1), conditions, says(word));
    }
    for (method, path, lines, word) in [
        ("GET", "/", "", "default"),
        ("GET", "/img/a/b.png", "", "path"),
        ("GET", "/old?v=1", "", "old path"),
        ("GET", "/", "Host: www.shop.example\r\n", "host"),
        ("GET", "/", "Host: shop.example\r\n", "default"),
        ("GET", "/", "X-Beta: Yes\r\n", "header"),
        ("GET", "/?a=1&v=2", "", "query"),
        ("GET", "/?v=22", "", "default"),
        ("PUT", "/", "Content-Length: 0\r\n", "method"),
        ("PUT", "/img/x", "Content-Length: 0\r\n", "path"),
        ("GET", "/near", "", "near"),
        ("GET", "/far", "", "default"),
    ] {
        let answer = ask(&port, method, path, lines);
        assert_eq!((answer.status, answer.text().as_str()), (200, word), "{method} {path} {lines}");
    }
    let listed = cloud.elb.call("describe_rules", json!({"ListenerArn": listener}));
    let listed = listed["Rules"].as_array().unwrap();
    let priorities: Vec<&str> =
        listed.iter().filter_map(|rule| rule["Priority"].as_str()).collect();
    assert_eq!(priorities, ["10", "20", "30", "40", "50", "60", "70", "80", "default"]);
}

#[test]
fn rules_that_change_places_change_answers_at_once() {
    let port = Port::reserve();
    let mut cloud = Cloud::start();
    let listener = listener(&mut cloud, &port);
    let everything = || json!([{"Field": "path-pattern", "Values": ["/*"]}]);
    let one = rule(&mut cloud, &listener, 1, everything(), says("one"));
    let two = rule(&mut cloud, &listener, 2, everything(), says("two"));
    assert_eq!(ask(&port, "GET", "/", "").text(), "one");
    let taken = json!({
        "ListenerArn": listener, "Priority": 2, "Conditions": everything(), "Actions": [says("x")],
    });
    assert_eq!(cloud.elb.refused("create_rule", taken).class, "PriorityInUseException");
    let swapped = json!({"RulePriorities": [
        {"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1},
    ]});
    cloud.elb.call("set_rule_priorities", swapped);
    assert_eq!(ask(&port, "GET", "/", "").text(), "two");
    cloud.elb.call("modify_rule", json!({"RuleArn": two, "Actions": [says("three")]}));
    assert_eq!(ask(&port, "GET", "/", "").text(), "three");
    for (rule, next) in [(two, "one"), (one, "default")] {
        cloud.elb.call("delete_rule", json!({"RuleArn": rule}));
        assert_eq!(ask(&port, "GET", "/", "").text(), next);
    }
}

#[test]
fn rules_forward_and_redirect() {
    let (app, port) = (mirror("app"), Port::reserve());
    let mut cloud = Cloud::start();
    let listener = listener(&mut cloud, &port);
    let group = cloud.group("app", &[&app]);
    let path = |path: &str| json!([{"Field": "path-pattern", "Values": [path]}]);
    rule(&mut cloud, &listener, 1, path("/app"), forward(&group));
    let redirect = json!({"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301", "Path": "/new/#{path}",
    }});
    rule(&mut cloud, &listener, 2, path("/moved/*"), redirect);
    cloud.in_service(&group);
    assert_eq!(ask(&port, "GET", "/app", "").text(), "app");
    let moved = ask(&port, "GET", "/moved/a?b=c", "");
    let location = moved.header("location");
    assert_eq!((moved.status, location), (301, Some("https://a.example:443/new/moved/a?b=c")));
}
