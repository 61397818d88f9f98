//! The APIs of AWS Elastic Load Balancing, as AWS's own clients use them.

mod boto;
mod visitor;

mod life;
mod stickiness;
mod rules;
mod cli;
mod signatures;
mod state;
mod ports;
mod pages;
mod classic;

use clingfish_testkit::{Clingfish, Port, Target};
use serde_json::{Value, json};

use boto::Boto;

/// What somebody wrote before the API came.
const FILE: &str = r#"# The whole shop.

[server]
workers = 1 # One is enough.

[aws]
bind = "127.0.0.1"
"#;

/// A Clingfish, and boto3 to manage it.
struct Cloud {
    clingfish: Clingfish,
    elb: Boto,
    /// What the file said at the start.
    before: String,
}

impl Cloud {
    /// With nothing in it.
    #[track_caller]
    fn start() -> Self {
        Self::with(FILE)
    }

    /// With this file.
    #[track_caller]
    fn with(file: &str) -> Self {
        let clingfish = Clingfish::start(file);
        let elb = Boto::v2(&clingfish);
        let before = std::fs::read_to_string(clingfish.config_path()).unwrap();
        Self { clingfish, elb, before }
    }

    /// What the file says now.
    fn file(&self) -> String {
        std::fs::read_to_string(self.clingfish.config_path()).unwrap()
    }

    /// Creates a load balancer and says its ARN.
    #[track_caller]
    fn balancer(&mut self, name: &str) -> String {
        let with = json!({"Name": name, "Subnets": ["subnet-1", "subnet-2"]});
        let made = self.elb.call("create_load_balancer", with);
        text(&made["LoadBalancers"][0]["LoadBalancerArn"])
    }

    /// Creates a target group with these targets and says its ARN.
    #[track_caller]
    fn group(&mut self, name: &str, targets: &[&Target]) -> String {
        let with = json!({
            "Name": name,
            "Protocol": "HTTP",
            "Port": 80,
            "VpcId": "vpc-1",
            "TargetType": "ip",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
        });
        let made = self.elb.call("create_target_group", with);
        let arn = text(&made["TargetGroups"][0]["TargetGroupArn"]);
        if !targets.is_empty() {
            let with = json!({"TargetGroupArn": arn, "Targets": ids(targets)});
            self.elb.call("register_targets", with);
        }
        arn
    }

    /// Creates a listener that does this, and says its ARN.
    #[track_caller]
    fn listener(&mut self, balancer: &str, port: &Port, action: Value) -> String {
        let with = json!({
            "LoadBalancerArn": balancer,
            "Protocol": "HTTP",
            "Port": port.number(),
            "DefaultActions": [action],
        });
        let made = self.elb.call("create_listener", with);
        text(&made["Listeners"][0]["ListenerArn"])
    }

    /// A whole service: two targets in service behind a listener on that port. Says the ARN of their group.
    #[track_caller]
    fn service(&mut self, port: &Port, targets: &[&Target]) -> String {
        let balancer = self.balancer("web");
        let group = self.group("app", targets);
        self.listener(&balancer, port, forward(&group));
        self.in_service(&group);
        group
    }

    /// Waits until every target of the group is healthy.
    #[track_caller]
    fn in_service(&mut self, group: &str) {
        self.elb.wait("target_in_service", json!({"TargetGroupArn": group}));
    }

    /// Changes attributes of a target group.
    #[track_caller]
    fn set(&mut self, group: &str, attributes: &[(&str, &str)]) {
        let with = json!({"TargetGroupArn": group, "Attributes": pairs(attributes)});
        self.elb.call("modify_target_group_attributes", with);
    }
}

/// The action that sends requests to a group.
fn forward(group: &str) -> Value {
    json!({"Type": "forward", "TargetGroupArn": group})
}

/// Attributes as AWS has them.
fn pairs(attributes: &[(&str, &str)]) -> Vec<Value> {
    attributes.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// Targets as AWS has them.
fn ids(targets: &[&Target]) -> Vec<Value> {
    let id = |target: &&Target| {
        let address = target.address();
        json!({"Id": address.ip().to_string(), "Port": address.port()})
    };
    targets.iter().map(id).collect()
}

/// Names of the target groups that the API shows, in order.
#[track_caller]
fn groups_of(elb: &mut Boto) -> Vec<String> {
    let found = elb.call("describe_target_groups", json!({}));
    let found = found["TargetGroups"].as_array().unwrap();
    let mut names: Vec<String> =
        found.iter().map(|group| text(&group["TargetGroupName"])).collect();
    names.sort();
    names
}

/// A text of an answer.
#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
