//! Requests for every action that changes anything: most of them good, some not.

mod form;
mod parts;

use form::Form;

use super::{Dice, Survey};

/// Of those names, so that some are there already.
const NAMES: [&str; 5] = ["web", "shop", "chat", "default", "blue"];

const PORTS: [&str; 5] = ["80", "8080", "8443", "443", "9080"];

/// What is asked for, of one that is there or not.
type Draw = fn(&mut Dice<'_>, &Survey) -> Form;

/// Every action of ELBv2 that changes anything. Those without which there is nothing to change come more often.
const ACTIONS: [(&str, Draw); 30] = [
    ("CreateLoadBalancer", create_balancer),
    ("CreateTargetGroup", create_group),
    ("CreateListener", create_listener),
    ("CreateRule", create_rule),
    ("RegisterTargets", targets),
    ("CreateLoadBalancer", create_balancer),
    ("CreateListener", create_listener),
    ("CreateRule", create_rule),
    ("CreateRule", create_rule),
    ("ModifyTargetGroupAttributes", |dice, survey| {
        parts::attributes(dice, parts::GROUP).with("TargetGroupArn", arn(dice, &survey.groups))
    }),
    ("AddListenerCertificates", certificates),
    ("AddTags", |dice, survey| {
        parts::tags(dice).with("ResourceArns.member.1", any_arn(dice, survey))
    }),
    ("DeleteListener", |dice, survey| Form::new("ListenerArn", arn(dice, &survey.listeners))),
    ("DeleteLoadBalancer", |dice, survey| {
        Form::new("LoadBalancerArn", arn(dice, &survey.balancers))
    }),
    ("DeleteRule", |dice, survey| Form::new("RuleArn", arn(dice, &survey.rules))),
    ("DeleteTargetGroup", |dice, survey| Form::new("TargetGroupArn", arn(dice, &survey.groups))),
    ("DeregisterTargets", targets),
    ("ModifyCapacityReservation", |dice, survey| {
        let form = Form::new("LoadBalancerArn", arn(dice, &survey.balancers));
        form.with("ResetCapacityReservation", dice.pick(&["true", "false"]))
    }),
    ("ModifyListener", modify_listener),
    ("ModifyListenerAttributes", |dice, survey| {
        parts::attributes(dice, parts::LISTENER).with("ListenerArn", arn(dice, &survey.listeners))
    }),
    ("ModifyLoadBalancerAttributes", |dice, survey| {
        parts::attributes(dice, parts::BALANCER)
            .with("LoadBalancerArn", arn(dice, &survey.balancers))
    }),
    ("ModifyRule", modify_rule),
    ("ModifyTargetGroup", |dice, survey| {
        parts::health_check(dice).with("TargetGroupArn", arn(dice, &survey.groups))
    }),
    ("ModifyTargetGroupAttributes", |dice, survey| {
        parts::attributes(dice, parts::STICKY).with("TargetGroupArn", arn(dice, &survey.groups))
    }),
    ("RemoveListenerCertificates", certificates),
    ("RemoveTags", |dice, survey| {
        let form = Form::new("ResourceArns.member.1", any_arn(dice, survey));
        form.with("TagKeys.member.1", dice.pick(&parts::KEYS))
    }),
    ("SetIpAddressType", |dice, survey| {
        let form = Form::new("LoadBalancerArn", arn(dice, &survey.balancers));
        form.with(
            "IpAddressType",
            dice.pick(&["ipv4", "dualstack", "dualstack-without-public-ipv4", "x"]),
        )
    }),
    ("SetRulePriorities", priorities),
    ("SetSecurityGroups", |dice, survey| {
        parts::security_groups(dice).with("LoadBalancerArn", arn(dice, &survey.balancers))
    }),
    ("SetSubnets", |dice, survey| {
        parts::subnets(dice).with("LoadBalancerArn", arn(dice, &survey.balancers))
    }),
];

/// A request, without its version.
pub(super) fn draw(dice: &mut Dice<'_>, survey: &Survey) -> String {
    let (action, draw) = dice.pick(&ACTIONS);
    let mut form = draw(dice, survey);
    if dice.once_in(40) {
        form = form.with(dice.pick(&["Colour", "Tags.member.1.Color", "Port", "Name"]), "x");
    }
    format!("Action={action}&{}", form.written())
}

/// One of these, or one that is not there.
fn arn<'a>(dice: &mut Dice<'_>, arns: &'a [String]) -> &'a str {
    let missing =
        "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/gone/00000000000000ff";
    match arns.get(dice.below(arns.len())) {
        Some(_) if dice.once_in(40) => "arn:aws:nothing",
        Some(arn) => arn,
        None => missing,
    }
}

fn any_arn<'a>(dice: &mut Dice<'_>, survey: &'a Survey) -> &'a str {
    survey.said.keys().nth(dice.below(survey.said.len())).map_or("arn", String::as_str)
}

fn create_balancer(dice: &mut Dice<'_>, _: &Survey) -> Form {
    let mut form = parts::subnets(dice).with("Name", dice.pick(&NAMES));
    if dice.once_in(3) {
        form = form.with("Scheme", dice.pick(&["internal", "internet-facing", "x"]));
    }
    if dice.once_in(3) {
        form = form.and(&parts::security_groups(dice));
    }
    if dice.once_in(3) {
        form = form.and(&parts::tags(dice));
    }
    form
}

fn create_group(dice: &mut Dice<'_>, _: &Survey) -> Form {
    let mut form = Form::new("Name", dice.pick(&NAMES))
        .with("Protocol", dice.pick(&["HTTP", "HTTP", "HTTP", "HTTP", "HTTPS", "HTTPS", "TCP"]))
        .with("Port", dice.pick(&["80", "3000", "3000", "80", "0"]))
        .with("VpcId", "vpc-1")
        .with("TargetType", dice.pick(&["ip", "ip", "instance", "ip", "lambda"]));
    if dice.once_in(2) {
        form = form.with("ProtocolVersion", dice.pick(&["HTTP1", "HTTP2", "GRPC"]));
    }
    if dice.once_in(2) {
        form = form.and(&parts::health_check(dice));
    }
    if dice.once_in(3) {
        form = form.and(&parts::tags(dice));
    }
    form
}

fn create_listener(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let form = Form::new("LoadBalancerArn", arn(dice, &survey.balancers))
        .with("Port", dice.pick(&PORTS))
        .and(&parts::protocol(dice))
        .and(&parts::action(dice, "DefaultActions", &survey.groups));
    if dice.once_in(3) { form.and(&parts::tags(dice)) } else { form }
}

fn modify_listener(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let mut form = Form::new("ListenerArn", arn(dice, &survey.listeners));
    if dice.once_in(3) {
        form = form.with("Port", dice.pick(&PORTS));
    }
    if dice.once_in(2) {
        form = form.and(&parts::protocol(dice));
    }
    if dice.once_in(2) {
        form = form.and(&parts::action(dice, "DefaultActions", &survey.groups));
    }
    form
}

fn create_rule(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    Form::new("ListenerArn", arn(dice, &survey.listeners))
        .with("Priority", dice.pick(&parts::PRIORITIES))
        .and(&parts::condition(dice))
        .and(&parts::action(dice, "Actions", &survey.groups))
        .and(&parts::transforms(dice))
}

fn modify_rule(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let mut form = Form::new("RuleArn", arn(dice, &survey.rules));
    if dice.once_in(2) {
        form = form.and(&parts::condition(dice));
    }
    if dice.once_in(2) {
        form = form.and(&parts::action(dice, "Actions", &survey.groups));
    }
    form.and(&parts::transforms(dice))
}

fn priorities(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let mut form = Form::default();
    for index in 1..=dice.below(3) + 1 {
        let at = |name: &str| format!("RulePriorities.member.{index}.{name}");
        form = form.with(&at("RuleArn"), arn(dice, &survey.rules));
        form = form.with(&at("Priority"), dice.pick(&parts::PRIORITIES));
    }
    form
}

fn targets(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let ids = [
        "10.0.0.1",
        "10.0.0.1",
        "10.0.0.2",
        "10.0.0.9",
        "i-1",
        "i-1",
        "i-2",
        "2001:db8::1",
        "127.0.0.1",
        "169.254.169.254",
        "app.example",
    ];
    let mut form = Form::new("TargetGroupArn", arn(dice, &survey.groups));
    for index in 1..=dice.below(3) + 1 {
        let at = |name: &str| format!("Targets.member.{index}.{name}");
        form = form.with(&at("Id"), dice.pick(&ids));
        if dice.once_in(2) {
            form = form.with(&at("Port"), dice.pick(&["3000", "3000", "4000", "80", "9080"]));
        }
        if dice.once_in(4) {
            form = form.with(&at("AvailabilityZone"), dice.pick(&["all", "za", "zb", "z z"]));
        }
    }
    form
}

fn certificates(dice: &mut Dice<'_>, survey: &Survey) -> Form {
    let form = Form::new("ListenerArn", arn(dice, &survey.listeners));
    form.with("Certificates.member.1.CertificateArn", dice.pick(&["arn:1", "arn:2", "arn:3"]))
}
