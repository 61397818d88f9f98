//! The Classic API over a configuration file.

mod laws;
mod life;
mod listeners;
mod network;
mod policies;
mod refusals;
mod settings;

use clingfish_elb::{Code, TargetSeen};
use clingfish_model::TargetId;

use crate::support::Cloud;

/// What a person wrote.
const FILE: &str = "\
# Ours.
[aws]
bind = \"127.0.0.1\"
account = \"123456789012\"
region = \"eu-central-1\"
buckets = \"/var/log/buckets\"

[aws.instances]
i-1 = \"10.0.0.7\"
i-2 = \"fd00::2\"

[aws.subnets]
subnet-1 = { zone = \"a\" }
subnet-2 = { zone = \"b\", vpc = \"vpc-00000000\" }
subnet-3 = { zone = \"c\", bind = \"127.0.0.3\" }

[aws.certificates.\"arn:aws:acm:eu-central-1:123456789012:certificate/1\"]
certificate = \"one.pem\"

[aws.certificates.\"arn:aws:acm:eu-central-1:123456789012:certificate/2\"]
certificate = \"two.pem\"

[load_balancers.app]
http2 = true

[target_groups.shop]
targets = [\"10.0.0.1:3000\"]

[[listeners]]
bind = \"127.0.0.1:8000\"
load_balancer = \"app\"
forward = \"shop\"
";

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/1";

/// Members of a listener from port 80 to port 3000.
const HTTP: &str = "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80\
     &Listeners.member.1.InstancePort=3000";

fn form(action: &str, members: &str) -> String {
    format!("Version=2012-06-01&Action={action}&{members}")
}

/// The same about the load balancer `old`.
fn of_old(action: &str, members: &str) -> String {
    form(action, &format!("LoadBalancerName=old&{members}"))
}

impl Cloud {
    /// With a load balancer `old` that was just made.
    fn classic() -> Self {
        let mut cloud = Self::new(FILE);
        cloud
            .call(&of_old("CreateLoadBalancer", &format!("AvailabilityZones.member.1=a&{HTTP}")))
            .unwrap();
        cloud
    }

    fn old(&mut self, action: &str, members: &str) -> String {
        match self.call(&of_old(action, members)) {
            Ok(answer) => answer,
            Err(error) => panic!("{action} {members}: {error}"),
        }
    }

    /// What `DescribeLoadBalancers` says of it.
    fn described(&mut self) -> String {
        self.call(&form("DescribeLoadBalancers", "LoadBalancerNames.member.1=old")).unwrap()
    }
}

fn seen(id: &str, state: &'static str) -> TargetSeen {
    TargetSeen {
        id: TargetId::new(id).unwrap(),
        address: "10.0.0.7:3000".parse().unwrap(),
        zone: None,
        state,
        reason: None,
        is_anomalous: false,
        is_mitigated: false,
        is_leaving: false,
    }
}

fn has(answer: &str, parts: &[&str]) {
    for part in parts {
        assert!(answer.contains(part), "no {part} in {answer}");
    }
}

fn refused(cloud: &Cloud, form: &str, code: Code, message: &str) {
    let (found, text) = cloud.refusal(form);
    assert_eq!(found, code, "{form}: {text}");
    assert!(text.contains(message), "{form}: {text}");
}
