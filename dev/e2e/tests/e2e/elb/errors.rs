//! Error codes, as boto3 raises them. None of what is refused leaves a trace.

use clingfish_testkit::{Port, RawClient, Response};
use serde_json::{Value, json};

use super::{Cloud, FILE, boto::Boto, forward, pairs, text};

/// Where there is a map, unknown ids are refused.
const MAPS: &str = r#"security_groups = ["sg-1"]

[aws.subnets]
subnet-1 = { zone = "a", vpc = "vpc-1" }
subnet-2 = { zone = "b", vpc = "vpc-1" }
subnet-3 = { zone = "c", vpc = "vpc-1", bind = "127.0.0.2" }
"#;

fn says(kind: &str) -> Value {
    json!({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": kind}})
}

fn tags(count: usize, key: impl Fn(usize) -> String) -> Vec<Value> {
    (0..count).map(|at| json!({"Key": key(at), "Value": "x"})).collect()
}

/// What comes of a form, whoever would send it.
#[track_caller]
fn post(cloud: &Cloud, form: &str) -> Response {
    let host = cloud.clingfish.admin();
    let mut client = RawClient::connect(host).expect("it listens");
    client
        .send(format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .expect("it reads");
    client.read_final_response().expect("it answers")
}

/// What is there: ARNs, and the port of the listener.
struct There {
    balancer: String,
    group: String,
    listener: String,
    default_rule: String,
    port: u16,
}

/// What is asked for, how, and the code of the refusal.
type Row = (&'static str, Value, &'static str);

/// An ARN of the same form that nobody has.
fn nobody(arn: &str) -> String {
    arn.replace(|digit: char| digit.is_ascii_digit(), "0")
}

fn what_is_not_there(there: &There) -> Vec<Row> {
    let listener = nobody(&there.listener);
    let rule = nobody(&there.default_rule);
    let health = json!({"TargetGroupArn": nobody(&there.group)});
    vec![
        ("describe_load_balancers", json!({"Names": ["nobody"]}), "LoadBalancerNotFound"),
        ("describe_target_groups", json!({"Names": ["nobody"]}), "TargetGroupNotFound"),
        ("describe_target_health", health, "TargetGroupNotFound"),
        ("describe_listeners", json!({"ListenerArns": [listener]}), "ListenerNotFound"),
        ("describe_rules", json!({"RuleArns": [rule]}), "RuleNotFound"),
        ("describe_ssl_policies", json!({"Names": ["nobodys"]}), "SSLPolicyNotFound"),
    ]
}

fn of_load_balancers(_: &There) -> Vec<Row> {
    [
        (json!({"Subnets": ["subnet-1", "subnet-9"]}), "SubnetNotFound"),
        (json!({"Subnets": ["subnet-1", "subnet-3"]}), "InvalidSubnet"),
        (json!({"Subnets": ["subnet-1"]}), "ValidationError"),
        (json!({"SecurityGroups": ["sg-9"]}), "InvalidSecurityGroup"),
        (json!({"Name": "web", "Scheme": "internal"}), "DuplicateLoadBalancerName"),
        (json!({"Type": "network"}), "OperationNotPermitted"),
        (json!({"Tags": tags(2, |_| "same".into())}), "DuplicateTagKeys"),
        (json!({"Tags": tags(51, |at| format!("k{at}"))}), "TooManyTags"),
    ]
    .into_iter()
    .map(|(wrong, code)| {
        let mut with = json!({"Name": "new", "Subnets": ["subnet-1", "subnet-2"]});
        for (name, value) in wrong.as_object().expect("members have names") {
            with[name] = value.clone();
        }
        ("create_load_balancer", with, code)
    })
    .collect()
}

fn of_target_groups(there: &There) -> Vec<Row> {
    let group = &there.group;
    let twin = json!({"Name": "app", "Protocol": "HTTP", "Port": 81, "VpcId": "vpc-1"});
    let metadata = json!([{"Id": "169.254.169.254", "Port": 80}]);
    let change = |attributes: &[(&str, &str)]| json!({"TargetGroupArn": group, "Attributes": pairs(attributes)});
    let nameless = change(&[("stickiness.enabled", "true"), ("stickiness.type", "app_cookie")]);
    let misspelt = change(&[("stickyness.enabled", "true")]);
    vec![
        ("create_target_group", twin, "DuplicateTargetGroupName"),
        ("delete_target_group", json!({"TargetGroupArn": group}), "ResourceInUse"),
        (
            "register_targets",
            json!({"TargetGroupArn": group, "Targets": metadata}),
            "InvalidTarget",
        ),
        ("modify_target_group_attributes", nameless, "InvalidConfigurationRequest"),
        ("modify_target_group_attributes", misspelt, "ValidationError"),
    ]
}

fn of_listeners(there: &There) -> Vec<Row> {
    let (group, plain) = (&there.group, "text/plain");
    let listen = |protocol: &str, port: u16, actions: Value| {
        json!({
            "LoadBalancerArn": there.balancer, "Protocol": protocol, "Port": port,
            "DefaultActions": actions,
        })
    };
    let http = |actions| listen("HTTP", 8080, actions);
    let mut https = listen("HTTPS", 8443, json!([forward(group)]));
    let certificate = "arn:aws:acm:local:000000000000:certificate/1";
    https["Certificates"] = json!([{"CertificateArn": certificate}]);
    let delete = json!({"RuleArn": there.default_rule});
    let twin = listen("HTTP", there.port, json!([says(plain)]));
    vec![
        ("create_listener", listen("TCP", 8080, json!([forward(group)])), "UnsupportedProtocol"),
        ("create_listener", twin, "DuplicateListener"),
        ("create_listener", http(json!([forward(&nobody(group))])), "TargetGroupNotFound"),
        ("create_listener", http(json!([says("image/png")])), "InvalidLoadBalancerAction"),
        ("create_listener", http(json!([forward(group), says(plain)])), "TooManyActions"),
        ("create_listener", https, "CertificateNotFound"),
        ("delete_rule", delete, "OperationNotPermitted"),
    ]
}

#[test]
fn boto3_raises_what_it_has_for_each_code_and_nothing_has_changed() {
    let port = Port::reserve();
    let mut cloud = Cloud::with(&format!("{FILE}{MAPS}"));
    let balancer = cloud.balancer("web");
    let group = cloud.group("app", &[]);
    let listener = cloud.listener(&balancer, &port, forward(&group));
    let rules = cloud.elb.call("describe_rules", json!({"ListenerArn": listener}));
    let default_rule = text(&rules["Rules"][0]["RuleArn"]);
    let there = There { balancer, group, listener, default_rule, port: port.number() };
    let (file, revision) = (cloud.file(), cloud.clingfish.revision());
    let tables = [what_is_not_there, of_load_balancers, of_target_groups, of_listeners];
    for (method, with, code) in tables.into_iter().flat_map(|table| table(&there)) {
        let refused = cloud.elb.refused(method, with.clone());
        assert_eq!(
            (refused.code.as_str(), refused.status),
            (code, 400),
            "{method} {with}: {refused:?}"
        );
        // What AWS's model has not is an error without a class of its own.
        let class = match code {
            "ValidationError" => "ClientError".to_owned(),
            _ => format!("{code}Exception"),
        };
        assert_eq!(refused.class, class, "{method} {with}");
        assert!(!refused.message.is_empty(), "{method} {with}");
    }
    assert_eq!((cloud.file(), cloud.clingfish.revision()), (file, revision));
}

#[test]
fn the_classic_client_raises_its_own_codes() {
    let port = Port::reserve();
    let cloud = Cloud::with(&format!("{FILE}{MAPS}"));
    let mut elb = Boto::with(&cloud.clingfish, json!({"service": "elb"}));
    let listener = |protocol: &str, port: u16| json!({"Protocol": protocol, "LoadBalancerPort": port, "InstancePort": 80});
    let create = |name: &str, listener: Value, scheme: &str| json!({"LoadBalancerName": name, "Listeners": [listener], "Subnets": ["subnet-1"], "Scheme": scheme});
    elb.call("create_load_balancer", create("web", listener("HTTP", port.number()), "internal"));
    let file = cloud.file();
    let policy = |name: &str, kind: &str| json!({"LoadBalancerName": name, "PolicyName": "p", "PolicyTypeName": kind});
    let set = |port: u16| json!({"LoadBalancerName": "web", "LoadBalancerPort": port, "PolicyNames": ["nobodys"]});
    let unknown = json!({"AdditionalAttributes": [{"Key": "elb.x", "Value": "y"}]});
    for (method, with, code, status) in [
        (
            "describe_load_balancers",
            json!({"LoadBalancerNames": ["nobody"]}),
            "LoadBalancerNotFound",
            400,
        ),
        (
            "create_load_balancer",
            create("web", listener("HTTP", 8080), "internal"),
            "DuplicateLoadBalancerName",
            400,
        ),
        (
            "create_load_balancer",
            create("new", listener("TCP", 8080), "internal"),
            "UnsupportedProtocol",
            400,
        ),
        (
            "create_load_balancer",
            create("new", listener("HTTP", 8080), "secret"),
            "InvalidScheme",
            400,
        ),
        (
            "create_load_balancer_policy",
            policy("web", "NobodysPolicyType"),
            "PolicyTypeNotFound",
            400,
        ),
        ("set_load_balancer_policies_of_listener", set(port.number()), "PolicyNotFound", 400),
        ("set_load_balancer_policies_of_listener", set(1), "ListenerNotFound", 400),
        (
            "modify_load_balancer_attributes",
            json!({"LoadBalancerName": "web", "LoadBalancerAttributes": unknown}),
            "LoadBalancerAttributeNotFound",
            400,
        ),
    ] {
        let refused = elb.refused(method, with.clone());
        assert_eq!(
            (refused.code.as_str(), refused.status),
            (code, status),
            "{method} {with}: {refused:?}"
        );
    }
    assert_eq!(cloud.file(), file);
}

#[test]
fn what_no_client_of_aws_would_send_is_refused_by_name() {
    let cloud = Cloud::start();
    let create =
        "Action=CreateTargetGroup&Version=2015-12-01&Name=a&Protocol=HTTP&Port=80&VpcId=vpc-1";
    for (query, status, code) in [
        ("Version=2015-12-01", 400, "MissingAction"),
        ("Action=CreateEverything&Version=2015-12-01", 400, "InvalidAction"),
        ("Action=DescribeLoadBalancers&Version=1999-01-01", 400, "InvalidAction"),
        ("Action=DescribeLoadBalancers", 400, "InvalidAction"),
        (&format!("{create}&Colour=red"), 400, "InvalidQueryParameter"),
        (&format!("{create}&Name=b"), 400, "InvalidQueryParameter"),
        (&format!("{create}&Matcher=%zz"), 404, "MalformedQueryString"),
        (&create.replace("=80", "=eighty"), 400, "ValidationError"),
        (&create.replace("=80", "=65536"), 400, "ValidationError"),
        (&create.replace("Name=a", "Name=-a"), 400, "ValidationError"),
    ] {
        let answer = post(&cloud, query);
        let body = answer.text();
        assert_eq!(answer.status, status, "{query}: {body}");
        assert!(body.contains(&format!("<Code>{code}</Code>")), "{query}: {body}");
    }
    assert_eq!(cloud.file(), cloud.before);
}
